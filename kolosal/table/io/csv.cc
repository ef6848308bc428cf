// CSV: the format of the catalog, its chunk reader and its writer.
//
// The chunk reader holds one chunk: chunk_rows rows or chunk_bytes of text, whichever ends first. The writer quotes a cell that holds
// a comma, a quote, a line end, or blanks at its ends, doubles quotes, and leaves missing cells empty.
//
// Checked  csv_test.cc.
#include <algorithm>
#include <utility>

#include "kolosal/table/io/csv_rows.h"
#include "kolosal/table/io/csv_text.h"
#include "kolosal/table/io/input.h"
#include "kolosal/table/io/output.h"
#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

constexpr size_t kMostHeadBytes = size_t{64} << 20;

class CsvReader final : public TableReader {
 public:
  CsvReader(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints& hints)
      : input_(std::move(input)),
        missing_(options.missing),
        chunk_rows_(static_cast<size_t>(std::max<int64_t>(options.chunk_rows, 1))),
        chunk_bytes_(hints.chunk_bytes) {
    fill();
    const std::string& name = input_->name();
    // The head must be the same as for a whole read: a sample of a short file ends where the file does.
    while (!ended_ && (buffer_.size() < kReadBytes || buffer_.find('\n') == std::string::npos)) fill();
    CsvText text{name, buffer_, line_};
    try {
      plan_ = plan_csv(text, options, hints.like, ended_);
    } catch (const Error&) {
      if (ended_) throw;
      while (!ended_ && buffer_.size() < kMostHeadBytes) fill();  // a header of many quoted lines
      text = CsvText{name, buffer_, line_};
      plan_ = plan_csv(text, options, hints.like, ended_);
    }
    plan_.strict = hints.strict && hints.like == nullptr;
    if (!hints.formats.empty()) {
      if (hints.formats.size() != plan_.names.size())
        throw Error(ErrorCode::BadFile,
                    name + ": there are " + std::to_string(plan_.names.size()) + " columns where there were " +
                        std::to_string(hints.formats.size()) + " before",
                    "Leave the file as it is while it is read.");
      plan_.formats = hints.formats;
      plan_.formats_known = true;
    }
    line_ = text.first_line;
    start_ = buffer_.size() - text.text.size();
  }

  std::optional<Table> next() override {
    const CsvText text = next_text();
    Table chunk = read_csv_rows(text, plan_, missing_, context_);
    pass(text);
    if (chunk.n_rows() == 0) {
      if (!any_)
        throw Error(ErrorCode::EmptyInput, input_->name() + ": there is a line of column names but no row",
                    "Give a file with at least one row below the names.");
      return std::nullopt;
    }
    any_ = true;
    return chunk;
  }

  /// The formats of all columns, by all rows.
  std::vector<CellFormat> survey(const FitContext& context) {
    std::vector<CellSketch> sketches;
    for (CsvText text = next_text(); !text.text.empty(); text = next_text()) {
      context.check();
      sketch_csv_rows(text, plan_, missing_, context, sketches);
      pass(text);
    }
    return formats_of(plan_, sketches);
  }

 private:
  /// The rows that come next, and that they have been given out.
  CsvText next_text() {
    const size_t size = find_chunk();
    return {input_->name(), std::string_view(buffer_).substr(start_, size), line_};
  }
  void pass(const CsvText& text) {
    line_ += std::count(text.text.begin(), text.text.end(), '\n');
    start_ += text.text.size();
  }

  /// Reads on; drops what has been given out.
  void fill() {
    buffer_.erase(0, start_);
    start_ = 0;
    const size_t before = buffer_.size();
    const size_t wanted = std::max(kReadBytes, before / 2);
    buffer_.resize(before + wanted);
    const size_t got = input_->read({buffer_.data() + before, wanted});
    buffer_.resize(before + got);
    ended_ = got == 0;
  }

