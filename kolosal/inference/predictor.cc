// Predictor: rows of a raw table through the fitted pipelines and models of an ensemble, and back from a file.
//
// The prediction of a row is  sum_c w_c mean_m model_cm(pipeline_cm(row))  over candidates c and the models m of their folds; in
// classification the sum is scaled to 1. Rows go in blocks of 1024, each block through all models in a fixed order, so the
// result does not depend on the number of threads. A pipeline that several models share transforms a block once.
//
// Shapes   table (n_rows, columns of the schema); predictions (n_rows, n_outputs) float64.
// Cost     the transforms and predictions of all models; memory one FeatureMatrix of 1024 rows a thread.
// Checked  predictor_test.cc: against sums by hand, thread counts, row by row, round trip through a file.
#include "kolosal/inference/predictor.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "kolosal/base/fields.h"

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 1024;
constexpr int64_t kPredictorVersion = 1;

// One model and its share of a prediction.
struct Share {
  const Model* model;
  double weight;
};

// The models that one pipeline feeds.
struct Feed {
  const FittedPipeline* pipeline;
  std::vector<Share> shares;
};

// Models by pipeline, both in order of first appearance. Candidates of weight 0 are left out.
void add_feeds(std::vector<Feed>& feeds, const PredictorMember& candidate, double weight) {
  if (weight == 0) return;
  for (const FittedMember& fitted : candidate.members) {
    auto feed = std::ranges::find(feeds, fitted.pipeline.get(), &Feed::pipeline);
    if (feed == feeds.end()) feed = feeds.insert(feed, Feed{fitted.pipeline.get(), {}});
    feed->shares.push_back({fitted.model.get(), weight / static_cast<double>(candidate.members.size())});
  }
}

// Predictions of one block of conformed rows into `out` (n_rows, n_outputs), which begins as zeros.
void predict_block(const Table& rows, size_t n_rows, const std::vector<Feed>& feeds, std::span<double> out) {
  std::vector<double> one(out.size());
  for (const Feed& feed : feeds) {
    // A table without columns does not know how many rows it has.
    const bool no_features = feed.pipeline->features().empty();
    const FeatureMatrix x = no_features ? FeatureMatrix({}, n_rows) : feed.pipeline->transform(rows);
    for (const Share& share : feed.shares) {
      share.model->predict(x, one);
      for (size_t i = 0; i < out.size(); ++i) out[i] += share.weight * one[i];
    }
  }
}

void scale_rows_to_one(std::span<double> probabilities, size_t n_classes) {
  for (size_t begin = 0; begin < probabilities.size(); begin += n_classes) {
    const auto row = probabilities.subspan(begin, n_classes);
    double sum = 0;
    for (const double probability : row) sum += probability;
    if (sum > 0)
      for (double& probability : row) probability /= sum;
  }
}

Predictions predict_feeds(const Predictor& predictor, const std::vector<Feed>& feeds, const Table& table, const Threads& threads) {
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the input is empty: there are no rows to predict", "Give at least one row.");
  const Table rows = conform(table, predictor.schema(), Conform::Features);
  const size_t n_outputs = predictor.n_outputs();
  Predictions predictions{predictor.task(), table.n_rows(), n_outputs, std::vector<double>(table.n_rows() * n_outputs),
                          predictor.class_names()};
  threads.parallel_for(table.n_rows(), kBlockRows, [&](size_t begin, size_t end) {
    const auto out = std::span(predictions.values).subspan(begin * n_outputs, (end - begin) * n_outputs);
    predict_block(rows.slice(begin, end - begin), end - begin, feeds, out);
    if (is_classification(predictor.task())) scale_rows_to_one(out, n_outputs);
  });
  return predictions;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::BadValue, "a predictor cannot be made: " + why); }

void check_classes(Task task, const std::vector<std::string>& class_names) {
  const size_t n_distinct = std::unordered_set<std::string>(class_names.begin(), class_names.end()).size();
  if (n_distinct != class_names.size()) refuse("two classes have the same name");
  if (task == Task::Binary && n_distinct != 2) refuse("a binary task has " + std::to_string(n_distinct) + " classes");
  if (is_classification(task) && n_distinct == 0) refuse("there are no classes");
  if (!is_classification(task) && n_distinct != 0) refuse("there are classes, but the task is " + std::string(enum_name(task)));
}

