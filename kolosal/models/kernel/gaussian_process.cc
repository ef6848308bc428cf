// Gaussian process regression and classification, for small tables: the mean over all smooth functions that agree with the rows.
//
// Length scales, amplitude and noise are those under which the rows are likeliest (the evidence), found by L-BFGS on their logarithms.
// Numbers are standardised first. Classes have a logistic likelihood and Laplace's approximation; of more than two each has a process
// against all others. Row weights divide the noise of numbers and multiply the likelihood of classes: a row of weight 2 is two rows.
//
// Shapes   features (n_rows, n_features) float32, of like size; numbers or classes; at most `max_rows` rows.
// Cost     about n_rows^3 + n_rows^2 n_features multiply-adds for each of some dozens of steps; 40 bytes for each pair of rows.
// Source   Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithms 2.1, 3.1, 5.1.
// Checked  gaussian_process_test.cc: numeric derivatives of the evidence; scikit-learn in tests/parity.

#include <cmath>
#include <deque>
#include <optional>

#include "kolosal/models/kernel/gaussian_process-inl.h"
#include "kolosal/models/kernel/svm_params.h"
#include "kolosal/models/linear/cholesky-inl.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr double kJitter = 1e-10;                           // of a row of weight one, as its noise
constexpr double kLeastWeight = 1e-12, kMostWeight = 1e12;  // others count as these

struct GaussianProcessParams {
  Covariance covariance = Covariance::Rbf;
  bool ard = true;
  std::optional<double> length_scale;
  double amplitude = 1;
  double noise = 0.1;
  bool optimize = true;
  int32_t max_iterations = 50;
  int32_t max_rows = 2000;
};

void describe(Fields<GaussianProcessParams>& f) {
  using P = GaussianProcessParams;
  f.add("covariance", &P::covariance,
        "How the likeness of rows falls with their distance: the smoother, the later in the list from matern12 to rbf.")
      .alias("kernel");
  f.add("ard", &P::ard, "Whether each feature has a length scale of its own.");
  f.add("length_scale", &P::length_scale, "The first length scale; the root of the number of features where not given.").above(0);
  f.add("amplitude", &P::amplitude, "The first variance of the process.").above(0);
  f.add("noise", &P::noise, "The first variance of standardised numbers about it.").above(0);
  f.add("optimize", &P::optimize, "Whether length scales, amplitude and noise are learnt, or stay as they are given.");
  f.add("max_iterations", &P::max_iterations, "Most steps of the search for them.").min(1).alias("max_iter");
  f.add("max_rows", &P::max_rows, "More rows than this are refused, as cost grows with their cube.").min(1).max(20'000);
}

// Likeness of all pairs for logarithms of length scales and amplitude.
struct Pairs {
  MatrixXd values;  // amplitude k(r)
  MatrixXd slopes;  // amplitude dk/d(r^2)
};

}  // namespace

EvidenceRows::EvidenceRows(std::span<const float> values, size_t n_features, Covariance kind, bool is_ard)
    : x(Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            values.data(), static_cast<Index>(values.size() / n_features), static_cast<Index>(n_features))
            .cast<double>()
            .transpose()),
      covariance(kind),
      ard(is_ard) {}

namespace {

VectorXd scales_of(const EvidenceRows& rows, const VectorXd& theta) {
  if (rows.ard) return (-theta.head(rows.x.rows())).array().exp();
  return VectorXd::Constant(rows.x.rows(), std::exp(-theta[0]));
}

Pairs compare_all(const EvidenceRows& rows, const VectorXd& theta, const FitContext& context) {
  const Index n = rows.x.cols();
  const MatrixXd z = scales_of(rows, theta).asDiagonal() * rows.x;
  const double amplitude = std::exp(theta[rows.n_scales()]);
  Pairs pairs{MatrixXd(n, n), MatrixXd(n, n)};
  context.threads->parallel_for(static_cast<size_t>(n), 16, [&](size_t begin, size_t end) {
    if (context.should_stop()) return;
    for (auto k = static_cast<Index>(begin); k < static_cast<Index>(end); ++k)
      for (Index i = 0; i < n; ++i) {
        const auto [value, slope] = covariance_at(rows.covariance, (z.col(i) - z.col(k)).squaredNorm());
        pairs.values(i, k) = amplitude * value;
        pairs.slopes(i, k) = amplitude * slope;
      }
  });
  context.check();
  return pairs;
}

// Derivatives by length scales and amplitude of a number whose derivatives by the likeness of pairs are `by_pairs`, which is symmetric.
VectorXd pull_back(const EvidenceRows& rows, const VectorXd& theta, const Pairs& pairs, const MatrixXd& by_pairs,
                   const FitContext& context) {
  const Index n = rows.x.cols(), p = rows.x.rows();
  const MatrixXd z = scales_of(rows, theta).asDiagonal() * rows.x;
  MatrixXd by_scale(p, n);
  context.threads->parallel_for(static_cast<size_t>(n), 16, [&](size_t begin, size_t end) {
    if (context.should_stop()) return;
    for (auto k = static_cast<Index>(begin); k < static_cast<Index>(end); ++k) {
      by_scale.col(k).setZero();
      for (Index i = 0; i < n; ++i)
        by_scale.col(k) -= (2 * by_pairs(i, k) * pairs.slopes(i, k)) * (z.col(i) - z.col(k)).array().square().matrix();
    }
  });
  context.check();
  VectorXd derivatives(rows.n_scales() + 1);
  const VectorXd sums = by_scale.rowwise().sum();
  if (rows.ard) derivatives.head(p) = sums;
  else derivatives[0] = sums.sum();
  derivatives[rows.n_scales()] = by_pairs.cwiseProduct(pairs.values).sum();
  return derivatives;
}

constexpr double kImpossible = -1e300;

}  // namespace

