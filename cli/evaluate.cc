// kolosal evaluate: a model file and rows whose target is known in, every metric that fits with its interval out.

#include "cli/command.h"
#include "cli/field_flags.h"
#include "cli/model_input.h"
#include "kolosal/automl/automl.h"
#include "kolosal/base/json.h"

namespace kolosal::cli {
namespace {

struct EvaluateFlags {
  std::string model;
  std::string table;
  std::vector<std::string> metrics;
  std::unique_ptr<FieldFlags> threads;
  std::unique_ptr<FieldFlags> reading;
};

int run_evaluate(const Session& session, const EvaluateFlags& flags) {
  const TrainResult model = TrainResult::load(flags.model);
  const FitContext context = make_context(session, flags.threads->read<ThreadOptions>());
  const Table table = read_table(flags.table, reading_for(model.predictor->schema(), flags.reading->read<ReadOptions>()), context);
  const std::vector<MetricScore> scores = evaluate(*model.predictor, table, flags.metrics, context);
  if (session.json) {
    Value value{Value::Object()};
    Value metrics{Value::Object()};
    for (const MetricScore& score : scores)
      metrics.set(score.metric,
                  Value(Value::Object{{"score", Value(score.score)}, {"low", Value(score.low)}, {"high", Value(score.high)}}));
    value.set("model", Value(flags.model))
        .set("table", Value(flags.table))
        .set("rows", Value(table.n_rows()))
        .set("metrics", std::move(metrics));
    write_output(to_json(value));
    return kSuccess;
  }
  std::vector<std::vector<std::string>> rows = {{"metric", "score", "95% interval"}};
  for (const MetricScore& score : scores)
    rows.push_back({score.metric, short_number(score.score), short_number(score.low) + " .. " + short_number(score.high)});
  write_output(aligned(rows));
  return kSuccess;
}

}  // namespace

void add_evaluate(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("evaluate", "Judge a model on a table that has the target");
  auto flags = std::make_shared<EvaluateFlags>();
  command->add_option("model", flags->model, "Model file")->required();
  command->add_option("table", flags->table, "CSV, Parquet, Arrow or JSON-lines file; - for standard input")->required();
  command->add_option("--metric", flags->metrics, "Only these metrics; every one that fits the task where not given")->delimiter(',');
  flags->threads = thread_flags(*command);
  flags->reading =
      std::make_unique<FieldFlags>(*command->add_option_group("Reading the table"), parameter_table<ReadOptions>(),
                                   std::map<std::string, FlagRule>{}, std::vector<std::string>{"columns", "text_columns", "chunk_rows"});
  command->footer("Example: kolosal evaluate adult.kolosal test.csv");
  command->callback([&session, &exit_code, flags] { exit_code = run_evaluate(session, *flags); });
}

}  // namespace kolosal::cli
