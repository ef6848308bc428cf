// What a study has to do with its storage: opening, taking in what others wrote, writing what it does, heartbeats, retries, JSON.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/stored_trial.h"
#include "kolosal/tune/study.h"

namespace kolosal {
namespace {

// The options with the directions that the study in the storage has.
StudyOptions opened(StudyOptions options) {
  if (options.storage && options.opening != StudyOpening::Create)
    if (const auto id = options.storage->find_study(options.name)) {
      options.directions = options.storage->study(*id).directions;
      return options;
    }
  if (options.opening == StudyOpening::Load) {
    std::vector<std::string> names;
    if (options.storage)
      for (const StoredStudy& study : options.storage->studies()) names.push_back(study.name);
    std::string listed;
    for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::UnknownName, "the storage has no study '" + options.name + "'" + did_you_mean(options.name, names),
                names.empty() ? "It has none." : "It has: " + listed + ".");
  }
  if (options.directions.empty()) throw Error(ErrorCode::BadValue, "study: there are no directions", "Give one for each objective.");
  return options;
}

// Another process may make the study between the look and the making.
int64_t made_or_found(Storage& storage, const StudyOptions& options) {
  if (options.opening != StudyOpening::Create)
    if (const auto id = storage.find_study(options.name)) return *id;
  try {
    return storage.create_study(options.name, options.directions);
  } catch (const Error&) {
    const auto id = storage.find_study(options.name);
    if (options.opening == StudyOpening::Create || !id) throw;
    return *id;
  }
}

}  // namespace

Study::Study(StudyOptions options)
    : Member(OpenedStorages::Rank::Study),
      proposer_(proposer_of(std::move(options.sampler))),
      options_(opened(std::move(options))),
      history_(options_.directions) {
  if (has_storage()) {
    study_id_ = made_or_found(*options_.storage, options_);
    sync();
  }
  enter();
}

std::shared_ptr<const Study::Proposer> Study::proposer_of(std::shared_ptr<const Sampler> sampler) {
  if (!sampler) throw Error(ErrorCode::BadValue, "study: there is no sampler", "Use samplers().make(\"tpe\").");
  auto cache = sampler->make_cache();
  return std::make_shared<const Proposer>(Proposer{std::move(sampler), std::move(cache)});
}

Study::~Study() {
  leave();
  if (!heart_) return;
  {
    const std::lock_guard lock(mutex);
    heart_->is_stopping = true;
  }
  heart_->stopping.notify_all();
  heart_->thread.join();
}

// In the child the heart has no thread, and the trials that ran are the parent's. What is let go of holds no more than a few bytes.
void Study::close() {
  static_cast<void>(heart_.release());
  foreign_.insert(own_.begin(), own_.end());
  own_.clear();
}

int64_t Study::ask_storage() {
  const int64_t number = options_.storage->start_trial(study_id_, unix_seconds());
  try {
    prepare(number);
  } catch (const std::exception& error) {
    fail_started(number, error.what());
    throw;
  }
  return number;
}

// Where the storage cannot be told, the trial runs on in it.
void Study::fail_started(int64_t number, const std::string& why) {
  own_.erase(number);
  if (number < static_cast<int64_t>(history_.n_trials())) foreign_.insert(number);
  try {
    options_.storage->write(
        study_id_, number,
        {.system_attributes = {{std::string(kFailureAttribute), to_json(Value(why))}}, .state = TrialState::Failed, .at = unix_seconds()});
    sync();
  } catch (const Error&) {  // the first error says what is wrong
  }
}

void Study::prepare(int64_t number) {
  own_.insert(number);
  sync();
  auto& trial = const_cast<TrialRecord&>(known(number));
  if (options_.storage->heartbeat_seconds() > 0) {
    options_.storage->beat(study_id_, std::vector{number});
    if (!heart_) {
      heart_ = std::make_unique<Heart>();
      heart_->thread = std::thread([this, heart = heart_.get()] { beat(*heart); });
    }
  }
  plan(trial, 0);
  TrialChange planned = planned_change(trial, 0);
  for (const auto& one : trial.system_attributes)
    if (one.first == kNoteAttribute) planned.system_attributes.push_back(one);
  write(trial, std::move(planned));
}

// What the storage has still to be told of a proposal: its generation, where that is not the one it has.
TrialChange Study::planned_change(const TrialRecord& trial, int known_generation) const {
  TrialChange change;
  if (trial.generation != known_generation) change.system_attributes.emplace_back(kGenerationAttribute, std::to_string(trial.generation));
  return change;
}

void Study::beat(Heart& heart) {
  std::unique_lock lock(mutex);
  const std::chrono::duration<double> pause(options_.storage->heartbeat_seconds());
  while (!heart.stopping.wait_for(lock, pause, [&] { return heart.is_stopping; })) {
    const std::vector<int64_t> numbers(own_.begin(), own_.end());
    lock.unlock();
    try {
      if (!numbers.empty()) options_.storage->beat(study_id_, numbers);
    } catch (const Error&) {  // the next beat may find the storage again; the trial's own writes will say what is wrong
    }
    lock.lock();
  }
}

