// TrainingRows: the rows of a TrainingSet that count, those of weight above 0, with their targets and weights side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/models/learner.h"

namespace kolosal {

/// Whether the rows of each class count the same in sum.
enum class ClassWeight { None, Balanced };
constexpr auto enum_names(ClassWeight) {
  return std::to_array<std::pair<ClassWeight, std::string_view>>({{ClassWeight::None, "none"}, {ClassWeight::Balanced, "balanced"}});
}

/// Row i of `target` and `weights` is row rows[i] of x.
struct TrainingRows {
  /// Balanced, the weights of each class are scaled to the same sum, all of them together keeping theirs.
  explicit TrainingRows(const TrainingSet& set, ClassWeight class_weight = ClassWeight::None);

  const FeatureMatrix& x;
  std::vector<uint32_t> rows;    ///< ascending
  std::vector<uint32_t> places;  ///< 0, 1, ... rows.size() - 1
  Target target;
  std::vector<double> weights;  ///< empty where all are one
};

}  // namespace kolosal
