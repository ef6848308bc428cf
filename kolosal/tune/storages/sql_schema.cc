#include "kolosal/tune/storages/sql_schema.h"

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr const char* kRevision = "v3.2.0.a";
constexpr int64_t kVersion = 12;

constexpr const char* kTables = R"(
{types}
CREATE TABLE studies (study_id {key} NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE study_directions (study_direction_id {key} NOT NULL, direction {direction} NOT NULL, study_id INTEGER NOT NULL,
  objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (study_user_attribute_id {key} NOT NULL, study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (study_system_attribute_id {key} NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trials (trial_id {key} NOT NULL, number INTEGER, study_id INTEGER, state {state} NOT NULL, datetime_start {time},
  datetime_complete {time}, PRIMARY KEY (trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trial_user_attributes (trial_user_attribute_id {key} NOT NULL, trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (trial_system_attribute_id {key} NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (param_id {key} NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (trial_value_id {key} NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value FLOAT,
  value_type {value type} NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (trial_intermediate_value_id {key} NOT NULL, trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type {report type} NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (trial_heartbeat_id {key} NOT NULL, trial_id INTEGER NOT NULL, heartbeat {time} NOT NULL,
  PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
INSERT INTO version_info VALUES (1, 12, '5.0.0');
INSERT INTO alembic_version VALUES ('v3.2.0.a');
)";

bool has_table(SqlConnection& connection, std::string_view name) {
  const auto row = connection.query("SELECT 1 FROM {tables} WHERE name = ?");
  row->with(name);
  return row->step();
}

bool has_any_table(SqlConnection& connection) {
  const auto row = connection.query("SELECT 1 FROM {tables} LIMIT 1");
  return row->step();
}

}  // namespace

void make_or_check_schema(SqlConnection& connection, const std::string& address) {
  if (!has_schema(connection, address)) connection.run_script(kTables);
}

void refuse_empty(const std::string& database) {
  throw Error(ErrorCode::BadFile, "database '" + database + "' holds no studies",
              "Name one that has some, as `kolosal tune --storage` makes it.");
}

bool has_schema(SqlConnection& connection, const std::string& address) {
  if (!has_table(connection, "studies")) {
    if (!connection.may_have_other_tables() && has_any_table(connection))
      throw Error(ErrorCode::BadFile, "database '" + connection.name() + "' has tables, and none of them is for studies",
                  "Name a file of its own.");
    return false;
  }
  std::string revision = "none";
  if (has_table(connection, "alembic_version")) {
    const auto row = connection.query("SELECT version_num FROM alembic_version");
    if (row->step()) revision = row->text(0);
  } else if (has_table(connection, "version_info")) {
    const auto row = connection.query("SELECT schema_version FROM version_info");
    if (row->step() && row->integer(0) == kVersion) revision = kRevision;
  }
  if (revision != kRevision)
    throw Error(ErrorCode::Unsupported,
                "database '" + connection.name() + "' has the revision '" + revision + "' of Optuna's tables, not '" + kRevision + "'",
                "Run: optuna storage upgrade --storage " + address);
  return true;
}

}  // namespace kolosal
