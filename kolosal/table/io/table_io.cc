// Which format a file has, and the entries to reading and writing.
//
// The format is the one named, else the one whose signature the file begins with, else that of the name's ending, else CSV.
//
// Checked  table_io_test.cc.
#include "kolosal/table/io/table_io.h"

#include <algorithm>
#include <cctype>

#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

/// The format that the name's ending tells; nullptr where it tells none.
const CatalogEntry<TableFormat>* by_ending(const std::string& path) {
  std::string lower = path;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& entry : table_formats().entries())
    for (const std::string_view ending : entry.make({})->endings())
      if (lower.ends_with(ending)) return &entry;
  return nullptr;
}

std::unique_ptr<TableFormat> format_to_read(const std::string& path, const std::string& named, std::string_view first_bytes) {
  if (!named.empty()) return table_formats().make(named);
  for (const auto& entry : table_formats().entries())
    if (auto format = entry.make({}); format->recognises(first_bytes)) return format;
  if (const auto* entry = by_ending(path)) return entry->make({});
  return table_formats().make("csv");
}

}  // namespace

void describe(Fields<ReadOptions>& fields) {
  fields.add("format", &ReadOptions::format, "Format of the file: csv, parquet, arrow or jsonl; empty to tell by name and first bytes.");
  fields.add("delimiter", &ReadOptions::delimiter, "Character between the cells of a CSV file; empty to find it.").alias("sep");
  fields.add("decimal_point", &ReadOptions::decimal_point, "Decimal point of a CSV file, '.' or ','; empty to find it.").alias("decimal");
  fields.add("header", &ReadOptions::header, "Whether the first line of a CSV file names the columns.");
  fields.add("missing", &ReadOptions::missing, "Texts that mean a missing value.").alias("na_values");
  fields.add("columns", &ReadOptions::columns, "Columns to read; empty for all.").alias("usecols");
  fields.add("text_columns", &ReadOptions::text_columns, "Columns that are never parsed as numbers or dates.");
  fields.add("on_bad_value", &ReadOptions::on_bad_value, "What to do with a cell that does not fit its column's kind.");
  fields.add("chunk_rows", &ReadOptions::chunk_rows, "Rows that are read at a time where a file is read in chunks.")
      .min(1)
      .max(100'000'000);
}

Table read_table(const std::string& path, const ReadOptions& options, const FitContext& context) {
  const InputBytes input = load_input(path);
  const auto check_unchanged = [&input] {
    if (input.map != nullptr) input.map->check_unchanged(input.name);
  };
  try {
    const auto format = format_to_read(path, options.format, input.bytes.substr(0, kSniffBytes));
    Table table = format->read(input, options, context);
    check_unchanged();
    return table;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::BadFile || error.code() == ErrorCode::BadValue) check_unchanged();  // which explains it better
    throw;
  }
}

std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options, const Table* like) {
  return open_table(path, options, OpenHints{.like = like});
}

std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options, const OpenHints& hints) {
  auto input = std::make_unique<InputStream>(path, hints.name);
  const auto format = format_to_read(input->name(), options.format, input->peek(kSniffBytes));
  return format->open(std::move(input), options, hints);
}

std::vector<CellFormat> survey_formats(const std::string& path, const ReadOptions& options, const FitContext& context,
                                       const std::string& name) {
  auto input = std::make_unique<InputStream>(path, name);
  const auto format = format_to_read(input->name(), options.format, input->peek(kSniffBytes));
  return format->survey(std::move(input), options, context);
}

std::unique_ptr<TableWriter> create_table(const std::string& path, const std::string& format) {
  if (!format.empty()) return table_formats().make(format)->create(path);
  if (const auto* entry = by_ending(path)) return entry->make({})->create(path);
  if (path == "-") return table_formats().make("csv")->create(path);
  std::string known;
  for (const auto& entry : table_formats().entries())
    for (const std::string_view ending : entry.make({})->endings()) known += (known.empty() ? "" : ", ") + std::string(ending);
  throw Error(ErrorCode::UnknownName, "the name '" + path + "' does not tell a table format; known endings: " + known,
              "Give the file one of these endings, or name the format.");
}

void write_table(const Table& table, const std::string& path, const std::string& format) {
  const auto writer = create_table(path, format);
  writer->write(table);
  writer->close();
}

}  // namespace kolosal
