// kolosal preprocess: fits preprocessing on a table and keeps it, or applies one that was kept, forth or back. With --memory the table is
// gone through in passes and never in memory as a whole.

#include <filesystem>

#include "cli/command.h"
#include "cli/field_flags.h"
#include "cli/model_input.h"
#include "cli/progress.h"
#include "kolosal/automl/options.h"
#include "kolosal/base/config.h"
#include "kolosal/base/json.h"
#include "kolosal/base/memory_pressure.h"
#include "kolosal/base/reference.h"
#include "kolosal/inference/preprocessor_artifact.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/stream/preprocess_file.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal::cli {
namespace {

struct PreprocessFlags {
  std::string table;
  std::string output = "-";
  std::string format;
  std::string save;
  std::string load;
  std::string target;
  std::string memory;
  bool inverse = false;
  std::unique_ptr<FieldFlags> threads;
  std::unique_ptr<FieldFlags> config;
  std::unique_ptr<FieldFlags> reading;
};

PreprocessorConfig resolve_config(const PreprocessFlags& flags) {
  return usage([&flags] { return resolve_parameters<PreprocessorConfig>({{}, process_environment(), flags.config->values()}); });
}

// Says which texts became missing, and where.
void write_marker_notes(const Session& session, const Schema& schema) {
  for (const std::string& note : marker_notes(schema)) write_note(session, note + "; --no-auto-detect-types keeps texts");
}

Table fit_and_save(const Session& session, const PreprocessFlags& flags) {
  const FitContext context = make_context(session, flags.threads->read<ThreadOptions>());
  const PreprocessorConfig config = resolve_config(flags);
  Table table = read_table(flags.table, flags.reading->read<ReadOptions>(), context);
  Target target;
  std::vector<Column> kept;
  if (!flags.target.empty()) {
    SchemaOptions options;
    options.target = {flags.target};
    const Schema schema = infer_schema(table, options);
    table = table.take(rows_with_target(table, schema));
    const Table conformed = conform(table, schema, Conform::Training);
    target = make_target(conformed, schema, infer_task(conformed, schema, nullptr));
    kept.push_back(table.column(flags.target));
    table = table.drop(std::vector<std::string>{flags.target});
  }
  std::optional<std::vector<uint32_t>> rows;
  auto [fitted, out] = DataPreprocessor(config).fit_transform(table, flags.target.empty() ? nullptr : &target, context, &rows);
  write_marker_notes(session, fitted.schema());
  if (!flags.save.empty()) save_preprocessor(fitted, flags.save);
  for (const Column& column : kept) out = out.with_column(rows ? column.take(*rows) : column);
  if (rows) write_note(session, std::to_string(table.n_rows() - rows->size()) + " training rows removed");
  return out;
}

// The target without rows, of the kind that all of its rows say; a text where they can be read but once.
Column target_kind(const PreprocessFlags& flags) {
  if (!std::filesystem::is_regular_file(flags.table)) return Column::text(flags.target, {});
  auto options = flags.reading->read<ReadOptions>();
  options.columns = {flags.target};
  return read_table(flags.table, options).slice(0, 0).column(flags.target);
}

// A reader of rows for `fitted`, whose features are read as its schema knows them.
std::unique_ptr<TableReader> open_features(const PreprocessFlags& flags, const FittedPreprocessor& fitted) {
  Table like = reading_kinds(fitted.schema());
  if (!flags.target.empty()) like = like.with_column(target_kind(flags));
  return open_table(flags.table, reading_for(fitted.schema(), flags.reading->read<ReadOptions>()), &like);
}

// Applies a kept preprocessor chunk by chunk.
size_t apply(const Session& session, const PreprocessFlags& flags, TableWriter& writer) {
  const FittedPreprocessor fitted = load_preprocessor(flags.load);
  const FitContext context = make_context(session, flags.threads->read<ThreadOptions>());
  const auto reader = flags.inverse ? open_table(flags.table, flags.reading->read<ReadOptions>()) : open_features(flags, fitted);
  size_t n_rows = 0;
  while (auto chunk = reader->next()) {
    if (session.cancel.cancelled()) throw Error(ErrorCode::Cancelled, "stopped on request; nothing was written to '" + flags.output + "'");
    Table out = flags.inverse ? fitted.inverse_transform(*chunk) : fitted.transform(*chunk, *context.threads);
    if (!flags.target.empty()) out = out.with_column(chunk->column(flags.target));
    writer.write(out);
    n_rows += chunk->n_rows();
  }
  return n_rows;
}

// Says what was done: `report` with the output, the time and the memory it took.
void write_done(const Session& session, const PreprocessFlags& flags, Value report, const std::string& how) {
  const double seconds = std::chrono::duration<double>(Clock::now() - session.started).count();
  const size_t peak_bytes = read_memory_state().peak_bytes;
  report.set("output", Value(flags.output)).set("seconds", Value(seconds)).set("peak_memory_bytes", Value(peak_bytes));
  if (session.json && flags.output != "-") return write_output(to_json(report));
  write_note(session, std::to_string(report.at("rows").as_integer()) + " rows preprocessed" + how + ", " + short_number(seconds) +
                          " s, at most " + short_bytes(static_cast<double>(peak_bytes)) + " of memory");
}

// Fits and writes in passes over the file.
int run_in_passes(const Session& session, const PreprocessFlags& flags) {
  FilePassOptions options;
  options.reading = flags.reading->read<ReadOptions>();
  options.output_format = flags.format;
  options.target = flags.target;
  options.memory_bytes = static_cast<size_t>(usage([&flags] { return parse_bytes(flags.memory); }));
  FilePassReport report;
  {
    PassProgress line(session);
    options.on_progress = [&line](const FileProgress& progress) { line.show(progress); };
    const FittedPreprocessor fitted = preprocess_file(flags.table, flags.output, resolve_config(flags), options,
                                                      make_context(session, flags.threads->read<ThreadOptions>()), &report);
    write_marker_notes(session, fitted.schema());
    if (!flags.save.empty()) save_preprocessor(fitted, flags.save);
  }
  if (report.n_rows_removed > 0) write_note(session, std::to_string(report.n_rows_removed) + " training rows removed");
  Value value = to_value(report);
  value.set("rows", Value(report.n_rows_written));
  write_done(session, flags, std::move(value), " in " + std::to_string(report.n_passes) + " passes");
  return kSuccess;
}

int run_preprocess(const Session& session, const PreprocessFlags& flags) {
  const Value configured = flags.config->values();
  if (!flags.load.empty() && !configured.as_object().empty())
    throw CLI::ValidationError(flag_name(configured.as_object().front().first),
                               "says how to fit, and --load applies what was fitted; leave out one of the two");
  if (flags.load.empty() && flags.inverse)
    throw UsageError({ErrorCode::BadValue, "--inverse undoes preprocessing that was kept", "Name it with --load FILE."});
  if (flags.output != "-" && flags.save == flags.output)
    throw UsageError({ErrorCode::BadValue, "--save and --output are the same file '" + flags.output + "'", "Name two files."});
  if (!flags.memory.empty()) return run_in_passes(session, flags);
  const auto writer = create_table(flags.output, flags.format);
  size_t n_rows = 0;
  if (flags.load.empty()) {
    const Table out = fit_and_save(session, flags);
    writer->write(out);
    n_rows = out.n_rows();
  } else {
    n_rows = apply(session, flags, *writer);
  }
  writer->close();
  write_done(session, flags, Value(Value::Object{{"rows", Value(n_rows)}}), "");
  return kSuccess;
}

}  // namespace

