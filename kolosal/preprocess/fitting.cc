// Statistics for fitting. Sums run over the rows in order, so that results do not depend on threads: those work on a column each.
//
// Cost     O(n_rows) a column; sorting O(n_rows log n_rows).
// Checked  scalers_test.cc, encoders_test.cc.
#include "kolosal/preprocess/fitting.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "kolosal/base/array.h"
#include "kolosal/base/fields.h"
#include "kolosal/kernels/sort.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/ranked_numbers.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/level_text.h"

namespace kolosal {
namespace {

constexpr size_t kFewQuantiles = 16;

}  // namespace

void check_weights(const TransformerInput& input, std::string_view transformer) {
  if (input.weights.empty()) return;
  if (input.weights.size() != input.table.n_rows())
    throw Error(ErrorCode::BadValue,
                std::string(transformer) + ": " + std::to_string(input.weights.size()) + " weights for " +
                    std::to_string(input.table.n_rows()) + " rows",
                "Give one weight for each row.");
  for (const double weight : input.weights)
    if (!(weight >= 0) || !std::isfinite(weight))
      throw Error(ErrorCode::BadValue,
                  std::string(transformer) + ": a weight is " + std::to_string(weight) + "; weights are >= 0 and finite",
                  "Give rows that should not count the weight 0.");
}

std::vector<const Column*> choose_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                          const std::function<bool(ColumnKind)>& fits, std::string_view transformer) {
  if (input.table.n_rows() == 0)
    throw Error(ErrorCode::EmptyInput, std::string(transformer) + " cannot be fitted: the table is empty (0 rows)",
                "Give at least one row.");
  check_weights(input, transformer);
  std::vector<const Column*> chosen;
  if (names.empty()) {
    for (const Column& column : input.table.columns())
      if (fits(column.kind())) chosen.push_back(&column);
    return chosen;
  }
  for (const std::string& name : names) {
    const Column& column = input.table.column(name);
    if (!fits(column.kind()))
      throw Error(ErrorCode::BadValue,
                  std::string(transformer) + " does not work on column '" + name + "', which is " + std::string(enum_name(column.kind())),
                  "Leave the column out, or change its kind first.");
    if (std::ranges::find(chosen, &column) == chosen.end()) chosen.push_back(&column);
  }
  return chosen;
}

std::vector<const Column*> number_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                          std::string_view transformer) {
  const auto fits = [&](ColumnKind kind) { return is_number(kind) && (kind != ColumnKind::Boolean || !names.empty()); };
  return choose_columns(input, names, fits, transformer);
}

std::vector<const Column*> level_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                         std::string_view transformer) {
  const auto fits = [&](ColumnKind kind) { return kind == ColumnKind::Categorical || !names.empty(); };
  return choose_columns(input, names, fits, transformer);
}

std::vector<const Column*> text_columns(const TransformerInput& input, const std::vector<std::string>& names,
                                        std::string_view transformer) {
  const auto fits = [&](ColumnKind kind) { return kind == ColumnKind::Text || (is_level(kind) && !names.empty()); };
  return choose_columns(input, names, fits, transformer);
}

FreeNames::FreeNames(const Table& table) {
  for (const Column& column : table.columns()) taken_.insert(column.name());
}

