// kolosal tune: a table, its target and a learner in, the learner's best parameters out.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/command.h"
#include "cli/field_flags.h"
#include "cli/progress.h"
#include "kolosal/automl/tune_learner.h"
#include "kolosal/base/config.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/table/io/table_io.h"
#include "kolosal/tune/report.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal::cli {
namespace {

struct TuneFlags {
  std::string table;
  std::string output;
  std::string config;
  std::string print_config;
  std::string dashboard;
  std::vector<std::string> set;
  std::unique_ptr<FieldFlags> table_options;
  std::unique_ptr<FieldFlags> options;
  std::unique_ptr<FieldFlags> reading;
};

const std::map<std::string, FlagRule>& tune_rules() {
  static const std::map<std::string, FlagRule> rules = {
      {"study", {"--study,--study-name", {}}},
      {"space", {"--space", [](const std::string& path) { return read_config_file(path); }}},
      {"trials", {"--trials,--n-trials", {}}},
  };
  return rules;
}

// "learning_rate 0.05, max_leaves 31".
std::string parameters_text(const Value::Object& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters)
    text += (text.empty() ? "" : ", ") + name + " " + (value.is_real() ? short_number(value.as_real()) : to_json(value));
  return text;
}

// A page that shows the study while it runs: the file is written anew as trials end, and a browser loads it anew, until the last writing.
class Dashboard {
 public:
  explicit Dashboard(std::string path) : path_(std::move(path)) {}

  /// Writes the page unless it was written just now, or the writing would take more than a twentieth of the time.
  void follow(const Study& study) {
    if (path_.empty() || Clock::now() < next_) return;
    const Clock::time_point begin = Clock::now();
    write(study, "<meta http-equiv=\"refresh\" content=\"3\">\n");
    next_ = Clock::now() + std::max<Clock::duration>(std::chrono::seconds(2), 20 * (Clock::now() - begin));
  }
  /// Writes the page as it stays.
  void finish(const Study& study) const {
    if (!path_.empty()) write(study, "");
  }

 private:
  void write(const Study& study, const std::string& more) const {
    std::string page = study_report_html(study);
    page.insert(page.find("<title>"), more);
    write_file_atomically(path_, [&](const auto& sink) { sink(page); });
  }

  std::string path_;
  Clock::time_point next_{};
};

// One live line on a terminal, and a line for each trial.
class TuneProgress final : public TuneListener {
 public:
  TuneProgress(const Session& session, Dashboard& dashboard, std::optional<int64_t> n_trials, std::optional<double> time_limit)
      : session_(session), dashboard_(dashboard), n_trials_(n_trials), time_limit_(time_limit), line_(session) {}

  void on_begin(const TuneTask& task) override {
    task_ = task;
    for (const std::string& finding : task.findings) write_note(session_, "note: " + finding);
    write_note(session_, std::string(enum_name(task.task)) + " task (" + task.task_reason + "): " + std::to_string(task.n_rows) +
                             " rows, " + std::to_string(task.n_features) + " features, " +
                             (task.n_folds == 1 ? "one holdout" : std::to_string(task.n_folds) + " folds") + ", metric " + task.metric);
    write_note(session_, "study '" + task.study + "' of " + task.learner +
                             (task.n_trials_before > 0 ? ", with " + std::to_string(task.n_trials_before) + " trials" : ""));
  }

  void on_fold(int64_t trial, int64_t fold) override {
    if (!line_.is_due()) return;
    std::string text = short_seconds(elapsed()) + (time_limit_ ? "/" + short_seconds(*time_limit_) : "");
    text +=
        "  trial " + std::to_string(trial) + " (" + std::to_string(n_done_ + 1) + (n_trials_ ? "/" + std::to_string(*n_trials_) : "") + ")";
    if (best_) text += "  best " + task_.metric + " " + short_number(*best_) + " of trial " + std::to_string(best_trial_);
    line_.draw(text + "  fold " + std::to_string(fold + 1) + "/" + std::to_string(task_.n_folds));
  }

