// Quantile regression: the linear function that a given share of targets lies below.
//
// Minimises  sum_i s_i pinball(y_i - x_i.w - b) / sum_i s_i + l1 |w|_1  with pinball(r) = quantile r for r > 0 and (quantile - 1) r below;
// s are the row weights, b is not penalised.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows,) float64.
// Cost     ten to forty weighted Gram matrices, see minimise_piecewise.
// Source   Koenker and Bassett, Econometrica 46(1), 1978.
// Checked  against shares of rows in linear_losses_test.cc; scikit-learn in tests/parity.

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/piecewise-inl.h"

namespace kolosal {
namespace {

struct QuantileParams {
  double quantile = 0.5;
  double l1 = 0;
  bool fit_intercept = true;
  int32_t max_iterations = 200;
  double tolerance = 1e-11;
};

void describe(Fields<QuantileParams>& f) {
  f.add("quantile", &QuantileParams::quantile, "Share of the targets that lie below the prediction.").above(0).max(1 - 1e-6);
  f.add("l1", &QuantileParams::l1, "Strength of the penalty on the absolute weights, beside the mean loss.")
      .min(0)
      .search_log(1e-6, 1)
      .alias("alpha");
  add_minimiser_fields(f, "Most steps of the minimiser.", "Duality gap, relative to the loss, at which it stops.");
}

class Quantile : public Learner {
 public:
  explicit Quantile(QuantileParams params) : params_(params) {}
  bool supports(Task task) const override { return task == Task::Regression; }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    refuse_without_blocks(rows, "quantile", "Pass fewer columns, as of text_svd, or take gradient_boosting with the loss 'quantile'.");
    const auto row_of = [&](size_t i) { return PiecewiseRow{train.target.values[i], params_.quantile, 1 - params_.quantile}; };
    const MinimiserOptions options{params_.fit_intercept, params_.max_iterations, params_.tolerance};
    const Penalty penalty{params_.l1 * rows.total() * rows.unit(), 0};
    return std::make_unique<LinearModel>(minimise_piecewise(rows, row_of, penalty, options, context));
  }

 private:
  QuantileParams params_;
};

}  // namespace

void register_quantile(Catalog<Learner>& catalog) {
  catalog.add<Quantile, QuantileParams>("quantile", "The linear function that a given share of targets lies below.");
}

}  // namespace kolosal
