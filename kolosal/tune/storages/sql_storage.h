// SqlStorage: studies in a database of the schema that Optuna 5 has (its revision v3.2.0.a), so that Optuna and its dashboard read and
// write it as well, also while a study runs. What databases differ in is their connection's affair.
//
// Rules    A value that is not finite is NULL with its type beside it; a choice is its index; times are in UTC; what is optional is NULL.
//          Numbers of trials follow their ids: who adds a trial holds the lock of its study. A database made by an earlier Optuna is
//          refused until `optuna storage upgrade` has run.
// Cost     Of reading: a statement for each table, however many trials are read.
// Source   Optuna 5.0, the databases it writes.
// Checked  tests/contracts/storage_contract_test.cc; python/tests/test_tune_storages.py with Optuna itself and kills.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "kolosal/tune/storage.h"
#include "kolosal/tune/storages/opened_storages.h"
#include "kolosal/tune/storages/sql_connection.h"

namespace kolosal {

/// When a silent worker counts as gone.
struct HeartbeatRule {
  double seconds = 0;        ///< between two beats of a running trial; 0: none
  double grace_seconds = 0;  ///< without a beat after which a trial has failed
};

/// See the top of the file.
class SqlStorage : public Storage, private OpenedStorages::Member {
 public:
  /// `open` gives a connection to the database, which has the tables; it is called again in processes that fork makes.
  SqlStorage(std::function<std::unique_ptr<SqlConnection>()> open, HeartbeatRule heartbeat);
  SqlStorage(const SqlStorage&) = delete;
  SqlStorage& operator=(const SqlStorage&) = delete;
  ~SqlStorage() override { leave(); }

  int64_t create_study(const std::string& name, const std::vector<Direction>& directions) override;
  std::optional<int64_t> find_study(const std::string& name) override;
  std::vector<StoredStudy> studies() override;
  StoredStudy study(int64_t study) override;
  void delete_study(int64_t study) override;
  void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) override;
  int64_t add_trial(int64_t study, const StoredTrial& trial) override;
  int64_t start_trial(int64_t study, double now) override;
  void write(int64_t study, int64_t number, const TrialChange& change) override;
  std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) override;
  double heartbeat_seconds() const override { return heartbeat_.seconds; }
  void beat(int64_t study, std::span<const int64_t> numbers) override;
  std::vector<int64_t> fail_stale(int64_t study, double now) override;

 private:
  template <class Work>
  auto reading(const Work& work);
  template <class Work>
  auto writing(const Work& work);
  template <class Call>
  auto again_where_interrupted(const Call& call);
  void close() override;
  SqlConnection& connection();

  std::optional<int64_t> id_of(const std::string& name);
  void check_name(int64_t study, const std::string& name);
  void forget(int64_t study);
  void check_study(int64_t study);
  void lock_study(int64_t study);
  StoredStudy read_study(int64_t study);
  Attributes attributes(const char* sql, int64_t id);
  int64_t next_number(int64_t study);
  int64_t trial_id(int64_t study, int64_t number);
  int64_t insert(int64_t study, const StoredTrial& trial);
  void put(int64_t id, const TrialChange& change);
  void put_values(int64_t id, const std::vector<double>& values);
  void put_state(int64_t id, const TrialChange& change);

  using TrialsById = std::unordered_map<int64_t, StoredTrial*>;
  StoredTrial header_of(const SqlStatement& row) const;
  void fill(const TrialsById& trials, std::span<const int64_t> ids);
  Distribution distribution(const std::string& parameter, const std::string& text);
  void check_parameters(int64_t study, std::span<const StoredParameter> parameters);

  std::function<std::unique_ptr<SqlConnection>()> open_;
  HeartbeatRule heartbeat_;
  bool gave_up_ = false;                            // whether a wait for the database was ended on request, and it has not answered since
  std::unique_ptr<SqlConnection> db_;               // none in a process that fork made, until it is used there
  std::unordered_map<int64_t, std::string> names_;  // of studies; SQLite gives the id of one that was deleted to another
  std::unordered_map<int64_t, std::vector<int64_t>> ids_;  // of the trials of a study, by number
  std::unordered_map<std::string, std::pair<std::string, Distribution>> distributions_;
  std::unordered_map<int64_t, std::unordered_map<std::string, Distribution>> parameters_;  // of a study, each as some trial has it
};

}  // namespace kolosal
