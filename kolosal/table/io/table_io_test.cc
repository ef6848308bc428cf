#include "kolosal/table/io/table_io.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "kolosal/base/file.h"
#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

using Cells = std::vector<std::string>;

/// A folder for one test.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("kolosal_io_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path / name; }
  std::filesystem::path path;
};

Table sample(size_t n_rows) {
  std::vector<double> x;
  std::vector<int64_t> i, t;
  std::vector<uint8_t> b, there;
  std::vector<int32_t> c;
  Cells s;
  for (size_t row = 0; row < n_rows; ++row) {
    x.push_back(static_cast<double>(row) * 0.1);
    i.push_back(static_cast<int64_t>(row) - 5);
    t.push_back(static_cast<int64_t>(row) * 86'400'000'000 + 1'500'000);
    b.push_back(row % 3 == 0);
    c.push_back(row % 4 == 3 ? -1 : static_cast<int32_t>(row % 4));
    s.push_back("text \"" + std::to_string(row) + "\",\n\xC3\xA9");
    there.push_back(row % 5 != 4);
  }
  const auto validity = [&] { return Validity::from_bytes(there); };
  return Table({Column::numeric("x", x, validity()), Column::integer("i", i, validity()), Column::boolean("b", b, validity()),
                Column::categorical("c", c, std::make_shared<const Cells>(Cells{"red", "green", "blue"})), Column::text("s", s, validity()),
                Column::timestamp("t", t, validity())});
}

void expect_equal(const Table& a, const Table& b, bool same_kinds = true) {
  ASSERT_EQ(a.names(), b.names());
  ASSERT_EQ(a.n_rows(), b.n_rows());
  for (size_t c = 0; c < a.n_columns(); ++c) {
    if (same_kinds) {
      EXPECT_EQ(enum_name(a.column(c).kind()), enum_name(b.column(c).kind())) << a.column(c).name();
    }
    for (size_t row = 0; row < a.n_rows(); ++row)
      ASSERT_EQ(a.column(c).display(row), b.column(c).display(row)) << a.column(c).name() << " " << row;
  }
}

std::string failure(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(error_code_name(error.code())) + ": " + error.message();
  }
  return "no error";
}

class Formats : public testing::TestWithParam<std::string> {
 protected:
  /// Whether the format keeps categories apart from texts.
  bool typed() const { return GetParam() == "parquet" || GetParam() == "arrow"; }
  std::string file(const std::string& name) const { return folder_ / (name + "." + GetParam()); }
  Folder folder_;
};

TEST_P(Formats, ATableReadsBackAsItWasWritten) {
  write_table(sample(1000), file("a"));
  expect_equal(read_table(file("a")), sample(1000), typed());
}

TEST_P(Formats, PartsWrittenOneByOneAreOneTable) {
  const auto writer = create_table(file("a"));
  for (size_t begin = 0; begin < 1000; begin += 300) writer->write(sample(1000).slice(begin, std::min<size_t>(300, 1000 - begin)));
  EXPECT_FALSE(std::filesystem::exists(file("a"))) << "there before close";
  writer->close();
  expect_equal(read_table(file("a")), sample(1000), typed());
}

TEST_P(Formats, AWriterThatIsGivenUpLeavesTheOldFileAndNothingElse) {
  write_table(sample(3), file("a"));
  {
    const auto writer = create_table(file("a"));
    writer->write(sample(100));
  }
  EXPECT_EQ(read_table(file("a")).n_rows(), 3U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path), {}), 1);
}

TEST_P(Formats, ChunksTogetherAreTheWhole) {
  write_table(sample(1000), file("a"));
  const Table like = read_table(file("a"));
  for (const int64_t chunk_rows : {1, 333, 1000, 5000}) {
    const auto reader = open_table(file("a"), {.chunk_rows = chunk_rows}, &like);
    size_t begin = 0;
    while (const auto chunk = reader->next()) {
      ASSERT_LE(chunk->n_rows(), static_cast<size_t>(chunk_rows));
      if (chunk_rows > 1) expect_equal(*chunk, sample(1000).slice(begin, chunk->n_rows()), typed());
      begin += chunk->n_rows();
    }
    EXPECT_EQ(begin, 1000U);
  }
}

