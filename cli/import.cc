// kolosal import: a trained model of LightGBM, XGBoost or CatBoost in, a model file of Kolosal out.

#include <algorithm>

#include "cli/command.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/model_artifact.h"
#include "kolosal/models/import/imported_model.h"

namespace kolosal::cli {
namespace {

struct ImportFlags {
  std::string model;
  std::string output;
  std::vector<std::string> classes;
};

std::string_view estimator_of(Task task) {
  if (is_classification(task)) return "ImportedClassifier";
  return task == Task::Ranking ? "ImportedRanker" : "ImportedRegressor";
}

// Whether a name is only the number of a feature, as libraries give where a table had no names.
bool is_number(std::string_view name) {
  for (const std::string_view prefix : {"Column_", "x", "f"})
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      break;
    }
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

// The labels given, or 0, 1, ...
Value class_labels(const std::vector<std::string>& given, size_t n_classes) {
  if (!given.empty() && given.size() != n_classes)
    throw Error(ErrorCode::BadValue,
                "--classes names " + std::to_string(given.size()) + " classes where the model has " + std::to_string(n_classes),
                "Name one for each column of its probabilities, in their order.");
  Value::List labels;
  size_t longest = 1;
  for (size_t k = 0; k < n_classes; ++k) {
    if (given.empty()) labels.emplace_back(k);
    else labels.emplace_back(given[k]);
    if (!given.empty()) longest = std::max(longest, given[k].size());
  }
  const std::string dtype = given.empty() ? "<i8" : "<U" + std::to_string(longest);
  return Value(Value::Object{{"dtype", Value(dtype)}, {"labels", Value(std::move(labels))}});
}

// What kolosal.models.load reads beside the model.
Value about(const ImportedModel& imported, const std::vector<std::string>& classes) {
  Value::List names;
  Value levels(Value::Object{});
  for (size_t j = 0; j < imported.features.size(); ++j) {
    names.emplace_back(imported.features[j].name);
    if (!imported.levels[j].is_null()) levels.set(std::to_string(j), imported.levels[j]);
  }
  const bool named = !std::ranges::all_of(imported.features, is_number, &Feature::name);
  Value features(Value::Object{{"names", Value(std::move(names))}, {"named", Value(named)}, {"levels", std::move(levels)}});
  Value made(Value::Object{
      {"estimator", Value(estimator_of(imported.task))}, {"parameters", Value(Value::Object{})}, {"features", std::move(features)}});
  if (is_classification(imported.task)) made.set("classes", class_labels(classes, imported.model->n_outputs()));
  return made;
}

int run_import(const Session& session, const ImportFlags& flags) {
  const ImportedModel imported = import_model(read_file(flags.model));
  if (!flags.classes.empty() && !is_classification(imported.task))
    throw Error(ErrorCode::BadValue,
                "--classes is for models of classes; '" + flags.model + "' is one of " + std::string(enum_name(imported.task)),
                "Leave it out.");
  save_model(*imported.model, about(imported, flags.classes), flags.output);
  if (session.json) {
    write_output(to_json(Value(Value::Object{{"task", Value(enum_name(imported.task))},
                                             {"form", Value(imported.model->form())},
                                             {"features", Value(imported.features.size())},
                                             {"outputs", Value(imported.model->n_outputs())},
                                             {"iterations", Value(imported.model->n_iterations())},
                                             {"output", Value(flags.output)}})));
  } else {
    write_note(session, std::string(enum_name(imported.task)) + " model of " + std::to_string(imported.features.size()) + " features, " +
                            std::to_string(imported.model->n_iterations()) + " rounds: " + flags.output);
  }
  return kSuccess;
}

}  // namespace

void add_import(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("import", "Turn a trained model of LightGBM, XGBoost or CatBoost into a model file");
  auto flags = std::make_shared<ImportFlags>();
  command->add_option("model", flags->model, "LightGBM's text, XGBoost's JSON or UBJSON, or CatBoost's JSON")->required();
  command->add_option("-o,--output", flags->output, "File to write")->required();
  command->add_option("--classes", flags->classes, "Labels of the classes in the order of their probabilities; 0, 1, ... where not given")
      ->delimiter(',');
  command->footer("Example: kolosal import booster.txt -o booster.kolosal");
  command->callback([&session, &exit_code, flags] { exit_code = run_import(session, *flags); });
}

}  // namespace kolosal::cli
