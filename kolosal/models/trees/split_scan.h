// split_scan: the best split of one feature at one leaf, from the feature's histogram.
//
// Gain of a split = S(left) + S(right) - S(leaf) with S = T(G)^2 / (H + l2), T(G) = sign(G) max(|G| - l1, 0).
// Where values are held to a range, smoothed or to rise or fall with the feature, S is what the value so made gains, and splits whose
// sides would be in the wrong order are left out.
// Numbers: every bound between non-empty bins, the missing on either side. Categories: each against the rest where they are few,
// else prefixes, from both ends, of the categories sorted by G / (H + cat_smooth), the missing being one of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {

/// The best split found; `gain` 0 where there is none.
struct ScannedSplit {
  double gain = 0;
  bool default_left = false;
  uint8_t bin = 0;
  BinSet left_bins{};  ///< of categories; of numbers, the bins up to `bin` go left
  GradientSum left_sum{};
};

/// Scans the histogram (n_bins + 1,) of a feature at a leaf whose rows sum to `total` and whose value is held to `range`. `seed` decides
/// the threshold where limits.extra_random.
ScannedSplit scan_feature(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total,
                          const LeafRange& range, const GrowthLimits& limits, const GradientScale& scale, uint64_t seed);

/// The same of a histogram of words of a PackedSum.
ScannedSplit scan_packed(uint32_t feature, const FeatureBins& bins, const int64_t* words, GradientSum total, const LeafRange& range,
                         const GrowthLimits& limits, const GradientScale& scale, uint64_t seed);

/// The orders of a feature's bins in which to look for sets that go left in every leaf of a level, whose rows together sum to `histogram`
/// and `total`: numbers as they come, categories one by one where they are few, else by their mean from both ends.
std::vector<BinOrder> bin_orders(const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const GrowthLimits& limits,
                                 const GradientScale& scale, uint64_t seed);

/// Adds to `sums` what a leaf gains by each of the first sums.size() beginnings of `order`: nothing where it may not be split so. Returns
/// the size of the leaf's own score.
double add_gains(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const LeafRange& range,
                 const GrowthLimits& limits, const GradientScale& scale, const BinOrder& order, std::span<double> sums);

/// What a leaf gains by a left side, and what that sums to.
struct SideGain {
  double gain;  ///< NaN where the leaf may not be split so
  GradientSum left_sum;
};

/// What a leaf gains by the first `n_left` bins of `order`.
SideGain gain_of(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const LeafRange& range,
                 const GrowthLimits& limits, const GradientScale& scale, const BinOrder& order, size_t n_left);

/// The value of a leaf: -T(G) / (H + l2), drawn towards that of its parent, within its range.
double leaf_value(double gradient, double hessian, double count, const LeafRange& range, const GrowthLimits& limits) noexcept;
double leaf_value(GradientSum sum, const LeafRange& range, const GrowthLimits& limits, const GradientScale& scale) noexcept;
/// A value of `count` rows drawn towards that of its parent, within its range.
double shaped_value(double value, double count, const LeafRange& range, const GrowthLimits& limits) noexcept;
/// What the sides of a split are held to whose feature has no direction.
LeafRange range_below(const LeafRange& parent, double parent_value) noexcept;
/// Holds the sides of a split to their own side of `middle`, which of them is which by the direction of the feature.
void part_ranges(int32_t direction, double middle, LeafRange& left, LeafRange& right) noexcept;

}  // namespace kolosal
