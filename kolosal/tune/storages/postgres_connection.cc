#include "kolosal/tune/storages/postgres_connection.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "kolosal/base/clock.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/storages/postgres_library-inl.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal {
namespace {

constexpr size_t kMostAwaited = 128;                 // answers, so that neither side's buffers fill
constexpr std::chrono::seconds kServerPatience{30};  // with a server that went away while a transaction ended
constexpr const char* kTransactionId = "SELECT txid_current()";

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kWords = {{
    {"key", "SERIAL"},
    {"types",
     "CREATE TYPE studydirection AS ENUM ('NOT_SET', 'MINIMIZE', 'MAXIMIZE');\n"
     "CREATE TYPE trialstate AS ENUM ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING');\n"
     "CREATE TYPE trialvaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG');\n"
     "CREATE TYPE trialintermediatevaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG', 'NAN');\n"},
    {"direction", "studydirection"},
    {"state", "trialstate"},
    {"value type", "trialvaluetype"},
    {"report type", "trialintermediatevaluetype"},
    {"time", "TIMESTAMP WITHOUT TIME ZONE"},
    {"tables", "(SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()) AS found"},
    {"among", "= ANY (CAST(? AS INTEGER[]))"},
    // Beats are in the session's time zone, as Optuna writes them.
    {"seconds since h.heartbeat", "EXTRACT(EPOCH FROM CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITHOUT TIME ZONE) - h.heartbeat)"},
    // Optuna locks the same rows. Rows that refer to them may be added meanwhile.
    {"lock", " FOR NO KEY UPDATE"},
    {"lock free", " FOR NO KEY UPDATE SKIP LOCKED"},
    {"lock t", " FOR NO KEY UPDATE OF t"},
}};

// States of SQL in which a transaction failed for what others did at the same time.
constexpr std::array<std::string_view, 5> kConflicts = {"40001", "40P01", "23505", "42P07", "42710"};
constexpr std::string_view kLockTimeout = "55P03";

std::string trimmed(const char* said) {
  std::string text = said == nullptr ? "" : said;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, "; ");
  return text;
}

using Result = std::unique_ptr<pg_result, decltype(&PQclear)>;

// What stands for a word in braces may hold values of its own: numbered after it was put in.
std::string postgres_text(std::string_view sql) {
  return translated(translated(sql, {.numbered = false, .words = kWords}), {.numbered = true, .words = {}});
}

class PostgresStatement final : public SqlStatement {
 public:
  PostgresStatement(PostgresConnection& connection, PostgresConnection::Prepared& prepared)
      : connection_(connection), prepared_(prepared), result_(nullptr, connection.api().clear) {}

  SqlStatement& with(int64_t value) override {
    parameters_.emplace_back(std::to_string(value));
    return *this;
  }
  SqlStatement& with(double value) override {
    std::array<char, 32> text{};
    if (std::isnan(value)) parameters_.emplace_back();
    else parameters_.emplace_back(std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr));
    return *this;
  }
  SqlStatement& with(std::string_view text) override {
    parameters_.emplace_back(text);
    return *this;
  }
  SqlStatement& with(std::span<const int64_t> values) override {
    std::string list = "{";
    for (const int64_t value : values) list += (list.size() > 1 ? "," : "") + std::to_string(value);
    return with(std::string_view(list + "}"));
  }

  bool step() override {
    if (row_ < 0) {
      connection_.send(prepared_, parameters_);
      result_.reset(connection_.answers());
    }
    return ++row_ < connection_.api().n_rows(result_.get());
  }
  void run() override { connection_.send(prepared_, parameters_); }

  bool is_null(int column) const override { return connection_.api().is_null(result_.get(), row_, column) != 0; }
  int64_t integer(int column) const override { return number<int64_t>(column); }
  double real(int column) const override { return number<double>(column); }
  std::string text(int column) const override { return std::string(view(column)); }

 private:
  std::string_view view(int column) const {
    const Libpq& api = connection_.api();
    return {api.value(result_.get(), row_, column), static_cast<size_t>(api.length(result_.get(), row_, column))};
  }
  template <class T>
  T number(int column) const {
    const std::string_view text = view(column);
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  PostgresConnection& connection_;
  PostgresConnection::Prepared& prepared_;
  PostgresConnection::Parameters parameters_;
  Result result_;
  int row_ = -1;
};

std::vector<const char*> pointers(const PostgresConnection::Parameters& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  return values;
}

}  // namespace

