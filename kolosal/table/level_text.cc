// Levels of categories.
//
// Rows of texts are told apart block by block, each block with an index of its own, and the blocks' levels are then numbered in order of
// block; so codes are the same on any number of threads.
//
// Cost     one hash look-up a row; a categorical column is looked up once a dictionary entry.
// Checked  level_text_test.cc; schema_test.cc.
#include "kolosal/table/level_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <mutex>
#include <unordered_map>

#include "kolosal/base/array.h"
#include "kolosal/base/threads.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/text_index.h"

namespace kolosal {
namespace {

constexpr size_t kRowsABlock = size_t{1} << 16;
constexpr size_t kFirstLevels = 128;

std::string number_text(const Column& column, size_t row) {
  const double number = column.number(row);
  if (std::isnan(number)) return {};
  if (std::abs(number) < 0x1p53 && number == std::trunc(number)) return std::to_string(static_cast<int64_t>(number));
  return column.display(row);
}

std::optional<int64_t> moment_of(std::string_view text) {
  for (const auto& [format, name] : enum_names(DateFormat{}))
    if (const auto moment = parse_timestamp(text, format)) return moment;
  return std::nullopt;
}

void for_blocks(size_t n, const Threads* threads, const std::function<void(size_t begin, size_t end)>& body) {
  if (threads != nullptr && threads->size() > 1 && n > kRowsABlock) return threads->parallel_for(n, kRowsABlock, body);
  for (size_t begin = 0; begin < n; begin += kRowsABlock) body(begin, std::min(n, begin + kRowsABlock));
}

/// What equal values have in common: their bits, with one zero and one NaN.
uint64_t value_bits(const Column& column, size_t row) {
  switch (column.kind()) {
    case ColumnKind::Numeric: {
      const double number = column.is_float32() ? static_cast<double>(column.float32()[row]) : column.float64()[row];
      return std::isnan(number) ? ~uint64_t{0} : std::bit_cast<uint64_t>(number == 0 ? 0.0 : number);
    }
    case ColumnKind::Boolean: return column.boolean()[row] != 0 ? 1 : 0;
    default: return static_cast<uint64_t>(column.int64()[row]);
  }
}

/// strip_blanks, without a call where there is nothing to strip.
std::string_view stripped(std::string_view text) noexcept {
  const auto is_ink = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  return !text.empty() && is_ink(text.front()) && is_ink(text.back()) ? text : strip_blanks(text);
}

/// Uninitialised codes.
std::shared_ptr<int32_t> new_codes(size_t n) {
  ArrayBytes bytes = ArrayBytes::unset(n * sizeof(int32_t));
  auto* codes = reinterpret_cast<int32_t*>(bytes.begin_writing());
  return {bytes.owner(), codes};
}

}  // namespace

std::string level_text(const Column& column, size_t row) {
  if (column.is_missing(row)) return {};
  switch (column.kind()) {
    case ColumnKind::Numeric: return number_text(column, row);
    case ColumnKind::Text: return std::string(strip_blanks(column.text(row)));
    case ColumnKind::Categorical: return std::string(strip_blanks((*column.dictionary())[static_cast<size_t>(column.codes()[row])]));
    default: return column.display(row);
  }
}

WrittenLevels::WrittenLevels(const Column& column, const Threads* threads) {
  if (column.kind() == ColumnKind::Categorical) {
    codes_ = column.codes();
    texts_.reserve(column.dictionary()->size());
    for (const std::string& text : *column.dictionary()) texts_.push_back(stripped(text));
    return;
  }
  own_codes_ = new_codes(column.size());
  codes_ = {own_codes_.get(), column.size()};
  if (column.kind() == ColumnKind::Text) read_texts(column, threads);
  else read_values(column, threads);
}

void WrittenLevels::read_texts(const Column& column, const Threads* threads) {
  int32_t* codes = own_codes_.get();
  const auto offsets = column.text_offsets();
  const char* bytes = column.text_bytes();
  const Validity& validity = column.validity();
  // Alone, a thread numbers all rows with one index: the numbers are the same.
  const bool is_alone = threads == nullptr || threads->size() == 1;
  const size_t n_blocks = is_alone ? 1 : (column.size() + kRowsABlock - 1) / kRowsABlock;
  std::vector<TextIndex> blocks(n_blocks, TextIndex(std::min<size_t>(column.size(), kFirstLevels)));
  for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
    TextIndex& index = blocks[is_alone ? 0 : begin / kRowsABlock];
    for (size_t row = begin; row < end; ++row) {
      const std::string_view text = validity.is_valid(row)
                                        ? stripped({bytes + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])})
                                        : std::string_view();
      codes[row] = text.empty() ? -1 : index.add(text);
    }
  });
  if (blocks.size() == 1) {
    texts_ = blocks.front().texts();
    return;
  }
  TextIndex all;
  std::vector<std::vector<int32_t>> number_of(blocks.size());
  for (size_t block = 0; block < blocks.size(); ++block)
    for (const std::string_view text : blocks[block].texts()) number_of[block].push_back(all.add(text));
  for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
    const std::vector<int32_t>& numbers = number_of[begin / kRowsABlock];
    for (size_t row = begin; row < end; ++row)
      if (codes[row] >= 0) codes[row] = numbers[static_cast<size_t>(codes[row])];
  });
  texts_ = all.texts();
}

