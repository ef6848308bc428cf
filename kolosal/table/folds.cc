// Folds: k-fold, stratified, group, stratified-group, time series, leave-one-out and predefined splits.
//
// Every strategy but time series first gives each row the fold that holds it out, and then makes the lists from that.
// The random part (which row or group comes first) is a stream of (seed, "folds", repeat), so a split is a pure function
// of its arguments.
//
// Cost     O(n_rows log n_rows) a repeat; stratified-group O(n_groups n_folds^2 n_classes) besides.
// Source   the stratified-group rule is the greedy one of scikit-learn's StratifiedGroupKFold: groups whose classes are
//          most uneven first, each to the fold where the spread of class shares over folds stays smallest.
// Checked  properties over random tables in folds_test.cc.
#include "kolosal/table/folds.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr size_t kMostLeaveOneOutRows = 5000;  // n_rows^2 row numbers are made: 100 MB here

constexpr int32_t kNeverHeldOut = -1;

[[noreturn]] void cannot(std::string message, std::string remedy) {
  throw Error(ErrorCode::BadValue, "folds: " + std::move(message), std::move(remedy));
}

/// Throws where a list that the strategy needs does not have one entry a row.
void check_length(size_t found, size_t n_rows, std::string_view what) {
  if (found != n_rows)
    cannot(
        "the strategy needs the " + std::string(what) + " of each of " + std::to_string(n_rows) + " rows, found " + std::to_string(found),
        "Name the column that holds it, or choose another strategy.");
}

/// Numbers the distinct values 0, 1, ... in ascending order; returns how many there are.
template <class T>
size_t number_values(std::span<const T> values, std::vector<uint32_t>& numbers) {
  std::vector<T> distinct(values.begin(), values.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  numbers.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    numbers[i] = static_cast<uint32_t>(std::lower_bound(distinct.begin(), distinct.end(), values[i]) - distinct.begin());
  return distinct.size();
}

std::vector<uint32_t> shuffled(size_t n, RandomStream& random) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  random.shuffle(std::span<uint32_t>(order));
  return order;
}

/// Appends the folds that hold out the rows as `held_out` says.
void append_folds(const std::vector<int32_t>& held_out, int32_t n_folds, std::vector<Fold>& folds) {
  std::vector<size_t> sizes(static_cast<size_t>(n_folds));
  for (const int32_t fold : held_out)
    if (fold >= 0) ++sizes[static_cast<size_t>(fold)];
  for (int32_t k = 0; k < n_folds; ++k) {
    Fold fold;
    fold.valid.reserve(sizes[static_cast<size_t>(k)]);
    fold.train.reserve(held_out.size() - sizes[static_cast<size_t>(k)]);
    for (size_t row = 0; row < held_out.size(); ++row) (held_out[row] == k ? fold.valid : fold.train).push_back(static_cast<uint32_t>(row));
    folds.push_back(std::move(fold));
  }
}

std::vector<int32_t> k_fold(const FoldRows& rows, int32_t n_folds, RandomStream& random) {
  std::vector<int32_t> held_out(rows.n_rows);
  const std::vector<uint32_t> order = shuffled(rows.n_rows, random);
  for (size_t i = 0; i < order.size(); ++i) held_out[order[i]] = static_cast<int32_t>(i % static_cast<size_t>(n_folds));
  return held_out;
}

/// Numbers the classes; throws where a value is missing.
size_t number_classes(const FoldRows& rows, std::vector<uint32_t>& classes) {
  check_length(rows.classes.size(), rows.n_rows, "class");
  for (const double value : rows.classes)
    if (std::isnan(value)) cannot("a row has no class", "Remove rows without a target first.");
  return number_values(rows.classes, classes);
}

