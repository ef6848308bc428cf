#include "kolosal/models/trees/binning.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "kolosal/models/trees/category_groups.h"

namespace kolosal {
namespace {

constexpr size_t kBinnedSample = 200'000;
constexpr size_t kPanel = 32;
constexpr size_t kRowsPerBlock = 4096;
constexpr size_t kSideBySide = 16;   // values whose bins are searched for together
constexpr uint32_t kFewestRows = 3;  // of a category with a bin of its own, where there are more categories than bins

// An integer in the order of the numbers, and back. -0 counts as 0.
uint32_t key_of(float x) {
  const auto bits = std::bit_cast<uint32_t>(x + 0.0F);
  return bits ^ ((bits >> 31) != 0 ? 0xffffffffU : 0x80000000U);
}
float number_of(uint32_t key) { return std::bit_cast<float>(key ^ ((key >> 31) != 0 ? 0x80000000U : 0xffffffffU)); }

// Sorts by the 32 bits from `lowest_bit` on; keys that agree in them keep their order.
template <class Key>
void sort_keys(std::vector<Key>& keys, int lowest_bit = 0) {
  if (keys.size() < 2048) {
    std::ranges::stable_sort(keys, {}, [&](Key key) { return key >> lowest_bit; });
    return;
  }
  constexpr size_t kDigits = 3;
  constexpr int kDigitBits = 11;
  constexpr Key kMask = (1 << kDigitBits) - 1;
  const auto digit = [&](Key key, size_t d) {
    return static_cast<size_t>((key >> (lowest_bit + kDigitBits * static_cast<int>(d))) & kMask);
  };
  std::array<std::array<uint32_t, (size_t{1} << kDigitBits) + 1>, kDigits> start{};
  for (const Key key : keys)
    for (size_t d = 0; d < kDigits; ++d) ++start[d][digit(key, d) + 1];
  std::vector<Key> other(keys.size());
  for (size_t d = 0; d < kDigits; ++d) {
    std::partial_sum(start[d].begin(), start[d].end(), start[d].begin());
    for (const Key key : keys) other[start[d][digit(key, d)]++] = key;
    keys.swap(other);
  }
}

struct Distinct {
  float value;
  double up_to;  // weight of it and of all below
};

// Distinct values of a column in ascending order.
std::vector<Distinct> distinct_values(std::span<const float> column, std::span<const uint32_t> rows, std::span<const double> weights) {
  std::vector<Distinct> distinct;
  const size_t n = std::min(rows.size(), kBinnedSample);
  std::vector<uint32_t> sample(n);
  for (size_t i = 0; i < n; ++i) sample[i] = static_cast<uint32_t>(i * rows.size() / n);
  if (weights.empty()) {
    for (uint32_t& place : sample) place = rows[place];
    const std::vector<float> sorted = sorted_numbers(column, sample);
    distinct.resize(sorted.size());
    size_t n_distinct = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
      distinct[n_distinct] = {sorted[i], static_cast<double>(i + 1)};
      n_distinct += i + 1 == sorted.size() || sorted[i + 1] != sorted[i];
    }
    distinct.resize(n_distinct);
    return distinct;
  }
  std::vector<std::pair<float, double>> pairs;
  pairs.reserve(n);
  for (const uint32_t place : sample)
    if (const float x = column[rows[place]]; x == x) pairs.emplace_back(x, weights[place]);
  std::ranges::sort(pairs);
  double up_to = 0;
  for (const auto& [value, weight] : pairs) {
    up_to += weight;
    if (distinct.empty() || distinct.back().value != value) distinct.push_back({value, up_to});
    distinct.back().up_to = up_to;
  }
  return distinct;
}

// Values by the weight up to them: a bin is found by a search for its end.
class Quantiles {
 public:
  explicit Quantiles(const std::vector<Distinct>& values) : values_(values) {}

