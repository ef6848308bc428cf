// Ridge regression: least squares with an L2 penalty on the weights.
//
// Minimises  sum_i s_i (y_i - x_i.w - b)^2 + l2 |w|^2  over w and b; s are the row weights. b is not penalised: columns and
// target are centred first and b recovered from the means. Where l2 is not given, it is the one of a log grid with the least
// generalised cross-validation error. Directions of the features that do not vary get no weight, so duplicated or constant
// columns are no trouble.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows, n_targets) float64; weights (n_targets, n_features) float64.
// Cost     O(n_rows n_features^2 + n_features^3) time, O(n_features^2) memory.
// Source   Hoerl and Kennard, Technometrics 12(1), 1970; Golub, Heath and Wahba, Technometrics 21(2), 1979 (GCV).
// Checked  closed-form answers in linear_test.cc; scikit-learn in python/tests.

#include <Eigen/Eigenvalues>
#include <cmath>
#include <optional>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/design_matrix-inl.h"

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

// The normal equations of centred rows, in the eigenvectors of the Gram matrix.
struct Spectrum {
  Eigen::MatrixXd vectors;        // (p, p)
  Eigen::VectorXd values;         // (p,), ascending, >= 0
  Eigen::MatrixXd projected;      // (p, t): vectors^T X^T S Y
  Eigen::VectorXd target_spread;  // (t,): diagonal of Y^T S Y
};

class Ridge : public Learner {
 public:
  explicit Ridge(RidgeParams params) : params_(params) {}
  bool supports(Task task) const override { return !is_classification(task); }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    check_finite(train.x);
    context.check();
    const std::vector<double> weights = row_weights(train);
    const auto p = static_cast<Eigen::Index>(train.x.n_features());
    const auto t = static_cast<Eigen::Index>(train.target.n_targets);
    Eigen::VectorXd x_means = Eigen::VectorXd::Zero(p), y_means = Eigen::VectorXd::Zero(t);
    if (params_.fit_intercept) {
      x_means = feature_means(train.x, weights);
      y_means = target_means(train, weights);
    }
    const Spectrum spectrum = decompose(train, weights, x_means, y_means, context);
    double n_effective = 0;
    for (const double weight : weights) n_effective += weight > 0;
    const double l2 = params_.l2 ? *params_.l2 : best_l2(spectrum, n_effective);
    const Eigen::MatrixXd w = solve(spectrum, l2);  // (p, t)
    LinearForm form{p, std::vector<double>(static_cast<size_t>(p * t)), std::vector<double>(static_cast<size_t>(t)), Link::Identity};
    for (Eigen::Index k = 0; k < t; ++k) {
      for (Eigen::Index j = 0; j < p; ++j) form.weights[static_cast<size_t>(k * p + j)] = w(j, k);
      form.bias[static_cast<size_t>(k)] = y_means[k] - x_means.dot(w.col(k));
    }
    return std::make_unique<LinearModel>(std::move(form));
  }

 private:
  static Eigen::VectorXd target_means(const TrainingSet& train, const std::vector<double>& weights) {
    const size_t t = train.target.n_targets;
    Eigen::VectorXd means = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(t));
    double total = 0;
    for (size_t row = 0; row < weights.size(); ++row) {
      total += weights[row];
      for (size_t k = 0; k < t; ++k) means[static_cast<Eigen::Index>(k)] += weights[row] * train.target.values[row * t + k];
    }
    return means / total;
  }

  static Spectrum decompose(const TrainingSet& train, const std::vector<double>& weights, const Eigen::VectorXd& x_means,
                            const Eigen::VectorXd& y_means, const FitContext& context) {
    const Eigen::Index p = x_means.size(), t = y_means.size();
    const Eigen::MatrixXd sums = block_sum(train.x.n_rows(), p + t, p + t, context, [&](size_t begin, size_t n, Eigen::MatrixXd& sum) {
      if (context.should_stop()) return;
      Eigen::MatrixXd rows(static_cast<Eigen::Index>(n), p + t);
      rows.leftCols(p) = centered_rows(train.x, x_means, begin, n);
      for (size_t i = 0; i < n; ++i) {
        for (Eigen::Index k = 0; k < t; ++k)
          rows(static_cast<Eigen::Index>(i), p + k) =
              train.target.values[(begin + i) * static_cast<size_t>(t) + static_cast<size_t>(k)] - y_means[k];
        rows.row(static_cast<Eigen::Index>(i)) *= std::sqrt(weights[begin + i]);
      }
      sum.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    });
    context.check();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(sums.topLeftCorner(p, p));
    return {eigen.eigenvectors(), eigen.eigenvalues().cwiseMax(0),
            eigen.eigenvectors().transpose() * sums.bottomLeftCorner(t, p).transpose(), sums.bottomRightCorner(t, t).diagonal()};
  }

  // Weight of a direction; none where the features do not vary along it.
  static double shrunk(double value, double l2, double largest) {
    const double smallest = 1e-12 * largest;
    return value > smallest ? 1 / (value + l2) : 0;
  }

  static Eigen::MatrixXd solve(const Spectrum& s, double l2) {
    const double largest = s.values.size() > 0 ? s.values[s.values.size() - 1] : 0;
    return s.vectors * s.values.unaryExpr([&](double value) { return shrunk(value, l2, largest); }).asDiagonal() * s.projected;
  }

  // The l2 of a grid around the eigenvalues with the least n RSS / (n - degrees of freedom)^2, summed over targets.
  static double best_l2(const Spectrum& s, double n) {
    const double largest = s.values.size() > 0 ? s.values[s.values.size() - 1] : 0;
    double best = 1, least = std::numeric_limits<double>::infinity();
    for (int step = 0; step <= 24; ++step) {
      const double l2 = n * std::pow(10.0, -6 + step * 0.375);
      double freedom = 1, error = 0;
      Eigen::VectorXd rss = s.target_spread;
      for (Eigen::Index i = 0; i < s.values.size(); ++i) {
        const double g = shrunk(s.values[i], l2, largest);
        freedom += s.values[i] * g;
        for (Eigen::Index k = 0; k < rss.size(); ++k) rss[k] -= s.projected(i, k) * s.projected(i, k) * g * (2 - s.values[i] * g);
      }
      const double left = std::max(n - freedom, 1e-3 * n);
      for (Eigen::Index k = 0; k < rss.size(); ++k)
        if (s.target_spread[k] > 0) error += std::max(rss[k], 0.0) / s.target_spread[k] / (left * left);
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
  catalog.add<Ridge, RidgeParams>("ridge", "Least squares with a squared penalty on the weights.", {"linear_regression"});
}

}  // namespace kolosal
