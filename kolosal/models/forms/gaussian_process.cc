#include "kolosal/models/forms/gaussian_process.h"

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/kernels.h"

namespace kolosal {

void describe(Fields<GaussianProcessForm>& f) {
  using P = GaussianProcessForm;
  f.add("n_features", &P::n_features, "Columns seen in training.");
  f.add("n_classes", &P::n_classes, "Classes; 0 of numbers.");
  f.add("covariance", &P::covariance, "How the likeness of rows falls with their distance.");
  f.add("rows", &P::rows, "The stored rows.");
  f.add("scales", &P::scales, "What features are multiplied by, for each sum.");
  f.add("amplitudes", &P::amplitudes, "Variance at a point, of each sum.");
  f.add("shares", &P::shares, "Share of each stored row in each sum.");
  f.add("reductions", &P::reductions, "What the stored rows take from the variance of each sum.");
  f.add("center", &P::center, "What is added to numbers.");
  f.add("spread", &P::spread, "What numbers are multiplied by before.");
}

CovarianceAt covariance_at(Covariance kind, double squared_distance) noexcept {
  switch (kind) {
    case Covariance::Rbf: {
      const double value = std::exp(-0.5 * squared_distance);
      return {value, -0.5 * value};
    }
    case Covariance::Matern12: {
      const double r = std::sqrt(squared_distance), value = std::exp(-r);
      return {value, r > 0 ? -value / (2 * r) : 0};
    }
    case Covariance::Matern32: {
      const double a = std::sqrt(3 * squared_distance), e = std::exp(-a);
      return {(1 + a) * e, -1.5 * e};
    }
    case Covariance::Matern52: {
      const double a = std::sqrt(5 * squared_distance), e = std::exp(-a);
      return {(1 + a + a * a / 3) * e, -5.0 / 6 * (1 + a) * e};
    }
  }
  return {0, 0};
}

namespace {

// The mean of sigmoid(f) over normal f, by sigmoid as a sum of five error functions.
double mean_sigmoid(double mean, double variance) {
  constexpr double kRates[] = {0.41, 0.4, 0.37, 0.44, 0.39};
  constexpr double kParts[] = {-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654};
  double p = 0;
  for (size_t i = 0; i < 5; ++i)
    p += kParts[i] * 0.5 * (1 + std::erf(kRates[i] * mean / std::sqrt(1 + 2 * kRates[i] * kRates[i] * variance)));
  return std::clamp(p, 0.0, 1.0);
}

class GaussianProcessReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<GaussianProcessForm>(value);
    if (!is_sound(form)) throw Error(ErrorCode::CorruptArtifact, "the parts of a Gaussian process do not agree, or are not finite");
    return std::make_unique<GaussianProcessModel>(std::move(form));
  }

 private:
  static bool is_sound(const GaussianProcessForm& form) {
    if (form.n_features < 1 || form.n_classes < 0 || form.n_classes == 1) return false;
    const auto p = static_cast<size_t>(form.n_features), k = static_cast<size_t>(form.n_classes), n_sums = form.amplitudes.size();
    const size_t n = form.rows.size() / p;
    if (form.rows.size() % p != 0 || n > (size_t{1} << 20) || n_sums != (k <= 2 ? 1 : k) || form.scales.size() != n_sums * p ||
        form.shares.size() != n_sums * n || form.reductions.size() != (k > 0 ? n_sums * n * n : 0))
      return false;
    const auto is_finite = [](auto number) { return std::isfinite(number); };
    return std::ranges::all_of(form.rows, is_finite) && std::ranges::all_of(form.scales, is_finite) &&
           std::ranges::all_of(form.amplitudes, is_finite) && std::ranges::all_of(form.shares, is_finite) &&
           std::ranges::all_of(form.reductions, is_finite) && is_finite(form.center) && is_finite(form.spread);
  }
};

}  // namespace

GaussianProcessModel::GaussianProcessModel(GaussianProcessForm form) : form_(std::move(form)) {}

double GaussianProcessModel::sum_of(size_t sum, const double* row, std::span<double> likeness) const noexcept {
  const size_t p = n_features();
  const double* scales = form_.scales.data() + sum * p;
  for (size_t i = 0; i < likeness.size(); ++i) {
    double distance = 0;
    for (size_t j = 0; j < p; ++j) {
      const double difference = scales[j] * (row[j] - static_cast<double>(form_.rows[i * p + j]));
      distance += difference * difference;
    }
    likeness[i] = form_.amplitudes[sum] * covariance_at(form_.covariance, distance).value;
  }
  return dot(likeness, {form_.shares.data() + sum * likeness.size(), likeness.size()});
}

void GaussianProcessModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  const size_t n = n_stored(), n_sums = form_.amplitudes.size();
  std::vector<double> row(n_features()), likeness(n), chances(n_sums);
  for (size_t i = 0; i < x.n_rows(); ++i) {
    for (size_t j = 0; j < n_features(); ++j) row[j] = static_cast<double>(x.at(i, j));
    double total = 0;
    for (size_t k = 0; k < n_sums; ++k) {
      const double mean = sum_of(k, row.data(), likeness);
      if (form_.n_classes == 0) {
        out[i] = form_.center + form_.spread * mean;
        continue;
      }
      double variance = form_.amplitudes[k];
      for (size_t t = 0; t < n; ++t) variance -= likeness[t] * dot(likeness, {form_.reductions.data() + (k * n + t) * n, n});
      total += chances[k] = mean_sigmoid(mean, std::max(variance, 0.0));
    }
    if (form_.n_classes == 2) {
      out[2 * i + 1] = chances[0];
      out[2 * i] = 1 - chances[0];
    }
    for (size_t k = 0; form_.n_classes > 2 && k < n_sums; ++k)
      out[i * n_sums + k] = total > 0 ? chances[k] / total : 1 / static_cast<double>(n_sums);
  }
}

void register_gaussian_process_form(Catalog<ModelForm>& catalog) {
  catalog.add<GaussianProcessReader>("gaussian_process", "The mean of a Gaussian process given stored rows.");
}

}  // namespace kolosal
