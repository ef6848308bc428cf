// Multinomial and Bernoulli naive Bayes: features are counts, or things that are there or not, drawn independently within a class.
//
// With N_kj the weighted sum of feature j over the rows of class k and alpha a count that is added to each:
// multinomial  log P(k | x) ~ log prior_k + sum_j x_j log((N_kj + alpha) / sum_j (N_kj + alpha));
// Bernoulli    features are 1 above `threshold` and else 0; log P(k | x) ~ log prior_k + sum_j log of q_kj where feature j is 1 and of
//              1 - q_kj where it is 0, with q_kj = (N_kj + alpha) / (weight of class k + 2 alpha).
// Both are linear in the features. A class without rows has the share of a row of weight 1e-10.
//
// Shapes   features (n_rows, n_features) float32, >= 0 for multinomial; classes (n_rows,).
// Cost     O(n_rows n_features) in one pass over the rows.
// Source   Manning, Raghavan and Schuetze, Introduction to Information Retrieval, 2008, chapter 13.
// Checked  by hand in bayes_test.cc; scikit-learn in tests/parity.

#include <cmath>

#include "kolosal/models/bayes/class_sums-inl.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

enum class Counts { Multinomial, Bernoulli };

template <Counts counts>
struct CountParams {
  double alpha = 1;
  double threshold = 0;
};

template <Counts counts>
void describe(Fields<CountParams<counts>>& f) {
  using Params = CountParams<counts>;
  f.add("alpha", &Params::alpha, "What is added to the sum of each feature in each class.").above(0).search_log(1e-3, 10);
  if constexpr (counts == Counts::Bernoulli)
    f.add("threshold", &Params::threshold, "Features above it are there, others are not.").alias("binarize");
}

template <Counts counts>
class CountNaiveBayes : public Learner {
 public:
  explicit CountNaiveBayes(CountParams<counts> params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {.accepts_negative = counts != Counts::Multinomial}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train);
    context.check();
    const double threshold = params_.threshold;
    // 0 x makes what is not finite show in the sum.
    const ClassSums sums = sum_by_class<2>(rows, context, [&](double x, size_t) {
      const double value = counts == Counts::Bernoulli ? (x > threshold ? 1 : 0) + 0 * x : x;
      return std::array<double, 2>{value, counts == Counts::Multinomial && x < 0 ? 1.0 : 0.0};
    });
    if (counts == Counts::Multinomial) refuse_negative(rows, sums);
    const size_t p = sums.n_features, n_classes = sums.n_classes;
    const double alpha = params_.alpha / rows.unit();
    LinearForm form{static_cast<int64_t>(p), {}, {}, Link::Softmax};
    if (counts == Counts::Bernoulli) form.threshold = threshold;
    for (size_t k = 0; k < n_classes; ++k) {
      double bias = std::log(std::max(sums.weights[k] / rows.total(), 1e-10 / rows.total())), all = 0;
      for (size_t j = 0; j < p; ++j) all += sums.at(0, j, k) + alpha;
      for (size_t j = 0; j < p; ++j) {
        const double count = sums.at(0, j, k) + alpha;
        if (counts == Counts::Multinomial) {
          form.weights.push_back(std::log(count) - std::log(all));
          continue;
        }
        const double absent = std::max(sums.weights[k] - sums.at(0, j, k), 0.0) + alpha;
        form.weights.push_back(std::log(count) - std::log(absent));
        bias += std::log(absent) - std::log(count + absent);
      }
      form.bias.push_back(bias);
    }
    return std::make_unique<LinearModel>(with_one_sum_of_two(std::move(form)));
  }

 private:
  static void refuse_negative(const WeightedRows& rows, const ClassSums& sums) {
    for (size_t j = 0; j < sums.n_features; ++j)
      for (size_t k = 0; k < sums.n_classes; ++k)
        if (sums.at(1, j, k) > 0)
          throw Error(ErrorCode::BadValue,
                      "Negative values in data: feature '" + rows.x().features()[j].name + "' has one, where counts are learnt from",
                      "Use gaussian_naive_bayes, or leave the feature out.");
  }

  CountParams<counts> params_;
};

}  // namespace

void register_bernoulli_naive_bayes(Catalog<Learner>& catalog) {
  catalog.add<CountNaiveBayes<Counts::Bernoulli>, CountParams<Counts::Bernoulli>>(
      "bernoulli_naive_bayes", "Features are there or not, independently within a class.");
}

void register_multinomial_naive_bayes(Catalog<Learner>& catalog) {
  catalog.add<CountNaiveBayes<Counts::Multinomial>, CountParams<Counts::Multinomial>>(
      "multinomial_naive_bayes", "Features are counts of things drawn independently within a class, such as words.");
}

}  // namespace kolosal
