#include "kolosal/models/forms/kernel.h"

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/kernels.h"

namespace kolosal {

void describe(Fields<KernelForm>& f) {
  f.add("n_features", &KernelForm::n_features, "Columns seen in training.");
  f.add("n_classes", &KernelForm::n_classes, "Classes; 0 of numbers.");
  f.add("kernel", &KernelForm::kernel, "How like rows are.");
  f.add("rows", &KernelForm::rows, "The stored rows.");
  f.add("shares", &KernelForm::shares, "Share of each stored row in each sum.");
  f.add("bias", &KernelForm::bias, "Constant of each sum.");
  f.add("slopes", &KernelForm::slopes, "Slope of the log-odds by each sum.");
  f.add("shifts", &KernelForm::shifts, "What is added to the log-odds.");
}

KernelModel::KernelModel(KernelForm form) : form_(std::move(form)), rows_(form_.rows, static_cast<size_t>(form_.n_features)) {}

void KernelModel::sums_of(const double* row, double* scratch, double* out) const noexcept {
  double square = 0;
  for (size_t j = 0; j < n_features(); ++j) square += row[j] * row[j];
  rows_.compare(form_.kernel, row, square, 0, rows_.n_rows(), scratch);
  for (size_t k = 0; k < form_.bias.size(); ++k)
    out[k] = form_.bias[k] + dot({form_.shares.data() + k * rows_.n_rows(), rows_.n_rows()}, {scratch, rows_.n_rows()});
}

void couple_pairs(std::span<const double> pairs, size_t n_classes, std::span<double> out) {
  // Minimises sum over pairs of (pairs(b, a) p_a - pairs(a, b) p_b)^2 among probabilities, by moving one at a time.
  const size_t k = n_classes;
  std::vector<double> q(k * k, 0.0), of_q(k);
  for (size_t a = 0; a < k; ++a)
    for (size_t b = 0; b < k; ++b) {
      if (a == b) continue;
      q[a * k + a] += pairs[b * k + a] * pairs[b * k + a];
      q[a * k + b] = -pairs[b * k + a] * pairs[a * k + b];
    }
  std::ranges::fill(out, 1 / static_cast<double>(k));
  const double enough = 0.005 / static_cast<double>(k);
  for (size_t round = 0; round < std::max<size_t>(100, k); ++round) {
    double whole = 0;
    for (size_t a = 0; a < k; ++a) {
      of_q[a] = 0;
      for (size_t b = 0; b < k; ++b) of_q[a] += q[a * k + b] * out[b];
      whole += out[a] * of_q[a];
    }
    double most = 0;
    for (size_t a = 0; a < k; ++a) most = std::max(most, std::abs(of_q[a] - whole));
    if (most < enough) break;
    for (size_t a = 0; a < k; ++a) {
      const double move = (whole - of_q[a]) / q[a * k + a], rest = 1 / (1 + move);
      out[a] += move;
      whole = (whole + move * (move * q[a * k + a] + 2 * of_q[a])) * rest * rest;
      for (size_t b = 0; b < k; ++b) {
        of_q[b] = (of_q[b] + move * q[a * k + b]) * rest;
        out[b] *= rest;
      }
    }
  }
  double total = 0;
  for (double& p : out) total += p = std::max(p, 1e-300);
  for (double& p : out) p /= total;
}

void KernelModel::predict_scores(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out, n_scores());
  const size_t n_sums = form_.bias.size(), k = n_outputs();
  std::vector<double> row(n_features()), scratch(rows_.n_rows()), sums(n_sums), pairs(form_.n_classes > 2 ? k * k : 0);
  for (size_t i = 0; i < x.n_rows(); ++i) {
    for (size_t j = 0; j < n_features(); ++j) row[j] = static_cast<double>(x.at(i, j));
    sums_of(row.data(), scratch.data(), sums.data());
    const auto to = out.subspan(i * n_scores(), n_scores());
    if (form_.n_classes == 0) std::ranges::copy(sums, to.begin());
    if (form_.n_classes == 1) to[0] = 0;
    if (form_.n_classes == 2) to[0] = form_.slopes[0] * sums[0] + form_.shifts[0];
    if (form_.n_classes <= 2) continue;
    size_t sum = 0;
    for (size_t a = 0; a < k; ++a)
      for (size_t b = a + 1; b < k; ++b, ++sum) {
        const double p = 1 / (1 + std::exp(-(form_.slopes[sum] * sums[sum] + form_.shifts[sum])));
        pairs[b * k + a] = std::clamp(p, 1e-7, 1 - 1e-7);
        pairs[a * k + b] = 1 - pairs[b * k + a];
      }
    couple_pairs(pairs, k, to);
    for (double& p : to) p = std::log(p);
  }
}

void KernelModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  std::vector<double> scores(x.n_rows() * n_scores());
  predict_scores(x, scores);
  if (form_.n_classes == 0) std::ranges::copy(scores, out.begin());
  else if (form_.n_classes != 2) std::ranges::transform(scores, out.begin(), [](double score) { return std::exp(score); });
  else
    for (size_t i = 0; i < scores.size(); ++i) {
      out[2 * i + 1] = 1 / (1 + std::exp(-scores[i]));
      out[2 * i] = 1 - out[2 * i + 1];
    }
}

namespace {

class KernelReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<KernelForm>(value);
    if (!is_sound(form)) throw Error(ErrorCode::CorruptArtifact, "the parts of a kernel model do not agree, or are not finite");
    return std::make_unique<KernelModel>(std::move(form));
  }

 private:
  static bool is_sound(const KernelForm& form) {
    if (form.n_features < 1 || form.n_classes < 0 || form.n_classes > 4096) return false;
    const auto p = static_cast<size_t>(form.n_features), k = static_cast<size_t>(form.n_classes), n_sums = form.bias.size();
    const size_t n_stored = form.rows.size() / p, n_logits = k > 0 ? n_sums : 0;
    if (form.rows.size() % p != 0 || form.shares.size() != n_sums * n_stored || (k > 0 ? n_sums != k * (k - 1) / 2 : n_sums == 0))
      return false;
    if (form.slopes.size() != n_logits || form.shifts.size() != n_logits) return false;
    const auto is_finite = [](auto number) { return std::isfinite(number); };
    return std::ranges::all_of(form.rows, is_finite) && std::ranges::all_of(form.shares, is_finite) &&
           std::ranges::all_of(form.bias, is_finite) && std::ranges::all_of(form.slopes, is_finite) &&
           std::ranges::all_of(form.shifts, is_finite) && is_finite(form.kernel.gamma) && is_finite(form.kernel.coef0);
  }
};

}  // namespace

void register_kernel_form(Catalog<ModelForm>& catalog) {
  catalog.add<KernelReader>("kernel", "Weighted sums of how like a row is to stored rows.");
}

}  // namespace kolosal
