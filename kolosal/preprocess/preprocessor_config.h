// The configuration of a DataPreprocessor, and the steps of the transformer catalog that it stands for.
//
// Checked  data_preprocessor_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/encode/level_order.h"
#include "kolosal/preprocess/encode/one_hot_drop.h"
#include "kolosal/preprocess/forms/row_norm.h"
#include "kolosal/preprocess/forms/unknown_level.h"
#include "kolosal/preprocess/pipeline.h"

namespace kolosal {

/// What the shape of a column of numbers is changed by, before it is scaled. Log, Sqrt and BoxCox leave columns that they are not
/// defined on. Auto bends columns whose skewness is beyond 1, as Yeo and Johnson.
enum class NumericStrategy { Passthrough, Log, Sqrt, BoxCox, YeoJohnson, QuantileUniform, QuantileNormal, Auto };
constexpr auto enum_names(NumericStrategy) {
  return std::to_array<std::pair<NumericStrategy, std::string_view>>({{NumericStrategy::Passthrough, "passthrough"},
                                                                      {NumericStrategy::Log, "log"},
                                                                      {NumericStrategy::Sqrt, "sqrt"},
                                                                      {NumericStrategy::BoxCox, "box_cox"},
                                                                      {NumericStrategy::YeoJohnson, "yeo_johnson"},
                                                                      {NumericStrategy::QuantileUniform, "quantile_uniform"},
                                                                      {NumericStrategy::QuantileNormal, "quantile_normal"},
                                                                      {NumericStrategy::Auto, "auto"}});
}

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

/// How categories become numbers. Auto: those of few levels one column a level, others by the target, or by frequency without one.
enum class CategoricalEncoding { None, Label, OneHot, Target, Frequency, Binary, Hash, Auto };
constexpr auto enum_names(CategoricalEncoding) {
  return std::to_array<std::pair<CategoricalEncoding, std::string_view>>({{CategoricalEncoding::None, "none"},
                                                                          {CategoricalEncoding::Label, "label"},
                                                                          {CategoricalEncoding::OneHot, "one_hot"},
                                                                          {CategoricalEncoding::Target, "target"},
                                                                          {CategoricalEncoding::Frequency, "frequency"},
                                                                          {CategoricalEncoding::Binary, "binary"},
                                                                          {CategoricalEncoding::Hash, "hash"},
                                                                          {CategoricalEncoding::Auto, "auto"}});
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

/// The configuration; steps run in the order outliers, missing values, shape, scaling, encoding.
struct PreprocessorConfig {
  NumericStrategy numeric_strategy = NumericStrategy::Passthrough;
  std::optional<double> power;
  int64_t n_quantiles = 1000;
  Scaling scaling = Scaling::Standard;
  double scale_low = 0;
  double scale_high = 1;
  bool robust_centering = true;
  double robust_lower_percentile = 25;
  double robust_upper_percentile = 75;
  RowNorm norm = RowNorm::L2;
  MissingStrategy missing_strategy = MissingStrategy::Mean;
  double fill_value = 0;
  std::string fill_text = "missing";
  int64_t n_neighbors = 5;
  int64_t max_iter = 10;
  double tol = 1e-3;
  CategoricalEncoding categorical_encoding = CategoricalEncoding::Label;
  std::optional<UnknownLevel> unknown;
  LevelOrder label_order = LevelOrder::Alphabetical;
  OneHotDrop one_hot_drop = OneHotDrop::None;
  double min_frequency = 0;
  std::optional<int64_t> max_levels;
  std::optional<double> smoothing = 10;
  double min_samples = 0;
  int64_t n_components = 8;
  OutlierStrategy outlier_strategy = OutlierStrategy::None;
  double iqr_factor = 1.5;
  double zscore_threshold = 3;
  double lower_percentile = 1;
  double upper_percentile = 99;
  std::optional<double> clip_lower;
  std::optional<double> clip_upper;
  std::optional<double> contamination;
  bool auto_detect_types = true;
  int64_t max_cardinality = 1000;
  int64_t seed = 0;
};
void describe(Fields<PreprocessorConfig>& fields);

/// Kinds as inferred, every column a feature: preprocessing leaves no column out. `like` has the columns that were surveyed.
Schema feature_schema(const SchemaSurvey& survey, const Table& like, const PreprocessorConfig& config);

/// Whether some columns' shape is changed where they are skewed, so that a plan needs to know which are.
bool asks_for_skewness(const PreprocessorConfig& config);
/// Whether the shape of a column of this skewness is changed.
bool is_skewed(double skewness);

/// The steps for a table of this schema. `skewed` are the columns that are, where the configuration asks for them: before they are known,
/// only the steps up to there are planned. `has_target` says whether encoding by the target is possible.
std::vector<PipelineStep> plan_steps(const PreprocessorConfig& config, const Schema& schema,
                                     const std::optional<std::vector<std::string>>& skewed, bool has_target);

/// The steps that encode one column of categories, whatever its kind, without a target.
std::vector<PipelineStep> plan_encoding(const PreprocessorConfig& config, const ColumnSchema& column);

/// How an Error calls the strategy of the configuration that a step comes from: "missing_strategy 'knn'".
std::string strategy_of(const PreprocessorConfig& config, const PipelineStep& step);

}  // namespace kolosal
