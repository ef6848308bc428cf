// TreeRouter: the leaves that rows of a binned matrix end in at one grown tree.
//
// Rows go down the tree side by side, a step of all of them after the other, so that none waits for the loads of another; a row that is at
// its leaf stays there.
//
// Cost     O(depth) a row.
// Checked  tree_router_test.cc against rows that walk alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {

class TreeRouter {
 public:
  /// For rows of `x`, which must outlive the object.
  TreeRouter(const GrownTree& tree, const BinnedMatrix& x);

  /// Puts the leaf node of each row listed into `leaves` (rows,).
  void route(std::span<const uint32_t> rows, std::span<int32_t> leaves) const noexcept;

 private:
  struct Step {
    const uint8_t* column;
    int32_t left;      // of a leaf: itself, with all bins on the left
    BinSet left_bins;  // the bins that go to `left`, the others to the node after it
  };

  int32_t next(int32_t node, size_t at) const noexcept {
    const Step& step = steps_[static_cast<size_t>(node)];
    const uint8_t bin = step.column[at];
    return step.left + static_cast<int32_t>(~(step.left_bins[bin / 64] >> (bin % 64)) & 1);
  }

  size_t stride_;
  std::vector<Step> steps_;
};

}  // namespace kolosal
