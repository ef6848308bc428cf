#include "kolosal/models/trees/split_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/kernels/best_bound.h"

namespace kolosal {
namespace {

constexpr int kMaxSetSize = 32;   // categories on the listed side of a split
constexpr double kNoise = 1e-10;  // gains below this share of the leaf's score are rounding

// What a scan needs of limits and scale, and the best split so far.
class Scan {
 public:
  Scan(GradientSum total, const LeafRange& range, const GrowthLimits& limits, const GradientScale& scale, double l2, int32_t direction)
      : total_(total),
        limits_(limits),
        scale_(scale),
        l2_(l2),
        direction_(direction),
        count_mask_((int64_t{1} << scale.count_bits) - 1),
        parent_score_(score(total, range, limits.l2)),
        least_(limits.min_gain + kNoise * std::abs(parent_score_)) {
    children_.is_root = false;
    if (limits.shapes_values()) children_ = range_below(range, leaf_value(total, range, limits, scale));
  }

  int64_t count(GradientSum sum) const { return sum[1] & count_mask_; }
  double gradient(GradientSum sum) const { return static_cast<double>(sum[0]) * scale_.gradient; }
  double hessian(GradientSum sum) const { return static_cast<double>(sum[1] >> scale_.count_bits) * scale_.hessian; }

  // Whether a side is big enough to be a leaf.
  bool fits(GradientSum sum) const { return count(sum) >= limits_.min_rows_in_leaf && hessian(sum) >= limits_.min_hessian; }

  // What the vector kernel must know.
  BoundLimits bound_limits() const {
    return {scale_.count_bits,        scale_.gradient,     scale_.hessian, {total_[0], total_[1]},
            limits_.min_rows_in_leaf, limits_.min_hessian, limits_.l1,     l2_};
  }

  // True where this left side makes a better split than any before.
  bool offer(GradientSum left) {
    const double gain = gain_of(left);
    if (!(gain > least_) || !(gain > best.gain)) return false;
    best.gain = gain;
    best.left_sum = left;
    return true;
  }

  // What this left side gains; NaN where the leaf may not be split so.
  double gain_of(GradientSum left) const {
    const GradientSum right = total_ - left;
    if (!fits(left) || !fits(right)) return std::numeric_limits<double>::quiet_NaN();
    if (direction_ != 0 && direction_ * (value_of(right) - value_of(left)) < 0) return std::numeric_limits<double>::quiet_NaN();
    return score(left, children_, l2_) + score(right, children_, l2_) - parent_score_;
  }

  double parent_score() const { return parent_score_; }
  GradientSum total() const { return total_; }

  ScannedSplit best;

 private:
  double value_of(GradientSum sum) const { return leaf_value(sum, children_, limits_, scale_); }

  double score(GradientSum sum, const LeafRange& range, double l2) const {
    const double g = gradient(sum);
    const double size = std::max(std::abs(g) - limits_.l1, 0.0);
    const double h = hessian(sum) + l2;
    if (!(h > 0)) return 0;
    if (!limits_.shapes_values()) return size * size / h;
    const double value = leaf_value(sum, range, limits_, scale_);
    return -(2 * (g > 0 ? size : -size) * value + h * value * value);
  }

