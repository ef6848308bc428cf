// Elastic net and lasso: least squares with a penalty on the size of the weights that makes many of them zero.
//
// Minimises  sum_i s_i (y_i - x_i.w - b)^2 / (2 sum_i s_i) + alpha (l1_ratio |w|_1 + (1 - l1_ratio) |w|^2 / 2)  over w and b; s are the row
// weights, b is not penalised; the lasso has l1_ratio = 1. Coordinate descent on the Gram matrix (of sparse rows of many features on their
// columns), over the weights that are not
// zero between sweeps over all, until the duality gap is below tolerance times the spread of the target. Where alpha is not given, a path
// of `n_alphas` values falls from the least at which all weights are zero, each started from the last, and that of the least generalised
// cross-validation error is taken; a weight that is not zero counts as a degree of freedom.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows, n_targets) float64, each column by itself.
// Cost     O(n_rows n_features^2) time in one pass over the rows, then O(n_features^2) a sweep; O(n_features^2) memory.
// Source   Friedman, Hastie and Tibshirani, Journal of Statistical Software 33(1), 2010; Zou, Hastie and Tibshirani, Annals of
//          Statistics 35(5), 2007 (degrees of freedom).
// Checked  optimality conditions in linear_test.cc; scikit-learn in tests/parity.

#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/models/linear/conjugate_gradients-inl.h"
#include "kolosal/models/linear/coordinate_descent-inl.h"
#include "kolosal/models/linear/gram-inl.h"
#include "kolosal/models/linear/sparse_descent-inl.h"

namespace kolosal {
namespace {

enum class Kind { Lasso, ElasticNet };

template <Kind kind>
struct SparseParams {
  std::optional<double> alpha;
  double l1_ratio = kind == Kind::Lasso ? 1 : 0.5;
  bool fit_intercept = true;
  int32_t n_alphas = 100;
  int32_t max_iterations = 1000;
  double tolerance = 1e-6;
};

template <Kind kind>
void describe(Fields<SparseParams<kind>>& f) {
  using Params = SparseParams<kind>;
  if constexpr (kind == Kind::Lasso) {
    f.add("l1", &Params::alpha, "Strength of the penalty on the absolute weights; chosen by generalised cross-validation where not given.")
        .min(0)
        .search_log(1e-5, 10)
        .alias("alpha");
  } else {
    f.add("alpha", &Params::alpha, "Strength of both penalties; chosen by generalised cross-validation where not given.")
        .min(0)
        .search_log(1e-5, 10);
    f.add("l1_ratio", &Params::l1_ratio, "Share of the penalty on absolute weights; the rest is on squares.").min(0).max(1).search(0.05, 1);
  }
  f.add("fit_intercept", &Params::fit_intercept, "Whether a constant is added to the prediction.");
  f.add("n_alphas", &Params::n_alphas, "Penalties that are tried where none is given.").min(1);
  f.add("max_iterations", &Params::max_iterations, "Most sweeps over the weights for one penalty.").min(1).alias("max_iter");
  f.add("tolerance", &Params::tolerance, "Duality gap, relative to the spread of the target, at which it stops.").above(0).alias("tol");
}

// One target: weights at each penalty, started from the last.
class PenaltyPath {
 public:
  PenaltyPath(double yy, double l1_ratio, int max_iterations, double tolerance)
      : yy_(yy), l1_ratio_(l1_ratio), max_iterations_(max_iterations), tolerance_(tolerance) {}
  virtual ~PenaltyPath() = default;

  // The least penalty at which all weights are zero; that of an l1_ratio of a thousandth where there is next to no L1 penalty.
  double largest_alpha() const { return largest_product() / std::max(l1_ratio_, 1e-3); }

