#include "kolosal/tune/stored_trial.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/tune/storages/optuna_text.h"

namespace kolosal {
namespace {

constexpr std::string_view kConstraint = "constraints:";
constexpr std::string_view kRung = "completed_rung_";
constexpr std::string_view kFormat = "kolosal study";

Value number_value(double number) { return std::isfinite(number) ? Value(number) : Value(number_text(number)); }

Value list_from(const std::vector<double>& numbers) {
  Value::List list;
  for (const double number : numbers) list.push_back(number_value(number));
  return list;
}

Value moment(double seconds) { return std::isnan(seconds) ? Value() : Value(time_text(seconds, true)); }
double moment_from(const Value& value) { return value.is_null() ? std::nan("") : time_from_text(value.as_text()); }

Value trial_value(const StoredTrial& trial) {
  Value::Object params, reports;
  for (const StoredParameter& p : trial.parameters)
    params.emplace_back(p.name, Value::Object{{"value", p.distribution.outside(p.value)}, {"distribution", p.distribution.to_value()}});
  for (const auto& [step, value] : trial.intermediate) reports.emplace_back(std::to_string(step), number_value(value));
  return Value::Object{{"number", trial.number},
                       {"state", state_text(trial.state)},
                       {"values", list_from(trial.values)},
                       {"params", std::move(params)},
                       {"intermediate_values", std::move(reports)},
                       {"user_attrs", object_from(trial.user_attributes)},
                       {"system_attrs", object_from(trial.system_attributes)},
                       {"datetime_start", moment(trial.started)},
                       {"datetime_complete", moment(trial.ended)}};
}

StoredTrial trial_from(const Value& value) {
  StoredTrial trial;
  trial.number = value.at("number").as_integer();
  trial.state = state_from_text(value.at("state").as_text());
  for (const Value& number : value.at("values").as_list()) trial.values.push_back(number_from(number));
  for (const auto& [name, had] : value.at("params").as_object()) {
    const Distribution distribution = Distribution::from_value(name, had.at("distribution"));
    trial.parameters.push_back({name, distribution, distribution.inside(name, had.at("value"))});
  }
  for (const auto& [step, report] : value.at("intermediate_values").as_object())
    trial.intermediate.emplace_back(step_from_text(step), number_from(report));
  trial.user_attributes = attributes_from(value.at("user_attrs"));
  trial.system_attributes = attributes_from(value.at("system_attrs"));
  trial.started = moment_from(value.at("datetime_start"));
  trial.ended = moment_from(value.at("datetime_complete"));
  return trial;
}

// One constraint a name, or the list that Optuna wrote before version 5.
bool take_constraint(TrialRecord& record, const std::string& key, const std::string& json) {
  const auto keep = [&](const std::string& name, double value) {
    const auto is_it = [&](const auto& had) { return had.first == name; };
    if (std::none_of(record.constraints.begin(), record.constraints.end(), is_it)) record.constraints.emplace_back(name, value);
  };
  if (key.starts_with(kConstraint)) {
    keep(key.substr(kConstraint.size()), number_from(value_from_python_json(json)));
    return true;
  }
  if (key != "constraints") return false;
  const Value list = value_from_python_json(json);
  if (!list.is_list()) return false;
  for (size_t i = 0; i < list.as_list().size(); ++i) keep(std::to_string(i), number_from(list.as_list()[i]));
  return true;
}

bool take_rung(TrialRecord& record, const std::string& key, const std::string& json) {
  if (!key.starts_with(kRung)) return false;
  size_t rung = 0;
  const char* const end = key.data() + key.size();
  const auto read = std::from_chars(key.data() + kRung.size(), end, rung);
  if (read.ec != std::errc() || read.ptr != end || rung > 1000) return false;
  const double value = number_from(value_from_python_json(json));
  if (record.rungs.size() <= rung) record.rungs.resize(rung + 1, std::nan(""));
  record.rungs[rung] = value;
  return true;
}

// Whether the attribute is one that has a field.
bool take_attribute(TrialRecord& record, const std::string& key, const std::string& json) try {
  if (take_constraint(record, key, json) || take_rung(record, key, json)) return true;
  if (key == kFixedAttribute) record.fixed = value_from_python_json(json).as_object();
  else if (key == kGenerationAttribute) record.generation = static_cast<int>(value_from_python_json(json).as_integer());
  else if (key == kFailureAttribute) record.failure = value_from_python_json(json).as_text();
  else return false;
  return true;
} catch (const Error&) {  // another program's, under a name that ours has
  return false;
}

}  // namespace

std::string constraint_key(std::string_view constraint) { return std::string(kConstraint) + std::string(constraint); }

Attributes rung_attributes(const TrialRecord& trial, size_t first) {
  Attributes attributes;
  for (size_t rung = first; rung < trial.rungs.size(); ++rung)
    attributes.emplace_back(std::string(kRung) + std::to_string(rung), number_text(trial.rungs[rung]));
  return attributes;
}

StoredTrial without_parameters(const TrialRecord& trial) {
  StoredTrial made;
  made.number = trial.number;
  made.state = trial.state;
  if (std::none_of(trial.values.begin(), trial.values.end(), [](double value) { return std::isnan(value); })) made.values = trial.values;
  made.intermediate = trial.intermediate;
  made.user_attributes = attributes_from(trial.user_attributes);
  made.system_attributes = rung_attributes(trial, 0);
  if (!trial.fixed.empty()) made.system_attributes.emplace_back(kFixedAttribute, python_json(Value(trial.fixed)));
  for (const auto& [name, value] : trial.constraints) made.system_attributes.emplace_back(constraint_key(name), number_text(value));
  if (trial.generation != 0) made.system_attributes.emplace_back(kGenerationAttribute, std::to_string(trial.generation));
  if (!trial.failure.empty()) made.system_attributes.emplace_back(kFailureAttribute, to_json(Value(trial.failure)));
  for (const auto& one : trial.system_attributes) made.system_attributes.push_back(one);
  made.started = trial.started;
  made.ended = trial.ended;
  return made;
}

bool fill_without_parameters(TrialRecord& record, const StoredTrial& stored) {
  bool proposed = true;
  record.intermediate = stored.intermediate;
  record.values = stored.values;
  if (stored.state == TrialState::Pruned && record.values.empty() && !record.intermediate.empty())
    record.values = {record.intermediate.back().second};
  record.user_attributes = object_from(stored.user_attributes);
  record.system_attributes.clear();
  record.constraints.clear();
  record.started = stored.started;
  record.ended = stored.ended;
  for (const auto& [key, json] : stored.system_attributes) {
    if (!take_attribute(record, key, json)) record.system_attributes.emplace_back(key, json);
    if (key == kFixedAttribute || key == kRetriedAttribute || key == kAddedAttribute) proposed = false;
  }
  return proposed;
}

std::string what_is_incomplete(const StoredTrial& trial, size_t n_objectives) {
  if (trial.state != TrialState::Complete) return {};
  if (trial.values.size() != n_objectives)
    return "it is complete and has " + std::to_string(trial.values.size()) + " values; the study has " + std::to_string(n_objectives) +
           " objectives";
  if (std::any_of(trial.values.begin(), trial.values.end(), [](double value) { return std::isnan(value); }))
    return "it is complete and has the value NaN";
  return {};
}

Value object_from(const Attributes& attributes) {
  Value::Object object;
  for (const auto& [key, json] : attributes) object.emplace_back(key, value_from_python_json(json));
  return object;
}

Attributes attributes_from(const Value& object) {
  Attributes attributes;
  for (const auto& [key, value] : object.as_object()) attributes.emplace_back(key, python_json(value));
  return attributes;
}

Value study_to_value(const StoredStudy& study, const std::vector<StoredTrial>& trials) {
  Value::List directions, listed;
  for (const Direction direction : study.directions) directions.emplace_back(enum_name(direction));
  for (const StoredTrial& trial : trials) listed.push_back(trial_value(trial));
  return Value::Object{{"format", kFormat},
                       {"version", 1},
                       {"study_name", study.name},
                       {"directions", std::move(directions)},
                       {"user_attrs", object_from(study.user_attributes)},
                       {"system_attrs", object_from(study.system_attributes)},
                       {"trials", std::move(listed)}};
}

std::pair<StoredStudy, std::vector<StoredTrial>> study_from_value(const Value& value) {
  const Value* format = value.is_object() ? value.find("format") : nullptr;
  if (format == nullptr || !format->is_text() || format->as_text() != kFormat)
    throw Error(ErrorCode::BadFile, "this is no study: \"format\" is not \"" + std::string(kFormat) + "\"",
                "Give what export_study wrote.");
  if (value.at("version").as_integer() != 1)
    throw Error(ErrorCode::UnsupportedVersion,
                "the study has the version " + to_json(value.at("version")) + "; this program reads version 1",
                "Use a newer version of Kolosal.");
  try {
    StoredStudy study;
    study.name = value.at("study_name").as_text();
    for (const Value& direction : value.at("directions").as_list())
      study.directions.push_back(enum_from_name<Direction>(direction.as_text()));
    study.user_attributes = attributes_from(value.at("user_attrs"));
    study.system_attributes = attributes_from(value.at("system_attrs"));
    std::vector<StoredTrial> trials;
    for (const Value& trial : value.at("trials").as_list()) {
      trials.push_back(trial_from(trial));
      if (const std::string why = what_is_incomplete(trials.back(), study.directions.size()); !why.empty())
        throw Error(ErrorCode::BadFile, "trial " + std::to_string(trials.back().number) + ": " + why);
    }
    study.n_trials = static_cast<int64_t>(trials.size());
    return {std::move(study), std::move(trials)};
  } catch (const Error& error) {
    throw Error(ErrorCode::BadFile, "the study cannot be read: " + error.message());
  }
}

}  // namespace kolosal
