// Pipelines: fitted steps one after the other, and the plan of steps for a table and a learner.
//
// Each step sees what the step before made of the training rows (out of fold where the target was used), so what a later step
// learns, such as the scale of an encoding, fits what the learner sees. Features come in the same order for all later rows.
//
// Cost     the sum of the steps; the matrix takes 4 bytes a value.
// Checked  pipeline_test.cc.
#include "kolosal/preprocess/pipeline.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/fields.h"
#include "kolosal/base/random.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/run_steps.h"

namespace kolosal {
namespace {

constexpr int64_t kMostNativeLevels = 254;
constexpr int64_t kMostOneHotLevels = 50;
constexpr int64_t kRareRows = 10;
constexpr int64_t kMostEncodedClasses = 20;

/// Throws Error(FeatureMismatch) where the column is neither number nor category.
Feature feature_of(const Column& column) {
  if (column.kind() == ColumnKind::Text || is_moment(column.kind()))
    throw Error(ErrorCode::FeatureMismatch,
                "feature mismatch: column '" + column.name() + "' is " + std::string(enum_name(column.kind())) +
                    ", which cannot be a feature of a matrix",
                "Add a step that makes numbers of it: date_parts or text_hash.");
  if (column.kind() != ColumnKind::Categorical) return {column.name(), 0};
  return {column.name(), std::max<int32_t>(1, static_cast<int32_t>(column.dictionary()->size()))};
}

void check_feature(const Column& column, const Feature& trained) {
  const Feature feature = feature_of(column);
  if (feature == trained) return;
  throw Error(ErrorCode::FeatureMismatch,
              "feature mismatch: '" + trained.name + "' has " + std::to_string(feature.n_categories) + " categories where training had " +
                  std::to_string(trained.n_categories) + " (0 means a number)",
              "Give a table conformed to the schema of the training table.");
}

void write_column(const Column& column, std::span<float> out) {
  constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
  const auto copy = [&](auto values) {
    for (size_t row = 0; row < out.size(); ++row) out[row] = column.is_missing(row) ? kMissing : static_cast<float>(values[row]);
  };
  switch (column.kind()) {
    case ColumnKind::Numeric: column.is_float32() ? copy(column.float32()) : copy(column.float64()); break;
    case ColumnKind::Boolean: copy(column.boolean()); break;
    case ColumnKind::Categorical: copy(column.codes()); break;
    default: copy(column.int64()); break;
  }
}

/// A table may have lost its columns, and with them its number of rows, so that is told apart.
FeatureMatrix matrix_of(const Table& table, size_t n_rows) {
  std::vector<Feature> features;
  for (const Column& column : table.columns()) features.push_back(feature_of(column));
  FeatureMatrix matrix(std::move(features), n_rows);
  for (size_t j = 0; j < table.n_columns(); ++j) write_column(table.column(j), matrix.column(j));
  return matrix;
}

Value parameters(Value::Object members) { return Value(std::move(members)); }

Value column_list(const std::vector<std::string>& names) {
  Value::List list;
  for (const std::string& name : names) list.emplace_back(name);
  return Value(std::move(list));
}

/// The features of a schema, sorted by what a plan does with them.
struct PlanColumns {
  std::vector<std::string> all, few, many, native;  // few, many: categories under and over the one-hot limit
  std::vector<std::string> over_native;
  size_t n_dates = 0, n_texts = 0;

  explicit PlanColumns(const Schema& schema) {
    for (const ColumnSchema* column : schema.with_role(ColumnRole::Feature)) {
      all.push_back(column->name);
      n_dates += column->kind == ColumnKind::Date || column->kind == ColumnKind::Timestamp;
      n_texts += column->kind == ColumnKind::Text;
      if (column->kind != ColumnKind::Categorical) continue;
      const auto n_levels = std::max<int64_t>(column->n_unique, static_cast<int64_t>(column->categories.size()));
      (n_levels <= kMostOneHotLevels ? few : many).push_back(column->name);
      (n_levels <= kMostNativeLevels ? native : over_native).push_back(column->name);
    }
  }
};

/// Whether means of the target make a bearable number of columns.
bool can_encode_target(const Schema& schema, Task task) {
  if (task != Task::Multiclass) return true;
  for (const ColumnSchema* target : schema.with_role(ColumnRole::Target))
    if (std::max<int64_t>(target->n_unique, static_cast<int64_t>(target->categories.size())) > kMostEncodedClasses) return false;
  return true;
}

/// Hash columns for each text column: more for more rows, fewer for more texts, and more where columns are cheap and linear.
int64_t hash_features(size_t n_rows, size_t n_texts, bool linear) {
  const int64_t few = n_rows < 1000 ? 32 : n_rows < 10000 ? 64 : 128;
  return std::max<int64_t>(16, (linear ? 4 * few : few) / static_cast<int64_t>(std::max<size_t>(n_texts, 1)));
}

/// Target and weights of the training rows that are left.
class TrainingRest {
 public:
  explicit TrainingRest(const TransformerInput& input) : target_(input.target), weights_(input.weights) {}
  TrainingRest(const TrainingRest&) = delete;
  TrainingRest& operator=(const TrainingRest&) = delete;

