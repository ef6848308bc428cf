// Target encoding: each level becomes the mean target of its rows, drawn towards the mean of all rows.
//
//   encoding(level) = (sum of w y over its rows + smoothing * prior) / (sum of w + smoothing),  prior = weighted mean of y
//
// or, where `smoothing` is not set, by empirical Bayes: share * (mean of the level) + (1 - share) * prior with
// share = V n / (V n + v), V the variance of y over all rows, v that over the level's n rows.
//
// y is the target (regression, each target of several, relevance), the indicator of class 1 (binary) or of each class. Missing values
// are a level of their own; a level not seen in fitting gets the prior. The training rows are encoded out of fold: rows are dealt
// into `n_folds` at random, those of each class evenly (so the prior does not differ between folds and tell a row its class), those of a
// ranking group together. A row's encoding, prior included, sums over the other folds only, so no row sees its own target. Rows of weight
// 0 are in no fold and are encoded as new rows are.
//
// Of rows that come in chunks (target_chunks.cc) a first pass sums for the fitted encodings, a second by fold.
//
// Shapes   a column gives n_outputs columns: 1, or n_classes in multiclass, or n_targets.
// Cost     O(n_rows n_outputs + n_folds^2 n_levels n_outputs) a column.
// Source   Micci-Barreca, SIGKDD Explorations 3(1), 2001 (the m-estimate and empirical Bayes).
// Checked  target_encode_test.cc: by hand, and that no row sees its own target; scikit-learn's TargetEncoder in tests/parity.

#include <algorithm>
#include <numeric>

#include "kolosal/preprocess/encode/fold_dealer.h"
#include "kolosal/preprocess/encode/target_chunks.h"
#include "kolosal/preprocess/encode/target_sums.h"

namespace kolosal {
namespace {

constexpr int kMostFolds = 100;

struct TargetEncodeParams {
  std::vector<std::string> columns;
  std::optional<double> smoothing = 10;
  double min_samples = 0;
  int n_folds = 5;
  UnknownLevel unknown = UnknownLevel::Default;
  bool keep = false;
};

void describe(Fields<TargetEncodeParams>& f) {
  using P = TargetEncodeParams;
  f.add("columns", &P::columns, "Columns to encode; empty means all categorical ones.");
  f.add("smoothing", &P::smoothing,
        "Rows of prior: how much the mean of all rows counts against a level's own; null lets the variances say (empirical Bayes).")
      .min(0)
      .search_log(1, 100);
  f.add("min_samples", &P::min_samples, "Levels of fewer rows (by weight) get the mean of all rows.").min(0).alias("min_rows");
  f.add("n_folds", &P::n_folds, "Folds for the out-of-fold encoding of the training rows.").min(2).max(kMostFolds).alias("cv");
  f.add("unknown", &P::unknown, "What a level not seen in fitting gives: an error, a missing value, or the mean of all rows (default).")
      .choices({"error", "missing", "default"});
  f.add("keep", &P::keep, "Whether the column itself stays, before those made of it.");
}

/// A fold for each row of weight, n_folds for others; rows of one ranking group share theirs.
std::vector<uint8_t> deal_folds(const Target& target, std::span<const double> weights, size_t n_folds, const FitContext& context) {
  const bool some_absent = std::ranges::find(weights, 0.0) != weights.end();
  const auto is_there = [&](size_t row) { return !some_absent || weights[row] != 0; };
  std::vector<uint8_t> folds(target.n_rows, static_cast<uint8_t>(n_folds));
  const bool is_grouped = !target.group.empty(), has_classes = is_classification(target.task);
  if (!is_grouped && !has_classes && !some_absent) {
    deal_evenly({{{}, target.n_rows}}, n_folds, context.seed, *context.threads, folds);
    return folds;
  }
  std::vector<std::vector<uint32_t>> units(has_classes ? target.n_classes() : 1);
  if (is_grouped) {
    std::vector<uint8_t> has_rows(*std::ranges::max_element(target.group) + size_t{1});
    for (size_t row = 0; row < target.n_rows; ++row) has_rows[target.group[row]] |= static_cast<uint8_t>(is_there(row));
    for (size_t group = 0; group < has_rows.size(); ++group)
      if (has_rows[group] != 0) units[0].push_back(static_cast<uint32_t>(group));
    std::vector<uint8_t> fold_of(has_rows.size());
    deal_evenly({{units[0], units[0].size()}}, n_folds, context.seed, *context.threads, fold_of);
    for (size_t row = 0; row < target.n_rows; ++row)
      if (is_there(row)) folds[row] = fold_of[target.group[row]];
    return folds;
  }
  if (has_classes) {
    std::vector<size_t> n_of_class(units.size());
    for (const double number : target.values) ++n_of_class[static_cast<size_t>(number)];
    for (size_t i = 0; i < units.size(); ++i) units[i].reserve(n_of_class[i]);
  }
  for (size_t row = 0; row < target.n_rows; ++row)
    if (is_there(row)) units[has_classes ? static_cast<size_t>(target.values[row]) : 0].push_back(static_cast<uint32_t>(row));
  std::vector<Deal> deals;
  for (const std::vector<uint32_t>& of_class : units)
    if (!of_class.empty()) deals.push_back({of_class, of_class.size()});
  deal_evenly(deals, n_folds, context.seed, *context.threads, folds);
  return folds;
}

class TargetEncode : public Transformer {
 public:
  explicit TargetEncode(TargetEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_columns(input, context, nullptr);
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    std::vector<std::vector<Column>> encoded(input.table.n_columns());
    auto fitted = fit_columns(input, context, &encoded);
    return {std::move(fitted), with_encoded(input.table, std::move(encoded), params_.keep)};
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return encode_target_in_chunks(
        {params_.columns, {params_.smoothing, params_.min_samples}, static_cast<size_t>(params_.n_folds), params_.unknown, params_.keep});
  }