  GradientSum total_;
  LeafRange children_;
  const GrowthLimits& limits_;
  const GradientScale& scale_;
  double l2_;
  int32_t direction_;
  int64_t count_mask_;
  double parent_score_;
  double least_;
};

// One random bound between the first and the last bin of the node that is not empty.
void scan_at_random(Scan& scan, const GradientSum* histogram, int n_bins, int64_t n_rows, uint64_t seed) {
  const GradientSum missing = histogram[n_bins];
  const bool any_missing = scan.count(missing) > 0;
  int first = 0, last = n_bins - 1;
  while (first < last && histogram[first][1] == 0) ++first;
  while (last > first && histogram[last][1] == 0) --last;
  const int only =
      first < last ? first + static_cast<int>(RandomStream(seed, "threshold").below(static_cast<uint64_t>(last - first))) : first;
  GradientSum below{};
  for (int b = 0; b <= only; ++b) below += histogram[b];
  scan.best.bin = static_cast<uint8_t>(only);
  // Where none was missing, the missing follow the greater number.
  if (scan.offer(below)) scan.best.default_left = !any_missing && 2 * scan.count(below) > n_rows;
  if (any_missing && scan.offer(below + missing)) scan.best.default_left = true;
}

// Every bound between bins that are not empty, one by one.
void scan_each_bound(Scan& scan, const GradientSum* histogram, int n_bins, int64_t n_rows) {
  const GradientSum missing = histogram[n_bins];
  const bool any_missing = scan.count(missing) > 0;
  GradientSum below{};
  for (int b = 0; b < n_bins; ++b) {
    below += histogram[b];
    if (histogram[b][1] == 0) continue;
    if (scan.offer(below)) {
      scan.best.bin = static_cast<uint8_t>(b);
      scan.best.default_left = !any_missing && 2 * scan.count(below) > n_rows;
    }
    if (any_missing && scan.offer(below + missing)) {
      scan.best.bin = static_cast<uint8_t>(b);
      scan.best.default_left = true;
    }
  }
}

// The bounds behind n_bins bins, filled up to whole lines.
size_t n_bounds(int n_bins) { return (static_cast<size_t>(n_bins) + kBoundLines - 1) / kBoundLines * kBoundLines; }

// Every bound, the missing right and then left of it. Sums are pairs or words, which widened() makes pairs of.
template <class Sum, class Widened>
void scan_numbers(Scan& scan, const Sum* histogram, int n_bins, FindBestBound best_bound, const Widened& widened) {
  const Sum missing = histogram[n_bins];
  const bool any_missing = scan.count(widened(missing)) > 0;
  const BoundLimits limits = scan.bound_limits();
  const size_t n = n_bounds(n_bins);
  std::array<Sum, 256> sums;
  for (const bool missing_left : {false, true}) {
    if (missing_left && !any_missing) break;
    Sum below = missing_left ? missing : Sum{};
    for (size_t b = 0; b < static_cast<size_t>(n_bins); ++b) sums[b] = below += histogram[b];
    // Filled up with the sum of all, behind which there is no bound.
    std::fill(sums.begin() + n_bins, sums.begin() + static_cast<ptrdiff_t>(n), missing_left ? below : below + missing);
    const size_t place = best_bound(reinterpret_cast<const int64_t*>(sums.data()), n, limits);
    if (place == n || !scan.offer(widened(sums[place]))) continue;
    scan.best.bin = static_cast<uint8_t>(place);
    scan.best.default_left = any_missing ? missing_left : 2 * scan.count(scan.best.left_sum) > scan.count(scan.total());
  }
}

void set_bit(BinSet& set, int bin) { set[static_cast<size_t>(bin) / 64] |= uint64_t{1} << (bin % 64); }

// The bins of categories by G / (H + cat_smooth), the missing being one more category. Those with few rows are left out.
std::vector<uint8_t> ranked_categories(const Scan& scan, const GradientSum* histogram, int n_bins, const GrowthLimits& limits,
                                       int64_t n_rows) {
  struct Ranked {
    double key;
    uint8_t bin;
  };
  std::vector<Ranked> ranked;
  const auto enough = static_cast<int64_t>(std::min(limits.cat_smooth, static_cast<double>(n_rows) / 20));
  for (int b = 0; b <= n_bins; ++b) {
    const int64_t count = scan.count(histogram[b]);
    if (count == 0 || count < enough) continue;
    ranked.push_back({scan.gradient(histogram[b]) / (scan.hessian(histogram[b]) + limits.cat_smooth + 1e-12), static_cast<uint8_t>(b)});
  }
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) { return a.key != b.key ? a.key < b.key : a.bin < b.bin; });
  std::vector<uint8_t> bins(ranked.size());
  std::ranges::transform(ranked, bins.begin(), &Ranked::bin);
  return bins;
}

// One of the bins that have rows, the missing bin among them, by chance; the last where none has.
int one_category(const Scan& scan, const GradientSum* histogram, int n_bins, uint64_t seed) {
  std::vector<int> filled;
  for (int b = 0; b <= n_bins; ++b)
    if (scan.count(histogram[b]) > 0) filled.push_back(b);
  return filled.empty() ? n_bins : filled[RandomStream(seed, "threshold").below(filled.size())];
}

