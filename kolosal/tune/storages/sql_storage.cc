#include "kolosal/tune/storages/sql_storage.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "kolosal/base/clock.h"
#include "kolosal/tune/history.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/storages/sql_schema.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::chrono::seconds kPatience{30};  // with a database that cannot be reached
constexpr double kSameMoment = 2e-6;           // seconds: databases keep microseconds
constexpr int kMostConflicts = 20;             // of one transaction with others

std::string_view type_of(double value) {
  return std::isnan(value) ? "NAN" : std::isfinite(value) ? "FINITE" : value > 0 ? "INF_POS" : "INF_NEG";
}

double number_of(const SqlStatement& row, int value, int type) {
  const std::string kind = row.text(type);
  return kind == "INF_POS" ? kInf : kind == "INF_NEG" ? -kInf : kind == "NAN" ? std::nan("") : row.real(value);
}

double finite_or_null(double value) { return std::isfinite(value) ? value : std::nan(""); }

double time_of(const SqlStatement& row, int column) { return row.is_null(column) ? std::nan("") : time_from_text(row.text(column)); }

// The pauses of many workers that were interrupted at the same moment differ.
void pause(int attempt) {
  const auto ticks = static_cast<uint64_t>(Clock::now().time_since_epoch().count());
  const double most = std::min(1.0, 0.002 * std::pow(2.0, std::min(attempt, 12)));
  std::this_thread::sleep_for(std::chrono::duration<double>(most * (0.5 + 0.5 * static_cast<double>(ticks / 1024 % 1024) / 1024)));
}

}  // namespace

template <class Call>
auto SqlStorage::again_where_interrupted(const Call& call) {
  const std::lock_guard lock(mutex);
  const Clock::time_point begin = Clock::now();
  for (int attempt = 0;; ++attempt) {
    try {
      auto given = call();
      gave_up_ = false;
      return given;
    } catch (const SqlInterrupted& interrupted) {
      if (interrupted.is_lost() ? Clock::now() - begin > kPatience : attempt >= kMostConflicts) throw;
      gave_up_ = interrupted.is_lost() && (gave_up_ || gives_up_waiting());
      if (gave_up_) throw Error(ErrorCode::Cancelled, std::string("stopped on request while waiting: ") + interrupted.message());
    }
    pause(attempt);
  }
}

template <class Work>
auto SqlStorage::reading(const Work& work) {
  return again_where_interrupted([&] { return connection().read(work); });
}

template <class Work>
auto SqlStorage::writing(const Work& work) {
  return again_where_interrupted([&] { return connection().write(work); });
}

SqlStorage::SqlStorage(std::function<std::unique_ptr<SqlConnection>()> open, HeartbeatRule heartbeat)
    : open_(std::move(open)), heartbeat_(heartbeat) {
  enter();
  if (heartbeat_.grace_seconds == 0) heartbeat_.grace_seconds = 2 * heartbeat_.seconds;
  again_where_interrupted([&] {
    connection();
    return 0;
  });
}

void SqlStorage::close() {
  if (db_) db_->abandon();
  db_.reset();
}

SqlConnection& SqlStorage::connection() {
  if (!db_) db_ = open_();
  return *db_;
}

int64_t SqlStorage::create_study(const std::string& name, const std::vector<Direction>& directions) {
  return writing([&] {
    if (id_of(name)) refuse_taken(name);
    const auto row = db_->query("INSERT INTO studies (study_name) VALUES (?) RETURNING study_id");
    row->with(name).step();
    const int64_t study = row->integer(0);
    forget(study);
    names_[study] = name;
    for (size_t i = 0; i < directions.size(); ++i)
      db_->query("INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)")
          ->with(directions[i] == Direction::Minimize ? "MINIMIZE" : "MAXIMIZE")
          .with(study)
          .with(i)
          .run();
    return study;
  });
}

