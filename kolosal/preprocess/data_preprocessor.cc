#include "kolosal/preprocess/data_preprocessor.h"

#include <algorithm>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/pipeline.h"

namespace kolosal {
namespace {

// Kinds as inferred, every column a feature: preprocessing leaves no column out.
Schema feature_schema(const Table& table, const PreprocessorConfig& config) {
  SchemaOptions options;
  options.max_categories = config.max_cardinality;
  Schema schema = infer_schema(table, options);
  for (ColumnSchema& column : schema.columns) {
    column.role = ColumnRole::Feature;
    if (!config.auto_detect_types) column.kind = table.column(column.name).kind();
    // Text that repeats is a category here: there is no other use for it.
    if (column.kind == ColumnKind::Text && config.auto_detect_types && column.n_unique <= config.max_cardinality) {
      options.kinds[column.name] = ColumnKind::Categorical;
    }
  }
  if (options.kinds.empty()) return schema;
  Schema again = infer_schema(table, options);
  for (ColumnSchema& column : again.columns) column.role = ColumnRole::Feature;
  return again;
}

bool has_kind(const Schema& schema, bool (*applies)(ColumnKind)) {
  return std::ranges::any_of(schema.columns, [&](const ColumnSchema& column) { return applies(column.kind); });
}

bool is_category(ColumnKind kind) { return kind == ColumnKind::Categorical; }

void add_scaling(std::vector<PipelineStep>& steps, Scaling scaling) {
  static constexpr std::pair<Scaling, const char*> kScalers[] = {{Scaling::Standard, "standard_scale"},
                                                                 {Scaling::MinMax, "min_max_scale"},
                                                                 {Scaling::Robust, "robust_scale"},
                                                                 {Scaling::MaxAbs, "max_abs_scale"},
                                                                 {Scaling::Normalizer, "normalize"}};
  for (const auto& [kind, name] : kScalers)
    if (kind == scaling) steps.push_back({name, {}});
}

void add_encoding(std::vector<PipelineStep>& steps, CategoricalEncoding encoding) {
  static constexpr std::pair<CategoricalEncoding, const char*> kEncoders[] = {{CategoricalEncoding::Label, "ordinal"},
                                                                              {CategoricalEncoding::OneHot, "one_hot"},
                                                                              {CategoricalEncoding::Target, "target_encode"},
                                                                              {CategoricalEncoding::Frequency, "frequency"}};
  for (const auto& [kind, name] : kEncoders)
    if (kind == encoding) steps.push_back({name, {}});
}

std::vector<PipelineStep> plan(const PreprocessorConfig& config, const Schema& schema) {
  std::vector<PipelineStep> steps;
  const bool numbers = has_kind(schema, holds_numbers), categories = has_kind(schema, is_category);
  if (numbers && config.outlier_strategy != OutlierStrategy::None) {
    const std::string method(enum_name(config.outlier_strategy).substr(5));
    steps.push_back({"clip", Value(Value::Object{{"method", Value(method)}})});
  }
  if (config.missing_strategy != MissingStrategy::None)
    steps.push_back({"impute", Value(Value::Object{{"strategy", Value(enum_name(config.missing_strategy))}, {"fill_number", Value(config.fill_value)}})});
  // Numbers are scaled before categories become numbers.
  if (numbers) add_scaling(steps, config.scaling);
  if (categories) add_encoding(steps, config.categorical_encoding);
  return steps;
}

}  // namespace

void describe(Fields<PreprocessorConfig>& f) {
  f.add("scaling", &PreprocessorConfig::scaling, "How numbers are scaled.").alias("scaling_strategy");
  f.add("missing_strategy", &PreprocessorConfig::missing_strategy, "What missing numbers become; categories get their most frequent level.");
  f.add("fill_value", &PreprocessorConfig::fill_value, "The constant of missing_strategy constant.");
  f.add("categorical_encoding", &PreprocessorConfig::categorical_encoding, "How categories become numbers.").alias("categorical_strategy");
  f.add("outlier_strategy", &PreprocessorConfig::outlier_strategy, "Whether numbers far out are brought to a bound.");
  f.add("auto_detect_types", &PreprocessorConfig::auto_detect_types, "Whether texts that repeat are taken for categories.");
  f.add("max_cardinality", &PreprocessorConfig::max_cardinality, "Most levels of a category; texts with more stay texts.").min(1);
  f.add("seed", &PreprocessorConfig::seed, "Seed of the folds in which target encoding is fitted.").min(0).alias("random_state");
}

FittedPreprocessor::FittedPreprocessor(PreprocessorConfig config, Schema schema, std::vector<std::unique_ptr<FittedTransformer>> steps,
                                       std::vector<std::string> feature_names_out)
    : config_(config), schema_(std::move(schema)), steps_(std::move(steps)), feature_names_out_(std::move(feature_names_out)) {}

Table FittedPreprocessor::transform(const Table& table) const {
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the table has no rows (empty input)");
  Table changed = conform(table, schema_, Conform::Features);
  for (const auto& step : steps_) changed = step->transform(changed);
  return changed;
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
  return Value(Value::Object{{"config", kolosal::to_value(config_)},
                             {"schema", kolosal::to_value(schema_)},
                             {"steps", Value(std::move(steps))},
                             {"feature_names_out", Value(std::move(names))}});
}

FittedPreprocessor FittedPreprocessor::from_value(const Value& value) {
  std::vector<std::unique_ptr<FittedTransformer>> steps;
  for (const Value& step : value.at("steps").as_list()) steps.push_back(transformer_from_value(step));
  std::vector<std::string> names;
  for (const Value& name : value.at("feature_names_out").as_list()) names.push_back(name.as_text());
  return {kolosal::from_value<PreprocessorConfig>(value.at("config")), kolosal::from_value<Schema>(value.at("schema")), std::move(steps),
          std::move(names)};
}

FittedPreprocessor DataPreprocessor::fit(const Table& table, const Target* target, const FitContext& context) const {
  return fit_transform(table, target, context).first;
}

std::pair<FittedPreprocessor, Table> DataPreprocessor::fit_transform(const Table& table, const Target* target, const FitContext& context) const {
  if (table.n_rows() == 0 || table.n_columns() == 0) throw Error(ErrorCode::EmptyInput, "the table has no rows or columns (empty input)");
  Schema schema = feature_schema(table, config_);
  Table changed = conform(table, schema, Conform::Features);
  std::vector<std::unique_ptr<FittedTransformer>> steps;
  const std::vector<PipelineStep> planned = plan(config_, schema);
  for (size_t i = 0; i < planned.size(); ++i) {
    FitContext step_context = context;
    step_context.seed = derive_seed(static_cast<uint64_t>(config_.seed), "preprocess", i);
    auto [step, next] = transformers().make(planned[i].transformer, planned[i].parameters)->fit_transform({changed, target, {}}, step_context);
    steps.push_back(std::move(step));
    changed = std::move(next);
  }
  std::vector<std::string> names = changed.names();
  return {FittedPreprocessor(config_, std::move(schema), std::move(steps), std::move(names)), std::move(changed)};
}

}  // namespace kolosal
