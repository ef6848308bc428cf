#include "kolosal/models/trees/tree_grower.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/split_scan.h"

namespace kolosal {
namespace {

constexpr size_t kTileWidth = 8;  // features whose histograms are filled in one sweep
constexpr size_t kRowsPerPoll = size_t{1} << 18;
constexpr size_t kRowsPerBlock = size_t{1} << 15;
constexpr size_t kSerialWork = 30'000;  // cells below which starting threads costs more than it saves
constexpr size_t kMostHistogramBytes = size_t{128} << 20;

bool contains(const BinSet& set, uint8_t bin) noexcept { return ((set[bin / 64] >> (bin % 64)) & 1) != 0; }

// Adds rows [0, n) to the histograms of W features. Row i is rows[i], or first + i where rows is null.
template <size_t W>
void add_rows(const uint8_t* const* columns, size_t stride, const uint32_t* rows, size_t first, const GradientSum* sums, size_t n,
              GradientSum* const* histograms) noexcept {
  const uint8_t* column[W];
  GradientSum* histogram[W];
  for (size_t j = 0; j < W; ++j) column[j] = columns[j], histogram[j] = histograms[j];
  if (rows == nullptr) {
    for (size_t i = 0; i < n; ++i) {
      const size_t at = (first + i) * stride;
      const GradientSum sum = sums[i];
      for (size_t j = 0; j < W; ++j) histogram[j][column[j][at]] += sum;
    }
    return;
  }
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) __builtin_prefetch(column[0] + rows[i + kAhead] * stride);
    const size_t at = rows[i] * stride;
    const GradientSum sum = sums[i];
    for (size_t j = 0; j < W; ++j) histogram[j][column[j][at]] += sum;
  }
}

using AddRows = void (*)(const uint8_t* const*, size_t, const uint32_t*, size_t, const GradientSum*, size_t, GradientSum* const*) noexcept;
constexpr AddRows kAddRows[kTileWidth + 1] = {nullptr,     add_rows<1>, add_rows<2>, add_rows<3>, add_rows<4>,
                                              add_rows<5>, add_rows<6>, add_rows<7>, add_rows<8>};

size_t histogram_bins(const FeatureBins& bins) { return static_cast<size_t>(bins.n_bins) + 1; }

size_t slots_within(const std::vector<FeatureBins>& bins, const GrowthLimits& limits, const MemoryBudget& memory) {
  size_t bytes = 0;
  for (const FeatureBins& b : bins) bytes += histogram_bins(b) * sizeof(GradientSum);
  const size_t most = std::min(kMostHistogramBytes, memory.available() / 4);
  return std::clamp<size_t>(most / std::max<size_t>(bytes, 1), 2, static_cast<size_t>(limits.max_leaves) + 1);
}

size_t buffer_bytes(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, size_t n_slots) {
  size_t bytes = x.n_rows() * (sizeof(GradientSum) + sizeof(uint32_t));
  for (const FeatureBins& b : bins) bytes += n_slots * histogram_bins(b) * sizeof(GradientSum);
  return bytes;
}

}  // namespace

GradientScale GradientScale::for_rows(size_t n_rows, double largest_gradient, double largest_hessian) {
  GradientScale scale;
  scale.count_bits = std::bit_width(n_rows);
  const auto step = [](double largest, int bits) {
    int exponent = 0;
    std::frexp(largest > 0 && std::isfinite(largest) ? largest : 1.0, &exponent);
    return std::ldexp(1.0, exponent - bits);
  };
  scale.gradient = step(largest_gradient, std::min(44, 62 - scale.count_bits));
  scale.hessian = step(largest_hessian, std::min(30, 62 - 2 * scale.count_bits));
  return scale;
}

GradientSum GradientScale::pack(double gradient_of_row, double hessian_of_row) const noexcept {
  const auto g = static_cast<int64_t>(std::nearbyint(gradient_of_row / gradient));
  const auto h = static_cast<int64_t>(std::nearbyint(hessian_of_row / hessian));
  return GradientSum{g, (h << count_bits) + 1};
}

