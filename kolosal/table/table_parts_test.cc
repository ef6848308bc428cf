#include "kolosal/table/table_parts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

namespace kolosal {
namespace {

Dictionary levels(std::vector<std::string> texts) { return std::make_shared<const std::vector<std::string>>(std::move(texts)); }

/// A table of `n` rows with a column of every kind and a missing value in every third row.
Table every_kind(size_t n) {
  std::vector<double> reals;
  std::vector<float> singles;
  std::vector<int64_t> integers;
  std::vector<uint8_t> booleans, there;
  std::vector<int32_t> codes;
  std::vector<std::string> texts;
  for (size_t i = 0; i < n; ++i) {
    reals.push_back(0.5 * static_cast<double>(i));
    singles.push_back(static_cast<float>(i));
    integers.push_back(static_cast<int64_t>(i * i));
    booleans.push_back(i % 2);
    there.push_back(i % 3 != 0);
    codes.push_back(static_cast<int32_t>(i % 4) - 1);
    texts.push_back(std::string(i % 5, 'x') + std::to_string(i));
  }
  const Validity gaps = Validity::from_bytes(there);
  return Table({Column::numeric("real", reals, gaps), Column::numeric("single", singles), Column::integer("integer", integers, gaps),
                Column::boolean("boolean", booleans, gaps), Column::categorical("category", codes, levels({"a", "b", "c"})),
                Column::text("text", texts, gaps), Column::timestamp("timestamp", integers), Column::date("date", integers, gaps)});
}

void expect_same(const Table& found, const Table& wanted) {
  ASSERT_EQ(found.names(), wanted.names());
  ASSERT_EQ(found.n_rows(), wanted.n_rows());
  for (size_t j = 0; j < wanted.n_columns(); ++j) {
    EXPECT_EQ(found.column(j).kind(), wanted.column(j).kind());
    EXPECT_EQ(found.column(j).is_float32(), wanted.column(j).is_float32());
    for (size_t row = 0; row < wanted.n_rows(); ++row) {
      EXPECT_EQ(found.column(j).is_missing(row), wanted.column(j).is_missing(row)) << wanted.column(j).name() << " row " << row;
      EXPECT_EQ(found.column(j).display(row), wanted.column(j).display(row)) << wanted.column(j).name() << " row " << row;
    }
  }
}

RC_GTEST_PROP(Concatenate, OfTheSlicesOfATableIsTheTable, ()) {
  const Table whole = every_kind(40);
  std::vector<Table> slices;
  for (size_t begin = 0; begin < whole.n_rows();) {
    const size_t n = std::min<size_t>(*rc::gen::inRange<size_t>(1, 12), whole.n_rows() - begin);
    if (*rc::gen::arbitrary<bool>()) slices.push_back(whole.slice(begin, 0));
    slices.push_back(whole.slice(begin, n));
    begin += n;
  }
  expect_same(concatenate(slices), whole);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Concatenate, GivesCategoriesTheLevelsOfAllTables) {
  const std::array tables{Table({Column::categorical("c", {0, 1, -1}, levels({"a", "b"}))}),
                          Table({Column::categorical("c", {1, 0}, levels({"b", "z"}))})};
  const Table all = concatenate(tables);
  EXPECT_EQ(*all.column(0).dictionary(), (std::vector<std::string>{"a", "b", "z"}));
  EXPECT_EQ(std::vector(all.column(0).codes().begin(), all.column(0).codes().end()), (std::vector<int32_t>{0, 1, -1, 2, 1}));
}

TEST(Concatenate, CountsTheRowsOfTablesWithoutColumns) {
  const std::array tables{every_kind(3).select({}), every_kind(4).select({})};
  EXPECT_EQ(concatenate(tables).n_rows(), 7u);
}

TEST(Concatenate, WidensNumbersWhereOneTableHasFloat64) {
  const std::array tables{Table({Column::numeric("x", std::vector<float>{1})}), Table({Column::numeric("x", std::vector<double>{2})})};
  EXPECT_EQ(concatenate(tables).column(0).float64()[1], 2);
}

TEST(Concatenate, RefusesOtherColumnsOrKindsOrNoTables) {
  const Table numbers({Column::integer("x", {1})});
  for (const Table& other : {Table({Column::integer("y", {1})}), Table({Column::date("x", {1})}), Table()}) {
    const std::array tables{numbers, other};
    EXPECT_THROW(concatenate(tables), Error);
  }
  EXPECT_THROW(concatenate({}), Error);
}

TEST(NBytes, CountsValuesTextsAndValidity) {
  const std::array<std::string, 2> texts{"abc", "de"};
  EXPECT_EQ(n_bytes(Column::text("t", texts)), 3 * 8 + 5u);
  EXPECT_EQ(n_bytes(Column::text("t", texts).slice(1, 1)), 2 * 8 + 2u);
  EXPECT_EQ(n_bytes(Column::integer("i", {1, 2}, Validity::from_bytes(std::array<uint8_t, 2>{1, 0}))), 17u);
  EXPECT_EQ(n_bytes(Table({Column::numeric("f", std::vector<float>{1}), Column::boolean("b", {1})})), 5u);
}

}  // namespace
}  // namespace kolosal