  TransformerInput input(const Table& table) const { return {table, target_, weights_}; }

  /// Leaves the rows listed; `rows` are those left of the first input, nullopt so far where all were.
  void take(std::span<const uint32_t> kept, std::optional<std::vector<uint32_t>>& rows) {
    if (target_ != nullptr) {
      own_target_ = target_->take(kept);
      target_ = &*own_target_;
    }
    if (!weights_.empty()) {
      std::vector<double> left;
      left.reserve(kept.size());
      for (const uint32_t row : kept) left.push_back(weights_[row]);
      own_weights_ = std::move(left);
      weights_ = own_weights_;
    }
    std::vector<uint32_t> first(kept.begin(), kept.end());
    if (rows)
      for (uint32_t& row : first) row = (*rows)[row];
    rows = std::move(first);
  }

 private:
  const Target* target_;
  std::span<const double> weights_;
  std::optional<Target> own_target_;
  std::vector<double> own_weights_;
};

}  // namespace

void describe(Fields<PipelineStep>& fields) {
  fields.add("transformer", &PipelineStep::transformer, "Name of the transformer.");
  fields.add("parameters", &PipelineStep::parameters, "Its parameters.");
}

FittedPipeline::FittedPipeline(std::vector<std::unique_ptr<FittedTransformer>> steps, std::vector<Feature> features,
                               std::vector<int64_t> n_removed_rows)
    : steps_(std::move(steps)), features_(std::move(features)), n_removed_rows_(std::move(n_removed_rows)) {}
FittedPipeline::~FittedPipeline() = default;
FittedPipeline::FittedPipeline(FittedPipeline&&) noexcept = default;
FittedPipeline& FittedPipeline::operator=(FittedPipeline&&) noexcept = default;

FeatureMatrix FittedPipeline::transform(const Table& table) const {
  static const Threads alone(1);
  return transform(table, alone);
}

FeatureMatrix FittedPipeline::transform(const Table& table, const Threads& threads) const {
  std::vector<const FittedTransformer*> steps;
  for (const auto& step : steps_) steps.push_back(step.get());
  FeatureMatrix matrix(features_, table.n_rows());
  run_steps_by_block(steps, table, threads, [&](const Table& rows, size_t begin) {
    for (size_t j = 0; j < features_.size(); ++j) {
      const Column& column = needed_column(rows, features_[j].name);
      check_feature(column, features_[j]);
      write_column(column, matrix.column(j).subspan(begin, column.size()));
    }
  });
  return matrix;
}

Value FittedPipeline::to_value() const {
  Value::List steps, names;
  std::vector<int32_t> n_categories;
  for (const auto& step : steps_) steps.push_back(transformer_to_value(*step));
  for (const Feature& feature : features_) {
    names.emplace_back(feature.name);
    n_categories.push_back(feature.n_categories);
  }
  Value::Object members{{"steps", Value(std::move(steps))},
                        {"features", Value(std::move(names))},
                        {"n_categories", Value(NumberArray::from(std::move(n_categories)))}};
  if (!n_removed_rows_.empty()) members.emplace_back("n_removed_rows", Value(NumberArray::from(n_removed_rows_)));
  return Value(std::move(members));
}

FittedPipeline FittedPipeline::from_value(const Value& value) {
  try {
    std::vector<std::unique_ptr<FittedTransformer>> steps;
    for (const Value& step : value.at("steps").as_list()) steps.push_back(transformer_from_value(step));
    const auto n_categories = detail::member_from_value<std::vector<int32_t>>(value.at("n_categories"), "n_categories");
    std::vector<Feature> features;
    for (const Value& name : value.at("features").as_list()) features.push_back({name.as_text(), 0});
    if (features.size() != n_categories.size()) throw Error(ErrorCode::BadValue, "features and n_categories differ in length");
    for (size_t j = 0; j < features.size(); ++j) {
      if (n_categories[j] < 0) throw Error(ErrorCode::BadValue, "a feature has less than no categories");
      features[j].n_categories = n_categories[j];
    }
    std::vector<int64_t> n_removed_rows;
    if (const Value* removed = value.find("n_removed_rows"))
      n_removed_rows = detail::member_from_value<std::vector<int64_t>>(*removed, "n_removed_rows");
    return FittedPipeline(std::move(steps), std::move(features), std::move(n_removed_rows));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::CorruptArtifact) throw;
    throw Error(ErrorCode::CorruptArtifact, "the fitted pipeline is damaged: " + error.message());
  }
}

