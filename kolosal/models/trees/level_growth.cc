// Symmetric growth of TreeGrower: a level after the other, all leaves of a level being split by the same feature and bins.
//
// The split of a level is the one whose gains in all leaves sum to the most. A leaf that it would leave with a side too small (or, with
// directions, in the wrong order) stays whole, and may be split on a later level.
//
// Source   Prokhorenkova et al., "CatBoost", NeurIPS 2018, for trees of this form.
// Checked  gradient_boosting_test.cc.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/split_scan.h"
#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {
namespace {

constexpr double kNoise = 1e-10;  // gains below this share of the leaves' scores are rounding

}  // namespace

bool TreeGrower::grow_levels(GrownTree& tree) {
  auto n_levels = static_cast<size_t>(std::bit_width(static_cast<unsigned>(limits_.max_leaves))) - 1;
  if (limits_.max_depth > 0) n_levels = std::min(n_levels, static_cast<size_t>(limits_.max_depth));
  // Histograms are kept from level to level where there is room for those of all leaves.
  const bool kept = n_slots_ >= size_t{1} << n_levels;
  if (kept) leaves_[0].slot = take_slot();
  std::vector<Pair> pairs = {{nullptr, &leaves_[0]}};
  for (size_t level = 0; level < n_levels && !features_.empty(); ++level) {
    if (context_.should_stop()) return false;
    const LevelSplit split = best_level_split(pairs, level);
    if (context_.should_stop()) return false;
    if (split.gain <= 0) break;
    split_level(split, pairs, level + 1 == n_levels, tree);
  }
  return true;
}

// Fills the histograms of new leaves that have slots.
void TreeGrower::fill_level(std::span<Pair> pairs, size_t tile_begin, size_t tile_end) {
  for (Pair& pair : pairs) {
    const Leaf& filled = pair.smaller != nullptr ? *pair.smaller : *pair.larger;
    GradientSum* const less = histograms_of(filled, tile_begin);
    build(rows_of(filled), packed_.data(), tile_begin, tile_end, less);
    if (pair.smaller == nullptr) continue;
    GradientSum* const from = histograms_of(*pair.larger, tile_begin);
    for (size_t b = 0; b < histogram_start_[tile_end] - histogram_start_[tile_begin]; ++b) from[b] -= less[b];
  }
}

// The split that gains most over all leaves, `pairs` being those that are new.
TreeGrower::LevelSplit TreeGrower::best_level_split(std::span<Pair> pairs, size_t level) {
  const bool kept = leaves_[0].slot >= 0;
  std::vector<size_t> tiles;
  if (kept) tiles = make_tiles(static_cast<size_t>(context_.threads->size()));
  else
    for (size_t place = 0; place <= features_.size(); ++place) tiles.push_back(place);
  // Without slots a task has the histograms of all leaves by one feature.
  constexpr size_t kMostBins = 256;
  const size_t n_tasks = std::min(tiles.size() - 1, static_cast<size_t>(context_.threads->size()));
  const MemoryLease lease(context_.memory, kept ? 0 : n_tasks * leaves_.size() * kMostBins * sizeof(GradientSum), "a level of a tree");
  LevelSplit best;  // the first feature's among equals
  size_t best_place = 0;
  std::mutex mutex;
  context_.threads->parallel_each(tiles.size() - 1, [&](size_t t) {
    if (context_.should_stop()) return;
    if (kept) fill_level(pairs, tiles[t], tiles[t + 1]);
    std::vector<GradientSum> built(kept ? 0 : leaves_.size() * kMostBins);
    for (size_t place = tiles[t]; place < tiles[t + 1] && !context_.should_stop(); ++place) {
      std::vector<const GradientSum*> histograms;
      for (size_t i = 0; i < leaves_.size(); ++i) {
        if (!kept) build(rows_of(leaves_[i]), packed_.data(), place, place + 1, built.data() + i * kMostBins);
        histograms.push_back(kept ? histograms_of(leaves_[i], place) : built.data() + i * kMostBins);
      }
      LevelSplit split = level_split_of(place, level, histograms);
      const std::lock_guard lock(mutex);
      if (split.gain < best.gain || split.gain <= 0 || (split.gain == best.gain && place > best_place)) continue;
      best = std::move(split);
      best_place = place;
    }
  });
  return best;
}

