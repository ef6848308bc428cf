// The head of a CSV file: encoding, delimiter, column names.
//
// The delimiter is the one of , ; tab | under which the most rows of the first 64 KiB have as many cells (two at least) as
// the first row; between equals the one that gives more cells. Where the first row holds none of them there is one column, and
// its cells may hold any of them.
//
// Checked  csv_test.cc.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "kolosal/table/io/csv_rows.h"
#include "kolosal/table/io/csv_text.h"
#include "kolosal/table/io/utf8.h"

namespace kolosal {
namespace {

constexpr size_t kSampleBytes = 65536;
constexpr size_t kSampleRows = 200;
constexpr char kNoDelimiter = '\x1F';  // the ASCII unit separator, which no text holds

/// The share of sampled rows with as many cells as the first, and that number.
struct Fit {
  double share = 0;
  size_t n_cells = 0;
};

Fit fit_of(std::string_view sample, char delimiter, bool whole) {
  CsvRows rows(sample, delimiter);
  Fit fit;
  size_t n_rows = 0, n_like_first = 0;
  while (n_rows < kSampleRows && rows.find_row()) {
    const size_t n_cells = rows.take_row([](size_t, std::string_view) {});
    if (rows.at_end() && !whole && n_rows > 0) break;  // cut off
    if (n_rows == 0) fit.n_cells = n_cells;
    n_like_first += n_cells == fit.n_cells;
    ++n_rows;
  }
  fit.share = n_rows == 0 ? 0 : static_cast<double>(n_like_first) / static_cast<double>(n_rows);
  return fit;
}

char find_delimiter(std::string_view text, bool whole) {
  const std::string_view sample = text.substr(0, kSampleBytes);
  char best = kNoDelimiter;
  Fit best_fit;
  for (const char candidate : {',', ';', '\t', '|'}) {
    const Fit fit = fit_of(sample, candidate, whole && sample.size() == text.size());
    if (fit.n_cells < 2) continue;
    if (best_fit.n_cells == 0 || fit.share > best_fit.share || (fit.share == best_fit.share && fit.n_cells > best_fit.n_cells)) {
      best = candidate;
      best_fit = fit;
    }
  }
  return best;
}

char chosen_delimiter(const ReadOptions& options, std::string_view text, bool whole) {
  if (options.delimiter.empty()) return find_delimiter(text, whole);
  if (options.delimiter == "\\t" || options.delimiter == "tab") return '\t';
  const char c = options.delimiter[0];
  if (options.delimiter.size() != 1 || c == '"' || c == '\n' || c == '\r' || c == '\0' || (c & 0x80) != 0)
    throw Error(ErrorCode::BadValue,
                "delimiter: '" + options.delimiter + "' cannot separate cells; one ASCII character other than a quote is allowed",
                "Give one of , ; | or tab, or leave it out to have it found.");
  return c;
}

std::string chosen_points(const ReadOptions& options, char delimiter) {
  if (options.decimal_point.empty()) return delimiter == ',' ? "." : ".,";
  if (options.decimal_point != "." && options.decimal_point != ",")
    throw Error(ErrorCode::BadValue, "decimal_point: found '" + options.decimal_point + "'; '.' or ',' is allowed",
                "Give one of these or leave it out.");
  return options.decimal_point;
}

[[noreturn]] void bad_file(const std::string& name, std::string what, std::string remedy) {
  throw Error(ErrorCode::BadFile, name + ": " + std::move(what), std::move(remedy));
}

/// Takes a UTF-8 byte order mark off; throws where the bytes are not text in UTF-8.
void check_encoding(CsvText& text) {
  const auto starts = [&](std::string_view bytes) { return text.text.starts_with(bytes); };
  if (starts("\xEF\xBB\xBF")) text.text.remove_prefix(3);
  if (starts("\xFF\xFE") || starts("\xFE\xFF"))
    bad_file(text.name, "the text is UTF-16, UTF-8 is needed", "Convert it: iconv -f UTF-16 -t UTF-8.");
  if (starts("\x1F\x8B") || starts("PK\x03\x04") || starts("\x28\xB5\x2F\xFD") || starts("BZh"))
    bad_file(text.name, "the file is compressed", "Unpack it first, or pipe it in: gunzip -c FILE | ... -");
}

void check_names(const CsvText& text, const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, size_t> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto [first, is_new] = seen.emplace(names[i], i);
    if (!is_new)
      bad_file(text.name,
               "columns " + std::to_string(first->second + 1) + " and " + std::to_string(i + 1) + " are both named '" + names[i] + "'",
               "Rename one of them in the first line.");
  }
}

/// Names for the header cells that have none: column_3, or column_3_ where that is taken.
void name_by_position(std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) continue;
    std::string name = "column_" + std::to_string(i + 1);
    while (std::ranges::find(names, name) != names.end()) name += '_';
    names[i] = name;
  }
}

