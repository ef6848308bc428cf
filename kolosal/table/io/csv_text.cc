// CSV text to columns, in two passes over blocks of rows.
//
// Cost     both passes are parallel over blocks of about 1 MiB; only where a text holds quotes is it cut into blocks by one
//          thread, since a line end may then be inside a cell. Memory: the columns, and 50 bytes a block and column.
// Checked  csv_test.cc: every malformed case, a round trip of random tables, 1 thread against 4.
#include "kolosal/table/io/csv_text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <optional>

#include "kolosal/table/io/csv_rows.h"
#include "kolosal/table/io/utf8.h"

namespace kolosal {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kMostBlocks = 1024;
constexpr size_t kShownBytes = 60;

std::string shown(std::string_view cell) {
  return cell.size() <= kShownBytes ? std::string(cell) : std::string(utf8_prefix(cell, kShownBytes)) + "...";
}

/// What the first pass learns of a block.
struct Block {
  std::string_view text;
  size_t n_rows = 0;
  size_t first_row = 0;
  std::vector<CellSketch> sketches;  // one a column
  std::vector<size_t> text_bytes;    // bytes of the cells of a column that are there
  std::exception_ptr failure;
};

/// Where the last row that begins before `size` ends: the place to cut `text`, which starts at a row.
size_t cut_with_quotes(std::string_view text, size_t size, char delimiter) {
  CsvRows rows(text, delimiter);
  while (static_cast<size_t>(rows.position() - text.data()) < size && rows.find_row()) rows.skip_row();
  return static_cast<size_t>(rows.position() - text.data());
}

std::vector<Block> cut_blocks(std::string_view text, char delimiter) {
  const size_t target = std::max(kBlockBytes, text.size() / kMostBlocks);
  std::vector<Block> blocks;
  while (!text.empty()) {
    size_t size = text.size();
    if (size > target) {
      const std::string_view head = text.substr(0, target);
      if (std::memchr(head.data(), '"', head.size()) != nullptr) {
        size = cut_with_quotes(text, target, delimiter);
      } else if (const size_t newline = head.rfind('\n'); newline != std::string_view::npos) {
        size = newline + 1;
      } else {
        size = cut_with_quotes(text, target, delimiter);
      }
    }
    blocks.emplace_back().text = text.substr(0, size);
    text.remove_prefix(size);
  }
  return blocks;
}

/// Reads one text under one plan.
class Reading {
 public:
  Reading(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
          const std::function<void(std::string_view)>& done)
      : text_(text), plan_(plan), missing_(missing), context_(context), done_(done), blocks_(cut_blocks(text.text, plan.delimiter)) {}

  Table run() {
    for_each_block([this](Block& block) { survey(block); });
    settle_formats();
    make_room();
    for_each_block([this](Block& block) { convert(block); });
    return finish();
  }

 private:
  /// Memory of one column while it is filled.
  struct Room {
    std::vector<double> reals;
    std::vector<int64_t> integers;
    std::vector<uint8_t> booleans;
    std::vector<int64_t> offsets;  // Text: n_rows + 1
    std::unique_ptr<char[]> bytes;
    std::vector<uint8_t> there;
  };
  struct TextOwner {
    std::vector<int64_t> offsets;
    std::unique_ptr<char[]> bytes;
  };

  size_t n_columns() const { return plan_.names.size(); }

  template <class Body>
  void for_each_block(const Body& body) {
    context_.threads->parallel_for(blocks_.size(), 1, [&](size_t begin, size_t) {
      Block& block = blocks_[begin];
      try {
        context_.check();
        body(block);
        if (done_) done_(block.text);
      } catch (...) {
        block.failure = std::current_exception();
      }
    });
    for (const Block& block : blocks_)
      if (block.failure) std::rethrow_exception(block.failure);
  }

  /// The name of the column that the byte `at` belongs to, for messages.
  std::string column_at(const Block& block, const char* at) const {
    CsvRows rows(block.text, plan_.delimiter);
    while (rows.find_row()) {
      const char* start = rows.position();
      rows.skip_row();
      if (at >= rows.position()) continue;
      CsvRows again({start, static_cast<size_t>(rows.position() - start)}, plan_.delimiter);
      std::string name;
      again.take_row([&](size_t index, std::string_view) {
        if (name.empty() && at < again.position() && index < n_columns()) name = "column '" + plan_.names[index] + "'";
      });
      return name.empty() ? "a cell" : name;
    }
    return "a cell";
  }

  void check_bytes(const Block& block) const {
    const std::string_view text = block.text;
    if (const void* nul = std::memchr(text.data(), '\0', text.size())) {
      const char* at = static_cast<const char*>(nul);
      throw Error(ErrorCode::BadFile, text_.place(at) + column_at(block, at) + " holds a NUL byte",
                  "The file is not text, or is UTF-16: convert it to UTF-8.");
    }
    if (const size_t wrong = first_invalid_utf8(text); wrong != text.size()) {
      const char* at = text.data() + wrong;
      char hex[8];
      std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned char>(*at));
      throw Error(ErrorCode::BadFile, text_.place(at) + column_at(block, at) + " holds the byte " + hex + ", which is not valid UTF-8",
                  "Convert the file: iconv -f ISO-8859-1 -t UTF-8.");
    }
  }