 private:
  /// Fits; where `encoded` is given it gets, for each column of the table, the columns made of it for the training rows.
  std::unique_ptr<FittedTransformer> fit_columns(const TransformerInput& input, const FitContext& context,
                                                 std::vector<std::vector<Column>>* encoded) const {
    TargetColumns chosen = target_columns(input, params_.columns, params_.unknown, params_.keep, "target_encode");
    if (chosen.columns.empty()) return make_lookup({});
    const MemoryLease lease(context.memory, encoded == nullptr ? 0 : chosen.bytes_made(input.table.n_rows()),
                            "the columns that target_encode makes");
    const auto n_folds = static_cast<size_t>(params_.n_folds);  // fit sums by fold too, so that it gives the bytes of fit_transform
    const std::vector<uint8_t> folds = deal_folds(*input.target, input.weights, n_folds, context);
    context.threads->parallel_each(chosen.columns.size(), [&](size_t i) {
      context.check();
      const auto place = static_cast<size_t>(chosen.columns[i] - input.table.columns().data());
      fit_column(*chosen.columns[i], input, folds, n_folds, context, chosen.specs[i], encoded == nullptr ? nullptr : &(*encoded)[place]);
    });
    return make_lookup(std::move(chosen.specs));
  }

  void fit_column(const Column& column, const TransformerInput& input, std::span<const uint8_t> folds, size_t n_folds,
                  const FitContext& context, LookupColumn& fitted, std::vector<Column>* encoded) const {
    const Goals goals(*input.target);
    const Smoothing smoothing{params_.smoothing, params_.min_samples};
    ColumnLevels found = column_levels(column, input.weights, context.threads.get());
    const auto sums =
        sums_by_fold(found.codes, folds, n_folds, goals, input.weights, found.levels.size(), !params_.smoothing.has_value(), context);
    LevelSums all = sums.front();
    for (size_t fold = 1; fold < n_folds; ++fold) all.merge(sums[fold]);
    fitted.values = all.encodings(smoothing, goals.of_no_rows());
    if (encoded != nullptr) {
      std::vector<std::vector<double>> tables;
      for (size_t fold = 0; fold < n_folds; ++fold) {
        LevelSums others(found.levels.size(), goals.n_outputs(), !params_.smoothing.has_value());
        for (size_t other = 0; other < n_folds; ++other)
          if (other != fold) others.merge(sums[other]);
        tables.push_back(others.encodings(smoothing, goals.of_no_rows()));
      }
      tables.push_back(fitted.values);
      *encoded =
          encode_by_fold(slots_of_rows(column, found, input.weights, *context.threads).view(), folds, tables, fitted, *context.threads);
    }
    fitted.levels = std::move(found.levels);
  }

  TargetEncodeParams params_;
};

}  // namespace

void register_target_encode(Catalog<Transformer>& catalog) {
  catalog.add<TargetEncode, TargetEncodeParams>("target_encode", "Each level becomes the smoothed mean target of its rows, out of fold.",
                                                {"target", "target_encoder"});
}

}  // namespace kolosal
