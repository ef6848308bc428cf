// Outliers of a column: values beyond bounds, which come from quartiles, standard deviations or percentiles, become the bounds or
// missing, or their rows are removed from training. Missing values are no outliers.
//
//   iqr         first quartile - factor * IQR .. third quartile + factor * IQR
//   z_score     mean -+ threshold * standard deviation (population)
//   percentile  the quantiles low_quantile and high_quantile; smallest and largest value where the two are equal, so that a
//               column of nearly all zeros keeps the others
//
// Cost     O(n_rows log n_rows) a column; O(n_rows) under z_score.
// Checked  scalers_test.cc, outliers_test.cc.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/clip.h"
#include "kolosal/preprocess/forms/pass.h"

namespace kolosal {
namespace {

enum class OutlierBounds { Iqr, ZScore, Percentile };
constexpr auto enum_names(OutlierBounds) {
  return std::to_array<std::pair<OutlierBounds, std::string_view>>(
      {{OutlierBounds::Iqr, "iqr"}, {OutlierBounds::ZScore, "z_score"}, {OutlierBounds::Percentile, "percentile"}});
}

enum class OutlierAction { Clip, ToMissing, Remove };
constexpr auto enum_names(OutlierAction) {
  return std::to_array<std::pair<OutlierAction, std::string_view>>(
      {{OutlierAction::Clip, "clip"}, {OutlierAction::ToMissing, "to_missing"}, {OutlierAction::Remove, "remove"}});
}

struct ClipOutliersParams {
  std::vector<std::string> columns;
  OutlierBounds method = OutlierBounds::Iqr;
  OutlierAction action = OutlierAction::Clip;
  double factor = 1.5;
  double threshold = 3;
  double low_quantile = 0.01;
  double high_quantile = 0.99;
  std::optional<double> lower, upper;
};

void describe(Fields<ClipOutliersParams>& f) {
  using P = ClipOutliersParams;
  f.add("columns", &P::columns, "Columns to clip; empty means all numbers and integers.");
  f.add("method", &P::method, "Where the bounds come from.");
  f.add("action", &P::action,
        "What becomes of values beyond the bounds: the bound, missing, or their rows are removed, in training alone.");
  f.add("factor", &P::factor, "Interquartile ranges beyond the quartiles that are still allowed, under 'iqr'.").min(0);
  f.add("threshold", &P::threshold, "Standard deviations from the mean that are still allowed, under 'z_score'.").above(0);
  f.add("low_quantile", &P::low_quantile, "The lower bound under 'percentile', as a share of rows.").min(0).max(1);
  f.add("high_quantile", &P::high_quantile, "The upper bound under 'percentile', as a share of rows; at least the lower.").min(0).max(1);
  f.add("lower", &P::lower, "A lower bound that stands for the learnt one of every column.");
  f.add("upper", &P::upper, "An upper bound that stands for the learnt one of every column; at least the lower.");
}

/// What of a column that comes in chunks the bounds are made of.
struct ChunkSpread {
  ChunkMoments moments;
  ChunkQuantiles quantiles;

  void add(const Column& column, std::span<const double> weights, const FitContext& context) {
    moments.add(column, weights, context);
    quantiles.add(column, weights, context);
  }
};

class ClipOutliers : public Transformer {
 public:
  explicit ClipOutliers(ClipOutliersParams params) : params_(std::move(params)) {
    if (params_.low_quantile > params_.high_quantile)
      throw Error(ErrorCode::BadValue,
                  "clip_outliers: low_quantile is " + std::to_string(params_.low_quantile) + " and high_quantile " +
                      std::to_string(params_.high_quantile),
                  "Let low_quantile be at most high_quantile.");
    if (params_.lower && params_.upper && *params_.lower > *params_.upper)
      throw Error(ErrorCode::BadValue,
                  "clip_outliers: lower is " + std::to_string(*params_.lower) + " and upper " + std::to_string(*params_.upper),
                  "Let lower be at most upper.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    if (params_.action == OutlierAction::Remove) return make_pass(columns);
    return make_clip(fit_bounds(columns, input.weights, context));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return std::make_unique<InChunks>(*this); }

  std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& input, const FitContext& context) const override {
    if (params_.action != OutlierAction::Remove) return std::nullopt;
    const auto columns = chosen(input);
    return rows_within(input.table.n_rows(), columns, fit_bounds(columns, input.weights, context), context);
  }

 private:
  /// The bounds of columns that come in chunks.
  class InChunks : public ColumnsInChunks<ChunkSpread> {
   public:
    explicit InChunks(const ClipOutliers& recipe)
        : ColumnsInChunks(
              "clip_outliers", [&recipe](const TransformerInput& chunk) { return recipe.chosen(chunk); },
              [&recipe](const Table&, std::span<const Column* const> columns, const std::vector<ChunkSpread>& statistics) {
                if (recipe.params_.action == OutlierAction::Remove) return make_pass({columns.begin(), columns.end()});
                return make_clip(recipe.bounds_of_chunks(columns, statistics));
              }),
          recipe_(recipe) {}

