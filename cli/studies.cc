// kolosal studies: what a storage of the tuner holds: its studies, or the trials of one. Nothing of the storage changes.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/command.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/tune/report.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal::cli {
namespace {

struct StudiesFlags {
  std::string storage;
  std::string study;
  std::string output;
  bool best = false;
};

// A study and its trials as the study itself reads them: what is best minds constraints.
struct Loaded {
  Loaded(std::shared_ptr<Storage> storage, const std::string& name)
      : study({.name = name, .sampler = samplers().make("random"), .storage = std::move(storage), .opening = StudyOpening::Load}),
        trials(study.trials()),
        best(study.best_or_none()),
        names(study.parameter_names()) {}

  Study study;
  std::vector<TrialRecord> trials;
  std::optional<TrialRecord> best;  // of a single objective
  std::vector<std::string> names;   // of parameters
};

// A storage that is to be read must be there already.
std::shared_ptr<Storage> opened(const std::string& url) {
  const StorageAddress address = storage_address(url);
  for (const auto& [name, value] : address.parameters)
    if (name == "path" && !std::filesystem::exists(value.as_text()))
      throw Error(ErrorCode::Io, "storage '" + without_password(url) + "' is not there",
                  "Name one that `kolosal tune --storage` has made.");
  return open_storage(url, {{"read_only", true}});
}

std::string plain(const Value& value) { return value.is_text() ? value.as_text() : to_json(value); }

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char sign : cell) text += sign == '"' ? std::string("\"\"") : std::string(1, sign);
  return text + "\"";
}

