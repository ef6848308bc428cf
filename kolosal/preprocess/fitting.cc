// Statistics for fitting. Sums run over the rows in order, so that results do not depend on threads: those work on a column each.
//
// Cost     O(n_rows) a column; sorting O(n_rows log n_rows).
// Checked  scalers_test.cc, encoders_test.cc.
#include "kolosal/preprocess/fitting.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/fields.h"
#include "kolosal/table/level_text.h"

namespace kolosal {
namespace {

void check_weights(const TransformerInput& input, std::string_view transformer) {
  if (input.weights.empty()) return;
  if (input.weights.size() != input.table.n_rows())
    throw Error(ErrorCode::BadValue, std::string(transformer) + ": " + std::to_string(input.weights.size()) + " weights for " +
                                         std::to_string(input.table.n_rows()) + " rows");
  for (const double weight : input.weights)
    if (!(weight >= 0) || !std::isfinite(weight))
      throw Error(ErrorCode::BadValue,
                  std::string(transformer) + ": a weight is " + std::to_string(weight) + "; weights are >= 0 and finite");
}

}  // namespace

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
                  std::string(transformer) + " does not work on column '" + name + "', which is " + std::string(enum_name(column.kind())));
    if (std::ranges::find(chosen, &column) == chosen.end()) chosen.push_back(&column);
  }
  return chosen;
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
  Sample sample;
  sample.values.reserve(column.size());
  if (!weights.empty()) sample.weights.reserve(column.size());
  for (size_t row = 0; row < column.size(); ++row) {
    if (!weights.empty() && weights[row] == 0) continue;
    const double value = column.number(row);
    if (!std::isfinite(value)) continue;
    sample.values.push_back(value);
    if (!weights.empty()) sample.weights.push_back(weights[row]);
  }
  return sample;
}

void sort_sample(Sample& sample) {
  if (sample.weights.empty()) {
    std::ranges::sort(sample.values);
    return;
  }
  std::vector<std::pair<double, double>> pairs(sample.values.size());
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {sample.values[i], sample.weights[i]};
  std::ranges::sort(pairs);
  for (size_t i = 0; i < pairs.size(); ++i) std::tie(sample.values[i], sample.weights[i]) = pairs[i];
}