  size_t n() const { return values_.size(); }
  double below(size_t i) const { return i == 0 ? 0 : values_[i - 1].up_to; }
  double weight(size_t i) const { return values_[i].up_to - below(i); }
  double total() const { return values_.back().up_to; }
  // The first value from `begin` on up to which there is this weight; n where there is none.
  size_t first_up_to(size_t begin, double weight) const {
    const auto from = values_.begin() + static_cast<ptrdiff_t>(begin);
    return static_cast<size_t>(std::lower_bound(from, values_.end(), weight, [](const Distinct& d, double w) { return d.up_to < w; }) -
                               values_.begin());
  }
  // The values of at least this weight. Each lies across a multiple of it, or ends beside one.
  std::vector<size_t> heavier(double weight_of_one) const {
    std::vector<size_t> heavy;
    const auto n_most = static_cast<size_t>(total() / weight_of_one) + 1;
    for (size_t k = 1; k <= n_most; ++k) {
      const size_t at = first_up_to(0, static_cast<double>(k) * weight_of_one);
      for (size_t i = at > 0 ? at - 1 : 0; i < std::min(at + 2, n()); ++i)
        if (weight(i) >= weight_of_one && (heavy.empty() || heavy.back() < i)) heavy.push_back(i);
    }
    return heavy;
  }

