#include "kolosal/models/forms/neighbor_search.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace kolosal {
namespace {

constexpr size_t kTile = RowTiles::kTile;
// Where the tree is the faster: on more features most branches must be looked at, on fewer rows there are few of them.
constexpr size_t kMaxTreeColumns = 8;
constexpr size_t kMinTreeRows = 1024;
// Queries that share a pass over the tiles.
constexpr size_t kQueries = 16;
// What float32 sums of squares can be off by, and more.
constexpr double kRounding = 1e-4;

}  // namespace

// The k nearest rows so far: a heap with the farthest on top.
class NeighborSearch::Nearest {
 public:
  explicit Nearest(size_t k) : k_(k) { heap_.reserve(k + 1); }

  /// The largest distance of a row that could still be among them.
  float limit() const { return heap_.size() < k_ ? std::numeric_limits<float>::infinity() : heap_.front().distance; }
  void add(Neighbor neighbor) {
    if (heap_.size() == k_) {
      if (!(neighbor < heap_.front())) return;
      std::ranges::pop_heap(heap_, std::less<>());
      heap_.back() = neighbor;
    } else heap_.push_back(neighbor);
    std::ranges::push_heap(heap_, std::less<>());
  }
  std::span<const Neighbor> sorted() {
    std::ranges::sort(heap_, std::less<>());
    return heap_;
  }
  void clear() { heap_.clear(); }

 private:
  size_t k_;
  std::vector<Neighbor> heap_;
};

NeighborSearch::NeighborSearch(std::span<const float> rows, size_t n_rows, size_t n_columns)
    : NeighborSearch(rows, n_rows, n_columns,
                     n_columns > 0 && n_columns <= kMaxTreeColumns && n_rows >= kMinTreeRows ? Method::Tree : Method::Tiles) {}

NeighborSearch::NeighborSearch(std::span<const float> rows, size_t n_rows, size_t n_columns, Method method)
    : n_columns_(n_columns), method_(method), scan_(tile_scan()) {
  std::vector<uint32_t> order(n_rows);
  std::iota(order.begin(), order.end(), 0U);
  if (method == Method::Tree) build(rows, order, 0);
  tiles_ = RowTiles(rows, n_columns, order);
}

// Splits rows by their widest column so that the left side fills whole tiles; returns the number of the node.
uint32_t NeighborSearch::build(std::span<const float> rows, std::span<uint32_t> order, size_t begin) {
  const auto at = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  if (order.size() <= kTile) {
    nodes_[at].left = static_cast<uint32_t>(begin / kTile);
    return at;
  }
  const auto value = [&](uint32_t row, size_t j) { return rows[row * n_columns_ + j]; };
  size_t widest = 0;
  float width = -1;
  for (size_t j = 0; j < n_columns_; ++j) {
    float low = value(order[0], j), high = low;
    for (const uint32_t row : order) {
      low = std::min(low, value(row, j));
      high = std::max(high, value(row, j));
    }
    if (high - low > width) {
      width = high - low;
      widest = j;
    }
  }
  const size_t n_left = (order.size() / 2 + kTile - 1) / kTile * kTile;
  std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(n_left) - 1, order.end(),
                   [&](uint32_t a, uint32_t b) { return value(a, widest) < value(b, widest); });
  nodes_[at].column = static_cast<int32_t>(widest);
  nodes_[at].threshold = value(order[n_left - 1], widest);
  const uint32_t left = build(rows, order.first(n_left), begin);
  const uint32_t right = build(rows, order.subspan(n_left), begin + n_left);
  nodes_[at].left = left;
  nodes_[at].right = right;
  return at;
}

void NeighborSearch::scan(size_t tile, const float* query, Nearest& nearest) const {
  uint32_t places[kTile];
  float distances[kTile];
  const std::span<const uint32_t> rows = tiles_.rows_of(tile);
  const size_t n_found = scan_(tiles_.tile(tile), n_columns_, query, nearest.limit(), places, distances);
  for (size_t i = 0; i < n_found && places[i] < rows.size(); ++i) nearest.add({distances[i], rows[places[i]]});
}

// `bound` is the squared distance of the query from the node's box, `offsets` its parts.
void NeighborSearch::descend(uint32_t node, const float* query, double bound, std::vector<double>& offsets, Nearest& nearest) const {
  const Node& split = nodes_[node];
  if (split.column < 0) return scan(split.left, query, nearest);
  const auto column = static_cast<size_t>(split.column);
  const double off = static_cast<double>(query[column]) - static_cast<double>(split.threshold);
  descend(off > 0 ? split.right : split.left, query, bound, offsets, nearest);
  const double before = offsets[column], farther = bound - before * before + off * off;
  if (farther * (1 - kRounding) > static_cast<double>(nearest.limit())) return;
  offsets[column] = off;
  descend(off > 0 ? split.left : split.right, query, farther, offsets, nearest);
  offsets[column] = before;
}

void NeighborSearch::find(std::span<const float> queries, size_t n_queries, size_t k,
                          const std::function<void(size_t, std::span<const Neighbor>)>& found) const {
  if (method_ == Method::Tree) {
    Nearest nearest(k);
    std::vector<double> offsets(n_columns_);
    for (size_t i = 0; i < n_queries; ++i) {
      nearest.clear();
      std::ranges::fill(offsets, 0.0);
      descend(0, queries.data() + i * n_columns_, 0, offsets, nearest);
      found(i, nearest.sorted());
    }
    return;
  }
  std::vector<Nearest> nearest(kQueries, Nearest(k));
  for (size_t begin = 0; begin < n_queries; begin += kQueries) {
    const size_t n = std::min(kQueries, n_queries - begin);
    for (size_t i = 0; i < n; ++i) nearest[i].clear();
    for (size_t tile = 0; tile < tiles_.n_tiles(); ++tile)
      for (size_t i = 0; i < n; ++i) scan(tile, queries.data() + (begin + i) * n_columns_, nearest[i]);
    for (size_t i = 0; i < n; ++i) found(begin + i, nearest[i].sorted());
  }
}

}  // namespace kolosal
