#include "kolosal/models/linear/weighted_rows.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

// Tasks of a sum: enough for every core, few enough that their sums fit into the memory below.
constexpr size_t kMaxTasks = 64;
constexpr size_t kMaxSums = size_t{8} << 20;
// Blocks from which columns are scaled.
constexpr size_t kScaleBlocks = 32;

// Whether the column has one value alone in rows that count.
bool is_constant(const WeightedRows& rows, size_t j) {
  const auto column = rows.x().column(j);
  bool any = false;
  float value = 0;
  for (size_t begin = 0; begin < column.size(); begin += rows.block_rows()) {
    const double* weights = rows.weights(begin);
    for (size_t i = 0; i < std::min(rows.block_rows(), column.size() - begin); ++i) {
      if (weights[i] == 0) continue;
      if (any && column[begin + i] != value) return false;
      any = true;
      value = column[begin + i];
    }
  }
  return true;
}

}  // namespace

void refuse_not_finite(const FeatureMatrix& x) {
  for (size_t j = 0; j < x.n_features(); ++j)
    for (const float value : x.column(j))
      if (!std::isfinite(value))
        throw Error(ErrorCode::BadValue, "feature '" + x.features()[j].name + "' has a value that is missing or not finite",
                    "Impute it first: this learner takes numbers only.");
  throw Error(ErrorCode::BadValue, "sums of the features, the target or the weights are beyond the largest number",
              "Scale them to numbers of ordinary size.");
}

WeightedRows::WeightedRows(const TrainingSet& train, size_t block_rows)
    : train_(train), block_rows_(std::min(block_rows, kMaxBlockRows)), ones_(block_rows_, 1.0) {
  check_training_set(train);
  if (train.weights.empty()) {
    total_ = static_cast<double>(train.x.n_rows());
    return;
  }
  const int exponent = std::ilogb(std::ranges::max(train.weights));
  unit_ = std::ldexp(1.0, exponent);
  weights_.reserve(train.weights.size());
  for (const double weight : train.weights) {
    weights_.push_back(std::ldexp(weight, -exponent));
    total_ += weights_.back();
  }
}

ColumnBlock WeightedRows::block(size_t begin, size_t n) const noexcept {
  return {n_features() > 0 ? train_.x.column(0).data() + begin : nullptr, n_rows(), n, n_features()};
}

const double* WeightedRows::weights(size_t begin) const noexcept { return weights_.empty() ? ones_.data() : weights_.data() + begin; }

std::vector<double> WeightedRows::sum_blocks(size_t width, size_t step, const FitContext& context,
                                             const std::function<void(size_t, size_t, double*, std::vector<double>&)>& add) const {
  const size_t n = (n_blocks() + step - 1) / step;
  const size_t n_tasks = std::min({n, kMaxTasks, std::max<size_t>(kMaxSums / std::max<size_t>(width, 1), 4)});
  std::vector<std::vector<double>> parts(n_tasks);
  const MemoryLease lease(context.memory, n_tasks * width * sizeof(double), "sums of a linear model");
  context.threads->parallel_each(n_tasks, [&](size_t task) {
    parts[task].assign(width, 0.0);
    std::vector<double> scratch;
    for (size_t i = task * n / n_tasks; i < (task + 1) * n / n_tasks && !context.should_stop(); ++i) {
      const size_t begin = i * step * block_rows_;
      add(begin, std::min(block_rows_, n_rows() - begin), parts[task].data(), scratch);
    }
  });
  std::vector<double> sums = std::move(parts[0]);
  for (size_t task = 1; task < n_tasks; ++task)
    for (size_t i = 0; i < width; ++i) sums[i] += parts[task][i];
  return sums;
}

ColumnScales column_scales(const WeightedRows& rows, bool center, const FitContext& context) {
  const size_t p = rows.n_features();
  const auto squares_around = [&](const std::vector<double>& centers, size_t step) {
    // Sums of s (x - c), of s (x - c)^2, and of s.
    return rows.sum_blocks(2 * p + 1, step, context, [&](size_t begin, size_t n, double* sums, std::vector<double>& scratch) {
      const std::vector<double> ones(p, 1.0);
      const double* weights = rows.weights(begin);
      scratch.assign(padded_rows(n) * p + n, 1.0);
      double* packed = scratch.data() + n;
      pack_columns(rows.block(begin, n), centers.data(), ones.data(), scratch.data(), packed);
      for (size_t i = 0; i < n; ++i) sums[2 * p] += weights[i];
      for (size_t j = 0; j < p; ++j)
        for (size_t i = 0; i < n; ++i) {
          const double difference = packed[j * padded_rows(n) + i];
          sums[j] += weights[i] * difference;
          sums[p + j] += weights[i] * difference * difference;
        }
    });
  };
  size_t step = std::max<size_t>(rows.n_blocks() / kScaleBlocks, 1);
  std::vector<double> sums = squares_around(std::vector<double>(p, 0.0), step);
  if (sums[2 * p] == 0 && step > 1) sums = squares_around(std::vector<double>(p, 0.0), step = 1);  // no row of the sample counts
  context.check();
  ColumnScales scales{std::vector<double>(p, 0.0), std::vector<double>(p, 0.0)};
  if (center) {
    for (size_t j = 0; j < p; ++j) scales.centers[j] = sums[j] / sums[2 * p];
    sums = squares_around(scales.centers, step);
    context.check();
  }
  std::vector<double> all_rows;
  for (size_t j = 0; j < p; ++j) {
    double square = sums[p + j] / sums[2 * p];
    if (!std::isfinite(square)) refuse_not_finite(rows.x());
    const double rounding = 1e-13 * std::abs(scales.centers[j]);
    if (square <= rounding * rounding) {
      if (center ? is_constant(rows, j) : step == 1) continue;
      if (all_rows.empty()) all_rows = squares_around(scales.centers, 1);
      context.check();
      square = all_rows[p + j] / all_rows[2 * p];
      if (!std::isfinite(square)) refuse_not_finite(rows.x());
    }
    if (square > 0) scales.inverse[j] = 1 / std::sqrt(square);
  }
  return scales;
}

}  // namespace kolosal
