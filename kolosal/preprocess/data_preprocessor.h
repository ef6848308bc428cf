// DataPreprocessor: preprocessing by configuration, for use apart from training: outliers, missing values, shape, scaling,
// encoding.
//
// Checked  data_preprocessor_test.cc; scikit-learn in python/tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/preprocess/preprocessor_config.h"
#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/schema.h"

namespace kolosal {

/// What a DataPreprocessor learnt. Immutable.
class FittedPreprocessor {
 public:
  /// Steps are never changed, and may be shared.
  using Steps = std::vector<std::shared_ptr<const FittedTransformer>>;

  FittedPreprocessor(PreprocessorConfig config, std::shared_ptr<const Schema> schema, Steps steps,
                     std::vector<std::string> feature_names_out, std::vector<int64_t> n_removed_rows = {});
  /// The same; the columns that come out are those that `row`, a row of the training table, becomes.
  FittedPreprocessor(PreprocessorConfig config, std::shared_ptr<const Schema> schema, Steps steps, const Table& row,
                     std::vector<int64_t> n_removed_rows);
  FittedPreprocessor(const FittedPreprocessor&) = delete;
  FittedPreprocessor& operator=(const FittedPreprocessor&) = delete;
  FittedPreprocessor(FittedPreprocessor&&) noexcept = default;
  FittedPreprocessor& operator=(FittedPreprocessor&&) noexcept = default;

  /// The rows preprocessed, columns as feature_names_out(); indicators are numbers 0 and 1. Columns that fitting did not see are left
  /// out. Throws Error(FeatureMismatch), whose message contains "feature", where columns are missing or of another kind.
  Table transform(const Table& table) const;
  /// The same on `threads`, which change nothing but time.
  Table transform(const Table& table, const Threads& threads) const;
  /// Undoes the steps that can be undone, last first; clipped values stay clipped. Throws Error(Unsupported) where an encoding cannot be
  /// undone.
  Table inverse_transform(const Table& table) const;

  /// What was asked for, what the columns are taken for, and the columns that come out.
  const PreprocessorConfig& config() const noexcept { return config_; }
  const Schema& schema() const noexcept { return *schema_; }
  const std::vector<std::string>& feature_names_out() const noexcept { return feature_names_out_; }
  /// How many training rows each step removed; empty where none did.
  const std::vector<int64_t>& n_removed_rows() const noexcept { return n_removed_rows_; }

  /// Everything it learnt: for JSON, and for artifacts; and back, which throws Error(CorruptArtifact).
  Value to_value() const;
  static FittedPreprocessor from_value(const Value& value);

 private:
  PreprocessorConfig config_;
  std::shared_ptr<const Schema> schema_;
  Steps steps_;
  std::vector<std::string> feature_names_out_;
  std::vector<int64_t> n_removed_rows_;
};

/// The table with indicators as numbers 0 and 1; Boolean columns of the schema itself stay.
Table numbers_for_indicators(const Table& table, const Schema& schema);

/// Preprocessing by configuration; `fit` leaves it as it is.
class DataPreprocessor {
 public:
  explicit DataPreprocessor(PreprocessorConfig config) : config_(std::move(config)) {}

  /// Learns from the table and, for target encoding, the target. Throws Error(EmptyInput), whose message contains "empty",
  /// for a table without rows or columns.
  FittedPreprocessor fit(const Table& table, const Target* target, const FitContext& context) const;
  /// What it learnt and what the training rows become (out of fold where the target was used). Strategies that
  /// remove rows act here alone: `kept_rows`, where not null, gets the rows of `table` that are left, nullopt for all.
  std::pair<FittedPreprocessor, Table> fit_transform(const Table& table, const Target* target, const FitContext& context,
                                                     std::optional<std::vector<uint32_t>>* kept_rows = nullptr) const;
  /// The same of rows with weights: a row of weight w counts as w rows, one of weight 0 teaches nothing, not even the kinds of columns.
  std::pair<FittedPreprocessor, Table> fit_transform(const TransformerInput& input, const FitContext& context,
                                                     std::optional<std::vector<uint32_t>>* kept_rows = nullptr) const;
  /// What it learns from one column of categories, numbers or texts as they come, and what they become: they are encoded, and nothing
  /// else is done to them.
  std::pair<FittedPreprocessor, Table> fit_transform_categories(const Column& column, const FitContext& context) const;

 private:
  PreprocessorConfig config_;
};

}  // namespace kolosal