TEST_P(Formats, TheFormatIsFoundWithoutTheEnding) {
  write_table(sample(20), file("a"));
  std::filesystem::rename(file("a"), file("a") + ".unknown");
  if (GetParam() != "jsonl") expect_equal(read_table(file("a") + ".unknown"), sample(20), typed());
  expect_equal(read_table(file("a") + ".unknown", {.format = GetParam()}), sample(20), typed());
}

TEST_P(Formats, OnlyTheColumnsAskedForAreRead) {
  write_table(sample(20), file("a"));
  EXPECT_EQ(read_table(file("a"), {.columns = {"i", "x"}}).names(), (Cells{"x", "i"}));
  EXPECT_EQ(open_table(file("a"), {.columns = {"s"}})->next()->names(), (Cells{"s"}));
  EXPECT_NE(failure([&] { read_table(file("a"), {.columns = {"nope"}}); }).find("unknown_column: 'nope'"), std::string::npos);
}

TEST_P(Formats, AFileWithoutRowsIsAnErrorThatNamesIt) {
  write_table(sample(3).slice(0, 0), file("a"));
  const std::string found = failure([&] { read_table(file("a")); });
  EXPECT_EQ(found.substr(0, found.find(':')), "empty_input") << found;
  EXPECT_NE(found.find(file("a")), std::string::npos);
}

TEST_P(Formats, AFileCutOffAnywhereIsAnErrorOrATableAndNeverACrash) {
  write_table(sample(30), file("a"));
  const std::string bytes = read_file(file("a"));
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 200) {
    std::ofstream(file("b"), std::ios::binary) << bytes.substr(0, size);
    failure([&] { read_table(file("b"), {.format = GetParam()}); });
    failure([&] {
      const auto reader = open_table(file("b"), {.format = GetParam()});
      while (reader->next()) {
      }
    });
  }
}

TEST_P(Formats, AFlippedByteIsAnErrorOrATableAndNeverACrash) {
  write_table(sample(30), file("a"));
  const std::string bytes = read_file(file("a"));
  for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 300) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    std::ofstream(file("b"), std::ios::binary) << damaged;
    failure([&] { read_table(file("b"), {.format = GetParam()}); });
  }
}

