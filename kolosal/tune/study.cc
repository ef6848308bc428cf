#include "kolosal/tune/study.h"

#include <algorithm>
#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/stored_trial.h"

namespace kolosal {
namespace {

constexpr int kAttempts = 1000;  // proposals that may meet forbidden combinations before it is an error

std::string where(const TrialRecord& trial) { return "trial " + std::to_string(trial.number); }

// A value that a user gave, allowed or not: whoever gives a number wants it tried. `how` says where it was given.
double take_given(std::string_view name, const Distribution& distribution, std::string_view how, const Value& fixed,
                  std::vector<std::string>* findings) {
  if (const auto allowed = distribution.find(fixed)) return *allowed;
  const auto found = distribution.find_beyond(fixed);
  if (!found) return distribution.inside(name, fixed);  // which says what is allowed
  const bool is_cut = *found != fixed.as_real();
  if (findings != nullptr)
    findings->push_back("parameter '" + std::string(name) + "': the " + std::string(how) + " value " + to_json(fixed) + " is taken" +
                        (is_cut ? " as " + to_json(distribution.outside(*found)) : "") + ", though it is not " + distribution.allowed());
  return *found;
}

const Value* find(const Value::Object& object, std::string_view name) {
  for (const auto& [key, value] : object)
    if (key == name) return &value;
  return nullptr;
}

void check_constraint(std::string_view name, double value) {
  if (std::isnan(value)) throw Error(ErrorCode::BadValue, "constraint '" + std::string(name) + "' is NaN");
}

}  // namespace

const TrialRecord& Study::known(int64_t number) const {
  if (number < 0 || static_cast<size_t>(number) >= history_.n_trials())
    throw Error(ErrorCode::BadValue, "study '" + options_.name + "' has no trial " + std::to_string(number) + "; it has " +
                                         std::to_string(history_.n_trials()) + " trials, from 0");
  return history_.trial(static_cast<size_t>(number));
}

TrialRecord& Study::running(int64_t number) {
  const TrialRecord& trial = known(number);
  if (trial.state != TrialState::Running)
    throw Error(ErrorCode::BadValue, where(trial) + " is " + std::string(enum_name(trial.state)) + "; only a running trial may change",
                trial.state == TrialState::Waiting ? "It runs once ask() gave it." : "");
  return const_cast<TrialRecord&>(trial);
}

// Parameters of a declared space are all known once one trial has asked for them.
void Study::check_sampler_names() const {
  if (!is_declared_ || history_.finished().empty()) return;
  for (const std::string& name : proposer_->sampler->named_parameters()) {
    std::vector<std::string> known;
    for (const ParameterColumn& column : history_.parameters()) known.push_back(column.name);
    if (std::ranges::find(known, name) != known.end()) continue;
    throw Error(ErrorCode::UnknownParameter,
                "study '" + options_.name + "': its sampler is given a value of '" + name + "', which is no parameter of the space" +
                    did_you_mean(name, known),
                "Give values of parameters of the space alone.");
  }
}

void Study::set_sampler(std::shared_ptr<const Sampler> sampler) {
  const std::lock_guard lock(mutex);
  proposer_ = proposer_of(std::move(sampler));
}

void Study::set_pruner(std::shared_ptr<const Pruner> pruner) {
  const std::lock_guard lock(mutex);
  options_.pruner = std::move(pruner);
}

int64_t Study::ask() {
  const std::lock_guard lock(mutex);
  check_sampler_names();
  if (has_storage()) return ask_storage();
  TrialRecord* trial = nullptr;
  if (waiting_.empty()) {
    trial = &history_.add();
    trial->drawn = n_drawn_++;
  } else {
    trial = const_cast<TrialRecord*>(&history_.trial(waiting_.front()));
    waiting_.erase(waiting_.begin());
  }
  begin(*trial);
  return trial->number;
}

void Study::begin(TrialRecord& trial) {
  trial.state = TrialState::Running;
  trial.started = unix_seconds();
  history_.start(static_cast<size_t>(trial.number));
  try {
    plan(trial, 0);
  } catch (const std::exception& error) {
    fail_planning(trial, error.what());
    throw;
  }
}

void Study::fail_planning(TrialRecord& trial, const std::string& why) {
  trial.failure = why;
  trial.state = TrialState::Failed;
  trial.ended = unix_seconds();
  settle(trial);
}

void Study::plan(TrialRecord& trial, int attempt) {
  forget_plan(trial);
  auto proposal = proposer_->sampler->propose(history_, trial, attempt, proposer_->cache.get());
  for (const auto& [parameter, value] : proposal->planned())
    history_.set_place(parameter, static_cast<size_t>(trial.number), history_.parameters()[parameter].latest->place(value));
  trial.generation = proposal->generation();
  if (std::string note = proposal->note(); !note.empty()) {
    std::erase_if(trial.system_attributes, [](const auto& had) { return had.first == kNoteAttribute; });
    trial.system_attributes.emplace_back(kNoteAttribute, to_json(Value(std::move(note))));
  }
  proposals_[trial.number] = {proposer_, std::move(proposal)};
}

void Study::forget_plan(const TrialRecord& trial) {
  const auto at = proposals_.find(trial.number);
  if (at == proposals_.end()) return;
  for (const auto& plan : at->second.proposal->planned()) {
    const auto is_it = [&](const TrialParameter& had) { return had.parameter == plan.first; };
    if (std::none_of(trial.parameters.begin(), trial.parameters.end(), is_it))
      history_.set_place(plan.first, static_cast<size_t>(trial.number), std::numeric_limits<double>::quiet_NaN());
  }
  proposals_.erase(at);
}

double Study::take(const TrialRecord& trial, std::string_view name, const Distribution& distribution, uint32_t parameter,
                   std::vector<std::string>* findings) const {
  for (const TrialParameter& had : trial.parameters)
    if (had.parameter == parameter) {
      if (!distribution.contains(had.value) && had.distribution->contains(had.value) && findings != nullptr)
        findings->push_back("parameter '" + std::string(name) + "' is " + to_json(distribution.outside(had.value)) +
                            " in this trial and stays so, though it is now to be " + distribution.allowed());
      return had.value;
    }
  if (!trial.fixed.empty())
    if (const Value* fixed = find(trial.fixed, name)) {
      // The best of an earlier study may lie where this one does not look.
      if (trial.user_attributes.find(kWarmStartAttribute) == nullptr || distribution.find(*fixed))
        return take_given(name, distribution, "enqueued", *fixed, findings);
    }
  if (distribution.is_single()) return distribution.low;
  Proposal& proposal = *proposals_.at(trial.number).proposal;
  if (const Value* fixed = proposal.fixed(parameter)) return take_given(name, distribution, "given", *fixed, findings);
  return proposal.value(parameter, distribution);
}

void Study::keep(TrialRecord& trial, uint32_t parameter, const Distribution& distribution, double value) {
  for (const TrialParameter& had : trial.parameters)
    if (had.parameter == parameter) return;
  const ParameterColumn& column = history_.parameters()[parameter];
  trial.parameters.push_back({parameter, column.latest, value});
  if (has_storage()) unwritten_[trial.number].push_back({column.name, *column.latest, value});
  history_.set_place(parameter, static_cast<size_t>(trial.number), distribution.place(value));
}

double Study::suggest_inside(int64_t number, std::string_view name, const Distribution& distribution, std::vector<std::string>* findings) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  const uint32_t parameter = history_.parameter(name, distribution);
  const double value = take(trial, name, distribution, parameter, findings);
  keep(trial, parameter, distribution, value);
  if (has_storage()) write(trial, {});
  return value;
}