 private:
  const std::vector<Distinct>& values_;
};

// Cuts so that bins hold about equal weight; a value heavier than a bin should be gets its own.
std::vector<float> quantile_bounds(const std::vector<Distinct>& values, size_t max_bins) {
  const Quantiles quantiles(values);
  double rest = quantiles.total(), mean = rest / static_cast<double>(max_bins);
  const std::vector<size_t> big = quantiles.heavier(mean);
  for (const size_t i : big) rest -= quantiles.weight(i);
  size_t bins_left = max_bins - std::min(max_bins, big.size());
  mean = rest / static_cast<double>(std::max<size_t>(bins_left, 1));
  std::vector<float> upper;
  for (size_t begin = 0, n_passed = 0; begin < values.size() && upper.size() + 1 < max_bins;) {
    while (n_passed < big.size() && big[n_passed] < begin) ++n_passed;
    const size_t next_big = n_passed < big.size() ? big[n_passed] : values.size();
    const double below = quantiles.below(begin);
    size_t last = quantiles.first_up_to(begin, below + mean);
    // A bin that comes to a big value ends before it where it is half full, else with it.
    if (last >= next_big) last = next_big > begin && quantiles.below(next_big) - below >= mean / 2 ? next_big - 1 : next_big;
    if (last + 1 >= values.size()) break;
    upper.push_back(midpoint(values[last].value, values[last + 1].value));
    rest -= quantiles.below(last == next_big ? last : last + 1) - below;
    if (last != next_big && bins_left > 1) mean = std::max(rest, 0.0) / static_cast<double>(--bins_left);
    begin = last + 1;
  }
  return upper;
}

FeatureBins number_bins(std::span<const float> column, std::span<const uint32_t> rows, std::span<const double> weights, size_t max_bins) {
  const std::vector<Distinct> values = distinct_values(column, rows, weights);
  FeatureBins bins;
  if (values.size() <= max_bins) {
    for (size_t i = 0; i + 1 < values.size(); ++i) bins.upper.push_back(midpoint(values[i].value, values[i + 1].value));
  } else {
    bins.upper = quantile_bounds(values, max_bins);
  }
  bins.n_bins = static_cast<int32_t>(bins.upper.size() + 1);
  return bins;
}

// The codes of a category that have rows of weight, the heaviest first; where they are more than `max_bins`, those of few rows are left
// out.
std::vector<int32_t> codes_by_weight(std::span<const float> column, std::span<const uint32_t> rows, std::span<const double> weights,
                                     size_t max_bins, int32_t n_categories) {
  std::vector<double> weight_of(static_cast<size_t>(n_categories), 0.0);
  std::vector<uint32_t> rows_of(static_cast<size_t>(n_categories), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const float x = column[rows[i]];
    if (!(x >= 0 && x < static_cast<float>(n_categories))) continue;
    weight_of[static_cast<size_t>(x)] += weights.empty() ? 1.0 : weights[i];
    ++rows_of[static_cast<size_t>(x)];
  }
  std::vector<int32_t> codes;
  for (int32_t code = 0; code < n_categories; ++code)
    if (weight_of[static_cast<size_t>(code)] > 0) codes.push_back(code);
  std::ranges::stable_sort(codes,
                           [&](int32_t a, int32_t b) { return weight_of[static_cast<size_t>(a)] > weight_of[static_cast<size_t>(b)]; });
  if (codes.size() > max_bins) std::erase_if(codes, [&](int32_t code) { return rows_of[static_cast<size_t>(code)] < kFewestRows; });
  return codes;
}

FeatureBins category_bins(std::span<const float> column, std::span<const uint32_t> rows, std::span<const double> weights,
                          const Target* target, size_t max_bins, int32_t n_categories) {
  std::vector<int32_t> codes = codes_by_weight(column, rows, weights, max_bins, n_categories);
  std::vector<std::vector<int32_t>> groups;
  if (codes.size() > max_bins && target != nullptr) {
    const size_t n_alone = max_bins * 7 / 8;
    groups = group_codes(column, rows, weights, *target, std::span(codes).subspan(n_alone), n_categories, max_bins - n_alone);
    if (!groups.empty()) codes.resize(n_alone);
  }
  codes.resize(std::min(codes.size(), max_bins));
  FeatureBins bins;
  bins.categorical = true;
  bins.n_bins = static_cast<int32_t>(codes.size() + groups.size());
  bins.bin_of_code.assign(static_cast<size_t>(n_categories), static_cast<uint8_t>(bins.n_bins));
  for (size_t b = 0; b < codes.size(); ++b) bins.bin_of_code[static_cast<size_t>(codes[b])] = static_cast<uint8_t>(b);
  for (size_t g = 0; g < groups.size(); ++g)
    for (const int32_t code : groups[g]) bins.bin_of_code[static_cast<size_t>(code)] = static_cast<uint8_t>(codes.size() + g);
  return bins;
}

// The bins of values beside each other: one step of all their searches after the other, without branches.
template <size_t kValues>
void search_bins(const FeatureBins& bins, const float* x, uint8_t* out, size_t stride) {
  const float* upper = bins.upper.data();
  std::array<uint32_t, kValues> low{};
  for (auto n = static_cast<uint32_t>(bins.upper.size()); n > 0;) {
    const uint32_t half = (n + 1) / 2;
    for (size_t i = 0; i < kValues; ++i) low[i] += (0U - static_cast<uint32_t>(upper[low[i] + half - 1] < x[i])) & half;
    n -= half;
  }
  for (size_t i = 0; i < kValues; ++i) out[i * stride] = static_cast<uint8_t>(x[i] == x[i] ? low[i] : static_cast<uint32_t>(bins.n_bins));
}

}  // namespace

float midpoint(float low, float high) noexcept {
  const auto middle = static_cast<float>(static_cast<double>(low) / 2 + static_cast<double>(high) / 2);
  return middle >= low && middle < high ? middle : low;
}

std::vector<float> sorted_numbers(std::span<const float> column, std::span<const uint32_t> rows) {
  std::vector<uint32_t> keys;
  keys.reserve(rows.size());
  for (const uint32_t row : rows)
    if (const float x = column[row]; x == x) keys.push_back(key_of(x));
  sort_keys(keys);
  std::vector<float> numbers(keys.size());
  std::ranges::transform(keys, numbers.begin(), number_of);
  return numbers;
}

