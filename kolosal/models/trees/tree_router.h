// TreeRouter: the leaves that rows of a binned matrix end in at one grown tree.
//
// A block of rows is parted at one node after the other, as rows are while a tree grows, so that vectors of them go down together.
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
  /// For rows of `x`; both must outlive the object.
  TreeRouter(const GrownTree& tree, const BinnedMatrix& x) : tree_(tree), x_(x) {}

  /// Puts the leaf node of each row listed into `leaves` (rows,).
  void route(std::span<const uint32_t> rows, std::span<int32_t> leaves) const;

 private:
  void route_block(std::span<const uint32_t> rows, std::span<int32_t> leaves) const;

  const GrownTree& tree_;
  const BinnedMatrix& x_;
};

}  // namespace kolosal
