#include "kolosal/tune/shared_space.h"

#include <algorithm>

namespace kolosal {

Subspace shared_space(std::span<const TrialRecord> trials) {
  Subspace shared;
  bool is_first = true;
  for (const TrialRecord& trial : trials) {
    if (trial.state != TrialState::Complete) continue;
    if (is_first)
      for (const TrialParameter& had : trial.parameters) shared.emplace_back(had.parameter, had.distribution);
    else
      std::erase_if(shared, [&](const auto& member) {
        return std::none_of(trial.parameters.begin(), trial.parameters.end(), [&](const TrialParameter& had) {
          return had.parameter == member.first && (had.distribution == member.second || *had.distribution == *member.second);
        });
      });
    is_first = false;
  }
  std::sort(shared.begin(), shared.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return shared;
}

}  // namespace kolosal
