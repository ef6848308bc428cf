// Predictor: everything that turns raw rows into predictions: schema, fitted pipelines, models and their weights.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kolosal/base/threads.h"
#include "kolosal/models/model.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/table/schema.h"

namespace kolosal {

/// One fitted model with the pipeline that feeds it.
struct FittedMember {
  std::shared_ptr<const FittedPipeline> pipeline;
  std::shared_ptr<const Model> model;
};

/// One candidate of the ensemble: its predictions are the mean over its members (the models of its folds).
struct PredictorMember {
  std::string name;
  double weight = 1.0;  ///< in the ensemble; all weights sum to 1
  std::vector<FittedMember> members;
};

/// Predictions of some rows.
struct Predictions {
  Task task = Task::Regression;
  size_t n_rows = 0;
  size_t n_outputs = 1;
  std::vector<double> values;            ///< (n_rows, n_outputs) row-major: probabilities, numbers or scores
  std::vector<std::string> class_names;  ///< classification only

  /// Classification: number of the most probable class of a row.
  size_t predicted_class(size_t row) const;
  /// As users get them: a column "prediction" and, for classes, "probability_CLASS" each; several targets: "prediction_TARGET".
  /// Predicted classes are integers or booleans where all class names are whole numbers or true/false, else categories.
  Table to_table(const std::vector<std::string>& target_names) const;
};

/// Immutable; safe to share between threads.
class Predictor {
 public:
  /// Throws Error(BadValue) where the parts do not fit each other: weights that do not sum to 1, a candidate without models, models with
  /// other inputs than their pipeline's features or other outputs than the task's.
  Predictor(Schema schema, Task task, std::vector<std::string> class_names, std::vector<PredictorMember> members);

  /// What the predictor was made of.
  const Schema& schema() const noexcept { return schema_; }
  Task task() const noexcept { return task_; }
  const std::vector<std::string>& class_names() const noexcept { return class_names_; }
  const std::vector<PredictorMember>& members() const noexcept { return members_; }
  /// Names of the target columns, and columns of a prediction.
  std::vector<std::string> target_names() const;
  size_t n_outputs() const;

  /// Predicts rows of a raw table (as read_table gives it). Rows do not influence one another, and the result does not depend
  /// on the number of threads. Throws Error(FeatureMismatch) as conform does and Error(EmptyInput) for no rows.
  Predictions predict(const Table& table, const Threads& threads) const;
  /// The prediction of one member alone. Errors as predict, and Error(BadValue) where there is no such member.
  Predictions predict_member(size_t member, const Table& table, const Threads& threads) const;

  /// Mean of the members' importances by source column of the schema, weighted as the members are, in the order of the schema;
  /// sums to 1, or all 0 where no model tells. A feature belongs to the longest column name that is its own or stands before "__" in it.
  std::vector<std::pair<std::string, double>> feature_importance() const;

  /// Everything needed to make the predictor again, and back. A pipeline that models share is kept once. Throws Error(CorruptArtifact),
  /// or Error(UnsupportedVersion) where a newer Kolosal made it.
  Value to_value() const;
  static Predictor from_value(const Value& value);

 private:
  Schema schema_;
  Task task_;
  std::vector<std::string> class_names_;
  std::vector<PredictorMember> members_;
};

}  // namespace kolosal