TEST_P(Formats, PartsWithOtherColumnsAreRefused) {
  const auto writer = create_table(file("a"));
  writer->write(sample(3));
  EXPECT_NE(failure([&] { writer->write(sample(3).drop(Cells{"x"})); }).find("other columns"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, Formats, testing::ValuesIn(table_formats().names()));

TEST(TableIo, LaterPartsMayHaveOtherCategories) {
  const Folder folder;
  const auto part = [](Cells levels) {
    return Table({Column::categorical("c", {0, 1, -1}, std::make_shared<const Cells>(std::move(levels)))});
  };
  for (const std::string& format : table_formats().names()) {
    const auto writer = create_table(folder / "a", format);
    writer->write(part({"x", "y"}));
    writer->write(part({"z", "x"}));
    writer->close();
    const Table table = read_table(folder / "a", {.format = format});
    Cells found;
    for (size_t row = 0; row < 6; ++row) found.push_back(table.column("c").display(row));
    EXPECT_EQ(found, (Cells{"x", "y", "", "z", "x", ""})) << format;
  }
}

TEST(TableIo, PathsThatCannotBeReadOrWrittenAreErrors) {
  EXPECT_EQ(failure([] { read_table("/nonexistent/a.csv"); }).substr(0, 3), "io:");
  EXPECT_EQ(failure([] { open_table("/nonexistent/a.csv"); }).substr(0, 3), "io:");
  EXPECT_EQ(failure([] { create_table("/nonexistent/a.csv"); }).substr(0, 3), "io:");
  EXPECT_EQ(failure([] { read_table("/tmp"); }).substr(0, 3), "io:");
  EXPECT_NE(failure([] { create_table("/tmp/a.xlsx"); }).find("does not tell a table format"), std::string::npos);
  EXPECT_NE(failure([] { read_table("/dev/null", {.format = "cvs"}); }).find("unknown_name: there is no table format 'cvs'"),
            std::string::npos);
}

TEST(OutputFile, RemovesPartsThatKilledProgramsLeft) {
  const std::string folder = testing::TempDir() + "abandoned";
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/out.csv";
  const auto age = [](const std::string& name) {
    std::ofstream(name) << "x";
    std::filesystem::last_write_time(name, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  };
  age(path + ".part71_0");
  age(path + ".parts");
  std::ofstream(path + ".part72_0") << "young";
  const auto written = create_table(path);
  EXPECT_FALSE(std::filesystem::exists(path + ".part71_0"));
  EXPECT_TRUE(std::filesystem::exists(path + ".parts"));
  EXPECT_TRUE(std::filesystem::exists(path + ".part72_0"));
  // What a program writes at the moment stays, however old it is.
  std::string own;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (const std::string name = entry.path().string(); name != path + ".parts" && name != path + ".part72_0") own = name;
  std::filesystem::last_write_time(own, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  const auto other = create_table(path);
  EXPECT_TRUE(std::filesystem::exists(own));
}

TEST(TableIo, EndsAChunkOfTextAfterSoManyBytes) {
  const Folder folder;
  const Table rows = sample(500);
  for (const char* name : {"t.csv", "t.jsonl"}) {
    write_table(rows, folder / name);
    OpenHints hints;
    hints.chunk_bytes = 2000;
    const auto reader = open_table(folder / name, {}, hints);
    size_t n_rows = 0, n_chunks = 0;
    for (; const auto chunk = reader->next(); ++n_chunks) n_rows += chunk->n_rows();
    EXPECT_EQ(n_rows, 500U) << name;
    EXPECT_GT(n_chunks, 5U) << name;
    EXPECT_LT(n_chunks, 100U) << name;
  }
}

/// A file of `format` that is half of what it was once `open` has looked at it; what `read` makes of the rest.
void expect_cut_short_is_an_error(const std::string& format, const std::function<std::function<void()>(const std::string&)>& open) {
  const Folder folder;
  const std::string path = folder / ("t." + format);
  const Table rows = sample(60'000);
  const auto writer = create_table(path, format);
  for (size_t begin = 0; begin < rows.n_rows(); begin += 10'000) writer->write(rows.slice(begin, 10'000));
  writer->close();
  const auto read = open(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  try {
    read();
    ADD_FAILURE() << format << ": rows were lost";
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::BadFile || error.code() == ErrorCode::Io) << format << ": " << error.what();
  }
}

TEST(TableIo, SaysThatAFileIsCutShortWhileItIsReadInChunks) {
  for (const auto& entry : table_formats().entries())
    expect_cut_short_is_an_error(std::string(entry.name), [](const std::string& path) {
      ReadOptions options;
      options.chunk_rows = 1000;
      const std::shared_ptr<TableReader> reader = open_table(path, options);
      EXPECT_TRUE(reader->next().has_value());
      return [reader] {
        while (reader->next()) {
        }
      };
    });
}

TEST(TableIo, SaysThatAFileIsCutShortWhileItIsReadWhole) {
  for (const auto& entry : table_formats().entries())
    expect_cut_short_is_an_error(std::string(entry.name), [&entry](const std::string& path) {
      const auto input = std::make_shared<const InputBytes>(load_input(path));
      return [input, &entry] { (void)entry.make({})->read(*input, {}, {}); };
    });
}

}  // namespace
}  // namespace kolosal
