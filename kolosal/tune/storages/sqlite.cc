// The SQLite storage: a database of the schema that Optuna 5 has (its revision v3.2.0.a), so that Optuna and its dashboard read and write
// it as well, also while a study runs.
//
// The database keeps a write-ahead log, so readers do not wait for the one that writes. Without `durable` the log goes to the disk from
// time to time (a checkpoint): a kill loses nothing, a power cut may lose the last seconds, never the order of what is kept.
//
// Rules    A value that is not finite is NULL with its type beside it; a choice is its index; times are in UTC; what is optional is NULL.
//          Numbers of trials follow their ids. A database made by an earlier Optuna is refused until `optuna storage upgrade` has run.
// Limits   A write-ahead log needs a file system of this machine: use the journal where several machines share one.
// Source   Optuna 5.0, the databases it writes.
// Checked  tests/contracts/storage_contract_test.cc; python/tests/test_tune_storages.py with Optuna itself and kills.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "kolosal/tune/storage.h"
#include "kolosal/tune/storages/file_params.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/storages/sqlite_connection.h"
#include "kolosal/tune/storages/sqlite_schema.h"

namespace kolosal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string_view type_of(double value) {
  return std::isnan(value) ? "NAN" : std::isfinite(value) ? "FINITE" : value > 0 ? "INF_POS" : "INF_NEG";
}

double number_of(const SqliteStatement& row, int value, int type) {
  const std::string kind = row.text(type);
  return kind == "INF_POS" ? kInf : kind == "INF_NEG" ? -kInf : kind == "NAN" ? std::nan("") : row.real(value);
}

double finite_or_null(double value) { return std::isfinite(value) ? value : std::nan(""); }

double time_of(const SqliteStatement& row, int column) { return row.is_null(column) ? std::nan("") : time_from_text(row.text(column)); }

// What must be closed before a process goes on after fork: SQLite counts the locks of a process, and the child has none of those that it
// was told of. A fork waits for the calls that other threads are in, so no transaction is cut in two.
class OpenedStorages {
 public:
  class Member {
   public:
    Member() { all().add(this); }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() { leave(); }
    virtual void close() = 0;
    std::mutex mutex;

   protected:
    void leave() noexcept { all().remove(this); }  // called by what is destroyed first as well, so that close() finds all of it
  };

 private:
  OpenedStorages() { pthread_atfork(before, in_parent, in_child); }
  static OpenedStorages& all() {
    static OpenedStorages opened;
    return opened;
  }
  void add(Member* member) {
    const std::lock_guard lock(mutex_);
    members_.push_back(member);
  }
  void remove(Member* member) {
    const std::lock_guard lock(mutex_);
    std::erase(members_, member);
  }
  static void before() {
    all().mutex_.lock();
    for (Member* member : all().members_) member->mutex.lock();
  }
  static void in_parent() {
    for (Member* member : all().members_) member->mutex.unlock();
    all().mutex_.unlock();
  }
  static void in_child() {
    for (Member* member : all().members_) member->close();
    in_parent();
  }

  std::mutex mutex_;
  std::vector<Member*> members_;
};

class SqliteStorage final : public Storage, private OpenedStorages::Member {
  // First, since what they give is deduced from the body.
  auto reading(const auto& work) {
    const std::lock_guard lock(mutex);
    return connection().read(work);
  }
  auto writing(const auto& work) {
    const std::lock_guard lock(mutex);
    return connection().write(work);
  }

 public:
  explicit SqliteStorage(StorageFileParams params) : params_(std::move(params)) {
    if (params_.path.empty()) throw Error(ErrorCode::BadValue, "sqlite.path: it is empty", "Name the database file.");
    if (params_.grace_seconds == 0) params_.grace_seconds = 2 * params_.heartbeat_seconds;
    const std::lock_guard lock(mutex);
    connection();
  }
  SqliteStorage(const SqliteStorage&) = delete;
  SqliteStorage& operator=(const SqliteStorage&) = delete;
  ~SqliteStorage() override { leave(); }

  int64_t create_study(const std::string& name, const std::vector<Direction>& directions) override {
    return writing([&] {
      if (id_of(name)) refuse_taken(name);
      db_->query("INSERT INTO studies (study_name) VALUES (?)").with(name).run();
      const int64_t study = db_->last_row();
      for (size_t i = 0; i < directions.size(); ++i)
        db_->query("INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)")
            .with(directions[i] == Direction::Minimize ? "MINIMIZE" : "MAXIMIZE")
            .with(study)
            .with(i)
            .run();
      return study;
    });
  }

