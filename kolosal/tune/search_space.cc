#include "kolosal/tune/search_space.h"

#include <algorithm>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& what) { throw Error(ErrorCode::BadValue, where + ": " + what); }

std::string quoted(const std::string& name) { return "parameter '" + name + "'"; }

}  // namespace

size_t SearchSpace::place_of(std::string_view name) const {
  std::vector<std::string> names;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == name) return i;
    names.push_back(parameters_[i].name);
  }
  throw Error(ErrorCode::BadValue, "the search space has no parameter '" + std::string(name) + "' before this" + did_you_mean(name, names));
}

void SearchSpace::add(DeclaredParameter parameter) {
  if (parameter.name.empty()) refuse("search space", "a parameter has an empty name");
  for (const DeclaredParameter& other : parameters_)
    if (other.name == parameter.name) refuse(quoted(parameter.name), "is there twice");
  for (const Condition& condition : parameter.when) {
    if (condition.parameter >= parameters_.size())
      refuse(quoted(parameter.name), "its condition is on a parameter that does not come before it");
    const DeclaredParameter& on = parameters_[condition.parameter];
    if (condition.values.empty()) refuse(quoted(parameter.name), "its condition on '" + on.name + "' allows no value");
    if (condition.comparison != Comparison::In && on.distribution.kind == ParameterKind::Categorical)
      refuse(quoted(parameter.name), "its condition compares '" + on.name + "', which is not a number; use equals or in");
  }
  parameters_.push_back(std::move(parameter));
}

void SearchSpace::forbid(std::vector<std::pair<size_t, double>> combination) {
  if (combination.empty()) refuse("search space", "a forbidden combination is empty");
  for (const auto& [parameter, value] : combination)
    if (parameter >= parameters_.size() || !parameters_[parameter].distribution.contains(value))
      refuse("search space", "a forbidden combination has a value that its parameter does not take");
  forbidden_.push_back(std::move(combination));
}

Condition SearchSpace::condition_from(const std::string& name, const Value& value) const {
  if (!value.is_object() || value.find("parameter") == nullptr || value.as_object().size() != 2)
    refuse(quoted(name), R"("when" must be an object (or a list of such) with "parameter" and one of "equals", "in", "greater", "less")");
  Condition made;
  const std::string& on = value.at("parameter").as_text();
  const auto place = std::find_if(parameters_.begin(), parameters_.end(), [&](const DeclaredParameter& p) { return p.name == on; });
  if (place == parameters_.end()) refuse(quoted(name), "its condition is on '" + on + "', which does not come before it");
  made.parameter = static_cast<size_t>(place - parameters_.begin());
  const Distribution& distribution = place->distribution;
  if (const Value* equals = value.find("equals")) made.values = {distribution.inside(on, *equals)};
  else if (const Value* in = value.find("in")) {
    for (const Value& choice : in->as_list()) made.values.push_back(distribution.inside(on, choice));
  } else if (const Value* greater = value.find("greater")) {
    made.comparison = Comparison::Greater;
    made.values = {greater->as_real()};
  } else if (const Value* less = value.find("less")) {
    made.comparison = Comparison::Less;
    made.values = {less->as_real()};
  } else refuse(quoted(name), "its condition on '" + on + R"(' has none of "equals", "in", "greater", "less")");
  return made;
}

Value SearchSpace::condition_to(const Condition& condition) const {
  const DeclaredParameter& on = parameters_[condition.parameter];
  Value::Object made = {{"parameter", on.name}};
  if (condition.comparison == Comparison::In) {
    Value::List values;
    for (const double value : condition.values) values.push_back(on.distribution.outside(value));
    made.emplace_back("in", std::move(values));
  } else made.emplace_back(condition.comparison == Comparison::Greater ? "greater" : "less", condition.values[0]);
  return made;
}

SearchSpace SearchSpace::from_value(const Value& value) {
  SearchSpace space;
  if (!value.is_object() || value.find("parameters") == nullptr || !value.at("parameters").is_object())
    refuse("search space", R"(it must be an object with "parameters", an object of parameters by name)");
  for (const auto& [key, member] : value.as_object())
    if (key != "parameters" && key != "forbidden")
      refuse("search space", "'" + key + "' is not known; it has \"parameters\" and \"forbidden\"");
  for (const auto& [name, described] : value.at("parameters").as_object()) {
    DeclaredParameter parameter{name, Distribution::from_value(name, described), {}};
    if (const Value* when = described.find("when")) {
      if (when->is_list())
        for (const Value& one : when->as_list()) parameter.when.push_back(space.condition_from(name, one));
      else parameter.when.push_back(space.condition_from(name, *when));
    }
    space.add(std::move(parameter));
  }
  if (const Value* forbidden = value.find("forbidden"))
    for (const Value& one : forbidden->as_list()) {
      std::vector<std::pair<size_t, double>> combination;
      for (const auto& [name, choice] : one.as_object()) {
        const size_t place = space.place_of(name);
        combination.emplace_back(place, space.parameters_[place].distribution.inside(name, choice));
      }
      space.forbid(std::move(combination));
    }
  return space;
}

Value SearchSpace::to_value() const {
  Value::Object parameters;
  for (const DeclaredParameter& parameter : parameters_) {
    Value described = parameter.distribution.to_value();
    Value::List when;
    for (const Condition& condition : parameter.when) when.push_back(condition_to(condition));
    if (!when.empty()) described.set("when", std::move(when));
    parameters.emplace_back(parameter.name, std::move(described));
  }
  Value::List forbidden;
  for (const auto& combination : forbidden_) {
    Value::Object one;
    for (const auto& [place, value] : combination)
      one.emplace_back(parameters_[place].name, parameters_[place].distribution.outside(value));
    forbidden.emplace_back(std::move(one));
  }
  return Value::Object{{"parameters", std::move(parameters)}, {"forbidden", std::move(forbidden)}};
}

bool SearchSpace::is_active(size_t parameter, const std::vector<std::optional<double>>& values) const {
  const auto& when = parameters_[parameter].when;
  return std::all_of(when.begin(), when.end(), [&](const Condition& condition) {
    const std::optional<double>& value = values[condition.parameter];
    if (!value) return false;
    if (condition.comparison == Comparison::Greater) return *value > condition.values[0];
    if (condition.comparison == Comparison::Less) return *value < condition.values[0];
    return std::find(condition.values.begin(), condition.values.end(), *value) != condition.values.end();
  });
}

bool SearchSpace::is_forbidden(const std::vector<std::optional<double>>& values) const {
  return std::any_of(forbidden_.begin(), forbidden_.end(), [&](const auto& combination) {
    return std::all_of(combination.begin(), combination.end(), [&](const auto& one) { return values[one.first] == one.second; });
  });
}

}  // namespace kolosal