int32_t GrownTree::leaf_of(const BinnedMatrix& x, size_t row) const noexcept {
  int32_t node = 0;
  while (nodes[static_cast<size_t>(node)].left >= 0) {
    const GrownNode& n = nodes[static_cast<size_t>(node)];
    node = n.left + (contains(n.left_bins, x.column(n.feature)[row * x.stride()]) ? 0 : 1);
  }
  return node;
}

TreeGrower::TreeGrower(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, const GrowthLimits& limits, const FitContext& context)
    : x_(x),
      bins_(bins),
      limits_(limits),
      context_(context),
      n_slots_(slots_within(bins, limits, *context.memory)),
      lease_(context.memory, buffer_bytes(x, bins, n_slots_), "growing trees from histograms"),
      scratch_(x.n_rows()),
      gathered_(x.n_rows()) {
  slots_.resize(n_slots_);
}

bool TreeGrower::can_split(const Leaf& leaf) const {
  return static_cast<int64_t>(leaf.count) >= 2 * limits_.min_rows_in_leaf && leaf.count >= 2 &&
         (limits_.max_depth == 0 || leaf.depth < limits_.max_depth) && !features_.empty();
}

void TreeGrower::drop_slot(Leaf& leaf) {
  if (leaf.slot >= 0) free_slots_.push_back(leaf.slot);
  leaf.slot = -1;
}

// A free slot; where there is none, that of the leaf least likely to be split next, which will be built anew if it is.
// The last two leaves are the ones being evaluated and keep theirs.
int TreeGrower::take_slot(const Leaf* keep) {
  if (free_slots_.empty()) {
    Leaf* least = nullptr;
    for (Leaf& leaf : leaves_)
      if (leaf.slot >= 0 && &leaf != keep && (least == nullptr || leaf.split.gain < least->split.gain)) least = &leaf;
    drop_slot(*least);
  }
  const int slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[static_cast<size_t>(slot)].resize(histogram_start_.back());
  return slot;
}

void TreeGrower::lay_out_histograms() {
  histogram_start_.assign(1, 0);
  for (const uint32_t f : features_) histogram_start_.push_back(histogram_start_.back() + histogram_bins(bins_[f]));
  free_slots_.resize(n_slots_);
  std::iota(free_slots_.rbegin(), free_slots_.rend(), 0);
}

// Borders of the runs of features that one task fills: at most kTileWidth wide, as many for each thread.
std::vector<size_t> TreeGrower::make_tiles() const {
  const size_t n = features_.size();
  const auto n_threads = static_cast<size_t>(context_.threads->size());
  size_t n_tiles = (n + kTileWidth - 1) / kTileWidth;
  n_tiles = std::min(n, (n_tiles + n_threads - 1) / n_threads * n_threads);
  std::vector<size_t> borders;
  for (size_t t = 0; t <= n_tiles; ++t) borders.push_back(n * t / std::max<size_t>(n_tiles, 1));
  return borders;
}

GradientSum TreeGrower::sum_of_rows() const {
  GradientSum sum{};
  for (const uint32_t row : *rows_) sum += sums_[row];
  return sum;
}

// Puts the parent's rows that go left before those that go right, each side in its old order.
void TreeGrower::partition(const Leaf& parent, Leaf& left, Leaf& right) {
  const Split& split = parent.split;
  std::array<uint8_t, 256> goes_left{};
  for (size_t b = 0; b < 256; ++b) goes_left[b] = contains(split.left_bins, static_cast<uint8_t>(b));
  const uint8_t* column = x_.column(split.feature);
  const size_t stride = x_.stride();
  uint32_t* rows = rows_->data() + parent.begin;
  uint32_t* scratch = scratch_.data() + parent.begin;
  const size_t n_blocks = (parent.count + kRowsPerBlock - 1) / kRowsPerBlock;
  std::vector<size_t> n_left(n_blocks + 1, 0);
  // Each block writes its left rows forwards from its beginning and its right rows backwards from its end.
  context_.threads->parallel_for(parent.count, kRowsPerBlock, [&](size_t begin, size_t end) {
    size_t l = begin, r = end - 1;
    for (size_t i = begin; i < end; ++i) {
      const uint32_t row = rows[i];
      const size_t go = goes_left[column[row * stride]];
      scratch[l] = row;
      scratch[r] = row;
      l += go;
      r -= 1 - go;
    }
    n_left[begin / kRowsPerBlock + 1] = l - begin;
  });
  std::partial_sum(n_left.begin(), n_left.end(), n_left.begin());
  left.begin = parent.begin;
  left.count = n_left.back();
  right.begin = parent.begin + left.count;
  right.count = parent.count - left.count;
  context_.threads->parallel_for(parent.count, kRowsPerBlock, [&](size_t begin, size_t end) {
    const size_t block = begin / kRowsPerBlock;
    const size_t n = n_left[block + 1] - n_left[block];
    std::copy_n(scratch + begin, n, rows + n_left[block]);
    std::reverse_copy(scratch + begin + n, scratch + end, rows + left.count + (begin - n_left[block]));
  });
}

