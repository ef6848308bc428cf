#include "kolosal/models/trees/dropped_rounds.h"

#include <algorithm>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/boosting_params.h"

namespace kolosal {

std::vector<size_t> DroppedRounds::draw(int round) const {
  std::vector<size_t> dropped;
  if (params_.drop_fraction <= 0 || factors_.empty()) return dropped;
  RandomStream stream(seed_, "boosting dropped", static_cast<uint64_t>(round));
  if (stream.uniform() < params_.skip_drop) return dropped;
  const double chance = std::min(params_.drop_fraction, params_.max_dropped / static_cast<double>(factors_.size()));
  for (size_t each = 0; each < factors_.size(); ++each)
    if (stream.uniform() < chance) dropped.push_back(each);
  return dropped;
}

void DroppedRounds::add(const std::vector<size_t>& dropped) {
  const auto k = static_cast<double>(dropped.size());
  for (const size_t each : dropped) factors_[each] *= k / (k + 1);
  factors_.push_back(1 / (k + 1));
}

}  // namespace kolosal
