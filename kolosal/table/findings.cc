#include "kolosal/table/findings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include "kolosal/table/cell_text.h"

namespace kolosal {
namespace {

constexpr size_t kMostRows = 50'000;
constexpr size_t kFewestRows = 20;      // with fewer, chance explains everything below
constexpr double kMarkerShare = 0.002;  // of the rows, from which a value may be a marker
constexpr double kMixedShare = 0.02;    // of the values, from which numbers among words, or words among numbers, are told
constexpr double kLeakShare = 0.98;     // of what can be explained, from which one column alone explains too much
constexpr size_t kBins = 64;            // that a number is cut into to foretell the target
constexpr std::array<double, 10> kMarkers = {-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999};
constexpr std::array<std::string_view, 13> kMarkerTexts = {
    "?", "-", "--", ".", "na", "n/a", "nan", "null", "missing", "none", "unknown", "not available", "#n/a"};

std::string percent(size_t part, size_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

/// Rows spread evenly over the table.
std::vector<uint32_t> rows_to_look_at(size_t n_rows) {
  const size_t n = std::min(n_rows, kMostRows);
  std::vector<uint32_t> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = static_cast<uint32_t>(i * n_rows / n);
  return rows;
}

bool is_nines(double value) { return std::ranges::find(kMarkers, value) != kMarkers.end(); }

/// A repeated -999 or the like at the end of a column's range, further from the other values than they lie apart.
std::optional<std::string> marker_of(const Column& column) {
  std::vector<double> values;
  for (const double value : column.numbers())
    if (std::isfinite(value)) values.push_back(value);
  if (values.size() < kFewestRows) return std::nullopt;
  std::ranges::sort(values);
  for (const bool lowest : {true, false}) {
    const double marker = lowest ? values.front() : values.back();
    const auto [first, last] = std::equal_range(values.begin(), values.end(), marker);
    const auto count = static_cast<size_t>(last - first);
    const size_t others = values.size() - count;
    if (!is_nines(marker) || count < 2 || static_cast<double>(count) < kMarkerShare * static_cast<double>(column.size()) || others < 2)
      continue;
    const double nearest = lowest ? *last : *(first - 1);
    const double farthest = lowest ? values.back() : values.front();
    const bool alone_below_zero = marker < 0 && nearest >= 0;
    if (std::abs(marker - nearest) > std::abs(farthest - nearest) || (alone_below_zero && farthest > nearest))
      return "Column '" + column.name() + "' is " + number_text(marker) + " in " + percent(count, column.size()) +
             " of the rows, apart from its other values: if that means missing, make those cells empty.";
  }
  return std::nullopt;
}

std::string lower_trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// How often each text occurs.
std::map<std::string, size_t> text_counts(const Column& column) {
  std::map<std::string, size_t> counts;
  for (size_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row)) ++counts[column.display(row)];
  return counts;
}

void find_in_texts(const Column& column, std::vector<Finding>& findings) {
  size_t n_numbers = 0, n_values = 0;
  std::string a_number, a_word;
  for (const auto& [text, count] : text_counts(column)) {
    n_values += count;
    if (std::ranges::find(kMarkerTexts, lower_trimmed(text)) != kMarkerTexts.end()) {
      findings.push_back({column.name(), FindingKind::SuspectedMissing,
                          "Column '" + column.name() + "' is '" + text + "' in " + percent(count, column.size()) +
                              " of the rows, which is taken for a category: if that means missing, name it among the missing markers."});
    } else if (parse_number(text)) {
      n_numbers += count;
      a_number = text;
    } else {
      a_word = text;
    }
  }
  const double share = n_values == 0 ? 0 : static_cast<double>(n_numbers) / static_cast<double>(n_values);
  if (n_values >= kFewestRows && share > kMixedShare && share < 1 - kMixedShare && !a_word.empty())
    findings.push_back({column.name(), FindingKind::MixedValues,
                        "Column '" + column.name() + "' holds numbers (such as '" + a_number + "', " + percent(n_numbers, n_values) +
                            ") among words (such as '" + a_word + "'), and is taken for words."});
}

/// The bin of each row: a level's code, or one of kBins of about equal size; missing values have a bin of their own.
std::vector<size_t> bins_of(const Column& column) {
  std::vector<size_t> bins(column.size());
  if (column.kind() == ColumnKind::Text) {
    std::map<std::string_view, size_t> numbers;
    for (size_t row = 0; row < bins.size(); ++row)
      bins[row] = column.is_missing(row) ? 0 : numbers.try_emplace(column.text(row), numbers.size() + 1).first->second;
    return bins;
  }
  const std::vector<double> values = column.numbers();
  std::vector<double> sorted;
  for (const double value : values)
    if (!std::isnan(value)) sorted.push_back(value);
  std::ranges::sort(sorted);
  std::vector<double> bounds;
  if (column.kind() == ColumnKind::Categorical) {
    bounds = sorted;
  } else {
    for (size_t b = 1; b < kBins && !sorted.empty(); ++b) bounds.push_back(sorted[b * sorted.size() / kBins]);
  }
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  for (size_t row = 0; row < bins.size(); ++row)
    bins[row] = std::isnan(values[row]) ? 0 : 1 + static_cast<size_t>(std::ranges::upper_bound(bounds, values[row]) - bounds.begin());
  return bins;
}

/// What the target is foretold from: the sum of an indicator over the rows of each bin.
struct Sums {
  std::vector<double> sum, count;
  explicit Sums(size_t n) : sum(n), count(n) {}
  double mean(size_t bin, double otherwise) const { return count[bin] > 0 ? sum[bin] / count[bin] : otherwise; }
};

/// Share of a number's variance that the bins explain on odd rows when their means were taken on even rows.
double explained_share(const std::vector<size_t>& bins, const std::vector<double>& values) {
  Sums even(*std::ranges::max_element(bins) + 1);
  double total = 0;
  for (size_t row = 0; row < bins.size(); row += 2) {
    even.sum[bins[row]] += values[row];
    even.count[bins[row]] += 1;
    total += values[row];
  }
  const size_t n_even = (bins.size() + 1) / 2;
  const double mean = total / static_cast<double>(n_even);
  double left = 0, all = 0;
  for (size_t row = 1; row < bins.size(); row += 2) {
    left += std::pow(values[row] - even.mean(bins[row], mean), 2);
    all += std::pow(values[row] - mean, 2);
  }
  return all > 0 ? 1 - left / all : 0;
}

/// The least of what a column explains of each class that occurs often, or of the target.
double leak_share(const Column& column, const Target& target) {
  const std::vector<size_t> bins = bins_of(column);
  if (!is_classification(target.task)) {
    if (target.n_targets > 1) return 0;
    return explained_share(bins, target.values);
  }
  double least = 1;
  for (size_t k = 0; k < target.n_classes(); ++k) {
    std::vector<double> is_class(target.n_rows);
    for (size_t row = 0; row < target.n_rows; ++row) is_class[row] = target.values[row] == static_cast<double>(k) ? 1 : 0;
    const double count = std::accumulate(is_class.begin(), is_class.end(), 0.0);
    if (count >= static_cast<double>(kFewestRows)) least = std::min(least, explained_share(bins, is_class));
    if (least < kLeakShare) return 0;
  }
  return least;
}

}  // namespace

std::vector<Finding> find_in_columns(const Table& features, const Target* target) {
  std::vector<Finding> findings;
  const std::vector<uint32_t> rows = rows_to_look_at(features.n_rows());
  const Table some = features.n_rows() > rows.size() ? features.take(rows) : features;
  const std::optional<Target> known = target != nullptr ? std::optional(target->take(rows)) : std::nullopt;
  for (const Column& column : some.columns()) {
    if (column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer) {
      if (auto message = marker_of(column)) findings.push_back({column.name(), FindingKind::SuspectedMissing, std::move(*message)});
    } else if (column.kind() == ColumnKind::Categorical) {
      find_in_texts(column, findings);
    }
    if (known && known->task != Task::Ranking && some.n_rows() >= 5 * kFewestRows)
      if (const double share = leak_share(column, *known); share >= kLeakShare)
        findings.push_back({column.name(), FindingKind::Leak,
                            "Column '" + column.name() + "' alone foretells the target almost fully (" +
                                number_text(std::floor(1000 * share) / 10) +
                                " % explained): if it is not known before the target is, drop it."});
  }
  return findings;
}

}  // namespace kolosal