NumberEvidence evidence_of_numbers(const EvidenceRows& rows, const VectorXd& y, const VectorXd& noise_shares, const VectorXd& theta,
                                   const FitContext& context) {
  const Index n = y.size();
  const Pairs pairs = compare_all(rows, theta, context);
  const double noise = std::exp(theta[rows.n_scales() + 1]);
  MatrixXd factor = pairs.values;
  factor.diagonal() += (noise + kJitter) * noise_shares;
  if (!factorise(factor, context)) return {kImpossible, VectorXd::Zero(theta.size()), {}};
  NumberEvidence found;
  found.shares = solve_factorised(factor, y);
  // Rows that a row of a weight stands for beyond one.
  const double beyond = noise_shares.cwiseInverse().sum() - static_cast<double>(n);
  found.value = -0.5 * y.dot(found.shares) - factor.diagonal().array().log().sum() - 0.5 * static_cast<double>(n) * std::log(2 * M_PI) -
                0.5 * beyond * std::log(noise + kJitter);
  MatrixXd by_pairs = -0.5 * inverse_of_factorised(factor, context);
  by_pairs.noalias() += 0.5 * found.shares * found.shares.transpose();
  found.slopes.resize(theta.size());
  found.slopes.head(rows.n_scales() + 1) = pull_back(rows, theta, pairs, by_pairs, context);
  found.slopes[rows.n_scales() + 1] = noise * by_pairs.diagonal().dot(noise_shares) - 0.5 * beyond * noise / (noise + kJitter);
  return found;
}

ClassEvidence evidence_of_classes(const EvidenceRows& rows, const VectorXd& y, const VectorXd& weights, const VectorXd& theta,
                                  const FitContext& context) {
  const Index n = y.size();
  const Pairs pairs = compare_all(rows, theta, context);
  const MatrixXd& k = pairs.values;
  ClassEvidence found{kImpossible, VectorXd::Zero(theta.size()), {}, {}};
  VectorXd f = VectorXd::Zero(n), a = f, residual, roots, p;
  MatrixXd factor;
  // The mode, by Newton's steps.
  for (int step = 0; step < 100; ++step) {
    p = 1 / (1 + (-f.array()).exp());
    const VectorXd curvature = weights.array() * p.array() * (1 - p.array());
    roots = curvature.array().sqrt();
    residual = weights.cwiseProduct(y - p);
    factor = roots.asDiagonal() * k * roots.asDiagonal();
    factor.diagonal().array() += 1;
    if (!factorise(factor, context)) return found;
    const VectorXd b = curvature.cwiseProduct(f) + residual;
    a = b - roots.cwiseProduct(solve_factorised(factor, roots.cwiseProduct(k * b)));
    f = k * a;
    const VectorXd side = (2 * y.array() - 1) * f.array();
    const double value = -0.5 * a.dot(f) - (weights.array() * ((-side.array().abs()).exp().log1p() - side.array().min(0))).sum() -
                         factor.diagonal().array().log().sum();
    const bool is_done = value - found.value < 1e-10;
    found.value = value;
    if (is_done) break;
  }
  // As of the mode: derivatives of the evidence by the likeness of pairs, directly and through the mode.
  const MatrixXd solved = solve_lower(factor, roots.asDiagonal() * k, context);
  const VectorXd third = weights.array() * p.array() * (1 - p.array()) * (1 - 2 * p.array());
  const VectorXd by_mode = -0.5 * (k.diagonal() - solved.colwise().squaredNorm().transpose()).cwiseProduct(third);
  found.reduction = roots.asDiagonal() * inverse_of_factorised(factor, context) * roots.asDiagonal();
  const VectorXd through = by_mode - found.reduction * (k * by_mode);
  MatrixXd by_pairs = 0.5 * (a * a.transpose() - found.reduction);
  by_pairs += 0.5 * (through * residual.transpose() + residual * through.transpose());
  found.slopes.head(rows.n_scales() + 1) = pull_back(rows, theta, pairs, by_pairs, context);
  found.shares = residual;
  return found;
}

