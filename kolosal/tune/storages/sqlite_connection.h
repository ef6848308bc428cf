// A connection to an SQLite database, and statements on it.
//
// A write waits for the locks of other processes up to two minutes, in short sleeps of random length, so that none of many is kept out.
// Not safe for use by several threads.
// Checked  tests/contracts/storage_contract_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace kolosal {

class SqliteStatement;

/// See the top of the file. Functions throw Error(Io) that names the file where SQLite refuses.
class SqliteConnection {
 public:
  explicit SqliteConnection(std::string path);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  /// Runs statements that give no rows.
  void run(const char* sql);
  /// A statement, which is compiled once; `sql` must be a literal. One of the same text must have gone before.
  SqliteStatement query(const char* sql);
  /// The key of the row added last, and how many rows the last statement changed.
  int64_t last_row() const;
  int64_t n_changed() const;

  /// Runs `work` as one transaction: all of it is written, or, where it throws, nothing.
  template <class Work>
  auto write(const Work& work) {
    run("BEGIN IMMEDIATE");
    return finish(work);
  }
  /// Runs `work`, which only reads, on one state of the database.
  template <class Work>
  auto read(const Work& work) {
    run("BEGIN");
    return finish(work);
  }

  /// Throws what SQLite says of its last error.
  [[noreturn]] void refuse() const;

 private:
  template <class Work>
  auto finish(const Work& work) {
    struct Rollback {
      SqliteConnection* connection;
      ~Rollback() {
        if (connection != nullptr) connection->rollback();
      }
    } guard{this};
    auto answer = work();
    run("COMMIT");
    guard.connection = nullptr;
    return answer;
  }
  void rollback() noexcept;

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> compiled_;
};

/// A statement with its values; rows are read after `step`.
class SqliteStatement {
 public:
  SqliteStatement(SqliteConnection& connection, sqlite3* handle, sqlite3_stmt* statement)
      : connection_(connection), handle_(handle), statement_(statement) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement();

  /// Gives the next value: NaN stands for NULL.
  SqliteStatement& with(int64_t value);
  SqliteStatement& with(int value) { return with(static_cast<int64_t>(value)); }
  SqliteStatement& with(size_t value) { return with(static_cast<int64_t>(value)); }
  SqliteStatement& with(double value);
  SqliteStatement& with(std::string_view text);
  /// Whether there is a row (more).
  bool step();
  /// Runs to the end.
  void run() {
    while (step()) {
    }
  }

  /// A column of the row.
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  SqliteConnection& connection_;
  sqlite3* handle_;
  sqlite3_stmt* statement_;
  int n_bound_ = 0;
};

}  // namespace kolosal
