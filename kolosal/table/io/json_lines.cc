// JSON lines: one object a line, its members the cells of a row. Columns come in order of first appearance; a member that a line
// does not have, or that is null, is missing. Numbers, booleans and texts keep their type, except that a column whose texts are
// all dates or timestamps is one of those; a column of mixed types is Text. Nested members are errors.
//
// The chunk reader holds chunk_rows lines or chunk_bytes of them. The columns are those of `like`, else of the first chunk. Written numbers
// read back the same; NaN is null, and infinity is 1e999, which every reader takes for infinity.
//
// Cost     two passes over the text by one thread: kinds first, then values.
// Checked  table_io_test.cc, json_lines_test.cc.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "kolosal/base/json.h"
#include "kolosal/table/io/csv_text.h"
#include "kolosal/table/io/input.h"
#include "kolosal/table/io/output.h"
#include "kolosal/table/io/table_format.h"
#include "kolosal/table/io/utf8.h"

namespace kolosal {
namespace {

enum class JsonType { Null, Boolean, Number, Text };

/// One member of a line.
struct Member {
  std::string_view name;
  JsonType type = JsonType::Null;
  std::string_view text;  // the literal, or the characters of a text
};

[[noreturn]] void bad_line(const CsvText& text, const char* at, const std::string& what) {
  throw Error(ErrorCode::BadFile, text.place(at) + what, "Each line must be one JSON object of numbers, texts, true, false and null.");
}

/// Reads the members of one line.
class LineScanner {
 public:
  LineScanner(const CsvText& text, std::string_view line) : text_(text), at_(line.data()), end_(line.data() + line.size()) {}

  template <class OnMember>
  void scan(const OnMember& on_member) {
    expect('{');
    if (!take('}')) {
      do {
        Member member;
        if (peek() != '"') bad_line(text_, at_, "a name in quotes is expected");
        member.name = take_text(name_);
        expect(':');
        take_value(member);
        on_member(member);
      } while (take(','));
      expect('}');
    }
    if (peek() != '\0' || at_ != end_) bad_line(text_, at_, "there is more after the object");
  }

 private:
  char peek() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }
  bool take(char c) {
    if (peek() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad_line(text_, at_, std::string("'") + c + "' is expected");
  }

  /// The text at the quote; unescaped into `room` where it holds escapes.
  std::string_view take_text(std::string& room) {
    const char* start = ++at_;
    bool escaped = false;
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) bad_line(text_, at_, "a text holds a control character");
      if (*at_ == '\\') {
        escaped = true;
        if (++at_ == end_) break;
      }
      ++at_;
    }
    if (at_ == end_) bad_line(text_, start - 1, "a quote opens here and is not closed in the line");
    const std::string_view raw(start, static_cast<size_t>(at_++ - start));
    if (!escaped) return raw;
    try {
      room = parse_json({start - 1, raw.size() + 2}).as_text();
    } catch (const Error&) {
      bad_line(text_, start - 1, "the text '" + std::string(utf8_prefix(raw, 60)) + "' has a wrong escape");
    }
    return room;
  }

  void take_value(Member& member) {
    const char first = peek();
    if (first == '"') {
      member.type = JsonType::Text;
      member.text = take_text(value_);
      return;
    }
    if (first == '{' || first == '[')
      bad_line(
          text_, at_,
          "column '" + std::string(member.name) + "' holds " + (first == '{' ? "an object" : "a list") + ", which is no cell of a table");
    const char* start = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ' ' && *at_ != '\t' && *at_ != '\r') ++at_;
    member.text = {start, static_cast<size_t>(at_ - start)};
    if (member.text == "null") member.type = JsonType::Null;
    else if (member.text == "true" || member.text == "false") member.type = JsonType::Boolean;
    else if (parse_number(member.text)) member.type = JsonType::Number;
    else
      bad_line(
          text_, start,
          "column '" + std::string(member.name) + "' holds '" + std::string(utf8_prefix(member.text, 60)) + "', which is no JSON value");
  }

  const CsvText& text_;
  const char* at_;
  const char* end_;
  std::string name_, value_;
};

