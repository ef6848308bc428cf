// Poisson, gamma and Tweedie regression: the logarithm of the mean is a linear function of the features.
//
// Minimises  sum_i s_i d(y_i, mu_i) / (2 sum_i s_i) + l2/2 |w|^2  with mu = exp(x.w + b);  d is the unit deviance of the Tweedie family of
// `power` (1: Poisson, 2: gamma, between: compound Poisson-gamma, 3: inverse Gaussian), s are the row weights, b is not penalised.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows,) float64, >= 0, and > 0 from power 2 on.
// Cost     O(n_rows n_features) a step, see LinearMinimiser.
// Source   Nelder and Wedderburn, Journal of the Royal Statistical Society A 135(3), 1972; Jorgensen, JRSS B 49(2), 1987.
// Checked  optimality conditions in linear_losses_test.cc; scikit-learn in tests/parity.

#include <cmath>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/minimiser-inl.h"

namespace kolosal {
namespace {

enum class Family { Poisson, Gamma, Tweedie };

template <Family family>
struct GlmParams {
  double power = family == Family::Poisson ? 1 : family == Family::Gamma ? 2 : 1.5;
  double l2 = 1e-4;
  bool fit_intercept = true;
  int32_t max_iterations = 100;
  double tolerance = 1e-6;
};

template <Family family>
void describe(Fields<GlmParams<family>>& f) {
  using Params = GlmParams<family>;
  if constexpr (family == Family::Tweedie)
    f.add("power", &Params::power, "Power of the mean that the variance is proportional to.").min(1).max(3).search(1.1, 1.9);
  f.add("l2", &Params::l2, "Strength of the squared penalty on the weights, beside the mean of the halved deviance.")
      .min(0)
      .search_log(1e-6, 10)
      .alias("alpha");
  add_minimiser_fields(f, "Most steps of the minimiser.",
                       "Largest derivative by a weight of scaled features, relative to the mean row, at which it stops.");
}

// Half of the unit deviance, less what does not depend on the mean.
class TweedieLoss : public MarginLoss {
 public:
  TweedieLoss(const Target& target, double power, double mean) : target_(target), power_(power), scale_(std::pow(mean, 2 - power)) {}
  double scale() const override { return scale_; }

  double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals, double* curvatures) const override {
    const double *y = target_.values.data() + begin, p = power_;
    std::vector<double> up(n), down(n);  // mu^(2 - p), mu^(1 - p)
    for (size_t i = 0; i < n; ++i) up[i] = (2 - p) * margins[i];
    for (size_t i = 0; i < n; ++i) down[i] = (1 - p) * margins[i];
    exponentials(up, up);
    exponentials(down, down);
    double loss = 0;
    for (size_t i = 0; i < n; ++i) {
      const double of_mean = p == 2 ? margins[i] : up[i] / (2 - p), of_target = p == 1 ? margins[i] : down[i] / (1 - p);
      loss += weights[i] * (of_mean - y[i] * of_target);
      residuals[i] = weights[i] * (up[i] - y[i] * down[i]);
    }
    if (curvatures == nullptr) return loss;
    // Beyond 2 the second derivative can be negative; its expectation is not.
    for (size_t i = 0; i < n; ++i) curvatures[i] = weights[i] * (p > 2 ? up[i] : (2 - p) * up[i] + (p - 1) * y[i] * down[i]);
    return loss;
  }

 private:
  const Target& target_;
  double power_, scale_;
};

template <Family family>
class GeneralizedLinear : public Learner {
 public:
  explicit GeneralizedLinear(GlmParams<family> params) : params_(params) {}
  bool supports(Task task) const override { return task == Task::Regression; }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }
  bool tells_progress() const override { return true; }
  bool accepts_negative_target() const override { return false; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    double sum = 0;
    for (size_t row = 0; row < rows.n_rows(); ++row) {
      const double y = train.target.values[row], weight = train.weights.empty() ? 1 : train.weights[row] / rows.unit();
      if (weight > 0 && (y < 0 || (y == 0 && params_.power >= 2)))
        throw Error(ErrorCode::BadValue,
                    std::string("the target is ") + (y < 0 ? "negative" : "zero") + " in row " + std::to_string(row) +
                        ", where the logarithm of its mean is learnt from numbers " + (params_.power >= 2 ? "above 0" : "of at least 0"),
                    "Leave such rows out, or take a learner of any number, such as ridge.");
      sum += weight * y;
    }
    const double mean = std::max(sum / rows.total(), 1e-10);
    const TweedieLoss loss(train.target, params_.power, mean);
    LinearMinimiser minimiser(rows, loss, {params_.fit_intercept, params_.max_iterations, params_.tolerance}, context);
    minimiser.start_from({std::log(mean)});
    minimiser.minimise({0, params_.l2 * rows.total() * rows.unit()});
    return std::make_unique<LinearModel>(minimiser.form(Link::Exp));
  }

 private:
  GlmParams<family> params_;
};

}  // namespace

void register_gamma(Catalog<Learner>& catalog) {
  catalog.add<GeneralizedLinear<Family::Gamma>, GlmParams<Family::Gamma>>(
      "gamma", "Gamma regression: positive numbers whose spread grows as their mean, which is an exponential of the features.");
}

void register_poisson(Catalog<Learner>& catalog) {
  catalog.add<GeneralizedLinear<Family::Poisson>, GlmParams<Family::Poisson>>(
      "poisson", "Poisson regression: counts whose mean is an exponential of the features.");
}

void register_tweedie(Catalog<Learner>& catalog) {
  catalog.add<GeneralizedLinear<Family::Tweedie>, GlmParams<Family::Tweedie>>(
      "tweedie", "Tweedie regression: amounts that are often zero, whose mean is an exponential of the features.");
}

}  // namespace kolosal