void scan_categories(Scan& scan, const GradientSum* histogram, int n_bins, const GrowthLimits& limits, GradientSum total, uint64_t seed) {
  // The missing are one more category.
  if (n_bins <= limits.max_categories_onehot) {
    const int only = limits.extra_random ? one_category(scan, histogram, n_bins, seed) : n_bins;
    for (int b = limits.extra_random ? only : 0; b <= only; ++b) {
      if (histogram[b][1] == 0 || !scan.offer(histogram[b])) continue;
      scan.best.left_bins = {};
      set_bit(scan.best.left_bins, b);
      scan.best.default_left = b == n_bins;
    }
    return;
  }
  const std::vector<uint8_t> ranked = ranked_categories(scan, histogram, n_bins, limits, scan.count(total));
  const size_t n = ranked.size();
  const size_t longest = std::min<size_t>(kMaxSetSize, (n + 1) / 2);
  const size_t only = limits.extra_random && longest > 0 ? RandomStream(seed, "threshold").below(longest) : longest;
  for (const bool from_end : {false, true}) {
    GradientSum left{};
    for (size_t i = 0; i < longest && i < n; ++i) {
      left += histogram[ranked[from_end ? n - 1 - i : i]];
      if (only < longest && i != only) continue;
      if (!scan.offer(left)) continue;
      scan.best.left_bins = {};
      for (size_t j = 0; j <= i; ++j) set_bit(scan.best.left_bins, ranked[from_end ? n - 1 - j : j]);
    }
  }
  const auto missing = static_cast<size_t>(n_bins);
  scan.best.default_left = ((scan.best.left_bins[missing / 64] >> (missing % 64)) & 1) != 0;
}

// A scan of a feature at a leaf.
Scan scan_of(uint32_t feature, const FeatureBins& bins, GradientSum total, const LeafRange& range, const GrowthLimits& limits,
             const GradientScale& scale) {
  const bool sorted = bins.categorical && bins.n_bins > limits.max_categories_onehot;
  return {total, range, limits, scale, limits.l2 + (sorted ? limits.cat_l2 : 0), limits.direction_of(feature)};
}

}  // namespace

std::vector<BinOrder> bin_orders(const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const GrowthLimits& limits,
                                 const GradientScale& scale, uint64_t seed) {
  const auto n = static_cast<size_t>(bins.n_bins);
  const Scan scan(total, {}, limits, scale, limits.l2, 0);
  std::vector<BinOrder> orders;
  if (!bins.categorical) {
    BinOrder order;
    for (size_t b = 0; b < n; ++b) order.bins.push_back(static_cast<uint8_t>(b));
    if (limits.extra_random && n > 1) order.only = 1 + RandomStream(seed, "threshold").below(n - 1);
    orders.push_back(order);
    if (scan.count(histogram[n]) == 0) return orders;
    order.missing_left = true;
    orders.push_back(order);
    return orders;
  }
  if (bins.n_bins <= limits.max_categories_onehot) {
    const auto only = static_cast<size_t>(limits.extra_random ? one_category(scan, histogram, bins.n_bins, seed) : bins.n_bins);
    for (size_t b = limits.extra_random ? only : 0; b <= only; ++b)
      if (scan.count(histogram[b]) > 0) orders.push_back({{static_cast<uint8_t>(b)}});
    return orders;
  }
  std::vector<uint8_t> ranked = ranked_categories(scan, histogram, bins.n_bins, limits, scan.count(total));
  const size_t longest = std::min<size_t>(kMaxSetSize, (ranked.size() + 1) / 2);
  if (longest == 0) return orders;
  const size_t only = limits.extra_random ? 1 + RandomStream(seed, "threshold").below(longest) : 0;
  for (const bool from_end : {false, true}) {
    if (from_end) std::ranges::reverse(ranked);
    orders.push_back({{ranked.begin(), ranked.begin() + static_cast<ptrdiff_t>(longest)}, false, only});
  }
  return orders;
}