/// A column as far as the lines have told, and while it is filled.
struct JsonColumn {
  std::string name;
  bool wanted = true, is_text = false, imposed = false;
  bool boolean = true, number = true, integer = true, text = true;
  CellSketch sketch;
  CellFormat format;
  size_t last_row = ~size_t{0};  // to find a name that a line has twice
  std::vector<double> reals;
  std::vector<int64_t> integers;
  std::vector<uint8_t> booleans, there;
  std::vector<std::string> texts;

  void look_at(const Member& member) {
    boolean &= member.type == JsonType::Boolean;
    number &= member.type == JsonType::Number;
    text &= member.type == JsonType::Text;
    if (member.type == JsonType::Number && integer) integer = parse_integer(member.text).has_value();
    if (member.type == JsonType::Text && !is_text) sketch.add(member.text);
  }

  void settle() {
    if (imposed) format = sketch.format_as(format.kind);
    else if (is_text) format = {ColumnKind::Text};
    else if (number) format = {integer && !text ? ColumnKind::Integer : ColumnKind::Numeric};  // both where no value was seen
    else if (boolean) format = {ColumnKind::Boolean};
    else if (text && (sketch.format().kind == ColumnKind::Date || sketch.format().kind == ColumnKind::Timestamp)) format = sketch.format();
    else format = {ColumnKind::Text};
  }

  void make_room(size_t n_rows) {
    there.assign(n_rows, 0);
    switch (format.kind) {
      case ColumnKind::Numeric: reals.assign(n_rows, 0); break;
      case ColumnKind::Boolean: booleans.assign(n_rows, 0); break;
      case ColumnKind::Text: texts.assign(n_rows, {}); break;
      default: integers.assign(n_rows, 0);
    }
  }

  /// False where the value does not fit the kind.
  bool store(size_t row, std::string_view value) {
    const auto put = [&](auto& values, const auto& parsed) {
      if (parsed) values[row] = *parsed;
      there[row] = parsed.has_value();
      return parsed.has_value();
    };
    switch (format.kind) {
      case ColumnKind::Numeric: return put(reals, parse_number(value));
      case ColumnKind::Integer: return put(integers, parse_integer(value));
      case ColumnKind::Boolean: return put(booleans, parse_boolean(value));
      case ColumnKind::Date: return put(integers, parse_date(value, format.date));
      case ColumnKind::Timestamp: return put(integers, parse_timestamp(value, format.date));
      default: return put(texts, std::optional<std::string>(value));
    }
  }

  Column finish() {
    Validity validity = Validity::from_bytes(there);
    switch (format.kind) {
      case ColumnKind::Numeric: return Column::numeric(name, std::exchange(reals, {}), std::move(validity));
      case ColumnKind::Integer: return Column::integer(name, std::exchange(integers, {}), std::move(validity));
      case ColumnKind::Boolean: return Column::boolean(name, std::exchange(booleans, {}), std::move(validity));
      case ColumnKind::Date: return Column::date(name, std::exchange(integers, {}), std::move(validity));
      case ColumnKind::Timestamp: return Column::timestamp(name, std::exchange(integers, {}), std::move(validity));
      default: return Column::text(name, std::exchange(texts, {}), std::move(validity));
    }
  }
};

/// Reads texts of JSON lines into tables that all have the columns of the first.
class JsonTables {
 public:
  JsonTables(const ReadOptions& options, const Table* like) : options_(options), missing_(options.missing), has_like_(like != nullptr) {
    if (like == nullptr) return;
    for (const Column& column : like->columns()) {
      JsonColumn& made = add(column.name());
      made.is_text = made.is_text || column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical;
      made.imposed = !made.is_text;
      made.format.kind = column.kind();
    }
  }

  Table read(const CsvText& text, const FitContext& context) {
    check_bytes(text);
    size_t n_rows = 0;
    for_each_line(text, context, [&](std::string_view line) { survey(text, line, n_rows++); });
    if (!settled_) {
      for (const std::string& name : options_.columns)
        if (!indices_.contains(name) && n_rows > 0)
          throw Error(ErrorCode::UnknownColumn, "'" + name + "' is not a column of " + text.name, "Check the names in the lines.");
      for (JsonColumn& column : columns_) column.settle();
      settled_ = n_rows > 0;
    }
    for (JsonColumn& column : columns_) column.make_room(n_rows);
    size_t row = 0;
    for_each_line(text, context, [&](std::string_view line) { fill(text, line, row++); });
    std::vector<Column> made;
    for (JsonColumn& column : columns_)
      if (column.wanted) made.push_back(column.finish());
    return n_rows == 0 ? Table() : Table(std::move(made));
  }

