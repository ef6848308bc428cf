// kolosal train: a table and the name of its target in, a model file and a report out.

#include <filesystem>

#include "cli/command.h"
#include "cli/field_flags.h"
#include "cli/progress.h"
#include "kolosal/automl/automl.h"
#include "kolosal/automl/report.h"
#include "kolosal/base/config.h"
#include "kolosal/base/json.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal::cli {
namespace {

struct TrainFlags {
  std::string table;
  std::string output;
  std::string report;
  std::string config;
  std::string print_config;
  std::string run_directory;
  bool no_report = false;
  bool resume = false;
  std::unique_ptr<FieldFlags> options;
  std::unique_ptr<FieldFlags> reading;
};

std::map<std::string, FlagRule> train_rules() {
  std::map<std::string, FlagRule> rules = training_table_rules();
  rules.emplace("learners", FlagRule{"--learner", {}});
  return rules;
}

std::string default_output(const std::string& table) {
  return table == "-" ? "model.kolosal" : std::filesystem::path(table).stem().string() + ".kolosal";
}

std::string leaderboard_text(const RunRecord& record) {
  std::vector<std::vector<std::string>> rows = {{"model", record.metric, "95% interval", "weight", "fit s", "size", "note"}};
  for (const CandidateRecord& candidate : record.candidates)
    rows.push_back(
        {candidate.name, candidate.score ? short_number(*candidate.score) : "-",
         candidate.score_low ? short_number(*candidate.score_low) + " .. " + short_number(*candidate.score_high) : "",
         candidate.weight > 0 && candidate.name != "ensemble" ? short_number(candidate.weight) : "",
         candidate.fit_seconds ? short_number(*candidate.fit_seconds) : "",
         candidate.size_bytes > 0 ? short_bytes(static_cast<double>(candidate.size_bytes)) : "",
         candidate.status == CandidateStatus::Trained ? "" : std::string(enum_name(candidate.status)) + ": " + candidate.reason});
  return aligned(rows);
}

TrainOptions resolve_options(const TrainFlags& flags) {
  ParameterSources sources;
  sources.config_path = flags.config;
  sources.flags = flags.options->values();
  return usage([&sources] { return resolve_parameters<TrainOptions>(sources); });
}

int run_train(const Session& session, const TrainFlags& flags) {
  const TrainOptions options = resolve_options(flags);
  if (!flags.print_config.empty()) {
    write_output(write_config(to_value(options), config_format_of("." + flags.print_config), &parameter_table<TrainOptions>()));
    return kSuccess;
  }
  if (flags.table.empty())
    throw UsageError({ErrorCode::BadValue, "no table is named", "Name the file to train on: kolosal train adult.csv --target income"});
  const std::string output = flags.output.empty() ? default_output(flags.table) : flags.output;
  const std::string folder = std::filesystem::path(output).parent_path().string();
  if (!folder.empty() && !std::filesystem::is_directory(folder))
    throw Error(ErrorCode::Io, "the folder '" + folder + "' of the output is not there", "Make it, or name another output with -o.");

  TrainRun run;
  run.cancel = session.cancel;
  if (options.time_limit) run.deadline = deadline_of(session, *options.time_limit);
  run.run_directory = flags.run_directory.empty() ? output + ".run" : flags.run_directory;
  run.resume = flags.resume;
  run.callbacks.push_back(std::make_shared<TrainProgress>(session, options.time_limit));

  FitContext reading = make_context(session, thread_options(options));
  const Table table = read_table(flags.table, flags.reading->read<ReadOptions>(), reading);
  const TrainResult result = AutoML(options).fit(table, run);
  result.save(output);
  std::string report;
  if (!flags.no_report) {
    report = !flags.report.empty() ? flags.report : (folder.empty() ? std::string() : folder + "/") + "report.html";
    write_report(result, report);
  }
  if (session.json) {
    Value value = to_value(result.record);
    value.set("model", Value(output)).set("report", Value(report));
    write_output(to_json(value));
  } else {
    write_output(leaderboard_text(result.record) + "\nmodel:  " + output + (report.empty() ? "" : "\nreport: " + report));
  }
  return session.cancel.cancelled() ? kInterrupted : kSuccess;
}

}  // namespace

void add_train(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("train", "Train models on a table and keep the best as one file");
  auto flags = std::make_shared<TrainFlags>();
  command->add_option("table", flags->table, "CSV, Parquet, Arrow or JSON-lines file; - for standard input");
  command->add_option("-o,--output", flags->output, "Model file to write; TABLE.kolosal where not given");
  command->add_option("--report", flags->report, "Report to write; report.html beside the model where not given");
  command->add_flag("--no-report", flags->no_report, "Write no report");
  command->add_option("--config", flags->config, "JSON, YAML or TOML file with these options; flags and environment override it");
  command->add_option("--print-config", flags->print_config, "Write the options that would be used as json, yaml or toml, and do nothing")
      ->check(CLI::IsMember({"json", "yaml", "toml"}));
  command->add_option("--run-directory", flags->run_directory,
                      "Where finished folds are kept until the run is over; MODEL.run where not given");
  command->add_flag("--resume", flags->resume, "Go on with a run that was interrupted, from its run directory");
  flags->options = std::make_unique<FieldFlags>(*command, parameter_table<TrainOptions>(), train_rules());
  flags->reading = std::make_unique<FieldFlags>(*command->add_option_group("Reading the table"), parameter_table<ReadOptions>(),
                                                std::map<std::string, FlagRule>{}, std::vector<std::string>{"columns", "chunk_rows"});
  command->footer("Example: kolosal train adult.csv --target income --time-limit 60s -o adult.kolosal");
  command->callback([&session, &exit_code, flags] { exit_code = run_train(session, *flags); });
}

}  // namespace kolosal::cli