// The sums of a leaf's rows, in the order of the rows.
std::span<const GradientSum> TreeGrower::gather(const Leaf& leaf) {
  if (all_rows_ && leaf.count == rows_->size()) return sums_;
  const uint32_t* rows = rows_->data() + leaf.begin;
  GradientSum* to = gathered_.data() + leaf.begin;
  context_.threads->parallel_for(leaf.count, kRowsPerBlock, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) to[i] = sums_[rows[i]];
  });
  return {to, leaf.count};
}

// Fills the leaf's histograms of the features at places [tile_begin, tile_end).
void TreeGrower::build(const Leaf& leaf, std::span<const GradientSum> gathered, size_t tile_begin, size_t tile_end) {
  const size_t width = tile_end - tile_begin;
  std::array<const uint8_t*, kTileWidth> columns{};
  std::array<GradientSum*, kTileWidth> histograms{};
  GradientSum* slot = slots_[static_cast<size_t>(leaf.slot)].data();
  std::fill(slot + histogram_start_[tile_begin], slot + histogram_start_[tile_end], GradientSum{});
  for (size_t j = 0; j < width; ++j) {
    columns[j] = x_.column(features_[tile_begin + j]);
    histograms[j] = slot + histogram_start_[tile_begin + j];
  }
  const bool in_order = all_rows_ && leaf.count == rows_->size();
  for (size_t first = 0; first < leaf.count && !context_.should_stop(); first += kRowsPerPoll) {
    const size_t n = std::min(kRowsPerPoll, leaf.count - first);
    kAddRows[width](columns.data(), x_.stride(), in_order ? nullptr : rows_->data() + leaf.begin + first, first, gathered.data() + first, n,
                    histograms.data());
  }
}

TreeGrower::Split TreeGrower::best_split_of(const Leaf& leaf, size_t place) const {
  const uint32_t feature = features_[place];
  const FeatureBins& bins = bins_[feature];
  const GradientSum* histogram = slots_[static_cast<size_t>(leaf.slot)].data() + histogram_start_[place];
  const uint64_t seed = limits_.extra_random ? derive_seed(seed_, "node", static_cast<uint64_t>(leaf.node) * bins_.size() + feature) : 0;
  const ScannedSplit found = scan_feature(bins, histogram, leaf.sum, limits_, scale_, seed);
  return {found.gain, feature, bins.categorical, found.default_left, found.bin, found.left_bins, found.left_sum};
}

// The greatest gain wins, among equals the first feature.
void TreeGrower::set_best(Leaf& leaf, std::span<const Split> candidates) const {
  for (const Split& candidate : candidates)
    if (candidate.gain > leaf.split.gain) leaf.split = candidate;
}

