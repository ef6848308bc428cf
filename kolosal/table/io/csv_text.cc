// CSV text to columns, in passes over blocks of rows: one counts rows, one converts under formats guessed from a sample. Where a cell
// does not fit the guess or anything is wrong, a pass over every cell finds the formats or the first error, and the text is converted
// again.
//
// Cost     passes are parallel over blocks of about 1 MiB; only where a text holds quotes is it cut into blocks by one thread, since
//          a line end may then be inside a cell. Memory: the columns, and the texts once more while they are put together.
// Checked  csv_test.cc: every malformed case, a round trip of random tables, 1 thread against 4.
#include "kolosal/table/io/csv_text.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <optional>

#include "kolosal/base/array.h"
#include "kolosal/table/io/csv_rows.h"
#include "kolosal/table/io/utf8.h"

namespace kolosal {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kMostBlocks = 1024;
constexpr size_t kSampledBlocks = 8, kSampledBytes = size_t{32} << 10;
constexpr size_t kShownBytes = 60;

std::string shown(std::string_view cell) {
  return cell.size() <= kShownBytes ? std::string(cell) : std::string(utf8_prefix(cell, kShownBytes)) + "...";
}

/// What is learnt of a block, and what it holds of columns whose size is not known before.
struct Block {
  std::string_view text;
  size_t n_rows = 0;
  size_t first_row = 0;
  bool is_odd = false;                         // something in it needs the survey
  std::vector<CellSketch> sketches;            // one a column
  std::vector<std::string> texts;              // bytes of the cells of each text column
  std::vector<std::vector<uint32_t>> missing;  // rows of each column, from the first of the block
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

  /// Adds all cells to sketches of the columns.
  void sketch_all(std::vector<CellSketch>& sketches) {
    for_each_block([this](Block& block) { survey(block); });
    sketches.resize(n_columns(), CellSketch(plan_.decimal_points));
    for (const Block& block : blocks_)
      for (size_t c = 0; c < n_columns(); ++c) sketches[c].merge(block.sketches[c]);
  }

  Table run() {
    const bool formats_known = plan_.formats_known;
    if (!formats_known) sample_formats();
    for_each_block([this](Block& block) { count_rows(block); });
    place_rows();
    const bool fits = std::ranges::none_of(blocks_, &Block::is_odd) && convert_all(formats_known ? Misfit::Judge : Misfit::Tell);
    if (!fits) {
      plan_.formats_known = formats_known;
      for_each_block([this](Block& block) { survey(block); });
      place_rows();
      settle_formats();
      convert_all(Misfit::Judge);
    }
    return finish();
  }

 private:
  /// What a cell that does not fit its column's format means: that the format was a wrong guess, or an error or a missing value.
  enum class Misfit { Tell, Judge };

  /// Memory of one column while it is filled.
  struct Room {
    ArrayBytes bytes;             // of one of the next two
    double* reals = nullptr;      // n_rows
    int64_t* integers = nullptr;  // n_rows; Text: where each row's bytes begin in its block's, n_rows + 1
    std::vector<uint8_t> booleans;
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

  /// Sketches of the cells of a block's first rows, as far as they begin within `n_bytes`.
  void sketch(Block& block, size_t n_bytes) {
    block.sketches.assign(n_columns(), CellSketch(plan_.decimal_points));
    CsvRows rows(block.text, plan_.delimiter);
    while (static_cast<size_t>(rows.position() - block.text.data()) < n_bytes && rows.find_row())
      rows.take_row([&](size_t column, std::string_view cell) {
        if (column < n_columns() && plan_.wanted[column] && !plan_.is_text[column] && !missing_.contains(cell))
          block.sketches[column].add(cell);
      });
  }

  /// Guesses each column's format by rows from all over the text. No cell that fits the guess can change it: the sample has ruled out
  /// every format that comes before.
  void sample_formats() {
    const size_t step = std::max<size_t>(blocks_.size() / kSampledBlocks, 1);
    for (size_t b = 0; b < blocks_.size(); b += step) sketch(blocks_[b], kSampledBytes);
    settle_formats();
    for (Block& block : blocks_) block.sketches.clear();
  }

  void count_rows(Block& block) {
    const std::string_view text = block.text;
    block.is_odd = std::memchr(text.data(), '\0', text.size()) != nullptr || first_invalid_utf8(text) != text.size();
    if (block.is_odd) return;
    if (std::memchr(text.data(), '"', text.size()) != nullptr) {
      CsvRows rows(text, plan_.delimiter);
      for (; rows.find_row(); ++block.n_rows) rows.skip_row();
      block.is_odd = rows.open_quote() != nullptr;
      return;
    }
    for (const char *at = text.data(), *end = at + text.size(); at != end;) {
      const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
      const char* line_end = newline == nullptr ? end : newline;
      block.n_rows += CsvRows({at, static_cast<size_t>(line_end - at)}, plan_.delimiter).find_row();
      at = newline == nullptr ? end : newline + 1;
    }
  }

