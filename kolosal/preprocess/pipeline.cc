#include "kolosal/preprocess/pipeline.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/columns.h"

namespace kolosal {
namespace {

// Categories with more levels than this are no native categories of trees: a bin is one byte.
constexpr size_t kMaxNativeLevels = 254;
// Categories with more levels than this are not one-hot.
constexpr size_t kMaxOneHotLevels = 50;
// Target encoding of more classes than this gives too many columns.
constexpr size_t kMaxEncodedClasses = 10;

Value names_value(const std::vector<std::string>& names) {
  Value::List list;
  for (const std::string& name : names) list.emplace_back(name);
  return Value(std::move(list));
}

bool has_kind(const Schema& schema, const std::function<bool(ColumnKind)>& applies) {
  return std::ranges::any_of(schema.with_role(ColumnRole::Feature), [&](const ColumnSchema* column) { return applies(column->kind); });
}

// Categories with more levels than `most`.
std::vector<std::string> wide_categories(const Schema& schema, size_t most) {
  std::vector<std::string> names;
  for (const ColumnSchema* column : schema.with_role(ColumnRole::Feature))
    if (column->kind == ColumnKind::Categorical && column->categories.size() > most) names.push_back(column->name);
  return names;
}

// Frequency and, where the target allows it, the target's mean in place of categories with too many levels.
void add_wide_encoding(std::vector<PipelineStep>& steps, const std::vector<std::string>& names, Task task, size_t n_classes) {
  if (names.empty()) return;
  const bool by_target = task != Task::Ranking && n_classes <= kMaxEncodedClasses;
  steps.push_back({"frequency", Value(Value::Object{{"columns", names_value(names)}, {"keep_source", Value(by_target)}})});
  if (by_target) steps.push_back({"target_encode", Value(Value::Object{{"columns", names_value(names)}})});
}

float as_float(double value) { return static_cast<float>(value); }

}  // namespace

void describe(Fields<PipelineStep>& f) {
  f.add("transformer", &PipelineStep::transformer, "Name in the catalog.");
  f.add("parameters", &PipelineStep::parameters, "Its parameters.");
}

FittedPipeline::FittedPipeline(std::vector<std::unique_ptr<FittedTransformer>> steps, std::vector<Feature> features)
    : steps_(std::move(steps)), features_(std::move(features)) {}
FittedPipeline::~FittedPipeline() = default;
FittedPipeline::FittedPipeline(FittedPipeline&&) noexcept = default;
FittedPipeline& FittedPipeline::operator=(FittedPipeline&&) noexcept = default;

FeatureMatrix FittedPipeline::transform(const Table& table) const {
  Table changed = table;
  for (const auto& step : steps_) changed = step->transform(changed);
  std::vector<Column> columns;
  for (const Feature& feature : features_) columns.push_back(needed_column(changed, feature.name));
  FeatureMatrix matrix = features_.empty() ? FeatureMatrix({}, table.n_rows()) : to_feature_matrix(Table(std::move(columns)));
  if (matrix.features() != features_)
    throw Error(ErrorCode::FeatureMismatch, "the features are of other kinds than those seen in training",
                "Pass a table conformed to the model's schema.");
  return matrix;
}

Value FittedPipeline::to_value() const {
  Value::List steps, names;
  std::vector<int32_t> categories;
  for (const auto& step : steps_) steps.push_back(transformer_to_value(*step));
  for (const Feature& feature : features_) {
    names.emplace_back(feature.name);
    categories.push_back(feature.n_categories);
  }
  return Value(Value::Object{{"steps", Value(std::move(steps))},
                             {"features", Value(std::move(names))},
                             {"n_categories", Value(NumberArray::from(std::move(categories)))}});
}

FittedPipeline FittedPipeline::from_value(const Value& value) {
  std::vector<std::unique_ptr<FittedTransformer>> steps;
  for (const Value& step : value.at("steps").as_list()) steps.push_back(transformer_from_value(step));
  const Value::List& names = value.at("features").as_list();
  const auto categories = value.at("n_categories").as_numbers().as<int32_t>();
  if (categories.size() != names.size()) throw Error(ErrorCode::CorruptArtifact, "the sizes of a fitted pipeline do not agree");
  std::vector<Feature> features;
  for (size_t i = 0; i < names.size(); ++i) features.push_back({names[i].as_text(), categories[i]});
  return {std::move(steps), std::move(features)};
}

std::vector<PipelineStep> plan_pipeline(const Schema& schema, const FeatureNeeds& needs, size_t n_rows, Task task) {
  std::vector<PipelineStep> steps;
  const bool as_numbers = !needs.accepts_categories;
  if (has_kind(schema, holds_dates)) steps.push_back({"date_parts", Value(Value::Object{{"cyclic", Value(needs.wants_scaling)}})});
  if (has_kind(schema, [](ColumnKind kind) { return kind == ColumnKind::Text; })) {
    const int n_buckets = needs.wants_scaling ? (n_rows < 2'000 ? 32 : 128) : (n_rows < 2'000 ? 16 : 32);
    steps.push_back({"hash_text", Value(Value::Object{{"n_buckets", Value(n_buckets)}})});
  }
  size_t n_classes = 0;
  for (const ColumnSchema* target : schema.with_role(ColumnRole::Target))
    if (task == Task::Multiclass) n_classes = static_cast<size_t>(target->n_unique);
  add_wide_encoding(steps, wide_categories(schema, as_numbers ? kMaxOneHotLevels : kMaxNativeLevels), task, n_classes);
  if (needs.wants_scaling) {
    steps.push_back({"clip", Value(Value::Object{{"method", Value("percentile")}, {"low_percentile", Value(0.1)}, {"high_percentile", Value(99.9)}})});
    steps.push_back({"standard_scale", {}});
  }
  if (as_numbers && has_kind(schema, [](ColumnKind kind) { return kind == ColumnKind::Categorical; }))
    steps.push_back({"one_hot", Value(Value::Object{{"min_weight", Value(n_rows < 1'000 ? 2 : 10)}, {"drop", Value("if_binary")}})});
  if (!needs.accepts_missing) steps.push_back({"impute", Value(Value::Object{{"strategy", Value("median")}, {"add_indicator", Value(true)}})});
  return steps;
}

std::pair<FittedPipeline, FeatureMatrix> fit_pipeline(const std::vector<PipelineStep>& steps, const TransformerInput& input,
                                                      const FitContext& context) {
  std::vector<std::unique_ptr<FittedTransformer>> fitted;
  Table table = input.table;
  for (size_t i = 0; i < steps.size(); ++i) {
    context.check();
    FitContext step_context = context;
    step_context.seed = derive_seed(context.seed, "step", i);
    const auto transformer = transformers().make(steps[i].transformer, steps[i].parameters);
    auto [step, changed] = transformer->fit_transform({table, input.target, input.weights}, step_context);
    fitted.push_back(std::move(step));
    table = std::move(changed);
  }
  FeatureMatrix matrix = to_feature_matrix(table);
  std::vector<Feature> features = matrix.features();
  return {FittedPipeline(std::move(fitted), std::move(features)), std::move(matrix)};
}

FeatureMatrix to_feature_matrix(const Table& table) {
  std::vector<Feature> features;
  for (const Column& column : table.columns()) {
    if (!holds_numbers(column.kind()) && column.kind() != ColumnKind::Categorical)
      throw Error(ErrorCode::FeatureMismatch, "the feature '" + column.name() + "' is " + std::string(enum_name(column.kind())) +
                                                  " where numbers or categories are needed");
    features.push_back({column.name(), column.kind() == ColumnKind::Categorical ? static_cast<int32_t>(column.dictionary()->size()) : 0});
  }
  FeatureMatrix matrix(std::move(features), table.n_rows());
  for (size_t j = 0; j < table.n_columns(); ++j) {
    const auto to = matrix.column(j);
    const Column& column = table.column(j);
    for (size_t row = 0; row < to.size(); ++row) to[row] = as_float(column.number(row));
  }
  return matrix;
}

}  // namespace kolosal
