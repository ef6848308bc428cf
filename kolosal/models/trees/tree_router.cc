#include "kolosal/models/trees/tree_router.h"

#include <algorithm>
#include <array>

namespace kolosal {
namespace {

constexpr size_t kSideBySide = 8;  // rows

}  // namespace

TreeRouter::TreeRouter(const GrownTree& tree, const BinnedMatrix& x) : stride_(x.stride()) {
  steps_.reserve(tree.nodes.size());
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    const GrownNode& node = tree.nodes[i];
    Step step{x.column(node.feature), node.left, node.left_bins};
    if (node.left < 0) {
      step.left = static_cast<int32_t>(i);
      step.left_bins.fill(~uint64_t{0});
    }
    steps_.push_back(step);
  }
}

void TreeRouter::route(std::span<const uint32_t> rows, std::span<int32_t> leaves) const noexcept {
  if (steps_.size() == 1) return static_cast<void>(std::ranges::fill(leaves, 0));
  size_t i = 0;
  for (; i + kSideBySide <= rows.size(); i += kSideBySide) {
    std::array<int32_t, kSideBySide> nodes{};
    std::array<size_t, kSideBySide> at;
    for (size_t k = 0; k < kSideBySide; ++k) at[k] = rows[i + k] * stride_;
    int32_t moved = 1;
    while (moved != 0) {
      moved = 0;
      for (size_t k = 0; k < kSideBySide; ++k) {
        const int32_t to = next(nodes[k], at[k]);
        moved |= to ^ nodes[k];
        nodes[k] = to;
      }
    }
    std::ranges::copy(nodes, leaves.begin() + static_cast<ptrdiff_t>(i));
  }
  for (; i < rows.size(); ++i) {
    int32_t node = -1, to = 0;
    while (to != node) {
      node = to;
      to = next(node, rows[i] * stride_);
    }
    leaves[i] = node;
  }
}

}  // namespace kolosal
