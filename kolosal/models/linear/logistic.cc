// Logistic regression, binary and multinomial, with an L2 penalty on the weights.
//
// Minimises  sum_i s_i loss(y_i, W x_i + b) + l2/2 |W|^2  by L-BFGS; s are the row weights, b is not penalised; loss is the
// logistic loss of one sum for two classes and the multinomial loss of a sum a class for more. Where l2 is not given, held-out
// rows choose it from a path of six values, each started from the last; without held-out rows it is 1, as scikit-learn's C = 1.
//
// Shapes   features (n_rows, n_features) float32; classes (n_rows,); weights (n_sums, n_features) float64.
// Cost     O(n_rows n_features n_sums) a step, at most `max_iterations` steps.
// Source   Liu and Nocedal, Mathematical Programming 45, 1989 (L-BFGS).
// Checked  optimality conditions in linear_test.cc; scikit-learn in python/tests.

#include <cmath>
#include <deque>
#include <optional>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/design_matrix-inl.h"

namespace kolosal {
namespace {

struct LogisticParams {
  std::optional<double> l2;
  bool fit_intercept = true;
  int32_t max_iterations = 200;
  double tolerance = 1e-4;
};

void describe(Fields<LogisticParams>& f) {
  f.add("l2", &LogisticParams::l2, "Strength of the squared penalty on the weights; chosen on held-out rows where not given.")
      .min(0)
      .search_log(1e-4, 1e4);
  f.add("fit_intercept", &LogisticParams::fit_intercept, "Whether a constant is added to each sum.");
  f.add("max_iterations", &LogisticParams::max_iterations, "Most steps of the minimiser.").min(1).alias("max_iter");
  f.add("tolerance", &LogisticParams::tolerance, "Largest gradient, relative to the total weight, at which it stops.")
      .above(0)
      .alias("tol");
}

using Vector = Eigen::VectorXd;

// Features up to this many numbers are kept as float64 for the whole fit (128 MB).
constexpr size_t kMaxKeptNumbers = size_t{16} << 20;

// The objective and its gradient. The parameters are the weights of each sum, then the biases.
class Objective {
 public:
  Objective(const TrainingSet& train, bool fit_intercept, const FitContext& context)
      : train_(train),
        weights_(row_weights(train)),
        context_(context),
        p_(static_cast<Eigen::Index>(train.x.n_features())),
        is_binary_(train.target.n_classes() == 2),
        k_(is_binary_ ? 1 : static_cast<Eigen::Index>(train.target.n_classes())),
        fit_intercept_(fit_intercept) {
    for (const double weight : weights_) total_weight_ += weight;
    if (train.x.n_rows() * train.x.n_features() <= kMaxKeptNumbers) kept_ = centered_rows(train.x, Vector::Zero(p_), 0, train.x.n_rows());
  }

  Eigen::Index size() const { return k_ * (p_ + 1); }
  Eigen::Index n_sums() const { return k_; }
  bool is_binary() const { return is_binary_; }
  double total_weight() const { return total_weight_; }

  double operator()(const Vector& w, double l2, Vector& gradient) const {
    const Eigen::Map<const Eigen::MatrixXd> weights(w.data(), p_, k_);
    // Rows of the sum: gradient of the weights (p), of the biases (1), and the loss in the last corner.
    const Eigen::MatrixXd sums = block_sum(train_.x.n_rows(), p_ + 2, k_, context_, [&](size_t begin, size_t n, Eigen::MatrixXd& sum) {
      const Eigen::MatrixXd made = kept_.size() > 0 ? Eigen::MatrixXd() : centered_rows(train_.x, Vector::Zero(p_), begin, n);
      const auto rows = (kept_.size() > 0 ? kept_ : made)
                            .middleRows(kept_.size() > 0 ? static_cast<Eigen::Index>(begin) : 0, static_cast<Eigen::Index>(n));
      Eigen::MatrixXd margins = rows * weights;
      margins.rowwise() += w.tail(k_).transpose();
      sum(p_ + 1, 0) = residuals(begin, margins);
      sum.topRows(p_).noalias() = rows.transpose() * margins;
      sum.row(p_) = margins.colwise().sum();
    });
    Eigen::Map<Eigen::MatrixXd>(gradient.data(), p_, k_) = sums.topRows(p_) + l2 * weights;
    gradient.tail(k_) = fit_intercept_ ? Vector(sums.row(p_)) : Vector::Zero(k_);
    return sums(p_ + 1, 0) + 0.5 * l2 * weights.squaredNorm();
  }

 private:
  // Puts the weighted derivative of the loss by each margin in its place; returns the loss.
  double residuals(size_t begin, Eigen::MatrixXd& margins) const {
    double loss = 0;
    for (Eigen::Index i = 0; i < margins.rows(); ++i) {
      const size_t row = begin + static_cast<size_t>(i);
      const double weight = weights_[row];
      const auto truth = static_cast<Eigen::Index>(train_.target.values[row]);
      if (is_binary_) {
        const double m = margins(i, 0), sign = truth == 1 ? 1 : -1;
        loss += weight * (sign * m > 0 ? std::log1p(std::exp(-sign * m)) : -sign * m + std::log1p(std::exp(sign * m)));
        margins(i, 0) = weight * (1 / (1 + std::exp(-m)) - (truth == 1 ? 1.0 : 0.0));
      } else {
        const double largest = margins.row(i).maxCoeff();
        const double log_total = largest + std::log((margins.row(i).array() - largest).exp().sum());
        loss += weight * (log_total - margins(i, truth));
        margins.row(i) = weight * (margins.row(i).array() - log_total).exp();
        margins(i, truth) -= weight;
      }
    }
    return loss;
  }

