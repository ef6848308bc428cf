// Gaussian naive Bayes: within a class, features are independent and normal.
//
// Means and variances of each feature in each class are those of the weighted rows; `var_smoothing` of the largest variance of a feature
// over all rows is added to each variance. Priors are the shares of the classes.
//
// Shapes   features (n_rows, n_features) float32; classes (n_rows,).
// Cost     O(n_rows n_features) in one pass over the rows.
// Source   Chan, Golub and LeVeque, The American Statistician 37(3), 1983 (variances around a guess of the mean).
// Checked  by hand in bayes_test.cc; scikit-learn in tests/parity.

#include <algorithm>

#include "kolosal/models/bayes/class_sums-inl.h"
#include "kolosal/models/forms/gaussian_classes.h"
#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

struct GaussianNaiveBayesParams {
  double var_smoothing = 1e-9;
};

void describe(Fields<GaussianNaiveBayesParams>& f) {
  f.add("var_smoothing", &GaussianNaiveBayesParams::var_smoothing,
        "Share of the largest variance of a feature that is added to all variances.")
      .above(0)
      .search_log(1e-10, 0.1);
}

class GaussianNaiveBayes : public Learner {
 public:
  explicit GaussianNaiveBayes(GaussianNaiveBayesParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train);
    context.check();
    const std::vector<double> centers = column_scales(rows, true, context).centers;
    const ClassSums sums = sum_by_class<2>(rows, context, [&](double x, size_t j) {
      const double off = x - centers[j];
      return std::array<double, 2>{off, off * off};
    });
    const size_t p = sums.n_features, n_classes = sums.n_classes;
    GaussianClassesForm form;
    form.n_features = static_cast<int64_t>(p);
    form.log_dets.assign(n_classes, 0);
    double largest = 0;
    for (size_t j = 0; j < p; ++j) {
      double first = 0, second = 0;
      for (size_t k = 0; k < n_classes; ++k) {
        first += sums.at(0, j, k) / rows.total();
        second += sums.at(1, j, k) / rows.total();
      }
      largest = std::max(largest, second - first * first);
    }
    const double added = std::max(params_.var_smoothing * largest, 1e-300);
    for (size_t k = 0; k < n_classes; ++k) {
      const double weight = sums.weights[k];
      form.priors.push_back(weight / rows.total());
      for (size_t j = 0; j < p; ++j) {
        const double off = weight > 0 ? sums.at(0, j, k) / weight : 0;
        const double variance = std::max(weight > 0 ? sums.at(1, j, k) / weight - off * off : 1, 0.0) + added;
        form.means.push_back(centers[j] + off);
        form.factors.push_back(1 / std::sqrt(variance));
        form.log_dets[k] -= 0.5 * std::log(variance);
      }
    }
    return std::make_unique<GaussianClassesModel>(std::move(form));
  }

 private:
  GaussianNaiveBayesParams params_;
};

}  // namespace

void register_gaussian_naive_bayes(Catalog<Learner>& catalog) {
  catalog.add<GaussianNaiveBayes, GaussianNaiveBayesParams>("gaussian_naive_bayes", "Features are independent and normal within a class.");
}

}  // namespace kolosal
