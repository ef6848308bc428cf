// The SQLite storage: a database in a file (see SqlStorage).
//
// A database that is made here keeps a write-ahead log (one that Optuna made stays as it is, and a write waits for its readers), so readers
// do not wait for the one that writes. Without `durable` the log goes to the disk from time to time (a checkpoint): a kill loses nothing, a
// power cut may lose the last seconds, never the order of what is kept.
//
// Who may only read the folder reads a database that nobody has open: its log is then written back and gone (see SqliteConnection).
//
// Limits   A write-ahead log needs a file system of this machine: use PostgreSQL or the journal where several machines share a study.
// Checked  tests/contracts/storage_contract_test.cc; python/tests/test_tune_storages.py with Optuna itself and kills.
#include "kolosal/tune/storages/sql_schema.h"
#include "kolosal/tune/storages/sql_storage.h"
#include "kolosal/tune/storages/sqlite_connection.h"
#include "kolosal/tune/storages/storage_file.h"

namespace kolosal {
namespace {

std::unique_ptr<SqlConnection> open_sqlite(const StorageFileParams& params) {
  check_storage_file("sqlite", params.path);
  auto opened = std::make_unique<SqliteConnection>(params.path, params.read_only);
  const std::string address = "sqlite:///" + params.path;
  if (params.read_only) {
    if (!opened->read([&] { return has_schema(*opened, address); })) refuse_empty(opened->name());
    return opened;
  }
  if (!opened->read([&] { return has_schema(*opened, address); })) {
    opened->run("PRAGMA journal_mode = WAL");
    opened->write([&] {
      make_or_check_schema(*opened, address);
      return 0;
    });
  }
  const auto mode = opened->query("PRAGMA journal_mode");
  const bool has_log = mode->step() && mode->text(0) == "wal";
  opened->run(params.durable || !has_log ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  return opened;
}

class SqliteStorage final : public SqlStorage {
 public:
  explicit SqliteStorage(const StorageFileParams& params)
      : SqlStorage([params] { return open_sqlite(params); }, {params.heartbeat_seconds, params.grace_seconds}) {}
};

}  // namespace

void register_sqlite(Catalog<Storage>& catalog) {
  catalog.add<SqliteStorage, StorageFileParams>("sqlite",
                                                "A database that Optuna and its dashboard share; for many processes of one machine.");
}

}  // namespace kolosal
