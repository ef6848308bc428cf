// Linear support vector machine: the linear boundary that keeps classes apart by a wide margin.
//
// Minimises  sum_i s_i h(1 - t_i m_i) + l2/2 |w|^2  with m = x.w + b, t = -1 or 1, and h(z) = max(0, z)^2 (squared hinge) or max(0, z)
// (hinge); s are the row weights, b is not penalised. Of more than two classes each has a boundary between itself and all others.
// Probabilities are sigmoid(a m), or softmax(a m) of several, with the a > 0 under which the training classes are likeliest: the likelier
// class is always the one that the margins say.
//
// Shapes   features (n_rows, n_features) float32; classes (n_rows,); weights (n_sums, n_features) float64.
// Cost     for each boundary, squared hinge as logistic regression, see LinearMinimiser; hinge ten to forty weighted Gram matrices, see
//          minimise_piecewise.
// Source   Fan, Chang, Hsieh, Wang and Lin, JMLR 9, 2008 (LIBLINEAR); Keerthi and DeCoste, JMLR 6, 2005 (Newton on the squared hinge).
// Checked  optimality conditions in linear_losses_test.cc; scikit-learn in tests/parity.

#include <array>
#include <cmath>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/piecewise-inl.h"
#include "kolosal/models/linear/sharpness.h"

namespace kolosal {
namespace {

enum class HingeLoss { SquaredHinge, Hinge };

constexpr auto enum_names(HingeLoss) {
  return std::to_array<std::pair<HingeLoss, std::string_view>>({{HingeLoss::SquaredHinge, "squared_hinge"}, {HingeLoss::Hinge, "hinge"}});
}

struct LinearSvmParams {
  HingeLoss loss = HingeLoss::SquaredHinge;
  double l2 = 1;
  bool fit_intercept = true;
  int32_t max_iterations = 200;
  double tolerance = 1e-4;
};

void describe(Fields<LinearSvmParams>& f) {
  f.add("loss", &LinearSvmParams::loss, "What a row within the margin costs: the square of what it lacks, or what it lacks.");
  f.add("l2", &LinearSvmParams::l2, "Strength of the squared penalty on the weights: the inverse of C.").min(0).search_log(1e-4, 1e4);
  add_minimiser_fields(
      f, "Most steps of the minimiser.",
      "Largest derivative by a weight of scaled features, relative to the total weight, at which it stops; of hinge, the duality gap.");
}

// max(0, 1 - t m)^2 of one class against the others.
class SquaredHinge : public MarginLoss {
 public:
  SquaredHinge(const Target& target, double positive) : target_(target), positive_(positive) {}

  double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals, double* curvatures) const override {
    double loss = 0;
    for (size_t i = 0; i < n; ++i) {
      const double t = target_.values[begin + i] == positive_ ? 1 : -1, lack = std::max(1 - t * margins[i], 0.0);
      loss += weights[i] * lack * lack;
      residuals[i] = -2 * weights[i] * t * lack;
      if (curvatures != nullptr) curvatures[i] = lack > 0 ? 2 * weights[i] : 0;
    }
    return loss;
  }

 private:
  const Target& target_;
  double positive_;
};

class LinearSvm : public Learner {
 public:
  explicit LinearSvm(LinearSvmParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }
  bool tells_progress() const override { return params_.loss == HingeLoss::SquaredHinge; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    const size_t n_classes = train.target.n_classes(), n_sums = n_classes == 2 ? 1 : n_classes;
    LinearForm all{static_cast<int64_t>(rows.n_features()), {}, {}, n_classes == 2 ? Link::Sigmoid : Link::Softmax};
    const MemoryLease lease(context.memory, n_sums * (rows.n_rows() + rows.n_features()) * sizeof(double), "margins of all boundaries");
    std::vector<double> margins(rows.n_rows() * n_sums);
    FitContext part = context;  // steps of all boundaries are told as of one fit
    int n_steps = 0;
    bool ended = false;
    if (context.on_iteration)
      part.on_iteration = [&](FitProgress progress) {
        if (ended) return false;
        progress.iteration = ++n_steps;
        progress.n_iterations *= static_cast<int>(n_sums);
        ended = !context.on_iteration(progress);
        return !ended;
      };
    for (size_t k = 0; k < n_sums; ++k) {
      if (k > 0) context.check();  // a model needs the boundaries of all classes
      const LinearForm one = boundary(rows, static_cast<double>(n_classes == 2 ? 1 : k), part);
      all.weights.insert(all.weights.end(), one.weights.begin(), one.weights.end());
      all.bias.push_back(one.bias[0]);
      const std::vector<double> of_one = margins_of(rows, one, context);
      for (size_t i = 0; i < of_one.size(); ++i) margins[i * n_sums + k] = of_one[i];
    }
    sharpen(all, rows, margins, context);
    return std::make_unique<LinearModel>(std::move(all));
  }

 private:
  LinearForm boundary(const WeightedRows& rows, double positive, const FitContext& context) const {
    const MinimiserOptions options{params_.fit_intercept, params_.max_iterations, params_.tolerance};
    if (params_.loss == HingeLoss::Hinge) {
      refuse_without_blocks(rows, "linear_svm with the loss 'hinge'", "Choose the loss 'squared_hinge', or sgd with the loss 'hinge'.");
      // The hinge is a piecewise loss of the target t: it costs where t m is below t t.
      const auto row_of = [&](size_t i) {
        const bool is_positive = rows.target().values[i] == positive;
        return PiecewiseRow{is_positive ? 1.0 : -1.0, is_positive ? 1.0 : 0.0, is_positive ? 0.0 : 1.0};
      };
      return minimise_piecewise(rows, row_of, {0, params_.l2}, options, context);
    }
    const SquaredHinge loss(rows.target(), positive);
    LinearMinimiser minimiser(rows, loss, options, context);
    minimiser.minimise({0, params_.l2});
    return minimiser.form(Link::Identity);
  }

  LinearSvmParams params_;
};

}  // namespace

void register_linear_svm(Catalog<Learner>& catalog) {
  catalog.add<LinearSvm, LinearSvmParams>("linear_svm",
                                          "Linear support vector machine: the boundary with the widest margin between classes.");
}

}  // namespace kolosal