// The best split of all leaves by the feature at `place`.
TreeGrower::LevelSplit TreeGrower::level_split_of(size_t place, size_t level, std::span<const GradientSum* const> histograms) const {
  LevelSplit best;
  best.feature = features_[place];
  const FeatureBins& bins = bins_[best.feature];
  std::vector<GradientSum> together(histogram_start_[place + 1] - histogram_start_[place], GradientSum{});
  GradientSum total{};
  for (const GradientSum* histogram : histograms)
    for (size_t b = 0; b < together.size(); ++b) together[b] += histogram[b];
  for (const GradientSum sum : together) total += sum;
  const uint64_t seed = limits_.extra_random ? derive_seed(derive_seed(seed_, "level", level), "feature", best.feature) : 0;
  const auto may_split = [&](const Leaf& leaf) { return can_split(leaf) && may_split_by(leaf, best.feature); };
  std::vector<double> sums;
  for (const BinOrder& order : bin_orders(bins, together.data(), total, limits_, scale_, seed)) {
    sums.assign(order.bins.size(), 0.0);
    double scores = 0;
    for (size_t i = 0; i < leaves_.size(); ++i)
      if (const Leaf& leaf = leaves_[i]; may_split(leaf))
        scores += add_gains(best.feature, bins, histograms[i], leaf.sum, leaf.range, limits_, scale_, order, sums);
    const auto most = std::ranges::max_element(sums);
    if (most == sums.end() || !(*most > best.gain) || !(*most > limits_.min_gain + kNoise * scores)) continue;
    best.gain = *most;
    best.order = order;
    best.n_left = static_cast<size_t>(most - sums.begin()) + 1;
  }
  if (best.gain <= 0) return best;
  best.any_missing = together.back()[1] != 0;
  best.of_leaf.assign(leaves_.size(), Split{std::numeric_limits<double>::quiet_NaN()});
  for (size_t i = 0; i < leaves_.size(); ++i)
    if (const Leaf& leaf = leaves_[i]; may_split(leaf)) {
      const SideGain side = gain_of(best.feature, bins, histograms[i], leaf.sum, leaf.range, limits_, scale_, best.order, best.n_left);
      best.of_leaf[i].gain = side.gain;
      best.of_leaf[i].left_sum = side.left_sum;
    }
  return best;
}

// Splits the leaves, and lists the new ones as pairs of which one histogram is the other's parent's less its own.
void TreeGrower::split_level(const LevelSplit& level, std::vector<Pair>& pairs, bool is_last, GrownTree& tree) {
  const FeatureBins& bins = bins_[level.feature];
  const auto missing = static_cast<size_t>(bins.n_bins);
  Split common;
  common.feature = level.feature;
  common.categorical = bins.categorical;
  common.default_left = level.order.missing_left;
  for (size_t i = 0; i < level.n_left; ++i) {
    const size_t bin = level.order.bins[i];
    if (bins.categorical) common.left_bins[bin / 64] |= uint64_t{1} << (bin % 64);
    else common.bin = static_cast<uint8_t>(bin);
  }
  // Where none was missing, the missing follow the greater number.
  if (!level.any_missing) {
    size_t n_rows = 0, n_left = 0;
    for (size_t i = 0; i < level.of_leaf.size(); ++i) {
      if (std::isnan(level.of_leaf[i].gain)) continue;
      n_rows += leaves_[i].count;
      n_left += static_cast<size_t>(level.of_leaf[i].left_sum[1] & ((int64_t{1} << scale_.count_bits) - 1));
    }
    common.default_left = 2 * n_left > n_rows;
  }
  if (bins.categorical) common.default_left = ((common.left_bins[missing / 64] >> (missing % 64)) & 1) != 0;
  std::vector<size_t> parted;
  std::vector<Leaf*> parents;
  for (size_t i = 0; i < level.of_leaf.size(); ++i) {
    if (std::isnan(level.of_leaf[i].gain)) continue;
    Leaf& leaf = leaves_[i];
    leaf.split = common;
    leaf.split.gain = std::max(level.of_leaf[i].gain, 0.0);
    leaf.split.left_sum = level.of_leaf[i].left_sum;
    parted.push_back(i);
    parents.push_back(&leaf);
  }
  part_all(parents);
  pairs.clear();
  for (const size_t i : parted) {
    auto& [left, right] = sides_[static_cast<size_t>(leaves_[i].sides)];
    const bool left_is_larger = left.count > right.count;
    if (leaves_[i].slot >= 0 && !is_last) {
      (left_is_larger ? left : right).slot = leaves_[i].slot;
      (left_is_larger ? right : left).slot = take_slot();
    }
    split(leaves_[i], tree);
    Leaf *const a = &leaves_[i], *const b = &leaves_.back();
    pairs.push_back(left_is_larger ? Pair{b, a} : Pair{a, b});
  }
}

}  // namespace kolosal