  void on_trial(const Study& study, const TrialRecord& trial) override {
    ++n_done_;
    line_.clear();
    std::string text = "  " + short_seconds(elapsed()) + "  trial " + std::to_string(trial.number) + ": ";
    if (trial.state == TrialState::Complete) {
      const TrialRecord best = study.best();
      best_ = best.values[0];
      best_trial_ = best.number;
      text += task_.metric + " " + short_number(trial.values[0]) + (best.number == trial.number ? ", the best" : "");
    } else if (trial.state == TrialState::Pruned) {
      text += "pruned after " + std::to_string(trial.intermediate.size()) + " of " + std::to_string(task_.n_folds) + " folds";
    } else {
      text += std::string(enum_name(trial.state)) + ": " + trial.failure;
    }
    write_note(session_, text + "  [" + parameters_text(trial_parameters(study, trial)) + "]");
    dashboard_.follow(study);
  }

 private:
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - session_.started).count(); }
  static std::string short_seconds(double seconds) { return std::to_string(static_cast<int64_t>(seconds)) + "s"; }

  const Session& session_;
  Dashboard& dashboard_;
  std::optional<int64_t> n_trials_;
  std::optional<double> time_limit_;
  LiveLine line_;
  TuneTask task_;
  int64_t n_done_ = 0, best_trial_ = -1;
  std::optional<double> best_;
};

Value best_value(const TuneResult& result) {
  return Value(Value::Object{{"learner", Value(result.task.learner)},
                             {"parameters", Value(result.parameters)},
                             {"metric", Value(result.task.metric)},
                             {"score", Value(result.best.values[0])},
                             {"study", Value(result.task.study)},
                             {"trial", Value(result.best.number)},
                             {"n_trials", Value(static_cast<int64_t>(result.study->n_trials()))},
                             {"n_folds", Value(result.task.n_folds)}});
}

// Options of TrainOptions that are of the models of a whole run, not of one learner.
const std::vector<std::string>& left_out() {
  static const std::vector<std::string> names = {"max_models", "preset", "learners", "refit", "patience", "min_delta"};
  return names;
}

bool is_left_out(const FieldSpec& field) { return std::ranges::find(left_out(), field.name) != left_out().end(); }

// A config file has the options of both tables side by side: those of one.
struct ConfigParts {
  Value table = Value::Object{}, tune = Value::Object{};
};

ConfigParts read_parts(const std::string& path) {
  ConfigParts parts;
  if (path.empty()) return parts;
  const Value file = read_config_file(path);
  if (!file.is_object()) throw Error(ErrorCode::BadFile, path + ": it must be an object of options by name");
  for (const auto& [name, value] : file.as_object()) {
    const FieldSpec* of_table = parameter_table<TrainOptions>().find(name);
    if (of_table != nullptr && is_left_out(*of_table))
      throw Error(ErrorCode::UnknownParameter, path + ": '" + name + "' is an option of `kolosal train`, not of `kolosal tune`");
    (parameter_table<TuneOptions>().find(name) != nullptr ? parts.tune : parts.table).set(name, value);
  }
  return parts;
}

// Flags over the environment over the config file over the defaults.
template <class Options>
Options resolved(const FieldFlags& flags, const Value& file, const std::string& path) {
  ParameterSources sources;
  sources.config_path = path;
  sources.flags = flags.values();
  return usage([&] { return resolve_parameters<Options>(sources, file); });
}

std::string config_text(const TuneOptions& options, const TrainOptions& table_options, const std::string& format) {
  ParameterTable both = parameter_table<TuneOptions>();
  Value value = to_value(options);
  const Value of_table = to_value(table_options);
  for (const FieldSpec& field : parameter_table<TrainOptions>().fields) {
    if (is_left_out(field)) continue;
    both.fields.push_back(field);
    value.set(field.name, of_table.at(field.name));
  }
  return write_config(value, config_format_of("." + format), &both);
}

void check_output(const std::string& output) {
  const std::string folder = std::filesystem::path(output).parent_path().string();
  if (!folder.empty() && !std::filesystem::is_directory(folder))
    throw Error(ErrorCode::Io, "the folder '" + folder + "' of the output is not there", "Make it, or name another.");
}