  const Eigen::VectorXd& move_to(double alpha, const FitContext& context) {
    set_penalties(alpha * l1_ratio_, alpha * (1 - l1_ratio_));
    const double small = tolerance_ * yy_;
    // Without an L1 penalty there is no duality gap, and moves of the tolerance itself are the end.
    const bool has_gap = alpha * l1_ratio_ > 0;
    // Moves below the root of the gap that is allowed are where the gap is worth looking at.
    double step = std::sqrt(small);
    for (int n = 0; n < max_iterations_ && !context.should_stop(); n += kSweeps) {
      const bool rests = descend(step, kSweeps, context);
      const double least_step = (has_gap ? 1e-15 : tolerance_) * std::sqrt(yy_);
      if (rests && (step <= least_step || (has_gap && duality_gap(yy_) <= small))) break;
      if (rests) step *= 0.1;
    }
    return weights();
  }

  // RSS / (1 - degrees of freedom / n)^2, relative to the spread of the target.
  double validation_error(double n) const {
    if (yy_ == 0) return 0;
    const auto n_used = static_cast<double>((weights().array() != 0).count());
    const double left = std::max(1 - (n_used + 1) / n, 1e-3);
    return std::max(squared_error(), 0.0) / yy_ / (left * left);
  }

 protected:
  double yy() const noexcept { return yy_; }

 private:
  static constexpr int kSweeps = 10;

  // The greatest |product| of a column with the target; then of where the descent is.
  virtual double largest_product() const = 0;
  virtual void set_penalties(double l1, double l2) = 0;
  virtual bool descend(double step, int max_sweeps, const FitContext& context) = 0;
  virtual double duality_gap(double yy) const = 0;
  virtual double squared_error() const = 0;
  virtual const Eigen::VectorXd& weights() const = 0;

  double yy_;
  double l1_ratio_;
  int max_iterations_;
  double tolerance_;
};

// By the Gram matrix.
class GramPath : public PenaltyPath {
 public:
  GramPath(const Gram& gram, Eigen::Index target, double total, double l1_ratio, int max_iterations, double tolerance)
      : PenaltyPath(gram.yy[target] / total, l1_ratio, max_iterations, tolerance),
        gram_(gram.xx / total),
        a_(gram_),
        b_(gram.xy.col(target) / total),
        w_(Eigen::VectorXd::Zero(gram_.rows())) {}

 private:
  double largest_product() const override { return b_.size() > 0 ? b_.cwiseAbs().maxCoeff() : 0; }
  void set_penalties(double l1, double l2) override {
    a_.diagonal() = gram_.diagonal();
    for (Eigen::Index j = 0; j < a_.rows(); ++j)
      if (a_(j, j) > 0) a_(j, j) += l2;
    l1_ = Eigen::VectorXd::Constant(w_.size(), l1);
    descent_.emplace(a_, b_, l1_, w_);
  }
  bool descend(double step, int max_sweeps, const FitContext& context) override { return descent_->descend(step, max_sweeps, context); }
  double duality_gap(double yy) const override { return descent_->duality_gap(yy); }
  double squared_error() const override { return yy() - 2 * b_.dot(w_) + w_.dot(gram_ * w_); }
  const Eigen::VectorXd& weights() const override { return w_; }

  Eigen::MatrixXd gram_, a_;
  Eigen::VectorXd b_, l1_, w_;
  std::optional<CoordinateDescent> descent_;
};

// By the columns of sparse rows.
class ColumnsPath : public PenaltyPath {
 public:
  ColumnsPath(const SparseColumns& columns, const Eigen::VectorXd& shares, const Eigen::VectorXd& y, bool center, double l1_ratio,
              int max_iterations, double tolerance)
      : PenaltyPath(shares.dot(y.cwiseAbs2()), l1_ratio, max_iterations, tolerance), descent_(columns, shares, center) {
    descent_.start_from(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(columns.starts.size() - 1)), y);
    for (size_t j = 0; j + 1 < columns.starts.size(); ++j) largest_ = std::max(largest_, std::abs(descent_.slope(j)));
  }

 private:
  double largest_product() const override { return largest_; }
  void set_penalties(double l1, double l2) override { descent_.set_penalties(l1, l2); }
  bool descend(double step, int max_sweeps, const FitContext& context) override { return descent_.descend(step, max_sweeps, context); }
  double duality_gap(double yy) const override { return descent_.duality_gap(yy); }
  double squared_error() const override { return descent_.squares(); }
  const Eigen::VectorXd& weights() const override { return descent_.weights(); }