 private:
  JsonColumn& add(std::string name) {
    indices_.emplace(name, columns_.size());
    JsonColumn& column = columns_.emplace_back();
    column.name = std::move(name);
    column.wanted = options_.columns.empty() || std::ranges::find(options_.columns, column.name) != options_.columns.end();
    column.is_text = std::ranges::find(options_.text_columns, column.name) != options_.text_columns.end();
    return column;
  }

  static void check_bytes(const CsvText& text) {
    if (text.text.starts_with("\xFF\xFE") || text.text.starts_with("\xFE\xFF"))
      throw Error(ErrorCode::BadFile, text.name + ": the text is UTF-16, UTF-8 is needed", "Convert it: iconv -f UTF-16 -t UTF-8.");
    if (const size_t wrong = first_invalid_utf8(text.text); wrong != text.text.size())
      bad_line(text, text.text.data() + wrong, "the line is not valid UTF-8");
  }

  template <class OnLine>
  static void for_each_line(const CsvText& text, const FitContext& context, const OnLine& on_line) {
    std::string_view rest = text.text;
    for (size_t n = 0; !rest.empty(); ++n) {
      if (n % 4096 == 0) context.check();
      const size_t newline = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, newline);
      if (!strip_blanks(line).empty()) on_line(line);
      rest.remove_prefix(std::min(newline + 1, rest.size()));
    }
  }

  bool is_missing(const Member& member) const {
    return member.type == JsonType::Null || (member.type == JsonType::Text && missing_.contains(member.text));
  }

  void survey(const CsvText& text, std::string_view line, size_t row) {
    LineScanner(text, line).scan([&](const Member& member) {
      auto found = indices_.find(std::string(member.name));
      if (found == indices_.end()) {
        if (has_like_) return;
        if (member.name.empty()) bad_line(text, line.data(), "a member has an empty name");
        if (settled_)
          throw Error(ErrorCode::BadFile, text.place(line.data()) + "column '" + std::string(member.name) + "' is not in the first rows",
                      "Read the file whole, or put a line with every column first.");
        add(std::string(member.name));
        found = indices_.find(std::string(member.name));
      }
      JsonColumn& column = columns_[found->second];
      if (column.last_row == row) bad_line(text, line.data(), "the name '" + column.name + "' is there twice");
      column.last_row = row;
      if (!settled_ && column.wanted && !is_missing(member)) column.look_at(member);
    });
  }

  void fill(const CsvText& text, std::string_view line, size_t row) {
    LineScanner(text, line).scan([&](const Member& member) {
      const auto found = indices_.find(std::string(member.name));
      if (found == indices_.end()) return;
      JsonColumn& column = columns_[found->second];
      column.last_row = ~size_t{0};
      if (!column.wanted || is_missing(member) || column.store(row, member.text) || options_.on_bad_value == OnBadValue::Missing) return;
      throw Error(ErrorCode::BadValue,
                  text.place(line.data()) + "column '" + column.name + "' is " + std::string(enum_name(column.format.kind)) +
                      " but holds '" + std::string(utf8_prefix(member.text, 60)) + "'",
                  "Correct the value, read the column as text, or set on_bad_value to missing.");
    });
  }

  ReadOptions options_;
  MissingTexts missing_;
  bool has_like_;
  bool settled_ = false;
  std::vector<JsonColumn> columns_;
  std::unordered_map<std::string, size_t> indices_;
};

