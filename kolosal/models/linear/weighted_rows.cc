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
  const auto refuse = [&](size_t j) {
    throw Error(ErrorCode::BadValue, "feature '" + x.features()[j].name + "' has a value that is missing or not finite",
                "Impute it first: this learner takes numbers only.");
  };
  if (x.is_sparse()) {
    for (size_t e = 0; e < x.sparse().values.size(); ++e)
      if (!std::isfinite(x.sparse().values[e])) refuse(x.sparse().features[e]);
  } else {
    for (size_t j = 0; j < x.n_features(); ++j)
      for (const float value : x.column(j))
        if (!std::isfinite(value)) refuse(j);
  }
  throw Error(ErrorCode::BadValue, "sums of the features, the target or the weights are beyond the largest number",
              "Scale them to numbers of ordinary size.");
}

WeightedRows::WeightedRows(const TrainingSet& train, SparseInput sparse, size_t block_rows)
    : train_(train), block_rows_(std::min(block_rows, kMaxBlockRows)), ones_(block_rows_, 1.0) {
  check_training_set(train, sparse);
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

ColumnBlock WeightedRows::block(size_t begin, size_t n, std::vector<float>& room) const {
  if (n_features() == 0) return {nullptr, n_rows(), n, 0};
  if (!train_.x.is_sparse()) return {train_.x.column(0).data() + begin, n_rows(), n, n_features()};
  const SparseRows& rows = train_.x.sparse();
  room.assign(n * n_features(), 0.0F);
  for (size_t i = 0; i < n; ++i)
    for (size_t e = rows.starts[begin + i]; e < rows.starts[begin + i + 1]; ++e) room[rows.features[e] * n + i] = rows.values[e];
  return {room.data(), n, n, n_features()};
}

void WeightedRows::add_products(size_t begin, size_t n, const double* weights, double* sums) const noexcept {
  if (n_features() == 0) return;
  if (!train_.x.is_sparse()) {
    kolosal::add_products({train_.x.column(0).data() + begin, n_rows(), n, n_features()}, weights, sums);
    return;
  }
  for (size_t i = 0; i < n; ++i) sums[i] += train_.x.sparse().product(begin + i, weights);
}

void WeightedRows::add_transposed_products(size_t begin, size_t n, const double* factors, double* sums) const noexcept {
  if (n_features() == 0) return;
  if (!train_.x.is_sparse()) {
    kolosal::add_transposed_products({train_.x.column(0).data() + begin, n_rows(), n, n_features()}, factors, sums);
    return;
  }
  for (size_t i = 0; i < n; ++i)
    if (factors[i] != 0) train_.x.sparse().add_row(begin + i, factors[i], sums);
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

void refuse_without_blocks(const WeightedRows& rows, const std::string& learner, const std::string& remedy) {
  if (!rows.has_no_blocks()) return;
  throw Error(ErrorCode::Unsupported,
              learner + " takes sparse rows of at most " + std::to_string(WeightedRows::kMaxBlockFeatures) + " features, and there are " +
                  std::to_string(rows.n_features()),
              remedy);
}

namespace {

// Of sparse rows by all of them, twice: for means, then around these. What is not there is 0.
ColumnScales scales_of_sparse(const WeightedRows& rows, bool center, const FitContext& context) {
  const size_t p = rows.n_features();
  const SparseRows& x = rows.x().sparse();
  ColumnScales scales{std::vector<double>(p, 0.0), std::vector<double>(p, 0.0)};
  const auto visit = [&](const auto& take) {
    for (size_t begin = 0; begin < rows.n_rows(); begin += rows.block_rows()) {
      context.check();
      const double* weights = rows.weights(begin);
      for (size_t row = begin; row < std::min(begin + rows.block_rows(), rows.n_rows()); ++row)
        for (size_t e = x.starts[row]; e < x.starts[row + 1]; ++e)
          take(x.features[e], weights[row - begin], static_cast<double>(x.values[e]));
    }
  };
  if (center) {
    visit([&](size_t j, double weight, double value) { scales.centers[j] += weight * value; });
    for (double& mean : scales.centers) mean /= rows.total();
  }
  std::vector<double> squares(p, 0.0), absent(p, rows.total());
  visit([&](size_t j, double weight, double value) {
    squares[j] += weight * (value - scales.centers[j]) * (value - scales.centers[j]);
    absent[j] -= weight;
  });
  for (size_t j = 0; j < p; ++j) {
    const double center_of = scales.centers[j], square = (squares[j] + std::max(absent[j], 0.0) * center_of * center_of) / rows.total();
    if (!std::isfinite(square)) refuse_not_finite(rows.x());
    if (square > 1e-14 * center_of * center_of) scales.inverse[j] = 1 / std::sqrt(square);
  }
  return scales;
}

}  // namespace

ColumnScales column_scales(const WeightedRows& rows, bool center, const FitContext& context) {
  if (rows.x().is_sparse()) return scales_of_sparse(rows, center, context);
  const size_t p = rows.n_features();
  const auto squares_around = [&](const std::vector<double>& centers, size_t step) {
    // Sums of s (x - c), of s (x - c)^2, and of s.
    return rows.sum_blocks(2 * p + 1, step, context, [&](size_t begin, size_t n, double* sums, std::vector<double>& scratch) {
      const std::vector<double> ones(p, 1.0);
      const double* weights = rows.weights(begin);
      scratch.assign(padded_rows(n) * p + n, 1.0);
      double* packed = scratch.data() + n;
      std::vector<float> room;
      pack_columns(rows.block(begin, n, room), centers.data(), ones.data(), scratch.data(), packed);
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