double sample_mean(const Sample& sample) {
  if (sample.values.empty()) return 0;
  double total = 0, sum = 0;
  for (size_t i = 0; i < sample.values.size(); ++i) {
    total += sample.weight(i);
    sum += sample.weight(i) * sample.values[i];
  }
  double mean = sum / total;
  if (!std::isfinite(mean)) return 0;
  double rest = 0;  // what rounding lost
  for (size_t i = 0; i < sample.values.size(); ++i) rest += sample.weight(i) * (sample.values[i] - mean);
  return mean + rest / total;
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

double sorted_quantile(const Sample& sorted, double q) {
  const size_t n = sorted.values.size();
  if (n == 0) return 0;
  const auto between = [&](size_t i, double share) {
    if (i + 1 >= n || share <= 0) return sorted.values[i];
    return sorted.values[i] + share * (sorted.values[i + 1] - sorted.values[i]);
  };
  if (sorted.weights.empty()) {
    const double place = q * static_cast<double>(n - 1);
    const auto low = static_cast<size_t>(place);
    return between(low, place - static_cast<double>(low));
  }
  const auto step = [&](size_t i) { return (sorted.weights[i] + sorted.weights[i + 1]) / 2; };
  double length = 0;
  for (size_t i = 0; i + 1 < n; ++i) length += step(i);
  double place = q * length;
  for (size_t i = 0; i + 1 < n; ++i) {
    if (place < step(i)) return between(i, place / step(i));
    place -= step(i);
  }
  return sorted.values.back();
}

std::span<const double> telling_weights(std::span<const double> weights) {
  const bool all_one = std::ranges::all_of(weights, [](double weight) { return weight == 1; });
  return all_one ? std::span<const double>() : weights;
}

namespace {

constexpr size_t kSampled = 8192;        // values that bracket an order statistic
constexpr size_t kBracket = 160;         // places in the sample to either side of it: more than three standard errors
constexpr size_t kSelectable = 1 << 16;  // with fewer values, plain selection is as fast

/// The values that would stand at `rank`, from 0, and after it, were the values sorted; the last twice at the end.
std::pair<double, double> order_statistics(std::span<const double> values, size_t rank, std::vector<double>& buffer) {
  const auto pick = [&](size_t place) {
    const auto nth = buffer.begin() + static_cast<std::ptrdiff_t>(place);
    std::ranges::nth_element(buffer, nth);
    return std::pair(*nth, nth + 1 == buffer.end() ? *nth : *std::min_element(nth + 1, buffer.end()));
  };
  if (values.size() >= kSelectable) {
    std::vector<double> sampled(kSampled);
    for (size_t i = 0; i < kSampled; ++i) sampled[i] = values[i * values.size() / kSampled + (i * 7919) % (values.size() / kSampled)];
    std::ranges::sort(sampled);
    const size_t place = rank * kSampled / values.size();
    const double low = place > kBracket ? sampled[place - kBracket] : -std::numeric_limits<double>::infinity();
    const double high = place + kBracket < kSampled ? sampled[place + kBracket] : std::numeric_limits<double>::infinity();
    size_t n_below = 0;
    buffer.clear();
    std::array<double, 1024> inside;  // without a branch: which values fall between is chance
    for (size_t begin = 0; begin < values.size(); begin += inside.size()) {
      const size_t end = std::min(values.size(), begin + inside.size());
      size_t n_inside = 0;
      for (size_t i = begin; i < end; ++i) {
        inside[n_inside] = values[i];
        n_below += static_cast<size_t>(values[i] < low);
        n_inside += static_cast<size_t>(values[i] >= low) & static_cast<size_t>(values[i] <= high);
      }
      buffer.insert(buffer.end(), inside.begin(), inside.begin() + static_cast<std::ptrdiff_t>(n_inside));
    }
    const bool has_next = rank + 1 < n_below + buffer.size() || rank + 1 == values.size();
    if (rank >= n_below && rank - n_below < buffer.size() && has_next) return pick(rank - n_below);
  }
  buffer.assign(values.begin(), values.end());
  return pick(rank);
}

/// The numbers as they lie, where the column holds float64 that are all there and finite; else null.
std::span<const double> plain_numbers(const Column& column) {
  if (column.kind() != ColumnKind::Numeric || column.is_float32() || column.validity().bits != nullptr) return {};
  return std::isfinite(sum(column.float64())) ? column.float64() : std::span<const double>();
}

size_t n_there(const Column& column) {
  const uint8_t* bits = column.validity().bits;
  if (bits == nullptr) return column.size();
  size_t count = 0;
  for (size_t row = 0; row + 8 <= column.size(); row += 8) count += static_cast<size_t>(std::popcount(bits[row / 8]));
  for (size_t row = column.size() / 8 * 8; row < column.size(); ++row) count += column.is_missing(row) ? 0 : 1;
  return count;
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
  if (weights.empty() && column.kind() == ColumnKind::Numeric && !column.is_float32()) {
    const uint8_t* there = column.validity().bits;
    const auto count = static_cast<double>(n_there(column));
    const double mean = sum_of_differences(column.float64(), there, 0) / count;
    const double rest = sum_of_differences(column.float64(), there, mean) / count;  // what rounding lost
    if (std::isfinite(mean + rest)) return mean + rest;
  }
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
  std::vector<double> found;
  Sample sample;
  std::span<const double> values = weights.empty() ? plain_numbers(column) : std::span<const double>();
  if (values.empty()) {
    sample = finite_sample(column, weights);
    if (!telling_weights(sample.weights).empty()) {
      sort_sample(sample);
      for (const double q : quantiles) found.push_back(sorted_quantile(sample, q));
      return found;
    }
    values = sample.values;
  }
  std::vector<double> buffer;
  for (const double q : quantiles) {
    if (values.empty()) {
      found.push_back(0);
      continue;
    }
    const double place = q * static_cast<double>(values.size() - 1);
    const auto rank = static_cast<size_t>(place);
    const double share = place - static_cast<double>(rank);
    const auto [value, next] = order_statistics(values, rank, buffer);
    found.push_back(share > 0 ? value + share * (next - value) : value);
  }
  return found;
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
std::vector<size_t> level_order(const WrittenLevels& written, const std::vector<double>& weights, bool by_number) {
  const auto& texts = written.texts();
  std::vector<size_t> order;
  for (size_t text = 0; text < texts.size(); ++text)
    if (weights[text] > 0 && !texts[text].empty()) order.push_back(text);
  std::vector<double> numbers(by_number ? texts.size() : 0);
  if (by_number)
    for (const size_t text : order) numbers[text] = std::stod(std::string(texts[text]));
  std::ranges::sort(order, [&](size_t a, size_t b) {
    if (by_number && numbers[a] != numbers[b]) return numbers[a] < numbers[b];
    return texts[a] < texts[b];
  });
  return order;
}

}  // namespace

ColumnLevels column_levels(const Column& column, std::span<const double> weights, const Threads* threads) {
  static const Threads alone(1);
  const Threads& those = threads == nullptr ? alone : *threads;
  const WrittenLevels written(column, threads);
  const std::vector<double> of_text = text_weights(written, weights, those);
  const auto& texts = written.texts();
  ColumnLevels found;
  found.total_weight = std::accumulate(of_text.begin(), of_text.end(), 0.0);
  found.missing_weight = of_text.back();
  for (size_t text = 0; text < texts.size(); ++text)
    if (texts[text].empty()) found.missing_weight += of_text[text];
  std::vector<int32_t> place(texts.size(), -1);
  const bool by_number = column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer;
  for (const size_t text : level_order(written, of_text, by_number)) {
    if (found.levels.empty() || found.levels.back() != texts[text]) {
      found.levels.emplace_back(texts[text]);
      found.weights.push_back(0);
    }
    found.weights.back() += of_text[text];
    place[text] = static_cast<int32_t>(found.levels.size()) - 1;
  }
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