  SparseDescent descent_;
  double largest_ = 0;
};

// The paths of all targets, and the means that go to means.
struct Paths {
  std::vector<std::unique_ptr<PenaltyPath>> of_targets;
  Eigen::VectorXd x_means, y_means;
};

template <Kind kind>
class SparseLinear : public Learner {
 public:
  explicit SparseLinear(SparseParams<kind> params) : params_(params) {}
  bool supports(Task task) const override { return !is_classification(task); }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    if (!rows.has_no_blocks()) {
      const Gram gram = make_gram(rows, params_.fit_intercept, context);
      Paths paths{{}, gram.x_means, gram.y_means};
      for (Eigen::Index k = 0; k < gram.yy.size(); ++k)
        paths.of_targets.push_back(
            std::make_unique<GramPath>(gram, k, rows.total(), params_.l1_ratio, params_.max_iterations, params_.tolerance));
      return follow(paths, rows, context);
    }
    auto [x_means, y_means] = means_of_sparse(rows, params_.fit_intercept, context);
    const SparseRows& x = rows.x().sparse();
    const MemoryLease lease(context.memory, SparseColumns::bytes_for(x.values.size(), x.n_features), "columns of sparse rows");
    const SparseColumns columns(x);
    Eigen::VectorXd shares(static_cast<Eigen::Index>(rows.n_rows())), y = shares;
    for (Eigen::Index i = 0; i < shares.size(); ++i) shares[i] = rows.weight(static_cast<size_t>(i)) / rows.total();
    Paths paths{{}, x_means, y_means};
    const auto t = static_cast<Eigen::Index>(rows.target().n_targets);
    for (Eigen::Index k = 0; k < t; ++k) {
      for (Eigen::Index i = 0; i < y.size(); ++i) y[i] = rows.target().values[static_cast<size_t>(i * t + k)] - y_means[k];
      paths.of_targets.push_back(std::make_unique<ColumnsPath>(columns, shares, y, params_.fit_intercept, params_.l1_ratio,
                                                               params_.max_iterations, params_.tolerance));
    }
    return follow(paths, rows, context);
  }

 private:
  // To the penalty given, or to the best of a path of them.
  std::unique_ptr<Model> follow(Paths& paths, const WeightedRows& rows, const FitContext& context) const {
    const auto t = static_cast<Eigen::Index>(paths.of_targets.size());
    Eigen::MatrixXd weights = Eigen::MatrixXd::Zero(paths.x_means.size(), t), best = weights;
    const auto move_to = [&](double alpha) {
      double error = 0;
      for (Eigen::Index k = 0; k < t; ++k) {
        PenaltyPath& path = *paths.of_targets[static_cast<size_t>(k)];
        weights.col(k) = path.move_to(alpha, context);
        error += path.validation_error(rows.total() * rows.unit());
      }
      return error;
    };
    if (params_.alpha) {
      move_to(*params_.alpha);
      return make_linear_model(paths.x_means, paths.y_means, weights);
    }
    double largest = 0, least = std::numeric_limits<double>::infinity();
    for (const auto& path : paths.of_targets) largest = std::max(largest, path->largest_alpha());
    for (int i = 0; i < params_.n_alphas && !context.should_stop(); ++i) {
      const double error = move_to(largest * std::pow(10.0, -3.0 * (i + 1) / params_.n_alphas));
      if (error < least) {
        least = error;
        best = weights;
      }
    }
    return make_linear_model(paths.x_means, paths.y_means, best);
  }

  SparseParams<kind> params_;
};

}  // namespace

void register_elastic_net(Catalog<Learner>& catalog) {
  catalog.add<SparseLinear<Kind::ElasticNet>, SparseParams<Kind::ElasticNet>>(
      "elastic_net", "Least squares with penalties on the absolute and the squared weights.");
}

void register_lasso(Catalog<Learner>& catalog) {
  catalog.add<SparseLinear<Kind::Lasso>, SparseParams<Kind::Lasso>>(
      "lasso", "Least squares with a penalty on the absolute weights, which makes many of them zero.");
}

}  // namespace kolosal