Value::Object Study::suggest(int64_t number, const SearchSpace& space, std::vector<std::string>* findings) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  const auto& declared = space.parameters();
  std::vector<uint32_t> indices;
  for (const DeclaredParameter& parameter : declared) indices.push_back(history_.parameter(parameter.name, parameter.distribution));
  is_declared_ = true;
  history_.restrict_to(space, indices);
  const int generation = trial.generation;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) plan(trial, attempt);
    std::vector<std::optional<double>> values(declared.size());
    std::vector<std::string> found;
    for (size_t i = 0; i < declared.size(); ++i)
      if (space.is_active(i, values)) values[i] = take(trial, declared[i].name, declared[i].distribution, indices[i], &found);
    if (space.is_forbidden(values)) continue;
    if (findings != nullptr) findings->insert(findings->end(), found.begin(), found.end());
    Value::Object taken;
    for (size_t i = 0; i < declared.size(); ++i)
      if (values[i]) {
        keep(trial, indices[i], declared[i].distribution, *values[i]);
        taken.emplace_back(declared[i].name, declared[i].distribution.outside(*values[i]));
      }
    if (has_storage()) write(trial, planned_change(trial, generation));
    return taken;
  }
  throw Error(ErrorCode::BadValue, where(trial) + ": " + std::to_string(kAttempts) + " proposals in a row were forbidden combinations",
              "Forbid less, or make the dependence a condition (\"when\").");
}