std::string FreeNames::claim(std::string wanted) {
  std::string name = wanted;
  for (int i = 2; !taken_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
  return name;
}

Sample finite_sample(const Column& column, std::span<const double> weights) {
  Sample sample{column.numbers(), {weights.begin(), weights.end()}};
  size_t n = 0;  // without a branch: which rows are missing is chance
  for (size_t row = 0; row < column.size(); ++row) {
    const double value = sample.values[row], weight = sample.weight(row);
    sample.values[n] = value;
    if (!weights.empty()) sample.weights[n] = weight;
    n += static_cast<size_t>(std::isfinite(value)) & static_cast<size_t>(weight != 0);
  }
  sample.values.resize(n);
  if (!weights.empty()) sample.weights.resize(n);
  return sample;
}

void sort_sample(Sample& sample) {
  if (sample.weights.empty()) {
    sort_ascending(sample.values);
    return;
  }
  std::vector<std::pair<double, double>> pairs(sample.values.size());
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {sample.values[i], sample.weights[i]};
  std::ranges::sort(pairs);
  for (size_t i = 0; i < pairs.size(); ++i) std::tie(sample.values[i], sample.weights[i]) = pairs[i];
}

namespace {

/// The mean of the values, each multiplied by `unit`, in two passes.
double mean_in_units(const Sample& sample, double unit) {
  double total = 0, sum = 0;
  for (size_t i = 0; i < sample.values.size(); ++i) {
    total += sample.weight(i);
    sum += sample.weight(i) * (sample.values[i] * unit);
  }
  const double mean = sum / total;
  double rest = 0;  // what rounding lost
  for (size_t i = 0; i < sample.values.size(); ++i) rest += sample.weight(i) * (sample.values[i] * unit - mean);
  return mean + rest / total;
}

}  // namespace

double sample_mean(const Sample& sample) {
  if (sample.values.empty()) return 0;
  if (const double mean = mean_in_units(sample, 1); std::isfinite(mean)) return mean;
  const double reduced = mean_in_units(sample, kReduced) / kReduced;  // the sum ran over
  return std::isfinite(reduced) ? reduced : 0;
}

double sample_variance(const Sample& sample, double mean) {
  if (sample.values.empty()) return 0;
  double total = 0, squares = 0;
  for (size_t i = 0; i < sample.values.size(); ++i) {
    const double gap = sample.values[i] - mean;
    total += sample.weight(i);
    squares += sample.weight(i) * gap * gap;
  }
  return squares / total;
}

double sample_deviation(const Sample& sample, double mean) {
  if (const double variance = sample_variance(sample, mean); std::isfinite(variance)) return std::sqrt(variance);
  Sample reduced = sample;
  for (double& value : reduced.values) value *= kReduced;
  return std::sqrt(sample_variance(reduced, mean * kReduced)) / kReduced;
}

double sorted_quantile(const Sample& sorted, double q) { return sorted_quantiles(sorted.values, sorted.weights, std::array{q}).front(); }

namespace {

/// What lies at that part of the way from a number to a larger one, however far they are apart.
double between(double value, double next, double part) {
  const double gap = next - value;
  return std::isinf(gap) ? value * (1 - part) + next * part : value + part * gap;
}

/// The quantiles of `n` numbers that `value_at` gives by rank.
template <class ValueAt>
std::vector<double> interpolated(size_t n, std::span<const double> quantiles, const ValueAt& value_at) {
  std::vector<double> found;
  found.reserve(quantiles.size());
  for (const double q : quantiles) {
    const double place = q * static_cast<double>(n - 1);
    const size_t at = std::min(static_cast<size_t>(place), n - 1);
    const double value = value_at(at), next = value_at(std::min(at + 1, n - 1));
    found.push_back(between(value, next, place - static_cast<double>(at)));
  }
  return found;
}

/// The quantiles of few ranks, without a sort of all numbers.
template <class T>
std::vector<double> selected_quantiles(const RankedNumbers<T>& numbers, std::span<const double> quantiles) {
  if (numbers.size() == 0) return std::vector<double>(quantiles.size());
  std::vector<size_t> ranks;
  interpolated(numbers.size(), quantiles, [&](size_t rank) {
    ranks.push_back(rank);
    return 0.0;
  });
  const std::vector<double> values = numbers.at(ranks);
  auto next = values.begin();
  return interpolated(numbers.size(), quantiles, [&](size_t) { return *next++; });
}

}  // namespace

std::vector<double> sorted_quantiles(std::span<const double> sorted, std::span<const double> weights, std::span<const double> quantiles) {
  const size_t n = sorted.size();
  if (n == 0) return std::vector<double>(quantiles.size());
  if (weights.empty()) return interpolated(n, quantiles, [&](size_t rank) { return sorted[rank]; });
  if (std::ranges::all_of(weights, [](double weight) { return weight >= 1 && weight < 0x1p32 && weight == std::floor(weight); })) {
    // To the last digit what as many equal ones give: a rank transform tells equal numbers from nearly equal ones.
    std::vector<size_t> ends(n);
    std::transform_inclusive_scan(weights.begin(), weights.end(), ends.begin(), std::plus<>(),
                                  [](double weight) { return static_cast<size_t>(weight); });
    return interpolated(ends.back(), quantiles,
                        [&](size_t rank) { return sorted[static_cast<size_t>(std::ranges::upper_bound(ends, rank) - ends.begin())]; });
  }
  std::vector<double> found;
  found.reserve(quantiles.size());
  // Value i lies along a stretch as long as its weight; a quantile is the mean over one row's length, as interpolation is.
  double length = 0, start = 0;
  for (const double weight : weights) length += weight;
  const double row = std::min(1.0, length / static_cast<double>(n));
  size_t at = 0;
  for (const double q : quantiles) {
    const double from = q * (length - row), to = from + row;
    while (at + 1 < n && start + weights[at] <= from) start += weights[at++];
    double sum = 0, begin = from, end = start + weights[at];
    size_t i = at;
    for (; i + 1 < n && end < to; end += weights[++i]) {
      sum += (end - begin) * (sorted[i] - sorted[at]);
      begin = end;
    }
    sum += (to - begin) * (sorted[i] - sorted[at]);
    found.push_back(sorted[at] + sum / row);
  }
  return found;
}

std::span<const double> telling_weights(std::span<const double> weights) {
  const bool all_one = std::ranges::all_of(weights, [](double weight) { return weight == 1; });
  return all_one ? std::span<const double>() : weights;
}

namespace {

size_t n_there(std::span<const uint8_t> bits, size_t n_rows) {
  size_t count = 0, byte = 0;
  for (uint64_t word = 0; byte + sizeof word <= n_rows / 8; byte += sizeof word) {
    std::memcpy(&word, &bits[byte], sizeof word);
    count += static_cast<size_t>(std::popcount(word));
  }
  for (size_t row = 8 * byte; row < n_rows; ++row) count += (bits[row / 8] >> (row % 8)) & 1;
  return count;
}

/// Mean of the numbers that are there, in one pass over memory: as differences from the mean of the first of them.
double mean_there(std::span<const double> numbers, const uint8_t* there) {
  constexpr size_t kFirst = 4096;  // a whole number of bytes of `there`
  const auto count_of = [&](size_t n) { return there == nullptr ? n : n_there({there, (n + 7) / 8}, n); };
  const size_t n_first = std::min(kFirst, numbers.size());
  const size_t of_first = count_of(n_first), of_all = count_of(numbers.size());
  const double center = of_first == 0 ? 0 : sum_of_differences(numbers.first(n_first), there, 0) / static_cast<double>(of_first);
  return center + sum_of_differences(numbers, there, center) / static_cast<double>(of_all);
}

bool is_plain(const Column& column, std::span<const double> weights) {
  return weights.empty() && column.kind() == ColumnKind::Numeric && column.validity().bits == nullptr;
}

}  // namespace

Moments column_moments(const Column& column, std::span<const double> weights) {
  weights = telling_weights(weights);
  if (is_plain(column, weights)) {
    const Moments found = column.is_float32() ? moments(column.float32()) : moments(column.float64());
    if (std::isfinite(found.mean) && std::isfinite(found.m2)) return found;
  }
  const Sample sample = finite_sample(column, weights);
  if (telling_weights(sample.weights).empty()) {  // what weights of 0 leave is as if it were alone
    const Moments found = moments(sample.values);
    if (std::isfinite(found.mean) && std::isfinite(found.m2)) return found;
  }
  const double mean = sample_mean(sample);
  const auto n = static_cast<double>(sample.values.size());
  return {n, mean, sample_variance(sample, mean) * n};
}

double column_mean(const Column& column, std::span<const double> weights) {
  weights = telling_weights(weights);
  if (weights.empty() && column.kind() == ColumnKind::Numeric && !column.is_float32())
    if (const double mean = mean_there(column.float64(), column.validity().bits); std::isfinite(mean)) return mean;
  return sample_mean(finite_sample(column, weights));
}

Range column_range(const Column& column, std::span<const double> weights) {
  weights = telling_weights(weights);
  if (is_plain(column, weights)) {
    const Range found = column.is_float32() ? min_max(column.float32()) : min_max(column.float64());
    if (std::isfinite(found.min) && std::isfinite(found.max)) return found;
  }
  return min_max(finite_sample(column, weights).values);
}

std::vector<double> column_quantiles(const Column& column, std::span<const double> weights, std::span<const double> quantiles) {
  weights = telling_weights(weights);
  if (is_plain(column, weights) && column.size() < (size_t{1} << 32)) {
    const bool few = quantiles.size() <= kFewQuantiles;
    if (few && column.is_float32()) return selected_quantiles(RankedNumbers(column.float32()), quantiles);
    if (few) return selected_quantiles(RankedNumbers(column.float64()), quantiles);
    ArrayBytes scratch = ArrayBytes::unset(column.size() * sizeof(double));  // fresh pages would cost as much as the sort
    const std::span<double> values(reinterpret_cast<double*>(scratch.begin_writing()), column.size());
    size_t n = 0;
    const auto take = [&](auto numbers) {
      for (const auto number : numbers) {
        values[n] = static_cast<double>(number);
        n += static_cast<size_t>(std::isfinite(number));
      }
    };
    if (column.is_float32()) take(column.float32());
    else take(column.float64());
    sort_ascending(values.first(n));
    return sorted_quantiles(values.first(n), {}, quantiles);
  }
  Sample sample = finite_sample(column, weights);
  if (telling_weights(sample.weights).empty()) sample.weights.clear();
  sort_sample(sample);
  return sorted_quantiles(sample.values, sample.weights, quantiles);
}

namespace {

constexpr size_t kLevelRowsABlock = size_t{1} << 16;

/// The weight of the rows of each text of `written`, and last that of missing values: sums of blocks, added in order.
std::vector<double> text_weights(const WrittenLevels& written, std::span<const double> weights, const Threads& threads) {
  const auto codes = written.codes();
  const size_t n_texts = written.texts().size();
  // A block has a sum for each text: fewer blocks where there are many texts.
  const size_t grain = std::max(kLevelRowsABlock, n_texts);
  std::vector<std::vector<double>> blocks((codes.size() + grain - 1) / grain);
  threads.parallel_for(codes.size(), grain, [&](size_t begin, size_t end) {
    std::vector<double>& sums = blocks[begin / grain];
    sums.resize(n_texts + 1);
    for (size_t row = begin; row < end; ++row)
      sums[codes[row] < 0 ? n_texts : static_cast<size_t>(codes[row])] += weights.empty() ? 1.0 : weights[row];
  });
  std::vector<double> all(n_texts + 1);
  for (const std::vector<double>& sums : blocks)
    for (size_t text = 0; text <= n_texts; ++text) all[text] += sums[text];
  return all;
}

/// The numbers of the texts that have weight, in order of level; texts written alike stand beside each other.
std::vector<size_t> level_order(const WrittenLevels& written, const std::vector<double>& weights, bool by_value) {
  const auto& texts = written.texts();
  std::vector<size_t> some;
  for (size_t text = 0; text < texts.size(); ++text)
    if (weights[text] > 0 && !texts[text].empty()) some.push_back(text);
  return order_of_levels(texts, std::move(some), by_value);
}

}  // namespace

std::vector<size_t> order_of_levels(std::span<const std::string_view> texts, std::vector<size_t> some, bool by_value) {
  std::vector<double> numbers(by_value ? texts.size() : 0);
  if (by_value)
    for (const size_t text : some) numbers[text] = parse_number(texts[text]).value();
  std::ranges::sort(some, [&](size_t a, size_t b) {
    if (by_value && numbers[a] != numbers[b]) return numbers[a] < numbers[b];
    return texts[a] < texts[b];
  });
  return some;
}

namespace {

/// The levels that are written so, but for codes; `place` gets the number of each text's level, -1 where it is none.
ColumnLevels levels_of(const Column& column, const WrittenLevels& written, std::span<const double> weights, const Threads& threads,
                       std::vector<int32_t>& place) {
  const std::vector<double> of_text = text_weights(written, weights, threads);
  const auto& texts = written.texts();
  ColumnLevels found;
  found.total_weight = std::accumulate(of_text.begin(), of_text.end(), 0.0);
  found.missing_weight = of_text.back();
  for (size_t text = 0; text < texts.size(); ++text)
    if (texts[text].empty()) found.missing_weight += of_text[text];
  place.assign(texts.size(), -1);
  const bool by_number = column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer;
  for (const size_t text : level_order(written, of_text, by_number)) {
    if (found.levels.empty() || found.levels.back() != texts[text]) {
      found.levels.emplace_back(texts[text]);
      found.weights.push_back(0);
    }
    found.weights.back() += of_text[text];
    place[text] = static_cast<int32_t>(found.levels.size()) - 1;
  }
  return found;
}

const Threads& threads_or_alone(const Threads* threads) {
  static const Threads alone(1);
  return threads == nullptr ? alone : *threads;
}

}  // namespace

ColumnLevels levels_without_codes(const Column& column, std::span<const double> weights, const Threads* threads) {
  std::vector<int32_t> place;
  return levels_of(column, WrittenLevels(column, threads), weights, threads_or_alone(threads), place);
}

ColumnLevels column_levels(const Column& column, std::span<const double> weights, const Threads* threads) {
  const Threads& those = threads_or_alone(threads);
  const WrittenLevels written(column, threads);
  std::vector<int32_t> place;
  ColumnLevels found = levels_of(column, written, weights, those, place);
  const auto codes = written.codes();
  std::shared_ptr<int32_t> own = written.own_codes();  // written over; those of a dictionary are not
  if (own == nullptr) {
    const auto made = std::make_shared_for_overwrite<int32_t[]>(codes.size());
    own = {made, made.get()};
  }
  int32_t* to = own.get();
  those.parallel_for(codes.size(), kLevelRowsABlock, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const bool there = codes[row] >= 0 && (weights.empty() || weights[row] != 0);
      to[row] = there ? place[static_cast<size_t>(codes[row])] : -1;
    }
  });
  found.codes = {to, codes.size()};
  found.owned = std::move(own);
  return found;
}

}  // namespace kolosal