std::optional<int64_t> SqlStorage::find_study(const std::string& name) {
  return reading([&] {
    const auto id = id_of(name);
    if (id) {
      std::string& known = names_[*id];
      if (known != name) forget(*id);
      names_[*id] = name;
    }
    return id;
  });
}

std::vector<StoredStudy> SqlStorage::studies() {
  return reading([&] {
    std::vector<int64_t> ids;
    {
      const auto row = db_->query("SELECT study_id FROM studies ORDER BY study_id");
      while (row->step()) ids.push_back(row->integer(0));
    }
    std::vector<StoredStudy> all;
    for (const int64_t id : ids) all.push_back(read_study(id));
    return all;
  });
}

StoredStudy SqlStorage::study(int64_t study) {
  return reading([&] { return read_study(study); });
}

void SqlStorage::delete_study(int64_t study) {
  writing([&] {
    lock_study(study);
    for (const char* sql : kDeleteStudy) db_->query(sql)->with(study).run();
    forget(study);
    return 0;
  });
}

void SqlStorage::set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) {
  writing([&] {
    check_study(study);
    const char* sql = owner == AttributeOwner::User
                          ? "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (?, ?, ?) "
                            "ON CONFLICT (study_id, \"key\") DO UPDATE SET value_json = excluded.value_json"
                          : "INSERT INTO study_system_attributes (study_id, \"key\", value_json) VALUES (?, ?, ?) "
                            "ON CONFLICT (study_id, \"key\") DO UPDATE SET value_json = excluded.value_json";
    db_->query(sql)->with(study).with(key).with(json).run();
    return 0;
  });
}

int64_t SqlStorage::add_trial(int64_t study, const StoredTrial& trial) {
  return writing([&] {
    lock_study(study);
    check_parameters(study, trial.parameters);
    return insert(study, trial);
  });
}

int64_t SqlStorage::start_trial(int64_t study, double now) {
  return writing([&] {
    lock_study(study);
    int64_t id = 0, number = -1;
    {
      const auto row =
          db_->query("SELECT trial_id, number FROM trials WHERE study_id = ? AND state = 'WAITING' ORDER BY trial_id LIMIT 1{lock free}");
      if (row->with(study).step()) id = row->integer(0), number = row->integer(1);
    }
    if (number < 0) {
      StoredTrial trial;
      trial.started = now;
      return insert(study, trial);
    }
    db_->query("UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ?")->with(time_text(now, false)).with(id).run();
    return number;
  });
}

void SqlStorage::write(int64_t study, int64_t number, const TrialChange& change) {
  writing([&] {
    const int64_t id = trial_id(study, number);
    check_parameters(study, change.parameters);
    {
      const auto row = db_->query("SELECT state, study_id, number, datetime_start FROM trials WHERE trial_id = ?{lock}");
      const bool is_there = row->with(id).step() && row->integer(1) == study && row->integer(2) == number;
      if (!is_there || (!std::isnan(change.started) && std::abs(time_of(*row, 3) - change.started) > kSameMoment)) {
        forget(study);
        throw Error(ErrorCode::BadValue, "trial " + std::to_string(number) + " of this study has gone from database '" + db_->name() + "'",
                    "Was its study deleted?");
      }
      const TrialState state = state_from_text(row->text(0));
      const bool changes = change.state || !change.parameters.empty() || !change.intermediate.empty() || !change.system_attributes.empty();
      if (changes && state != TrialState::Waiting && state != TrialState::Running) refuse_finished(number, state);
    }
    put(id, change);
    if (change.state) put_state(id, change);
    return 0;
  });
}

