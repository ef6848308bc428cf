#include "kolosal/models/trees/renewed_leaves.h"

#include <algorithm>
#include <vector>

#include "kolosal/models/trees/split_scan.h"

namespace kolosal {
namespace {

// A run of the rows that a tree was grown on.
struct Run {
  size_t begin = 0, end = 0;
  double count() const { return static_cast<double>(end - begin); }
};

// The rows of every node: those of a node's sides follow one another.
std::vector<Run> runs_of_nodes(const GrownTree& tree) {
  std::vector<Run> runs(tree.nodes.size());
  for (const GrownLeaf& leaf : tree.leaves) runs[static_cast<size_t>(leaf.node)] = {leaf.begin, leaf.begin + leaf.count};
  for (size_t i = runs.size(); i-- > 0;) {
    if (tree.nodes[i].left < 0) continue;
    const auto left = static_cast<size_t>(tree.nodes[i].left);
    runs[i] = {std::min(runs[left].begin, runs[left + 1].begin), std::max(runs[left].end, runs[left + 1].end)};
  }
  return runs;
}

}  // namespace

void renew_leaves(const BoostingLoss& loss, size_t k, std::span<const GradientRow> rows, std::span<const float> times,
                  const GrowthLimits& limits, const Threads& threads, GrownTree& tree) {
  const std::vector<Run> runs = runs_of_nodes(tree);
  const bool shaped = limits.shapes_values();
  threads.parallel_each(tree.nodes.size(), [&](size_t i) {
    if (tree.nodes[i].left >= 0 && !shaped) return;
    std::vector<uint32_t> numbers;
    for (const GradientRow& row : rows.subspan(runs[i].begin, runs[i].end - runs[i].begin)) numbers.push_back(row.row);
    tree.nodes[i].value = loss.renewed_leaf(k, numbers, times);
  });
  if (!shaped) return;
  std::vector<LeafRange> ranges(tree.nodes.size());
  for (size_t i = 0; i < tree.nodes.size(); ++i) {  // parents come before their children
    GrownNode& node = tree.nodes[i];
    node.value = shaped_value(node.value, runs[i].count(), ranges[i], limits);
    if (node.left < 0) continue;
    const auto left = static_cast<size_t>(node.left), right = left + 1;
    ranges[left] = ranges[right] = range_below(ranges[i], node.value);
    const auto value_of = [&](size_t side) { return shaped_value(tree.nodes[side].value, runs[side].count(), ranges[side], limits); };
    if (const int32_t direction = limits.direction_of(node.feature); direction != 0)
      part_ranges(direction, (value_of(left) + value_of(right)) / 2, ranges[left], ranges[right]);
  }
}

}  // namespace kolosal
