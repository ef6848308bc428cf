#include "kolosal/table/target.h"

namespace kolosal {

Target Target::take(std::span<const uint32_t> rows) const {
  Target taken{task, rows.size(), n_targets, {}, class_names, {}};
  taken.values.reserve(rows.size() * n_targets);
  for (const uint32_t row : rows)
    for (size_t k = 0; k < n_targets; ++k) taken.values.push_back(values[row * n_targets + k]);
  if (!group.empty())
    for (const uint32_t row : rows) taken.group.push_back(group[row]);
  return taken;
}

}  // namespace kolosal
