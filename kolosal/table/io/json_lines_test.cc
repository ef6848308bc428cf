#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "kolosal/table/io/table_io.h"

namespace kolosal {
namespace {

using Cells = std::vector<std::string>;

struct Lines {
  explicit Lines(const std::string& text)
      : path(std::filesystem::temp_directory_path() / ("kolosal_" + std::to_string(::getpid()) + ".jsonl")) {
    std::ofstream(path, std::ios::binary) << text;
  }
  ~Lines() { std::filesystem::remove(path); }
  std::string path;
};

Table read(const std::string& text, const ReadOptions& options = {}) { return read_table(Lines(text).path, options); }

Cells cells(const Table& table, std::string_view name) {
  Cells shown;
  for (size_t row = 0; row < table.n_rows(); ++row)
    shown.push_back(table.column(name).is_missing(row) ? "-" : table.column(name).display(row));
  return shown;
}

/// What the message of the failure says after the file's name.
std::string failure(const std::string& text) {
  const Lines lines(text);
  try {
    read_table(lines.path);
  } catch (const Error& error) {
    EXPECT_FALSE(error.remedy().empty());
    return error.message().substr(lines.path.size());
  }
  return "no error";
}

TEST(JsonLines, TypesOfJsonDecideAndTextsThatAreDatesAreDates) {
  const Table table = read(
      "{\"i\": 9007199254740993, \"r\": 1, \"b\": true, \"z\": \"01234\", \"d\": \"2024-01-31\", \"m\": 1, \"n\": null}\n\n"
      "{\"r\":2.5,\"i\":-1,\"b\":false,\"z\":\"1\",\"d\":\"2024-02-01\",\"m\":\"x\",\"late\":\"caf\\u00e9 \\\"q\\\"\"}\r\n");
  EXPECT_EQ(table.names(), (Cells{"i", "r", "b", "z", "d", "m", "n", "late"}));
  EXPECT_EQ(table.column("i").kind(), ColumnKind::Integer);
  EXPECT_EQ(cells(table, "i"), (Cells{"9007199254740993", "-1"}));
  EXPECT_EQ(table.column("r").kind(), ColumnKind::Numeric);
  EXPECT_EQ(table.column("b").kind(), ColumnKind::Boolean);
  EXPECT_EQ(cells(table, "z"), (Cells{"01234", "1"}));
  EXPECT_EQ(table.column("d").kind(), ColumnKind::Date);
  EXPECT_EQ(cells(table, "m"), (Cells{"1", "x"}));
  EXPECT_EQ(table.column("n").kind(), ColumnKind::Numeric);
  EXPECT_EQ(cells(table, "late"), (Cells{"-", "caf\xC3\xA9 \"q\""}));
}

TEST(JsonLines, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(failure(""), ": the file has no row");
  EXPECT_EQ(failure("{\"a\":1}\n{\"a\":1\n"), ":2: '}' is expected");
  EXPECT_EQ(failure("{\"a\":1}\n\n{\"a\":[1]}\n"), ":3: column 'a' holds a list, which is no cell of a table");
  EXPECT_EQ(failure("{\"a\":tru}\n"), ":1: column 'a' holds 'tru', which is no JSON value");
  EXPECT_EQ(failure("{\"a\":1,\"a\":2}\n"), ":1: the name 'a' is there twice");
  EXPECT_EQ(failure("{\"a\":\"x}\n"), ":1: a quote opens here and is not closed in the line");
  EXPECT_EQ(failure("{\"a\":1} 2\n"), ":1: there is more after the object");
  EXPECT_EQ(failure("{\"a\":\"\\q\"}\n"), ":1: the text '\\q' has a wrong escape");
  EXPECT_EQ(failure("{\"a\":\"\xE9\"}\n"), ":1: the line is not valid UTF-8");
  EXPECT_EQ(failure("[1]\n"), ":1: '{' is expected");
}

TEST(JsonLines, InfinityAndNaNSurviveAsFarAsJsonGoes) {
  const Lines lines("");
  write_table(Table({Column::numeric("x", std::vector<double>{INFINITY, -INFINITY, NAN, 0.1})}), lines.path);
  EXPECT_EQ(cells(read_table(lines.path), "x"), (Cells{"inf", "-inf", "-", "0.1"}));
}

TEST(JsonLines, ALaterChunkWithANewColumnIsAnErrorUnlessTheColumnsWereGiven) {
  const Lines lines("{\"a\":1}\n{\"a\":2,\"b\":3}\n");
  const auto reader = open_table(lines.path, {.chunk_rows = 1});
  reader->next();
  EXPECT_THROW(reader->next(), Error);
  const Table like({Column::numeric("a", std::vector<double>{})});
  const auto given = open_table(lines.path, {.chunk_rows = 1}, &like);
  EXPECT_EQ(given->next()->column("a").kind(), ColumnKind::Numeric);
  EXPECT_EQ(given->next()->names(), (Cells{"a"}));
}

}  // namespace
}  // namespace kolosal
