// Task and Target: what is to be predicted, as learners and metrics see it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kolosal {

/// The kind of prediction. Regression with several target columns is MultiRegression.
enum class Task { Binary, Multiclass, Regression, MultiRegression, Ranking };

constexpr auto enum_names(Task) {
  return std::to_array<std::pair<Task, std::string_view>>({{Task::Binary, "binary"},
                                                           {Task::Multiclass, "multiclass"},
                                                           {Task::Regression, "regression"},
                                                           {Task::MultiRegression, "multi_regression"},
                                                           {Task::Ranking, "ranking"}});
}

/// Whether a prediction is a probability for each class.
constexpr bool is_classification(Task task) { return task == Task::Binary || task == Task::Multiclass; }

/// The target of some rows. Classes are numbered 0 .. n_classes-1 in the order of `class_names`; in a binary task class 1
/// is the positive one.
struct Target {
  Task task = Task::Regression;
  size_t n_rows = 0;
  size_t n_targets = 1;                  ///< columns of `values`: 1 except for MultiRegression
  std::vector<double> values;            ///< (n_rows, n_targets) row-major; class numbers, numbers or relevances
  std::vector<std::string> class_names;  ///< empty unless classification
  std::vector<uint32_t> group;           ///< Ranking: group of each row, numbered 0.. ; else empty

  /// 0 unless classification.
  size_t n_classes() const noexcept { return class_names.size(); }
  /// Columns of a prediction: classes (probabilities) in classification, else n_targets.
  size_t n_outputs() const noexcept { return is_classification(task) ? n_classes() : n_targets; }
  /// The rows listed.
  Target take(std::span<const uint32_t> rows) const;
};

}  // namespace kolosal
