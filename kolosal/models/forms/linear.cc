#include "kolosal/models/forms/linear.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

void describe(Fields<LinearForm>& f) {
  f.add("n_features", &LinearForm::n_features, "Columns seen in training.");
  f.add("weights", &LinearForm::weights, "Weight of each feature in each sum.");
  f.add("bias", &LinearForm::bias, "Constant of each sum.");
  f.add("link", &LinearForm::link, "From sums to predictions.");
  f.add("state", &LinearForm::state, "Where the learner was, for it to go on.");
  f.add("threshold", &LinearForm::threshold, "Where given, features count as 1 above it and else as 0.");
}

void apply_link(Link link, std::span<const double> sums, size_t n_sums, std::span<double> out) noexcept {
  if (link == Link::Identity) {
    std::ranges::copy(sums, out.begin());
    return;
  }
  if (link == Link::Exp) {
    std::ranges::transform(sums, out.begin(), [](double sum) { return std::exp(std::min(sum, 700.0)); });
    return;
  }
  const size_t n_rows = sums.size() / n_sums;
  for (size_t row = 0; row < n_rows; ++row) {
    if (link == Link::Sigmoid) {
      const double p = 1 / (1 + std::exp(-sums[row]));
      out[2 * row] = 1 - p;
      out[2 * row + 1] = p;
      continue;
    }
    const double* s = sums.data() + row * n_sums;
    double* p = out.data() + row * n_sums;
    const double largest = *std::max_element(s, s + n_sums);
    double total = 0;
    for (size_t k = 0; k < n_sums; ++k) total += p[k] = std::exp(s[k] - largest);
    for (size_t k = 0; k < n_sums; ++k) p[k] /= total;
  }
}

LinearForm with_one_sum_of_two(LinearForm form) {
  if (form.link != Link::Softmax || form.bias.size() != 2) return form;
  const auto p = static_cast<size_t>(form.n_features);
  for (size_t j = 0; j < p; ++j) form.weights[j] = form.weights[p + j] - form.weights[j];
  form.weights.resize(p);
  form.bias = {form.bias[1] - form.bias[0]};
  form.link = Link::Sigmoid;
  return form;
}

void LinearModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  std::vector<double> sums(x.n_rows() * n_scores());
  predict_scores(x, sums);
  apply_link(form_.link, sums, n_scores(), out);
}

void LinearModel::predict_scores(const FeatureMatrix& x, std::span<double> sums) const {
  const size_t n_rows = x.n_rows(), n_sums = form_.bias.size();
  check_input(x, sums, n_sums);
  for (size_t row = 0; row < n_rows; ++row)
    for (size_t k = 0; k < n_sums; ++k) sums[row * n_sums + k] = form_.bias[k];
  if (x.is_sparse()) {
    for (size_t row = 0; row < n_rows; ++row)
      for (size_t k = 0; k < n_sums; ++k) sums[row * n_sums + k] += x.sparse().product(row, form_.weights.data() + k * n_features());
    return;
  }
  for (size_t j = 0; j < n_features(); ++j) {
    const auto column = x.column(j);
    for (size_t k = 0; k < n_sums; ++k) {
      const double weight = form_.weights[k * n_features() + j];
      if (weight == 0) continue;
      for (size_t row = 0; row < n_rows; ++row) sums[row * n_sums + k] += weight * form_.counted(column[row]);
    }
  }
}

std::vector<double> LinearModel::feature_importance() const {
  std::vector<double> importance(n_features());
  double total = 0;
  for (size_t i = 0; i < form_.weights.size(); ++i) {
    importance[i % n_features()] += std::abs(form_.weights[i]);
    total += std::abs(form_.weights[i]);
  }
  if (total > 0)
    for (double& share : importance) share /= total;
  return importance;
}

namespace {

class LinearReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<LinearForm>(value);
    const size_t n_sums = form.bias.size();
    const bool sizes_agree = form.n_features >= 0 && n_sums > 0 && form.weights.size() % n_sums == 0 &&
                             form.weights.size() / n_sums == static_cast<size_t>(form.n_features) &&
                             (form.link != Link::Sigmoid || n_sums == 1);
    if (!sizes_agree) throw Error(ErrorCode::CorruptArtifact, "the sizes of a linear model do not agree");
    return std::make_unique<LinearModel>(std::move(form));
  }
};

}  // namespace

void register_linear_form(Catalog<ModelForm>& catalog) {
  catalog.add<LinearReader>("linear", "A weighted sum of the features for each output, through a link.");
}

}  // namespace kolosal