// number, a column for each value, state, start, end, and params_NAME of every parameter that some trial has: as a frame of Optuna has
// them.
std::vector<std::vector<std::string>> rows_of(const Loaded& loaded) {
  const std::vector<std::string>& names = loaded.names;
  const size_t n_values = loaded.study.directions().size();
  std::vector<std::vector<std::string>> rows(1);
  rows[0].emplace_back("number");
  for (size_t i = 0; i < n_values; ++i) rows[0].push_back(n_values == 1 ? "value" : "values_" + std::to_string(i));
  for (const char* name : {"state", "datetime_start", "datetime_complete"}) rows[0].emplace_back(name);
  for (const std::string& name : names) rows[0].push_back("params_" + name);
  for (const TrialRecord& trial : loaded.trials) {
    std::vector<std::string> row = {std::to_string(trial.number)};
    for (size_t i = 0; i < n_values; ++i) row.push_back(i < trial.values.size() ? number_text(trial.values[i]) : "");
    row.emplace_back(state_text(trial.state));
    for (const double moment : {trial.started, trial.ended}) row.push_back(std::isnan(moment) ? "" : time_text(moment, false));
    for (uint32_t parameter = 0; parameter < names.size(); ++parameter) {
      const auto found = std::ranges::find(trial.parameters, parameter, &TrialParameter::parameter);
      row.push_back(found == trial.parameters.end() ? "" : plain(found->distribution->outside(found->value)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string csv_text(const Loaded& loaded) {
  std::string text;
  for (const auto& row : rows_of(loaded)) {
    for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + quoted(row[i]);
    text += "\n";
  }
  return text;
}

Value best_trial_value(const Loaded& loaded, const TrialRecord& trial) {
  Value::Object parameters;
  for (const TrialParameter& had : trial.parameters)
    parameters.emplace_back(loaded.names[had.parameter], had.distribution->outside(had.value));
  return Value(
      Value::Object{{"number", Value(trial.number)}, {"value", Value(trial.values[0])}, {"parameters", Value(std::move(parameters))}});
}

int list_studies(const Session& session, const std::shared_ptr<Storage>& storage) {
  Value::List list;
  std::vector<std::vector<std::string>> rows = {{"study", "direction", "trials", "complete", "best", "trial"}};
  for (const StoredStudy& study : storage->studies()) {
    const Loaded loaded(storage, study.name);
    std::string directions;
    Value::List direction_list;
    for (const Direction direction : study.directions) {
      directions += (directions.empty() ? "" : " ") + std::string(enum_name(direction));
      direction_list.emplace_back(enum_name(direction));
    }
    const auto n_complete = std::ranges::count(loaded.trials, TrialState::Complete, &TrialRecord::state);
    const std::optional<TrialRecord>& best = loaded.best;
    rows.push_back({study.name, directions, std::to_string(loaded.trials.size()), std::to_string(n_complete),
                    best ? short_number(best->values[0]) : "-", best ? std::to_string(best->number) : "-"});
    list.push_back(Value(Value::Object{{"study", Value(study.name)},
                                       {"directions", Value(std::move(direction_list))},
                                       {"n_trials", Value(static_cast<int64_t>(loaded.trials.size()))},
                                       {"n_complete", Value(static_cast<int64_t>(n_complete))},
                                       {"best", best ? best_trial_value(loaded, *best) : Value()}}));
  }
  std::string text = aligned(rows);
  text.pop_back();
  write_output(session.json ? to_json(Value(std::move(list))) : text);
  return kSuccess;
}

int show_best(const Session& session, const Loaded& loaded) {
  if (loaded.study.directions().size() > 1)
    throw Error(ErrorCode::BadValue, "study '" + loaded.study.name() + "' has several objectives and no single best trial",
                "See its trials: leave out --best.");
  const TrialRecord best = loaded.study.best();
  if (session.json) {
    write_output(to_json(best_trial_value(loaded, best)));
    return kSuccess;
  }
  std::vector<std::vector<std::string>> rows = {{"value", number_text(best.values[0]) + " (trial " + std::to_string(best.number) + ")"}};
  for (const TrialParameter& had : best.parameters)
    rows.push_back({loaded.names[had.parameter], plain(had.distribution->outside(had.value))});
  std::string text = aligned(rows);
  text.pop_back();
  write_output(text);
  return kSuccess;
}

int show_trials(const Session& session, const StudiesFlags& flags, const Loaded& loaded) {
  const bool as_json = session.json || std::filesystem::path(flags.output).extension() == ".json";
  if (flags.output.empty() && !as_json) {
    std::string text = aligned(rows_of(loaded));
    text.pop_back();
    write_output(text);
    return kSuccess;
  }
  std::string text = as_json ? python_json(loaded.study.to_value(), flags.output.empty() ? 0 : 1) : csv_text(loaded);
  if (flags.output.empty() || flags.output == "-") {
    if (text.ends_with('\n')) text.pop_back();
    write_output(text);
  } else {
    write_file_atomically(flags.output, [&](const auto& sink) { sink(text); });
    write_note(session, "wrote " + std::to_string(loaded.trials.size()) + " trials to " + flags.output);
  }
  return kSuccess;
}

int write_page(const Session& session, const StudiesFlags& flags, std::shared_ptr<Storage> storage) {
  const Study study(
      {.name = flags.study, .sampler = samplers().make("random"), .storage = std::move(storage), .opening = StudyOpening::Load});
  write_study_report(study, flags.output);
  write_note(session, "wrote the report of " + std::to_string(study.n_trials()) + " trials to " + flags.output);
  return kSuccess;
}

int run_studies(const Session& session, const StudiesFlags& flags) {
  set_wait_check([cancel = session.cancel] { return cancel.cancelled(); });
  auto storage = usage([&] { return opened(flags.storage); });
  if (flags.study.empty()) return list_studies(session, storage);
  if (std::filesystem::path(flags.output).extension() == ".html") return write_page(session, flags, std::move(storage));
  const Loaded loaded(storage, flags.study);
  return flags.best ? show_best(session, loaded) : show_trials(session, flags, loaded);
}

}  // namespace

void add_studies(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("studies", "Show the studies of a storage, or the trials of one");
  auto flags = std::make_shared<StudiesFlags>();
  command
      ->add_option("storage", flags->storage, "Address: sqlite:///PATH, journal:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
      ->required()
      ->envname("KOLOSAL_STORAGE");
  CLI::Option* study = command->add_option("--study,--study-name", flags->study, "Show this study's trials");
  CLI::Option* best = command->add_flag("--best", flags->best, "Show its best trial alone")->needs(study);
  command
      ->add_option("-o,--output", flags->output,
                   "Write its trials to this file: as JSON where it ends in .json, as a page of figures where in .html, else as CSV; - for "
                   "standard output")
      ->needs(study)
      ->excludes(best);
  command->footer(
      "Nothing of the storage changes. A database whose folder cannot be written to is read, unless another program has it open.\n\n"
      "Example: kolosal studies sqlite:///study.db\n"
      "         kolosal studies sqlite:///study.db --study gradient_boosting -o trials.csv\n"
      "         kolosal studies sqlite:///study.db --study gradient_boosting -o report.html");
  command->callback([&session, &exit_code, flags] { exit_code = run_studies(session, *flags); });
}

}  // namespace kolosal::cli