// Rows are laid out class after class, each class in random order, and dealt to the folds in turn: so both a class and the
// whole are spread to within one row.
std::vector<int32_t> stratified(const FoldRows& rows, int32_t n_folds, RandomStream& random) {
  std::vector<uint32_t> classes;
  const size_t n_classes = number_classes(rows, classes);
  std::vector<size_t> counts(n_classes);
  for (const uint32_t c : classes) ++counts[c];
  for (size_t c = 0; c < n_classes; ++c)
    if (counts[c] < 2)
      cannot("class number " + std::to_string(c) + " (in order of value) has a single row, which cannot be both learnt from and held out",
             "Remove the class, gather more rows of it, or use k_fold.");
  std::vector<uint32_t> order = shuffled(rows.n_rows, random);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return classes[a] < classes[b]; });
  std::vector<int32_t> held_out(rows.n_rows);
  for (size_t i = 0; i < order.size(); ++i) held_out[order[i]] = static_cast<int32_t>(i % static_cast<size_t>(n_folds));
  return held_out;
}

/// Numbers the groups; throws where there are fewer than folds.
size_t number_groups(const FoldRows& rows, int32_t n_folds, std::vector<uint32_t>& groups) {
  check_length(rows.groups.size(), rows.n_rows, "group");
  const size_t n_groups = number_values(rows.groups, groups);
  if (n_groups < static_cast<size_t>(n_folds))
    cannot(std::to_string(n_groups) + " groups cannot be spread over " + std::to_string(n_folds) + " folds",
           "Use at most " + std::to_string(n_groups) + " folds.");
  return n_groups;
}

// The largest group first, each to the fold with the fewest rows.
std::vector<int32_t> grouped(const FoldRows& rows, int32_t n_folds, RandomStream& random) {
  std::vector<uint32_t> groups;
  const size_t n_groups = number_groups(rows, n_folds, groups);
  std::vector<size_t> sizes(n_groups);
  for (const uint32_t g : groups) ++sizes[g];
  std::vector<uint32_t> order = shuffled(n_groups, random);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return sizes[a] > sizes[b]; });
  std::vector<size_t> filled(static_cast<size_t>(n_folds));
  std::vector<int32_t> fold_of(n_groups);
  for (const uint32_t g : order) {
    const auto lightest = static_cast<size_t>(std::min_element(filled.begin(), filled.end()) - filled.begin());
    fold_of[g] = static_cast<int32_t>(lightest);
    filled[lightest] += sizes[g];
  }
  std::vector<int32_t> held_out(rows.n_rows);
  for (size_t i = 0; i < rows.n_rows; ++i) held_out[i] = fold_of[groups[i]];
  return held_out;
}

double variance(std::span<const double> values) {
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size());
}

/// The state of the greedy stratified-group rule: rows of each class in each fold, as shares of the class.
struct ClassShares {
  size_t n_folds, n_classes;
  std::vector<double> share;      // (n_classes, n_folds)
  std::vector<double> deviation;  // of each class over the folds
  std::vector<size_t> filled;     // rows of each fold

  ClassShares(size_t folds, size_t classes)
      : n_folds(folds), n_classes(classes), share(folds * classes), deviation(classes), filled(folds) {}

  /// Mean deviation over classes if a group with class shares `added` went to `fold`.
  double score(size_t fold, std::span<const double> added) {
    double total = 0;
    for (size_t c = 0; c < n_classes; ++c) total += added[c] == 0 ? deviation[c] : deviation_with(c, fold, added[c]);
    return total / static_cast<double>(n_classes);
  }

  void put(size_t fold, std::span<const double> added, size_t n_rows) {
    for (size_t c = 0; c < n_classes; ++c) {
      if (added[c] == 0) continue;
      deviation[c] = deviation_with(c, fold, added[c]);
      share[c * n_folds + fold] += added[c];
    }
    filled[fold] += n_rows;
  }

 private:
  double deviation_with(size_t c, size_t fold, double added) {
    double& cell = share[c * n_folds + fold];
    const double before = cell;
    cell += added;
    const double found = std::sqrt(variance({&share[c * n_folds], n_folds}));
    cell = before;
    return found;
  }
};