  const TrainingSet& train_;
  std::vector<double> weights_;
  const FitContext& context_;
  Eigen::Index p_;
  bool is_binary_;
  Eigen::Index k_;
  bool fit_intercept_;
  double total_weight_ = 0;
  Eigen::MatrixXd kept_;
};

// The descent direction of limited memory.
Vector direction(const std::deque<std::pair<Vector, Vector>>& memory, const Vector& gradient) {
  Vector d = -gradient;
  std::vector<double> alphas(memory.size());
  for (size_t i = memory.size(); i-- > 0;) {
    const auto& [s, y] = memory[i];
    alphas[i] = s.dot(d) / s.dot(y);
    d -= alphas[i] * y;
  }
  if (!memory.empty()) {
    const auto& [s, y] = memory.back();
    d *= s.dot(y) / y.squaredNorm();
  }
  for (size_t i = 0; i < memory.size(); ++i) {
    const auto& [s, y] = memory[i];
    d += (alphas[i] - y.dot(d) / s.dot(y)) * s;
  }
  return d;
}

class Logistic : public Learner {
 public:
  explicit Logistic(LogisticParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {false, false, true}; }
  bool uses_validation() const override { return !params_.l2; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    check_training_set(train);
    check_finite(train.x);
    context.check();
    const Objective objective(train, params_.fit_intercept, context);
    Vector w = Vector::Zero(objective.size());
    int n_steps = 0;
    if (params_.l2 || validation == nullptr) {
      minimise(objective, params_.l2.value_or(1.0), w, n_steps, context);
      return make_model(w, train, objective);
    }
    std::unique_ptr<Model> best;
    double least = std::numeric_limits<double>::infinity();
    for (const double l2 : {1000.0, 100.0, 20.0, 5.0, 1.0, 0.1}) {
      if (best && context.should_stop()) break;
      minimise(objective, l2, w, n_steps, context);
      auto model = make_model(w, train, objective);
      const double loss = validation_loss(*model, *validation);
      if (best && !(loss < least)) {
        if (loss > least * 1.02) break;  // the path has passed its best
        continue;
      }
      least = loss;
      best = std::move(model);
    }
    return best;
  }

 private:
  // Moves w to the minimum; counts its steps in n_steps.
  void minimise(const Objective& objective, double l2, Vector& w, int& n_steps, const FitContext& context) const {
    std::deque<std::pair<Vector, Vector>> memory;
    Vector gradient(w.size()), next_gradient(w.size());
    double value = objective(w, l2, gradient);
    const double small = params_.tolerance * objective.total_weight();
    for (int step = 0; step < params_.max_iterations && gradient.lpNorm<Eigen::Infinity>() > small && !context.should_stop(); ++step) {
      Vector d = direction(memory, gradient);
      double slope = d.dot(gradient);
      if (!(slope < 0)) {
        memory.clear();
        d = -gradient;
        slope = -gradient.squaredNorm();
      }
      double length = memory.empty() ? 1 / std::max(1.0, gradient.norm()) : 1;
      Vector next;
      double next_value = 0;
      int halvings = 0;
      for (; halvings < 30; ++halvings, length *= 0.5) {
        next = w + length * d;
        next_value = objective(next, l2, next_gradient);
        if (next_value <= value + 1e-4 * length * slope) break;
      }
      if (halvings == 30) return;
      const Vector s = next - w, y = next_gradient - gradient;
      if (s.dot(y) > 1e-12 * y.squaredNorm()) memory.emplace_back(s, y);
      if (memory.size() > 10) memory.pop_front();
      w = next;
      gradient = next_gradient;
      value = next_value;
      if (context.on_iteration &&
          !context.on_iteration({++n_steps, params_.max_iterations, value / objective.total_weight(), std::nan("")}))
        return;
    }
  }

  static std::unique_ptr<Model> make_model(const Vector& w, const TrainingSet& train, const Objective& objective) {
    const auto n_weights = static_cast<size_t>(w.size() - objective.n_sums());
    const std::vector<double> all(w.data(), w.data() + w.size());
    LinearForm form{static_cast<int64_t>(train.x.n_features()),
                    {all.begin(), all.begin() + static_cast<ptrdiff_t>(n_weights)},
                    {all.begin() + static_cast<ptrdiff_t>(n_weights), all.end()},
                    objective.is_binary() ? Link::Sigmoid : Link::Softmax};
    return std::make_unique<LinearModel>(std::move(form));
  }

  static double validation_loss(const Model& model, const TrainingSet& rows) {
    const size_t k = model.n_outputs();
    std::vector<double> probabilities(rows.x.n_rows() * k);
    model.predict(rows.x, probabilities);
    double sum = 0, total = 0;
    for (size_t row = 0; row < rows.x.n_rows(); ++row) {
      const double weight = rows.weights.empty() ? 1.0 : rows.weights[row];
      sum -= weight * std::log(std::max(probabilities[row * k + static_cast<size_t>(rows.target.values[row])], 1e-15));
      total += weight;
    }
    return sum / std::max(total, 1e-300);
  }

  LogisticParams params_;
};

}  // namespace

void register_logistic(Catalog<Learner>& catalog) {
  catalog.add<Logistic, LogisticParams>("logistic", "Logistic regression of two or more classes with a squared penalty.",
                                        {"logistic_regression"});
}

}  // namespace kolosal