void Study::report(int64_t number, double value, int64_t step) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  if (step < 0) throw Error(ErrorCode::BadValue, where(trial) + ": step " + std::to_string(step) + " is below 0");
  auto& reports = trial.intermediate;
  const auto at = std::lower_bound(reports.begin(), reports.end(), step, [](const auto& a, int64_t b) { return a.first < b; });
  if (at != reports.end() && at->first == step) return;
  if (has_storage()) write(trial, {.intermediate = {{step, value}}});
  reports.insert(std::lower_bound(reports.begin(), reports.end(), step, [](const auto& a, int64_t b) { return a.first < b; }),
                 {step, value});
}

bool Study::should_prune(int64_t number) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  if (directions().size() != 1)
    throw Error(ErrorCode::BadValue,
                "study '" + options_.name + "' has " + std::to_string(directions().size()) + " objectives; trials of one can be stopped",
                "Raise TrialPruned by a rule of your own.");
  if (!options_.pruner) return false;
  sync();
  const size_t n_rungs = trial.rungs.size();
  const bool stops = options_.pruner->should_prune(history_, trial, options_.name);
  if (has_storage() && trial.rungs.size() > n_rungs) write(trial, {.system_attributes = rung_attributes(trial, n_rungs)});
  return stops;
}

void Study::set_constraint(int64_t number, std::string_view name, double value) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  check_constraint(name, value);
  for (const auto& [known_name, known_value] : trial.constraints)
    if (known_name == name) return;
  if (has_storage()) write(trial, {.system_attributes = {{constraint_key(name), number_text(value)}}});
  trial.constraints.emplace_back(std::string(name), value);
}

void Study::set_user_attribute(int64_t number, std::string_view name, Value value) {
  const std::lock_guard lock(mutex);
  auto& trial = const_cast<TrialRecord&>(known(number));
  if (has_storage()) write(trial, {.user_attributes = {{std::string(name), python_json(value)}}});
  trial.user_attributes.set(std::string(name), std::move(value));
}

void Study::set_system_attribute(int64_t number, std::string_view name, std::string json) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  if (has_storage()) write(trial, {.system_attributes = {{std::string(name), json}}});
  std::erase_if(trial.system_attributes, [&](const auto& had) { return had.first == name; });
  trial.system_attributes.emplace_back(std::string(name), std::move(json));
}

void Study::end(TrialRecord& trial, TrialState state) {
  trial.ended = unix_seconds();
  if (has_storage()) write_end(trial, state);
  trial.state = state;
  settle(trial);
}

void Study::settle(TrialRecord& trial) {
  forget_plan(trial);
  unwritten_.erase(trial.number);
  history_.finish(static_cast<size_t>(trial.number));
}

TrialState Study::tell(int64_t number, std::vector<double> values) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  if (values.size() != directions().size())
    trial.failure = "the objective gave " + std::to_string(values.size()) + " values; the study has " +
                    std::to_string(directions().size()) + " objectives";
  else if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); }))
    trial.failure = "the objective gave NaN";
  if (trial.failure.empty()) trial.values = std::move(values);
  end(trial, trial.failure.empty() ? TrialState::Complete : TrialState::Failed);
  return trial.state;
}

void Study::tell_pruned(int64_t number) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  if (!trial.intermediate.empty()) trial.values = {trial.intermediate.back().second};
  end(trial, TrialState::Pruned);
}

void Study::tell_failed(int64_t number, std::string reason) {
  const std::lock_guard lock(mutex);
  TrialRecord& trial = running(number);
  trial.failure = std::move(reason);
  end(trial, TrialState::Failed);
}

void Study::enqueue(Value::Object fixed, Value user_attributes) {
  const std::lock_guard lock(mutex);
  if (has_storage()) {
    TrialRecord waiting;
    waiting.state = TrialState::Waiting;
    waiting.fixed = std::move(fixed);
    waiting.user_attributes = std::move(user_attributes);
    return add_stored(stored(waiting));
  }
  TrialRecord& trial = history_.add();
  trial.state = TrialState::Waiting;
  trial.fixed = std::move(fixed);
  trial.user_attributes = std::move(user_attributes);
  waiting_.push_back(static_cast<uint32_t>(trial.number));
}

