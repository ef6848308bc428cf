#include "kolosal/models/trees/tree_grower.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/histogram_tile.h"
#include "kolosal/models/trees/split_scan.h"

namespace kolosal {
namespace {

constexpr size_t kTileWidth = HistogramTile::kWidth;
constexpr size_t kHistogram = HistogramTile::kHistogram;
constexpr size_t kRowsPerBlock = size_t{1} << 13;
constexpr size_t kSerialRows = size_t{1} << 14;  // rows that one thread parts faster than two
constexpr size_t kSerialWork = 30'000;           // cells below which starting threads costs more than it saves
constexpr size_t kMostHistogramBytes = size_t{128} << 20;
constexpr size_t kFewHistogramBytes = size_t{16} << 20;  // beyond which histograms are little beside the bins
constexpr size_t kBatch = 3;                             // leaves parted at a time
constexpr size_t kMostParted = 3;                        // leaves parted ahead of the one that is split next

size_t histogram_bins(const FeatureBins& bins) { return static_cast<size_t>(bins.n_bins) + 1; }

// How many histograms there is room for. One that had to make way is built anew if its leaf is split after all, which is seldom: it is that
// of the leaf that gains least. Levels of symmetric trees need all of theirs.
size_t slots_within(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, const GrowthLimits& limits, const MemoryBudget& memory) {
  size_t bytes = 0;
  for (const FeatureBins& b : bins) bytes += histogram_bins(b) * sizeof(GradientSum);
  size_t most = std::min(kMostHistogramBytes, memory.available() / 4);
  if (limits.growth != TreeGrowth::Symmetric) most = std::min(most, std::max(kFewHistogramBytes, x.n_rows() * bins.size() / 4));
  return std::clamp<size_t>(most / std::max<size_t>(bytes, 1), 2, static_cast<size_t>(limits.max_leaves) + kMostParted);
}

size_t buffer_bytes(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, size_t n_slots, size_t n_threads) {
  size_t bytes = x.n_rows() * sizeof(GradientRow);
  for (const FeatureBins& b : bins) bytes += n_slots * histogram_bins(b) * sizeof(GradientSum) + kBatch * kHistogram * sizeof(int64_t);
  const size_t n_runs = x.n_rows() > kSerialRows ? n_threads : 1;
  return bytes + (n_runs - 1) * std::min(bins.size(), kTileWidth) * kHistogram * (sizeof(GradientSum) + sizeof(int64_t));
}

}  // namespace

GradientScale GradientScale::fine(size_t n_rows, double largest_gradient, double largest_hessian) {
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

GradientScale GradientScale::coarse(size_t n_rows, double largest_gradient, double largest_hessian) {
  const auto step = [](double largest, int most) { return (largest > 0 && std::isfinite(largest) ? largest : 1.0) / most; };
  // Beyond 2^26 rows the sum of their hessians, above their count in one word, has room for fewer steps a row.
  const int count_bits = std::bit_width(n_rows), hessian_bits = std::max(0, 62 - 2 * count_bits);
  const int most_hessian = hessian_bits < 10 ? 1 << hessian_bits : GradientRow::kMostHessian;
  return {step(largest_gradient, GradientRow::kMostGradient), step(largest_hessian, most_hessian), count_bits};
}

GradientSum GradientScale::pack(double gradient_of_row, double hessian_of_row) const noexcept {
  const auto g = static_cast<int64_t>(std::nearbyint(gradient_of_row / gradient));
  const auto h = static_cast<int64_t>(std::nearbyint(hessian_of_row / hessian));
  return GradientSum{g, (h << count_bits) + 1};
}

TreeGrower::TreeGrower(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, const GrowthLimits& limits, const FitContext& context)
    : x_(x),
      bins_(bins),
      limits_(limits),
      context_(context),
      n_slots_(slots_within(x, bins, limits, *context.memory)),
      lease_(context.memory, buffer_bytes(x, bins, n_slots_, static_cast<size_t>(context.threads->size())),
             "growing trees from histograms"),
      scratch_(x.n_rows()) {
  slots_.resize(n_slots_);
  if (!limits_.interactions.empty()) lay_out_groups();
}

// Whether each group holds each feature; those in none are the last group.
void TreeGrower::lay_out_groups() {
  const size_t n_groups = limits_.interactions.size();
  groups_of_.assign(bins_.size(), std::vector<bool>(n_groups + 1, false));
  for (size_t g = 0; g < n_groups; ++g)
    for (const uint32_t feature : limits_.interactions[g]) groups_of_[feature][g] = true;
  for (std::vector<bool>& groups : groups_of_)
    if (std::ranges::find(groups, true) == groups.end()) groups[n_groups] = true;
}

// Whether some group holds the feature and all those on the path to the leaf.
bool TreeGrower::may_split_by(const Leaf& leaf, uint32_t feature) const {
  if (leaf.groups.empty()) return true;
  for (size_t g = 0; g < leaf.groups.size(); ++g)
    if (leaf.groups[g] && groups_of_[feature][g]) return true;
  return false;
}

// The groups that hold a feature, too, of those that hold all on the path so far.
std::vector<bool> TreeGrower::groups_with(std::vector<bool> groups, uint32_t feature) const {
  if (groups.empty()) return groups_of_[feature];
  for (size_t g = 0; g < groups.size(); ++g) groups[g] = groups[g] && groups_of_[feature][g];
  return groups;
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
int TreeGrower::take_slot() {
  if (free_slots_.empty()) {
    Leaf* least = nullptr;
    for (Leaf& leaf : leaves_)
      if (leaf.slot >= 0 && (least == nullptr || leaf.split.gain < least->split.gain)) least = &leaf;
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
  wide_tiles_ = make_tiles(1);
  const size_t n_tiles = std::max<size_t>(1, wide_tiles_.size() - 1);
  const bool by_runs = sums_.empty() && rows_->size() > kSerialRows;
  n_runs_ = by_runs ? (static_cast<size_t>(context_.threads->size()) + n_tiles - 1) / n_tiles : 1;
  packed_.resize(std::max(kBatch, n_runs_) * features_.size() * kHistogram);
  partial_.resize((n_runs_ - 1) * histogram_start_.back());
  free_slots_.resize(n_slots_);
  std::iota(free_slots_.rbegin(), free_slots_.rend(), 0);
}

// Borders of the runs of features that one task fills: at most kTileWidth wide, each within a panel of the matrix, and at least `n_least`
// of them where there are so many features.
std::vector<size_t> TreeGrower::make_tiles(size_t n_least) const {
  const size_t n = features_.size();
  std::vector<size_t> panels = {0};
  for (size_t place = 1; place < n; ++place)
    if (features_[place] / x_.stride() != features_[place - 1] / x_.stride()) panels.push_back(place);
  const size_t n_each = (n_least + panels.size() - 1) / panels.size();
  panels.push_back(n);
  std::vector<size_t> borders = {0};
  for (size_t p = 0; p + 1 < panels.size(); ++p) {
    const size_t begin = panels[p], width = panels[p + 1] - begin;
    const size_t n_tiles = std::min(width, std::max(n_each, (width + kTileWidth - 1) / kTileWidth));
    for (size_t t = 1; t <= n_tiles; ++t) borders.push_back(begin + width * t / n_tiles);
  }
  return borders;
}

GradientSum TreeGrower::sum_of_rows() const {
  std::vector<GradientSum> part((rows_->size() + kRowsPerBlock - 1) / kRowsPerBlock, GradientSum{});
  context_.threads->parallel_for(rows_->size(), kRowsPerBlock, [&](size_t begin, size_t end) {
    const std::span<const GradientRow> rows = std::span(*rows_).subspan(begin, end - begin);
    GradientSum& sum = part[begin / kRowsPerBlock];
    if (sums_.empty()) sum = kolosal::sum_of_rows(rows, scale_.count_bits);
    else
      for (const GradientRow& row : rows) sum += sums_[row.row];
  });
  return std::accumulate(part.begin(), part.end(), GradientSum{});
}

// Puts the parent's rows that go left before those that go right, each side in its old order.
void TreeGrower::partition(const Leaf& parent, Sides& sides) {
  auto& [left, right] = sides;
  const Split& split = parent.split;
  const auto [column, stride] = x_.densest_column(split.feature);
  GradientRow* rows = rows_->data() + parent.begin;
  GradientRow* scratch = scratch_.data() + parent.begin;
  // The left rows of [begin, end) stay there, the right ones go to `scratch`.
  const auto part = [&, column = column, stride = stride](size_t begin, size_t end) {
    return part_rows({rows + begin, end - begin}, column, stride, split.left_bins, scratch + begin);
  };
  left.begin = parent.begin;
  if (parent.count <= kSerialRows || context_.threads->size() == 1) {
    left.count = part(0, parent.count);
    std::copy_n(scratch, parent.count - left.count, rows + left.count);
  } else {
    left.count = partition_runs(parent.count, rows, scratch, part);
  }
  right.begin = parent.begin + left.count;
  right.count = parent.count - left.count;
}

// Parts n rows, a run of them on each thread, and returns how many went left. `scratch` is room for n rows.
template <class Part>
size_t TreeGrower::partition_runs(size_t n, GradientRow* rows, GradientRow* scratch, const Part& part) {
  const size_t n_runs = std::min(static_cast<size_t>(context_.threads->size()), n / kRowsPerBlock);
  std::vector<size_t> n_left(n_runs + 1, 0);
  const auto begin_of = [&](size_t run) { return n * run / n_runs; };
  context_.threads->parallel_each(n_runs, [&](size_t run) {
    const size_t begin = begin_of(run), end = begin_of(run + 1), count = part(begin, end);
    n_left[run + 1] = count;
    // The left rows of later runs have a place beside the right ones until those of the runs before are counted.
    if (run > 0) std::copy_n(rows + begin, count, scratch + end - count);
  });
  std::partial_sum(n_left.begin(), n_left.end(), n_left.begin());
  context_.threads->parallel_each(n_runs, [&](size_t run) {
    const size_t begin = begin_of(run), end = begin_of(run + 1), before = n_left[run], count = n_left[run + 1] - before;
    if (run > 0) std::copy_n(scratch + end - count, count, rows + before);
    std::copy_n(scratch + begin, end - begin - count, rows + n_left.back() + (begin - before));
  });
  return n_left.back();
}

// Fills the histograms that rows of a leaf have of the features at places [tile_begin, tile_end), which follow one another. `packed` is
// room for words of all features, all zero.
void TreeGrower::build(std::span<const GradientRow> rows, int64_t* packed, size_t tile_begin, size_t tile_end, GradientSum* histograms) {
  const HistogramTile tile(x_, features_.subspan(tile_begin, tile_end - tile_begin));
  const auto start_of = [&](size_t place) { return histogram_start_[place] - histogram_start_[tile_begin]; };
  if (!sums_.empty()) {
    std::array<GradientSum*, kTileWidth> wide{};
    for (size_t place = tile_begin; place < tile_end; ++place) wide[place - tile_begin] = histograms + start_of(place);
    std::fill_n(histograms, start_of(tile_end), GradientSum{});
    tile.add(rows, sums_.data(), wide);
    return;
  }
  for (size_t first = 0; (first == 0 || first < rows.size()) && !context_.should_stop(); first += PackedSum::kMost) {
    tile.add(rows.subspan(first, std::min(PackedSum::kMost, rows.size() - first)), packed + tile_begin * kHistogram);
    for (size_t place = tile_begin; place < tile_end; ++place)
      move_sums(packed + place * kHistogram, start_of(place + 1) - start_of(place), scale_.count_bits, first > 0,
                histograms + start_of(place));
  }
}

// The same of a leaf whose histograms are packed.
void TreeGrower::build_packed(const Leaf& leaf, int64_t* packed, size_t tile_begin, size_t tile_end) {
  HistogramTile(x_, features_.subspan(tile_begin, tile_end - tile_begin)).add(rows_of(leaf), packed + tile_begin * kHistogram);
  for (size_t place = tile_begin; place < tile_end; ++place) {
    int64_t* const from = packed + place * kHistogram;
    const size_t n_bins = histogram_start_[place + 1] - histogram_start_[place];
    std::copy_n(from, n_bins, words_of(leaf, place));
    std::fill_n(from, n_bins, 0);
  }
}

// Fills all histograms of a leaf of many rows, each thread those of a run of them: so the bins of a row are read by one thread alone.
void TreeGrower::build_by_runs(const Leaf& leaf) {
  const size_t n_tiles = wide_tiles_.size() - 1, n_bins = histogram_start_.back();
  const size_t n_runs = std::min(n_runs_, leaf.count / kRowsPerBlock);
  GradientSum* const all = histograms_of(leaf, 0);
  context_.threads->parallel_each(n_tiles * n_runs, [&](size_t i) {
    const size_t run = i / n_tiles, tile_begin = wide_tiles_[i % n_tiles], tile_end = wide_tiles_[i % n_tiles + 1];
    const size_t begin = leaf.count * run / n_runs, end = leaf.count * (run + 1) / n_runs;
    GradientSum* const to = run == 0 ? all : partial_.data() + (run - 1) * n_bins;
    build(rows_of(leaf).subspan(begin, end - begin), packed_.data() + run * features_.size() * kHistogram, tile_begin, tile_end,
          to + histogram_start_[tile_begin]);
  });
  context_.threads->parallel_for(n_bins, kRowsPerBlock, [&](size_t begin, size_t end) {
    for (size_t run = 1; run < n_runs; ++run)
      for (size_t b = begin; b < end; ++b) all[b] += partial_[(run - 1) * n_bins + b];
  });
}

std::span<const GradientRow> TreeGrower::rows_of(const Leaf& leaf) const { return std::span(*rows_).subspan(leaf.begin, leaf.count); }

GradientSum* TreeGrower::histograms_of(const Leaf& leaf, size_t place) {
  return slots_[static_cast<size_t>(leaf.slot)].data() + histogram_start_[place];
}

int64_t* TreeGrower::words_of(const Leaf& leaf, size_t place) { return reinterpret_cast<int64_t*>(histograms_of(leaf, place)); }

// Whether the histograms of so many rows are words: those of a feature lie where its wide ones would begin.
bool TreeGrower::is_packed(size_t n_rows) const {
  return sums_.empty() && n_rows <= PackedSum::kMost && limits_.growth != TreeGrowth::Symmetric;
}

TreeGrower::Split TreeGrower::best_split_of(const Leaf& leaf, size_t place) {
  const uint32_t feature = features_[place];
  if (!may_split_by(leaf, feature)) return {};
  const FeatureBins& bins = bins_[feature];
  const uint64_t seed = limits_.extra_random ? derive_seed(leaf.seed, "feature", feature) : 0;
  const ScannedSplit found = is_packed(leaf.count)
                                 ? scan_packed(feature, bins, words_of(leaf, place), leaf.sum, leaf.range, limits_, scale_, seed)
                                 : scan_feature(feature, bins, histograms_of(leaf, place), leaf.sum, leaf.range, limits_, scale_, seed);
  return {found.gain, feature, bins.categorical, found.default_left, found.bin, found.left_bins, found.left_sum};
}

// The greatest gain wins, among equals the first feature. A leaf without a split needs no histogram.
void TreeGrower::set_best(Leaf& leaf, std::span<const Split> candidates) {
  for (const Split& candidate : candidates)
    if (candidate.gain > leaf.split.gain) leaf.split = candidate;
  if (leaf.split.gain <= 0) drop_slot(leaf);
}

void TreeGrower::take_slots(Pair& pair) {
  auto& [smaller, larger, small_splits, large_splits, subtract, small_found, large_found] = pair;
  small_splits = smaller != nullptr && can_split(*smaller);
  large_splits = can_split(*larger);
  subtract = large_splits && larger->slot >= 0 && smaller != nullptr;
  if (!large_splits) drop_slot(*larger);
  if (small_splits || subtract) smaller->slot = take_slot();
  if (large_splits && !subtract) larger->slot = take_slot();
  if (small_splits) small_found.resize(features_.size());
  if (large_splits) large_found.resize(features_.size());
}

// Whether threads share the rows of the leaf, and not its features, to fill its histograms.
bool TreeGrower::is_filled_by_runs(const Leaf& leaf) const { return n_runs_ > 1 && leaf.count > kSerialRows; }

// Makes the histogram of a feature at the parent that of the larger side.
void TreeGrower::subtract(const Pair& pair, size_t place) {
  const Leaf &smaller = *pair.smaller, &larger = *pair.larger;
  const size_t n_bins = histogram_start_[place + 1] - histogram_start_[place];
  GradientSum* const from = histograms_of(larger, place);
  int64_t* const words = words_of(larger, place);
  if (is_packed(smaller.count + larger.count)) {
    const int64_t* less = words_of(smaller, place);
    for (size_t b = 0; b < n_bins; ++b) words[b] -= less[b];
  } else if (is_packed(larger.count)) {
    pack_difference(from, words_of(smaller, place), n_bins, scale_.count_bits, words);
  } else if (is_packed(smaller.count)) {
    subtract_packed(words_of(smaller, place), n_bins, scale_.count_bits, from);
  } else {
    const GradientSum* less = histograms_of(smaller, place);
    for (size_t b = 0; b < n_bins; ++b) from[b] -= less[b];
  }
}

void TreeGrower::evaluate_tile(Pair& pair, int64_t* packed, size_t tile_begin, size_t tile_end) {
  if (context_.should_stop()) return;
  const auto fill = [&](const Leaf& leaf) {
    if (is_packed(leaf.count)) build_packed(leaf, packed, tile_begin, tile_end);
    else if (!is_filled_by_runs(leaf)) build(rows_of(leaf), packed, tile_begin, tile_end, histograms_of(leaf, tile_begin));
  };
  if (pair.small_splits || pair.subtract) fill(*pair.smaller);
  if (pair.large_splits && !pair.subtract) fill(*pair.larger);
  // Feature after feature, so that its histograms are still in the cache when they are looked through.
  for (size_t place = tile_begin; place < tile_end; ++place) {
    if (pair.subtract) subtract(pair, place);
    if (pair.small_splits) pair.small_found[place] = best_split_of(*pair.smaller, place);
    if (pair.large_splits) pair.large_found[place] = best_split_of(*pair.larger, place);
  }
}

// Finds the best splits of new leaves.
void TreeGrower::evaluate(std::span<Pair> pairs) {
  size_t work = 0;
  for (Pair& pair : pairs) {
    take_slots(pair);
    if ((pair.small_splits || pair.subtract) && is_filled_by_runs(*pair.smaller)) build_by_runs(*pair.smaller);
    if (pair.large_splits && !pair.subtract && is_filled_by_runs(*pair.larger)) build_by_runs(*pair.larger);
    work += (pair.smaller != nullptr ? pair.smaller : pair.larger)->count * features_.size() + histogram_start_.back();
  }
  const std::vector<size_t> tiles = make_tiles(static_cast<size_t>(context_.threads->size()));
  const size_t n_tiles = tiles.size() - 1;
  const auto run_tile = [&](size_t i) {
    const size_t tile = i % n_tiles;
    evaluate_tile(pairs[i / n_tiles], packed_.data() + i / n_tiles * features_.size() * kHistogram, tiles[tile], tiles[tile + 1]);
  };
  if (work < kSerialWork)
    for (size_t i = 0; i < pairs.size() * n_tiles; ++i) run_tile(i);
  else context_.threads->parallel_each(pairs.size() * n_tiles, run_tile);
  for (Pair& pair : pairs) {
    if (pair.smaller != nullptr) set_best(*pair.smaller, pair.small_found);
    set_best(*pair.larger, pair.large_found);
  }
}

// Children of a feature with a direction stay on their side of the middle of their values.
void TreeGrower::set_ranges(const Leaf& parent, Leaf& left, Leaf& right) const {
  left.range = right.range = range_below(parent.range, leaf_value(parent.sum, parent.range, limits_, scale_));
  const int32_t direction = limits_.direction_of(parent.split.feature);
  if (direction == 0) return;
  const double middle = (leaf_value(left.sum, left.range, limits_, scale_) + leaf_value(right.sum, right.range, limits_, scale_)) / 2;
  part_ranges(direction, middle, left.range, right.range);
}

// Of a split of numbers: the bins up to its own, and the missing where they go left.
void TreeGrower::list_left_bins(Split& split) const {
  if (split.categorical) return;
  const auto add = [&](size_t bin) { split.left_bins[bin / 64] |= uint64_t{1} << (bin % 64); };
  for (size_t b = 0; b <= split.bin; ++b) add(b);
  if (split.default_left) add(static_cast<size_t>(bins_[split.feature].n_bins));
}

bool TreeGrower::is_split_before(const Leaf& a, const Leaf& b) const {
  if (limits_.growth == TreeGrowth::Depth && a.depth != b.depth) return a.depth < b.depth;
  return a.split.gain > b.split.gain;
}

TreeGrower::Leaf* TreeGrower::best_leaf() {
  Leaf* best = nullptr;
  for (Leaf& leaf : leaves_)
    if (leaf.split.gain > 0 && (best == nullptr || is_split_before(leaf, *best))) best = &leaf;
  return best;
}

TreeGrower::Sides TreeGrower::make_sides(Leaf& parent) const {
  Sides sides;
  auto& [left, right] = sides;
  list_left_bins(parent.split);
  left.depth = right.depth = parent.depth + 1;
  left.sum = parent.split.left_sum;
  right.sum = parent.sum - left.sum;
  if (limits_.extra_random) {
    left.seed = derive_seed(parent.seed, "left");
    right.seed = derive_seed(parent.seed, "right");
  }
  if (limits_.shapes_values()) set_ranges(parent, left, right);
  if (!groups_of_.empty()) left.groups = right.groups = groups_with(parent.groups, parent.split.feature);
  return sides;
}

// Parts the rows of those of the n_leaves leaves next in turn that are not parted yet and, where `evaluated`, finds the best splits of the
// sides. Of leaves parted but not split there are never more than kMostParted, the best excepted.
void TreeGrower::prepare(size_t n_leaves, bool evaluated) {
  std::vector<Leaf*> parents;
  size_t n_parted = 0;
  for (Leaf& leaf : leaves_) {
    if (leaf.split.gain > 0) parents.push_back(&leaf);
    n_parted += leaf.sides >= 0;
  }
  std::ranges::stable_sort(parents, [&](const Leaf* a, const Leaf* b) { return is_split_before(*a, *b); });
  parents.resize(std::min(parents.size(), n_leaves));
  std::erase_if(parents, [](const Leaf* leaf) { return leaf->sides >= 0; });
  parents.resize(std::min(parents.size(), kMostParted - n_parted + 1));
  // A leaf of many rows keeps all threads busy alone.
  const auto is_large = [](const Leaf* leaf) { return leaf->count > 2 * kSerialRows; };
  if (!parents.empty() && is_large(parents.front())) parents.resize(1);
  std::erase_if(parents, [&](const Leaf* leaf) { return leaf != parents.front() && is_large(leaf); });
  part_all(parents);
  if (!evaluated) return;
  std::vector<Pair> pairs;
  for (Leaf* parent : parents) {
    auto& [left, right] = sides_[static_cast<size_t>(parent->sides)];
    const bool left_is_larger = left.count > right.count;
    (left_is_larger ? left : right).slot = std::exchange(parent->slot, -1);
    pairs.push_back(left_is_larger ? Pair{&right, &left} : Pair{&left, &right});
  }
  evaluate(pairs);
}

// Parts the rows of leaves.
void TreeGrower::part_all(std::span<Leaf* const> parents) {
  std::vector<Leaf*> small;
  size_t n_small_rows = 0;
  for (Leaf* parent : parents) {
    parent->sides = static_cast<int>(sides_.size());
    sides_.push_back(make_sides(*parent));
    if (parent->count > kSerialRows) {
      partition(*parent, sides_.back());
    } else {
      small.push_back(parent);
      n_small_rows += parent->count;
    }
  }
  const auto part_small = [&](size_t i) { partition(*small[i], sides_[static_cast<size_t>(small[i]->sides)]); };
  if (n_small_rows < kRowsPerBlock)
    for (size_t i = 0; i < small.size(); ++i) part_small(i);
  else context_.threads->parallel_each(small.size(), part_small);
}

// Puts the rows of a leaf that was parted but is not split back in order.
void TreeGrower::undo_parting(const Leaf& leaf) {
  const auto begin = rows_->begin() + static_cast<ptrdiff_t>(leaf.begin);
  const auto middle = begin + static_cast<ptrdiff_t>(sides_[static_cast<size_t>(leaf.sides)].left.count);
  std::inplace_merge(begin, middle, begin + static_cast<ptrdiff_t>(leaf.count),
                     [](const GradientRow& a, const GradientRow& b) { return a.row < b.row; });
}

// Makes the leaf a node with two leaves below it.
void TreeGrower::split(Leaf& parent, GrownTree& tree) {
  const Split& split = parent.split;
  GrownNode& node = tree.nodes[static_cast<size_t>(parent.node)];
  node.left = static_cast<int32_t>(tree.nodes.size());
  node.feature = split.feature;
  node.categorical = split.categorical;
  node.default_left = split.default_left;
  node.bin = split.bin;
  node.left_bins = split.left_bins;
  node.gain = split.gain;
  auto& [left, right] = sides_[static_cast<size_t>(parent.sides)];
  left.node = node.left;
  right.node = node.left + 1;
  tree.nodes.resize(tree.nodes.size() + 2);
  parent = left;
  leaves_.push_back(right);
}

bool TreeGrower::grow(std::span<const GradientSum> sums, const GradientScale& scale, std::vector<GradientRow>& rows,
                      std::span<const uint32_t> features, uint64_t seed, GrownTree& tree) {
  sums_ = sums;
  scale_ = scale;
  rows_ = &rows;
  features_ = features;
  seed_ = seed;
  lay_out_histograms();
  tree = GrownTree();
  tree.nodes.emplace_back();
  const auto most = static_cast<size_t>(limits_.max_leaves);
  leaves_.clear();
  leaves_.reserve(most + 1);
  sides_.clear();
  sides_.reserve(most + kMostParted);
  leaves_.emplace_back();
  leaves_[0].count = rows.size();
  leaves_[0].sum = sum_of_rows();
  leaves_[0].seed = seed;
  if (limits_.growth == TreeGrowth::Symmetric) {
    if (!grow_levels(tree)) return false;
  } else if (!grow_leaves(tree)) {
    return false;
  }
  for (const Leaf& leaf : leaves_) {
    if (leaf.sides >= 0) undo_parting(leaf);
    tree.nodes[static_cast<size_t>(leaf.node)].value = leaf_value(leaf.sum, leaf.range, limits_, scale_);
    tree.leaves.push_back({leaf.node, leaf.begin, leaf.count, leaf.range});
  }
  return true;
}

// Splits one leaf after the other. False where the context asked to stop.
bool TreeGrower::grow_leaves(GrownTree& tree) {
  const auto most = static_cast<size_t>(limits_.max_leaves);
  const size_t batch = n_slots_ >= most + kMostParted && context_.threads->size() > 1 ? kBatch : 1;
  if (most > 1) {
    Pair root{nullptr, &leaves_[0]};
    evaluate(std::span(&root, 1));
  }
  while (leaves_.size() < most) {
    if (context_.should_stop()) return false;
    Leaf* parent = best_leaf();
    if (parent == nullptr) break;
    // The last leaf to be split has sides that are not.
    const size_t n_to_come = most - leaves_.size();
    if (parent->sides < 0) prepare(std::clamp<size_t>(n_to_come - 1, 1, batch), n_to_come > 1);
    split(*parent, tree);
  }
  return !context_.should_stop();
}

}  // namespace kolosal
