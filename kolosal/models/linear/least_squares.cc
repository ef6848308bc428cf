// Least squares: the linear function with the least squared error.
//
// Minimises  sum_i s_i (y_i - x_i.w - b)^2  over w and b; s are the row weights. Where several w are as good (columns that follow from
// others, fewer rows than columns), the shortest one is taken; constant columns get no weight.
//
// Shapes   features (n_rows, n_features) float32; target (n_rows, n_targets) float64; weights (n_targets, n_features) float64.
// Cost     O(n_rows n_features^2 + n_features^3) time in one pass over the rows, O(n_features^2) memory.
// Source   the normal equations of centred columns, by Cholesky, or by eigenvectors where the columns depend on one another; of sparse rows
// of
//          many features conjugate gradients.
// Checked  closed-form answers in linear_test.cc; scikit-learn in tests/parity.

#include "kolosal/models/learner.h"
#include "kolosal/models/linear/conjugate_gradients-inl.h"
#include "kolosal/models/linear/gram-inl.h"

namespace kolosal {
namespace {

struct LeastSquaresParams {
  bool fit_intercept = true;
};

void describe(Fields<LeastSquaresParams>& f) {
  f.add("fit_intercept", &LeastSquaresParams::fit_intercept, "Whether a constant is added to the prediction.");
}

class LeastSquares : public Learner {
 public:
  explicit LeastSquares(LeastSquaresParams params) : params_(params) {}
  bool supports(Task task) const override { return !is_classification(task); }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train, SparseInput::Taken);
    context.check();
    if (rows.has_no_blocks()) {
      const SquaresFit fit = conjugate_gradients(rows, 0, params_.fit_intercept, context);
      return make_linear_model(fit.x_means, fit.y_means, fit.weights);
    }
    const Gram gram = make_gram(rows, params_.fit_intercept, context);
    return make_linear_model(gram, solve_least_squares(gram, 0, context));
  }

 private:
  LeastSquaresParams params_;
};

}  // namespace

void register_least_squares(Catalog<Learner>& catalog) {
  catalog.add<LeastSquares, LeastSquaresParams>("least_squares", "The linear function of the least squared error.", {"linear_regression"});
}

}  // namespace kolosal