  /// Bytes of the next chunk, which begins at start_: whole rows, or what is left.
  size_t find_chunk() {
    size_t scanned = 0, n_rows = 0;
    for (;;) {
      CsvRows rows(std::string_view(buffer_).substr(start_ + scanned), plan_.delimiter);
      const char* base = rows.position();
      size_t taken = 0;
      while (n_rows < chunk_rows_ && scanned + taken <= chunk_bytes_ && rows.find_row()) {
        rows.skip_row();
        if (rows.at_end() && !ended_) break;  // may be cut off
        taken = static_cast<size_t>(rows.position() - base);
        ++n_rows;
      }
      scanned += taken;
      if (n_rows == chunk_rows_ || (scanned > chunk_bytes_ && n_rows > 0)) return scanned;
      if (ended_) return buffer_.size() - start_;
      fill();
    }
  }

  std::unique_ptr<InputStream> input_;
  MissingTexts missing_;
  size_t chunk_rows_, chunk_bytes_;
  FitContext context_;
  CsvPlan plan_;
  std::string buffer_;
  size_t start_ = 0;    // of what has not been given out, in buffer_
  int64_t line_ = 1;    // of start_
  bool ended_ = false;  // the input has no more bytes than buffer_
  bool any_ = false;
};

void append_cell(std::string& line, std::string_view cell) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool quoted =
      cell.find_first_of(",\"\n\r") != std::string_view::npos || (!cell.empty() && (is_blank(cell.front()) || is_blank(cell.back())));
  if (!quoted) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

class CsvWriter final : public TableWriter {
 public:
  explicit CsvWriter(const std::string& path) : file_(path) {}

  void write(const Table& table) override {
    if (names_.empty()) {
      names_ = table.names();
      std::string line;
      for (size_t c = 0; c < names_.size(); ++c) {
        if (c > 0) line += ',';
        append_cell(line, names_[c]);
      }
      file_.write(line + "\n");
    } else if (names_ != table.names()) {
      throw Error(ErrorCode::BadValue, "csv: a later part has other columns than the first", "Write the same columns in every part.");
    }
    std::string line;
    for (size_t row = 0; row < table.n_rows(); ++row) {
      line.clear();
      for (size_t c = 0; c < table.n_columns(); ++c) {
        if (c > 0) line += ',';
        append_value(line, table.column(c), row);
      }
      if (line.empty()) line = "\"\"";  // an empty line would be no row
      line += '\n';
      file_.write(line);
    }
  }

  void close() override { file_.close(); }

 private:
  static void append_value(std::string& line, const Column& column, size_t row) {
    if (column.is_missing(row)) return;
    if (column.kind() == ColumnKind::Text) append_cell(line, column.text(row));
    else if (column.kind() == ColumnKind::Categorical) append_cell(line, (*column.dictionary())[static_cast<size_t>(column.codes()[row])]);
    else line += column.display(row);
  }

  OutputFile file_;
  std::vector<std::string> names_;
};

class CsvFormat final : public TableFormat {
 public:
  std::vector<std::string_view> endings() const override { return {".csv", ".tsv", ".tab", ".txt"}; }
  bool recognises(std::string_view) const override { return false; }
  Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const override {
    return read_csv_input(input, options, context);
  }
  std::unique_ptr<TableReader> open(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints& hints) const override {
    return std::make_unique<CsvReader>(std::move(input), options, hints);
  }
  std::vector<CellFormat> survey(std::unique_ptr<InputStream> input, const ReadOptions& options, const FitContext& context) const override {
    return CsvReader(std::move(input), options, {}).survey(context);
  }
  std::unique_ptr<TableWriter> create(const std::string& path) const override { return std::make_unique<CsvWriter>(path); }
};

}  // namespace

void register_csv(Catalog<TableFormat>& catalog) {
  catalog.add<CsvFormat>("csv", "Text with a line of column names; delimiter, decimal point and kinds are found.", {"tsv", "text"});
}

}  // namespace kolosal