void check_members(const std::vector<PredictorMember>& members, size_t n_outputs) {
  double sum = 0;
  for (const PredictorMember& candidate : members) {
    const std::string name = "'" + candidate.name + "'";
    if (!(candidate.weight >= 0)) refuse(name + " has the weight " + std::to_string(candidate.weight));
    if (candidate.members.empty()) refuse(name + " has no models");
    sum += candidate.weight;
    for (const auto& [pipeline, model] : candidate.members) {
      if (pipeline == nullptr || model == nullptr) refuse(name + " lacks a pipeline or a model");
      if (model->n_features() != pipeline->features().size())
        refuse(name + " takes " + std::to_string(model->n_features()) + " features but gets " +
               std::to_string(pipeline->features().size()));
      if (model->n_outputs() != n_outputs)
        refuse(name + " predicts " + std::to_string(model->n_outputs()) + " columns where " + std::to_string(n_outputs) + " are needed");
    }
  }
  if (members.empty()) refuse("it has no members");
  if (!(std::abs(sum - 1) <= 1e-6)) refuse("the weights of its members sum to " + std::to_string(sum) + ", not to 1");
}

// ---- Importances

// The column that a feature comes from by its name, `<source>` or `<source>__<suffix>`: the longest that fits. nullptr: none.
const ColumnSchema* source_of(const std::string& feature, const Schema& schema) {
  const ColumnSchema* longest = nullptr;
  for (const ColumnSchema& column : schema.columns) {
    const bool fits = feature == column.name || feature.starts_with(column.name + "__");
    if (fits && (longest == nullptr || column.name.size() > longest->name.size())) longest = &column;
  }
  return longest;
}

// ---- To a Value and back

Value member_to_value(const PredictorMember& candidate, std::vector<const FittedPipeline*>& pipelines) {
  Value::List fitted;
  for (const auto& [pipeline, model] : candidate.members) {
    auto found = std::ranges::find(pipelines, pipeline.get());
    if (found == pipelines.end()) found = pipelines.insert(found, pipeline.get());
    fitted.push_back(Value(Value::Object{{"pipeline", Value(found - pipelines.begin())}, {"model", model_to_value(*model)}}));
  }
  return Value(Value::Object{{"name", candidate.name}, {"weight", candidate.weight}, {"fitted", Value(std::move(fitted))}});
}

PredictorMember member_from_value(const Value& value, const std::vector<std::shared_ptr<const FittedPipeline>>& pipelines) {
  PredictorMember candidate{value.at("name").as_text(), value.at("weight").as_real(), {}};
  for (const Value& fitted : value.at("fitted").as_list()) {
    const int64_t pipeline = fitted.at("pipeline").as_integer();
    if (pipeline < 0 || static_cast<uint64_t>(pipeline) >= pipelines.size())
      refuse("'" + candidate.name + "' uses the pipeline " + std::to_string(pipeline) + " of " + std::to_string(pipelines.size()));
    candidate.members.push_back({pipelines[static_cast<size_t>(pipeline)], model_from_value(fitted.at("model"))});
  }
  return candidate;
}

Predictor predictor_from_value(const Value& value) {
  std::vector<std::string> class_names;
  for (const Value& name : value.at("class_names").as_list()) class_names.push_back(name.as_text());
  std::vector<std::shared_ptr<const FittedPipeline>> pipelines;
  for (const Value& pipeline : value.at("pipelines").as_list())
    pipelines.push_back(std::make_shared<const FittedPipeline>(FittedPipeline::from_value(pipeline)));
  std::vector<PredictorMember> members;
  for (const Value& member : value.at("members").as_list()) members.push_back(member_from_value(member, pipelines));
  return Predictor(from_value<Schema>(value.at("schema"), "schema"), enum_from_name<Task>(value.at("task").as_text()),
                   std::move(class_names), std::move(members));
}

}  // namespace

