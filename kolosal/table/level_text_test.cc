#include "kolosal/table/level_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "kolosal/base/random.h"
#include "kolosal/base/threads.h"

namespace kolosal {
namespace {

/// Columns of every kind, of more rows than a block has: values repeat, a fifth is missing, texts have blanks around them.
std::vector<Column> columns_of_every_kind(size_t n) {
  RandomStream random(1, "level text");
  std::vector<double> number(n);
  std::vector<float> single(n);
  std::vector<int64_t> whole(n);
  std::vector<uint8_t> flag(n), there(n);
  std::vector<int32_t> codes(n);
  std::vector<std::string> texts(n);
  for (size_t i = 0; i < n; ++i) {
    number[i] = i % 97 == 0 ? std::numeric_limits<double>::quiet_NaN() : (static_cast<double>(random.below(300)) - 150) / 4;
    if (number[i] == 0 && i % 2 == 0) number[i] = -0.0;
    single[i] = static_cast<float>(random.below(1000)) / 3;
    whole[i] = static_cast<int64_t>(random.below(5000)) - 7;
    flag[i] = static_cast<uint8_t>(random.below(2));
    there[i] = random.below(5) > 0;
    codes[i] = static_cast<int32_t>(random.below(6)) - 1;
    texts[i] = std::string(random.below(2), ' ') + std::string(random.below(20), 'x') + std::to_string(random.below(50));
    if (i % 11 == 0) texts[i] = i % 2 == 0 ? "" : "  ";
  }
  const auto dictionary = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"b", " a ", "a", "", "unused by none"});
  const Validity validity = Validity::from_bytes(there);
  return {Column::numeric("number", number, validity),     Column::numeric("single", single, validity),
          Column::integer("whole", whole, validity),       Column::boolean("flag", flag, validity),
          Column::categorical("codes", codes, dictionary), Column::text("texts", texts, validity),
          Column::date("date", whole, validity),           Column::timestamp("moment", whole, validity)};
}

TEST(WrittenLevels, GiveEachRowTheTextThatLevelTextGivesIt) {
  const size_t n = 150'000;
  for (const int n_threads : {1, 3}) {
    const Threads threads(n_threads);
    for (const Column& column : columns_of_every_kind(n)) {
      const WrittenLevels written(column, &threads);
      for (size_t row = 0; row < n; ++row) {
        const int32_t code = written.codes()[row];
        ASSERT_EQ(code < 0 ? std::string() : std::string(written.texts()[static_cast<size_t>(code)]), level_text(column, row))
            << column.name() << " row " << row;
      }
      if (column.kind() == ColumnKind::Categorical) continue;
      size_t n_seen = 0;
      for (const int32_t code : written.codes()) {
        ASSERT_LE(code, static_cast<int32_t>(n_seen)) << column.name() << " is not in order of first row";
        if (code == static_cast<int32_t>(n_seen)) ++n_seen;
      }
      EXPECT_EQ(n_seen, written.texts().size());
    }
  }
}

TEST(LevelCodes, FindTheSlotOfEachRowAsItsCode) {
  const Threads threads(2);
  const std::vector<std::string> levels{"a", "0.25", "3", "true", "xxx7", "1970-01-03"};
  const LevelCodes codes(levels);
  for (const Column& column : columns_of_every_kind(70'000)) {
    const auto found = codes.find_all(column);
    const auto slots = codes.find_slots(column, &threads);
    size_t n_known = 0;
    for (size_t row = 0; row < column.size(); ++row) {
      const bool is_missing = level_text(column, row).empty();
      ASSERT_EQ(slots[row], is_missing ? 7U : found[row] < 0 ? 6U : static_cast<uint32_t>(found[row])) << column.name() << " row " << row;
      n_known += found[row] >= 0;
    }
    EXPECT_EQ(n_known > 0, column.name() != "moment") << column.name();
  }
}

TEST(LevelCodes, NumberUnknownLevelsInOrderOfFirstRow) {
  const Column column = Column::categorical(
      "c", {3, 0, -1, 1, 2, 3}, std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"b", "a", " a", "z"}));
  std::vector<std::string> unknown;
  EXPECT_EQ(LevelCodes({"b"}).find_all(column, &unknown), (std::vector<int32_t>{1, 0, -1, 2, 2, 1}));
  EXPECT_EQ(unknown, (std::vector<std::string>{"z", "a"}));
}

TEST(LevelCodes, DaysBeyondWhatMicrosecondsHoldAreUnknown) {
  const LevelCodes codes({"2024-01-31", "5"});
  const Column days = Column::date("d", {19753, std::numeric_limits<int64_t>::max(), -2147483648});
  EXPECT_EQ(codes.find_all(days), (std::vector<int32_t>{0, -1, -1}));
  EXPECT_EQ(microseconds_of_day(-1), -86'400'000'000);
  EXPECT_GT(microseconds_of_day(std::numeric_limits<int64_t>::max()), microseconds_of_day(100'000'000));
}

}  // namespace
}  // namespace kolosal
