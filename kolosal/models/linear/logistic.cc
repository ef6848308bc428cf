// Logistic regression, binary and multinomial, with L1 and L2 penalties on the weights.
//
// Minimises  sum_i s_i loss(y_i, W x_i + b) + l1 |W|_1 + l2/2 |W|^2;  s are the row weights, b is not penalised; loss is the logistic
// loss of one sum for two classes and the multinomial loss of a sum a class for more. Where l2 is not given (and l1 is 0), held-out
// rows choose it from a path of six values, each started from the last; without held-out rows it is 1, as scikit-learn's C = 1.
//
// Shapes   features (n_rows, n_features) float32; classes (n_rows,); weights (n_sums, n_features) float64.
// Cost     Newton's steps on a sample, then O(n_rows n_features n_sums) a step, two to four of them; with more than 512 weights L-BFGS, at
//          most `max_iterations` steps.
// Source   see LinearMinimiser.
// Checked  optimality conditions in linear_test.cc; scikit-learn in tests/parity.

#include <cmath>
#include <optional>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/minimiser-inl.h"
#include "kolosal/models/validation_set.h"

namespace kolosal {
namespace {

struct LogisticParams {
  std::optional<double> l2;
  double l1 = 0;
  bool fit_intercept = true;
  int32_t max_iterations = 200;
  double tolerance = 1e-4;
};

void describe(Fields<LogisticParams>& f) {
  f.add("l2", &LogisticParams::l2, "Strength of the squared penalty on the weights; chosen on held-out rows where not given.")
      .min(0)
      .search_log(1e-4, 1e4);
  f.add("l1", &LogisticParams::l1, "Strength of the penalty on the absolute weights; where it is above 0 and l2 not given, l2 is 0.")
      .min(0);
  add_minimiser_fields(f, "Most steps of the minimiser.",
                       "Largest derivative by a weight of scaled features, relative to the total weight, at which it stops.");
}

class Logistic : public Learner {
 public:
  explicit Logistic(LogisticParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }
  bool tells_progress() const override { return true; }
  bool uses_validation() const override { return is_l2_open(); }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    const size_t n_classes = train.target.n_classes();
    // Margins of many classes fill a block sooner.
    const bool many = n_classes > 32 && !train.x.is_sparse();
    const WeightedRows rows(train, SparseInput::Taken, many ? std::max<size_t>(32768 / n_classes, 16) : WeightedRows::kMaxBlockRows);
    validation = checked_validation_set(validation, train);
    context.check();
    std::unique_ptr<MarginLoss> loss;
    if (n_classes == 2) loss = std::make_unique<LogisticLoss>(train.target);
    else loss = std::make_unique<MultinomialLoss>(train.target);
    const Link link = n_classes == 2 ? Link::Sigmoid : Link::Softmax;
    LinearMinimiser minimiser(rows, *loss, {params_.fit_intercept, params_.max_iterations, params_.tolerance}, context);
    if (!is_l2_open() || validation == nullptr) {
      minimiser.minimise({params_.l1, params_.l2.value_or(params_.l1 > 0 ? 0 : 1)});
      return std::make_unique<LinearModel>(minimiser.form(link));
    }
    std::unique_ptr<Model> best;
    double least = std::numeric_limits<double>::infinity();
    for (const double l2 : {1000.0, 100.0, 20.0, 5.0, 1.0, 0.1}) {
      if (best && context.should_stop()) break;
      minimiser.minimise({0, l2});
      auto model = std::make_unique<LinearModel>(minimiser.form(link));
      const double held_out = validation_loss(*model, *validation);
      if (best && !(held_out < least)) {
        if (held_out > least * 1.02) break;  // the path has passed its best
        continue;
      }
      least = held_out;
      best = std::move(model);
    }
    return best;
  }

 private:
  bool is_l2_open() const { return !params_.l2 && params_.l1 == 0; }

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
    return sum / total;
  }

  LogisticParams params_;
};

}  // namespace

void register_logistic(Catalog<Learner>& catalog) {
  catalog.add<Logistic, LogisticParams>(
      "logistic", "Logistic regression of two or more classes with penalties on the absolute and the squared weights.",
      {"logistic_regression"});
}

}  // namespace kolosal