void Study::add_finished(TrialState state, const std::vector<std::pair<std::string, Distribution>>& parameters,
                         const std::vector<Value>& taken, std::vector<double> values, std::vector<std::pair<int64_t, double>> intermediate,
                         std::vector<std::pair<std::string, double>> constraints, Value user_attributes, Attributes system_attributes,
                         std::pair<double, double> times) {
  const std::lock_guard lock(mutex);
  const std::string place = "a trial added to study '" + options_.name + "'";
  if (state == TrialState::Waiting || state == TrialState::Running)
    throw Error(ErrorCode::BadValue, place + " is " + std::string(enum_name(state)) + "; it must be complete, pruned or failed");
  if (parameters.size() != taken.size())
    throw Error(ErrorCode::BadValue,
                place + " has " + std::to_string(taken.size()) + " values for " + std::to_string(parameters.size()) + " parameters");
  if (state == TrialState::Complete && values.size() != directions().size())
    throw Error(ErrorCode::BadValue, place + " has " + std::to_string(values.size()) + " values; the study has " +
                                         std::to_string(directions().size()) + " objectives");
  for (const double value : values)
    if (std::isnan(value) && state == TrialState::Complete) throw Error(ErrorCode::BadValue, place + " is complete and has the value NaN");
  TrialRecord trial;  // without parameters, which a history gives an index
  trial.state = state;
  for (const auto& [name, value] : constraints) check_constraint(name, value);
  std::stable_sort(intermediate.begin(), intermediate.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  trial.intermediate = std::move(intermediate);
  trial.constraints = std::move(constraints);
  trial.user_attributes = std::move(user_attributes);
  trial.system_attributes = std::move(system_attributes);
  if (state != TrialState::Failed) trial.values = std::move(values);
  if (state == TrialState::Pruned && trial.values.empty() && !trial.intermediate.empty()) trial.values = {trial.intermediate.back().second};
  trial.started = std::isnan(times.first) ? unix_seconds() : times.first;
  trial.ended = std::isnan(times.second) ? unix_seconds() : times.second;
  StoredTrial added = stored(trial);
  added.system_attributes.emplace_back(kAddedAttribute, "true");
  for (size_t i = 0; i < taken.size(); ++i)
    added.parameters.push_back({parameters[i].first, parameters[i].second, parameters[i].second.inside(parameters[i].first, taken[i])});
  add_stored(std::move(added));
}

size_t Study::n_trials() const {
  const std::lock_guard lock(mutex);
  return history_.n_trials();
}

TrialRecord Study::trial(int64_t number) const {
  const std::lock_guard lock(mutex);
  return known(number);
}

std::string Study::parameter_name(uint32_t index) const {
  const std::lock_guard lock(mutex);
  return history_.parameters().at(index).name;
}

std::vector<std::string> Study::parameter_names() const {
  const std::lock_guard lock(mutex);
  std::vector<std::string> names;
  for (const ParameterColumn& column : history_.parameters()) names.push_back(column.name);
  return names;
}

Attributes Study::unreadable_parameters() const {
  const std::lock_guard lock(mutex);
  return unreadable_;
}

std::vector<TrialRecord> Study::trials() const {
  const std::lock_guard lock(mutex);
  std::vector<TrialRecord> all;
  all.reserve(history_.n_trials());
  for (size_t row = 0; row < history_.n_trials(); ++row) all.push_back(history_.trial(row));
  return all;
}

TrialRecord Study::best() const {
  const std::lock_guard lock(mutex);
  if (directions().size() != 1)
    throw Error(ErrorCode::BadValue,
                "study '" + options_.name + "' has " + std::to_string(directions().size()) + " objectives and no single best trial",
                "Use best_trials, the Pareto front.");
  if (const auto best = history_.best()) return history_.trial(*best);
  const auto is_complete = [&](uint32_t row) { return history_.trial(row).state == TrialState::Complete; };
  const auto n_complete = std::ranges::count_if(history_.finished(), is_complete);
  const std::string lacks =
      n_complete == 0 ? "' has no complete trial"
                      : "' has complete trials (" + std::to_string(n_complete) + ") and no best one, since their constraints do not hold";
  throw Error(ErrorCode::BadValue, "study '" + options_.name + lacks, "Run more trials.");
}

std::optional<TrialRecord> Study::best_or_none() const {
  const std::lock_guard lock(mutex);
  const auto best = history_.best();
  return best ? std::optional(history_.trial(*best)) : std::nullopt;
}

std::vector<int64_t> Study::pareto_front() const {
  const std::lock_guard lock(mutex);
  std::vector<std::vector<double>> losses;
  std::vector<int64_t> numbers;
  for (size_t row = 0; row < history_.n_trials(); ++row) {
    const TrialRecord& trial = history_.trial(row);
    if (!trial.is_eligible()) continue;
    losses.push_back(history_.losses(trial));
    numbers.push_back(trial.number);
  }
  const std::vector<size_t> ranks = non_domination_ranks(losses, 1);
  std::vector<int64_t> front;
  for (size_t i = 0; i < numbers.size(); ++i)
    if (ranks[i] == 0) front.push_back(numbers[i]);
  return front;
}

bool Study::is_exhausted() const {
  const std::lock_guard lock(mutex);
  return waiting_.empty() && proposer_->sampler->is_exhausted(history_);
}

}  // namespace kolosal