  /// Reads every cell of a block for errors, in order, and sketches.
  void survey(Block& block) {
    check_bytes(block);
    block.n_rows = 0;
    block.sketches.assign(n_columns(), CellSketch(plan_.decimal_points));
    CsvRows rows(block.text, plan_.delimiter);
    while (rows.find_row()) {
      const char* start = rows.position();
      const size_t n_cells = rows.take_row([&](size_t column, std::string_view cell) {
        if (column < n_columns() && plan_.wanted[column] && !plan_.is_text[column] && !missing_.contains(cell))
          block.sketches[column].add(cell);
      });
      if (rows.open_quote() != nullptr)
        throw Error(ErrorCode::BadFile, text_.place(rows.open_quote()) + "a quote opens here and is never closed",
                    "Close or remove the quote.");
      if (n_cells != n_columns()) ragged(start, n_cells, {start, static_cast<size_t>(rows.position() - start)});
      ++block.n_rows;
    }
  }

  void place_rows() {
    n_rows_ = 0;
    for (Block& block : blocks_) {
      block.first_row = n_rows_;
      n_rows_ += block.n_rows;
    }
  }

  void settle_formats() {
    if (plan_.formats_known) return;
    std::vector<CellSketch> sketches(n_columns(), CellSketch(plan_.decimal_points));
    for (const Block& block : blocks_)
      for (size_t c = 0; c < block.sketches.size(); ++c) sketches[c].merge(block.sketches[c]);
    plan_.formats = formats_of(plan_, sketches);
    plan_.formats_known = true;
  }

  bool is_text(size_t c) const { return plan_.formats[c].kind == ColumnKind::Text || plan_.formats[c].kind == ColumnKind::Categorical; }

  void make_room() {
    rooms_.clear();
    size_t bytes = 0;
    for (size_t c = 0; c < n_columns(); ++c)
      if (plan_.wanted[c]) bytes += n_rows_ * (plan_.formats[c].kind == ColumnKind::Boolean ? 1 : sizeof(double));
    lease_.emplace(context_.memory, bytes, "the table read from " + text_.name);
    rooms_.resize(n_columns());
    for (size_t c = 0; c < n_columns(); ++c) {
      if (!plan_.wanted[c]) continue;
      Room& room = rooms_[c];
      if (plan_.formats[c].kind == ColumnKind::Boolean) {
        room.booleans.resize(n_rows_);
        continue;
      }
      room.bytes = ArrayBytes::unset((n_rows_ + 1) * sizeof(int64_t));
      if (plan_.formats[c].kind == ColumnKind::Numeric) room.reals = reinterpret_cast<double*>(room.bytes.begin_writing());
      else room.integers = reinterpret_cast<int64_t*>(room.bytes.begin_writing());
    }
  }

  /// Fills the columns; false where `misfit` is Tell and a cell does not fit or a row has not one cell for each column.
  bool convert_all(Misfit misfit) {
    make_room();
    for (Block& block : blocks_) block.is_odd = false;
    for_each_block([this, misfit](Block& block) { convert(block, misfit); });
    return std::ranges::none_of(blocks_, &Block::is_odd);
  }

  void convert(Block& block, Misfit misfit) {
    block.missing.assign(n_columns(), {});
    block.texts.assign(n_columns(), {});
    for (size_t c = 0; c < n_columns(); ++c)
      if (plan_.wanted[c] && is_text(c)) block.texts[c].reserve(block.text.size() / n_columns());
    CsvRows rows(block.text, plan_.delimiter);
    for (size_t row = 0; !block.is_odd && rows.find_row(); ++row) {
      const char* start = rows.position();
      const size_t n_cells = rows.take_row([&](size_t c, std::string_view cell) {
        if (c >= n_columns() || !plan_.wanted[c]) return;
        if (missing_.contains(cell)) {
          leave_missing(block, c, row);
        } else if (is_text(c)) {
          rooms_[c].integers[block.first_row + row] = static_cast<int64_t>(block.texts[c].size());
          block.texts[c] += cell;
        } else if (!store(rooms_[c], plan_.formats[c], block.first_row + row, cell, misfit == Misfit::Judge && !plan_.strict)) {
          if (misfit == Misfit::Tell) block.is_odd = true;
          else if (plan_.on_bad_value == OnBadValue::Error || plan_.strict) bad_value(start, c, cell);
          else leave_missing(block, c, row);
        }
      });
      if (n_cells == n_columns()) continue;
      if (misfit == Misfit::Judge) ragged(start, n_cells, {start, static_cast<size_t>(rows.position() - start)});
      block.is_odd = true;
    }
  }

  void leave_missing(Block& block, size_t c, size_t row) {
    block.missing[c].push_back(static_cast<uint32_t>(row));
    const size_t place = block.first_row + row;
    if (is_text(c)) rooms_[c].integers[place] = static_cast<int64_t>(block.texts[c].size());
    else if (rooms_[c].reals != nullptr) rooms_[c].reals[place] = 0;
    else if (rooms_[c].integers != nullptr) rooms_[c].integers[place] = 0;
  }

