#include "kolosal/models/trees/category_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kolosal {
namespace {

constexpr double kLeastTimesShrinkage = 4;      // weight of a code that gets a group, in units of s
constexpr size_t kMostCells = size_t{1} << 22;  // of the means of codes, one an output
constexpr int kPowerSteps = 20;

// Places of codes among those to be grouped, in the rows.
struct CodedRows {
  std::vector<uint32_t> row;   // place in the list of rows
  std::vector<uint32_t> code;  // place in the list of codes
};

CodedRows find_rows(std::span<const float> column, std::span<const uint32_t> rows, std::span<const int32_t> codes, int32_t n_categories) {
  constexpr auto kNone = static_cast<uint32_t>(-1);
  std::vector<uint32_t> place_of(static_cast<size_t>(n_categories), kNone);
  for (size_t k = 0; k < codes.size(); ++k) place_of[static_cast<size_t>(codes[k])] = static_cast<uint32_t>(k);
  CodedRows found;
  for (size_t i = 0; i < rows.size(); ++i) {
    const float x = column[rows[i]];
    if (!(x >= 0 && x < static_cast<float>(n_categories))) continue;
    const uint32_t place = place_of[static_cast<size_t>(x)];
    if (place == kNone) continue;
    found.row.push_back(static_cast<uint32_t>(i));
    found.code.push_back(place);
  }
  return found;
}

// The means of codes (n_codes, width) less the mean of all.
struct CodeMeans {
  size_t width;
  std::vector<double> weight;  // (n_codes,)
  std::vector<double> mean;

  // The direction in which the means differ most: steps of the power method on their weighted scatter.
  std::vector<double> direction() const {
    std::vector<double> spread(width, 0.0);
    for (size_t k = 0; k < weight.size(); ++k)
      for (size_t j = 0; j < width; ++j) spread[j] += weight[k] * mean[k * width + j] * mean[k * width + j];
    std::vector<double> along(width, 0.0), next(width);
    along[static_cast<size_t>(std::ranges::max_element(spread) - spread.begin())] = 1;
    for (int step = 0; step < kPowerSteps && width > 1; ++step) {
      std::ranges::fill(next, 0.0);
      for (size_t k = 0; k < weight.size(); ++k) {
        const double* at = mean.data() + k * width;
        const double part = weight[k] * std::inner_product(along.begin(), along.end(), at, 0.0);
        for (size_t j = 0; j < width; ++j) next[j] += part * at[j];
      }
      const double length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0));
      if (!(length > 0 && std::isfinite(length))) break;
      for (size_t j = 0; j < width; ++j) along[j] = next[j] / length;
    }
    return along;
  }
};

// The targets of the rows along one direction.
std::vector<double> numbers_of(const CodedRows& found, std::span<const double> weights, const Target& target, size_t n_codes) {
  const bool classes = target.task == Task::Multiclass;
  const size_t width = classes ? target.n_classes() : target.n_targets, n = found.row.size();
  std::vector<double> numbers(n);
  if (width == 1) {
    for (size_t i = 0; i < n; ++i) numbers[i] = target.values[found.row[i]];
    return numbers;
  }
  CodeMeans means{width, std::vector<double>(n_codes, 0.0), std::vector<double>(n_codes * width, 0.0)};
  std::vector<double> centre(width, 0.0);
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t row = found.row[i];
    const double weight = weights.empty() ? 1 : weights[row];
    double* sums = means.mean.data() + found.code[i] * width;
    means.weight[found.code[i]] += weight;
    total += weight;
    if (classes) sums[static_cast<size_t>(target.values[row])] += weight;
    else
      for (size_t j = 0; j < width; ++j) sums[j] += weight * target.values[row * width + j];
  }
  for (size_t k = 0; k < n_codes; ++k)
    for (size_t j = 0; j < width; ++j) centre[j] += means.mean[k * width + j] / total;
  for (size_t k = 0; k < n_codes; ++k)
    for (size_t j = 0; j < width; ++j) means.mean[k * width + j] = means.mean[k * width + j] / means.weight[k] - centre[j];
  const std::vector<double> along = means.direction();
  for (size_t i = 0; i < n; ++i) {
    const size_t row = found.row[i];
    numbers[i] = classes ? along[static_cast<size_t>(target.values[row])]
                         : std::inner_product(along.begin(), along.end(), target.values.begin() + static_cast<ptrdiff_t>(row * width), 0.0);
  }
  return numbers;
}

// What codes tell of the numbers of their rows.
struct CodeEffects {
  std::vector<double> weight, mean;  // (n_codes,)
  double centre = 0;
  double shrinkage = 0;  // the weight s; not finite, or not above 0 with a code's, where codes tell nothing

  CodeEffects(const CodedRows& found, std::span<const double> weights, std::span<const double> numbers, size_t n_codes)
      : weight(n_codes, 0.0), mean(n_codes, 0.0) {
    const auto weight_of = [&](size_t i) { return weights.empty() ? 1.0 : weights[found.row[i]]; };
    double total = 0, squares = 0, within = 0, between = 0;
    for (size_t i = 0; i < numbers.size(); ++i) {
      weight[found.code[i]] += weight_of(i);
      mean[found.code[i]] += weight_of(i) * numbers[i];
    }
    for (size_t k = 0; k < n_codes; ++k) {
      total += weight[k];
      squares += weight[k] * weight[k];
      centre += mean[k];
      mean[k] /= weight[k];
    }
    centre /= total;
    for (size_t i = 0; i < numbers.size(); ++i) within += weight_of(i) * std::pow(numbers[i] - mean[found.code[i]], 2);
    for (size_t k = 0; k < n_codes; ++k) between += weight[k] * std::pow(mean[k] - centre, 2);
    const auto n = static_cast<double>(n_codes);
    const double variance = within / (total - n), effect = (between - (n - 1) * variance) / (total - squares / total);
    shrinkage = total > n && effect > 0 ? variance / effect : INFINITY;
  }

  bool tells(size_t k) const { return weight[k] >= kLeastTimesShrinkage * shrinkage && std::isfinite(mean[k]); }
  double shrunk(size_t k) const { return (weight[k] * mean[k] + shrinkage * centre) / (weight[k] + shrinkage); }
};

}  // namespace

std::vector<std::vector<int32_t>> group_codes(std::span<const float> column, std::span<const uint32_t> rows,
                                              std::span<const double> weights, const Target& target, std::span<const int32_t> codes,
                                              int32_t n_categories, size_t most_groups) {
  if (codes.empty() || most_groups == 0 || codes.size() * target.n_outputs() > kMostCells) return {};
  const CodedRows found = find_rows(column, rows, codes, n_categories);
  const CodeEffects effects(found, weights, numbers_of(found, weights, target, codes.size()), codes.size());
  std::vector<size_t> order;
  double rest = 0;
  for (size_t k = 0; k < codes.size(); ++k) {
    if (!effects.tells(k)) continue;
    order.push_back(k);
    rest += effects.weight[k];
  }
  std::ranges::stable_sort(order, {}, [&](size_t k) { return effects.shrunk(k); });
  std::vector<std::vector<int32_t>> groups;
  double inside = 0;
  for (const size_t k : order) {
    const bool full = inside > 0 && inside + effects.weight[k] / 2 > (rest + inside) / static_cast<double>(most_groups + 1 - groups.size());
    if (groups.empty() || (full && groups.size() < most_groups)) {
      groups.emplace_back();
      inside = 0;
    }
    groups.back().push_back(codes[k]);
    inside += effects.weight[k];
    rest -= effects.weight[k];
  }
  return groups;
}

}  // namespace kolosal