std::vector<StoredTrial> SqlStorage::read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) {
  return reading([&] {
    check_study(study);
    std::vector<StoredTrial> all;
    std::vector<int64_t> asked, ids;
    std::unordered_map<int64_t, TrialState> states;
    for (const auto& [number, state] : known) {
      asked.push_back(trial_id(study, number));
      states[number] = state;
    }
    if (!asked.empty()) {
      const auto row = db_->query(
          "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials WHERE trial_id {among} ORDER BY trial_id");
      row->with(asked);
      while (row->step()) {
        StoredTrial trial = header_of(*row);
        if (trial.state == TrialState::Waiting && states[trial.number] == TrialState::Waiting) continue;
        ids.push_back(row->integer(0));
        all.push_back(std::move(trial));
      }
    }
    {
      const int64_t last = first > 0 ? trial_id(study, first - 1) : 0;
      std::vector<int64_t>& numbered = ids_[study];
      const auto row = db_->query(
          "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials WHERE study_id = ? AND trial_id > ? "
          "ORDER BY trial_id");
      row->with(study).with(last);
      for (int64_t number = first; row->step(); ++number) {
        ids.push_back(row->integer(0));
        all.push_back(header_of(*row));
        if (static_cast<int64_t>(numbered.size()) == number) numbered.push_back(ids.back());
      }
    }
    TrialsById trials;
    for (size_t i = 0; i < all.size(); ++i) trials.emplace(ids[i], &all[i]);
    if (!ids.empty()) fill(trials, ids);
    return all;
  });
}

void SqlStorage::beat(int64_t study, std::span<const int64_t> numbers) {
  writing([&] {
    for (const int64_t number : numbers)
      db_->query(
             "INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (?, CURRENT_TIMESTAMP) "
             "ON CONFLICT (trial_id) DO UPDATE SET heartbeat = CURRENT_TIMESTAMP")
          ->with(trial_id(study, number))
          .run();
    return 0;
  });
}

std::vector<int64_t> SqlStorage::fail_stale(int64_t study, double now) {
  return writing([&] {
    std::vector<std::pair<int64_t, int64_t>> stale;
    {
      const auto row = db_->query(
          "SELECT t.trial_id, t.number FROM trials t JOIN trial_heartbeats h ON h.trial_id = t.trial_id "
          "WHERE t.study_id = ? AND t.state = 'RUNNING' AND {seconds since h.heartbeat} > ? ORDER BY t.trial_id{lock t}");
      row->with(study).with(heartbeat_.grace_seconds);
      while (row->step()) stale.emplace_back(row->integer(0), row->integer(1));
    }
    std::vector<int64_t> failed;
    for (const auto& [id, number] : stale) {
      put_state(id, {.state = TrialState::Failed, .at = now});
      failed.push_back(number);
    }
    return failed;
  });
}

std::optional<int64_t> SqlStorage::id_of(const std::string& name) {
  const auto row = db_->query("SELECT study_id FROM studies WHERE study_name = ?");
  if (!row->with(name).step()) return std::nullopt;
  return row->integer(0);
}

// The name that a study of this id has now, empty where there is none, must be the one that it had.
void SqlStorage::check_name(int64_t study, const std::string& name) {
  const auto known = names_.find(study);
  if (!name.empty() && (known == names_.end() || known->second == name)) return;
  forget(study);
  refuse_study(study);
}

void SqlStorage::forget(int64_t study) {
  ids_.erase(study);
  parameters_.erase(study);
}

void SqlStorage::check_study(int64_t study) {
  const auto row = db_->query("SELECT study_name FROM studies WHERE study_id = ?");
  check_name(study, row->with(study).step() ? row->text(0) : "");
}

void SqlStorage::lock_study(int64_t study) {
  const auto row = db_->query("SELECT study_name FROM studies WHERE study_id = ?{lock}");
  check_name(study, row->with(study).step() ? row->text(0) : "");
}

Attributes SqlStorage::attributes(const char* sql, int64_t id) {
  Attributes all;
  const auto row = db_->query(sql);
  row->with(id);
  while (row->step()) all.emplace_back(row->text(0), row->text(1));
  return all;
}