Predictor::Predictor(Schema schema, Task task, std::vector<std::string> class_names, std::vector<PredictorMember> members)
    : schema_(std::move(schema)), task_(task), class_names_(std::move(class_names)), members_(std::move(members)) {
  check_classes(task_, class_names_);
  if (task_ == Task::MultiRegression && target_names().empty()) refuse("its schema has no target");
  check_members(members_, n_outputs());
}

std::vector<std::string> Predictor::target_names() const {
  std::vector<std::string> names;
  for (const ColumnSchema* column : schema_.with_role(ColumnRole::Target)) names.push_back(column->name);
  return names;
}

size_t Predictor::n_outputs() const {
  if (is_classification(task_)) return class_names_.size();
  return task_ == Task::MultiRegression ? target_names().size() : 1;
}

Predictions Predictor::predict(const Table& table, const Threads& threads) const {
  std::vector<Feed> feeds;
  for (const PredictorMember& candidate : members_) add_feeds(feeds, candidate, candidate.weight);
  return predict_feeds(*this, feeds, table, threads);
}

Predictions Predictor::predict_member(size_t member, const Table& table, const Threads& threads) const {
  if (member >= members_.size())
    throw Error(ErrorCode::BadValue,
                "there is no member " + std::to_string(member) + "; the predictor has " + std::to_string(members_.size()));
  std::vector<Feed> feeds;
  add_feeds(feeds, members_[member], 1);
  return predict_feeds(*this, feeds, table, threads);
}

std::vector<std::pair<std::string, double>> Predictor::feature_importance() const {
  std::vector<std::pair<std::string, double>> importance;
  for (const ColumnSchema* column : schema_.with_role(ColumnRole::Feature)) importance.emplace_back(column->name, 0.0);
  double sum = 0;
  for (const PredictorMember& candidate : members_)
    for (const auto& [pipeline, model] : candidate.members) {
      const std::vector<double> parts = model->feature_importance();
      for (size_t i = 0; i < std::min(parts.size(), pipeline->features().size()); ++i) {
        const std::string& feature = pipeline->features()[i].name;
        const ColumnSchema* source = source_of(feature, schema_);
        const std::string& name = source != nullptr ? source->name : feature;
        auto entry = std::ranges::find(importance, name, &std::pair<std::string, double>::first);
        if (entry == importance.end()) entry = importance.insert(entry, {name, 0.0});
        const double part = candidate.weight / static_cast<double>(candidate.members.size()) * parts[i];
        entry->second += part;
        sum += part;
      }
    }
  if (sum > 0)
    for (auto& [name, share] : importance) share /= sum;
  return importance;
}

Value Predictor::to_value() const {
  std::vector<const FittedPipeline*> pipelines;
  Value::List members, pipeline_values, class_names;
  for (const PredictorMember& candidate : members_) members.push_back(member_to_value(candidate, pipelines));
  for (const FittedPipeline* pipeline : pipelines) pipeline_values.push_back(pipeline->to_value());
  for (const std::string& name : class_names_) class_names.emplace_back(name);
  return Value(Value::Object{{"version", kPredictorVersion},
                             {"task", enum_name(task_)},
                             {"schema", kolosal::to_value(schema_)},
                             {"class_names", std::move(class_names)},
                             {"pipelines", std::move(pipeline_values)},
                             {"members", std::move(members)}});
}

Predictor Predictor::from_value(const Value& value) {
  try {
    if (const int64_t version = value.at("version").as_integer(); version > kPredictorVersion)
      throw Error(ErrorCode::UnsupportedVersion,
                  "the predictor has version " + std::to_string(version) + "; this Kolosal reads up to version " +
                      std::to_string(kPredictorVersion),
                  "Use a newer Kolosal.");
    return predictor_from_value(value);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::CorruptArtifact || error.code() == ErrorCode::UnsupportedVersion) throw;
    if (error.code() == ErrorCode::UnknownName)
      throw Error(ErrorCode::UnsupportedVersion, "the predictor has a part that this Kolosal does not know: " + error.message(),
                  "Use a newer Kolosal.");
    throw Error(ErrorCode::CorruptArtifact, "what was read is not a predictor: " + error.message(), error.remedy());
  }
}

}  // namespace kolosal
