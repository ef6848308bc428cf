// TrainingRows: the rows of a TrainingSet that count, those of weight above 0, with their targets and weights side by side.
//
// Cost     4 bytes a row; where weights tell rows apart 8 more, and where some are 0 the targets of the others once more.
// Checked  training_rows_test.cc.
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

/// Row i of `target` and `weights` is row rows[i] of x. The set's features and target must outlive it.
class TrainingRows {
 public:
  /// Balanced, the weights of each class are scaled to the same sum, all of them together keeping theirs.
  explicit TrainingRows(const TrainingSet& set, ClassWeight class_weight = ClassWeight::None);
  TrainingRows(const TrainingRows&) = delete;
  TrainingRows& operator=(const TrainingRows&) = delete;

 private:
  Target taken_;  // empty where all rows count

 public:
  const FeatureMatrix& x;
  std::vector<uint32_t> rows;  ///< ascending
  const Target& target;
  std::vector<double> weights;  ///< empty where all are one
};

}  // namespace kolosal
