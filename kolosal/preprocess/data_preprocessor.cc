// Preprocessing by configuration: a schema that leaves no column out, and steps of the transformer catalog.
//
// Checked  data_preprocessor_test.cc; scikit-learn in python/tests.
#include "kolosal/preprocess/data_preprocessor.h"

#include <algorithm>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/pipeline.h"

namespace kolosal {
namespace {

/// Kinds as inferred, every column a feature: preprocessing leaves no column out.
Schema feature_schema(const Table& table, const PreprocessorConfig& config) {
  SchemaOptions options;
  options.max_categories = config.max_cardinality;
  Schema schema = infer_schema(table, options);
  for (const ColumnSchema& column : schema.columns) {
    if (!config.auto_detect_types) options.kinds[column.name] = table.column(column.name).kind();
    // Text that repeats is a category here: there is no other use for it.
    else if (is_level(column.kind))
      options.kinds[column.name] = column.n_unique <= config.max_cardinality ? ColumnKind::Categorical : ColumnKind::Text;
  }
  if (!options.kinds.empty()) schema = infer_schema(table, options);
  for (ColumnSchema& column : schema.columns) column.role = ColumnRole::Feature;
  return schema;
}

/// A strategy's name is its action and its method.
PipelineStep outlier_step(const PreprocessorConfig& config) {
  if (config.outlier_strategy == OutlierStrategy::IsolationForest) {
    Value::Object members{{"action", "remove"}};
    if (config.contamination) members.emplace_back("contamination", *config.contamination);
    return {"isolation_forest_outliers", Value(std::move(members))};
  }
  const std::string_view name = enum_name(config.outlier_strategy);
  const std::string_view action = name.starts_with("clip") ? "clip" : name.starts_with("remove") ? "remove" : "to_missing";
  const std::string_view method = name.ends_with("iqr") ? "iqr" : name.ends_with("zscore") ? "z_score" : "percentile";
  return {"clip_outliers", Value(Value::Object{{"method", method},
                                               {"action", action},
                                               {"factor", config.iqr_factor},
                                               {"threshold", config.zscore_threshold},
                                               {"low_quantile", config.lower_percentile / 100},
                                               {"high_quantile", config.upper_percentile / 100}})};
}

/// Missing numbers by the strategy; missing categories by their most frequent level, or the constant.
void add_imputing(std::vector<PipelineStep>& steps, const PreprocessorConfig& config, const Schema& schema) {
  if (config.missing_strategy == MissingStrategy::None) return;
  if (config.missing_strategy == MissingStrategy::Drop) {
    steps.push_back({"drop_missing", {}});
    return;
  }
  if (config.missing_strategy == MissingStrategy::Knn)
    steps.push_back({"knn_impute", Value(Value::Object{{"n_neighbors", config.n_neighbors}})});
  else if (config.missing_strategy == MissingStrategy::Iterative)
    steps.push_back({"iterative_impute", Value(Value::Object{{"max_iter", config.max_iter}})});
  else
    steps.push_back({"impute", Value(Value::Object{{"strategy", enum_name(config.missing_strategy)},
                                                   {"fill_value", config.fill_value},
                                                   {"fill_text", config.fill_text}})});
  if (config.missing_strategy == MissingStrategy::Mode || config.missing_strategy == MissingStrategy::Constant) return;
  const bool numbers_only = config.missing_strategy == MissingStrategy::Knn || config.missing_strategy == MissingStrategy::Iterative;
  Value::List levels, dates;
  for (const ColumnSchema& column : schema.columns) {
    if (is_level(column.kind)) levels.emplace_back(column.name);
    if (is_moment(column.kind) && numbers_only) dates.emplace_back(column.name);
  }
  if (!dates.empty()) steps.push_back({"impute", Value(Value::Object{{"strategy", "mean"}, {"columns", Value(std::move(dates))}})});
  if (!levels.empty()) steps.push_back({"impute", Value(Value::Object{{"strategy", "mode"}, {"columns", Value(std::move(levels))}})});
}

void add_scaling(std::vector<PipelineStep>& steps, const PreprocessorConfig& config) {
  switch (config.scaling) {
    case Scaling::None: return;
    case Scaling::Standard: steps.push_back({"standard_scale", {}}); return;
    case Scaling::MinMax: steps.push_back({"min_max_scale", {}}); return;
    case Scaling::Robust: steps.push_back({"robust_scale", {}}); return;
    case Scaling::MaxAbs: steps.push_back({"max_abs_scale", {}}); return;
    case Scaling::Normalizer: steps.push_back({"normalize", Value(Value::Object{{"norm", enum_name(config.norm)}})}); return;
  }
}

void add_encoding(std::vector<PipelineStep>& steps, const PreprocessorConfig& config) {
  switch (config.categorical_encoding) {
    case CategoricalEncoding::None: return;
    case CategoricalEncoding::Label: steps.push_back({"ordinal", Value(Value::Object{{"order", enum_name(config.label_order)}})}); return;
    case CategoricalEncoding::OneHot: steps.push_back({"one_hot", {}}); return;
    case CategoricalEncoding::Target: steps.push_back({"target_encode", {}}); return;
    case CategoricalEncoding::Frequency: steps.push_back({"frequency_encode", {}}); return;
  }
}

/// Numbers are scaled before categories become numbers.
std::vector<PipelineStep> plan(const PreprocessorConfig& config, const Schema& schema) {
  std::vector<PipelineStep> steps;
  if (config.outlier_strategy != OutlierStrategy::None) steps.push_back(outlier_step(config));
  add_imputing(steps, config, schema);
  add_scaling(steps, config);
  add_encoding(steps, config);
  return steps;
}

/// Indicators as numbers; Boolean columns of the schema itself stay.
Table numbers_for_indicators(const Table& table, const Schema& schema) {
  std::vector<Column> columns;
  for (const Column& column : table.columns()) {
    if (column.kind() != ColumnKind::Boolean || schema.find(column.name()) != nullptr) columns.push_back(column);
    else columns.push_back(Column::numeric(column.name(), column.numbers()));
  }
  return Table(std::move(columns));
}

}  // namespace

void describe(Fields<PreprocessorConfig>& f) {
  using P = PreprocessorConfig;
  f.add("scaling", &P::scaling, "How numbers are scaled.").alias("scaling_strategy");
  f.add("norm", &P::norm, "The norm of rows under scaling 'normalizer'.");
  f.add("missing_strategy", &P::missing_strategy,
        "What missing values become; under 'mean', 'median', 'knn' and 'iterative' categories get their most frequent level and dates "
        "their mean or median; under 'drop' training rows with missing values are removed.");
  f.add("fill_value", &P::fill_value, "The number for missing numbers under missing_strategy 'constant'.");
  f.add("fill_text", &P::fill_text, "The level for missing categories under missing_strategy 'constant'.");
  f.add("n_neighbors", &P::n_neighbors, "Rows that a missing number is the mean of under missing_strategy 'knn'.").min(1);
  f.add("max_iter", &P::max_iter, "Most rounds under missing_strategy 'iterative'.").min(1);
  f.add("categorical_encoding", &P::categorical_encoding, "How categories become numbers.").alias("categorical_strategy");
  f.add("label_order", &P::label_order, "Order of the levels under categorical_encoding 'label'.");
  f.add("outlier_strategy", &P::outlier_strategy,
        "Which numbers are far out, and whether they are brought to a bound, become missing, or their training rows are removed.");
  f.add("iqr_factor", &P::iqr_factor, "Interquartile ranges allowed beyond the quartiles under the iqr strategies.").min(0);
  f.add("zscore_threshold", &P::zscore_threshold, "Standard deviations allowed from the mean under the zscore strategies.").above(0);
  f.add("lower_percentile", &P::lower_percentile, "The lower bound under the percentile strategies.").min(0).max(100);
  f.add("upper_percentile", &P::upper_percentile, "The upper bound under the percentile strategies.").min(0).max(100);
  f.add("contamination", &P::contamination,
        "Share of training rows removed under outlier_strategy 'isolation_forest'; not set: those that score below -0.5.")
      .above(0)
      .max(0.5);
  f.add("auto_detect_types", &P::auto_detect_types, "Whether kinds are inferred and texts that repeat are taken for categories.");
  f.add("max_cardinality", &P::max_cardinality, "Most levels of a category; texts with more stay texts.").min(1);
  f.add("seed", &P::seed, "Seed of the folds in which target encoding is fitted, and of the isolation forest.")
      .min(0)
      .alias("random_state");
}

FittedPreprocessor::FittedPreprocessor(PreprocessorConfig config, Schema schema, std::vector<std::unique_ptr<FittedTransformer>> steps,
                                       std::vector<std::string> feature_names_out, std::vector<int64_t> n_removed_rows)
    : config_(std::move(config)),
      schema_(std::move(schema)),
      steps_(std::move(steps)),
      feature_names_out_(std::move(feature_names_out)),
      n_removed_rows_(std::move(n_removed_rows)) {}

Table FittedPreprocessor::transform(const Table& table) const {
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the table has no rows (empty input)", "Give at least one row.");
  Table changed = conform(table, schema_, Conform::Features);
  for (const auto& step : steps_) changed = step->transform(changed);
  return numbers_for_indicators(std::move(changed), schema_);
}

Table FittedPreprocessor::inverse_transform(const Table& table) const {
  for (const std::string& name : feature_names_out_) (void)needed_column(table, name);
  Table changed = table.select(feature_names_out_);
  for (size_t i = steps_.size(); i-- > 0;) changed = steps_[i]->inverse_transform(changed);
  return changed;
}

Value FittedPreprocessor::to_value() const {
  Value::List steps, names;
  for (const auto& step : steps_) steps.push_back(transformer_to_value(*step));
  for (const std::string& name : feature_names_out_) names.emplace_back(name);
  Value::Object members{{"config", kolosal::to_value(config_)},
                        {"schema", kolosal::to_value(schema_)},
                        {"steps", Value(std::move(steps))},
                        {"feature_names_out", Value(std::move(names))}};
  if (!n_removed_rows_.empty()) members.emplace_back("n_removed_rows", Value(NumberArray::from(n_removed_rows_)));
  return Value(std::move(members));
}

FittedPreprocessor FittedPreprocessor::from_value(const Value& value) {
  try {
    std::vector<std::unique_ptr<FittedTransformer>> steps;
    for (const Value& step : value.at("steps").as_list()) steps.push_back(transformer_from_value(step));
    std::vector<std::string> names;
    for (const Value& name : value.at("feature_names_out").as_list()) names.push_back(name.as_text());
    std::vector<int64_t> n_removed_rows;
    if (const Value* removed = value.find("n_removed_rows"))
      n_removed_rows = detail::member_from_value<std::vector<int64_t>>(*removed, "n_removed_rows");
    return {kolosal::from_value<PreprocessorConfig>(value.at("config")), kolosal::from_value<Schema>(value.at("schema")), std::move(steps),
            std::move(names), std::move(n_removed_rows)};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::CorruptArtifact) throw;
    throw Error(ErrorCode::CorruptArtifact, "the fitted preprocessor is damaged: " + error.message());
  }
}

FittedPreprocessor DataPreprocessor::fit(const Table& table, const Target* target, const FitContext& context) const {
  return fit_transform(table, target, context).first;
}

std::pair<FittedPreprocessor, Table> DataPreprocessor::fit_transform(const Table& table, const Target* target, const FitContext& context,
                                                                     std::optional<std::vector<uint32_t>>* kept_rows) const {
  if (table.n_rows() == 0 || table.n_columns() == 0)
    throw Error(ErrorCode::EmptyInput, "the table has no rows or columns (empty input)", "Give at least one row and one column.");
  Schema schema = feature_schema(table, config_);
  Table changed = conform(table, schema, Conform::Features);
  FitContext seeded = context;
  seeded.seed = static_cast<uint64_t>(config_.seed);
  FittedSteps fitted = fit_steps(plan(config_, schema), {changed, target, {}}, seeded, "preprocess");
  changed = numbers_for_indicators(fitted.table, schema);
  if (kept_rows != nullptr) *kept_rows = std::move(fitted.rows);
  std::vector<std::string> names = changed.names();
  return {FittedPreprocessor(config_, std::move(schema), std::move(fitted.steps), std::move(names), std::move(fitted.n_removed_rows)),
          std::move(changed)};
}

}  // namespace kolosal