std::vector<PlacedNumber> sorted_places(std::span<const float> column, std::span<const uint32_t> rows) {
  std::vector<uint64_t> keys;
  keys.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    if (const float x = column[rows[i]]; x == x) keys.push_back((uint64_t{key_of(x)} << 32) | i);
  sort_keys(keys, 32);
  std::vector<PlacedNumber> placed(keys.size());
  std::ranges::transform(keys, placed.begin(), [](uint64_t key) {
    return PlacedNumber{number_of(static_cast<uint32_t>(key >> 32)), static_cast<uint32_t>(key)};
  });
  return placed;
}

uint8_t FeatureBins::bin_of(float x) const noexcept {
  const auto missing = static_cast<uint8_t>(n_bins);
  if (categorical) return x >= 0 && x < static_cast<float>(bin_of_code.size()) ? bin_of_code[static_cast<size_t>(x)] : missing;
  if (x != x) return missing;
  return static_cast<uint8_t>(std::ranges::lower_bound(upper, x) - upper.begin());
}

std::vector<FeatureBins> make_bins(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights,
                                   const Target* target, int max_bins, const FitContext& context) {
  std::vector<FeatureBins> bins(x.n_features());
  const auto most = static_cast<size_t>(max_bins);
  context.threads->parallel_each(x.n_features(), [&](size_t f) {
    if (context.should_stop()) return;
    const int32_t n_categories = x.features()[f].n_categories;
    bins[f] = n_categories > 0 ? category_bins(x.column(f), rows, weights, target, most, n_categories)
                               : number_bins(x.column(f), rows, weights, most);
  });
  context.check();
  return bins;
}

bool loses_codes(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights, const Target& target,
                 int max_bins) {
  const auto most = static_cast<size_t>(max_bins);
  for (size_t f = 0; f < x.n_features(); ++f) {
    const int32_t n_categories = x.features()[f].n_categories;
    if (n_categories <= max_bins) continue;
    const std::vector<int32_t> codes = codes_by_weight(x.column(f), rows, weights, most, n_categories);
    if (codes.size() > most && !group_codes(x.column(f), rows, weights, target, std::span(codes).subspan(most), n_categories, 1).empty())
      return true;
  }
  return false;
}

size_t BinnedMatrix::panel_width(size_t n_features) {
  const size_t n_panels = std::max<size_t>(1, (n_features + kPanel - 1) / kPanel);
  return std::max<size_t>(1, (n_features + n_panels - 1) / n_panels);
}

size_t BinnedMatrix::bytes_for(size_t n_rows, size_t n_features, bool with_columns) {
  const size_t width = panel_width(n_features);
  return n_rows * (((n_features + width - 1) / width) * width + (with_columns ? n_features : 0));
}

BinnedMatrix::BinnedMatrix(const FeatureMatrix& x, std::span<const uint32_t> rows, const std::vector<FeatureBins>& bins,
                           const FitContext& context, bool with_columns)
    : n_rows_(rows.size()),
      width_(panel_width(bins.size())),
      cells_(bytes_for(rows.size(), bins.size()) + kPadding),
      columns_(with_columns ? rows.size() * bins.size() + kPadding : 0) {
  context.threads->parallel_for(n_rows_, kRowsPerBlock, [&](size_t begin, size_t end) {
    if (context.should_stop()) return;
    for (size_t f = 0; f < bins.size(); ++f) {
      const auto from = x.column(f);
      uint8_t* to = const_cast<uint8_t*>(column(f));
      size_t i = begin;
      if (!bins[f].categorical)
        for (; i + kSideBySide <= end; i += kSideBySide) {
          std::array<float, kSideBySide> values;
          for (size_t j = 0; j < kSideBySide; ++j) values[j] = from[rows[i + j]];
          search_bins<kSideBySide>(bins[f], values.data(), to + i * width_, width_);
        }
      for (; i < end; ++i) to[i * width_] = bins[f].bin_of(from[rows[i]]);
      if (with_columns)
        for (i = begin; i < end; ++i) columns_[f * n_rows_ + i] = to[i * width_];
    }
  });
  context.check();
}

}  // namespace kolosal