std::vector<std::string> take_header(CsvText& text, char delimiter, bool header) {
  CsvRows rows(text.text, delimiter);
  if (!rows.find_row())
    throw Error(ErrorCode::EmptyInput, text.name + ": the file is empty", "Give a file with a line of column names and rows.");
  std::vector<std::string> names;
  rows.take_row([&](size_t, std::string_view cell) { names.emplace_back(header ? strip_blanks(cell) : std::string_view()); });
  if (rows.open_quote() != nullptr)
    throw Error(ErrorCode::BadFile, text.place(rows.open_quote()) + "a quote in the first row is never closed",
                "Close or remove the quote.");
  if (header) {
    text.first_line = text.line_of(rows.position());
    text.text.remove_prefix(static_cast<size_t>(rows.position() - text.text.data()));
  }
  for (const std::string& name : names)
    if (name.find('\0') != std::string::npos)
      bad_file(text.name, "the column names hold a NUL byte", "The file is not text, or is UTF-16: convert it to UTF-8.");
  for (const std::string& name : names)
    if (first_invalid_utf8(name) != name.size())
      bad_file(text.name, "the name of column " + std::to_string(&name - names.data() + 1) + " is not valid UTF-8",
               "Convert the file: iconv -f ISO-8859-1 -t UTF-8.");
  name_by_position(names);
  check_names(text, names);
  return names;
}

/// Which columns of the file are listed; throws where one is listed that the file does not have.
std::vector<uint8_t> chosen_columns(const CsvPlan& plan, const std::vector<std::string>& listed, const std::string& file) {
  std::vector<uint8_t> chosen(plan.names.size(), listed.empty());
  for (const std::string& name : listed) {
    const auto found = std::ranges::find(plan.names, name);
    if (found == plan.names.end())
      throw Error(ErrorCode::UnknownColumn,
                  "'" + name + "' is not a column of " + file + " (" + std::to_string(plan.names.size()) + " columns)" +
                      did_you_mean(name, plan.names),
                  "Check the names in the first line.");
    chosen[static_cast<size_t>(found - plan.names.begin())] = 1;
  }
  return chosen;
}

}  // namespace

CsvPlan plan_csv(CsvText& text, const ReadOptions& options, const Table* like, bool whole) {
  check_encoding(text);
  CsvPlan plan;
  plan.delimiter = chosen_delimiter(options, text.text, whole);
  plan.decimal_points = chosen_points(options, plan.delimiter);
  plan.on_bad_value = options.on_bad_value;
  if (text.text.find('\n') == std::string_view::npos && text.text.find('\r') < text.text.size() - 1)
    bad_file(text.name, "lines end in CR alone; LF or CR LF is needed", "Convert it: tr '\\r' '\\n'.");
  plan.names = take_header(text, plan.delimiter, options.header);
  plan.wanted = chosen_columns(plan, options.columns, text.name);
  plan.formats.resize(plan.names.size());
  plan.kinds.resize(plan.names.size(), ColumnKind::Text);
  plan.imposed.resize(plan.names.size());
  plan.is_text.resize(plan.names.size());
  for (size_t i = 0; i < plan.names.size(); ++i) {
    plan.is_text[i] = std::ranges::find(options.text_columns, plan.names[i]) != options.text_columns.end();
    const Column* column = like == nullptr ? nullptr : like->find(plan.names[i]);
    if (like == nullptr) continue;
    if (column == nullptr || column->kind() == ColumnKind::Categorical || column->kind() == ColumnKind::Text) plan.is_text[i] = 1;
    else if (!plan.is_text[i]) {
      plan.imposed[i] = 1;
      plan.kinds[i] = column->kind();
    }
  }
  return plan;
}

}  // namespace kolosal
