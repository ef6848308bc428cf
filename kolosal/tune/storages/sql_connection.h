// SqlConnection: a connection to a database, and statements on it, without its kind being known.
//
// Statements are written once, for all databases: '?' stands for a value, and what databases spell differently is a word in braces, which
// the connection's dialect replaces: "{lock}". A statement's text must be a literal, or live as long as the connection: it is translated
// and compiled once.
// Checked  sql_connection_test.cc; tests/contracts/storage_contract_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {

/// What a database spells in its own way.
struct SqlDialect {
  bool numbered = false;  ///< whether values are $1, $2, ... rather than ?
  std::span<const std::pair<std::string_view, std::string_view>> words;
};

/// The text as the dialect has it.
std::string translated(std::string_view sql, const SqlDialect& dialect);

/// A transaction that was cut off with nothing of it written: another was in its way, or the connection was lost. It may be run again.
class SqlInterrupted : public Error {
 public:
  SqlInterrupted(std::string message, bool lost) : Error(ErrorCode::Io, std::move(message)), is_lost_(lost) {}
  /// Whether the connection was lost.
  bool is_lost() const noexcept { return is_lost_; }

 private:
  bool is_lost_;
};

/// A statement with its values; rows are read after `step`.
class SqlStatement {
 public:
  virtual ~SqlStatement() = default;

  /// Gives the next value: NaN stands for NULL, a list for what {among} takes.
  virtual SqlStatement& with(int64_t value) = 0;
  virtual SqlStatement& with(double value) = 0;
  virtual SqlStatement& with(std::string_view text) = 0;
  virtual SqlStatement& with(std::span<const int64_t> values) = 0;
  SqlStatement& with(size_t value) { return with(static_cast<int64_t>(value)); }
  /// Whether there is a row (more).
  virtual bool step() = 0;
  /// Runs to the end. An error may show only at the next step, or when the transaction ends.
  virtual void run() = 0;

  /// A column of the row.
  virtual bool is_null(int column) const = 0;
  virtual int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;
};

/// See the top of the file. Functions throw Error that names the database where it refuses. Not safe for use by several threads.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  /// A statement. One of the same text must have gone before.
  virtual std::unique_ptr<SqlStatement> query(const char* sql) = 0;
  /// Runs statements that are there only once, each with a semicolon and a line end behind it.
  virtual void run_script(const std::string& sql) = 0;
  /// Leaves what the connection holds to the process that made it: the caller is one that fork made.
  virtual void abandon() noexcept = 0;
  /// What to call the database in messages, and what of others in it is tolerated.
  virtual const std::string& name() const noexcept = 0;
  virtual bool may_have_other_tables() const noexcept = 0;

  /// Runs `work` as one transaction: all of it is written, or, where it throws, nothing.
  template <class Work>
  auto write(const Work& work) {
    begin(true);
    return finish(work);
  }
  /// Runs `work`, which only reads, on one state of the database.
  template <class Work>
  auto read(const Work& work) {
    begin(false);
    return finish(work);
  }

 protected:
  virtual void begin(bool writes) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

 private:
  template <class Work>
  auto finish(const Work& work) {
    struct Rollback {
      SqlConnection* connection;
      ~Rollback() {
        if (connection != nullptr) connection->rollback();
      }
    } guard{this};
    auto answer = work();
    commit();
    guard.connection = nullptr;
    return answer;
  }
};

}  // namespace kolosal
