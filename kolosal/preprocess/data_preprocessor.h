// DataPreprocessor: preprocessing by configuration, for use apart from training: outliers, missing values, scaling, encoding.
//
// Checked  data_preprocessor_test.cc; scikit-learn in python/tests.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/encode/level_order.h"
#include "kolosal/preprocess/forms/row_norm.h"
#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/schema.h"

namespace kolosal {

/// How numbers are scaled: each column, or under Normalizer each row.
enum class Scaling { None, Standard, MinMax, Robust, MaxAbs, Normalizer };
constexpr auto enum_names(Scaling) {
  return std::to_array<std::pair<Scaling, std::string_view>>({{Scaling::None, "none"},
                                                              {Scaling::Standard, "standard"},
                                                              {Scaling::MinMax, "minmax"},
                                                              {Scaling::Robust, "robust"},
                                                              {Scaling::MaxAbs, "maxabs"},
                                                              {Scaling::Normalizer, "normalizer"}});
}

/// What missing values become. Under Drop, training rows with missing values are removed; other rows keep theirs.
enum class MissingStrategy { None, Mean, Median, Mode, Constant, Drop, Knn, Iterative };
constexpr auto enum_names(MissingStrategy) {
  return std::to_array<std::pair<MissingStrategy, std::string_view>>({{MissingStrategy::None, "none"},
                                                                      {MissingStrategy::Mean, "mean"},
                                                                      {MissingStrategy::Median, "median"},
                                                                      {MissingStrategy::Mode, "mode"},
                                                                      {MissingStrategy::Constant, "constant"},
                                                                      {MissingStrategy::Drop, "drop"},
                                                                      {MissingStrategy::Knn, "knn"},
                                                                      {MissingStrategy::Iterative, "iterative"}});
}

/// How categories become numbers.
enum class CategoricalEncoding { None, Label, OneHot, Target, Frequency };
constexpr auto enum_names(CategoricalEncoding) {
  return std::to_array<std::pair<CategoricalEncoding, std::string_view>>({{CategoricalEncoding::None, "none"},
                                                                          {CategoricalEncoding::Label, "label"},
                                                                          {CategoricalEncoding::OneHot, "one_hot"},
                                                                          {CategoricalEncoding::Target, "target"},
                                                                          {CategoricalEncoding::Frequency, "frequency"}});
}

/// Where numbers are far out, and what becomes of them. The strategies that remove rows do so in training alone.
enum class OutlierStrategy {
  None,
  Iqr,
  ZScore,
  Percentile,
  IqrToMissing,
  ZScoreToMissing,
  PercentileToMissing,
  RemoveIqr,
  RemoveZScore,
  RemovePercentile,
  IsolationForest,
};
constexpr auto enum_names(OutlierStrategy) {
  return std::to_array<std::pair<OutlierStrategy, std::string_view>>({{OutlierStrategy::None, "none"},
                                                                      {OutlierStrategy::Iqr, "clip_iqr"},
                                                                      {OutlierStrategy::ZScore, "clip_zscore"},
                                                                      {OutlierStrategy::Percentile, "clip_percentile"},
                                                                      {OutlierStrategy::IqrToMissing, "to_missing_iqr"},
                                                                      {OutlierStrategy::ZScoreToMissing, "to_missing_zscore"},
                                                                      {OutlierStrategy::PercentileToMissing, "to_missing_percentile"},
                                                                      {OutlierStrategy::RemoveIqr, "remove_iqr"},
                                                                      {OutlierStrategy::RemoveZScore, "remove_zscore"},
                                                                      {OutlierStrategy::RemovePercentile, "remove_percentile"},
                                                                      {OutlierStrategy::IsolationForest, "isolation_forest"}});
}

/// The configuration; steps run in the order outliers, missing values, scaling, encoding.
struct PreprocessorConfig {
  Scaling scaling = Scaling::Standard;
  RowNorm norm = RowNorm::L2;
  MissingStrategy missing_strategy = MissingStrategy::Mean;
  double fill_value = 0;
  std::string fill_text = "missing";
  int64_t n_neighbors = 5;
  int64_t max_iter = 10;
  CategoricalEncoding categorical_encoding = CategoricalEncoding::Label;
  LevelOrder label_order = LevelOrder::Alphabetical;
  OutlierStrategy outlier_strategy = OutlierStrategy::None;
  double iqr_factor = 1.5;
  double zscore_threshold = 3;
  double lower_percentile = 1;
  double upper_percentile = 99;
  std::optional<double> contamination;
  bool auto_detect_types = true;
  int64_t max_cardinality = 1000;
  int64_t seed = 0;
};
void describe(Fields<PreprocessorConfig>& fields);

/// What a DataPreprocessor learnt. Immutable.
class FittedPreprocessor {
 public:
  FittedPreprocessor(PreprocessorConfig config, Schema schema, std::vector<std::unique_ptr<FittedTransformer>> steps,
                     std::vector<std::string> feature_names_out, std::vector<int64_t> n_removed_rows = {});
  FittedPreprocessor(const FittedPreprocessor&) = delete;
  FittedPreprocessor& operator=(const FittedPreprocessor&) = delete;
  FittedPreprocessor(FittedPreprocessor&&) noexcept = default;
  FittedPreprocessor& operator=(FittedPreprocessor&&) noexcept = default;

  /// The rows preprocessed, columns as feature_names_out(); indicators are numbers 0 and 1. Columns that fitting did not see are left
  /// out. Throws Error(FeatureMismatch), whose message contains "feature", where columns are missing or of another kind.
  Table transform(const Table& table) const;
  /// Undoes the steps that can be undone, last first; clipped values stay clipped. Throws Error(Unsupported) where an encoding cannot be
  /// undone.
  Table inverse_transform(const Table& table) const;

  /// What was asked for, what the columns are taken for, and the columns that come out.
  const PreprocessorConfig& config() const noexcept { return config_; }
  const Schema& schema() const noexcept { return schema_; }
  const std::vector<std::string>& feature_names_out() const noexcept { return feature_names_out_; }
  /// How many training rows each step removed; empty where none did.
  const std::vector<int64_t>& n_removed_rows() const noexcept { return n_removed_rows_; }

  /// Everything it learnt: for JSON, and for artifacts; and back, which throws Error(CorruptArtifact).
  Value to_value() const;
  static FittedPreprocessor from_value(const Value& value);

 private:
  PreprocessorConfig config_;
  Schema schema_;
  std::vector<std::unique_ptr<FittedTransformer>> steps_;
  std::vector<std::string> feature_names_out_;
  std::vector<int64_t> n_removed_rows_;
};

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

 private:
  PreprocessorConfig config_;
};

}  // namespace kolosal