double add_gains(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const LeafRange& range,
                 const GrowthLimits& limits, const GradientScale& scale, const BinOrder& order, std::span<double> sums) {
  const Scan scan = scan_of(feature, bins, total, range, limits, scale);
  GradientSum left = order.missing_left ? histogram[bins.n_bins] : GradientSum{};
  const auto gain_or_none = [&] {
    const double gain = scan.gain_of(left);
    return std::isnan(gain) ? 0 : gain;
  };
  double gain = gain_or_none();
  for (size_t i = 0; i < sums.size(); ++i) {
    // Behind a bin without rows the sides are those of the bound before it.
    if (const GradientSum bin = histogram[order.bins[i]]; bin[1] != 0) {
      left += bin;
      gain = gain_or_none();
    }
    if (order.only == 0 || i + 1 == order.only) sums[i] += gain;
  }
  return std::abs(scan.parent_score());
}

SideGain gain_of(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total, const LeafRange& range,
                 const GrowthLimits& limits, const GradientScale& scale, const BinOrder& order, size_t n_left) {
  GradientSum left = order.missing_left ? histogram[bins.n_bins] : GradientSum{};
  for (size_t i = 0; i < n_left; ++i) left += histogram[order.bins[i]];
  return {scan_of(feature, bins, total, range, limits, scale).gain_of(left), left};
}

ScannedSplit scan_feature(uint32_t feature, const FeatureBins& bins, const GradientSum* histogram, GradientSum total,
                          const LeafRange& range, const GrowthLimits& limits, const GradientScale& scale, uint64_t seed) {
  Scan scan = scan_of(feature, bins, total, range, limits, scale);
  if (bins.categorical) scan_categories(scan, histogram, bins.n_bins, limits, total, seed);
  else if (limits.extra_random) scan_at_random(scan, histogram, bins.n_bins, scan.count(total), seed);
  else if (limits.shapes_values()) scan_each_bound(scan, histogram, bins.n_bins, scan.count(total));
  else scan_numbers(scan, histogram, bins.n_bins, find_best_bound(), [](GradientSum sum) { return sum; });
  return scan.best;
}

ScannedSplit scan_packed(uint32_t feature, const FeatureBins& bins, const int64_t* words, GradientSum total, const LeafRange& range,
                         const GrowthLimits& limits, const GradientScale& scale, uint64_t seed) {
  const auto widened = [&](int64_t word) { return PackedSum::widened(word, scale.count_bits); };
  if (bins.categorical || limits.extra_random || limits.shapes_values()) {
    std::array<GradientSum, 256> histogram;
    std::transform(words, words + bins.n_bins + 1, histogram.begin(), widened);
    return scan_feature(feature, bins, histogram.data(), total, range, limits, scale, seed);
  }
  Scan scan = scan_of(feature, bins, total, range, limits, scale);
  scan_numbers(scan, words, bins.n_bins, find_best_packed_bound(), widened);
  return scan.best;
}

double leaf_value(double gradient, double hessian, double count, const LeafRange& range, const GrowthLimits& limits) noexcept {
  const double size = std::max(std::abs(gradient) - limits.l1, 0.0);
  const double value = hessian + limits.l2 > 0 ? (gradient > 0 ? -size : size) / (hessian + limits.l2) : 0;
  return shaped_value(value, count, range, limits);
}

double shaped_value(double value, double count, const LeafRange& range, const GrowthLimits& limits) noexcept {
  if (limits.path_smooth > 0 && !range.is_root) value += (range.parent_value - value) * limits.path_smooth / (count + limits.path_smooth);
  return std::clamp(value, range.least, range.most);
}

LeafRange range_below(const LeafRange& parent, double parent_value) noexcept { return {parent.least, parent.most, parent_value, false}; }

void part_ranges(int32_t direction, double middle, LeafRange& left, LeafRange& right) noexcept {
  (direction > 0 ? left : right).most = middle;
  (direction > 0 ? right : left).least = middle;
}

double leaf_value(GradientSum sum, const LeafRange& range, const GrowthLimits& limits, const GradientScale& scale) noexcept {
  const int64_t count = sum[1] & ((int64_t{1} << scale.count_bits) - 1);
  return leaf_value(static_cast<double>(sum[0]) * scale.gradient, static_cast<double>(sum[1] >> scale.count_bits) * scale.hessian,
                    static_cast<double>(count), range, limits);
}

}  // namespace kolosal