  [[noreturn]] void ragged(const char* start, size_t n_cells, std::string_view row) const {
    row = row.substr(0, row.find_first_of("\r\n"));
    throw Error(ErrorCode::BadFile,
                text_.place(start) + std::to_string(n_cells) + (n_cells == 1 ? " cell" : " cells") + " where there are " +
                    std::to_string(n_columns()) + " columns; the line begins '" + shown(row) + "'",
                "Quote cells that hold the delimiter '" + std::string(plan_.delimiter == '\t' ? "tab" : std::string(1, plan_.delimiter)) +
                    "', or set the delimiter.");
  }

  void survey(Block& block) {
    check_bytes(block);
    block.sketches.assign(n_columns(), CellSketch(plan_.decimal_points));
    block.text_bytes.assign(n_columns(), 0);
    CsvRows rows(block.text, plan_.delimiter);
    const bool sketching = !plan_.formats_known;
    while (rows.find_row()) {
      const char* start = rows.position();
      const size_t n_cells = rows.take_row([&](size_t column, std::string_view cell) {
        if (column >= n_columns() || !plan_.wanted[column] || missing_.contains(cell)) return;
        if (sketching && !plan_.is_text[column]) block.sketches[column].add(cell);
        block.text_bytes[column] += cell.size();
      });
      if (rows.open_quote() != nullptr)
        throw Error(ErrorCode::BadFile, text_.place(rows.open_quote()) + "a quote opens here and is never closed",
                    "Close or remove the quote.");
      if (n_cells != n_columns()) ragged(start, n_cells, {start, static_cast<size_t>(rows.position() - start)});
      ++block.n_rows;
    }
  }

  void settle_formats() {
    for (Block& block : blocks_) {
      block.first_row = n_rows_;
      n_rows_ += block.n_rows;
    }
    if (plan_.formats_known) return;
    for (size_t c = 0; c < n_columns(); ++c) {
      CellSketch sketch(plan_.decimal_points);
      for (const Block& block : blocks_) sketch.merge(block.sketches[c]);
      plan_.formats[c] = plan_.is_text[c] ? CellFormat{} : plan_.imposed[c] ? sketch.format_as(plan_.kinds[c]) : sketch.format();
    }
    plan_.formats_known = true;
  }

  void make_room() {
    size_t bytes = 0;
    for (size_t c = 0; c < n_columns(); ++c) {
      if (!plan_.wanted[c]) continue;
      bytes += n_rows_ * (plan_.formats[c].kind == ColumnKind::Boolean ? 2 : 9);
      if (plan_.formats[c].kind == ColumnKind::Text)
        for (const Block& block : blocks_) bytes += block.text_bytes[c];
    }
    lease_.emplace(context_.memory, bytes, "the table read from " + text_.name);
    rooms_.resize(n_columns());
    context_.threads->parallel_each(n_columns(), [&](size_t c) {
      if (plan_.wanted[c]) make_room_for(c);
    });
  }

  void make_room_for(size_t c) {
    Room& room = rooms_[c];
    room.there.resize(n_rows_);
    switch (plan_.formats[c].kind) {
      case ColumnKind::Numeric: room.reals.resize(n_rows_); break;
      case ColumnKind::Boolean: room.booleans.resize(n_rows_); break;
      case ColumnKind::Text:
      case ColumnKind::Categorical: {
        size_t total = 0;
        for (Block& block : blocks_) total += std::exchange(block.text_bytes[c], total);  // becomes where the block's bytes start
        room.offsets.resize(n_rows_ + 1);
        room.offsets[n_rows_] = static_cast<int64_t>(total);
        room.bytes = std::make_unique_for_overwrite<char[]>(total);
        break;
      }
      default: room.integers.resize(n_rows_);
    }
  }

  void convert(Block& block) {
    CsvRows rows(block.text, plan_.delimiter);
    for (size_t row = block.first_row; rows.find_row(); ++row) {
      const char* start = rows.position();
      rows.take_row([&](size_t c, std::string_view cell) {
        if (!plan_.wanted[c]) return;
        Room& room = rooms_[c];
        const bool text = plan_.formats[c].kind == ColumnKind::Text;
        if (text) room.offsets[row] = static_cast<int64_t>(block.text_bytes[c]);
        if (missing_.contains(cell)) return;
        if (text) {
          std::memcpy(room.bytes.get() + block.text_bytes[c], cell.data(), cell.size());
          block.text_bytes[c] += cell.size();
          room.there[row] = 1;
        } else if (store(room, plan_.formats[c], row, cell)) {
          room.there[row] = 1;
        } else if (plan_.on_bad_value == OnBadValue::Error) {
          throw Error(ErrorCode::BadValue,
                      text_.place(start) + "column '" + plan_.names[c] + "' is " + std::string(enum_name(plan_.formats[c].kind)) +
                          " but holds '" + shown(cell) + "'",
                      "Correct the cell, read the column as text, or set on_bad_value to missing.");
        }
      });
    }
  }

