// What transformers need while they fit: which columns, free names, weighted statistics of numbers, levels of categories.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kolosal/kernels/kernels.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// Throws Error(BadValue) where there are weights and they are not one finite number >= 0 a row.
void check_weights(const TransformerInput& input, std::string_view transformer);

/// The columns a transformer applies to: those named, or where none is named all whose kind `fits`. Throws
/// Error(EmptyInput) where the table has no rows, Error(UnknownColumn) for a name that is not there, Error(BadValue) where a column
/// named does not fit or the weights are not one finite number >= 0 a row.
std::vector<const Column*> choose_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                          const std::function<bool(ColumnKind)>& fits, std::string_view transformer);

/// The same for what works on numbers: where none is named, all numeric and integer columns; a Boolean one only where it is named.
std::vector<const Column*> number_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                          std::string_view transformer);
/// The same for what works on levels: where none is named, all categorical columns; one of any kind where it is named.
std::vector<const Column*> level_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                         std::string_view transformer);
/// The same for what works on texts: where none is named, all columns of text; a categorical one only where it is named.
std::vector<const Column*> text_columns(const TransformerInput& input, const std::vector<std::string>& names, std::string_view transformer);

/// Gives names to new columns that no column of the table has.
class FreeNames {
 public:
  explicit FreeNames(const Table& table);
  /// `wanted`, or `wanted`_2, _3, ... where it is taken. A name given is taken.
  std::string claim(std::string wanted);

 private:
  std::unordered_set<std::string> taken_;
};

/// A power of two by which numbers are multiplied whose squares or sums are beyond float64: squares of what comes of them are not.
constexpr double kReduced = 0x1p-600;

/// Finite numbers and their weights; those of weight 0 are left out. `weights` is empty where all are one.
struct Sample {
  std::vector<double> values;
  std::vector<double> weights;

  /// Weight of the i-th value.
  double weight(size_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

/// The finite numbers of a column, in order of row.
Sample finite_sample(const Column& column, std::span<const double> weights);
/// In ascending order of value.
void sort_sample(Sample& sample);
/// Weighted mean; 0 of no values.
double sample_mean(const Sample& sample);
/// Weighted population variance about `mean`; 0 of no values; infinite where it is beyond float64.
double sample_variance(const Sample& sample, double mean);
/// Its square root, which is not.
double sample_deviation(const Sample& sample, double mean);
/// The quantile of a sorted sample, 0 <= q <= 1, interpolated between neighbours as numpy's default. A value of weight w counts as w
/// equal ones; where weights are less than 1 on average, only their ratios count. 0 of no values.
double sorted_quantile(const Sample& sorted, double q);
/// Several of them, in ascending order of q; O(n) for all together. `weights` is empty where all are one.
std::vector<double> sorted_quantiles(std::span<const double> sorted, std::span<const double> weights, std::span<const double> quantiles);

/// The weights, or none where all are one: weights of one change nothing, not even how sums are rounded.
std::span<const double> telling_weights(std::span<const double> weights);
/// Number (or weight), mean and squares of the finite numbers of a column; weights of 0 count for nothing.
Moments column_moments(const Column& column, std::span<const double> weights);
/// Mean of the finite numbers of a column; 0 of none.
double column_mean(const Column& column, std::span<const double> weights);
/// Least and largest finite number of a column where a weight is not 0; infinity and minus infinity of none.
Range column_range(const Column& column, std::span<const double> weights);
/// The quantiles, each 0 <= q <= 1 and in ascending order, of the finite numbers of a column, as sorted_quantile gives them.
std::vector<double> column_quantiles(const Column& column, std::span<const double> weights, std::span<const double> quantiles);

/// The levels of a category column, in order, and which each row has.
struct ColumnLevels {
  std::vector<std::string> levels;  ///< numbers by value, everything else by text; levels of weight 0 are not in it
  std::span<const int32_t> codes;   ///< of each row; -1 where missing or of weight 0
  std::vector<double> weights;      ///< of each level
  double missing_weight = 0;
  double total_weight = 0;               ///< of all rows, missing ones too
  std::shared_ptr<const int32_t> owned;  ///< keeps the codes
};
/// Some of the texts, by their numbers, in the order of levels: by value where all of them are numbers, else by text.
std::vector<size_t> order_of_levels(std::span<const std::string_view> texts, std::vector<size_t> some, bool by_value);
/// The levels of a category column that occur, with their weights. The number of threads changes nothing.
ColumnLevels column_levels(const Column& column, std::span<const double> weights, const Threads* threads = nullptr);
/// The same where codes are of no use.
ColumnLevels levels_without_codes(const Column& column, std::span<const double> weights, const Threads* threads = nullptr);

}  // namespace kolosal