    bool removes_rows() const override { return recipe_.params_.action == OutlierAction::Remove; }
    std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& chunk, const FitContext& context) const override {
      if (!removes_rows()) return std::nullopt;
      const std::vector<const Column*> bounded = ColumnsInChunks::chosen();
      std::call_once(once_, [&] { bounds_ = recipe_.bounds_of_chunks(bounded, statistics()); });
      std::vector<const Column*> columns;
      for (const Column* column : bounded) columns.push_back(&needed_column(chunk.table, column->name()));
      return rows_within(chunk.table.n_rows(), columns, bounds_, context);
    }

   private:
    const ClipOutliers& recipe_;
    mutable std::once_flag once_;
    mutable std::vector<ClipColumn> bounds_;
  };

  std::vector<ClipColumn> bounds_of_chunks(std::span<const Column* const> columns, const std::vector<ChunkSpread>& statistics) const {
    std::vector<ClipColumn> fitted;
    for (size_t i = 0; i < columns.size(); ++i) fitted.push_back(clip_column(*columns[i], bounds(statistics[i])));
    return fitted;
  }

  static std::vector<uint32_t> rows_within(size_t n_rows, std::span<const Column* const> columns, const std::vector<ClipColumn>& fitted,
                                           const FitContext& context) {
    std::vector<uint8_t> kept(n_rows, 1);
    for (size_t i = 0; i < columns.size(); ++i) {
      context.check();
      const std::vector<double> values = columns[i]->numbers();
      for (size_t row = 0; row < values.size(); ++row)
        if (values[row] < fitted[i].lower || values[row] > fitted[i].upper) kept[row] = 0;
    }
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < kept.size(); ++row)
      if (kept[row] != 0) rows.push_back(static_cast<uint32_t>(row));
    return rows;
  }

  std::vector<const Column*> chosen(const TransformerInput& input) const { return number_columns(input, params_.columns, "clip_outliers"); }

  std::vector<ClipColumn> fit_bounds(const std::vector<const Column*>& columns, std::span<const double> weights,
                                     const FitContext& context) const {
    std::vector<ClipColumn> fitted(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      fitted[i] = clip_column(*columns[i], bounds(*columns[i], weights));
    });
    return fitted;
  }

  ClipColumn clip_column(const Column& column, std::pair<double, double> found) const {
    auto [lower, upper] = found;
    lower = params_.lower.value_or(std::min(lower, params_.upper.value_or(lower)));
    upper = params_.upper.value_or(std::max(upper, lower));
    constexpr double kLargest = std::numeric_limits<double>::max();
    return {column.name(), std::max(lower, -kLargest), std::min(upper, kLargest), params_.action == OutlierAction::ToMissing};
  }

  std::pair<double, double> bounds(const Column& column, std::span<const double> weights) const {
    if (params_.method == OutlierBounds::ZScore) return around_mean(column_moments(column, weights));
    const std::vector<double> found = column_quantiles(column, weights, quantiles());
    if (params_.method == OutlierBounds::Percentile && found[0] == found[1]) return ends(column_range(column, weights), found);
    return around_quantiles(found);
  }

  std::pair<double, double> bounds(const ChunkSpread& spread) const {
    if (params_.method == OutlierBounds::ZScore) return around_mean(spread.moments.found());
    Sample sample = spread.quantiles.found().sample();
    sort_sample(sample);
    const std::vector<double> found = sorted_quantiles(sample.values, sample.weights, quantiles());
    if (params_.method == OutlierBounds::Percentile && found[0] == found[1]) return ends(min_max(sample.values), found);
    return around_quantiles(found);
  }

  std::array<double, 2> quantiles() const {
    if (params_.method == OutlierBounds::Percentile) return {params_.low_quantile, params_.high_quantile};
    return {0.25, 0.75};
  }

  std::pair<double, double> around_mean(const Moments& found) const {
    const double reach = found.n == 0 ? 0 : params_.threshold * std::sqrt(found.variance());
    return {found.mean - reach, found.mean + reach};
  }

  /// Smallest and largest value; the quantiles where there is none.
  static std::pair<double, double> ends(const Range& range, std::span<const double> found) {
    if (range.min <= range.max) return {range.min, range.max};
    return {found[0], found[1]};
  }

  std::pair<double, double> around_quantiles(std::span<const double> found) const {
    const double reach = params_.method == OutlierBounds::Iqr ? params_.factor * (found[1] - found[0]) : 0;
    return {found[0] - reach, found[1] + reach};
  }

  ClipOutliersParams params_;
};

}  // namespace

void register_clip_outliers(Catalog<Transformer>& catalog) {
  catalog.add<ClipOutliers, ClipOutliersParams>(
      "clip_outliers", "Values beyond bounds learnt from the column become the bounds or missing, or their training rows are removed.",
      {"clip"});
}

}  // namespace kolosal