std::vector<PipelineStep> plan_pipeline(const Schema& schema, const FeatureNeeds& needs, size_t n_rows, Task task) {
  const PlanColumns columns(schema);
  std::vector<PipelineStep> steps;
  const auto add = [&](std::string transformer, Value::Object members) {
    steps.push_back({std::move(transformer), parameters(std::move(members))});
  };
  // Levels that become target means and frequencies, that become one-hot columns, that become ordinals beside target means.
  std::vector<std::string> averaged, one_hot, numbered;
  if (needs.accepts_categories) averaged = columns.over_native;
  else if (needs.wants_scaling) averaged = columns.many, one_hot = columns.few;
  else averaged = columns.many, numbered = columns.few;

  if (!columns.all.empty()) add("select", {{"columns", column_list(columns.all)}});
  if (columns.n_dates > 0) add("date_parts", {{"cyclic", needs.wants_scaling}});
  if (!needs.accepts_missing && needs.accepts_categories && !columns.native.empty())
    add("impute", {{"columns", column_list(columns.native)}, {"strategy", "constant"}, {"fill_text", "(missing)"}});
  if (can_encode_target(schema, task)) {
    std::vector<std::string> with_target = averaged;
    with_target.insert(with_target.end(), numbered.begin(), numbered.end());
    if (!with_target.empty()) add("target_encode", {{"columns", column_list(with_target)}, {"keep", true}});
  }
  if (!averaged.empty()) add("frequency_encode", {{"columns", column_list(averaged)}});
  if (!numbered.empty()) add("ordinal", {{"columns", column_list(numbered)}, {"order", "frequency"}});
  if (!needs.accepts_missing) add("impute", {{"strategy", "median"}, {"add_indicator", true}});
  if (needs.wants_scaling) {
    add("clip_outliers", {{"method", "percentile"}, {"low_quantile", 0.005}, {"high_quantile", 0.995}});
    add("standard_scale", {});
  }
  if (!one_hot.empty()) {
    const int64_t rare = std::min<int64_t>(kRareRows, static_cast<int64_t>(n_rows / 20));
    add("one_hot",
        {{"columns", column_list(one_hot)}, {"min_frequency", static_cast<double>(rare)}, {"drop", "if_binary"}, {"missing", "indicator"}});
  }
  if (columns.n_texts > 0) add("text_hash", {{"n_features", hash_features(n_rows, columns.n_texts, needs.wants_scaling)}});
  return steps;
}

FittedSteps fit_steps(const std::vector<PipelineStep>& steps, const TransformerInput& input, const FitContext& context,
                      std::string_view purpose) {
  FittedSteps fitted;
  fitted.table = input.table;
  TrainingRest rest(input);
  for (size_t i = 0; i < steps.size(); ++i) {
    context.check();
    FitContext step_context = context;
    step_context.seed = derive_seed(context.seed, purpose, i);
    const auto transformer = transformers().make(steps[i].transformer, steps[i].parameters);
    if (const auto kept = transformer->training_rows(rest.input(fitted.table), step_context)) {
      const size_t n_rows = fitted.table.n_rows();
      if (kept->empty())
        throw Error(ErrorCode::EmptyInput, steps[i].transformer + " removes all " + std::to_string(n_rows) + " training rows",
                    "Let it look at fewer columns, or fill missing values and clip outliers instead.");
      if (kept->size() < n_rows) {
        fitted.table = fitted.table.take(*kept);
        rest.take(*kept, fitted.rows);
        fitted.n_removed_rows.resize(steps.size());
        fitted.n_removed_rows[i] = static_cast<int64_t>(n_rows - kept->size());
      }
    }
    auto [made, transformed] = transformer->fit_transform(rest.input(fitted.table), step_context);
    fitted.steps.push_back(std::move(made));
    fitted.table = std::move(transformed);
  }
  return fitted;
}

std::pair<FittedPipeline, FeatureMatrix> fit_pipeline(const std::vector<PipelineStep>& steps, const TransformerInput& input,
                                                      const FitContext& context, std::optional<std::vector<uint32_t>>* kept_rows) {
  FittedSteps fitted = fit_steps(steps, input, context, "pipeline.step");
  if (fitted.rows && kept_rows == nullptr)
    throw Error(ErrorCode::Unsupported, "a step of the pipeline removes training rows, which the caller cannot follow",
                "Leave steps out that remove rows: fill missing values and clip outliers instead.");
  const size_t n_rows = fitted.rows ? fitted.rows->size() : input.table.n_rows();
  FeatureMatrix matrix = matrix_of(fitted.table, n_rows);
  if (kept_rows != nullptr) *kept_rows = std::move(fitted.rows);
  std::vector<Feature> features = matrix.features();
  return {FittedPipeline(std::move(fitted.steps), std::move(features), std::move(fitted.n_removed_rows)), std::move(matrix)};
}

FeatureMatrix to_feature_matrix(const Table& table) { return matrix_of(table, table.n_rows()); }

}  // namespace kolosal
