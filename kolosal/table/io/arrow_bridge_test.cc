#include "kolosal/table/io/arrow_bridge.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/fields.h"

namespace kolosal {
namespace {

std::shared_ptr<arrow::ChunkedArray> chunks(const std::shared_ptr<arrow::DataType>& type, const std::vector<std::string>& json) {
  return arrow::json::ChunkedArrayFromJSONString(type, json).ValueOrDie();
}

Column column_of(const std::shared_ptr<arrow::DataType>& type, const std::vector<std::string>& json) {
  return from_arrow(*arrow::Table::Make(arrow::schema({arrow::field("c", type)}), {chunks(type, json)})).column("c");
}

std::vector<std::string> cells(const Column& column) {
  std::vector<std::string> shown;
  for (size_t row = 0; row < column.size(); ++row) shown.push_back(column.is_missing(row) ? "-" : column.display(row));
  return shown;
}

using Cells = std::vector<std::string>;

TEST(ArrowBridge, EveryFlatTypeBecomesAKindWithItsValues) {
  const auto check = [](const std::shared_ptr<arrow::DataType>& type, const std::string& json, ColumnKind kind, const Cells& expected) {
    for (const std::vector<std::string>& parts : {std::vector<std::string>{json}, {json, "[]", json}}) {
      const Column column = column_of(type, parts);
      Cells wanted = expected;
      if (parts.size() > 1) wanted.insert(wanted.end(), expected.begin(), expected.end());
      EXPECT_EQ(enum_name(column.kind()), enum_name(kind)) << type->ToString();
      EXPECT_EQ(cells(column), wanted) << type->ToString();
    }
  };
  for (const auto& type :
       {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(), arrow::uint8(), arrow::uint16(), arrow::uint32(), arrow::uint64()})
    check(type, "[1, null, 100]", ColumnKind::Integer, {"1", "-", "100"});
  check(arrow::uint64(), "[18446744073709551615, 1]", ColumnKind::Numeric, {"18446744073709551616", "1"});
  for (const auto& type : {arrow::float16(), arrow::float32(), arrow::float64()})
    check(type, "[0.5, null]", ColumnKind::Numeric, {"0.5", "-"});
  check(arrow::boolean(), "[true, null, false]", ColumnKind::Boolean, {"true", "-", "false"});
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()})
    check(type, "[\"a\", null, \"\"]", ColumnKind::Text, {"a", "-", ""});
  check(arrow::date32(), "[1, null, -1]", ColumnKind::Date, {"1970-01-02", "-", "1969-12-31"});
  check(arrow::date64(), "[86400000, null]", ColumnKind::Date, {"1970-01-02", "-"});
  check(arrow::timestamp(arrow::TimeUnit::SECOND), "[1, null]", ColumnKind::Timestamp, {"1970-01-01T00:00:01", "-"});
  check(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1, null]", ColumnKind::Timestamp, {"1970-01-01T00:00:00.000001", "-"});
  check(arrow::timestamp(arrow::TimeUnit::NANO), "[-1, null]", ColumnKind::Timestamp, {"1969-12-31T23:59:59.999999", "-"});
  check(arrow::time32(arrow::TimeUnit::MILLI), "[1500, null]", ColumnKind::Numeric, {"1.5", "-"});
  check(arrow::duration(arrow::TimeUnit::NANO), "[1500000000]", ColumnKind::Numeric, {"1.5"});
  check(arrow::decimal128(5, 2), "[\"123.45\", null]", ColumnKind::Numeric, {"123.45", "-"});
  check(arrow::decimal256(40, 1), "[\"-0.5\"]", ColumnKind::Numeric, {"-0.5"});
  check(arrow::null(), "[null, null]", ColumnKind::Numeric, {"-", "-"});
  check(arrow::dictionary(arrow::int8(), arrow::utf8()), "[\"b\", null, \"a\"]", ColumnKind::Categorical, {"b", "-", "a"});
  check(arrow::dictionary(arrow::int32(), arrow::int64()), "[7, null]", ColumnKind::Categorical, {"7", "-"});
}

TEST(ArrowBridge, DictionariesThatDifferBetweenChunksBecomeOne) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const Column column = column_of(type, {"[\"b\", \"a\"]", "[\"c\", \"a\"]"});
  EXPECT_EQ(*column.dictionary(), (Cells{"b", "a", "c"}));
  EXPECT_EQ(cells(column), (Cells{"b", "a", "c", "a"}));
}