[[noreturn]] void no_rows(const std::string& name) {
  throw Error(ErrorCode::EmptyInput, name + ": the file has no row", "Give a file with at least one JSON object.");
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

class JsonReader final : public TableReader {
 public:
  JsonReader(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints& hints)
      : input_(std::move(input)),
        tables_(options, hints.like),
        chunk_rows_(static_cast<size_t>(std::max<int64_t>(options.chunk_rows, 1))),
        chunk_bytes_(hints.chunk_bytes) {}

  std::optional<Table> next() override {
    const size_t size = find_chunk();
    const std::string_view chunk(buffer_.data(), size);
    const Table table = tables_.read({input_->name(), first_ ? without_mark(chunk) : chunk, line_}, context_);
    line_ += std::count(chunk.begin(), chunk.end(), '\n');
    buffer_.erase(0, size);
    if (table.n_rows() == 0) {
      if (first_) no_rows(input_->name());
      return std::nullopt;
    }
    first_ = false;
    return table;
  }

 private:
  /// Bytes of the next chunk_rows lines that are not blank, or about chunk_bytes_.
  size_t find_chunk() {
    size_t end = 0, n_rows = 0;
    for (;;) {
      for (size_t newline;
           n_rows < chunk_rows_ && (end <= chunk_bytes_ || n_rows == 0) && (newline = buffer_.find('\n', end)) != std::string::npos;
           end = newline + 1)
        n_rows += !strip_blanks(std::string_view(buffer_).substr(end, newline - end)).empty();
      if (n_rows == chunk_rows_ || (end > chunk_bytes_ && n_rows > 0)) return end;
      const size_t before = buffer_.size();
      buffer_.resize(before + std::max(kReadBytes, before / 2));
      const size_t got = input_->read({buffer_.data() + before, buffer_.size() - before});
      buffer_.resize(before + got);
      if (got == 0) return buffer_.size();
    }
  }

  std::unique_ptr<InputStream> input_;
  JsonTables tables_;
  size_t chunk_rows_, chunk_bytes_;
  FitContext context_;
  std::string buffer_;
  int64_t line_ = 1;
  bool first_ = true;
};

class JsonWriter final : public TableWriter {
 public:
  explicit JsonWriter(const std::string& path) : file_(path) {}

  void write(const Table& table) override {
    if (names_.empty()) {
      names_ = table.names();
      for (const std::string& name : names_) keys_.push_back(to_json(Value(name)) + ":");
    } else if (names_ != table.names()) {
      throw Error(ErrorCode::BadValue, "jsonl: a later part has other columns than the first", "Write the same columns in every part.");
    }
    std::string line;
    for (size_t row = 0; row < table.n_rows(); ++row) {
      line = "{";
      for (size_t c = 0; c < table.n_columns(); ++c) {
        if (c > 0) line += ',';
        line += keys_[c];
        append_value(line, table.column(c), row);
      }
      line += "}\n";
      file_.write(line);
    }
  }

  void close() override { file_.close(); }

 private:
  static void append_value(std::string& line, const Column& column, size_t row) {
    if (column.is_missing(row)) {
      line += "null";
    } else if (column.kind() == ColumnKind::Numeric && !std::isfinite(column.number(row))) {
      line += std::isnan(column.number(row)) ? "null" : column.number(row) > 0 ? "1e999" : "-1e999";
    } else if (column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer || column.kind() == ColumnKind::Boolean) {
      line += column.display(row);
    } else {
      line += to_json(Value(column.display(row)));
    }
  }

  OutputFile file_;
  std::vector<std::string> names_, keys_;
};

class JsonLinesFormat final : public TableFormat {
 public:
  std::vector<std::string_view> endings() const override { return {".jsonl", ".ndjson"}; }
  bool recognises(std::string_view first_bytes) const override { return first_bytes.starts_with("{\""); }
  Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const override {
    Table table = JsonTables(options, nullptr).read({input.name, without_mark(input.bytes)}, context);
    if (table.n_rows() == 0) no_rows(input.name);
    return table;
  }
  std::unique_ptr<TableReader> open(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints& hints) const override {
    return std::make_unique<JsonReader>(std::move(input), options, hints);
  }
  std::unique_ptr<TableWriter> create(const std::string& path) const override { return std::make_unique<JsonWriter>(path); }
};

}  // namespace

void register_jsonl(Catalog<TableFormat>& catalog) {
  catalog.add<JsonLinesFormat>("jsonl", "One JSON object a line.", {"json_lines", "ndjson"});
}

}  // namespace kolosal
