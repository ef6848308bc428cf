#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include "kolosal/base/file.h"
#include "kolosal/table/io/csv_text.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal {
namespace {

Table read(std::string_view text, const ReadOptions& options = {}) { return read_csv_text(text, "t.csv", options); }

/// "code: message" of what reading throws; the remedy must be there.
std::string failure(std::string_view text, const ReadOptions& options = {}) {
  try {
    read(text, options);
  } catch (const Error& error) {
    EXPECT_FALSE(error.remedy().empty()) << error.message();
    return std::string(error_code_name(error.code())) + ": " + error.message();
  }
  return "no error";
}

std::vector<std::string> cells(const Table& table, std::string_view column) {
  std::vector<std::string> shown;
  const Column& found = table.column(column);
  for (size_t row = 0; row < table.n_rows(); ++row) shown.push_back(found.is_missing(row) ? "<missing>" : found.display(row));
  return shown;
}

using Cells = std::vector<std::string>;

/// A file in the folder for temporary files, removed at the end.
struct TemporaryFile {
  explicit TemporaryFile(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("kolosal_" + std::to_string(::getpid()) + name)) {}
  ~TemporaryFile() { std::filesystem::remove(path); }
  void write(std::string_view text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string path;
};

TEST(Csv, EveryColumnHasTheKindThatAllItsValuesFit) {
  const Table table = read(
      "i,r,b,d,s,t,none\n"
      "1,1.5,true,2024-01-31,2024-01-31T10:00:00Z,x,\n"
      "-2,inf,FALSE,2024-02-01,2024-01-31 11:30,1,NA\n"
      " 3 ,1e-3,True,1999-12-31,2024-01-31T10:00:00.5+01:00,y,?\n");
  const auto kind = [&](std::string_view name) { return enum_name(table.column(name).kind()); };
  EXPECT_EQ(kind("i"), "integer");
  EXPECT_EQ(kind("r"), "numeric");
  EXPECT_EQ(kind("b"), "boolean");
  EXPECT_EQ(kind("d"), "date");
  EXPECT_EQ(kind("s"), "timestamp");
  EXPECT_EQ(kind("t"), "text");
  EXPECT_EQ(table.column("none").n_missing(), 3U);
  EXPECT_EQ(cells(table, "i"), (Cells{"1", "-2", "3"}));
  EXPECT_EQ(cells(table, "s"), (Cells{"2024-01-31T10:00:00", "2024-01-31T11:30:00", "2024-01-31T09:00:00.500000"}));
  EXPECT_EQ(table.column("r").float64()[1], std::numeric_limits<double>::infinity());
}

TEST(Csv, TheLastRowOfABigFileCountsForTheKind) {
  std::string text = "a,b\n";
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + ",2024-01-01\n";
  EXPECT_EQ(read(text).column("a").kind(), ColumnKind::Integer);
  EXPECT_EQ(read(text + "x,y\n").column("a").kind(), ColumnKind::Text);
  EXPECT_EQ(read(text + "0.5,\n").column("a").kind(), ColumnKind::Numeric);
  EXPECT_EQ(read(text + "0.5,\n").column("b").kind(), ColumnKind::Date);
}

// Formats are guessed from a sample; what lies beyond it counts all the same.
TEST(Csv, ARowThatNoSampleHoldsCountsForTheKindAndForErrors) {
  std::string many = "a,b,c\n";
  for (int i = 0; i < 50'000; ++i) many += "1,2020-01-05,true\n";
  const auto kind_with = [&](const std::string& last, const char* column) { return read(many + last).column(column).kind(); };
  EXPECT_EQ(kind_with("1,2020-01-05,true\n", "a"), ColumnKind::Integer);
  EXPECT_EQ(kind_with("1.5,2020-01-05,true\n", "a"), ColumnKind::Numeric);
  EXPECT_EQ(kind_with("3.0,2020-01-05,true\n", "a"), ColumnKind::Numeric);
  EXPECT_EQ(kind_with("x,2020-01-05,true\n", "a"), ColumnKind::Text);
  EXPECT_EQ(kind_with("1,2020-01-05 10:30,true\n", "b"), ColumnKind::Timestamp);
  EXPECT_EQ(kind_with("1,never,true\n", "b"), ColumnKind::Text);
  EXPECT_EQ(kind_with("1,2020-01-05,2\n", "c"), ColumnKind::Text);
  const Table late = read(many + "\"x\ny\",NA,\n");
  EXPECT_EQ(late.column("a").display(50'000), "x\ny");
  EXPECT_EQ(late.column("a").display(49'999), "1");
  EXPECT_TRUE(late.column("b").is_missing(50'000));
  EXPECT_EQ(late.column("b").kind(), ColumnKind::Date);
  EXPECT_NE(failure(many + "1,2\n").find("t.csv:50002: 2 cells where there are 3 columns"), std::string::npos);
  EXPECT_NE(failure(many + "1,\xFF,3\n").find("t.csv:50002: column 'b' holds the byte 0xFF"), std::string::npos);
  EXPECT_NE(failure(many + "1,\"2,3\n").find("t.csv:50002: a quote opens here"), std::string::npos);
}

TEST(Csv, IntegersAbove2To53KeepTheirDigits) {
  EXPECT_EQ(cells(read("a\n9007199254740993\n-9223372036854775808\n"), "a"), (Cells{"9007199254740993", "-9223372036854775808"}));
  EXPECT_EQ(read("a\n9223372036854775808\n").column("a").kind(), ColumnKind::Numeric);
}

TEST(Csv, QuotesHoldDelimitersLineEndsAndQuotes) {
  const Table table = read("a,b\r\n\"x,y\",\"line 1\r\nline 2\"\r\n\"say \"\"hi\"\"\",5\" pipe\r\n\"\",\"tail\"end\r\n");
  EXPECT_EQ(cells(table, "a"), (Cells{"x,y", "say \"hi\"", "<missing>"}));
  EXPECT_EQ(cells(table, "b"), (Cells{"line 1\r\nline 2", "5\" pipe", "tailend"}));
}

TEST(Csv, ALineEndInsideQuotesNeverCutsABlock) {
  std::string text = "a,b\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",\"one\ntwo, \"\"three\"\"\n\"\n";
  const Table table = read(text);
  ASSERT_EQ(table.n_rows(), 100'000U);
  for (size_t row = 0; row < table.n_rows(); ++row) {
    ASSERT_EQ(table.column("a").int64()[row], static_cast<int64_t>(row));
    ASSERT_EQ(table.column("b").text(row), "one\ntwo, \"three\"\n");
  }
}

TEST(Csv, BlankLinesByteOrderMarkAndMissingLastLineEndChangeNothing) {
  for (const auto text : {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4",
                          "\xEF\xBB\xBF"
                          "a,b\r\n1,2\r\n3,4\r\n",
                          "\n\na,b\n\n1,2\n  \n3,4\n\n", "\"a\",\"b\"\n1,2\n3,\"4\""}) {
    const Table table = read(text);
    EXPECT_EQ(table.names(), (Cells{"a", "b"})) << text;
    EXPECT_EQ(cells(table, "b"), (Cells{"2", "4"})) << text;
    EXPECT_EQ(table.column("b").kind(), ColumnKind::Integer) << text;
  }
}

TEST(Csv, DelimiterAndDecimalCommaAreFound) {
  const Table semicolons = read("a;b;c\n1,5;x, y;2\n-2,25;z;3\n");
  EXPECT_EQ(cells(semicolons, "a"), (Cells{"1.5", "-2.25"}));
  EXPECT_EQ(cells(semicolons, "b"), (Cells{"x, y", "z"}));
  EXPECT_EQ(cells(read("a\tb\n1\t2,5\n"), "b"), (Cells{"2.5"}));
  EXPECT_EQ(cells(read("a|b\n1|2\n"), "b"), (Cells{"2"}));
  EXPECT_EQ(cells(read("name\nSmith, John\nDoe\n"), "name"), (Cells{"Smith, John", "Doe"}));
  EXPECT_EQ(cells(read("a:b\n1:2\n", {.delimiter = ":"}), "b"), (Cells{"2"}));
  EXPECT_EQ(read("a;b\n1,5;2\n", {.decimal_point = "."}).column("a").kind(), ColumnKind::Text);
  EXPECT_EQ(read("a,b\n\"1,5\",2\n").column("a").kind(), ColumnKind::Text);
  EXPECT_EQ(cells(read("a,b\n\"1,5\",2\n", {.decimal_point = ","}), "a"), (Cells{"1.5"}));
}

TEST(Csv, DayAndMonthAreToldApartByAllRows) {
  EXPECT_EQ(cells(read("d\n01/02/2024\n25/12/2023\n"), "d"), (Cells{"2024-02-01", "2023-12-25"}));
  EXPECT_EQ(cells(read("d\n01/02/2024\n12/25/2023\n"), "d"), (Cells{"2024-01-02", "2023-12-25"}));
}

TEST(Csv, OptionsChooseColumnsTextsAndMissingMarkers) {
  const Table table = read("a,b,c\n1,2,-\n3,4,5\n", {.missing = {"-"}, .columns = {"c", "b"}, .text_columns = {"b"}});
  EXPECT_EQ(table.names(), (Cells{"b", "c"}));
  EXPECT_EQ(table.column("b").kind(), ColumnKind::Text);
  EXPECT_EQ(cells(table, "c"), (Cells{"<missing>", "5"}));
  EXPECT_EQ(table.column("c").kind(), ColumnKind::Integer);
  EXPECT_EQ(read("1,2\n3,4\n", {.header = false}).names(), (Cells{"column_1", "column_2"}));
  EXPECT_EQ(read("1,2\n3,4\n", {.header = false}).n_rows(), 2U);
  EXPECT_EQ(failure("income,b\n1,2\n", {.columns = {"incme"}}),
            "unknown_column: 'incme' is not a column of t.csv (2 columns); did you mean 'income'?");
  EXPECT_EQ(failure("a\n1\n", {.delimiter = "ab"}).substr(0, 21), "bad_value: delimiter:");
  EXPECT_EQ(failure("a\n1\n", {.decimal_point = ";"}).substr(0, 25), "bad_value: decimal_point:");
}

TEST(Csv, AColumnWithoutANameIsNamedByItsPosition) {
  EXPECT_EQ(read(",b,,column_3\n0,1,2,3\n").names(), (Cells{"column_1", "b", "column_3_", "column_3"}));
}

TEST(Csv, EveryMalformedFileSaysWhatIsWrongAndWhere) {
  using namespace std::string_literals;
  EXPECT_EQ(failure(""), "empty_input: t.csv: the file is empty");
  EXPECT_EQ(failure("\n \n"), "empty_input: t.csv: the file is empty");
  EXPECT_EQ(failure("a,b\n"), "empty_input: t.csv: there is a line of column names but no row");
  EXPECT_EQ(failure("a,b\n1,2\n\"x\ny\",4\n5,6,7\n"), "bad_file: t.csv:5: 3 cells where there are 2 columns; the line begins '5,6,7'");
  EXPECT_EQ(failure("a,b\n1,2\n5\n"), "bad_file: t.csv:3: 1 cell where there are 2 columns; the line begins '5'");
  EXPECT_EQ(failure("a,b,a\n1,2,3\n"), "bad_file: t.csv: columns 1 and 3 are both named 'a'");
  EXPECT_EQ(failure("a,b\n1,2\n3,x\0y\n"s), "bad_file: t.csv:3: column 'b' holds a NUL byte");
  EXPECT_EQ(failure("a,b\n1,2\n3,caf\xE9\n"), "bad_file: t.csv:3: column 'b' holds the byte 0xE9, which is not valid UTF-8");
  EXPECT_EQ(failure("a,b\xE9\n1,2\n"), "bad_file: t.csv: the name of column 2 is not valid UTF-8");
  EXPECT_EQ(failure("\xFF\xFE"
                    "a\0\n\0"s),
            "bad_file: t.csv: the text is UTF-16, UTF-8 is needed");
  EXPECT_EQ(failure("a\0,\0b\0\n\0"s), "bad_file: t.csv: the column names hold a NUL byte");
  EXPECT_EQ(failure("a,b\r1,2\r"), "bad_file: t.csv: lines end in CR alone; LF or CR LF is needed");
  EXPECT_EQ(failure("a,b\n1,2\n3,\"x\n4,5\n"), "bad_file: t.csv:3: a quote opens here and is never closed");
  EXPECT_EQ(failure("a,\"b\n1,2\n"), "bad_file: t.csv:1: a quote in the first row is never closed");
  EXPECT_EQ(failure("\x1F\x8B\x08"), "bad_file: t.csv: the file is compressed");
}

TEST(Csv, HugeCellsAndVeryWideTablesAreRead) {
  const std::string huge(5'000'000, 'x');
  const Table table = read("a,b\n1,\"" + huge + "\"\n2," + huge + "\n");
  EXPECT_EQ(table.column("b").text(0), huge);
  EXPECT_EQ(table.column("b").text(1), huge);
  std::string header, row;
  for (int i = 0; i < 10'000; ++i) {
    header += (i ? ",c" : "c") + std::to_string(i);
    row += (i ? "," : "") + std::to_string(i);
  }
  const Table wide = read(header + "\n" + row + "\n" + row + "\n");
  EXPECT_EQ(wide.n_columns(), 10'000U);
  EXPECT_EQ(wide.column("c9999").int64()[1], 9999);
}

std::string mixed_csv(int n_rows) {
  std::string text = "i,r,t,d\n";
  for (int i = 0; i < n_rows; ++i)
    text += std::to_string(i) + "," + (i % 7 == 0 ? "" : std::to_string(i * 0.37)) + ",\"v\n" + std::to_string(i % 13) + "\",2024-01-" +
            std::to_string(10 + i % 20) + "\n";
  return text;
}

void expect_equal(const Table& a, const Table& b) {
  ASSERT_EQ(a.names(), b.names());
  ASSERT_EQ(a.n_rows(), b.n_rows());
  for (size_t c = 0; c < a.n_columns(); ++c) {
    ASSERT_EQ(a.column(c).kind(), b.column(c).kind()) << a.column(c).name();
    for (size_t row = 0; row < a.n_rows(); ++row) {
      ASSERT_EQ(a.column(c).is_missing(row), b.column(c).is_missing(row)) << a.column(c).name() << " " << row;
      ASSERT_EQ(a.column(c).display(row), b.column(c).display(row));
    }
  }
}

TEST(Csv, FourThreadsReadWhatOneReads) {
  const std::string text = mixed_csv(200'000);
  FitContext four;
  four.threads = std::make_shared<const Threads>(4);
  expect_equal(read(text), read_csv_text(text, "t.csv", {}, four));
}

TEST(Csv, ChunksTogetherAreTheWholeFile) {
  const TemporaryFile file("chunks.csv");
  file.write(mixed_csv(50'000));
  const Table whole = read_table(file.path);
  for (const int64_t chunk_rows : {1000, 49'999, 50'000, 1'000'000}) {
    const auto reader = open_table(file.path, {.chunk_rows = chunk_rows});
    size_t begin = 0;
    while (const auto chunk = reader->next()) {
      ASSERT_EQ(chunk->n_rows(), std::min<size_t>(static_cast<size_t>(chunk_rows), 50'000 - begin));
      expect_equal(*chunk, whole.slice(begin, chunk->n_rows()));
      begin += chunk->n_rows();
    }
    EXPECT_EQ(begin, 50'000U);
    EXPECT_FALSE(reader->next());
  }
}

TEST(Csv, AChunkWithAValueOfAnotherKindIsAnErrorOrMissingAsAsked) {
  const TemporaryFile file("bad_value.csv");
  file.write("age,name\n1,a\n2,b\n\nthirty,c\n");
  const auto reader = open_table(file.path, {.chunk_rows = 2});
  EXPECT_EQ(reader->next()->n_rows(), 2U);
  try {
    reader->next();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_EQ(error.message(), file.path + ":5: column 'age' is integer but holds 'thirty'");
  }
  const auto lenient = open_table(file.path, {.on_bad_value = OnBadValue::Missing, .chunk_rows = 2});
  lenient->next();
  EXPECT_EQ(cells(*lenient->next(), "age"), (Cells{"<missing>"}));
  const Table like({Column::numeric("age", std::vector<double>{}), Column::text("name", {})});
  EXPECT_EQ(open_table(file.path, {.on_bad_value = OnBadValue::Missing}, &like)->next()->column("age").kind(), ColumnKind::Numeric);
}

TEST(Csv, ChunksOfAShortFileHaveTheDelimiterOfTheWhole) {
  const TemporaryFile file("short.csv");
  file.write("id,when:0|||\n2,\n");
  const Table whole = read_table(file.path);
  EXPECT_EQ(whole.n_columns(), 2U);
  expect_equal(*open_table(file.path)->next(), whole);
}

TEST(Csv, ChunksOfAFileWithoutRowsAreTheSameErrorAsTheWhole) {
  const TemporaryFile file("header_only.csv");
  file.write("a,b\n");
  EXPECT_THROW(open_table(file.path)->next(), Error);
  file.write("");
  EXPECT_THROW(open_table(file.path), Error);
}

TEST(Csv, ReadingStopsWhenAskedAndKeepsToItsMemory) {
  FitContext cancelled;
  cancelled.cancel.cancel();
  EXPECT_THROW(read_csv_text("a\n1\n", "t.csv", {}, cancelled), Error);
  FitContext tight;
  tight.memory = std::make_shared<MemoryBudget>(1000);
  try {
    read_csv_text(mixed_csv(1000), "t.csv", {}, tight);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
  }
}

rc::Gen<std::string> cell_texts() {
  const std::vector<std::string> pieces = {"a", "b", ",", "\"", ";", "\n", "\r", " ", "\t", "'", "|", "\xC3\xA9"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)), [](const std::vector<std::string>& chosen) {
    std::string text;
    for (const std::string& piece : chosen) text += piece;
    return text;
  });
}

RC_GTEST_PROP(Csv, WhatIsWrittenReadsBackTheSame, ()) {
  const auto n_rows = static_cast<size_t>(*rc::gen::inRange(1, 20));
  const auto n_columns = static_cast<size_t>(*rc::gen::inRange(1, 5));
  std::vector<Column> columns;
  ReadOptions options{.delimiter = ",", .missing = {}};
  for (size_t c = 0; c < n_columns; ++c) {
    const std::string name = "c" + std::to_string(c);
    std::vector<uint8_t> there = *rc::gen::container<std::vector<uint8_t>>(n_rows, rc::gen::element<uint8_t>(0, 1));
    there[0] = 1;  // a column of nothing has no kind
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        columns.push_back(Column::integer(name, *rc::gen::container<std::vector<int64_t>>(n_rows, rc::gen::arbitrary<int64_t>()),
                                          Validity::from_bytes(there)));
        break;
      case 1: {
        auto values = *rc::gen::container<std::vector<double>>(n_rows, rc::gen::arbitrary<double>());
        values[0] = 0.5;
        columns.push_back(Column::numeric(name, values, Validity::from_bytes(there)));
        break;
      }
      case 2:
        columns.push_back(
            Column::timestamp(name, *rc::gen::container<std::vector<int64_t>>(n_rows, rc::gen::inRange<int64_t>(1, 4'000'000'000'000'000)),
                              Validity::from_bytes(there)));
        break;
      default: {
        auto values = *rc::gen::container<std::vector<std::string>>(n_rows, cell_texts());
        values[0] = "x";
        for (size_t row = 0; row < n_rows; ++row) there[row] &= !strip_blanks(values[row]).empty();  // blanks alone are missing
        columns.push_back(Column::text(name, values, Validity::from_bytes(there)));
        options.text_columns.push_back(name);
      }
    }
  }
  const Table table(std::move(columns));
  const TemporaryFile file("round_trip.csv");
  write_table(table, file.path);
  expect_equal(read_table(file.path, options), table);
}

}  // namespace
}  // namespace kolosal