TEST(ArrowBridge, ATypeWithoutAKindIsAnErrorThatNamesTheColumn) {
  for (const auto& type : {arrow::list(arrow::int64()), arrow::struct_({arrow::field("x", arrow::int64())}), arrow::binary()}) {
    try {
      column_of(type, {"[null]"});
      FAIL() << type->ToString();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Unsupported);
      EXPECT_NE(error.message().find("column 'c' is of type " + type->ToString()), std::string::npos);
    }
  }
}

Table every_kind() {
  const std::vector<uint8_t> there = {1, 0, 1, 1, 1, 1, 1, 1, 0, 1};
  const auto validity = [&] { return Validity::from_bytes(there); };
  return Table(
      {Column::numeric("f64", std::vector<double>{1, 2, NAN, 4, 5, 6, 7, 8, 9, 10}, validity()),
       Column::numeric("f32", std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, validity()),
       Column::integer("i", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, validity()), Column::boolean("b", {1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, validity()),
       Column::categorical("c", {0, -1, 1, 0, 0, 0, 1, 1, 1, 0}, std::make_shared<const Cells>(Cells{"x", "y"})),
       Column::text("t", Cells{"a", "", "", "d", "\xC3\xA9", "f", "g", "h", "i", "j"}, validity()),
       Column::timestamp("ts", {1, 2, 3, 4, 5, 6, 7, 8, 9, -10}, validity()), Column::date("d", {1, 2, 3, 4, 5, 6, 7, 8, 9, -10})});
}

void expect_equal(const Table& a, const Table& b) {
  ASSERT_EQ(a.names(), b.names());
  for (const Column& column : a.columns()) {
    EXPECT_EQ(column.kind(), b.column(column.name()).kind());
    EXPECT_EQ(cells(column), cells(b.column(column.name()))) << column.name();
  }
}

TEST(ArrowBridge, EveryKindComesBackTheSameThroughAStream) {
  const Table table = every_kind();
  ArrowArrayStream* stream = new_arrow_stream(table);
  expect_equal(import_arrow_stream(stream), table);
  EXPECT_THROW(import_arrow_stream(stream), Error);  // used up
  delete_arrow_stream(stream);
  delete_arrow_stream(new_arrow_stream(table));  // never used
  expect_equal(from_arrow(*to_arrow(Table(every_kind().slice(0, 0)))), every_kind().slice(0, 0));
}

TEST(ArrowBridge, ASliceThatStartsInTheMiddleOfAByteKeepsItsMissingRows) {
  const auto whole = to_arrow(every_kind());
  for (const int64_t offset : {1, 3, 8})
    expect_equal(from_arrow(*whole->Slice(offset)), every_kind().slice(static_cast<size_t>(offset), static_cast<size_t>(10 - offset)));
}

TEST(ArrowBridge, ViewsOfTextsOfManyPiecesAreTheSameOnAnyNumberOfThreads) {
  arrow::StringViewBuilder builder;
  Cells wanted;
  for (int i = 0; i < 150'000; ++i) {
    const std::string text =
        i % 5 == 0 ? "" : std::string(static_cast<size_t>(i % 23), 'x') + std::to_string(i);  // within a view and beyond
    const bool is_missing = i % 7 == 3;
    ASSERT_TRUE((is_missing ? builder.AppendNull() : builder.Append(text)).ok());
    if (i >= 3) wanted.push_back(is_missing ? "-" : text);
  }
  const auto whole = builder.Finish().ValueOrDie();
  const auto column = std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{whole->Slice(3, 90'000), whole->Slice(90'003)});
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("c", arrow::utf8_view())}), {column});
  EXPECT_EQ(cells(from_arrow(*table).column("c")), wanted);
  for (const int n_threads : {1, 2, 8}) EXPECT_EQ(cells(from_arrow(*table, {}, n_threads).column("c")), wanted);
}

TEST(ArrowBridge, NumbersAndLargeTextsAreNotCopied) {
  const auto array = chunks(arrow::float64(), {"[1, 2, null]"});
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("c", arrow::float64())}), {array});
  const auto* source = static_cast<const arrow::DoubleArray&>(*array->chunk(0)).raw_values();
  EXPECT_EQ(from_arrow(*table).column("c").float64().data(), source);
  const Table out = every_kind();
  const auto back = to_arrow(out);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*back->GetColumnByName("i")->chunk(0)).raw_values(), out.column("i").int64().data());
  EXPECT_EQ(reinterpret_cast<const char*>(
                static_cast<const arrow::LargeStringArray&>(*back->GetColumnByName("t")->chunk(0)).value_data()->data()),
            out.column("t").text_bytes());
}

}  // namespace
}  // namespace kolosal
