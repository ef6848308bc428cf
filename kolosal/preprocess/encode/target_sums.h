// What target encoders share: the numbers that are averaged, their sums for each level, and the encodings made of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {

/// What is averaged: n_outputs numbers a row. Regression: each target; ranking: the relevance; binary: the indicator of class 1;
/// multiclass: the indicator of each class.
class Goals {
 public:
  explicit Goals(const Target& target);

  /// How many numbers a row has.
  size_t n_outputs() const noexcept { return n_outputs_; }
  /// Whether they are indicators of classes, of which a row has one.
  bool one_of_many() const noexcept { return target_->task == Task::Multiclass; }
  /// Output `output` of a row; in multiclass the class itself comes from class_of.
  double at(size_t row, size_t output) const noexcept { return target_->values[row * target_->n_targets + output]; }
  size_t class_of(size_t row) const noexcept { return static_cast<size_t>(target_->values[row]); }
  /// Any output of a row.
  double of(size_t row, size_t output) const noexcept { return one_of_many() ? (class_of(row) == output ? 1 : 0) : at(row, output); }
  /// Calls see(output, value) for each output of a row that is not zero for being another class.
  template <class See>
  void each(size_t row, const See& see) const {
    if (one_of_many()) return see(class_of(row), 1.0);
    for (size_t k = 0; k < n_outputs_; ++k) see(k, at(row, k));
  }
  /// The encoding where there are no rows at all.
  double of_no_rows() const noexcept { return one_of_many() ? 1 / static_cast<double>(n_outputs_) : 0; }
  /// The goals of all rows where a row has one, else null.
  const double* single() const noexcept {
    return n_outputs_ == 1 && !one_of_many() && target_->n_targets == 1 ? target_->values.data() : nullptr;
  }
  /// Whether all goals are 0 or 1.
  bool are_indicators() const noexcept { return is_classification(target_->task); }

 private:
  const Target* target_;
  size_t n_outputs_;
};

/// How much the mean of all rows counts against that of a level's own.
struct Smoothing {
  std::optional<double> rows = 10;  ///< so many rows of prior; not set: by the variances (empirical Bayes)
  double min_samples = 0;           ///< a level of less weight gets the prior
};

/// Weighted sums of goals, and where asked for sums of squared distances from their mean, for each level; the last is that of missing
/// values.
class LevelSums {
 public:
  LevelSums(size_t n_levels, size_t n_outputs, bool with_squares);

  /// Adds rows of goals; the squares are not touched.
  void add(size_t level, const Goals& goals, size_t row, double weight) {
    weights_[level] += weight;
    double* sums = &sums_[level * n_outputs_];
    goals.each(row, [&](size_t k, double goal) { sums[k] += weight * goal; });
  }
  /// Where the weights and sums lie, level by level: for loops over rows of a single goal.
  double* weights() noexcept { return weights_.data(); }
  double* sums() noexcept { return sums_.data(); }
  /// Adds the square of a row's distance from the means, which are those of `whole`.
  void add_square(size_t level, const Goals& goals, size_t row, double weight, const LevelSums& whole);
  /// The squares where all goals are 0 or 1, which follow from the sums.
  void set_squares_of_indicators();
  /// Adds sums of other rows, squares about the common mean (Chan, Golub and LeVeque, 1979).
  void merge(const LevelSums& other);
  /// Adds sums, and squares as they are.
  void add(const LevelSums& other);
  /// Makes room for further levels, before missing values.
  void grow(size_t n_levels);
  /// The same as merge, where level i of the other is levels[i] here.
  void merge(const LevelSums& other, std::span<const uint32_t> levels);
  /// The levels listed, in that order, and missing values.
  LevelSums take(std::span<const size_t> levels) const;

  /// Levels, missing values not counted.
  size_t n_levels() const noexcept { return weights_.size() - 1; }
  /// Weight of a level's rows; level n_levels() is missing values.
  double weight(size_t level) const noexcept { return weights_[level]; }
  /// Weighted sum of an output over a level's rows.
  double sum(size_t level, size_t output) const noexcept { return sums_[level * n_outputs_ + output]; }
  /// The mean of each output over all rows; `of_no_rows` where there are none.
  std::vector<double> priors(double of_no_rows) const;
  /// (n_levels + 2, n_outputs): each level, unknown levels, missing values; a level without rows gets the prior.
  std::vector<double> encodings(const Smoothing& smoothing, double of_no_rows) const;

 private:
  std::vector<double> variances(const std::vector<double>& priors) const;
  void merge_level(size_t level, const LevelSums& other, size_t from);

  size_t n_outputs_;
  std::vector<double> weights_, sums_, squares_;
};

/// Sums for each of `n_folds` folds. `codes` are levels, -1 for missing; a row of fold n_folds counts for nothing. Blocks of rows, which
/// do not depend on the number of threads, are added in order.
std::vector<LevelSums> sums_by_fold(std::span<const int32_t> codes, std::span<const uint8_t> folds, size_t n_folds, const Goals& goals,
                                    std::span<const double> weights, size_t n_levels, bool with_squares, const FitContext& context);

/// The columns that a target encoder applies to, and the form of each but for its `values`.
struct TargetColumns {
  std::vector<const Column*> columns;
  std::vector<LookupColumn> specs;

  /// Bytes that their encodings take in so many rows.
  size_t bytes_made(size_t n_rows) const {
    size_t n_outputs = 0;
    for (const LookupColumn& spec : specs) n_outputs += spec.outputs.size();
    return n_rows * n_outputs * sizeof(double);
  }
};
/// The columns named, or where none is named all categorical ones, with their levels. Throws Error(BadValue) where there are columns and no
/// target for each row.
TargetColumns target_columns(const TransformerInput& input, const std::vector<std::string>& names, UnknownLevel unknown, bool keep,
                             std::string_view transformer);

/// A table in which each column that has `encoded` ones gives way to them, or where `keep` is set stands before them.
Table with_encoded(const Table& table, std::vector<std::vector<Column>> encoded, bool keep);

/// For each row the place of its level among spec.levels, n_levels where a level was of rows without weight alone, n_levels + 1 where
/// missing.
Array<uint32_t> slots_of_rows(const Column& column, const ColumnLevels& found, std::span<const double> weights, const Threads& threads);

/// The columns of training rows, each row by the table of its fold: tables[fold] are encodings, the last of them for rows of no fold.
std::vector<Column> encode_by_fold(std::span<const uint32_t> slots, std::span<const uint8_t> folds,
                                   const std::vector<std::vector<double>>& tables, const LookupColumn& spec, const Threads& threads);

}  // namespace kolosal