std::vector<int32_t> stratified_grouped(const FoldRows& rows, int32_t n_folds, RandomStream& random) {
  std::vector<uint32_t> classes, groups;
  const size_t n_classes = number_classes(rows, classes);
  const size_t n_groups = number_groups(rows, n_folds, groups);
  std::vector<double> counts(n_groups * n_classes), class_total(n_classes);
  std::vector<size_t> sizes(n_groups);
  for (size_t i = 0; i < rows.n_rows; ++i) {
    ++counts[groups[i] * n_classes + classes[i]];
    ++class_total[classes[i]];
    ++sizes[groups[i]];
  }
  std::vector<double> unevenness(n_groups);
  for (size_t g = 0; g < n_groups; ++g) unevenness[g] = variance({&counts[g * n_classes], n_classes});
  std::vector<uint32_t> order = shuffled(n_groups, random);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return unevenness[a] > unevenness[b]; });

  ClassShares shares(static_cast<size_t>(n_folds), n_classes);
  std::vector<int32_t> fold_of(n_groups);
  std::vector<double> added(n_classes);
  size_t n_empty = shares.n_folds;
  for (size_t done = 0; done < n_groups; ++done) {
    const uint32_t g = order[done];
    for (size_t c = 0; c < n_classes; ++c) added[c] = counts[g * n_classes + c] / class_total[c];
    const bool only_empty = n_groups - done <= n_empty;  // no fold may stay without rows
    size_t best = shares.n_folds;
    double best_score = 0;
    for (size_t fold = 0; fold < shares.n_folds; ++fold) {
      if (only_empty && shares.filled[fold] != 0) continue;
      const double score = shares.score(fold, added);
      const bool tie = best < shares.n_folds && std::abs(score - best_score) <= 1e-12;
      if (best == shares.n_folds || (tie ? shares.filled[fold] < shares.filled[best] : score < best_score)) {
        best = fold;
        best_score = score;
      }
    }
    n_empty -= shares.filled[best] == 0;
    shares.put(best, added, sizes[g]);
    fold_of[g] = static_cast<int32_t>(best);
  }
  std::vector<int32_t> held_out(rows.n_rows);
  for (size_t i = 0; i < rows.n_rows; ++i) held_out[i] = fold_of[groups[i]];
  return held_out;
}

// The last n_folds / (n_folds + 1) of the rows in order of time are held out piece after piece; all rows before a piece,
// less the gap, are learnt from.
std::vector<Fold> time_series(const FoldRows& rows, const FoldOptions& options) {
  std::vector<uint32_t> order(rows.n_rows);
  std::iota(order.begin(), order.end(), 0U);
  if (!rows.time.empty()) {
    check_length(rows.time.size(), rows.n_rows, "time");
    for (const double time : rows.time)
      if (std::isnan(time)) cannot("a row has no time", "Remove rows without a time first.");
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rows.time[a] < rows.time[b]; });
  }
  const auto n_folds = static_cast<size_t>(options.n_folds);
  const size_t piece = rows.n_rows / (n_folds + 1);
  const auto gap = static_cast<size_t>(options.gap);
  if (piece == 0 || rows.n_rows - n_folds * piece <= gap)
    cannot(std::to_string(rows.n_rows) + " rows are too few for " + std::to_string(options.n_folds) + " time series folds with a gap of " +
               std::to_string(options.gap),
           "Use fewer folds or a smaller gap.");
  std::vector<Fold> folds;
  for (size_t k = 0; k < n_folds; ++k) {
    const size_t start = rows.n_rows - (n_folds - k) * piece;
    Fold fold;
    fold.train.assign(order.begin(), order.begin() + static_cast<ptrdiff_t>(start - gap));
    fold.valid.assign(order.begin() + static_cast<ptrdiff_t>(start), order.begin() + static_cast<ptrdiff_t>(start + piece));
    std::sort(fold.train.begin(), fold.train.end());
    std::sort(fold.valid.begin(), fold.valid.end());
    folds.push_back(std::move(fold));
  }
  return folds;
}