void Study::refresh() {
  const std::lock_guard lock(mutex);
  sync();
}

void Study::sync() {
  if (!has_storage()) return;
  std::vector<std::pair<int64_t, TrialState>> open;
  for (const int64_t number : foreign_) open.emplace_back(number, known(number).state);
  for (StoredTrial& stored : options_.storage->read(study_id_, static_cast<int64_t>(history_.n_trials()), open)) take_in(std::move(stored));
}

void Study::take_in(StoredTrial stored) {
  const auto n_trials = static_cast<int64_t>(history_.n_trials());
  if (stored.number > n_trials)
    throw Error(ErrorCode::BadFile, "study '" + options_.name + "': trial " + std::to_string(stored.number) + " follows on trial " +
                                        std::to_string(n_trials - 1) + " in the storage; numbers must have no gap");
  const bool is_new = stored.number == n_trials;
  if (!is_new && known(stored.number).is_finished()) return;
  TrialRecord read = is_new ? TrialRecord() : known(stored.number);
  const bool proposed = fill_without_parameters(read, stored);  // throws before anything has changed
  if (std::string why = what_is_incomplete(stored, directions().size()); !why.empty()) {
    stored.state = TrialState::Failed;
    read.values.clear();
    read.failure = std::move(why);
  }
  TrialRecord& trial = is_new ? history_.add() : const_cast<TrialRecord&>(known(stored.number));
  const TrialState before = is_new ? TrialState::Waiting : trial.state;
  read.number = trial.number;
  trial = std::move(read);
  if (is_new && proposed) trial.drawn = n_drawn_++;
  fill(trial, stored);
  for (const auto& [name, why] : stored.unreadable)
    if (std::ranges::find(unreadable_, name, &Attributes::value_type::first) == unreadable_.end()) unreadable_.emplace_back(name, why);
  trial.state = stored.state;
  if (stored.state == TrialState::Waiting) {
    if (is_new) waiting_.push_back(static_cast<uint32_t>(trial.number));
  } else std::erase(waiting_, static_cast<uint32_t>(trial.number));
  if (stored.state == TrialState::Running && before == TrialState::Waiting) history_.start(static_cast<size_t>(trial.number));
  if (trial.is_finished()) settle(trial);
  if (trial.is_finished() || own_.contains(trial.number)) foreign_.erase(trial.number);
  else foreign_.insert(trial.number);
}

// A parameter that is another kind than in earlier trials is left out of the trial: samplers could make nothing of it.
void Study::fill(TrialRecord& trial, const StoredTrial& stored) {
  for (const StoredParameter& p : stored.parameters) {
    const bool is_choice = p.distribution.kind != ParameterKind::Categorical || p.distribution.contains(p.value);
    if (!is_choice || !history_.accepts(p.name, p.distribution)) continue;
    const uint32_t parameter = history_.parameter(p.name, p.distribution);
    const auto is_it = [&](const TrialParameter& had) { return had.parameter == parameter; };
    if (std::any_of(trial.parameters.begin(), trial.parameters.end(), is_it)) continue;
    trial.parameters.push_back({parameter, history_.parameters()[parameter].latest, p.value});
    history_.set_place(parameter, static_cast<size_t>(trial.number), p.distribution.place(p.value));
  }
}

void Study::add_stored(StoredTrial added) {
  if (has_storage()) {
    options_.storage->add_trial(study_id_, added);
    return sync();
  }
  for (const StoredParameter& p : added.parameters) history_.parameter(p.name, p.distribution);  // throws before anything has changed
  added.number = static_cast<int64_t>(history_.n_trials());
  take_in(std::move(added));
  foreign_.clear();  // nobody but this object changes a trial
}

StoredTrial Study::stored(const TrialRecord& trial) const {
  StoredTrial made = without_parameters(trial);
  for (const TrialParameter& had : trial.parameters)
    made.parameters.push_back({history_.parameters()[had.parameter].name, *had.distribution, had.value});
  return made;
}

// Parameters that could not be written go out with the trial's next change.
void Study::write(TrialRecord& trial, TrialChange change) {
  const auto unwritten = unwritten_.find(trial.number);
  if (unwritten != unwritten_.end()) change.parameters = unwritten->second;
  const bool empty = change.parameters.empty() && change.intermediate.empty() && change.user_attributes.empty() &&
                     change.system_attributes.empty() && !change.state;
  change.started = trial.started;
  try {
    if (!empty) options_.storage->write(study_id_, trial.number, change);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::BadValue) take_back(trial);
    throw;
  }
  if (unwritten != unwritten_.end()) unwritten_.erase(unwritten);
}

// The storage refuses the parameters: another's trial has one of the names for something else, or the trial is over.
void Study::take_back(TrialRecord& trial) {
  const auto unwritten = unwritten_.find(trial.number);
  if (unwritten == unwritten_.end()) return;
  for (const StoredParameter& p : unwritten->second) {
    const uint32_t parameter = history_.parameter(p.name, p.distribution);
    std::erase_if(trial.parameters, [&](const TrialParameter& had) { return had.parameter == parameter; });
    history_.set_place(parameter, static_cast<size_t>(trial.number), std::nan(""));
  }
  unwritten_.erase(unwritten);
}

