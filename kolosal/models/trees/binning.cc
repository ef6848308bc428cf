#include "kolosal/models/trees/binning.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "kolosal/models/trees/category_groups.h"

namespace kolosal {
namespace {

constexpr size_t kSampleRows = 200'000;
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
  std::vector<Key> other(keys.size());
  for (int shift = lowest_bit; shift < lowest_bit + 32; shift += 11) {
    std::array<uint32_t, 2049> start{};
    for (const Key key : keys) ++start[((key >> shift) & 2047) + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    for (const Key key : keys) other[start[(key >> shift) & 2047]++] = key;
    keys.swap(other);
  }
}

struct Distinct {
  float value;
  double weight;
};

// Distinct values of a column in ascending order with the weight of each.
std::vector<Distinct> distinct_values(std::span<const float> column, std::span<const uint32_t> rows, std::span<const double> weights) {
  std::vector<Distinct> distinct;
  const auto add = [&](float value, double weight) {
    if (distinct.empty() || distinct.back().value != value) distinct.push_back({value, 0});
    distinct.back().weight += weight;
  };
  const size_t n = std::min(rows.size(), kSampleRows);
  std::vector<uint32_t> sample(n);
  for (size_t i = 0; i < n; ++i) sample[i] = static_cast<uint32_t>(i * rows.size() / n);
  if (weights.empty()) {
    for (uint32_t& place : sample) place = rows[place];
    for (const float value : sorted_numbers(column, sample)) add(value, 1);
    return distinct;
  }
  std::vector<std::pair<float, double>> pairs;
  pairs.reserve(n);
  for (const uint32_t place : sample)
    if (const float x = column[rows[place]]; x == x) pairs.emplace_back(x, weights[place]);
  std::ranges::sort(pairs);
  for (const auto& [value, weight] : pairs) add(value, weight);
  return distinct;
}

// Cuts so that bins hold about equal weight; a value heavier than a bin should be gets its own.
std::vector<float> quantile_bounds(const std::vector<Distinct>& values, size_t max_bins) {
  double rest = 0;
  for (const Distinct& d : values) rest += d.weight;
  double mean = rest / static_cast<double>(max_bins);
  std::vector<bool> big(values.size());
  size_t bins_left = max_bins;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i].weight >= mean) {
      big[i] = true;
      rest -= values[i].weight;
      --bins_left;
    }
  mean = rest / static_cast<double>(std::max<size_t>(bins_left, 1));
  std::vector<float> upper;
  double inside = 0;
  for (size_t i = 0; i + 1 < values.size() && upper.size() + 1 < max_bins; ++i) {
    inside += values[i].weight;
    if (!big[i]) rest -= values[i].weight;
    if (!big[i] && inside < mean && !(big[i + 1] && inside >= mean / 2)) continue;
    upper.push_back(midpoint(values[i].value, values[i + 1].value));
    inside = 0;
    if (!big[i] && bins_left > 1) mean = std::max(rest, 0.0) / static_cast<double>(--bins_left);
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