void add_preprocess(CLI::App& program, Session& session, int& exit_code) {
  CLI::App* command = program.add_subcommand("preprocess", "Fit preprocessing on a table, or apply one that was kept");
  auto flags = std::make_shared<PreprocessFlags>();
  command->add_option("table", flags->table, "CSV, Parquet, Arrow or JSON-lines file; - for standard input")->required();
  command->add_option("-o,--output", flags->output, "File to write; - for standard output")->capture_default_str();
  command->add_option("--output-format", flags->format, "csv, parquet, arrow or jsonl; by the output's name where not given");
  CLI::Option* save = command->add_option("--save", flags->save, "File to keep the fitted preprocessing in");
  CLI::Option* load =
      command->add_option("--load", flags->load, "Apply the preprocessing of this file in place of fitting")->excludes(save);
  command->add_flag("--inverse", flags->inverse, "Undo the preprocessing of --load");
  command->add_option("--memory", flags->memory, "Most memory to use, as in 500MB: the table is read several times, a part of it at a time")
      ->excludes(load);
  command->add_option("-t,--target", flags->target, "Target column: used by target encoding, and passed through unchanged");
  flags->threads = thread_flags(*command);
  flags->config = std::make_unique<FieldFlags>(*command, parameter_table<PreprocessorConfig>());
  flags->reading = std::make_unique<FieldFlags>(*command->add_option_group("Reading the table"), parameter_table<ReadOptions>(),
                                                std::map<std::string, FlagRule>{}, std::vector<std::string>{"columns"});
  command->footer(
      "Example: kolosal preprocess adult.csv --scaling standard --save prep.kolosal -o adult.parquet\n"
      "         kolosal preprocess larger_than_memory.csv --memory 500MB -o out.parquet");
  command->callback([&session, &exit_code, flags] { exit_code = run_preprocess(session, *flags); });
}

}  // namespace kolosal::cli