void Study::write_end(TrialRecord& trial, TrialState state) {
  TrialChange change;
  change.state = state;
  change.at = trial.ended;
  if (std::none_of(trial.values.begin(), trial.values.end(), [](double value) { return std::isnan(value); })) change.values = trial.values;
  if (!trial.failure.empty()) change.system_attributes.emplace_back(kFailureAttribute, to_json(Value(trial.failure)));
  own_.erase(trial.number);
  try {
    write(trial, std::move(change));
  } catch (const Error&) {  // another has ended it, or the storage is gone: what it has of the trial counts
    trial.values.clear();
    trial.failure.clear();
    foreign_.insert(trial.number);
    throw;
  }
}

std::vector<int64_t> Study::fail_stale() {
  const std::lock_guard lock(mutex);
  if (!has_storage() || options_.storage->heartbeat_seconds() <= 0) return {};
  std::vector<int64_t> failed = options_.storage->fail_stale(study_id_, unix_seconds());
  sync();
  return failed;
}

bool Study::retry(int64_t number, int64_t max_retries, bool with_reports) {
  const std::lock_guard lock(mutex);
  const TrialRecord& trial = known(number);
  if (trial.state != TrialState::Failed)
    throw Error(ErrorCode::BadValue,
                "trial " + std::to_string(number) + " is " + std::string(enum_name(trial.state)) + "; a failed one can be tried again");
  StoredTrial again = stored(trial);
  Value::List history;
  Value first = number;
  std::erase_if(again.system_attributes, [&](const auto& attribute) {
    if (attribute.first == kRetriesAttribute) history = value_from_python_json(attribute.second).as_list();
    if (attribute.first == kRetriedAttribute) first = value_from_python_json(attribute.second);
    return attribute.first == kRetriesAttribute || attribute.first == kRetriedAttribute || attribute.first == kFailureAttribute ||
           attribute.first == kGenerationAttribute || attribute.first.starts_with("completed_rung_") ||
           attribute.first == "kolosal:heartbeat";
  });
  if (static_cast<int64_t>(history.size()) >= max_retries) return false;
  history.push_back(number);
  again.system_attributes.emplace_back(kRetriedAttribute, to_json(first));
  again.system_attributes.emplace_back(kRetriesAttribute, to_json(Value(std::move(history))));
  again.state = TrialState::Waiting;
  again.started = again.ended = std::nan("");
  again.values.clear();
  if (!with_reports) again.intermediate.clear();
  add_stored(std::move(again));
  return true;
}

void Study::set_study_attribute(std::string_view name, Value value) {
  const std::lock_guard lock(mutex);
  if (has_storage()) options_.storage->set_study_attribute(study_id_, AttributeOwner::User, std::string(name), python_json(value));
  else study_attributes_.set(std::string(name), std::move(value));
}

Value Study::study_attributes() const {
  const std::lock_guard lock(mutex);
  return has_storage() ? object_from(options_.storage->study(study_id_).user_attributes) : study_attributes_;
}

void Study::set_study_system_attribute(std::string_view name, std::string json) {
  const std::lock_guard lock(mutex);
  if (has_storage()) return options_.storage->set_study_attribute(study_id_, AttributeOwner::System, std::string(name), json);
  std::erase_if(study_system_attributes_, [&](const auto& had) { return had.first == name; });
  study_system_attributes_.emplace_back(name, std::move(json));
}

Attributes Study::study_system_attributes() const {
  const std::lock_guard lock(mutex);
  return has_storage() ? options_.storage->study(study_id_).system_attributes : study_system_attributes_;
}

Value Study::to_value() const {
  const std::lock_guard lock(mutex);
  StoredStudy study;
  if (has_storage()) {
    study = options_.storage->study(study_id_);
  } else {
    study.user_attributes = attributes_from(study_attributes_);
    study.system_attributes = study_system_attributes_;
  }
  study.name = options_.name;
  study.directions = options_.directions;
  std::vector<StoredTrial> trials;
  for (size_t row = 0; row < history_.n_trials(); ++row) trials.push_back(stored(history_.trial(row)));
  return study_to_value(study, trials);
}

void Study::add_from_value(const Value& value) {
  auto [study, trials] = study_from_value(value);
  if (study.directions != options_.directions)
    throw Error(ErrorCode::BadValue, "study '" + options_.name + "' has other objectives than the study '" + study.name + "' to be added");
  for (const auto& [key, json] : study.user_attributes) set_study_attribute(key, value_from_python_json(json));
  for (const auto& [key, json] : study.system_attributes) set_study_system_attribute(key, json);
  const std::lock_guard lock(mutex);
  for (StoredTrial& trial : trials) {
    if (trial.state == TrialState::Running) {
      trial.state = TrialState::Failed;
      trial.ended = unix_seconds();
      trial.system_attributes.emplace_back(kFailureAttribute, "\"it ran when the study was exported\"");
    }
    add_stored(std::move(trial));
  }
}

}  // namespace kolosal