namespace {

constexpr double kLeastLog = -11.5, kMostLog = 11.5;  // of length scales, amplitude and noise

// Moves to a maximum by L-BFGS with halving, within bounds. `evaluate` gives value and slopes and keeps what else it found.
template <class Evaluate>
void maximise(VectorXd& at, int max_steps, const FitContext& context, const Evaluate& evaluate) {
  constexpr size_t kRemembered = 10;
  auto [value, slopes] = evaluate(at);
  std::deque<std::pair<VectorXd, VectorXd>> moves;  // of the point and of minus the slopes
  for (int step = 0; step < max_steps && !context.should_stop(); ++step) {
    VectorXd direction = slopes;
    for (Index j = 0; j < at.size(); ++j)  // what a bound holds does not move
      if ((at[j] <= kLeastLog && slopes[j] < 0) || (at[j] >= kMostLog && slopes[j] > 0)) direction[j] = 0;
    if (direction.cwiseAbs().maxCoeff() < 1e-5) return;
    std::vector<double> parts(moves.size());
    for (size_t m = moves.size(); m-- > 0;) {
      parts[m] = moves[m].first.dot(direction) / moves[m].first.dot(moves[m].second);
      direction -= parts[m] * moves[m].second;
    }
    if (moves.empty()) direction /= std::max(1.0, direction.norm());
    else direction *= moves.back().first.dot(moves.back().second) / moves.back().second.squaredNorm();
    for (size_t m = 0; m < moves.size(); ++m)
      direction += (parts[m] - moves[m].second.dot(direction) / moves[m].first.dot(moves[m].second)) * moves[m].first;
    bool moved = false;
    for (double length = 1; length > 1e-6 && !moved; length /= 2) {
      const VectorXd next = (at + length * direction).cwiseMax(kLeastLog).cwiseMin(kMostLog);
      auto [next_value, next_slopes] = evaluate(next);
      if (!(next_value >= value + 1e-4 * slopes.dot(next - at)) || next == at) continue;
      const VectorXd move = next - at, turn = slopes - next_slopes;
      if (move.dot(turn) > 1e-10 * move.norm() * turn.norm()) moves.emplace_back(move, turn);
      if (moves.size() > kRemembered) moves.pop_front();
      moved = true;
      const double gained = next_value - value;
      at = next;
      value = next_value;
      slopes = next_slopes;
      if (gained < 1e-9 * (1 + std::abs(value))) return;
    }
    if (!moved) {
      if (moves.empty()) return;
      moves.clear();
    }
  }
}

class GaussianProcessFit {
 public:
  GaussianProcessFit(const GaussianProcessParams& params, const TrainingSet& train, const FitContext& context)
      : params_(params),
        context_(context),
        training_(train),
        p_(train.x.n_features()),
        lease_(context.memory, bytes_of(params, training_.rows.size(), training_.target.n_classes()),
               "pairs of rows of a Gaussian process"),
        values_(rows_of(train.x, training_.rows)),
        rows_(values_, p_, params.covariance, params.ard) {
    form_.n_features = static_cast<int64_t>(p_);
    form_.covariance = params.covariance;
    form_.rows = values_;
    weights_ = VectorXd::Ones(rows_.x.cols());
    if (!training_.weights.empty()) {
      weights_ = Eigen::Map<const VectorXd>(training_.weights.data(), weights_.size()).cwiseMax(kLeastWeight).cwiseMin(kMostWeight);
    }
  }

  std::unique_ptr<Model> run() {
    if (!is_classification(training_.target.task)) {
      fit_numbers();
    } else {
      const size_t k = training_.target.n_classes();
      if (k < 2)
        throw Error(ErrorCode::BadValue, "gaussian_process needs two classes, and there is one class alone", "Give rows of another class.");
      form_.n_classes = static_cast<int64_t>(k);
      for (size_t c = k == 2 ? 1 : 0; c < k; ++c) fit_class(c);
    }
    return std::make_unique<GaussianProcessModel>(std::move(form_));
  }

