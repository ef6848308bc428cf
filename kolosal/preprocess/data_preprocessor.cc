// Preprocessing by configuration: a schema that leaves no column out, and steps of the transformer catalog.
//
// Checked  data_preprocessor_test.cc; scikit-learn in python/tests.
#include "kolosal/preprocess/data_preprocessor.h"

#include <algorithm>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/preprocess/run_steps.h"

namespace kolosal {
namespace {

/// The number columns of a table that are skewed, where the configuration asks for them.
std::optional<std::vector<std::string>> skewed_columns(const TransformerInput& input, const PreprocessorConfig& config,
                                                       const FitContext& context) {
  if (!asks_for_skewness(config)) return std::nullopt;
  std::vector<std::string> names;
  for (const Column& column : input.table.columns()) {
    if (!is_number(column.kind()) || column.kind() == ColumnKind::Boolean) continue;
    ChunkSkewness skewness;
    skewness.add(column, telling_weights(input.weights), context);
    if (is_skewed(skewness.found())) names.push_back(column.name());
  }
  return names;
}

/// The rows whose weight is not 0.
Table weighing_rows(const TransformerInput& input) {
  if (std::ranges::find(input.weights, 0.0) == input.weights.end()) return input.table;
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < input.weights.size(); ++row)
    if (input.weights[row] != 0) rows.push_back(static_cast<uint32_t>(row));
  if (rows.empty()) throw Error(ErrorCode::EmptyInput, "every row has weight 0 (empty input)", "Give at least one row a weight.");
  return input.table.take(rows);
}

Schema schema_of(const Table& table, const PreprocessorConfig& config) {
  SchemaSurvey survey;
  survey.add(table);
  return feature_schema(survey, table, config);
}

FitContext context_with_seed(FitContext context, const PreprocessorConfig& config) {
  context.seed = static_cast<uint64_t>(config.seed);
  return context;
}

FittedPreprocessor::Steps shared(std::vector<std::unique_ptr<FittedTransformer>> steps) {
  return {std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end())};
}

}  // namespace

Table numbers_for_indicators(const Table& table, const Schema& schema) {
  std::vector<Column> columns;
  for (const Column& column : table.columns()) {
    if (column.kind() != ColumnKind::Boolean || schema.find(column.name()) != nullptr) columns.push_back(column);
    else columns.push_back(Column::numeric(column.name(), column.numbers()));
  }
  return Table(std::move(columns));
}

FittedPreprocessor::FittedPreprocessor(PreprocessorConfig config, std::shared_ptr<const Schema> schema, Steps steps, const Table& row,
                                       std::vector<int64_t> n_removed_rows)
    : FittedPreprocessor(std::move(config), std::move(schema), std::move(steps), std::vector<std::string>(), std::move(n_removed_rows)) {
  feature_names_out_ = transform(row).names();
}

FittedPreprocessor::FittedPreprocessor(PreprocessorConfig config, std::shared_ptr<const Schema> schema, Steps steps,
                                       std::vector<std::string> feature_names_out, std::vector<int64_t> n_removed_rows)
    : config_(std::move(config)),
      schema_(std::move(schema)),
      steps_(std::move(steps)),
      feature_names_out_(std::move(feature_names_out)),
      n_removed_rows_(std::move(n_removed_rows)) {}

Table FittedPreprocessor::transform(const Table& table) const {
  static const Threads alone(1);
  return transform(table, alone);
}

Table FittedPreprocessor::transform(const Table& table, const Threads& threads) const {
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the table has no rows (empty input)", "Give at least one row.");
  std::vector<const FittedTransformer*> steps;
  for (const auto& step : steps_) steps.push_back(step.get());
  return numbers_for_indicators(
      run_steps(std::span<const FittedTransformer* const>(steps), conform(table, *schema_, Conform::OpenFeatures), threads), *schema_);
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
                        {"schema", kolosal::to_value(*schema_)},
                        {"steps", Value(std::move(steps))},
                        {"feature_names_out", Value(std::move(names))}};
  if (!n_removed_rows_.empty()) members.emplace_back("n_removed_rows", Value(NumberArray::from(n_removed_rows_)));
  return Value(std::move(members));
}

FittedPreprocessor FittedPreprocessor::from_value(const Value& value) {
  try {
    Steps steps;
    for (const Value& step : value.at("steps").as_list()) steps.emplace_back(transformer_from_value(step));
    std::vector<std::string> names;
    for (const Value& name : value.at("feature_names_out").as_list()) names.push_back(name.as_text());
    std::vector<int64_t> n_removed_rows;
    if (const Value* removed = value.find("n_removed_rows"))
      n_removed_rows = detail::member_from_value<std::vector<int64_t>>(*removed, "n_removed_rows");
    return {kolosal::from_value<PreprocessorConfig>(value.at("config")),
            std::make_shared<const Schema>(kolosal::from_value<Schema>(value.at("schema"))), std::move(steps), std::move(names),
            std::move(n_removed_rows)};
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
  return fit_transform({table, target, {}}, context, kept_rows);
}

std::pair<FittedPreprocessor, Table> DataPreprocessor::fit_transform(const TransformerInput& input, const FitContext& context,
                                                                     std::optional<std::vector<uint32_t>>* kept_rows) const {
  const Table& table = input.table;
  if (table.n_rows() == 0 || table.n_columns() == 0)
    throw Error(ErrorCode::EmptyInput, "the table has no rows or columns (empty input)", "Give at least one row and one column.");
  check_weights(input, "preprocess");
  Schema schema = schema_of(weighing_rows(input), config_);
  Table changed = conform(table, schema, Conform::OpenFeatures);
  const FitContext seeded = context_with_seed(context, config_);
  const auto steps =
      plan_steps(config_, schema, skewed_columns({changed, nullptr, input.weights}, config_, context), input.target != nullptr);
  FittedSteps fitted = fit_steps(steps, {changed, input.target, input.weights}, seeded, "preprocess");
  changed = numbers_for_indicators(fitted.table, schema);
  if (kept_rows != nullptr) *kept_rows = std::move(fitted.rows);
  std::vector<std::string> names = changed.names();
  return {FittedPreprocessor(config_, std::make_shared<const Schema>(std::move(schema)), shared(std::move(fitted.steps)), std::move(names),
                             std::move(fitted.n_removed_rows)),
          std::move(changed)};
}

std::pair<FittedPreprocessor, Table> DataPreprocessor::fit_transform_categories(const Column& column, const FitContext& context) const {
  if (column.size() == 0) throw Error(ErrorCode::EmptyInput, "the column has no rows (empty input)", "Give at least one row.");
  PreprocessorConfig as_given = config_;
  as_given.auto_detect_types = false;
  const Table table({column});
  Schema schema = schema_of(table, as_given);
  FittedSteps fitted = fit_steps(plan_encoding(config_, schema.columns.front()), {conform(table, schema, Conform::OpenFeatures)},
                                 context_with_seed(context, config_), "preprocess");
  Table changed = numbers_for_indicators(fitted.table, schema);
  std::vector<std::string> names = changed.names();
  return {FittedPreprocessor(config_, std::make_shared<const Schema>(std::move(schema)), shared(std::move(fitted.steps)), std::move(names)),
          std::move(changed)};
}

}  // namespace kolosal