StoredStudy SqlStorage::read_study(int64_t study) {
  StoredStudy told;
  told.id = study;
  {
    const auto row = db_->query("SELECT study_name FROM studies WHERE study_id = ?");
    if (!row->with(study).step()) refuse_study(study);
    told.name = row->text(0);
  }
  {
    const auto row = db_->query("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective");
    row->with(study);
    while (row->step()) told.directions.push_back(row->text(0) == "MAXIMIZE" ? Direction::Maximize : Direction::Minimize);
  }
  told.user_attributes =
      attributes("SELECT \"key\", value_json FROM study_user_attributes WHERE study_id = ? ORDER BY study_user_attribute_id", study);
  told.system_attributes =
      attributes("SELECT \"key\", value_json FROM study_system_attributes WHERE study_id = ? ORDER BY study_system_attribute_id", study);
  told.n_trials = next_number(study);
  return told;
}

int64_t SqlStorage::next_number(int64_t study) {
  const auto row = db_->query("SELECT number FROM trials WHERE study_id = ? ORDER BY trial_id DESC LIMIT 1");
  return row->with(study).step() ? row->integer(0) + 1 : 0;
}

// The database's id of a trial. Trials are never removed one by one, so what was read once holds while the study is there.
int64_t SqlStorage::trial_id(int64_t study, int64_t number) {
  std::vector<int64_t>& known = ids_[study];
  if (number >= static_cast<int64_t>(known.size())) {
    const auto row = db_->query("SELECT trial_id FROM trials WHERE study_id = ? AND trial_id > ? ORDER BY trial_id");
    row->with(study).with(known.empty() ? int64_t{0} : known.back());
    while (row->step()) known.push_back(row->integer(0));
  }
  if (number < 0 || number >= static_cast<int64_t>(known.size())) refuse_trial(number, static_cast<int64_t>(known.size()));
  return known[static_cast<size_t>(number)];
}

// What a trial of the study has is remembered; before a name is written for the first time the study is locked, so that of two workers
// that want it for different things one is refused.
void SqlStorage::check_parameters(int64_t study, std::span<const StoredParameter> parameters) {
  std::unordered_map<std::string, Distribution>& had = parameters_[study];
  bool is_locked = false;
  for (const StoredParameter& p : parameters) {
    auto at = had.find(p.name);
    if (at == had.end()) {
      if (!is_locked) lock_study(study);
      is_locked = true;
      const auto row = db_->query(
          "SELECT p.distribution_json FROM trials t JOIN trial_params p ON p.trial_id = t.trial_id "
          "WHERE t.study_id = ? AND p.param_name = ? ORDER BY t.trial_id LIMIT 1");
      row->with(study).with(p.name);
      if (!row->step()) continue;
      try {
        at = had.emplace(p.name, distribution_from_text(p.name, row->text(0))).first;
      } catch (const Error& error) {
        refuse_unreadable(error.message());
      }
    }
    check_same_parameter(p.name, at->second, p.distribution);
  }
}

// The study's lock is held.
int64_t SqlStorage::insert(int64_t study, const StoredTrial& trial) {
  const int64_t number = next_number(study);
  int64_t id = 0;
  {
    const auto row = db_->query(
        "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?, ?) RETURNING trial_id");
    row->with(number).with(study).with(state_text(trial.state));
    for (const double moment : {trial.started, trial.ended})
      if (std::isnan(moment)) row->with(moment);
      else row->with(time_text(moment, false));
    row->step();
    id = row->integer(0);
  }
  put(id, {trial.parameters, trial.intermediate, trial.user_attributes, trial.system_attributes, {}, {}, 0});
  put_values(id, trial.values);
  return number;
}