 private:
  static size_t bytes_of(const GaussianProcessParams& params, size_t n, size_t n_classes) {
    if (n > static_cast<size_t>(params.max_rows))
      throw Error(
          ErrorCode::BadValue,
          "gaussian_process takes at most " + std::to_string(params.max_rows) + " rows (max_rows), and there are " + std::to_string(n),
          "Raise max_rows, take fewer rows, or choose svr or svc.");
    return n * n * sizeof(double) * (6 + (n_classes > 2 ? n_classes : n_classes / 2));
  }

  VectorXd first_theta(bool has_noise) const {
    VectorXd theta(rows_.n_scales() + (has_noise ? 2 : 1));
    theta.setConstant(std::log(params_.length_scale.value_or(std::sqrt(static_cast<double>(p_)))));
    theta[rows_.n_scales()] = std::log(params_.amplitude);
    if (has_noise) theta[rows_.n_scales() + 1] = std::log(params_.noise);
    return theta;
  }

  void keep(const VectorXd& theta, const VectorXd& shares) {
    const VectorXd scales = scales_of(rows_, theta);
    form_.scales.insert(form_.scales.end(), scales.begin(), scales.end());
    form_.amplitudes.push_back(std::exp(theta[rows_.n_scales()]));
    form_.shares.insert(form_.shares.end(), shares.begin(), shares.end());
  }

  // Moves theta to where the evidence is greatest. A fit that must end in between keeps the best so far.
  template <class Evidence>
  auto best(VectorXd& theta, const Evidence& evidence_at) const {
    auto found = evidence_at(theta);
    VectorXd at = theta;
    if (params_.optimize) {
      try {
        maximise(at, params_.max_iterations, context_, [&](const VectorXd& next) {
          auto here = evidence_at(next);
          std::pair<double, VectorXd> told{here.value, here.slopes};
          if (here.value > found.value) {
            found = std::move(here);
            theta = next;
          }
          return told;
        });
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Timeout && error.code() != ErrorCode::Cancelled) throw;
      }
    }
    if (found.value <= kImpossible)
      throw Error(ErrorCode::BadValue, "the rows of a Gaussian process are too much alike for its noise",
                  "Raise noise, or scale the features.");
    return found;
  }

  void fit_numbers() {
    const VectorXd known = Eigen::Map<const VectorXd>(training_.target.values.data(), weights_.size());
    form_.center = weights_.dot(known) / weights_.sum();
    const VectorXd away = known.array() - form_.center;
    const double variance = weights_.dot(away.cwiseAbs2()) / weights_.sum();
    if (!std::isfinite(variance))
      throw Error(ErrorCode::BadValue, "sums of the target are beyond the largest number", "Scale it to numbers of ordinary size.");
    form_.spread = variance > 0 ? std::sqrt(variance) : 1;
    const VectorXd y = away / form_.spread, noise_shares = weights_.cwiseInverse();
    VectorXd theta = first_theta(true);
    const NumberEvidence found = best(theta, [&](const VectorXd& at) { return evidence_of_numbers(rows_, y, noise_shares, at, context_); });
    keep(theta, found.shares);
  }

  void fit_class(size_t label) {
    VectorXd y(weights_.size());
    for (Index i = 0; i < y.size(); ++i) y[i] = training_.target.values[static_cast<size_t>(i)] == static_cast<double>(label) ? 1 : 0;
    VectorXd theta = first_theta(false);
    const ClassEvidence found = best(theta, [&](const VectorXd& at) { return evidence_of_classes(rows_, y, weights_, at, context_); });
    keep(theta, found.shares);
    form_.reductions.insert(form_.reductions.end(), found.reduction.data(), found.reduction.data() + found.reduction.size());
  }

  const GaussianProcessParams& params_;
  const FitContext& context_;
  TrainingRows training_;
  size_t p_;
  MemoryLease lease_;
  std::vector<float> values_;
  EvidenceRows rows_;
  VectorXd weights_;
  GaussianProcessForm form_;
};

class GaussianProcess : public Learner {
 public:
  explicit GaussianProcess(GaussianProcessParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task) || task == Task::Regression; }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    context.check();
    return GaussianProcessFit(params_, train, context).run();
  }

 private:
  GaussianProcessParams params_;
};

}  // namespace

void register_gaussian_process(Catalog<Learner>& catalog) {
  catalog.add<GaussianProcess, GaussianProcessParams>(
      "gaussian_process", "The mean over all smooth functions that agree with the rows; for small tables.", {"gp"});
}

}  // namespace kolosal
