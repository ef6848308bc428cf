// A connection to a PostgreSQL server.
//
// Statements that give nothing are sent without waiting for their answers, and those that do bring in all answers up to theirs, so
// a trial costs few round trips. A lost connection interrupts the transaction and is made anew at the next; where it is lost while a
// transaction ends, the server is asked whether it was written.
//
// Limits   A server of version 10 or newer. A pooler that gives each transaction another session (pgbouncer's transaction mode) cannot be
//          between: statements are prepared once a session.
// Checked  postgres_connection_test.cc; tests/contracts/storage_contract_test.cc.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kolosal/tune/storages/sql_connection.h"

struct pg_conn;
struct pg_result;

namespace kolosal {

struct Libpq;

/// See the top of the file. What goes wrong is Error(Io) or SqlInterrupted, with the database's address and without its password.
class PostgresConnection final : public SqlConnection {
 public:
  /// Connects. `url` is "postgresql://user:password@host:port/database?...", `library` the path of libpq or empty. Without `durable` the
  /// server tells that a transaction is written before its disk has it.
  PostgresConnection(std::string url, const std::string& library, bool durable);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection() override;

  std::unique_ptr<SqlStatement> query(const char* sql) override;
  void run_script(const std::string& sql) override;
  void abandon() noexcept override;
  const std::string& name() const noexcept override { return name_; }
  bool may_have_other_tables() const noexcept override { return true; }

  /// Texts of values, none for NULL.
  using Parameters = std::vector<std::optional<std::string>>;
  /// A statement as the server knows it.
  struct Prepared {
    std::string text, name;
    bool is_sent = false, is_ready = false;
  };
  /// Sends a statement; its answer comes with `answers`.
  void send(Prepared& statement, const Parameters& parameters);
  /// Waits for all answers and gives the last, which the caller frees. Throws the first error.
  pg_result* answers();
  /// The functions of the client library.
  const Libpq& api() const noexcept { return api_; }

 protected:
  void begin(bool writes) override;
  void commit() override;
  void rollback() noexcept override;

 private:
  enum class AnswerKind { Preparation, Command, TransactionId, Sync };
  struct Awaited {
    AnswerKind kind;
    Prepared* statement = nullptr;
  };
  struct Failure;

  void connect();
  void disconnect() noexcept;
  void prepare(Prepared& statement);
  void send_text(const char* sql);
  void take(const Awaited& awaited, pg_result* result);
  bool was_written();
  [[noreturn]] void lose();

  const Libpq& api_;
  std::string url_;
  std::string name_;
  bool durable_;
  pg_conn* handle_ = nullptr;
  std::deque<Awaited> awaited_;
  std::optional<std::string> transaction_id_;  // of what is being written, once the server gave it
  bool in_transaction_ = false, writes_ = false;
  std::unordered_map<const char*, Prepared> prepared_;
};

}  // namespace kolosal
