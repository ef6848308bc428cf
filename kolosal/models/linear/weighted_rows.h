// What linear learners share: the rows of a training set with their weights, and sums over fixed blocks of them.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "kolosal/kernels/row_blocks.h"
#include "kolosal/models/learner.h"

namespace kolosal {

/// Throws Error(BadValue) that names the feature where a value is missing or not finite, or says that numbers are too large
/// where none is. For sums that came out as not finite: they show at no cost what looking at every number would.
[[noreturn]] void refuse_not_finite(const FeatureMatrix& x);

/// The rows of a training set in blocks. Weights are divided by a power of two near the largest, so that sums stay finite.
class WeightedRows {
 public:
  /// Throws Error as check_training_set does. `train` must outlive it. Blocks have at most kMaxBlockRows rows.
  explicit WeightedRows(const TrainingSet& train, SparseInput sparse = SparseInput::Refused, size_t block_rows = kMaxBlockRows);

  static constexpr size_t kMaxBlockRows = 1024;
  /// Most features of which sparse rows are written out as blocks of columns.
  static constexpr size_t kMaxBlockFeatures = 1024;

  /// The rows without their weights, and their number, features and blocks.
  const FeatureMatrix& x() const noexcept { return train_.x; }
  const Target& target() const noexcept { return train_.target; }
  size_t n_rows() const noexcept { return train_.x.n_rows(); }
  size_t n_features() const noexcept { return train_.x.n_features(); }
  size_t n_blocks() const noexcept { return (n_rows() + block_rows_ - 1) / block_rows_; }
  size_t block_rows() const noexcept { return block_rows_; }
  /// What a weight of one is divided by, and the sum of the divided weights.
  double unit() const noexcept { return unit_; }
  double total() const noexcept { return total_; }

  /// The features of a block, and the divided weights of its rows. Sparse rows are written to `room`, which must outlive the block; of more
  /// than kMaxBlockFeatures features they are not asked for.
  ColumnBlock block(size_t begin, size_t n, std::vector<float>& room) const;
  const double* weights(size_t begin) const noexcept;
  double weight(size_t row) const noexcept { return weights_.empty() ? 1 : weights_[row]; }
  /// Whether blocks of columns cannot be asked for.
  bool has_no_blocks() const noexcept { return x().is_sparse() && n_features() > kMaxBlockFeatures; }

  /// sums (n,) += products of the rows of a block with weights (n_features,).
  void add_products(size_t begin, size_t n, const double* weights, double* sums) const noexcept;
  /// sums (n_features,) += the rows of a block times factors (n,).
  void add_transposed_products(size_t begin, size_t n, const double* factors, double* sums) const noexcept;

  /// Sums of every `step`-th block: `add(begin, n, sums, scratch)` adds the rows [begin, begin + n) to `width` sums; `scratch`
  /// is its own to resize and keep from one block to the next. Blocks are added in a fixed order: the sums are the same on any number
  /// of threads. Where the context asks to stop, blocks are left out: check it before the sums are used.
  std::vector<double> sum_blocks(size_t width, size_t step, const FitContext& context,
                                 const std::function<void(size_t begin, size_t n, double* sums, std::vector<double>& scratch)>& add) const;

 private:
  TrainingSet train_;
  size_t block_rows_;
  double unit_ = 1, total_ = 0;
  std::vector<double> weights_;  ///< empty where all are one
  std::vector<double> ones_;
};

/// Throws Error(Unsupported) where blocks of columns cannot be asked for, which `learner` needs; `remedy` is what to do.
void refuse_without_blocks(const WeightedRows& rows, const std::string& learner, const std::string& remedy);

/// Where columns lie and how wide they spread, from a sample of blocks: what turns them into numbers of like size.
struct ColumnScales {
  std::vector<double> centers;  ///< means, or 0 where columns are not to be centred
  std::vector<double> inverse;  ///< 1 / standard deviation (or root mean square); 0 for columns that are constant (or zero)
};
/// Throws Error(BadValue) where a number of the sample is not finite.
ColumnScales column_scales(const WeightedRows& rows, bool center, const FitContext& context);

}  // namespace kolosal
