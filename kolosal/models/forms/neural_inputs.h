// What a neural network sees of a row: numbers of like size made from features, and codes of categories that have vectors of their own.
//
// A column is a number, a flag of a missing one, or one level of a category; whatever it is, it is then moved, scaled and, where clip is
// given, drawn softly into (-clip, clip) by x / sqrt(1 + (x / clip)^2). A missing number becomes the center.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

/// What a column says of its feature.
enum class NeuralColumn : int32_t {
  Number,   ///< its value
  Missing,  ///< 1 where the value is missing, else 0
  Level,    ///< 1 where the category is `level`, else 0
  Sign,     ///< of a category of two levels: -1, 1, or 0 where missing
};

/// Columns and categories; parallel lists, one element a column (or category).
struct NeuralInputs {
  std::vector<int32_t> features;  ///< of each column; numbers come first
  std::vector<int32_t> kinds;     ///< NeuralColumn
  std::vector<int32_t> levels;
  std::vector<float> centers;
  std::vector<float> scales;
  float clip = 0;                   ///< 0: none, and columns end at a million
  std::vector<int32_t> categories;  ///< features whose levels have vectors
  std::vector<int32_t> n_levels;    ///< of each of those; the vector after the last is that of missing and unknown ones

  /// Columns, without vectors.
  size_t n_columns() const noexcept { return features.size(); }
  /// Columns that are values of numbers.
  size_t n_numbers() const noexcept;

  /// Columns of the rows [begin, begin + n) into out[i * stride + column].
  void encode(const FeatureMatrix& x, size_t begin, size_t n, float* out, size_t stride) const noexcept;
  /// What columns are before they are moved and scaled: one of them, for all rows.
  void raw_column(const FeatureMatrix& x, size_t column, size_t begin, size_t n, float* out, size_t stride) const noexcept;
  /// The vector of a category's value: its code, or n_levels where it is missing or unknown.
  uint32_t code(float value, size_t category) const noexcept {
    return value >= 0 && value < static_cast<float>(n_levels[category]) ? static_cast<uint32_t>(value)
                                                                        : static_cast<uint32_t>(n_levels[category]);
  }
};
void describe(Fields<NeuralInputs>& fields);

}  // namespace kolosal
