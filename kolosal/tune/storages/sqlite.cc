// The SQLite storage: a database in a file (see SqlStorage).
//
// The database keeps a write-ahead log, so readers do not wait for the one that writes. Without `durable` the log goes to the disk from
// time to time (a checkpoint): a kill loses nothing, a power cut may lose the last seconds, never the order of what is kept.
//
// Limits   A write-ahead log needs a file system of this machine: use PostgreSQL or the journal where several machines share a study.
// Checked  tests/contracts/storage_contract_test.cc; python/tests/test_tune_storages.py with Optuna itself and kills.
#include "kolosal/tune/storages/file_params.h"
#include "kolosal/tune/storages/sql_schema.h"
#include "kolosal/tune/storages/sql_storage.h"
#include "kolosal/tune/storages/sqlite_connection.h"

namespace kolosal {
namespace {

std::unique_ptr<SqlConnection> open_sqlite(const StorageFileParams& params) {
  if (params.path.empty()) throw Error(ErrorCode::BadValue, "sqlite.path: it is empty", "Name the database file.");
  auto opened = std::make_unique<SqliteConnection>(params.path);
  opened->run("PRAGMA journal_mode = WAL");
  opened->run(params.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  opened->write([&] {
    make_or_check_schema(*opened, "sqlite:///" + params.path);
    return 0;
  });
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
