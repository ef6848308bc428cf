#include "kolosal/tune/history.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

Subspace subspace_of(const TrialRecord& trial) {
  Subspace had;
  had.reserve(trial.parameters.size());
  for (const TrialParameter& parameter : trial.parameters) had.emplace_back(parameter.parameter, parameter.distribution);
  std::sort(had.begin(), had.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return had;
}

bool same(const std::shared_ptr<const Distribution>& a, const std::shared_ptr<const Distribution>& b) {
  return a == b || a->allows_same(*b);
}

// The members of `space` whose being in `other` is `wanted`.
Subspace part(const Subspace& space, const Subspace& other, bool wanted) {
  Subspace kept;
  for (const auto& member : space) {
    const auto at = std::lower_bound(other.begin(), other.end(), member.first, [](const auto& a, uint32_t b) { return a.first < b; });
    if ((at != other.end() && at->first == member.first) == wanted) kept.push_back(wanted ? *at : member);
  }
  return kept;
}

// Whether a trial has it, or is to have it.
bool is_had(const ParameterColumn& column) {
  return std::any_of(column.places.begin(), column.places.end(), [](double place) { return !std::isnan(place); });
}

}  // namespace

bool is_same_parameter(const Distribution& had, const Distribution& now) {
  if (had.kind != now.kind || had.log != now.log) return false;
  return had.kind != ParameterKind::Categorical || had.allows_same(now);
}

void check_same_parameter(std::string_view name, const Distribution& had, const Distribution& now) {
  if (is_same_parameter(had, now)) return;
  const auto told = [](const Distribution& one) { return one.allowed() + (one.log ? " on a logarithmic scale" : ""); };
  throw Error(ErrorCode::BadValue, "parameter '" + std::string(name) + "': it was " + told(had) + " and is now " + told(now),
              "Kind, scale and choices of a parameter stay the same in a study, its range may change. Give it another name.");
}

std::vector<double> History::losses(const TrialRecord& trial) const {
  std::vector<double> losses = trial.values;
  for (size_t i = 0; i < losses.size(); ++i)
    if (directions_[i] == Direction::Maximize) losses[i] = -losses[i];
  return losses;
}

TrialRecord& History::add() {
  trials_.push_back(std::make_unique<TrialRecord>());
  trials_.back()->number = static_cast<int64_t>(trials_.size() - 1);
  return *trials_.back();
}

uint32_t History::parameter(std::string_view name, const Distribution& distribution) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    const auto index = static_cast<uint32_t>(columns_.size());
    by_name_.emplace(std::string(name), index);
    columns_.push_back({std::string(name), std::make_shared<const Distribution>(distribution), {}, {}});
    return index;
  }
  ParameterColumn& column = columns_[found->second];
  const Distribution& latest = *column.latest;
  if (latest == distribution) return found->second;
  if (!is_same_parameter(latest, distribution) && is_had(column)) check_same_parameter(name, latest, distribution);
  column.latest = std::make_shared<const Distribution>(distribution);
  return found->second;
}

bool History::accepts(std::string_view name, const Distribution& distribution) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() || is_same_parameter(*columns_[found->second].latest, distribution) || !is_had(columns_[found->second]);
}

void History::set_place(uint32_t parameter, size_t row, double place) {
  ParameterColumn& column = columns_[parameter];
  if (column.places.size() <= row) column.places.resize(row + 1, std::numeric_limits<double>::quiet_NaN());
  if (column.places[row] == place) return;
  column.places[row] = place;
  if (!std::isnan(place)) column.changes.push_back(static_cast<uint32_t>(row));
}

void History::restrict_to(const SearchSpace& space, const std::vector<uint32_t>& parameters) {
  if (space.has_forbidden()) restricted_ = RestrictedSpace{space, parameters};
  else restricted_.reset();
}

void History::start(size_t row) { running_.insert(std::upper_bound(running_.begin(), running_.end(), row), static_cast<uint32_t>(row)); }

void History::finish(size_t row) {
  const auto at = std::lower_bound(running_.begin(), running_.end(), row);
  if (at != running_.end() && *at == row) running_.erase(at);
  const TrialRecord& trial = *trials_[row];
  if (trial.state == TrialState::Failed) {
    failed_.push_back(static_cast<uint32_t>(row));
    return;
  }
  finished_.push_back(static_cast<uint32_t>(row));
  if (directions_.size() == 1 && trial.is_eligible() && (!best_ || is_better(static_cast<uint32_t>(row), *best_)))
    best_ = static_cast<uint32_t>(row);
  narrow(trial);
}

bool History::is_better(uint32_t row, uint32_t than) const {
  return std::pair(loss(*trials_[row]), row) < std::pair(loss(*trials_[than]), than);
}

void History::narrow(const TrialRecord& trial) {
  Subspace had = subspace_of(trial);
  if (had.empty()) return;
  if (groups_.empty()) {  // the first
    for (const auto& member : had)
      if (!member.second->is_single()) intersection_.push_back(member);
  } else {
    std::erase_if(intersection_, [&](const auto& member) {
      const auto at = std::lower_bound(had.begin(), had.end(), member.first, [](const auto& a, uint32_t b) { return a.first < b; });
      return at == had.end() || at->first != member.first || !same(at->second, member.second);
    });
  }
  std::vector<Subspace> split;
  for (const Subspace& group : groups_) {
    Subspace with = part(group, had, true), without = part(group, had, false);
    had = part(had, group, false);
    if (!with.empty()) split.push_back(std::move(with));
    if (!without.empty()) split.push_back(std::move(without));
  }
  if (!had.empty()) split.push_back(std::move(had));
  groups_ = std::move(split);
}

}  // namespace kolosal
