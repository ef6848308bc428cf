#include "kolosal/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() : folder_(fs::temp_directory_path() / ("kolosal_file_test_" + std::to_string(getpid()))) { fs::create_directories(folder_); }
  ~FileTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  size_t n_files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator())); }
  static void put(const std::string& path, const std::string& text) {
    write_file_atomically(path, [&](const auto& sink) { sink(text); });
  }
  template <class Body>
  static Error error_of(Body body) {
    try {
      body();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorCode::Internal, "none");
  }

 private:
  fs::path folder_;
};

TEST_F(FileTest, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b\n\xff", 5);
  put(path("a"), bytes);
  EXPECT_EQ(read_file(path("a")), bytes);
  put(path("a"), "");
  EXPECT_EQ(read_file(path("a")), "");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(FileTest, WritesPiecesOfAllSizesInOrder) {
  std::string wanted;
  write_file_atomically(path("big"), [&](const auto& sink) {
    for (size_t size : {1u, 100000u, 0u, 200000u, 300000u, 7u, 262144u, 1000000u}) {
      const std::string piece(size, static_cast<char>('a' + size % 26));
      sink(piece);
      wanted += piece;
    }
  });
  EXPECT_TRUE(read_file(path("big")) == wanted);
}

TEST_F(FileTest, AFailingWriterLeavesTheOldFileAndNoTemporary) {
  put(path("a"), "old");
  EXPECT_THROW(write_file_atomically(path("a"),
                                     [](const auto& sink) {
                                       sink(std::string(1000000, 'x'));
                                       throw std::runtime_error("stop");
                                     }),
               std::runtime_error);
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(FileTest, AFullDiskLeavesTheOldFileAndNoTemporary) {
  put(path("a"), "old");
  // The size limit of the process refuses the write the way a full disk does.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{65536, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Error error = error_of([&] { put(path("a"), std::string(1000000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_NE(error.message().find(path("a")), std::string::npos);
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(n_files(), 1u);
}

TEST_F(FileTest, AReaderSeesTheOldFileUntilTheNewOneIsWhole) {
  put(path("a"), "old");
  write_file_atomically(path("a"), [&](const auto& sink) {
    sink(std::string(1000000, 'x'));
    EXPECT_EQ(read_file(path("a")), "old");
  });
  EXPECT_EQ(read_file(path("a")).size(), 1000000u);
}

TEST_F(FileTest, KeepsTheModeAndFollowsALink) {
  put(path("a"), "old");
  chmod(path("a").c_str(), 0640);
  fs::create_symlink("a", path("link"));
  put(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("a")), "new");
  struct stat status {};
  stat(path("a").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(FileTest, WritesThroughToADeviceAndReportsAFullOne) {
  put("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const Error error = error_of([] { put("/dev/full", "x"); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_NE(error.message().find("No space left"), std::string::npos);
  EXPECT_NE(error.remedy().find("Free some space"), std::string::npos);
}

TEST_F(FileTest, NamesThePathThatCannotBeReadOrWritten) {
  for (const auto& read : {+[](const std::string& p) { read_file(p); }, +[](const std::string& p) { map_file(p); }}) {
    const Error error = error_of([&] { read(path("absent")); });
    EXPECT_EQ(error.code(), ErrorCode::Io);
    EXPECT_NE(error.message().find(path("absent")), std::string::npos);
    EXPECT_EQ(error_of([&] { read(fs::temp_directory_path().string()); }).code(), ErrorCode::Io);
  }
  EXPECT_EQ(error_of([&] { put(path("no/folder/a"), "x"); }).code(), ErrorCode::Io);
  EXPECT_EQ(error_of([&] { put(fs::temp_directory_path().string(), "x"); }).code(), ErrorCode::Io);
  EXPECT_EQ(error_of([&] { put("", "x"); }).code(), ErrorCode::Io);
}

TEST_F(FileTest, AMapHoldsTheBytesAfterTheFileIsReplaced) {
  put(path("a"), "first");
  const MappedFile map = map_file(path("a"));
  put(path("a"), "second");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(map.bytes.data()), map.bytes.size()), "first");
}

TEST_F(FileTest, MapsAnEmptyFileAsAnEmptySpanAndReadsFilesOfUnknownLength) {
  put(path("empty"), "");
  EXPECT_TRUE(map_file(path("empty")).bytes.empty());
  EXPECT_FALSE(read_file("/proc/self/status").empty());
  EXPECT_FALSE(map_file("/proc/self/status").bytes.empty());
}

}  // namespace
}  // namespace kolosal