  std::optional<int64_t> find_study(const std::string& name) override {
    return reading([&] { return id_of(name); });
  }

  std::vector<StoredStudy> studies() override {
    return reading([&] {
      std::vector<int64_t> ids;
      auto row = db_->query("SELECT study_id FROM studies ORDER BY study_id");
      while (row.step()) ids.push_back(row.integer(0));
      std::vector<StoredStudy> all;
      for (const int64_t id : ids) all.push_back(read_study(id));
      return all;
    });
  }

  StoredStudy study(int64_t study) override {
    return reading([&] { return read_study(study); });
  }

  void delete_study(int64_t study) override {
    writing([&] {
      read_study(study);
      for (const char* sql : kDeleteStudy) db_->query(sql).with(study).run();
      ids_.erase(study);
      return 0;
    });
  }

  void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) override {
    writing([&] {
      read_study(study);
      const char* sql = owner == AttributeOwner::User
                            ? "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (?, ?, ?) "
                              "ON CONFLICT (study_id, \"key\") DO UPDATE SET value_json = excluded.value_json"
                            : "INSERT INTO study_system_attributes (study_id, \"key\", value_json) VALUES (?, ?, ?) "
                              "ON CONFLICT (study_id, \"key\") DO UPDATE SET value_json = excluded.value_json";
      db_->query(sql).with(study).with(key).with(json).run();
      return 0;
    });
  }

  int64_t add_trial(int64_t study, const StoredTrial& trial) override {
    return writing([&] { return insert(study, trial); });
  }

  int64_t start_trial(int64_t study, double now) override {
    return writing([&] {
      const auto waiting = longest_waiting(study);
      if (!waiting) {
        StoredTrial trial;
        trial.started = now;
        return insert(study, trial);
      }
      db_->query("UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ?")
          .with(time_text(now, false))
          .with(waiting->first)
          .run();
      return waiting->second;
    });
  }

  void write(int64_t study, int64_t number, const TrialChange& change) override {
    writing([&] {
      const int64_t id = trial_id(study, number);
      if (change.state || !change.parameters.empty() || !change.intermediate.empty() || !change.system_attributes.empty()) {
        const TrialState state = state_of(id);
        if (state != TrialState::Waiting && state != TrialState::Running) refuse_finished(number, state);
      }
      put(id, change);
      if (change.state) put_state(id, change);
      return 0;
    });
  }

  std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) override {
    return reading([&] {
      check_study(study);
      std::vector<StoredTrial> all;
      for (const auto& [number, state] : known) {
        const int64_t id = trial_id(study, number);
        if (state != TrialState::Waiting || state_of(id) != TrialState::Waiting) all.push_back(read_trial(id));
      }
      const int64_t last = first > 0 ? trial_id(study, first - 1) : 0;
      std::vector<int64_t> ids;
      {
        auto row = db_->query("SELECT trial_id FROM trials WHERE study_id = ? AND trial_id > ? ORDER BY trial_id");
        row.with(study).with(last);
        while (row.step()) ids.push_back(row.integer(0));
      }
      for (const int64_t id : ids) all.push_back(read_trial(id));
      return all;
    });
  }

  double heartbeat_seconds() const override { return params_.heartbeat_seconds; }

  void beat(int64_t study, std::span<const int64_t> numbers) override {
    writing([&] {
      for (const int64_t number : numbers)
        db_->query(
               "INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (?, CURRENT_TIMESTAMP) "
               "ON CONFLICT (trial_id) DO UPDATE SET heartbeat = CURRENT_TIMESTAMP")
            .with(trial_id(study, number))
            .run();
      return 0;
    });
  }

  std::vector<int64_t> fail_stale(int64_t study, double now) override {
    return writing([&] {
      std::vector<std::pair<int64_t, int64_t>> stale;
      {
        auto row = db_->query(
            "SELECT t.trial_id, t.number, h.heartbeat FROM trials t JOIN trial_heartbeats h ON h.trial_id = t.trial_id "
            "WHERE t.study_id = ? AND t.state = 'RUNNING' ORDER BY t.trial_id");
        row.with(study);
        while (row.step())
          if (now - time_from_text(row.text(2)) > params_.grace_seconds) stale.emplace_back(row.integer(0), row.integer(1));
      }
      std::vector<int64_t> failed;
      for (const auto& [id, number] : stale) {
        put_state(id, {.state = TrialState::Failed, .at = now});
        failed.push_back(number);
      }
      return failed;
    });
  }

 private:
  void close() override { db_.reset(); }

  SqliteConnection& connection() {
    if (db_) return *db_;
    auto opened = std::make_unique<SqliteConnection>(params_.path);
    opened->run("PRAGMA journal_mode = WAL");
    opened->run(params_.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    opened->write([&] {
      make_or_check_schema(*opened, params_.path);
      return 0;
    });
    db_ = std::move(opened);
    return *db_;
  }

  std::optional<int64_t> id_of(const std::string& name) {
    auto row = db_->query("SELECT study_id FROM studies WHERE study_name = ?");
    row.with(name);
    if (!row.step()) return std::nullopt;
    return row.integer(0);
  }

  Attributes attributes(const char* sql, int64_t id) {
    Attributes all;
    auto row = db_->query(sql);
    row.with(id);
    while (row.step()) all.emplace_back(row.text(0), row.text(1));
    return all;
  }

  void check_study(int64_t study) {
    auto row = db_->query("SELECT 1 FROM studies WHERE study_id = ?");
    row.with(study);
    if (!row.step()) refuse_study(study);
  }

  StoredStudy read_study(int64_t study) {
    StoredStudy told;
    told.id = study;
    {
      auto row = db_->query("SELECT study_name FROM studies WHERE study_id = ?");
      row.with(study);
      if (!row.step()) refuse_study(study);
      told.name = row.text(0);
    }
    {
      auto row = db_->query("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective");
      row.with(study);
      while (row.step()) told.directions.push_back(row.text(0) == "MAXIMIZE" ? Direction::Maximize : Direction::Minimize);
    }
    told.user_attributes =
        attributes("SELECT \"key\", value_json FROM study_user_attributes WHERE study_id = ? ORDER BY study_user_attribute_id", study);
    told.system_attributes =
        attributes("SELECT \"key\", value_json FROM study_system_attributes WHERE study_id = ? ORDER BY study_system_attribute_id", study);
    told.n_trials = next_number(study);
    return told;
  }

  int64_t next_number(int64_t study) {
    auto row = db_->query("SELECT number FROM trials WHERE study_id = ? ORDER BY trial_id DESC LIMIT 1");
    row.with(study);
    return row.step() ? row.integer(0) + 1 : 0;
  }

  std::optional<std::pair<int64_t, int64_t>> longest_waiting(int64_t study) {
    auto row = db_->query("SELECT trial_id, number FROM trials WHERE study_id = ? AND state = 'WAITING' ORDER BY trial_id LIMIT 1");
    row.with(study);
    if (!row.step()) return std::nullopt;
    return std::pair{row.integer(0), row.integer(1)};
  }

  // The database's id of a trial. Trials are never removed one by one, so what was read once holds.
  int64_t trial_id(int64_t study, int64_t number) {
    std::vector<int64_t>& known = ids_[study];
    if (number >= static_cast<int64_t>(known.size())) {
      auto row = db_->query("SELECT trial_id FROM trials WHERE study_id = ? AND trial_id > ? ORDER BY trial_id");
      row.with(study).with(known.empty() ? int64_t{0} : known.back());
      while (row.step()) known.push_back(row.integer(0));
    }
    if (number < 0 || number >= static_cast<int64_t>(known.size())) refuse_trial(number, static_cast<int64_t>(known.size()));
    return known[static_cast<size_t>(number)];
  }

  TrialState state_of(int64_t id) {
    auto row = db_->query("SELECT state FROM trials WHERE trial_id = ?");
    row.with(id);
    if (!row.step()) throw Error(ErrorCode::BadValue, "a trial has gone from database '" + params_.path + "'", "Was its study deleted?");
    return state_from_text(row.text(0));
  }

  int64_t insert(int64_t study, const StoredTrial& trial) {
    check_study(study);
    const int64_t number = next_number(study);
    {
      auto row = db_->query("INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?, ?)");
      row.with(number).with(study).with(state_text(trial.state));
      for (const double moment : {trial.started, trial.ended})
        if (std::isnan(moment)) row.with(moment);
        else row.with(time_text(moment, false));
      row.run();
    }
    const int64_t id = db_->last_row();
    put(id, {trial.parameters, trial.intermediate, trial.user_attributes, trial.system_attributes, {}, {}, 0});
    put_values(id, trial.values);
    return number;
  }

  void put(int64_t id, const TrialChange& change) {
    for (const StoredParameter& p : change.parameters)
      db_->query("INSERT OR IGNORE INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)")
          .with(id)
          .with(p.name)
          .with(p.value)
          .with(distribution_text(p.distribution))
          .run();
    for (const auto& [step, value] : change.intermediate)
      db_->query(
             "INSERT OR IGNORE INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
             "VALUES (?, ?, ?, ?)")
          .with(id)
          .with(step)
          .with(finite_or_null(value))
          .with(type_of(value))
          .run();
    for (const auto& [key, json] : change.user_attributes)
      db_->query(
             "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES (?, ?, ?) "
             "ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json")
          .with(id)
          .with(key)
          .with(json)
          .run();
    for (const auto& [key, json] : change.system_attributes)
      db_->query(
             "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (?, ?, ?) "
             "ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json")
          .with(id)
          .with(key)
          .with(json)
          .run();
  }

  void put_values(int64_t id, const std::vector<double>& values) {
    for (size_t i = 0; i < values.size(); ++i)
      db_->query("INSERT OR REPLACE INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?)")
          .with(id)
          .with(i)
          .with(finite_or_null(values[i]))
          .with(type_of(values[i]))
          .run();
  }

  void put_state(int64_t id, const TrialChange& change) {
    const bool starts = *change.state == TrialState::Running;
    put_values(id, change.values);
    db_->query(starts ? "UPDATE trials SET state = ?, datetime_start = ? WHERE trial_id = ?"
                      : "UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ?")
        .with(state_text(*change.state))
        .with(time_text(change.at, false))
        .with(id)
        .run();
  }

  StoredTrial read_trial(int64_t id) {
    StoredTrial trial;
    {
      auto row = db_->query("SELECT number, state, datetime_start, datetime_complete FROM trials WHERE trial_id = ?");
      row.with(id).step();
      trial.number = row.integer(0);
      trial.state = state_from_text(row.text(1));
      trial.started = time_of(row, 2);
      trial.ended = time_of(row, 3);
    }
    {
      auto row = db_->query("SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = ? ORDER BY param_id");
      row.with(id);
      while (row.step()) trial.parameters.push_back({row.text(0), distribution(row.text(0), row.text(2)), row.real(1)});
    }
    {
      auto row = db_->query("SELECT value, value_type FROM trial_values WHERE trial_id = ? ORDER BY objective");
      row.with(id);
      while (row.step()) trial.values.push_back(number_of(row, 0, 1));
    }
    {
      auto row = db_->query(
          "SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values "
          "WHERE trial_id = ? ORDER BY step");
      row.with(id);
      while (row.step()) trial.intermediate.emplace_back(row.integer(0), number_of(row, 1, 2));
    }
    trial.user_attributes =
        attributes("SELECT \"key\", value_json FROM trial_user_attributes WHERE trial_id = ? ORDER BY trial_user_attribute_id", id);
    trial.system_attributes =
        attributes("SELECT \"key\", value_json FROM trial_system_attributes WHERE trial_id = ? ORDER BY trial_system_attribute_id", id);
    return trial;
  }

  // Most trials have the same distributions: the text that was read last for a parameter is not parsed again.
  Distribution distribution(const std::string& parameter, const std::string& text) {
    auto& [known, made] = distributions_[parameter];
    if (known != text) {
      made = distribution_from_text(parameter, text);
      known = text;
    }
    return made;
  }

  StorageFileParams params_;
  std::unique_ptr<SqliteConnection> db_;                   // none in a process that fork made, until it is used there
  std::unordered_map<int64_t, std::vector<int64_t>> ids_;  // of the trials of a study, by number
  std::unordered_map<std::string, std::pair<std::string, Distribution>> distributions_;
};

}  // namespace

void register_sqlite(Catalog<Storage>& catalog) {
  catalog.add<SqliteStorage, StorageFileParams>("sqlite",
                                                "A database that Optuna and its dashboard share; for many processes of one machine.");
}

}  // namespace kolosal