  [[noreturn]] void bad_value(const char* line, size_t c, std::string_view cell) const {
    throw Error(ErrorCode::BadValue,
                text_.place(line) + "column '" + plan_.names[c] + "' is " + std::string(enum_name(plan_.formats[c].kind)) + " but holds '" +
                    shown(cell) + "'",
                "Correct the cell, read the column as text, or set on_bad_value to missing.");
  }

  /// Puts a value into its place; false where the cell does not fit. Where `lenient`, 3.0 and 1e6 are whole numbers too.
  static bool store(Room& room, const CellFormat& format, size_t row, std::string_view cell, bool lenient) {
    const auto put = [row](auto& values, const auto& parsed) {
      if (parsed) values[row] = *parsed;
      return parsed.has_value();
    };
    switch (format.kind) {
      case ColumnKind::Integer: {
        auto parsed = parse_integer(cell);
        if (!parsed && lenient)
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
    size_t text_bytes = 0;
    for (const Block& block : blocks_)
      for (const std::string& text : block.texts) text_bytes += text.size();
    text_lease_.emplace(context_.memory, text_bytes, "the texts of the table read from " + text_.name);
    std::vector<std::optional<Column>> made(n_columns());
    context_.threads->parallel_each(n_columns(), [&](size_t c) {
      if (plan_.wanted[c]) made[c] = finish_column(c);
    });
    std::vector<Column> columns;
    for (auto& column : made)
      if (column) columns.push_back(std::move(*column));
    return Table(std::move(columns));
  }

  Validity validity_of(size_t c) const {
    if (std::ranges::all_of(blocks_, [c](const Block& block) { return block.missing[c].empty(); })) return {};
    std::vector<uint8_t> there(n_rows_, 1);
    for (const Block& block : blocks_)
      for (const uint32_t row : block.missing[c]) there[block.first_row + row] = 0;
    return Validity::from_bytes(there);
  }

  Column finish_column(size_t c) {
    Room room = std::move(rooms_[c]);
    const std::string& name = plan_.names[c];
    const ColumnKind kind = plan_.formats[c].kind;
    if (is_text(c)) return finish_text(c, room);
    if (kind == ColumnKind::Numeric)
      return Column::view_numeric(name, std::span<const double>(room.reals, n_rows_), room.bytes.owner(), validity_of(c));
    if (kind == ColumnKind::Boolean) return Column::boolean(name, std::move(room.booleans), validity_of(c));
    return Column::view_int64(name, kind, std::span<const int64_t>(room.integers, n_rows_), room.bytes.owner(), validity_of(c));
  }

  /// Puts the blocks' texts one behind the other; the room's integers become places in the whole.
  Column finish_text(size_t c, const Room& room) {
    size_t total = 0;
    for (const Block& block : blocks_) total += block.texts[c].size();
    ArrayBytes whole = ArrayBytes::unset(total);
    auto* const bytes = reinterpret_cast<char*>(whole.begin_writing());
    size_t begin = 0;
    for (Block& block : blocks_) {
      const std::string text = std::move(block.texts[c]);
      std::ranges::copy(text, bytes + begin);
      for (size_t row = 0; row < block.n_rows; ++row) room.integers[block.first_row + row] += static_cast<int64_t>(begin);
      begin += text.size();
    }
    room.integers[n_rows_] = static_cast<int64_t>(total);
    const auto owner = std::make_shared<const std::pair<ArrayBytes, ArrayBytes>>(room.bytes, std::move(whole));
    return Column::view_text(plan_.names[c], std::span<const int64_t>(room.integers, n_rows_ + 1), bytes, owner, validity_of(c));
  }

  const CsvText& text_;
  CsvPlan& plan_;
  const MissingTexts& missing_;
  const FitContext& context_;
  const std::function<void(std::string_view)>& done_;
  std::vector<Block> blocks_;
  size_t n_rows_ = 0;
  std::vector<Room> rooms_;
  std::optional<MemoryLease> lease_, text_lease_;
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

int64_t CsvText::line_of(const char* at) const noexcept { return first_line + std::count(text.data(), at, '\n'); }

std::string CsvText::place(const char* at) const { return name + ":" + std::to_string(line_of(at)) + ": "; }

Table read_csv_rows(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
                    const std::function<void(std::string_view)>& done) {
  return Reading(text, plan, missing, context, done).run();
}

void sketch_csv_rows(const CsvText& text, CsvPlan& plan, const MissingTexts& missing, const FitContext& context,
                     std::vector<CellSketch>& sketches) {
  const std::function<void(std::string_view)> done;
  Reading(text, plan, missing, context, done).sketch_all(sketches);
}

std::vector<CellFormat> formats_of(const CsvPlan& plan, const std::vector<CellSketch>& sketches) {
  std::vector<CellFormat> formats(sketches.size());
  for (size_t c = 0; c < formats.size(); ++c)
    if (!plan.is_text[c]) formats[c] = plan.imposed[c] != 0 ? sketches[c].format_as(plan.kinds[c]) : sketches[c].format();
  return formats;
}

Table read_csv_text(std::string_view bytes, const std::string& name, const ReadOptions& options, const FitContext& context) {
  return read_csv_input({name, nullptr, bytes, nullptr}, options, context);
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