int run_tune(const Session& session, const TuneFlags& flags) {
  const ConfigParts file = usage([&] { return read_parts(flags.config); });
  const auto table_options = resolved<TrainOptions>(*flags.table_options, file.table, flags.config);
  auto options = resolved<TuneOptions>(*flags.options, file.tune, flags.config);
  if (!flags.set.empty()) options.set = flags.set;
  if (!flags.print_config.empty()) {
    write_output(config_text(options, table_options, flags.print_config));
    return kSuccess;
  }
  if (flags.table.empty())
    throw UsageError({ErrorCode::BadValue, "no table is named", "Name the file to tune on: kolosal tune adult.csv --target income"});
  usage([&] {
    check_tune_options(options);
    return 0;
  });
  check_output(flags.output);
  check_output(flags.dashboard);
  set_wait_check([cancel = session.cancel] { return cancel.cancelled(); });
  Dashboard dashboard(flags.dashboard);
  TuneProgress progress(session, dashboard, options.trials, table_options.time_limit);
  TuneRun run;
  run.cancel = session.cancel;
  run.listener = &progress;
  if (table_options.time_limit) run.deadline = deadline_of(session, *table_options.time_limit);
  const FitContext reading = make_context(session, thread_options(table_options));
  const Table table = read_table(flags.table, flags.reading->read<ReadOptions>(), reading);
  const TuneResult result = tune_learner(table, table_options, options, run);
  dashboard.finish(*result.study);
  const Value best = best_value(result);
  if (!flags.output.empty()) write_file_atomically(flags.output, [&](const auto& sink) { sink(to_json(best, 2) + "\n"); });
  if (session.json) {
    write_output(to_json(best));
  } else {
    std::vector<std::vector<std::string>> rows = {{result.task.metric, short_number(result.best.values[0]) + " (trial " +
                                                                           std::to_string(result.best.number) + " of " +
                                                                           std::to_string(result.study->n_trials()) + ")"}};
    for (const auto& [name, value] : result.parameters) rows.push_back({name, to_json(value)});
    std::string text = aligned(rows);
    text.pop_back();
    write_output(text);
  }
  return session.cancel.cancelled() ? kInterrupted : kSuccess;
}

}  // namespace

void add_tune(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("tune", "Look for the best parameters of a learner on a table");
  auto flags = std::make_shared<TuneFlags>();
  command->add_option("table", flags->table, "CSV, Parquet, Arrow or JSON-lines file; - for standard input");
  command->add_option("-o,--output", flags->output, "JSON file to write the best parameters to");
  command->add_option("--config", flags->config, "JSON, YAML or TOML file with these options; flags and environment override it");
  command->add_option("--print-config", flags->print_config, "Write the options that would be used as json, yaml or toml, and do nothing")
      ->check(CLI::IsMember({"json", "yaml", "toml"}));
  command->add_option("--dashboard", flags->dashboard, "HTML page to write as trials end, which a browser then shows as it grows");
  command
      ->add_option("--set", flags->set, parameter_table<TuneOptions>().find("set")->doc)  // a value may hold commas
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  flags->options = std::make_unique<FieldFlags>(*command, parameter_table<TuneOptions>(), tune_rules(), std::vector<std::string>{"set"});
  flags->table_options = std::make_unique<FieldFlags>(*command->add_option_group("The table and its folds"),
                                                      parameter_table<TrainOptions>(), training_table_rules(), left_out());
  flags->reading = std::make_unique<FieldFlags>(*command->add_option_group("Reading the table"), parameter_table<ReadOptions>(),
                                                std::map<std::string, FlagRule>{}, std::vector<std::string>{"columns", "chunk_rows"});
  command->footer(
      "Example: kolosal tune adult.csv --target income --learner gradient_boosting --time-limit 60s -o best.json\n"
      "         kolosal tune adult.csv --target income --trials 50 --pruner median --storage sqlite:///study.db   # and again, to go on");
  command->callback([&session, &exit_code, flags] { exit_code = run_tune(session, *flags); });
}

}  // namespace kolosal::cli
