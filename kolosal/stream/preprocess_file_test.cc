#include "kolosal/stream/preprocess_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;
using namespace preprocess_test;

class PreprocessFile : public testing::Test {
 protected:
  PreprocessFile() : folder_(fs::temp_directory_path() / ("kolosal_preprocess_file_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~PreprocessFile() override { fs::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ / name; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }

  /// A CSV file whose row i is row(i), below its names.
  std::string csv(const std::string& header, size_t n_rows, const std::function<std::string(size_t)>& row) const {
    std::ofstream file(at("in.csv"));
    file << header << "\n";
    for (size_t i = 0; i < n_rows; ++i) file << row(i) << "\n";
    return at("in.csv");
  }

  fs::path folder_;
};

PreprocessorConfig config(Value::Object members = {}) { return from_value<PreprocessorConfig>(Value(std::move(members))); }

/// Chunks of few rows, so that small files have many.
FilePassOptions in_chunks(int64_t rows) {
  FilePassOptions options;
  options.reading.chunk_rows = rows;
  return options;
}

std::string mixed_row(size_t i) {
  const std::string x = i % 11 == 5 ? "" : std::to_string(std::sin(static_cast<double>(i)) * 10);
  return x + "," + std::to_string(i * 7 % 100) + "," +
         (i % 13 == 1  ? ""
          : i % 3 == 0 ? "rome"
                       : "oslo") +
         ",2024-0" + std::to_string(1 + i % 9) + "-11";
}

/// What fitting on the whole file at once makes of it.
Table whole(const std::string& source, const PreprocessorConfig& wanted) {
  return DataPreprocessor(wanted).fit_transform(read_table(source), nullptr, with_threads(1)).second;
}

void expect_near(const Table& a, const Table& b) {
  ASSERT_EQ(a.names(), b.names());
  ASSERT_EQ(a.n_rows(), b.n_rows());
  for (size_t j = 0; j < a.n_columns(); ++j) {
    ASSERT_EQ(a.column(j).kind(), b.column(j).kind()) << a.column(j).name();
    for (size_t row = 0; row < a.n_rows(); ++row) {
      ASSERT_EQ(a.column(j).is_missing(row), b.column(j).is_missing(row)) << a.column(j).name() << " " << row;
      if (a.column(j).is_missing(row)) continue;
      if (a.column(j).kind() == ColumnKind::Text) ASSERT_EQ(a.column(j).text(row), b.column(j).text(row));
      else ASSERT_NEAR(a.column(j).number(row), b.column(j).number(row), 1e-9) << a.column(j).name() << " " << row;
    }
  }
}

TEST_F(PreprocessFile, GivesWhatTheWholeTableGives) {
  const std::string source = csv("x,n,town,day", 2000, mixed_row);
  for (const Value::Object& members :
       {Value::Object{}, Value::Object{{"categorical_encoding", "one_hot"}, {"scaling", "robust"}},
        Value::Object{{"outlier_strategy", "remove_iqr"}, {"missing_strategy", "drop"}},
        Value::Object{{"missing_strategy", "none"}, {"scaling", "none"}, {"categorical_encoding", "none"}}}) {
    FilePassReport report;
    const auto fitted = preprocess_file(source, at("out.arrow"), config(members), in_chunks(300), with_threads(2), &report);
    const Table expected = whole(source, config(members));
    expect_near(expected, read_table(at("out.arrow")));
    EXPECT_EQ(report.n_rows_read, 2000);
    EXPECT_EQ(report.n_rows_written, static_cast<int64_t>(expected.n_rows()));
    EXPECT_EQ(report.n_rows_removed, 2000 - static_cast<int64_t>(expected.n_rows()));
    EXPECT_EQ(fitted.feature_names_out(), expected.names());
  }
}

TEST_F(PreprocessFile, FindsKindsThatOnlyLaterRowsTell) {
  const auto with_last = [&](const std::string& first, const std::string& last) {
    return csv("x,y", 1500, [&](size_t i) { return (i < 1400 ? first : last) + "," + std::to_string(i % 5); });
  };
  const PreprocessorConfig plain = config({{"missing_strategy", "none"}, {"scaling", "none"}});
  for (const auto& [first, last] : std::vector<std::pair<std::string, std::string>>{{"3", "3.5"},
                                                                                    {"3", "4.0"},
                                                                                    {"3", "three"},
                                                                                    {"true", "maybe"},
                                                                                    {"01/02/2024", "25/02/2024"},
                                                                                    {"2024-05-01", "2024-05-01 10:00"}}) {
    const std::string source = with_last(first, last);
    preprocess_file(source, at("out.arrow"), plain, in_chunks(200), with_threads(2));
    expect_near(whole(source, plain), read_table(at("out.arrow")));
  }
}

TEST_F(PreprocessFile, GivesTheSameBytesOnAnyNumberOfThreads) {
  const std::string source = csv("x,n,town,day", 3000, mixed_row);
  for (const int n_threads : {1, 2, 5})
    preprocess_file(source, at(std::to_string(n_threads) + ".parquet"), config({{"scaling", "robust"}}), in_chunks(500),
                    with_threads(n_threads));
  EXPECT_EQ(read_file(at("1.parquet")), read_file(at("2.parquet")));
  EXPECT_EQ(read_file(at("1.parquet")), read_file(at("5.parquet")));
}

TEST_F(PreprocessFile, ReadsEveryFormatInPasses) {
  const Table table = read_table(csv("x,n,town,day", 1000, mixed_row));
  for (const char* name : {"in.parquet", "in.arrow", "in.jsonl"}) {
    write_table(table, at(name));
    preprocess_file(at(name), at("out.arrow"), config(), in_chunks(128), with_threads(2));
    expect_near(whole(at(name), config()), read_table(at("out.arrow")));
  }
}

// Under AddressSanitizer freed memory stays with the process for a while, up to 256 MB, and counts as used.
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kQuarantineBytes = 300'000'000;
#else
constexpr size_t kQuarantineBytes = 0;
#endif

TEST_F(PreprocessFile, TellsTheLeastMemoryThatWorks) {
  const std::string source = csv("x,n,town,day", 1000, mixed_row);
  FilePassOptions options;
  options.memory_bytes = 10'000'000;
  try {
    preprocess_file(source, at("out.csv"), config(), options, with_threads(1));
    FAIL() << "ten megabytes were enough";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    const size_t place = error.message().find("the least that works is ");
    ASSERT_NE(place, std::string::npos) << error.message();
    options.memory_bytes = 1'000'000 * std::stoul(error.message().substr(place + 24)) + kQuarantineBytes;
  }
  FilePassReport report;
  EXPECT_NO_THROW(preprocess_file(source, at("out.csv"), config(), options, with_threads(1), &report));
  EXPECT_GE(report.chunk_rows, 256);
}

TEST_F(PreprocessFile, LeavesNothingWhereItFails) {
  const std::string source = csv("x,n,town,day", 1000, [](size_t i) { return i == 900 ? "1,2" : mixed_row(i); });
  std::ofstream(at("out.csv")) << "old\n";
  try {
    preprocess_file(source, at("out.csv"), config(), in_chunks(100), with_threads(2));
    FAIL() << "a ragged line was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
    EXPECT_NE(error.message().find("in.csv:902: 2 cells"), std::string::npos) << error.message();
  }
  FitContext context = with_threads(2);
  FilePassOptions options = in_chunks(100);
  options.on_progress = [&](const FileProgress& progress) {
    EXPECT_LE(progress.pass, progress.n_passes);
    if (progress.pass == progress.n_passes && progress.pass > 1) context.cancel.cancel();
  };
  try {
    preprocess_file(csv("x,n,town,day", 1000, mixed_row), at("out.csv"), config(), options, context);
    FAIL() << "it went on after it was cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
  EXPECT_EQ(read_file(at("out.csv")), "old\n");
  EXPECT_EQ(names(), (std::vector<std::string>{"in.csv", "out.csv"}));
  EXPECT_THROW(preprocess_file(source, at("no/such/folder/out.csv"), config(), options, with_threads(1)), Error);
}

TEST_F(PreprocessFile, SaysSoWhereTheSourceIsChangedBetweenPasses) {
  const std::string source = csv("x,n,town,day", 1000, mixed_row);
  FilePassOptions options = in_chunks(100);
  options.on_progress = [&](const FileProgress& progress) {
    if (progress.pass == 1 && progress.n_rows == 1000) std::ofstream(source, std::ios::app) << mixed_row(1000) << "\n";
  };
  try {
    preprocess_file(source, at("out.csv"), config(), options, with_threads(2));
    FAIL() << "it was not seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
    EXPECT_NE(error.message().find("changed while it was read"), std::string::npos) << error.message();
  }
  EXPECT_EQ(names(), std::vector<std::string>{"in.csv"});
}

TEST_F(PreprocessFile, LetsTheTargetThroughAndLeavesRowsWithoutIt) {
  for (const char* missing : {"", "unknown"}) {
    const std::string source =
        csv("x,y", 1000, [&](size_t i) { return std::to_string(i % 17) + "," + (i % 50 == 7 ? missing : std::to_string(i) + ".5"); });
    FilePassOptions options = in_chunks(90);
    options.target = "y";
    FilePassReport report;
    preprocess_file(source, at("out.arrow"), config(), options, with_threads(2), &report);
    const Table out = read_table(at("out.arrow"));
    EXPECT_EQ(out.names(), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(out.n_rows(), 980U);
    EXPECT_EQ(report.n_rows_removed, 20);
    EXPECT_EQ(out.column("y").display(7), "8.5");
    double sum = 0;
    for (const double value : out.column("x").numbers()) sum += value;
    EXPECT_NEAR(sum, 0, 1e-9) << "rows without a target teach nothing";
  }
}

TEST_F(PreprocessFile, ReadsWhatCannotBeReadTwiceFromACopyWithoutAName) {
  const std::string source = csv("x,n,town,day", 1000, mixed_row), text = read_file(source), pipe = at("pipe.csv");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto put = [&](const std::string& bytes) { return std::jthread([&pipe, bytes] { std::ofstream(pipe) << bytes; }); };
  {
    const auto writer = put(text);
    preprocess_file(pipe, at("out.arrow"), config(), in_chunks(100), with_threads(2));
  }
  expect_near(whole(source, config()), read_table(at("out.arrow")));
  const auto writer = put(text + "1,2\n");
  try {
    preprocess_file(pipe, at("again.arrow"), config(), in_chunks(100), with_threads(2));
    FAIL() << "a ragged line was taken";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("pipe.csv:1002:"), std::string::npos) << error.message();
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"in.csv", "out.arrow", "pipe.csv"}));
}

TEST_F(PreprocessFile, FitsWithoutWriting) {
  const std::string source = csv("x,n,town,day", 1000, mixed_row);
  FilePassReport report;
  const auto fitted = fit_file(source, config(), in_chunks(100), with_threads(2), &report);
  expect_near(whole(source, config()), fitted.transform(read_table(source)));
  EXPECT_EQ(report.n_rows_written, 0);
  EXPECT_EQ(names(), (std::vector<std::string>{"in.csv"}));
}

}  // namespace
}  // namespace kolosal
