#include "kolosal/models/trees/tree_router.h"

#include <algorithm>

namespace kolosal {
namespace {

constexpr size_t kMostRows = 4096;  // of a block: a row's place in it fits the half word that hessians have

// The rows that come to a node, and room for as many.
struct RowsOfNode {
  std::span<GradientRow> rows;
  GradientRow* spare = nullptr;
};

}  // namespace

void TreeRouter::route(std::span<const uint32_t> rows, std::span<int32_t> leaves) const {
  for (size_t begin = 0; begin < rows.size(); begin += kMostRows) {
    const size_t n = std::min(kMostRows, rows.size() - begin);
    route_block(rows.subspan(begin, n), leaves.subspan(begin, n));
  }
}

// Children come after their parents. Rows that go left stay where they are, those that go right move to the other's room.
void TreeRouter::route_block(std::span<const uint32_t> rows, std::span<int32_t> leaves) const {
  std::vector<GradientRow> placed(rows.size()), room(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) placed[i] = {rows[i], 0, static_cast<uint16_t>(i)};
  std::vector<RowsOfNode> of(tree_.nodes.size());
  of[0] = {placed, room.data()};
  for (size_t i = 0; i < of.size(); ++i) {
    const auto [here, spare] = of[i];
    const GrownNode& node = tree_.nodes[i];
    if (here.empty()) continue;
    if (node.left < 0) {
      for (const GradientRow& row : here) leaves[row.hessian] = static_cast<int32_t>(i);
      continue;
    }
    const auto [column, stride] = x_.densest_column(node.feature);
    const size_t n_left = part_rows(here, column, stride, node.left_bins, spare), n_right = here.size() - n_left;
    const auto left = static_cast<size_t>(node.left);
    of[left] = {here.first(n_left), spare + n_right};
    of[left + 1] = {{spare, n_right}, here.data() + n_left};
  }
}

}  // namespace kolosal
