// TrainingTable: a raw table made ready for learning: schema, task, target, weights and what splits the rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kolosal/automl/options.h"
#include "kolosal/automl/portfolio.h"
#include "kolosal/table/folds.h"
#include "kolosal/table/schema.h"
#include "kolosal/validation/prepared_folds.h"

namespace kolosal {

struct TrainingTable {
  Schema schema;
  Task task = Task::Regression;
  std::string task_reason;
  SupervisedRows rows;
  std::vector<uint32_t> groups;       ///< group of each row, numbered in order of appearance; empty without a group column
  std::vector<double> time;           ///< empty without a time column
  std::vector<int64_t> fold;          ///< empty without a fold column
  size_t n_rows_without_target = 0;   ///< rows left out because their target is missing
  std::vector<std::string> findings;  ///< what users should know about the table

  /// What the plan depends on.
  TableSize size() const;
  /// The splits that `plan` asks for.
  std::vector<Fold> make_splits(const SplitPlan& plan, uint64_t seed) const;
};

/// Throws Error where the table cannot be learnt from: no rows, no target column, no target value, no usable feature, one class.
TrainingTable make_training_table(const Table& table, const TrainOptions& options);

/// A checksum of names, kinds and values of a table.
uint32_t table_checksum(const Table& table);

}  // namespace kolosal