void WrittenLevels::read_values(const Column& column, const Threads* threads) {
  int32_t* codes = own_codes_.get();
  struct Block {
    std::unordered_map<uint64_t, int32_t> number_of;
    std::vector<std::pair<uint64_t, size_t>> found;  // a value and its first row
  };
  std::vector<Block> blocks((column.size() + kRowsABlock - 1) / kRowsABlock);
  for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
    Block& block = blocks[begin / kRowsABlock];
    for (size_t row = begin; row < end; ++row) {
      codes[row] = -1;
      if (column.is_missing(row)) continue;
      const uint64_t bits = value_bits(column, row);
      const auto [place, is_new] = block.number_of.emplace(bits, static_cast<int32_t>(block.found.size()));
      if (is_new) block.found.emplace_back(bits, row);
      codes[row] = place->second;
    }
  });
  std::unordered_map<uint64_t, int32_t> number_of;
  std::vector<std::vector<int32_t>> numbers_of(blocks.size());
  for (size_t block = 0; block < blocks.size(); ++block)
    for (const auto& [bits, row] : blocks[block].found) {
      const auto [place, is_new] = number_of.emplace(bits, static_cast<int32_t>(first_rows_.size()));
      if (is_new) first_rows_.push_back(row);
      numbers_of[block].push_back(place->second);
    }
  for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row)
      if (codes[row] >= 0) codes[row] = numbers_of[begin / kRowsABlock][static_cast<size_t>(codes[row])];
  });
  own_texts_.reserve(first_rows_.size());
  for (const size_t row : first_rows_) own_texts_.push_back(level_text(column, row));
  texts_.assign(own_texts_.begin(), own_texts_.end());
}

/// The levels by text and, from the first look-up of such a value on, by number, date and boolean.
struct LevelCodes::Known {
  struct Values {
    std::unordered_map<double, int32_t> by_number;
    std::unordered_map<int64_t, int32_t> by_moment;
    int32_t no = -1, yes = -1;
  };

  std::vector<std::string> levels;
  TextIndex by_text;
  std::vector<int32_t> code_of;  // of each text of the index
  mutable std::once_flag values_read;
  mutable Values values;

  explicit Known(const std::vector<std::string>& given) : levels(given), by_text(given.size()) {
    for (size_t i = 0; i < levels.size(); ++i)
      if (static_cast<size_t>(by_text.add(levels[i])) == code_of.size()) code_of.push_back(static_cast<int32_t>(i));
  }

  int32_t find_text(std::string_view text) const {
    const int32_t number = by_text.find(text);
    return number < 0 ? -1 : code_of[static_cast<size_t>(number)];
  }

  const Values& known_values() const {
    std::call_once(values_read, [this] {
      for (size_t i = 0; i < levels.size(); ++i) {
        const auto code = static_cast<int32_t>(i);
        if (const auto number = parse_number(levels[i]); number && !std::isnan(*number)) values.by_number.emplace(*number, code);
        if (const auto moment = moment_of(levels[i])) values.by_moment.emplace(*moment, code);
        if (const auto flag = parse_boolean(levels[i])) {
          int32_t& slot = *flag ? values.yes : values.no;
          if (slot < 0) slot = code;
        }
      }
    });
    return values;
  }

