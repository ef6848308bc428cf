#include "kolosal/models/kernel/smo.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kolosal {
namespace {

constexpr double kTau = 1e-12;  // curvature of a pair at least

size_t rows_kept(size_t n_rows, size_t n_bytes, const FitContext& context) {
  const size_t of_row = std::max<size_t>(n_rows * sizeof(float), 1);
  return std::clamp<size_t>(std::min(n_bytes, context.memory->available() / 2) / of_row, 2, std::max<size_t>(n_rows, 2));
}

// The state of a solution.
struct Smo {
  const SmoProblem& problem;
  KernelCache& cache;
  std::vector<double> a, gradient;

  size_t row_of(size_t i) const { return i < cache.n_rows() ? i : i - cache.n_rows(); }
  bool may_rise(size_t i) const { return problem.signs[i] > 0 ? a[i] < problem.bounds[i] : a[i] > 0; }
  bool may_fall(size_t i) const { return problem.signs[i] > 0 ? a[i] > 0 : a[i] < problem.bounds[i]; }

  // The pair between which the objective falls most; false where no pair violates optimality by the tolerance.
  bool choose(size_t& i, size_t& j) {
    const size_t n = a.size();
    double most = -std::numeric_limits<double>::infinity(), least = std::numeric_limits<double>::infinity();
    for (size_t t = 0; t < n; ++t)
      if (may_rise(t) && -problem.signs[t] * gradient[t] > most) {
        most = -problem.signs[t] * gradient[t];
        i = t;
      }
    if (std::isinf(most)) return false;
    const std::span<const float> row = cache.row(row_of(i));
    const double of_i = cache.diagonal(row_of(i));
    double best = 0;
    j = n;
    for (size_t t = 0; t < n; ++t) {
      if (!may_fall(t)) continue;
      const double slope = -problem.signs[t] * gradient[t];
      least = std::min(least, slope);
      const double difference = most - slope;
      if (difference <= 0) continue;
      const double curvature = of_i + cache.diagonal(row_of(t)) - 2 * static_cast<double>(row[row_of(t)]);
      const double gain = difference * difference / (curvature > 0 ? curvature : kTau);
      if (gain > best) {
        best = gain;
        j = t;
      }
    }
    return j < n && most - least >= problem.tolerance;
  }

  // Moves a_i by sign_i d and a_j by -sign_j d, as far as they may.
  void move(size_t i, size_t j) {
    const std::span<const float> of_i = cache.row(row_of(i)), of_j = cache.row(row_of(j));
    const double curvature = cache.diagonal(row_of(i)) + cache.diagonal(row_of(j)) - 2 * static_cast<double>(of_i[row_of(j)]);
    const double y_i = problem.signs[i], y_j = problem.signs[j];
    const double room_i = y_i > 0 ? problem.bounds[i] - a[i] : a[i], room_j = y_j > 0 ? a[j] : problem.bounds[j] - a[j];
    double step = (-y_i * gradient[i] + y_j * gradient[j]) / (curvature > 0 ? curvature : kTau);
    const bool fills_i = step >= room_i && room_i <= room_j, fills_j = !fills_i && step >= room_j;
    step = fills_i ? room_i : fills_j ? room_j : step;
    a[i] = fills_i ? (y_i > 0 ? problem.bounds[i] : 0) : std::clamp(a[i] + y_i * step, 0.0, problem.bounds[i]);
    a[j] = fills_j ? (y_j > 0 ? 0 : problem.bounds[j]) : std::clamp(a[j] - y_j * step, 0.0, problem.bounds[j]);
    for (size_t begin = 0; begin < a.size(); begin += cache.n_rows()) {
      const double* signs = problem.signs.data() + begin;
      double* slopes = gradient.data() + begin;
      for (size_t t = 0; t < cache.n_rows(); ++t)
        slopes[t] += signs[t] * step * (static_cast<double>(of_i[t]) - static_cast<double>(of_j[t]));
    }
  }

  double rho() const {
    double low = -std::numeric_limits<double>::infinity(), high = -low, sum = 0, n_free = 0;
    for (size_t t = 0; t < a.size(); ++t) {
      const double slope = problem.signs[t] * gradient[t];
      const bool at_bound = a[t] >= problem.bounds[t], at_zero = a[t] <= 0;
      if (at_bound || at_zero) {
        // At a bound the constant is bounded from one side.
        if (at_bound == (problem.signs[t] > 0)) low = std::max(low, slope);
        else high = std::min(high, slope);
      } else {
        sum += slope;
        ++n_free;
      }
    }
    if (n_free > 0) return sum / n_free;
    if (std::isinf(low)) return std::isinf(high) ? 0 : high;
    return std::isinf(high) ? low : (low + high) / 2;
  }
};

}  // namespace

KernelCache::KernelCache(const KernelFunction& kernel, const KernelRows& rows, size_t n_bytes, const FitContext& context)
    : kernel_(kernel),
      rows_(rows),
      context_(context),
      n_kept_(rows_kept(rows.n_rows(), n_bytes, context)),
      lease_(context.memory, n_kept_ * rows.n_rows() * sizeof(float), "rows of a kernel matrix"),
      places_(rows.n_rows()),
      is_kept_(rows.n_rows(), 0) {
  std::vector<double> row(rows.n_features());
  for (size_t i = 0; i < rows.n_rows(); ++i) {
    double value = 0;
    rows.copy_row(i, row.data());
    rows.compare(kernel_, row.data(), rows.square(i), i, i + 1, &value);
    diagonal_.push_back(value);
  }
}

std::span<const float> KernelCache::row(size_t i) {
  if (is_kept_[i] != 0) {
    kept_.splice(kept_.begin(), kept_, places_[i]);
    return kept_.front().second;
  }
  if (kept_.size() < n_kept_) {
    kept_.emplace_front(i, std::vector<float>(n_rows()));
  } else {
    is_kept_[kept_.back().first] = 0;
    kept_.splice(kept_.begin(), kept_, std::prev(kept_.end()));
    kept_.front().first = i;
  }
  places_[i] = kept_.begin();
  is_kept_[i] = 1;
  std::vector<double> query(rows_.n_features());
  rows_.copy_row(i, query.data());
  std::vector<float>& out = kept_.front().second;
  const auto compare = [&](size_t begin, size_t end) {
    std::vector<double> values(end - begin);
    rows_.compare(kernel_, query.data(), rows_.square(i), begin, end, values.data());
    for (size_t t = begin; t < end; ++t) out[t] = static_cast<float>(values[t - begin]);
  };
  constexpr size_t kRowsOfATask = 8192;
  if (n_rows() <= kRowsOfATask) compare(0, n_rows());
  else context_.threads->parallel_for(n_rows(), kRowsOfATask, compare);
  return out;
}

SmoSolution solve_smo(const SmoProblem& problem, KernelCache& cache, const FitContext& context) {
  Smo smo{problem, cache, std::vector<double>(problem.signs.size(), 0.0), problem.linear};
  size_t i = 0, j = 0;
  for (int64_t step = 0; smo.choose(i, j) && (problem.max_steps == 0 || step < problem.max_steps); ++step) {
    context.check();
    smo.move(i, j);
  }
  const double rho = smo.rho();
  return {std::move(smo.a), rho};
}

}  // namespace kolosal
