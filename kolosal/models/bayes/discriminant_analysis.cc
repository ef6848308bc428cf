// Discriminant analysis: each class is a normal distribution of the features, with one covariance for all classes (linear) or one for
// each (quadratic).
//
// Linear: S = sum of the scatters of the classes around their means / the weight of all rows, moved by `shrinkage` towards a multiple
// of the identity of the same trace; directions in which the features do not vary are left out. The boundaries are linear. Quadratic: S_k =
// scatter of class k / its weight, whose eigenvalues v become (1 - regularization) v + regularization, and none less than 1e-9 of the
// largest variance of a feature in any class. A weight counts as so many rows. Priors are the shares of the classes.
//
// Shapes   features (n_rows, n_features) float32; classes (n_rows,).
// Cost     O(n_rows n_features^2) and O(n_features^3), once for linear and for each class for quadratic.
// Source   Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, section 4.3; Friedman, JASA 84, 1989.
// Checked  by hand in bayes_test.cc; scikit-learn in tests/parity.

#include <cmath>

#include "kolosal/models/forms/gaussian_classes.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/gram-inl.h"
#include "kolosal/models/linear/spectrum-inl.h"

namespace kolosal {
namespace {

// The rows of one class: their weight, their means, and their scatter around these.
struct ClassMoments {
  double weight = 0;
  Eigen::VectorXd means;
  Eigen::MatrixXd scatter;
};

// Moments of every class that has a row of weight above 0; the others have no means. Weights are divided by unit.
std::vector<ClassMoments> class_moments(const TrainingSet& train, double unit, const FitContext& context) {
  std::vector<std::vector<uint32_t>> members(train.target.n_classes());
  for (uint32_t row = 0; row < train.target.n_rows; ++row)
    if (train.weights.empty() || train.weights[row] > 0) members[static_cast<size_t>(train.target.values[row])].push_back(row);
  std::vector<ClassMoments> moments(members.size());
  for (size_t k = 0; k < members.size(); ++k) {
    if (members[k].empty()) continue;
    context.check();
    const MemoryLease lease(context.memory, members[k].size() * train.x.n_features() * sizeof(float), "rows of a class");
    const FeatureMatrix x = train.x.take(members[k]);
    const Target target = train.target.take(members[k]);
    std::vector<double> weights;
    if (!train.weights.empty())
      for (const uint32_t row : members[k]) weights.push_back(train.weights[row] / unit);
    const WeightedRows rows({x, target, weights});
    const Gram gram = make_gram(rows, true, context);
    const double unit_of_class = rows.unit();
    moments[k] = {rows.total() * unit_of_class, gram.x_means, gram.xx * unit_of_class};
  }
  return moments;
}

struct LdaParams {
  double shrinkage = 0;
};

void describe(Fields<LdaParams>& f) {
  f.add("shrinkage", &LdaParams::shrinkage, "How far the covariance moves towards a multiple of the identity: 0 not at all, 1 all the way.")
      .min(0)
      .max(1)
      .search(0, 1);
}

class LinearDiscriminant : public Learner {
 public:
  explicit LinearDiscriminant(LdaParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train);
    context.check();
    const std::vector<ClassMoments> moments = class_moments(train, rows.unit(), context);
    const auto p = static_cast<Eigen::Index>(rows.n_features());
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(p, p);
    Eigen::VectorXd center = Eigen::VectorXd::Zero(p);
    for (const ClassMoments& of_class : moments) {
      if (of_class.weight == 0) continue;
      covariance += of_class.scatter;
      center += of_class.weight / rows.total() * of_class.means;
    }
    covariance /= rows.total();
    if (p > 0)
      covariance = ((1 - params_.shrinkage) * covariance).eval() +
                   Eigen::MatrixXd::Identity(p, p) * (params_.shrinkage * covariance.trace() / static_cast<double>(p));
    const Eigen::MatrixXd inverse = inverse_of(covariance, context);
    LinearForm form{p, {}, {}, Link::Softmax};
    for (const ClassMoments& of_class : moments) {
      const Eigen::VectorXd off = of_class.weight > 0 ? Eigen::VectorXd(of_class.means - center) : Eigen::VectorXd::Zero(p);
      const Eigen::VectorXd w = inverse * off;
      form.weights.insert(form.weights.end(), w.data(), w.data() + p);
      form.bias.push_back(std::log(std::max(of_class.weight / rows.total(), 1e-300)) - 0.5 * w.dot(off) - w.dot(center));
    }
    return std::make_unique<LinearModel>(with_one_sum_of_two(std::move(form)));
  }