void SqlStorage::put(int64_t id, const TrialChange& change) {
  for (const StoredParameter& p : change.parameters)
    db_->query("INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        ->with(id)
        .with(p.name)
        .with(p.value)
        .with(distribution_text(p.distribution))
        .run();
  for (const auto& [step, value] : change.intermediate)
    db_->query(
           "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) "
           "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        ->with(id)
        .with(step)
        .with(finite_or_null(value))
        .with(type_of(value))
        .run();
  for (const auto& [key, json] : change.user_attributes)
    db_->query(
           "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES (?, ?, ?) "
           "ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json")
        ->with(id)
        .with(key)
        .with(json)
        .run();
  for (const auto& [key, json] : change.system_attributes)
    db_->query(
           "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (?, ?, ?) "
           "ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json")
        ->with(id)
        .with(key)
        .with(json)
        .run();
}

void SqlStorage::put_values(int64_t id, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    db_->query(
           "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?) "
           "ON CONFLICT (trial_id, objective) DO UPDATE SET value = excluded.value, value_type = excluded.value_type")
        ->with(id)
        .with(i)
        .with(finite_or_null(values[i]))
        .with(type_of(values[i]))
        .run();
}

void SqlStorage::put_state(int64_t id, const TrialChange& change) {
  const bool starts = *change.state == TrialState::Running;
  put_values(id, change.values);
  db_->query(starts ? "UPDATE trials SET state = ?, datetime_start = ? WHERE trial_id = ?"
                    : "UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ?")
      ->with(state_text(*change.state))
      .with(time_text(change.at, false))
      .with(id)
      .run();
}

StoredTrial SqlStorage::header_of(const SqlStatement& row) const {
  StoredTrial trial;
  trial.number = row.integer(1);
  trial.state = state_from_text(row.text(2));
  trial.started = time_of(row, 3);
  trial.ended = time_of(row, 4);
  return trial;
}

// Reads what the trials have from the tables beside theirs.
void SqlStorage::fill(const TrialsById& trials, std::span<const int64_t> ids) {
  const auto each = [&](const char* sql, const auto& take) {
    const auto row = db_->query(sql);
    row->with(ids);
    while (row->step()) take(*trials.at(row->integer(0)), *row);
  };
  each("SELECT trial_id, param_name, param_value, distribution_json FROM trial_params WHERE trial_id {among} ORDER BY param_id",
       [&](StoredTrial& trial, const SqlStatement& row) {
         try {
           trial.parameters.push_back({row.text(1), distribution(row.text(1), row.text(3)), row.real(2)});
         } catch (const Error& error) {
           trial.unreadable.emplace_back(row.text(1), error.message());
         }
       });
  each("SELECT trial_id, value, value_type FROM trial_values WHERE trial_id {among} ORDER BY objective",
       [](StoredTrial& trial, const SqlStatement& row) { trial.values.push_back(number_of(row, 1, 2)); });
  each(
      "SELECT trial_id, step, intermediate_value, intermediate_value_type FROM trial_intermediate_values WHERE trial_id {among} "
      "ORDER BY step",
      [](StoredTrial& trial, const SqlStatement& row) { trial.intermediate.emplace_back(row.integer(1), number_of(row, 2, 3)); });
  each(
      "SELECT trial_id, \"key\", value_json FROM trial_user_attributes WHERE trial_id {among} "
      "ORDER BY trial_user_attribute_id",
      [](StoredTrial& trial, const SqlStatement& row) { trial.user_attributes.emplace_back(row.text(1), row.text(2)); });
  each(
      "SELECT trial_id, \"key\", value_json FROM trial_system_attributes WHERE trial_id {among} "
      "ORDER BY trial_system_attribute_id",
      [](StoredTrial& trial, const SqlStatement& row) { trial.system_attributes.emplace_back(row.text(1), row.text(2)); });
}

// Most trials have the same distributions: the text that was read last for a parameter is not parsed again.
Distribution SqlStorage::distribution(const std::string& parameter, const std::string& text) {
  auto& [known, made] = distributions_[parameter];
  if (known != text) {
    made = distribution_from_text(parameter, text);
    known = text;
  }
  return made;
}

}  // namespace kolosal
