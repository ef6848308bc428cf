// Tables in and out of files: CSV, Parquet, Arrow IPC and JSON lines; whole, in chunks, or as a stream. Arrow is used inside only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/table.h"

namespace kolosal {

/// What to do with a cell that does not fit its column's kind.
enum class OnBadValue { Error, Missing };

constexpr auto enum_names(OnBadValue) {
  return std::to_array<std::pair<OnBadValue, std::string_view>>({{OnBadValue::Error, "error"}, {OnBadValue::Missing, "missing"}});
}

/// How to read a file; the defaults find out.
struct ReadOptions {
  std::string format;         ///< "csv", "parquet", "arrow", "jsonl"; empty: by the file's name and first bytes
  std::string delimiter;      ///< CSV: one character; empty: found among , ; tab |
  std::string decimal_point;  ///< CSV: "." or ","; empty: found
  bool header = true;         ///< CSV: whether the first line names the columns
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "#N/A"};  ///< texts that mean missing
  std::vector<std::string> columns;                                                                         ///< read only these; empty: all
  std::vector<std::string> text_columns;  ///< never parsed as numbers or dates
  OnBadValue on_bad_value = OnBadValue::Error;
  int64_t chunk_rows = 65536;  ///< rows of a chunk in open_table
};
void describe(Fields<ReadOptions>& fields);

/// Reads a table part by part.
class TableReader {
 public:
  virtual ~TableReader() = default;
  /// The next chunk, or nothing at the end. Every chunk has the same columns and kinds.
  virtual std::optional<Table> next() = 0;
  /// Bytes of memory that it takes at most for itself, beside what grows with the rows of a chunk; an estimate.
  virtual size_t own_bytes() const { return 0; }
};

/// Reads a whole file; "-" is standard input. Kinds come from all rows: Integer, Numeric, Boolean (true/false), Date, Timestamp, else Text.
/// Throws Error(Io) where it cannot be opened, Error(EmptyInput) without a header or rows, and Error(BadFile) that names file,
/// line and column: ragged line, invalid UTF-8, NUL bytes, UTF-16, a duplicate column name.
Table read_table(const std::string& path, const ReadOptions& options = {}, const FitContext& context = {});

/// Opens a file for reading in chunks, in bounded memory. Kinds of CSV and JSON lines come from `like` where given (its
/// categories are read as Text, and so is in CSV a column that it does not have; JSON lines leave that out), else from the
/// first chunk; Parquet and Arrow keep the types of the file. For prediction, `like` is reading_kinds(schema).
std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options = {}, const Table* like = nullptr);

/// What open_table may know of a file beside the options.
struct OpenHints {
  const Table* like = nullptr;      ///< kinds, as above
  std::string name;                 ///< what messages call the file; empty: its path
  std::vector<CellFormat> formats;  ///< CSV: how each column of the file is written, from survey_formats; empty: by the first chunk
  /// CSV without `like`: a cell that does not suit its column's kind (that of `formats`, or of the first chunk) is an Error(BadValue) even
  /// where it could be brought to that kind, as 3.0 to an integer: read_table would have widened the kind.
  bool strict = false;
  size_t chunk_bytes = size_t{64} << 20;  ///< CSV and JSON lines: text after which a chunk ends, though it has fewer rows
};
/// The same with hints.
std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options, const OpenHints& hints);

/// How each column of a file is written, by all of its rows, as read_table finds it: for OpenHints. One pass in bounded memory; empty for
/// formats other than CSV. Throws as read_table does.
std::vector<CellFormat> survey_formats(const std::string& path, const ReadOptions& options, const FitContext& context,
                                       const std::string& name = {});

/// Writes a table part by part; nothing is at `path` before close().
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// Appends rows; every table has the columns of the first. Throws Error(Io).
  virtual void write(const Table& table) = 0;
  /// Finishes the file and puts it in place. Throws Error(Io).
  virtual void close() = 0;
  /// Bytes of memory that it holds, and takes at its close, for what was written so far; an estimate.
  virtual size_t own_bytes() const { return 0; }
};

/// `format` as in ReadOptions; empty: by the name's ending, CSV for "-" (standard output).
std::unique_ptr<TableWriter> create_table(const std::string& path, const std::string& format = {});

/// Writes a whole table.
void write_table(const Table& table, const std::string& path, const std::string& format = {});

}  // namespace kolosal
