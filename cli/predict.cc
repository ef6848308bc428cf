// kolosal predict: a model file and rows in, predictions out, chunk by chunk in bounded memory.

#include "cli/command.h"
#include "cli/field_flags.h"
#include "cli/model_input.h"
#include "kolosal/base/json.h"

namespace kolosal::cli {
namespace {

struct PredictFlags {
  std::string model;
  std::string table;
  std::string output = "-";
  std::string format;
  std::vector<std::string> keep;
  std::unique_ptr<FieldFlags> threads;
  std::unique_ptr<FieldFlags> reading;
};

// Predictions with the columns that the user wants beside them.
Table beside(const Table& rows, const Table& predictions, const std::vector<std::string>& keep) {
  if (keep.empty()) return predictions;
  std::vector<Column> columns = rows.select(keep).columns();
  for (const Column& column : predictions.columns()) columns.push_back(column);
  return Table(std::move(columns));
}

int run_predict(const Session& session, const PredictFlags& flags) {
  const std::shared_ptr<const Predictor> loaded = load_predictor(flags.model);
  const Predictor& predictor = *loaded;
  const Threads threads(flags.threads->read<ThreadOptions>());
  const ReadOptions options = reading_for(predictor.schema(), flags.reading->read<ReadOptions>());
  const Table like = reading_kinds(predictor.schema());
  const auto reader = open_table(flags.table, options, &like);
  const auto writer = create_table(flags.output, flags.format);
  size_t n_rows = 0;
  while (auto chunk = reader->next()) {
    if (session.cancel.cancelled()) throw Error(ErrorCode::Cancelled, "stopped on request; nothing was written to '" + flags.output + "'");
    writer->write(beside(*chunk, predictor.predict(*chunk, threads).to_table(predictor.target_names()), flags.keep));
    n_rows += chunk->n_rows();
  }
  if (n_rows == 0) throw Error(ErrorCode::EmptyInput, "'" + flags.table + "' has no rows to predict (empty input)");
  writer->close();
  if (flags.output != "-") {
    if (session.json) write_output(to_json(Value(Value::Object{{"rows", Value(n_rows)}, {"output", Value(flags.output)}})));
    else write_note(session, std::to_string(n_rows) + " rows predicted: " + flags.output);
  }
  return kSuccess;
}

}  // namespace

void add_predict(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("predict", "Predict the rows of a table with a trained model");
  auto flags = std::make_shared<PredictFlags>();
  command->add_option("model", flags->model, "Model file")->required();
  command->add_option("table", flags->table, "CSV, Parquet, Arrow or JSON-lines file; - for standard input")->required();
  command->add_option("-o,--output", flags->output, "File to write; - for standard output")->capture_default_str();
  command->add_option("--output-format", flags->format, "csv, parquet, arrow or jsonl; by the output's name where not given");
  command->add_option("--keep", flags->keep, "Columns of the table to write beside the predictions")->delimiter(',');
  flags->threads = thread_flags(*command);
  flags->reading = std::make_unique<FieldFlags>(*command->add_option_group("Reading the table"), parameter_table<ReadOptions>(),
                                                std::map<std::string, FlagRule>{}, std::vector<std::string>{"columns", "text_columns"});
  command->footer("Example: kolosal predict adult.kolosal new.csv -o predictions.csv");
  command->callback([&session, &exit_code, flags] { exit_code = run_predict(session, *flags); });
}

}  // namespace kolosal::cli
