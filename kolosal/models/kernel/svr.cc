// Support vector regression: a sum of kernels that errs by at most epsilon where it can, and is as flat as it can be.
//
// Minimises  1/2 |w|^2 + c sum_i s_i max(0, |y_i - f(x_i)| - epsilon)  in the space of the kernel; s are the row weights.
//
// Shapes   features (n_rows, n_features) float32, of like size; numbers.
// Cost     see smo.h: about n_rows^2 n_features.
// Source   Smola and Schölkopf, Statistics and Computing 14, 2004.
// Checked  kernel_test.cc; scikit-learn in tests/parity.

#include "kolosal/models/forms/kernel.h"
#include "kolosal/models/kernel/svm_params.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {
namespace {

struct SvrParams : SvmParams {
  double epsilon = 0.1;
};

void describe(Fields<SvrParams>& f) {
  add_svm_fields(f);
  f.add("epsilon", &SvrParams::epsilon, "Error that costs nothing.").min(0).search_log(1e-3, 1);
}

class Svr : public Learner {
 public:
  explicit Svr(SvrParams params) : params_(params) {}
  bool supports(Task task) const override { return task == Task::Regression; }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    context.check();
    const TrainingRows training(train);
    const size_t n = training.rows.size(), p = train.x.n_features();
    const MemoryLease lease(context.memory, n * (2 * p * sizeof(float) + 10 * sizeof(double)), "rows of support vector regression");
    const std::vector<float> values = rows_of(train.x, training.rows);
    const KernelFunction kernel = kernel_of(params_, values, p, training.weights);
    const KernelRows rows(values, p);
    KernelCache cache(kernel, rows, cache_bytes_of(params_, 1, context), context);
    SmoProblem problem;
    problem.tolerance = params_.tolerance;
    problem.max_steps = steps_of(params_, n);
    for (const double sign : {1.0, -1.0})
      for (size_t i = 0; i < n; ++i) {
        problem.signs.push_back(sign);
        problem.linear.push_back(params_.epsilon - sign * training.target.values[i]);
        problem.bounds.push_back(params_.c * (training.weights.empty() ? 1 : training.weights[i]));
      }
    const SmoSolution solution = solve_smo(problem, cache, context);
    KernelForm form;
    form.n_features = static_cast<int64_t>(p);
    form.kernel = kernel;
    form.bias = {-solution.rho};
    for (size_t i = 0; i < n; ++i) {
      const double share = solution.variables[i] - solution.variables[n + i];
      if (share == 0) continue;
      form.shares.push_back(share);
      form.rows.insert(form.rows.end(), values.begin() + static_cast<ptrdiff_t>(i * p),
                       values.begin() + static_cast<ptrdiff_t>((i + 1) * p));
    }
    return std::make_unique<KernelModel>(std::move(form));
  }

 private:
  SvrParams params_;
};

}  // namespace

void register_svr(Catalog<Learner>& catalog) {
  catalog.add<Svr, SvrParams>("svr", "Support vector regression: a flat sum of kernels that errs little.");
}

}  // namespace kolosal