PostgresConnection::PostgresConnection(std::string url, const std::string& library, bool durable)
    : api_(libpq(library)), url_(std::move(url)), name_(without_password(url_)), durable_(durable) {
  char* why = nullptr;
  PQconninfoOption* parsed = api_.parse(url_.c_str(), &why);
  if (parsed == nullptr) {
    const std::string message = without_password_in(trimmed(why), url_);
    api_.free_memory(why);
    throw Error(ErrorCode::BadValue, "storage '" + name_ + "': " + message);
  }
  api_.free_parsed(parsed);
  connect();
}

PostgresConnection::~PostgresConnection() { disconnect(); }

void PostgresConnection::connect() {
  const std::array<const char*, 9> keywords = {"connect_timeout",           "keepalives_idle", "keepalives_interval",
                                               "keepalives_count",          "client_encoding", "tcp_user_timeout",
                                               "fallback_application_name", "dbname",          nullptr};
  // What the address says of the same goes before.
  const std::array<const char*, 9> values = {"10", "30", "10", "3", "UTF8", "60000", "kolosal", url_.c_str(), nullptr};
  handle_ = api_.connect(keywords.data(), values.data(), 1);
  if (handle_ == nullptr) throw Error(ErrorCode::OutOfMemory, "database '" + name_ + "': there is no memory for a connection");
  if (api_.status(handle_) != CONNECTION_OK) {
    const std::string why = trimmed(api_.error_message(handle_));
    disconnect();
    throw Error(ErrorCode::Io, "database '" + name_ + "' cannot be opened: " + why,
                "Name a server that runs and a database that is there: postgresql://USER:PASSWORD@HOST:PORT/DATABASE.");
  }
  api_.set_notice_receiver(
      handle_, [](void*, const PGresult*) {}, nullptr);
  const std::string settings = std::string("SET datestyle = 'ISO'; SET extra_float_digits = 3; SET lock_timeout = '120s'; ") +
                               (durable_ ? "SET synchronous_commit = on" : "SET synchronous_commit = off");
  const Result set(api_.exec(handle_, settings.c_str()), api_.clear);
  if (api_.result_status(set.get()) != PGRES_COMMAND_OK || api_.enter_pipeline(handle_) != 1) {
    const std::string why = trimmed(api_.error_message(handle_));
    disconnect();
    throw Error(ErrorCode::Io, "database '" + name_ + "': " + why);
  }
}

void PostgresConnection::disconnect() noexcept {
  if (handle_ != nullptr) api_.finish(handle_);
  handle_ = nullptr;
  in_transaction_ = false;
  awaited_.clear();
  for (auto& [sql, statement] : prepared_) statement.is_sent = statement.is_ready = false;
}

// Its end of the connection is closed without a word to the server, which would end the session of the process that has the other copy.
void PostgresConnection::abandon() noexcept {
  if (handle_ != nullptr) ::close(api_.socket(handle_));
  handle_ = nullptr;
  disconnect();
}

void PostgresConnection::lose() {
  const std::string why = handle_ == nullptr ? "" : trimmed(api_.error_message(handle_));
  disconnect();
  throw SqlInterrupted("database '" + name_ + "': the connection is lost" + (why.empty() ? "" : ": " + why), true);
}

std::unique_ptr<SqlStatement> PostgresConnection::query(const char* sql) {
  Prepared& statement = prepared_[sql];
  if (statement.text.empty()) {
    statement.text = postgres_text(sql);
    statement.name = "s" + std::to_string(prepared_.size());
  }
  return std::make_unique<PostgresStatement>(*this, statement);
}

void PostgresConnection::run_script(const std::string& sql) {
  const std::string text = postgres_text(sql);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(";\n", begin), text.size());
    if (const std::string one = text.substr(begin, end - begin); one.find_first_not_of(" \n") != std::string::npos) send_text(one.c_str());
    begin = end + 2;
  }
  api_.clear(answers());
}

