#include "kolosal/tune/storages/sqlite_connection.h"

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "kolosal/base/error.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal {
namespace {

constexpr auto kLockPatience = std::chrono::minutes(2);

using Clock = std::chrono::steady_clock;

// Whether this thread was told to wait no more: SQLite's busy handler can say no why.
bool& gave_up() {
  thread_local bool is_given_up = false;
  return is_given_up;
}

// Waits a little; false where it has been long, or is to be waited no more.
bool waits_on(Clock::time_point since, int attempt) {
  if (gave_up() || Clock::now() - since > kLockPatience) return false;
  gave_up() = !goes_on_waiting(attempt);
  return !gave_up();
}

int on_busy(void*, int attempt) {
  thread_local Clock::time_point since;
  if (attempt == 0) since = Clock::now();
  return waits_on(since, attempt) ? 1 : 0;
}

class SqliteStatement final : public SqlStatement {
 public:
  SqliteStatement(SqliteConnection& connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() override {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  SqlStatement& with(int64_t value) override {
    sqlite3_bind_int64(statement_, ++n_bound_, value);
    return *this;
  }
  SqlStatement& with(double value) override {
    if (std::isnan(value)) sqlite3_bind_null(statement_, ++n_bound_);
    else sqlite3_bind_double(statement_, ++n_bound_, value);
    return *this;
  }
  SqlStatement& with(std::string_view text) override {
    sqlite3_bind_text64(statement_, ++n_bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  SqlStatement& with(std::span<const int64_t> values) override {
    std::string list = "[";
    for (const int64_t value : values) list += (list.size() > 1 ? "," : "") + std::to_string(value);
    return with(std::string_view(list + "]"));
  }

  bool step() override {
    const Clock::time_point begin = Clock::now();
    for (int attempt = 0;; ++attempt) {
      const int code = sqlite3_step(statement_);
      if (code == SQLITE_ROW) return true;
      if (code == SQLITE_DONE) return false;
      if (code != SQLITE_BUSY || !waits_on(begin, attempt)) connection_.refuse();
      sqlite3_reset(statement_);
    }
  }
  void run() override {
    while (step()) {
    }
  }

  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  SqliteConnection& connection_;
  sqlite3_stmt* statement_;
  int n_bound_ = 0;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kWords = {{
    {"key", "INTEGER"},
    {"types", ""},
    {"direction", "VARCHAR(8)"},
    {"state", "VARCHAR(8)"},
    {"value type", "VARCHAR(7)"},
    {"report type", "VARCHAR(7)"},
    {"time", "DATETIME"},
    {"tables", "(SELECT name FROM sqlite_master WHERE type = 'table')"},
    {"among", "IN (SELECT value FROM json_each(?))"},
    {"seconds since h.heartbeat", "(julianday('now') - julianday(h.heartbeat)) * 86400"},
    {"lock", ""},  // who writes has locked all of the database
    {"lock free", ""},
    {"lock t", ""},
}};
constexpr SqlDialect kDialect = {.numbered = false, .words = kWords};

}  // namespace

// Whole before it is opened, so that it is closed where this throws.
SqliteConnection::SqliteConnection(std::string path, bool read_only) : SqliteConnection(NotOpen{}, std::move(path)) {
  open(path_, SQLITE_OPEN_READWRITE | (read_only ? 0 : SQLITE_OPEN_CREATE));
  if (!read_only) return;
  run("PRAGMA query_only = ON");  // a file opened for reading alone would leave its log behind
  if (!can_read()) open_unchanging();
}

void SqliteConnection::open(const std::string& name, int flags) {
  if (sqlite3_open_v2(name.c_str(), &handle_, flags | SQLITE_OPEN_FULLMUTEX, nullptr) != SQLITE_OK) {
    const std::string why = handle_ == nullptr ? "there is no memory" : sqlite3_errmsg(handle_);
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    throw Error(ErrorCode::Io, "database '" + path_ + "' cannot be opened: " + why);
  }
  sqlite3_busy_handler(handle_, on_busy, nullptr);
}

// False where files would have to be made beside the database, and cannot be.
bool SqliteConnection::can_read() const {
  const int code = sqlite3_exec(handle_, "SELECT 1 FROM sqlite_master", nullptr, nullptr, nullptr);
  return code != SQLITE_CANTOPEN && code != SQLITE_READONLY;
}

void SqliteConnection::open_unchanging() {
  const std::string path = std::filesystem::canonical(path_).string();
  for (const char* log : {"-wal", "-journal"}) {
    std::error_code missing;
    if (std::filesystem::file_size(path + log, missing) > 0 && !missing)
      throw Error(ErrorCode::Io,
                  "database '" + path_ + "' has changes in '" + path_ + log + "' that only who may write to its folder can read",
                  "Copy both files to a folder of yours.");
  }
  std::string name = "file:";
  for (const char sign : path) {
    std::array<char, 4> code{};
    std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(sign)));
    if (sign == '%' || sign == '?' || sign == '#') name += code.data();
    else name += sign;
  }
  sqlite3_close_v2(std::exchange(handle_, nullptr));
  open(name + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : compiled_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

void SqliteConnection::refuse() const {
  const int code = sqlite3_errcode(handle_);
  const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  if (std::exchange(gave_up(), false) && busy)
    throw Error(ErrorCode::Cancelled, "stopped on request while waiting for database '" + path_ + "', which another process holds");
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
    if (code != SQLITE_BUSY || !waits_on(begin, attempt)) refuse();
  }
}

void SqliteConnection::rollback() noexcept {
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::unique_ptr<SqlStatement> SqliteConnection::query(const char* sql) {
  sqlite3_stmt*& statement = compiled_[sql];
  if (statement == nullptr) {
    const std::string text = translated(sql, kDialect);
    if (sqlite3_prepare_v3(handle_, text.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) refuse();
  }
  return std::make_unique<SqliteStatement>(*this, statement);
}

void SqliteConnection::run_script(const std::string& sql) { run(translated(sql, kDialect).c_str()); }

}  // namespace kolosal
