// CSV text to columns: what csv.cc reads whole and in chunks.
//
// A text is cut into blocks at row ends, which are counted and converted apart from one another.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kolosal/table/cell_text.h"
#include "kolosal/table/io/input.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal {

/// Which texts mean missing. Blanks around a cell do not count, and a cell of blanks alone is missing.
class MissingTexts {
 public:
  explicit MissingTexts(const std::vector<std::string>& texts);
  /// Whether a cell with this text is missing.
  bool contains(std::string_view cell) const noexcept {
    cell = strip_blanks(cell);
    if (cell.empty()) return true;
    return cell.size() <= longest_ && first_[static_cast<unsigned char>(cell.front())] && texts_.contains(std::string(cell));
  }

 private:
  std::unordered_set<std::string> texts_;
  bool first_[256] = {};
  size_t longest_ = 0;
};

/// A piece of an input, with what is needed to say where in the input a byte of it is.
struct CsvText {
  std::string name;        ///< of the input
  std::string_view text;   ///< begins at the start of a line
  int64_t first_line = 1;  ///< line number of that start

  /// The line of the byte at `at`.
  int64_t line_of(const char* at) const noexcept;
  /// "adult.csv:1042: ".
  std::string place(const char* at) const;
};

/// How the cells of a CSV file become columns.
struct CsvPlan {
  char delimiter = ',';
  std::string decimal_points = ".";
  std::vector<std::string> names;   ///< of all columns in the file
  std::vector<uint8_t> wanted;      ///< whether the column is to be read
  std::vector<uint8_t> is_text;     ///< whether it is never parsed
  std::vector<CellFormat> formats;  ///< set by the first call of read_csv_rows, or before where `formats_known`
  std::vector<ColumnKind> kinds;    ///< kinds imposed where `imposed`
  std::vector<uint8_t> imposed;
  bool formats_known = false;
  bool strict = false;  ///< a cell that does not fit a known format is an error, even where it could be brought to its kind
  OnBadValue on_bad_value = OnBadValue::Error;
};

/// Makes the plan from the head of a file: finds delimiter and header. `text` loses its header. `whole` says that `text` is the
/// rest of the file. Throws Error(BadFile), Error(EmptyInput), Error(UnknownColumn), Error(BadValue) of options.
CsvPlan plan_csv(CsvText& text, const ReadOptions& options, const Table* like, bool whole);

/// The rows of `text`. `done(part)` is called when a part of the text has been read by a pass. Throws Error(BadFile) of the
/// first line that is wrong, Error(BadValue) of a cell that does not fit an imposed kind.
Table read_csv_rows(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
                    const std::function<void(std::string_view part)>& done = {});

/// Adds the cells of the rows of `text` to one sketch a column, which are made where there are none. Throws Error(BadFile) of the first
/// line that is wrong.
void sketch_csv_rows(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
                     std::vector<CellSketch>& sketches);

/// The format of each column by sketches of its cells, or none where there were no rows; kinds as the plan imposes them.
std::vector<CellFormat> formats_of(const CsvPlan& plan, const std::vector<CellSketch>& sketches);

/// A whole CSV document. Errors as read_table tells.
Table read_csv_input(const InputBytes& input, const ReadOptions& options, const FitContext& context);

/// A whole CSV document in memory (used by tests and the fuzz target too). Errors as read_table tells; `name` begins messages.
Table read_csv_text(std::string_view bytes, const std::string& name, const ReadOptions& options = {}, const FitContext& context = {});

}  // namespace kolosal
