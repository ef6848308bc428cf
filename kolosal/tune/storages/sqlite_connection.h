// A connection to an SQLite database.
//
// A write waits for the locks of other processes up to two minutes, in short sleeps of random length, so that none of many is kept out; the
// wait check ends it before.
//
// A connection that only reads takes part in the write-ahead log as any other, so others may write meanwhile. Where the folder cannot be
// written to, SQLite cannot do that: the database is then read as a file that does not change, provided that it has no log of changes.
// Checked  tests/contracts/storage_contract_test.cc.
#pragma once

#include <string>
#include <unordered_map>

#include "kolosal/tune/storages/sql_connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kolosal {

/// See the top of the file. Functions throw Error(Io) that names the file where SQLite refuses, Error(Cancelled) where a wait was given up.
class SqliteConnection final : public SqlConnection {
 public:
  /// A connection that only reads makes no file that stays.
  explicit SqliteConnection(std::string path, bool read_only = false);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override;

  /// Runs statements that give no rows.
  void run(const char* sql);
  /// Throws what SQLite says of its last error.
  [[noreturn]] void refuse() const;

  std::unique_ptr<SqlStatement> query(const char* sql) override;
  void run_script(const std::string& sql) override;
  void abandon() noexcept override {}
  const std::string& name() const noexcept override { return path_; }
  bool may_have_other_tables() const noexcept override { return false; }

 protected:
  void begin(bool writes) override { run(writes ? "BEGIN IMMEDIATE" : "BEGIN"); }
  void commit() override { run("COMMIT"); }
  void rollback() noexcept override;

 private:
  struct NotOpen {};
  SqliteConnection(NotOpen, std::string path) : path_(std::move(path)) {}
  void open(const std::string& name, int flags);
  bool can_read() const;
  void open_unchanging();

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> compiled_;
};

}  // namespace kolosal