  /// Puts a value into its place; false where the cell does not fit.
  static bool store(Room& room, const CellFormat& format, size_t row, std::string_view cell) {
    const auto put = [row](auto& values, const auto& parsed) {
      if (parsed) values[row] = *parsed;
      return parsed.has_value();
    };
    switch (format.kind) {
      case ColumnKind::Integer: {
        auto parsed = parse_integer(cell);
        if (!parsed)  // 3.0 and 1e6 are whole numbers too
          if (const auto real = parse_number(cell, format.decimal_point); real && std::abs(*real) <= 0x1p53 && *real == std::floor(*real))
            parsed = static_cast<int64_t>(*real);
        return put(room.integers, parsed);
      }
      case ColumnKind::Numeric: return put(room.reals, parse_number(cell, format.decimal_point));
      case ColumnKind::Boolean: return put(room.booleans, parse_boolean(cell));
      case ColumnKind::Date: return put(room.integers, parse_date(cell, format.date));
      default: return put(room.integers, parse_timestamp(cell, format.date));
    }
  }

  Table finish() {
    std::vector<std::optional<Column>> made(n_columns());
    context_.threads->parallel_each(n_columns(), [&](size_t c) {
      if (plan_.wanted[c]) made[c] = finish_column(c);
    });
    std::vector<Column> columns;
    for (auto& column : made)
      if (column) columns.push_back(std::move(*column));
    return Table(std::move(columns));
  }

  Column finish_column(size_t c) {
    Room room = std::move(rooms_[c]);
    Validity validity = Validity::from_bytes(room.there);
    const std::string& name = plan_.names[c];
    switch (plan_.formats[c].kind) {
      case ColumnKind::Numeric: return Column::numeric(name, std::move(room.reals), std::move(validity));
      case ColumnKind::Integer: return Column::integer(name, std::move(room.integers), std::move(validity));
      case ColumnKind::Boolean: return Column::boolean(name, std::move(room.booleans), std::move(validity));
      case ColumnKind::Date: return Column::date(name, std::move(room.integers), std::move(validity));
      case ColumnKind::Timestamp: return Column::timestamp(name, std::move(room.integers), std::move(validity));
      case ColumnKind::Text:
      case ColumnKind::Categorical: break;
    }
    auto owner = std::make_shared<TextOwner>(TextOwner{std::move(room.offsets), std::move(room.bytes)});
    return Column::view_text(name, owner->offsets, owner->bytes.get(), owner, std::move(validity));
  }

  const CsvText& text_;
  CsvPlan& plan_;
  const MissingTexts& missing_;
  const FitContext& context_;
  const std::function<void(std::string_view)>& done_;
  std::vector<Block> blocks_;
  size_t n_rows_ = 0;
  std::vector<Room> rooms_;
  std::optional<MemoryLease> lease_;
};

}  // namespace

MissingTexts::MissingTexts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::string_view stripped = strip_blanks(text);
    if (stripped.empty()) continue;
    texts_.emplace(stripped);
    first_[static_cast<unsigned char>(stripped.front())] = true;
    longest_ = std::max(longest_, stripped.size());
  }
}

bool MissingTexts::contains(std::string_view cell) const noexcept {
  cell = strip_blanks(cell);
  if (cell.empty()) return true;
  if (cell.size() > longest_ || !first_[static_cast<unsigned char>(cell.front())]) return false;
  return texts_.contains(std::string(cell));
}

int64_t CsvText::line_of(const char* at) const noexcept { return first_line + std::count(text.data(), at, '\n'); }

std::string CsvText::place(const char* at) const { return name + ":" + std::to_string(line_of(at)) + ": "; }

Table read_csv_rows(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
                    const std::function<void(std::string_view)>& done) {
  return Reading(text, plan, missing, context, done).run();
}

Table read_csv_text(std::string_view bytes, const std::string& name, const ReadOptions& options, const FitContext& context) {
  return read_csv_input({name, nullptr, bytes, false}, options, context);
}

Table read_csv_input(const InputBytes& input, const ReadOptions& options, const FitContext& context) {
  CsvText text{input.name, input.bytes};
  CsvPlan plan = plan_csv(text, options, nullptr, true);
  Table table = read_csv_rows(text, plan, MissingTexts(options.missing), context, [&](std::string_view part) { input.drop_pages(part); });
  if (table.n_rows() == 0)
    throw Error(ErrorCode::EmptyInput, input.name + ": there is a line of column names but no row",
                "Give a file with at least one row below the names.");
  return table;
}

}  // namespace kolosal
