// B-splines: each number becomes a handful of smooth bumps, of which a linear model sums a curve.
//
// Cost     O(n_rows) a column for even knots, O(n_rows log n_rows) for knots at quantiles.
// Source   de Boor, A Practical Guide to Splines, 1978; Eilers and Marx, Statistical Science 11(2), 1996.
// Checked  spline_test.cc; scikit-learn's SplineTransformer in tests/parity.
#include "kolosal/preprocess/forms/spline.h"

#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/fitting.h"

namespace kolosal {
namespace {

enum class KnotPlaces { Uniform, Quantile };
constexpr auto enum_names(KnotPlaces) {
  return std::to_array<std::pair<KnotPlaces, std::string_view>>({{KnotPlaces::Uniform, "uniform"}, {KnotPlaces::Quantile, "quantile"}});
}

struct SplineParams {
  std::vector<std::string> columns;
  int n_knots = 5;
  int degree = 3;
  KnotPlaces knots = KnotPlaces::Uniform;
  SplineBeyond beyond = SplineBeyond::Constant;
  bool include_bias = true;
};

void describe(Fields<SplineParams>& f) {
  using P = SplineParams;
  f.add("columns", &P::columns, "Columns to bend; empty means all numbers and integers.");
  f.add("n_knots", &P::n_knots, "Where the pieces meet and end; those that fall together count once.").min(2).max(1000);
  f.add("degree", &P::degree, "Degree of the pieces.").min(1).max(10);
  f.add("knots", &P::knots, "Whether knots are at equal distances, or at quantiles.");
  f.add("beyond", &P::beyond, "What splines are beyond the least and the largest number of the fit: as there, on a line, or as they go on.")
      .alias("extrapolation");
  f.add("include_bias", &P::include_bias, "Whether all splines are made, which sum to 1; else the last of each column is left out.");
}

class Spline : public Transformer {
 public:
  explicit Spline(SplineParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto chosen = number_columns(input, params_.columns, "spline");
    const std::span<const double> weights = telling_weights(input.weights);
    std::vector<SplineColumn> fitted(chosen.size());
    context.threads->parallel_each(chosen.size(), [&](size_t i) {
      context.check();
      fitted[i] = {chosen[i]->name(), knots_of(*chosen[i], weights), params_.degree, params_.beyond, {}};
    });
    FreeNames names(input.table);
    for (SplineColumn& spec : fitted) {
      const size_t n = spec.knots.size() + static_cast<size_t>(params_.degree) - (params_.include_bias ? 1 : 2);
      for (size_t k = 0; k < n; ++k) spec.outputs.push_back(names.claim(spec.name + "__spline_" + std::to_string(k)));
    }
    return make_spline(std::move(fitted));
  }

 private:
  std::vector<double> knots_of(const Column& column, std::span<const double> weights) const {
    const auto n = static_cast<size_t>(params_.n_knots);
    const auto share = [&](size_t k) { return static_cast<double>(k) / static_cast<double>(n - 1); };
    Range range = column_range(column, weights);
    std::vector<double> knots(n);
    if (!(range.min < range.max)) {  // one number or none: any knots will do
      const double first = std::isfinite(range.min) ? range.min : 0, step = std::max(1.0, std::abs(first) * 1e-3);
      for (size_t k = 0; k < n; ++k) knots[k] = first + step * static_cast<double>(k);
      return knots;
    }
    if (params_.knots == KnotPlaces::Quantile) {
      std::vector<double> shares(n);
      for (size_t k = 0; k < n; ++k) shares[k] = share(k);
      knots = column_quantiles(column, weights, shares);
    } else {
      const double width = range.max - range.min;
      if (!std::isfinite(width))
        throw Error(ErrorCode::BadValue, "column '" + column.name() + "' has numbers too far apart for knots at equal distances",
                    "Take knots at quantiles, or scale the column.");
      for (size_t k = 0; k < n; ++k) knots[k] = k + 1 == n ? range.max : range.min + share(k) * width;
    }
    knots.erase(std::unique(knots.begin(), knots.end()), knots.end());
    return knots;
  }

  SplineParams params_;
};

}  // namespace

void register_spline(Catalog<Transformer>& catalog) {
  catalog.add<Spline, SplineParams>("spline", "Numbers become B-splines, of which linear models sum smooth curves.", {"b_spline"});
}

}  // namespace kolosal