std::vector<Fold> leave_one_out(const FoldRows& rows) {
  if (rows.n_rows < 2 || rows.n_rows > kMostLeaveOneOutRows)
    cannot("leave_one_out is for 2 to " + std::to_string(kMostLeaveOneOutRows) + " rows, found " + std::to_string(rows.n_rows),
           "Use k_fold.");
  std::vector<int32_t> held_out(rows.n_rows);
  std::iota(held_out.begin(), held_out.end(), 0);
  std::vector<Fold> folds;
  append_folds(held_out, static_cast<int32_t>(rows.n_rows), folds);
  return folds;
}

std::vector<Fold> predefined(const FoldRows& rows) {
  check_length(rows.fold.size(), rows.n_rows, "fold");
  std::vector<int64_t> names;
  for (const int64_t fold : rows.fold)
    if (fold >= 0) names.push_back(fold);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty())
    cannot("no row is held out: every fold number is negative", "Number the folds 0, 1, ... ; negative rows are always trained on.");
  std::vector<int32_t> held_out(rows.n_rows, kNeverHeldOut);
  for (size_t i = 0; i < rows.n_rows; ++i)
    if (rows.fold[i] >= 0) held_out[i] = static_cast<int32_t>(std::lower_bound(names.begin(), names.end(), rows.fold[i]) - names.begin());
  std::vector<Fold> folds;
  if (names.size() > 1000)
    cannot("the fold column has " + std::to_string(names.size()) + " distinct numbers, at most 1000 are allowed",
           "Check that it is the fold column.");
  append_folds(held_out, static_cast<int32_t>(names.size()), folds);
  for (const Fold& fold : folds)
    if (fold.train.empty())
      cannot("all rows are in one fold, so none is left to learn from", "Use at least two fold numbers, or negative ones.");
  return folds;
}

std::vector<int32_t> assign(const FoldRows& rows, const FoldOptions& options, RandomStream& random) {
  switch (options.strategy) {
    case FoldStrategy::Stratified: return stratified(rows, options.n_folds, random);
    case FoldStrategy::Group: return grouped(rows, options.n_folds, random);
    case FoldStrategy::StratifiedGroup: return stratified_grouped(rows, options.n_folds, random);
    default: return k_fold(rows, options.n_folds, random);
  }
}

}  // namespace

void describe(Fields<FoldOptions>& fields) {
  fields.add("strategy", &FoldOptions::strategy, "How rows are divided into folds.");
  fields.add("n_folds", &FoldOptions::n_folds, "Number of folds.").min(2).max(1000).alias("n_splits").alias("cv");
  fields.add("n_repeats", &FoldOptions::n_repeats, "How often the whole split is made, each time in another order.").min(1).max(1000);
  fields.add("gap", &FoldOptions::gap, "Rows left out between training and held-out rows of a time series.").min(0);
}

std::vector<Fold> make_folds(const FoldRows& rows, const FoldOptions& options, uint64_t seed) {
  if (options.strategy == FoldStrategy::LeaveOneOut) return leave_one_out(rows);
  if (options.strategy == FoldStrategy::Predefined) return predefined(rows);
  if (options.n_folds < 2 || options.n_repeats < 1 || options.gap < 0)
    cannot("n_folds = " + std::to_string(options.n_folds) + ", n_repeats = " + std::to_string(options.n_repeats) +
               ", gap = " + std::to_string(options.gap) + "; at least 2, 1 and 0 are allowed",
           "Change the fold options.");
  if (options.strategy == FoldStrategy::TimeSeries) return time_series(rows, options);
  if (rows.n_rows < static_cast<size_t>(options.n_folds))
    cannot(std::to_string(rows.n_rows) + " rows cannot be divided into " + std::to_string(options.n_folds) + " folds",
           "Use at most as many folds as rows.");
  std::vector<Fold> folds;
  for (int32_t repeat = 0; repeat < options.n_repeats; ++repeat) {
    RandomStream random(seed, "folds", static_cast<uint64_t>(repeat));
    append_folds(assign(rows, options, random), options.n_folds, folds);
  }
  return folds;
}

}  // namespace kolosal
