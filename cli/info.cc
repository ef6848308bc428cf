// kolosal info: what a model file is, what it was trained on and how good it is, from its summary alone.

#include "cli/command.h"
#include "kolosal/automl/run_record.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/inference/model_artifact.h"
#include "kolosal/preprocess/preprocessor_config.h"
#include "kolosal/table/schema.h"

namespace kolosal::cli {
namespace {

std::string scalar_text(const Value& value) {
  if (value.is_text()) return value.as_text();
  if (value.is_integer()) return std::to_string(value.as_integer());
  if (value.is_real()) return short_number(value.as_real());
  return {};
}

using Rows = std::vector<std::vector<std::string>>;

Rows column_rows(const Schema& schema) {
  Rows columns = {{"column", "kind", "role", "missing", "distinct"}};
  for (const ColumnSchema& column : schema.columns)
    columns.push_back({column.name, std::string(enum_name(column.kind)), std::string(enum_name(column.role)),
                       std::to_string(column.n_missing), std::to_string(column.n_unique)});
  return columns;
}

// What a preprocessor was asked for where that is not the default, its columns, and those that come out.
std::string preprocessor_text(const Value& summary, Rows facts) {
  const Value standard = to_value(PreprocessorConfig());
  for (const auto& [name, value] : summary.at("config").as_object())
    if (const Value* usual = standard.find(name); usual == nullptr || to_json(*usual) != to_json(value))
      facts.push_back({name, to_json(value)});
  const Value* schema = summary.find("schema");
  if (schema == nullptr) return aligned(facts);
  const auto& made = summary.at("feature_names_out").as_list();
  facts.push_back({"gives", std::to_string(made.size()) + " columns"});
  Rows names = {{"gives"}};
  for (const Value& name : made) names.push_back({name.as_text()});
  return aligned(facts) + "\n" + aligned(column_rows(from_value<Schema>(*schema))) + "\n" + aligned(names);
}

std::string joined(const std::vector<std::string>& texts) {
  constexpr size_t kShown = 20;
  std::string made;
  for (size_t i = 0; i < std::min(texts.size(), kShown); ++i) made += (i > 0 ? ", " : "") + texts[i];
  return texts.size() > kShown ? made + ", ..." : made;
}

// What a single model's file says of its estimator, features and classes.
void add_inputs(const Value& summary, Rows& facts) {
  const Value* about = summary.find("about");
  if (about == nullptr || !about->is_object()) return;
  if (const Value* estimator = about->find("estimator")) facts.push_back({"estimator", estimator->as_text()});
  const Value* features = about->find("features");
  if (features == nullptr) return;
  const ModelInputs inputs = inputs_of(*about, features->at("names").as_list().size());
  std::vector<std::string> names, categories;
  for (const ColumnSchema& column : inputs.schema.columns) {
    names.push_back(column.name);
    if (column.kind == ColumnKind::Categorical) categories.push_back(column.name);
  }
  facts.push_back({"features", std::to_string(names.size()) + ": " + joined(names)});
  if (!categories.empty()) facts.push_back({"categories", joined(categories)});
  if (!inputs.class_names.empty()) facts.push_back({"classes", joined(inputs.class_names)});
}

// A preprocessor, or a model without the rest of a pipeline.
std::string part_text(const Value& summary, const std::string& model, const std::string& kind) {
  Rows facts = {{"file", model}, {"kind", kind}};
  if (const Value* form = summary.find("form")) facts.push_back({"form", form->as_text()});
  add_inputs(summary, facts);
  facts.push_back({"trained with", "kolosal " + scalar_text(summary.at("kolosal_version"))});
  return kind == "preprocessor" ? preprocessor_text(summary, std::move(facts)) : aligned(facts);
}

std::string model_text(const Value& summary, const std::string& model) {
  const RunRecord record = from_value<RunRecord>(summary.at("record"));
  std::string targets, classes;
  for (const std::string& target : record.options.target) targets += (targets.empty() ? "" : ", ") + target;
  for (const std::string& name : record.class_names) classes += (classes.empty() ? "" : ", ") + name;
  const Rows facts = {
      {"file", model},
      {"task", std::string(enum_name(record.task)) + " (" + record.task_reason + ")"},
      {"target", targets + (classes.empty() ? "" : ": " + classes)},
      {"trained on", std::to_string(record.n_rows) + " rows, " + std::to_string(record.n_features) + " features"},
      {"judged by", record.metric + ", " +
                        (record.n_folds == 1 ? "one holdout" : std::to_string(record.n_folds) + " folds (" + record.fold_strategy + ")")},
      {"predicts with", record.best},
      {"trained with", "kolosal " + record.kolosal_version + ", seed " + std::to_string(record.options.seed)}};
  Rows models = {{"model", record.metric, "95% interval", "weight", "note"}};
  for (const CandidateRecord& candidate : record.candidates)
    models.push_back({candidate.name, candidate.score ? short_number(*candidate.score) : "-",
                      candidate.score_low ? short_number(*candidate.score_low) + " .. " + short_number(*candidate.score_high) : "",
                      candidate.weight > 0 ? short_number(candidate.weight) : "",
                      candidate.status == CandidateStatus::Trained ? "" : std::string(enum_name(candidate.status))});
  return aligned(facts) + "\n" + aligned(models) + "\n" + aligned(column_rows(from_value<Schema>(summary.at("schema"))));
}

int run_info(const Session& session, const std::string& model) {
  const Value summary = read_artifact_summary(model);
  const Value* kind = summary.find("kind");
  if (session.json) write_output(to_json(summary, 2));
  else write_output(kind == nullptr ? model_text(summary, model) : part_text(summary, model, kind->as_text()));
  return kSuccess;
}

}  // namespace

void add_info(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("info", "Say what a model file or a kept preprocessor is, without loading it");
  auto model = std::make_shared<std::string>();
  command->add_option("model", *model, "File that train, import or preprocess --save wrote")->required();
  command->footer("Example: kolosal info adult.kolosal");
  command->callback([&session, &exit_code, model] { exit_code = run_info(session, *model); });
}

}  // namespace kolosal::cli
