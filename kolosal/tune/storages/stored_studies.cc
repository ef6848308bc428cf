#include "kolosal/tune/storages/stored_studies.h"

#include <algorithm>

#include "kolosal/tune/history.h"

namespace kolosal {
namespace {

void set_attribute(Attributes& attributes, const std::string& key, const std::string& json) {
  const auto at = std::find_if(attributes.begin(), attributes.end(), [&](const auto& had) { return had.first == key; });
  if (at == attributes.end()) attributes.emplace_back(key, json);
  else at->second = json;
}

bool is_finished(TrialState state) { return state != TrialState::Waiting && state != TrialState::Running; }

}  // namespace

void refuse_study(int64_t study) {
  throw Error(ErrorCode::BadValue, "the storage has no study of the id " + std::to_string(study), "It may have been deleted.");
}

void refuse_taken(const std::string& name) {
  throw Error(ErrorCode::BadValue, "the storage has a study '" + name + "' already",
              "Load it, give load_if_exists=True, or choose another name.");
}

void refuse_trial(int64_t number, int64_t n_trials) {
  throw Error(ErrorCode::BadValue,
              "the study has no trial " + std::to_string(number) + "; it has " + std::to_string(n_trials) + " trials, from 0");
}

void refuse_finished(int64_t number, TrialState state) {
  throw Error(ErrorCode::BadValue,
              "trial " + std::to_string(number) + " is " + std::string(enum_name(state)) + " in the storage and changes no more",
              "Another worker may have ended it, as where its heartbeat stopped.");
}

void refuse_unreadable(const std::string& why) {
  throw Error(ErrorCode::BadValue, why, "Another program wrote it in earlier trials of the study: suggest it under another name.");
}

void apply(const TrialChange& change, StoredTrial& trial) {
  for (const StoredParameter& parameter : change.parameters) {
    const auto is_it = [&](const StoredParameter& had) { return had.name == parameter.name; };
    if (std::none_of(trial.parameters.begin(), trial.parameters.end(), is_it)) trial.parameters.push_back(parameter);
  }
  for (const auto& one : change.unreadable) trial.unreadable.push_back(one);
  for (const auto& report : change.intermediate) {
    auto& reports = trial.intermediate;
    const auto at = std::lower_bound(reports.begin(), reports.end(), report.first, [](const auto& a, int64_t b) { return a.first < b; });
    if (at == reports.end() || at->first != report.first) reports.insert(at, report);
  }
  for (const auto& [key, json] : change.user_attributes) set_attribute(trial.user_attributes, key, json);
  for (const auto& [key, json] : change.system_attributes) set_attribute(trial.system_attributes, key, json);
  if (!change.state) return;
  trial.state = *change.state;
  if (!change.values.empty()) trial.values = change.values;
  (is_finished(trial.state) ? trial.ended : trial.started) = change.at;
}

const StoredStudies::Held& StoredStudies::known(int64_t study) const {
  const auto at = held_.find(study);
  if (at == held_.end()) refuse_study(study);
  return at->second;
}

int64_t StoredStudies::create_study(const std::string& name, const std::vector<Direction>& directions) {
  if (find_study(name)) refuse_taken(name);
  Held& made = held_[next_];
  made.study.id = next_;
  made.study.name = name;
  made.study.directions = directions;
  return next_++;
}

std::optional<int64_t> StoredStudies::find_study(const std::string& name) const {
  for (const auto& [id, held] : held_)
    if (held.study.name == name) return id;
  return std::nullopt;
}

StoredStudy StoredStudies::study(int64_t study) const {
  const Held& held = known(study);
  StoredStudy told = held.study;
  told.n_trials = static_cast<int64_t>(held.trials.size());
  return told;
}

std::vector<StoredStudy> StoredStudies::studies() const {
  std::vector<StoredStudy> all;
  for (const auto& [id, held] : held_) all.push_back(study(id));
  return all;
}

void StoredStudies::delete_study(int64_t study) {
  known(study);
  held_.erase(study);
}

void StoredStudies::set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) {
  StoredStudy& told = known(study).study;
  set_attribute(owner == AttributeOwner::User ? told.user_attributes : told.system_attributes, key, json);
}

int64_t StoredStudies::add_trial(int64_t study, StoredTrial trial) {
  Held& held = known(study);
  const auto number = static_cast<int64_t>(held.trials.size());
  trial.number = number;
  if (trial.state == TrialState::Waiting) held.waiting.insert(number);
  if (trial.state == TrialState::Running) held.running.insert(number);
  note(held, trial.parameters, trial.unreadable);
  held.trials.push_back(std::move(trial));
  return number;
}

std::optional<int64_t> StoredStudies::waiting(int64_t study) const {
  const Held& held = known(study);
  if (held.waiting.empty()) return std::nullopt;
  return *held.waiting.begin();
}

const StoredTrial& StoredStudies::trial(int64_t study, int64_t number) const {
  const auto& trials = known(study).trials;
  if (number < 0 || static_cast<size_t>(number) >= trials.size()) refuse_trial(number, static_cast<int64_t>(trials.size()));
  return trials[static_cast<size_t>(number)];
}

void StoredStudies::check_parameters(int64_t study, std::span<const StoredParameter> parameters) const {
  const Held& held = known(study);
  for (const StoredParameter& p : parameters)
    if (const auto unread = held.unreadable.find(p.name); unread != held.unreadable.end()) refuse_unreadable(unread->second);
    else if (const auto at = held.parameters.find(p.name); at != held.parameters.end())
      check_same_parameter(p.name, at->second, p.distribution);
}

void StoredStudies::note(Held& held, std::span<const StoredParameter> parameters, const Attributes& unreadable) {
  for (const StoredParameter& p : parameters) held.parameters.emplace(p.name, p.distribution);
  for (const auto& [name, why] : unreadable) held.unreadable.emplace(name, why);
}

void StoredStudies::check_write(int64_t study, int64_t number, const TrialChange& change) const {
  const StoredTrial& had = trial(study, number);
  if (is_finished(had.state) &&
      (change.state || !change.parameters.empty() || !change.intermediate.empty() || !change.system_attributes.empty()))
    refuse_finished(number, had.state);
  check_parameters(study, change.parameters);
}

void StoredStudies::write(int64_t study, int64_t number, const TrialChange& change) {
  check_write(study, number, change);
  Held& held = known(study);
  StoredTrial& changed = held.trials[static_cast<size_t>(number)];
  apply(change, changed);
  note(held, change.parameters, change.unreadable);
  if (changed.state != TrialState::Waiting) held.waiting.erase(number);
  if (changed.state == TrialState::Running) held.running.insert(number);
  else held.running.erase(number);
}

std::vector<StoredTrial> StoredStudies::read(int64_t study, int64_t first,
                                             std::span<const std::pair<int64_t, TrialState>> known_states) const {
  std::vector<StoredTrial> read;
  for (const auto& [number, state] : known_states) {
    const StoredTrial& had = trial(study, number);
    if (state != TrialState::Waiting || had.state != TrialState::Waiting) read.push_back(had);
  }
  const auto& trials = known(study).trials;
  for (auto i = static_cast<size_t>(std::max<int64_t>(first, 0)); i < trials.size(); ++i) read.push_back(trials[i]);
  return read;
}

}  // namespace kolosal
