// Huber regression: least squares for near rows, absolute error for far ones, with the boundary learnt beside the weights.
//
// Minimises  sum_i s_i (sigma + h((y_i - x_i.w - b) / sigma) sigma) + l2 |w|^2  over w, b and sigma > 0, with h(z) = z^2 for |z| < epsilon
// and 2 epsilon |z| - epsilon^2 beyond; s are the row weights, b is not penalised. The problem is convex: weights and sigma are minimised
// in turn until sigma rests.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows,) float64.
// Cost     O(n_rows n_features) a step, see LinearMinimiser; about ten turns.
// Source   Huber, Robust Statistics, 1981, section 7.8 (concomitant scale).
// Checked  optimality conditions in linear_losses_test.cc; scikit-learn in tests/parity.

#include <cmath>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/minimiser-inl.h"

namespace kolosal {
namespace {

struct HuberParams {
  double epsilon = 1.35;
  double l2 = 1e-4;
  bool fit_intercept = true;
  int32_t max_iterations = 100;
  double tolerance = 1e-6;
};

void describe(Fields<HuberParams>& f) {
  f.add("epsilon", &HuberParams::epsilon, "Residuals, in units of sigma, beyond which a row counts by its absolute error.")
      .min(1)
      .search(1.05, 3);
  f.add("l2", &HuberParams::l2, "Strength of the squared penalty on the weights.").min(0).search_log(1e-5, 1e3).alias("alpha");
  add_minimiser_fields(f, "Most turns, and most steps of the minimiser in each.", "Change of sigma, relative to it, at which it stops.");
}

// The part of the objective that depends on the weights, times sigma.
class HuberLoss : public MarginLoss {
 public:
  HuberLoss(const Target& target, double epsilon) : target_(target), epsilon_(epsilon) {}
  double sigma = 1;
  double scale() const override { return sigma; }

  double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals, double* curvatures) const override {
    const double* y = target_.values.data() + begin;
    const double edge = epsilon_ * sigma;
    double loss = 0;
    for (size_t i = 0; i < n; ++i) {
      const double off = margins[i] - y[i], held = std::clamp(off, -edge, edge);
      loss += weights[i] * held * (2 * off - held);
      residuals[i] = 2 * weights[i] * held;
    }
    if (curvatures != nullptr)
      for (size_t i = 0; i < n; ++i) curvatures[i] = std::abs(margins[i] - y[i]) < edge ? 2 * weights[i] : 0;
    return loss;
  }

  /// The sigma that is best for these margins: of near rows the sum of squares is sigma^2 (total - epsilon^2 weight of far rows).
  double best_sigma(const WeightedRows& rows, const std::vector<double>& margins, double tolerance) const {
    double best = sigma;
    for (int n = 0; n < 200; ++n) {
      double squares = 0, far = 0;
      for (size_t begin = 0; begin < margins.size(); begin += rows.block_rows()) {
        const double* weights = rows.weights(begin);
        for (size_t i = begin; i < std::min(begin + rows.block_rows(), margins.size()); ++i) {
          const double off = std::abs(margins[i] - target_.values[i]);
          (off < epsilon_ * best ? squares : far) += weights[i - begin] * (off < epsilon_ * best ? off * off : 1);
        }
      }
      const double left = rows.total() - epsilon_ * epsilon_ * far;
      // Where so many rows are far, sigma is too small for any of them to be near.
      const double next = left > 0 ? std::sqrt(squares / left) : 2 * best;
      const bool rests = std::abs(next - best) <= tolerance * best;
      best = next;
      if (rests || best == 0) break;
    }
    return best;
  }

 private:
  const Target& target_;
  double epsilon_;
};

class Huber : public Learner {
 public:
  explicit Huber(HuberParams params) : params_(params) {}
  bool supports(Task task) const override { return task == Task::Regression; }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }
  bool tells_progress() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    const auto [mean, spread] = moments_of(rows);
    HuberLoss loss(train.target, params_.epsilon);
    LinearMinimiser minimiser(rows, loss, {params_.fit_intercept, params_.max_iterations, params_.tolerance}, context);
    minimiser.start_from({mean});
    // Rows that lie on a plane leave sigma at nothing; it ends where rounding begins.
    const double least_sigma = 1e-10 * std::max(spread, 1e-10 * std::abs(mean));
    loss.sigma = std::max(spread, 1e-300);
    for (int turn = 0; turn < params_.max_iterations && spread > 0; ++turn) {
      minimiser.minimise({0, 2 * params_.l2 * loss.sigma});
      if (context.should_stop()) break;
      const double before = loss.sigma;
      loss.sigma =
          std::max(loss.best_sigma(rows, margins_of(rows, minimiser.form(Link::Identity), context), 0.1 * params_.tolerance), least_sigma);
      if (std::abs(loss.sigma - before) <= params_.tolerance * before) break;
    }
    return std::make_unique<LinearModel>(minimiser.form(Link::Identity));
  }

 private:
  static std::pair<double, double> moments_of(const WeightedRows& rows) {
    const auto average = [&](const auto& of) {
      double sum = 0;
      for (size_t row = 0; row < rows.n_rows(); ++row)
        sum += rows.weights(row / rows.block_rows() * rows.block_rows())[row % rows.block_rows()] * of(rows.target().values[row]);
      return sum / rows.total();
    };
    const double mean = average([](double y) { return y; });
    return {mean, std::sqrt(average([&](double y) { return (y - mean) * (y - mean); }))};
  }

  HuberParams params_;
};

}  // namespace

void register_huber(Catalog<Learner>& catalog) {
  catalog.add<Huber, HuberParams>("huber", "Least squares in which far rows count by their absolute error.");
}

}  // namespace kolosal
