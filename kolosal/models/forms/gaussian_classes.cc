#include "kolosal/models/forms/gaussian_classes.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kolosal {

void describe(Fields<GaussianClassesForm>& f) {
  f.add("n_features", &GaussianClassesForm::n_features, "Columns seen in training.");
  f.add("independent", &GaussianClassesForm::independent, "Whether features are independent within a class.");
  f.add("priors", &GaussianClassesForm::priors, "Share of each class.");
  f.add("means", &GaussianClassesForm::means, "Mean of each feature in each class.");
  f.add("factors", &GaussianClassesForm::factors, "What turns the features of each class into independent ones of variance one.");
  f.add("log_dets", &GaussianClassesForm::log_dets, "Logarithm of the determinant of each factor.");
}

// The squared length of factor (row - mean) of class k; `off` is room for a row.
double GaussianClassesModel::squared_length(size_t k, std::span<const double> row, std::span<double> off) const noexcept {
  const size_t p = row.size();
  const double* mean = form_.means.data() + k * p;
  const double* factor = form_.factors.data() + k * p * (form_.independent ? 1 : p);
  double length = 0;
  for (size_t j = 0; j < p; ++j) off[j] = row[j] - mean[j];
  for (size_t j = 0; j < p; ++j) {
    double part = 0;
    if (form_.independent) part = factor[j] * off[j];
    else
      for (size_t l = 0; l < p; ++l) part += factor[j * p + l] * off[l];
    length += part * part;
  }
  return length;
}

void GaussianClassesModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  const size_t p = n_features(), n_classes = n_outputs();
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  std::vector<double> row(p), off(p);
  for (size_t i = 0; i < x.n_rows(); ++i) {
    for (size_t j = 0; j < p; ++j) row[j] = static_cast<double>(x.at(i, j));
    const auto scores = out.subspan(i * n_classes, n_classes);
    for (size_t k = 0; k < n_classes; ++k)
      scores[k] = form_.priors[k] > 0 ? std::log(form_.priors[k]) + form_.log_dets[k] - 0.5 * squared_length(k, row, off) : kNever;
    const double largest = *std::ranges::max_element(scores);
    double total = 0;
    for (double& score : scores) total += score = std::exp(score - largest);
    // A row infinitely far from every class says nothing of its class.
    if (!std::isfinite(total) || total == 0) std::ranges::copy(form_.priors, scores.begin());
    else
      for (double& score : scores) score /= total;
  }
}

namespace {

bool is_product(size_t size, size_t n, int64_t width) { return width >= 0 && size % n == 0 && size / n == static_cast<size_t>(width); }

class GaussianClassesReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<GaussianClassesForm>(value);
    const size_t n = form.priors.size();
    const bool sizes_agree = n > 0 && form.log_dets.size() == n && is_product(form.means.size(), n, form.n_features) &&
                             (form.independent       ? form.factors.size() == form.means.size()
                              : form.n_features == 0 ? form.factors.empty()
                                                     : is_product(form.factors.size(), form.means.size(), form.n_features));
    if (!sizes_agree) throw Error(ErrorCode::CorruptArtifact, "the sizes of a model of normal classes do not agree");
    const auto is_finite = [](double number) { return std::isfinite(number); };
    double total = 0;
    for (const double prior : form.priors) total += prior >= 0 ? prior : -1e300;
    if (!(total > 0) || !std::isfinite(total) || !std::ranges::all_of(form.means, is_finite) ||
        !std::ranges::all_of(form.factors, is_finite) || !std::ranges::all_of(form.log_dets, is_finite))
      throw Error(ErrorCode::CorruptArtifact, "a model of normal classes has a number that is not finite, or no class with a share");
    return std::make_unique<GaussianClassesModel>(std::move(form));
  }
};

}  // namespace

void register_gaussian_classes_form(Catalog<ModelForm>& catalog) {
  catalog.add<GaussianClassesReader>("gaussian_classes", "A normal distribution of the features for each class, and Bayes' rule.");
}

}  // namespace kolosal
