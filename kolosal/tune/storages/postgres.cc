// The PostgreSQL storage: a database on a server, for processes on many machines (see SqlStorage).
//
// A worker that is killed leaves nothing half done: the server takes back what its transaction had. A server that is started anew within
// half a minute is found again. Without `durable` the server's disk has what was written a moment later: a kill of a worker loses nothing,
// a crash of the server may lose the last second, never the order of what is kept.
//
// Limits   PostgreSQL's client library, libpq 14 or newer, is loaded at run time.
// Checked  tests/contracts/storage_contract_test.cc; postgres_connection_test.cc; python/tests/test_tune_storages.py with Optuna and kills.
#include "kolosal/base/fields.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/tune/storages/postgres_connection.h"
#include "kolosal/tune/storages/sql_schema.h"
#include "kolosal/tune/storages/sql_storage.h"

namespace kolosal {
namespace {

struct PostgresParams {
  std::string url;
  std::string library;
  bool durable = false;
  double heartbeat_seconds = 0;
  double grace_seconds = 0;
  bool read_only = false;
};

void describe(Fields<PostgresParams>& f) {
  using P = PostgresParams;
  f.add("url", &P::url, "Its address: postgresql://user:password@host:port/database, with options of libpq behind a question mark.");
  f.add("library", &P::library, "The file of libpq; empty: the system's, or the one inside the Python package psycopg2-binary.");
  f.add("durable", &P::durable,
        "Whether a call returns only when the server's disk has what was written; without, a crash of the server, but no kill of a worker, "
        "may lose the last second.");
  f.add("heartbeat_seconds", &P::heartbeat_seconds, "Seconds between two beats of a running trial; 0: none.").min(0);
  f.add("grace_seconds", &P::grace_seconds, "Seconds without a beat after which a trial has failed; 0: twice the beat.").min(0);
  f.add("read_only", &P::read_only, "Whether no tables are made; the database must hold studies.");
}

std::unique_ptr<SqlConnection> open_postgres(const PostgresParams& params) {
  auto opened = std::make_unique<PostgresConnection>(checked_postgres_url(params.url), params.library, params.durable);
  if (params.read_only) {
    if (!opened->read([&] { return has_schema(*opened, opened->name()); })) refuse_empty(opened->name());
    return opened;
  }
  opened->write([&] {
    make_or_check_schema(*opened, opened->name());
    return 0;
  });
  return opened;
}

class PostgresStorage final : public SqlStorage {
 public:
  explicit PostgresStorage(const PostgresParams& params)
      : SqlStorage([params] { return open_postgres(params); }, {params.heartbeat_seconds, params.grace_seconds}) {}
};

}  // namespace

void register_postgres(Catalog<Storage>& catalog) {
  catalog.add<PostgresStorage, PostgresParams>(
      "postgres", "A database on a PostgreSQL server that Optuna and its dashboard share; for processes on many machines.");
}

}  // namespace kolosal