  int32_t find_value(const Column& column, size_t row) const {
    const auto code_in = [](const auto& codes, auto key) {
      const auto found = codes.find(key);
      return found == codes.end() ? -1 : found->second;
    };
    switch (column.kind()) {
      case ColumnKind::Numeric:
      case ColumnKind::Integer: return code_in(known_values().by_number, column.number(row));
      case ColumnKind::Boolean: return column.boolean()[row] != 0 ? known_values().yes : known_values().no;
      case ColumnKind::Date: return code_in(known_values().by_moment, column.int64()[row] * 86'400'000'000);
      case ColumnKind::Timestamp: return code_in(known_values().by_moment, column.int64()[row]);
      default: return -1;
    }
  }

  /// The code of one of the levels that a column is written as; -1 where it is unknown.
  int32_t find_written(const Column& column, const WrittenLevels& written, size_t text) const {
    const int32_t code = find_text(written.texts()[text]);
    const bool holds_texts = column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical;
    return code >= 0 || holds_texts ? code : find_value(column, written.first_row(text));
  }
};

LevelCodes::LevelCodes(const std::vector<std::string>& levels) : known_(std::make_unique<const Known>(levels)) {}
LevelCodes::LevelCodes(LevelCodes&&) noexcept = default;
LevelCodes& LevelCodes::operator=(LevelCodes&&) noexcept = default;
LevelCodes::~LevelCodes() = default;

std::vector<int32_t> LevelCodes::find_all(const Column& column, std::vector<std::string>* unknown) const {
  constexpr int32_t kNotLookedUp = -2;
  const WrittenLevels written(column);
  std::vector<int32_t> translated(written.texts().size(), kNotLookedUp);
  TextIndex added;
  const auto code_of = [&](size_t text) {
    if (written.texts()[text].empty()) return -1;
    const int32_t code = known_->find_written(column, written, text);
    if (code >= 0 || unknown == nullptr) return code;
    const auto number = static_cast<size_t>(added.add(written.texts()[text]));
    if (number == unknown->size()) unknown->emplace_back(written.texts()[text]);
    return static_cast<int32_t>(known_->levels.size() + number);
  };
  if (unknown != nullptr) unknown->clear();
  const auto from = written.codes();
  std::vector<int32_t> codes(from.size(), -1);
  for (size_t row = 0; row < codes.size(); ++row) {
    if (from[row] < 0) continue;
    int32_t& code = translated[static_cast<size_t>(from[row])];
    if (code == kNotLookedUp) code = code_of(static_cast<size_t>(from[row]));
    codes[row] = code;
  }
  return codes;
}

std::vector<uint32_t> LevelCodes::find_slots(const Column& column, const Threads* threads) const {
  const auto unknown = static_cast<uint32_t>(known_->levels.size()), missing = unknown + 1;
  std::vector<uint32_t> slots(column.size(), missing);
  if (column.kind() == ColumnKind::Text) {
    for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        const std::string_view text = column.is_missing(row) ? std::string_view() : stripped(column.text(row));
        if (text.empty()) continue;
        const int32_t code = known_->find_text(text);
        slots[row] = code < 0 ? unknown : static_cast<uint32_t>(code);
      }
    });
    return slots;
  }
  const WrittenLevels written(column, threads);
  const auto slot_of = [&](size_t text) {
    if (written.texts()[text].empty()) return missing;
    const int32_t code = known_->find_written(column, written, text);
    return code < 0 ? unknown : static_cast<uint32_t>(code);
  };
  const auto codes = written.codes();
  if (written.texts().size() > codes.size()) {
    for (size_t row = 0; row < codes.size(); ++row)
      if (codes[row] >= 0) slots[row] = slot_of(static_cast<size_t>(codes[row]));
    return slots;
  }
  std::vector<uint32_t> translated(written.texts().size());
  for (size_t text = 0; text < translated.size(); ++text) translated[text] = slot_of(text);
  for_blocks(codes.size(), threads, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row)
      if (codes[row] >= 0) slots[row] = translated[static_cast<size_t>(codes[row])];
  });
  return slots;
}

}  // namespace kolosal
