// What support vector classifiers and regressors have in common: their parameters, and the rows that their kernel compares.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/models/kernel/smo.h"
#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

/// Parameters of both.
struct SvmParams {
  double c = 1;
  KernelKind kernel = KernelKind::Rbf;
  std::optional<double> gamma;
  int32_t degree = 3;
  double coef0 = 0;
  double tolerance = 1e-3;
  std::optional<int64_t> max_iterations;
  double cache_megabytes = 200;
};

/// Declares them, of a struct that has them.
template <class P>
void add_svm_fields(Fields<P>& f) {
  const auto add = [&f]<class M>(const char* name, M SvmParams::*member, const char* doc) {
    return f.add(name, static_cast<M P::*>(member), doc);
  };
  add("c", &SvmParams::c, "What a violation of the margin costs, beside half the squared weights.")
      .above(0)
      .search_log(1e-2, 1e3)
      .alias("C");
  add("kernel", &SvmParams::kernel,
      "How like rows are: exp(-gamma |x - z|^2), x.z, (gamma x.z + coef0)^degree or tanh(gamma x.z + coef0).");
  add("gamma", &SvmParams::gamma,
      "What the kernel multiplies by; where not given 1 / (features x variance of all values), in which rows count by their weights.")
      .above(0)
      .search_log(1e-4, 10);
  add("degree", &SvmParams::degree, "Power of the polynomial.").min(0).max(30);
  add("coef0", &SvmParams::coef0, "What the polynomial and the sigmoid add to products.");
  add("tolerance", &SvmParams::tolerance, "Largest violation of optimality with which it ends.").above(0).alias("tol");
  add("max_iterations", &SvmParams::max_iterations, "Most steps of the solver; the larger of a million and 100 a row where not given.")
      .min(1)
      .alias("max_iter");
  add("cache_megabytes", &SvmParams::cache_megabytes, "Memory for rows of the kernel matrix.").above(0).max(1e6).alias("cache_size");
}

/// The rows listed, row-major. Throws Error(BadValue) where a number is missing or not finite, or there are no features.
inline std::vector<float> rows_of(const FeatureMatrix& x, std::span<const uint32_t> rows) {
  if (x.n_features() == 0) throw Error(ErrorCode::BadValue, "there are no features to compare rows by", "Give at least one column.");
  std::vector<float> values;
  values.reserve(rows.size() * x.n_features());
  for (const uint32_t row : rows)
    for (size_t j = 0; j < x.n_features(); ++j) {
      values.push_back(x.at(row, j));
      if (!std::isfinite(values.back())) refuse_not_finite(x);
    }
  return values;
}

/// The kernel of these parameters on values of rows with these weights; none: all ones.
inline KernelFunction kernel_of(const SvmParams& params, std::span<const float> values, size_t n_features,
                                std::span<const double> weights) {
  const double largest = weights.empty() ? 1 : std::ranges::max(weights);
  const auto weight_of = [&](size_t i) { return weights.empty() ? 1 : weights[i / n_features] / largest; };
  double n = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    n += weight_of(i);
    sum += weight_of(i) * static_cast<double>(values[i]);
  }
  for (size_t i = 0; i < values.size(); ++i) squares += weight_of(i) * std::pow(static_cast<double>(values[i]) - sum / n, 2);
  const double scaled = squares > 0 ? 1 / (static_cast<double>(n_features) * squares / n) : 1;
  return {params.kernel, params.gamma.value_or(scaled), params.degree, params.coef0};
}

/// Bytes of the cache of one of `n_tasks` solvers that run side by side, within what the context's budget leaves.
inline size_t cache_bytes_of(const SvmParams& params, size_t n_tasks, const FitContext& context) {
  const size_t side_by_side = std::min(n_tasks, static_cast<size_t>(context.threads->size()));
  const double wanted = params.cache_megabytes * 1e6 / static_cast<double>(side_by_side);
  return std::min(static_cast<size_t>(wanted), context.memory->available() / (2 * side_by_side));
}

/// Steps that a solver of n rows may take.
inline int64_t steps_of(const SvmParams& params, size_t n) {
  return params.max_iterations.value_or(std::max<int64_t>(1'000'000, 100 * static_cast<int64_t>(n)));
}

}  // namespace kolosal
