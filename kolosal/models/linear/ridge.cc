// Ridge regression: least squares with an L2 penalty on the weights.
//
// Minimises  sum_i s_i (y_i - x_i.w - b)^2 + l2 |w|^2  over w and b; s are the row weights. b is not penalised: columns and
// target are centred first and b recovered from the means. Where l2 is not given, it is the one of a log grid with the least
// generalised cross-validation error. Directions of the features that do not vary get no weight, so duplicated or constant
// columns are no trouble. On sparse rows of many features l2 must be given, and the minimum is found by conjugate gradients.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows, n_targets) float64; weights (n_targets, n_features) float64.
// Cost     O(n_rows n_features^2 + n_features^3) time, O(n_features^2) memory.
// Source   Hoerl and Kennard, Technometrics 12(1), 1970; Golub, Heath and Wahba, Technometrics 21(2), 1979 (GCV).
// Checked  closed-form answers in linear_test.cc; scikit-learn in tests/parity.

#include <cmath>
#include <optional>

#include "kolosal/models/learner.h"
#include "kolosal/models/linear/conjugate_gradients-inl.h"
#include "kolosal/models/linear/gram-inl.h"
#include "kolosal/models/linear/spectrum-inl.h"

namespace kolosal {
namespace {

struct RidgeParams {
  std::optional<double> l2;
  bool fit_intercept = true;
};

void describe(Fields<RidgeParams>& f) {
  f.add("l2", &RidgeParams::l2, "Strength of the squared penalty on the weights; chosen by generalised cross-validation where not given.")
      .min(0)
      .search_log(1e-3, 1e5)
      .alias("alpha");
  f.add("fit_intercept", &RidgeParams::fit_intercept, "Whether a constant is added to the prediction.");
}

class Ridge : public Learner {
 public:
  explicit Ridge(RidgeParams params) : params_(params) {}
  bool supports(Task task) const override { return !is_classification(task); }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    if (rows.has_no_blocks()) {
      if (!params_.l2)
        throw Error(ErrorCode::BadValue,
                    "ridge.l2 is not given, and is not chosen on sparse rows of " + std::to_string(rows.n_features()) +
                        " features (at most " + std::to_string(WeightedRows::kMaxBlockFeatures) + ")",
                    "Give l2.");
      const SquaresFit fit = conjugate_gradients(rows, *params_.l2 / rows.unit(), params_.fit_intercept, context);
      return make_linear_model(fit.x_means, fit.y_means, fit.weights);
    }
    const Gram gram = make_gram(rows, params_.fit_intercept, context);
    const double l2 = params_.l2 ? *params_.l2 / rows.unit() : best_l2(gram, rows, context);
    return make_linear_model(gram, solve_least_squares(gram, l2, context));
  }

 private:
  // Weight of a direction; none where the features do not vary along it.
  static double shrunk(double value, double l2, double largest) {
    const double smallest = 1e-12 * largest;
    return value > smallest ? 1 / (value + l2) : 0;
  }

  // The l2 of a grid around the eigenvalues with the least RSS / (1 - degrees of freedom / n)^2, summed over targets; n is the sum of
  // the weights.
  static double best_l2(const Gram& gram, const WeightedRows& rows, const FitContext& context) {
    if (gram.xx.rows() == 0) return 0;
    Spectrum s = spectrum_of(gram.xx, gram.xy, context);
    s.values = s.values.cwiseMax(0);
    const Eigen::VectorXd& spread = gram.yy;
    const double largest = s.values[s.values.size() - 1];
    double best = 1, least = std::numeric_limits<double>::infinity();
    for (int step = 0; step <= 24; ++step) {
      const double l2 = rows.total() * std::pow(10.0, -6 + step * 0.375);
      double freedom = 1, error = 0;
      Eigen::VectorXd rss = spread;
      for (Eigen::Index i = 0; i < s.values.size(); ++i) {
        const double g = shrunk(s.values[i], l2, largest);
        freedom += s.values[i] * g;
        for (Eigen::Index k = 0; k < rss.size(); ++k) rss[k] -= s.projected(i, k) * s.projected(i, k) * g * (2 - s.values[i] * g);
      }
      const double left = std::max(1 - freedom / (rows.total() * rows.unit()), 1e-3);
      for (Eigen::Index k = 0; k < rss.size(); ++k)
        if (spread[k] > 0) error += std::max(rss[k], 0.0) / spread[k] / (left * left);
      if (error < least) {
        least = error;
        best = l2;
      }
    }
    return best;
  }

  RidgeParams params_;
};

}  // namespace

void register_ridge(Catalog<Learner>& catalog) {
  catalog.add<Ridge, RidgeParams>("ridge", "Least squares with a squared penalty on the weights.");
}

}  // namespace kolosal