// Finds the best splits of two new leaves. `larger` may hold its parent's histogram in its slot.
void TreeGrower::evaluate(Leaf* smaller, Leaf* larger) {
  const bool small_splits = smaller != nullptr && can_split(*smaller), large_splits = can_split(*larger);
  const bool subtract = large_splits && larger->slot >= 0 && smaller != nullptr;
  if (!large_splits) drop_slot(*larger);
  std::span<const GradientSum> small_sums, large_sums;
  if (small_splits || subtract) {
    smaller->slot = take_slot(larger);
    small_sums = gather(*smaller);
  }
  if (large_splits && !subtract) {
    larger->slot = take_slot(smaller);
    large_sums = gather(*larger);
  }
  std::vector<Split> small_found(small_splits ? features_.size() : 0), large_found(large_splits ? features_.size() : 0);
  const std::vector<size_t> tiles = make_tiles();
  const auto run_tile = [&](size_t t) {
    if (context_.should_stop()) return;
    if (small_splits || subtract) build(*smaller, small_sums, tiles[t], tiles[t + 1]);
    if (large_splits && !subtract) build(*larger, large_sums, tiles[t], tiles[t + 1]);
    if (subtract) {
      GradientSum* from = slots_[static_cast<size_t>(larger->slot)].data();
      const GradientSum* less = slots_[static_cast<size_t>(smaller->slot)].data();
      for (size_t b = histogram_start_[tiles[t]]; b < histogram_start_[tiles[t + 1]]; ++b) from[b] -= less[b];
    }
    for (size_t place = tiles[t]; place < tiles[t + 1]; ++place) {
      if (small_splits) small_found[place] = best_split_of(*smaller, place);
      if (large_splits) large_found[place] = best_split_of(*larger, place);
    }
  };
  if (small_splits || large_splits) {
    const size_t work = (smaller != nullptr ? smaller->count : larger->count) * features_.size() + histogram_start_.back();
    if (work < kSerialWork)
      for (size_t t = 0; t + 1 < tiles.size(); ++t) run_tile(t);
    else context_.threads->parallel_each(tiles.size() - 1, run_tile);
  }
  if (smaller != nullptr) set_best(*smaller, small_found);
  set_best(*larger, large_found);
  if (smaller != nullptr && smaller->split.gain <= 0) drop_slot(*smaller);
  if (larger->split.gain <= 0) drop_slot(*larger);
}

TreeGrower::Leaf* TreeGrower::best_leaf() {
  Leaf* best = nullptr;
  for (Leaf& leaf : leaves_)
    if (leaf.split.gain > 0 && (best == nullptr || leaf.split.gain > best->split.gain)) best = &leaf;
  return best;
}

bool TreeGrower::grow(std::span<const GradientSum> sums, const GradientScale& scale, std::vector<uint32_t>& rows,
                      std::span<const uint32_t> features, uint64_t seed, GrownTree& tree) {
  sums_ = sums;
  scale_ = scale;
  rows_ = &rows;
  all_rows_ = rows.size() == x_.n_rows();
  features_ = features;
  seed_ = seed;
  lay_out_histograms();
  tree = GrownTree();
  tree.nodes.emplace_back();
  leaves_.clear();
  leaves_.reserve(static_cast<size_t>(limits_.max_leaves) + 1);
  leaves_.emplace_back();
  leaves_[0].count = rows.size();
  leaves_[0].sum = sum_of_rows();
  if (limits_.max_leaves > 1) evaluate(nullptr, &leaves_[0]);
  while (leaves_.size() < static_cast<size_t>(limits_.max_leaves)) {
    if (context_.should_stop()) return false;
    Leaf* parent = best_leaf();
    if (parent == nullptr) break;
    GrownNode& node = tree.nodes[static_cast<size_t>(parent->node)];
    const Split& split = parent->split;
    node.left = static_cast<int32_t>(tree.nodes.size());
    node.feature = split.feature;
    node.categorical = split.categorical;
    node.default_left = split.default_left;
    node.bin = split.bin;
    node.left_bins = split.left_bins;
    node.gain = split.gain;
    Leaf left, right;
    left.node = node.left;
    right.node = node.left + 1;
    left.depth = right.depth = parent->depth + 1;
    left.sum = split.left_sum;
    right.sum = parent->sum - split.left_sum;
    tree.nodes.resize(tree.nodes.size() + 2);
    partition(*parent, left, right);
    (left.count > right.count ? left : right).slot = parent->slot;
    *parent = left;
    leaves_.push_back(right);
    Leaf* a = parent;
    Leaf* b = &leaves_.back();
    if (leaves_.size() < static_cast<size_t>(limits_.max_leaves)) evaluate(a->count > b->count ? b : a, a->count > b->count ? a : b);
  }
  if (context_.should_stop()) return false;
  for (const Leaf& leaf : leaves_) {
    tree.nodes[static_cast<size_t>(leaf.node)].value = leaf_value(leaf.sum, limits_, scale_);
    tree.leaves.push_back({leaf.node, leaf.begin, leaf.count});
  }
  return true;
}

}  // namespace kolosal