void PostgresConnection::send_text(const char* sql) {
  if (handle_ == nullptr || api_.send_params(handle_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1) lose();
  awaited_.push_back({AnswerKind::Command});
}

void PostgresConnection::prepare(Prepared& statement) {
  if (handle_ == nullptr) lose();
  if (statement.is_sent) return;
  if (api_.send_prepare(handle_, statement.name.c_str(), statement.text.c_str(), 0, nullptr) != 1) lose();
  awaited_.push_back({AnswerKind::Preparation, &statement});
  statement.is_sent = true;
}

void PostgresConnection::send(Prepared& statement, const Parameters& parameters) {
  if (awaited_.size() >= kMostAwaited) api_.clear(answers());
  prepare(statement);
  const std::vector<const char*> values = pointers(parameters);
  if (api_.send_prepared(handle_, statement.name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0) != 1) lose();
  awaited_.push_back({AnswerKind::Command});
}

// The first failure of what was sent together; the server passes over what was sent after it.
struct PostgresConnection::Failure {
  std::string state, message;
};

pg_result* PostgresConnection::answers() {
  if (handle_ == nullptr || api_.sync(handle_) != 1) lose();
  awaited_.push_back({AnswerKind::Sync});
  Result last(nullptr, api_.clear);
  std::optional<Failure> failure;
  while (!awaited_.empty()) {
    const Awaited awaited = awaited_.front();
    awaited_.pop_front();
    Result result(api_.get_result(handle_), api_.clear);
    if (!result || api_.status(handle_) != CONNECTION_OK) lose();
    const ExecStatusType status = api_.result_status(result.get());
    if (awaited.kind == AnswerKind::Sync) {
      if (status != PGRES_PIPELINE_SYNC) lose();
      continue;
    }
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      take(awaited, result.get());
      if (awaited.kind == AnswerKind::Command) last = std::move(result);
    } else if (!failure && status != PGRES_PIPELINE_ABORTED) {
      const char* state = api_.error_field(result.get(), PG_DIAG_SQLSTATE);
      const char* message = api_.error_field(result.get(), PG_DIAG_MESSAGE_PRIMARY);
      failure = Failure{state == nullptr ? "" : state, trimmed(message == nullptr ? api_.result_message(result.get()) : message)};
    }
    if (const Result end(api_.get_result(handle_), api_.clear); end) lose();
  }
  if (!failure) return last.release();
  for (auto& [sql, statement] : prepared_) statement.is_sent = statement.is_ready;
  const std::string message = "database '" + name_ + "': " + failure->message;
  if (std::ranges::find(kConflicts, failure->state) != kConflicts.end()) throw SqlInterrupted(message, false);
  throw Error(ErrorCode::Io, message,
              failure->state == kLockTimeout ? "Another process has held it for two minutes: see which one hangs." : "");
}

void PostgresConnection::take(const Awaited& awaited, pg_result* result) {
  if (awaited.kind == AnswerKind::Preparation) awaited.statement->is_ready = true;
  if (awaited.kind == AnswerKind::TransactionId) transaction_id_ = api_.value(result, 0, 0);
}

void PostgresConnection::begin(bool writes) {
  if (handle_ != nullptr && api_.status(handle_) != CONNECTION_OK) disconnect();
  if (handle_ == nullptr) {
    try {
      connect();
    } catch (const Error& error) {
      throw SqlInterrupted(error.message(), true);
    }
  }
  transaction_id_.reset();
  send_text(writes ? "BEGIN ISOLATION LEVEL READ COMMITTED" : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  in_transaction_ = true;
  writes_ = writes;
  if (!writes) return;
  const auto statement = query(kTransactionId);
  statement->run();
  awaited_.back().kind = AnswerKind::TransactionId;
}

void PostgresConnection::commit() {
  send_text("COMMIT");
  if (!writes_) {  // its answer comes with those of the next transaction
    if (api_.sync(handle_) != 1) lose();
    awaited_.push_back({AnswerKind::Sync});
    in_transaction_ = false;
    return;
  }
  try {
    api_.clear(answers());
    in_transaction_ = false;
  } catch (const SqlInterrupted& interrupted) {
    if (!interrupted.is_lost() || !was_written()) throw;
  }
}

// Whether the server wrote the transaction at whose end the connection was lost. Where its number never came, all of it was sent with its
// end: only heartbeats are, which may be written twice.
bool PostgresConnection::was_written() {
  if (!transaction_id_) return false;
  const std::string number = *transaction_id_;
  const Clock::time_point begin = Clock::now();
  for (;;) {
    try {
      if (handle_ == nullptr) connect();
      const auto row = query("SELECT txid_status(CAST(? AS BIGINT))");
      row->with(std::string_view(number));
      const std::string status = row->step() && !row->is_null(0) ? row->text(0) : "";
      if (status != "in progress") return status == "committed";
    } catch (const Error&) {  // the server may come back
    }
    const bool gives_up = gives_up_waiting();
    if (gives_up || Clock::now() - begin > kServerPatience)
      throw Error(gives_up ? ErrorCode::Cancelled : ErrorCode::Io,
                  "database '" + name_ + "' was lost while a change was being written; whether it was is not known",
                  "Open the study again: it shows what is there.");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void PostgresConnection::rollback() noexcept {
  if (handle_ == nullptr || !in_transaction_) return;
  try {
    send_text("ROLLBACK");
    api_.clear(answers());
    in_transaction_ = false;
  } catch (const Error&) {
    disconnect();
  }
}

}  // namespace kolosal
