#include "kolosal/tune/storages/storage_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

// A folder that goes with the test; made so that it cannot be written to, also by root, who is then nobody.
class StorageFile : public testing::Test {
 protected:
  StorageFile() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~StorageFile() override {
    may_write();
    fs::remove_all(folder_);
  }

  void may_not_write() {
    for (const auto& entry : fs::directory_iterator(folder_)) fs::permissions(entry, fs::perms(0444));
    fs::permissions(folder_, fs::perms(0555));
    if (::geteuid() == 0 && ::seteuid(65534) != 0) GTEST_SKIP() << "this process cannot be another's";
  }
  void may_write() {
    if (::getuid() == 0) {
      EXPECT_EQ(::seteuid(0), 0);
    }
    fs::permissions(folder_, fs::perms(0755));
  }

  std::string url(const std::string& storage, const std::string& name) const { return storage + ":///" + (folder_ / name).string(); }

  std::shared_ptr<Storage> open_for_reading(const std::string& name) const {
    return open_storage(url("sqlite", name), {{"read_only", true}});
  }

  // Every file of the folder with what is in it.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("kolosal-file-" + std::to_string(::getpid()));
};

std::string refusal(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "nothing";
}

Study of(std::shared_ptr<Storage> storage, StudyOpening opening) {
  return Study({.name = "s", .sampler = samplers().make("random"), .storage = std::move(storage), .opening = opening});
}

TEST_F(StorageFile, IsARegularOne) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  fs::create_directory(folder_ / "inner");
  fs::create_symlink("/dev/zero", folder_ / "link");
  for (const std::string storage : {"journal", "sqlite"})
    for (const bool reads : {false, true}) {
      const auto said = [&](const std::string& address) {
        return refusal([&] { open_storage(storage + ":///" + address, {{"read_only", reads}}); });
      };
      for (const std::string device : {"/dev/full", "/dev/zero"})
        EXPECT_EQ(said(device), storage + " '" + device + "' is a device; it must be a regular file");
      EXPECT_NE(said((folder_ / "link").string()).find("is a device"), std::string::npos);
      EXPECT_NE(said((folder_ / "pipe").string()).find("is a pipe"), std::string::npos);
      EXPECT_NE(said((folder_ / "inner").string()).find("is a folder"), std::string::npos);
    }
  EXPECT_THROW(check_storage_address("journal:////dev/full"), Error);
  EXPECT_NO_THROW(check_storage_address(url("journal", "new")));
  EXPECT_NO_THROW(check_storage_address("postgresql://h/d"));
}

TEST_F(StorageFile, IsReadWhereItsFolderCannotBeWrittenTo) {
  const std::string name = "a?b#c%20d.db";
  {
    Study study = of(open_storage(url("sqlite", "made.db"), {}), StudyOpening::Create);
    losses_of(study, 7);
  }
  fs::rename(folder_ / "made.db", folder_ / name);
  const auto before = contents();
  ASSERT_EQ(before.size(), 1);  // the log has been written back
  may_not_write();
  {
    const auto storage = storages().make("sqlite", Value::Object{{"path", (folder_ / name).string()}, {"read_only", true}});
    EXPECT_EQ(storage->studies().size(), 1);
    EXPECT_EQ(of(storages().make("sqlite", Value::Object{{"path", (folder_ / name).string()}, {"read_only", true}}), StudyOpening::Load)
                  .n_trials(),
              7);
    EXPECT_THROW(storage->create_study("other", {Direction::Minimize}), Error);
  }
  EXPECT_EQ(contents(), before);
}

TEST_F(StorageFile, IsNotReadWithoutTheChangesInALogThatOnlyOthersCanRead) {
  {
    Study study = of(open_storage(url("sqlite", "x.db"), {}), StudyOpening::Create);
    losses_of(study, 3);
    for (const char* file : {"x.db", "x.db-wal"}) fs::copy_file(folder_ / file, folder_ / ("copied" + std::string(file).substr(1)));
  }
  may_not_write();
  EXPECT_NE(refusal([&] { open_for_reading("copied.db"); }).find("copied.db-wal' that only who may write to its folder can read"),
            std::string::npos);
  may_write();
  EXPECT_EQ(of(open_for_reading("copied.db"), StudyOpening::Load).n_trials(), 3);
}

TEST_F(StorageFile, StaysEmptyWhereItIsRead) {
  std::ofstream(folder_ / "empty.db").close();
  EXPECT_NE(refusal([&] { open_for_reading("empty.db"); }).find("holds no studies"), std::string::npos);
  EXPECT_EQ(contents(), (std::map<std::string, std::string>{{"empty.db", ""}}));
  EXPECT_THROW(open_for_reading("none.db"), Error);
  EXPECT_EQ(contents().size(), 1);
}

}  // namespace
}  // namespace kolosal
