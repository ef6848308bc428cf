// The minimiser of penalised convex losses of linear models: proximal Newton on few weights, L-BFGS on many.
//
// Minimises  sum_i s_i loss(y_i, W x_i + b) + sum_kj (l1 |W_kj| + l2/2 W_kj^2);  b is not penalised. Columns are centred and scaled on the
// fly, which changes nothing but the number of steps.
//
// Newton: the rows are first a sample of blocks of them, on which each step has a Hessian of its own; the minimum of the sample and
// its Hessian start the steps on all rows, which then cost one pass each for the gradient. Where a step leaves more than a fifth of the
// gradient, the Hessian is made anew. With an L1 penalty a step is the minimum of the quadratic by coordinate descent. On many features of
// sparse rows with an L1 penalty the sums take turns: each moves to the minimum of its quadratic by coordinate descent on the columns.
//
// Source   Lee, Sun and Saunders, SIAM Journal on Optimization 24(3), 2014 (proximal Newton); Erdogdu and Montanari, NIPS 2015 (Hessians
//          of samples); Liu and Nocedal, Mathematical Programming 45, 1989 (L-BFGS).
#pragma once

#include <Eigen/Core>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/linear/margin_loss.h"

namespace kolosal {

/// Strengths of the penalties on the absolute weights and on half of their squares.
struct Penalty {
  double l1 = 0;
  double l2 = 0;
};

/// Whether there are biases, and where the minimiser ends.
struct MinimiserOptions {
  bool fit_intercept = true;
  int max_iterations = 200;
  double tolerance = 1e-4;  ///< largest derivative by a weight of scaled features, relative to the total weight and the scale of the loss
};

/// Declares fit_intercept, max_iterations and tolerance of a struct that has them: what is counted, and where it stops.
template <class P>
void add_minimiser_fields(Fields<P>& f, std::string most, std::string where_it_stops) {
  f.add("fit_intercept", &P::fit_intercept, "Whether a constant is added to each sum.");
  f.add("max_iterations", &P::max_iterations, std::move(most)).min(1).alias("max_iter");
  f.add("tolerance", &P::tolerance, std::move(where_it_stops)).above(0).alias("tol");
}

/// The sums (n_rows,) of a model of one sum.
std::vector<double> margins_of(const WeightedRows& rows, const LinearForm& form, const FitContext& context);

/// Where a minimiser of one loss on one set of rows is.
class LinearMinimiser {
 public:
  /// What is referred to must outlive it.
  LinearMinimiser(const WeightedRows& rows, const MarginLoss& loss, MinimiserOptions options, const FitContext& context);

  /// Starts from biases (n_sums,) and no weights, instead of from zero.
  void start_from(const std::vector<double>& biases);
  /// Moves on from where it is to the minimum; to where it is when the context or its listener asks to stop.
  void minimise(Penalty penalty);
  /// Weights and biases in the units of the features.
  LinearForm form(Link link) const { return form_at(at_, link); }

 private:
  struct Point;

  Point evaluate(const Eigen::VectorXd& at, size_t step, bool with_hessian) const;
  LinearForm form_at(const Eigen::VectorXd& at, Link link) const;
  void add_block(size_t begin, size_t n, const LinearForm& at, bool with_hessian, double* sums, std::vector<double>& scratch) const;
  void add_hessian(size_t begin, size_t n, const double* curvatures, double* roots, double* packed, double* sums) const;
  double penalty_at(const Eigen::VectorXd& at) const;
  double distance_from_rest(const Eigen::VectorXd& at, const Point& point) const;
  Eigen::VectorXd newton_direction(const Eigen::VectorXd& at, const Point& point, const Eigen::MatrixXd& hessian) const;
  bool search_line(Eigen::VectorXd& at, Point& point, const Eigen::VectorXd& direction, size_t step, bool with_hessian) const;
  void newton(size_t step, bool is_new_each_time);
  void limited_memory();
  void descend_sparse(Penalty penalty);
  double move_sum(const SparseColumns& columns, Eigen::Index k, Penalty penalty, Eigen::MatrixXd& margins, Eigen::MatrixXd& weights,
                  Eigen::VectorXd& biases);
  bool report(double value);

  Eigen::Index width() const { return p_ + 1; }

  const WeightedRows& rows_;
  const MarginLoss& loss_;
  MinimiserOptions options_;
  const FitContext& context_;
  Eigen::Index p_, k_;
  ColumnScales scales_;
  Eigen::VectorXd at_;       ///< (k, p + 1): weights of scaled features, then the bias, of each sum
  Eigen::VectorXd l1_, l2_;  ///< penalties of the same
  Eigen::MatrixXd hessian_;
  int n_steps_ = 0;
  bool stopped_ = false;
};

}  // namespace kolosal
