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

/// Calls work(bits_of) with what gives a row's value as bits that equal values share: those of a number with one zero and one NaN.
template <class Work>
void with_bits(const Column& column, const Work& work) {
  const auto of_number = [](auto number) {
    return std::isnan(number) ? ~uint64_t{0} : std::bit_cast<uint64_t>(number == 0 ? 0.0 : static_cast<double>(number));
  };
  switch (column.kind()) {
    case ColumnKind::Numeric:
      if (column.is_float32()) return work([&, values = column.float32()](size_t row) { return of_number(values[row]); });
      return work([&, values = column.float64()](size_t row) { return of_number(values[row]); });
    case ColumnKind::Boolean:
      return work([values = column.boolean()](size_t row) { return static_cast<uint64_t>(values[row] != 0 ? 1 : 0); });
    default: return work([values = column.int64()](size_t row) { return static_cast<uint64_t>(values[row]); });
  }
}

/// Numbers distinct values 0, 1, 2, ... in the order in which they are added: open addressing, at most half of the slots in use.
class ValueIndex {
 public:
  /// The number of a value, a new one where it was not there.
  int32_t add(uint64_t bits) {
    size_t place = place_of(bits);
    if (slots_[place].number >= 0) return slots_[place].number;
    if (2 * (values_.size() + 1) > slots_.size()) {
      std::vector<Slot> former(2 * slots_.size());
      former.swap(slots_);
      for (const Slot& slot : former)
        if (slot.number >= 0) slots_[place_of(slot.bits)] = slot;
      place = place_of(bits);
    }
    slots_[place] = {bits, static_cast<int32_t>(values_.size())};
    values_.push_back(bits);
    return slots_[place].number;
  }
  /// The values, by number.
  const std::vector<uint64_t>& values() const { return values_; }

 private:
  struct Slot {
    uint64_t bits = 0;
    int32_t number = -1;
  };
  size_t place_of(uint64_t bits) const {
    size_t place = ((bits ^ bits >> 32) * 0x9E3779B97F4A7C15) >> 32 & (slots_.size() - 1);
    while (slots_[place].number >= 0 && slots_[place].bits != bits) place = (place + 1) & (slots_.size() - 1);
    return place;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::vector<uint64_t> values_;
};

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
    for (const std::string& text : *column.dictionary()) texts_.push_back(strip_blanks(text));
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
                                        ? strip_blanks({bytes + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])})
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
    ValueIndex index;
    std::vector<size_t> first_rows;
  };
  std::vector<Block> blocks((column.size() + kRowsABlock - 1) / kRowsABlock);
  with_bits(column, [&](const auto& bits_of) {
    for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
      Block& block = blocks[begin / kRowsABlock];
      for (size_t row = begin; row < end; ++row) {
        codes[row] = column.is_missing(row) ? -1 : block.index.add(bits_of(row));
        if (codes[row] == static_cast<int32_t>(block.first_rows.size())) block.first_rows.push_back(row);
      }
    });
  });
  ValueIndex all;
  std::vector<std::vector<int32_t>> number_of(blocks.size());
  for (size_t block = 0; block < blocks.size(); ++block)
    for (size_t i = 0; i < blocks[block].first_rows.size(); ++i) {
      number_of[block].push_back(all.add(blocks[block].index.values()[i]));
      if (all.values().size() > first_rows_.size()) first_rows_.push_back(blocks[block].first_rows[i]);
    }
  for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
    const std::vector<int32_t>& numbers = number_of[begin / kRowsABlock];
    for (size_t row = begin; row < end; ++row)
      if (codes[row] >= 0) codes[row] = numbers[static_cast<size_t>(codes[row])];
  });
  own_texts_.reserve(first_rows_.size());
  for (const size_t row : first_rows_) own_texts_.push_back(level_text(column, row));
  texts_.assign(own_texts_.begin(), own_texts_.end());
}

Column with_levels(const Column& column, const Threads* threads) {
  if (column.kind() != ColumnKind::Text) return column;
  const WrittenLevels written(column, threads);
  auto levels = std::make_shared<const std::vector<std::string>>(written.texts().begin(), written.texts().end());
  return Column::view_categorical(column.name(), written.codes(), std::move(levels), written.own_codes());
}

/// The levels by text and, from the first look-up of such a value on, by number, date and boolean.
struct LevelCodes::Known {
  struct Values {
    std::unordered_map<double, int32_t> by_number;
    std::unordered_map<int64_t, int32_t> by_moment;
    int32_t no = -1, yes = -1;
  };

  std::vector<std::string> own;  // none where they lie elsewhere
  const std::vector<std::string>& levels;
  TextIndex by_text;
  std::vector<int32_t> code_of;  // of each text of the index
  mutable std::once_flag values_read;
  mutable Values values;

  Known(const std::vector<std::string>& given, bool copied)
      : own(copied ? given : std::vector<std::string>()), levels(copied ? own : given), by_text(given.size()) {
    code_of.reserve(given.size());
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
      case ColumnKind::Date: return code_in(known_values().by_moment, microseconds_of_day(column.int64()[row]));
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

LevelCodes::LevelCodes(const std::vector<std::string>& levels) : LevelCodes(std::make_unique<const Known>(levels, true)) {}
LevelCodes::LevelCodes(std::unique_ptr<const Known> known) : known_(std::move(known)) {}
LevelCodes LevelCodes::over(const std::vector<std::string>& levels) { return LevelCodes(std::make_unique<const Known>(levels, false)); }
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

Array<uint32_t> LevelCodes::find_slots(const Column& column, const Threads* threads) const {
  const auto unknown = static_cast<uint32_t>(known_->levels.size()), missing = unknown + 1;
  Array<uint32_t> found = Array<uint32_t>::unset(column.size());
  const std::span<uint32_t> slots = found.write();
  if (column.kind() == ColumnKind::Text) {
    for_blocks(column.size(), threads, [&](size_t begin, size_t end) {
      for (size_t row = begin; row < end; ++row) {
        const std::string_view text = column.is_missing(row) ? std::string_view() : strip_blanks(column.text(row));
        const int32_t code = text.empty() ? -1 : known_->find_text(text);
        slots[row] = text.empty() ? missing : code < 0 ? unknown : static_cast<uint32_t>(code);
      }
    });
    return found;
  }
  const WrittenLevels written(column, threads);
  const auto slot_of = [&](size_t text) {
    if (written.texts()[text].empty()) return missing;
    const int32_t code = known_->find_written(column, written, text);
    return code < 0 ? unknown : static_cast<uint32_t>(code);
  };
  const auto codes = written.codes();
  if (written.texts().size() > codes.size()) {
    for (size_t row = 0; row < codes.size(); ++row) slots[row] = codes[row] < 0 ? missing : slot_of(static_cast<size_t>(codes[row]));
    return found;
  }
  std::vector<uint32_t> translated(written.texts().size());
  for (size_t text = 0; text < translated.size(); ++text) translated[text] = slot_of(text);
  for_blocks(codes.size(), threads, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) slots[row] = codes[row] < 0 ? missing : translated[static_cast<size_t>(codes[row])];
  });
  return found;
}

}  // namespace kolosal
