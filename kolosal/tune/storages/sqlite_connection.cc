#include "kolosal/tune/storages/sqlite_connection.h"

#include <sqlite3.h>

#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr auto kPatience = std::chrono::minutes(2);

using Clock = std::chrono::steady_clock;

// Sleeps a little, longer with every attempt; the length is random so that waiting processes do not wake together.
void wait_a_little(int attempt) {
  thread_local std::minstd_rand random(static_cast<unsigned>(Clock::now().time_since_epoch().count()));
  const int most = std::min(10000, 200 << std::min(attempt, 6));
  std::this_thread::sleep_for(std::chrono::microseconds(50 + static_cast<int>(random() % static_cast<unsigned>(most))));
}

int on_busy(void*, int attempt) {
  thread_local Clock::time_point since;
  if (attempt == 0) since = Clock::now();
  if (Clock::now() - since > kPatience) return 0;
  wait_a_little(attempt);
  return 1;
}

}  // namespace

SqliteConnection::SqliteConnection(std::string path) : path_(std::move(path)) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const std::string why = handle_ == nullptr ? "there is no memory" : sqlite3_errmsg(handle_);
    sqlite3_close_v2(handle_);
    throw Error(ErrorCode::Io, "database '" + path_ + "' cannot be opened: " + why);
  }
  sqlite3_busy_handler(handle_, on_busy, nullptr);
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : compiled_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

void SqliteConnection::refuse() const {
  const int code = sqlite3_errcode(handle_);
  const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  const bool no_database = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
  throw Error(no_database ? ErrorCode::BadFile : ErrorCode::Io, "database '" + path_ + "': " + sqlite3_errmsg(handle_),
              busy ? "Another process has held it for two minutes: see which one hangs." : "");
}

// The busy handler is not asked in a few cases, such as the change to a write-ahead log and its recovery: these are tried again here.
void SqliteConnection::run(const char* sql) {
  const Clock::time_point begin = Clock::now();
  for (int attempt = 0;; ++attempt) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if (code != SQLITE_BUSY || Clock::now() - begin > kPatience) refuse();
    wait_a_little(attempt);
  }
}

void SqliteConnection::rollback() noexcept {
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

SqliteStatement SqliteConnection::query(const char* sql) {
  sqlite3_stmt*& statement = compiled_[sql];
  if (statement == nullptr && sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) refuse();
  return {*this, handle_, statement};
}

int64_t SqliteConnection::last_row() const { return sqlite3_last_insert_rowid(handle_); }
int64_t SqliteConnection::n_changed() const { return sqlite3_changes(handle_); }

SqliteStatement::~SqliteStatement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

SqliteStatement& SqliteStatement::with(int64_t value) {
  sqlite3_bind_int64(statement_, ++n_bound_, value);
  return *this;
}

SqliteStatement& SqliteStatement::with(double value) {
  if (std::isnan(value)) sqlite3_bind_null(statement_, ++n_bound_);
  else sqlite3_bind_double(statement_, ++n_bound_, value);
  return *this;
}

SqliteStatement& SqliteStatement::with(std::string_view text) {
  sqlite3_bind_text64(statement_, ++n_bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

bool SqliteStatement::step() {
  const Clock::time_point begin = Clock::now();
  for (int attempt = 0;; ++attempt) {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_BUSY || Clock::now() - begin > kPatience) connection_.refuse();
    sqlite3_reset(statement_);
    wait_a_little(attempt);
  }
}

bool SqliteStatement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double SqliteStatement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string SqliteStatement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

}  // namespace kolosal