 private:
  // The inverse in the directions that vary, of columns of length one so that units do not matter.
  static Eigen::MatrixXd inverse_of(const Eigen::MatrixXd& covariance, const FitContext& context) {
    if (covariance.rows() == 0) return covariance;
    const Eigen::VectorXd scale = covariance.diagonal().unaryExpr([](double v) { return v > 0 ? 1 / std::sqrt(v) : 0; });
    const Eigen::Index p = covariance.rows();
    const Spectrum spectrum = spectrum_of(scale.asDiagonal() * covariance * scale.asDiagonal(), Eigen::MatrixXd::Identity(p, p), context);
    const Eigen::VectorXd inverse = spectrum.values.unaryExpr([](double v) { return v > 1e-8 ? 1 / v : 0; });
    return scale.asDiagonal() * spectrum.projected.transpose() * inverse.asDiagonal() * spectrum.projected * scale.asDiagonal();
  }

  LdaParams params_;
};

struct QdaParams {
  double regularization = 0;
};

void describe(Fields<QdaParams>& f) {
  f.add("regularization", &QdaParams::regularization, "How far the variances of each class move towards one.")
      .min(0)
      .max(1)
      .search(0, 0.5)
      .alias("reg_param");
}

class QuadraticDiscriminant : public Learner {
 public:
  explicit QuadraticDiscriminant(QdaParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    const WeightedRows rows(train);
    context.check();
    std::vector<ClassMoments> moments = class_moments(train, rows.unit(), context);
    const auto p = static_cast<Eigen::Index>(rows.n_features());
    double largest = 0;
    for (ClassMoments& of_class : moments) {
      if (of_class.weight == 0) continue;
      of_class.scatter /= of_class.weight;
      if (p > 0) largest = std::max(largest, of_class.scatter.diagonal().maxCoeff());
    }
    const double least = largest > 0 ? 1e-9 * largest : 1;
    GaussianClassesForm form;
    form.n_features = p;
    form.independent = false;
    for (const ClassMoments& of_class : moments) add_class(of_class, rows.total(), least, p, context, form);
    return std::make_unique<GaussianClassesModel>(std::move(form));
  }

 private:
  void add_class(const ClassMoments& of_class, double total, double least, Eigen::Index p, const FitContext& context,
                 GaussianClassesForm& form) const {
    form.priors.push_back(of_class.weight / total);
    form.log_dets.push_back(0);
    if (of_class.weight == 0 || p == 0) {
      form.means.resize(form.means.size() + static_cast<size_t>(p));
      form.factors.resize(form.factors.size() + static_cast<size_t>(p * p));
      return;
    }
    const Spectrum spectrum = spectrum_of(of_class.scatter, Eigen::MatrixXd::Identity(p, p), context);
    Eigen::MatrixXd factor = spectrum.projected.transpose();  // its columns become the rows of the factor
    for (Eigen::Index j = 0; j < p; ++j) {
      const double value = std::max((1 - params_.regularization) * spectrum.values[j] + params_.regularization, least);
      factor.col(j) /= std::sqrt(value);
      form.log_dets.back() -= 0.5 * std::log(value);
    }
    form.means.insert(form.means.end(), of_class.means.data(), of_class.means.data() + p);
    form.factors.insert(form.factors.end(), factor.data(), factor.data() + p * p);
  }

  QdaParams params_;
};

}  // namespace

void register_lda(Catalog<Learner>& catalog) {
  catalog.add<LinearDiscriminant, LdaParams>("lda", "Linear discriminant analysis: normal classes of one covariance.",
                                             {"linear_discriminant_analysis"});
}

void register_qda(Catalog<Learner>& catalog) {
  catalog.add<QuadraticDiscriminant, QdaParams>("qda", "Quadratic discriminant analysis: normal classes, each of its own covariance.",
                                                {"quadratic_discriminant_analysis"});
}

}  // namespace kolosal
