#include <cmath>
#include <deque>

#include "kolosal/models/linear/cholesky-inl.h"
#include "kolosal/models/linear/coordinate_descent-inl.h"
#include "kolosal/models/linear/minimiser-inl.h"

namespace kolosal {
namespace {

// Newton's steps where there are no more weights than this; many sums make a Hessian cost more.
constexpr Eigen::Index kMaxNewtonWeights = 512;
// Rows of a sample for each weight, and the least of them.
constexpr size_t kSampleRowsPerWeight = 512;
constexpr size_t kLeastSampleRows = 32768;
// The curvature of a row's loss, about.
constexpr double kCurvature = 0.25;
// What a step with an old Hessian may leave of the gradient.
constexpr double kPoorStep = 0.2;

}  // namespace

// The loss at a point, its gradient, and its Hessian where wanted, all without penalties, by the weights of scaled features.
struct LinearMinimiser::Point {
  double loss = 0;
  double total = 0;  // of the weights of the rows it comes from
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
};

LinearMinimiser::LinearMinimiser(const WeightedRows& rows, const MarginLoss& loss, MinimiserOptions options, const FitContext& context)
    : rows_(rows),
      loss_(loss),
      options_(options),
      context_(context),
      p_(static_cast<Eigen::Index>(rows.n_features())),
      k_(static_cast<Eigen::Index>(loss.n_sums())),
      scales_(column_scales(rows, options.fit_intercept, context)),
      at_(Eigen::VectorXd::Zero(k_ * width())) {}

void LinearMinimiser::start_from(const std::vector<double>& biases) {
  for (Eigen::Index k = 0; k < k_; ++k) at_[k * width() + p_] = options_.fit_intercept ? biases[static_cast<size_t>(k)] : 0;
}

// Sums: the loss, the weight, the gradient, the lower triangles of the Hessian's blocks.
LinearMinimiser::Point LinearMinimiser::evaluate(const Eigen::VectorXd& at, size_t step, bool with_hessian) const {
  const Eigen::Index q = width(), size = k_ * q;
  const auto n_blocks = static_cast<size_t>(with_hessian ? k_ * (k_ + 1) / 2 * q * q : 0);
  const LinearForm unscaled = form_at(at, Link::Identity);
  const std::vector<double> sums = rows_.sum_blocks(2 + static_cast<size_t>(size) + n_blocks, step, context_,
                                                    [&](size_t begin, size_t n, double* sum, std::vector<double>& scratch) {
                                                      add_block(begin, n, unscaled, with_hessian, sum, scratch);
                                                    });
  Point point{sums[0], sums[1], Eigen::Map<const Eigen::VectorXd>(sums.data() + 2, size), {}};
  if (!point.gradient.allFinite() && !context_.should_stop()) refuse_not_finite(rows_.x());
  for (Eigen::Index k = 0; k < k_; ++k) {
    const double of_bias = point.gradient[k * q + p_];
    for (Eigen::Index j = 0; j < p_; ++j) {
      double& derivative = point.gradient[k * q + j];
      derivative = (derivative - scales_.centers[static_cast<size_t>(j)] * of_bias) * scales_.inverse[static_cast<size_t>(j)];
    }
    if (!options_.fit_intercept) point.gradient[k * q + p_] = 0;
  }
  if (!with_hessian) return point;
  point.hessian = Eigen::MatrixXd::Zero(size, size);
  const double* block = sums.data() + 2 + size;
  for (Eigen::Index k = 0; k < k_; ++k)
    for (Eigen::Index l = 0; l <= k; ++l, block += q * q) {
      const Eigen::MatrixXd triangle = Eigen::Map<const Eigen::MatrixXd>(block, q, q).transpose();
      point.hessian.block(k * q, l * q, q, q) = triangle.selfadjointView<Eigen::Lower>();
      point.hessian.block(l * q, k * q, q, q) = point.hessian.block(k * q, l * q, q, q);
    }
  if (!options_.fit_intercept)
    for (Eigen::Index k = 0; k < k_; ++k) {
      point.hessian.row(k * q + p_).setZero();
      point.hessian.col(k * q + p_).setZero();
    }
  return point;
}

void LinearMinimiser::add_block(size_t begin, size_t n, const LinearForm& at, bool with_hessian, double* sums,
                                std::vector<double>& scratch) const {
  const auto p = static_cast<size_t>(p_), k = static_cast<size_t>(k_), n_padded = padded_rows(n);
  const size_t n_pairs = with_hessian ? k * (k + 1) / 2 : 0;
  scratch.assign((2 * k + n_pairs) * n + (with_hessian ? (p + 2) * n_padded : 0), 0.0);
  double* margins = scratch.data();
  double* residuals = margins + k * n;
  double* curvatures = residuals + k * n;
  const double* weights = rows_.weights(begin);
  for (size_t c = 0; c < k; ++c) {
    std::fill_n(margins + c * n, n, at.bias[c]);
    rows_.add_products(begin, n, at.weights.data() + c * p, margins + c * n);
  }
  sums[0] += loss_.terms(begin, n, weights, margins, residuals, with_hessian ? curvatures : nullptr);
  for (size_t i = 0; i < n; ++i) sums[1] += weights[i];
  for (size_t c = 0; c < k; ++c) {
    rows_.add_transposed_products(begin, n, residuals + c * n, sums + 2 + c * (p + 1));
    for (size_t i = 0; i < n; ++i) sums[2 + c * (p + 1) + p] += residuals[c * n + i];
  }
  if (with_hessian) {
    double* roots = curvatures + n_pairs * n;
    add_hessian(begin, n, curvatures, roots, roots + n_padded, sums + 2 + k * (p + 1));
  }
}

// Each pair of sums has a Gram matrix of the columns times the roots of its curvatures, subtracted where these are negative.
void LinearMinimiser::add_hessian(size_t begin, size_t n, const double* curvatures, double* roots, double* packed, double* sums) const {
  const auto p = static_cast<size_t>(p_), k = static_cast<size_t>(k_), n_padded = padded_rows(n), q = p + 1;
  std::vector<double> negative(k > 1 ? q * q : 0);
  std::vector<float> room;
  const ColumnBlock block = rows_.block(begin, n, room);
  for (size_t c = 0; c < k; ++c)
    for (size_t l = 0; l <= c; ++l, curvatures += n, sums += q * q) {
      for (size_t i = 0; i < n_padded; ++i) roots[i] = i < n ? std::sqrt(std::abs(curvatures[i])) : 0;
      pack_columns(block, scales_.centers.data(), scales_.inverse.data(), roots, packed);
      std::copy_n(roots, n_padded, packed + p * n_padded);
      if (c == l) {
        add_gram(packed, n_padded, q, sums, q);
        continue;
      }
      std::fill(negative.begin(), negative.end(), 0.0);
      add_gram(packed, n_padded, q, negative.data(), q);
      for (size_t i = 0; i < q * q; ++i) sums[i] -= negative[i];
    }
}

double LinearMinimiser::penalty_at(const Eigen::VectorXd& at) const { return l1_.dot(at.cwiseAbs()) + 0.5 * l2_.dot(at.cwiseAbs2()); }

// The largest derivative relative to the weight of the rows; of penalised weights at zero, what the penalty does not hold.
double LinearMinimiser::distance_from_rest(const Eigen::VectorXd& at, const Point& point) const {
  double largest = 0;
  for (Eigen::Index i = 0; i < at.size(); ++i) {
    const double slope = point.gradient[i] + l2_[i] * at[i];
    const double held = at[i] == 0 ? std::max(std::abs(slope) - l1_[i], 0.0) : std::abs(slope + std::copysign(l1_[i], at[i]));
    largest = std::max(largest, held);
  }
  return largest / (point.total * loss_.scale());
}

Eigen::VectorXd LinearMinimiser::newton_direction(const Eigen::VectorXd& at, const Point& point, const Eigen::MatrixXd& hessian) const {
  Eigen::MatrixXd a = hessian;
  a.diagonal() += l2_;
  const double largest = a.diagonal().maxCoeff();
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    if (a(i, i) <= 1e-300) a(i, i) = std::max(largest, 1e-300);  // a constant column or an absent bias: its derivative is 0
  const Eigen::VectorXd slope = point.gradient + l2_.cwiseProduct(at);
  if (l1_.maxCoeff() > 0) {
    a.diagonal() *= 1 + 1e-12;
    Eigen::VectorXd to = at;
    const Eigen::VectorXd b = a * at - slope;
    CoordinateDescent(a, b, l1_, to).descend(1e-3 * options_.tolerance * std::sqrt(point.total * loss_.scale()), 1000, context_);
    return to - at;
  }
  // Directions along which the loss does not change have no slope either, and a little on the diagonal lets them be.
  for (double lift = 1e-13; lift < 1; lift *= 100) {
    Eigen::MatrixXd lifted = a;
    lifted.diagonal() *= 1 + lift;
    if (!factorise_until_stopped(lifted, context_)) {
      if (context_.should_stop()) break;
      continue;
    }
    Eigen::VectorXd direction = -solve_factorised(lifted, slope);
    if (direction.allFinite() && direction.dot(slope) <= 0) return direction;
  }
  return -slope.cwiseQuotient(a.diagonal());
}

// Moves along the direction, by halves until the value falls enough; false where it does not.
bool LinearMinimiser::search_line(Eigen::VectorXd& at, Point& point, const Eigen::VectorXd& direction, size_t step,
                                  bool with_hessian) const {
  const double value = point.loss + penalty_at(at);
  const double slope = direction.dot(point.gradient + l2_.cwiseProduct(at)) + l1_.dot((at + direction).cwiseAbs() - at.cwiseAbs());
  double length = 1;
  for (int halvings = 0; halvings < 40 && !context_.should_stop(); ++halvings, length *= 0.5) {
    const Eigen::VectorXd next = at + length * direction;
    Point there = evaluate(next, step, with_hessian);
    if (context_.should_stop()) return false;
    const double next_value = there.loss + penalty_at(next);
    if (!(next_value <= value + 1e-4 * length * slope + 1e-14 * std::abs(value))) continue;
    at = next;
    point = std::move(there);
    return true;
  }
  return false;
}

// Tells the listener of a step; false where it or the context asks to stop.
bool LinearMinimiser::report(double value) {
  if (context_.on_iteration && !context_.on_iteration({++n_steps_, options_.max_iterations, value, std::nan("")})) stopped_ = true;
  return !stopped_ && !context_.should_stop();
}

// Newton's steps on every `step`-th block, from at_ with hessian_ where the Hessian is not made at each.
void LinearMinimiser::newton(size_t step, bool is_new_each_time) {
  Point point = evaluate(at_, step, is_new_each_time);
  if (context_.should_stop() || point.total == 0) return;
  for (int n = 0; n < options_.max_iterations; ++n) {
    if (is_new_each_time) hessian_ = point.hessian;
    const double distance = distance_from_rest(at_, point);
    if (distance <= options_.tolerance) return;
    const bool moved = search_line(at_, point, newton_direction(at_, point, hessian_), step, is_new_each_time);
    if (context_.should_stop() || !report(point.loss / point.total) || (!moved && is_new_each_time)) return;
    if (!is_new_each_time && (!moved || distance_from_rest(at_, point) > std::max(kPoorStep * distance, options_.tolerance))) {
      is_new_each_time = true;
      point = evaluate(at_, step, true);
      if (context_.should_stop()) return;
    }
  }
}

void LinearMinimiser::limited_memory() {
  constexpr size_t kMemory = 10;
  std::deque<std::pair<Eigen::VectorXd, Eigen::VectorXd>> memory;  // of steps and what they changed of the slope
  Point point = evaluate(at_, 1, false);
  const auto slope_of = [&] { return Eigen::VectorXd(point.gradient + l2_.cwiseProduct(at_)); };
  // What curvatures are like: of scaled features about as much as the rows weigh, and what the penalty adds to it.
  const Eigen::VectorXd inverse = (l2_.array() + std::max(kCurvature * point.total * loss_.scale(), 1e-300)).inverse();
  for (int n = 0; n < options_.max_iterations && !context_.should_stop() && distance_from_rest(at_, point) > options_.tolerance; ++n) {
    const Eigen::VectorXd slope = slope_of(), before = at_;
    Eigen::VectorXd direction = -slope;
    std::vector<double> shares(memory.size());
    for (size_t i = memory.size(); i-- > 0;) {
      const auto& [s, y] = memory[i];
      shares[i] = s.dot(direction) / s.dot(y);
      direction -= shares[i] * y;
    }
    direction = direction.cwiseProduct(inverse);
    if (!memory.empty()) {
      const auto& [s, y] = memory.back();
      direction *= s.dot(y) / y.dot(y.cwiseProduct(inverse));
    }
    for (size_t i = 0; i < memory.size(); ++i) {
      const auto& [s, y] = memory[i];
      direction += (shares[i] - y.dot(direction) / s.dot(y)) * s;
    }
    if (!search_line(at_, point, direction, 1, false)) {
      if (memory.empty()) return;
      memory.clear();
      continue;
    }
    const Eigen::VectorXd s = at_ - before, y = slope_of() - slope;
    if (s.dot(y) > 1e-12 * y.squaredNorm()) memory.emplace_back(s, y);
    if (memory.size() > kMemory) memory.pop_front();
    if (!report(point.loss / point.total)) return;
  }
}

void LinearMinimiser::minimise(Penalty penalty) {
  const auto set_penalties = [&](double share) {
    l1_ = Eigen::VectorXd::Zero(at_.size());
    l2_ = l1_;
    for (Eigen::Index i = 0; i < at_.size(); ++i) {
      if (i % width() == p_) continue;
      const double scale = scales_.inverse[static_cast<size_t>(i % width())];
      l1_[i] = share * penalty.l1 / rows_.unit() * scale;
      l2_[i] = share * penalty.l2 / rows_.unit() * scale * scale;
    }
  };
  set_penalties(1);
  if (stopped_) return;
  if (at_.size() > kMaxNewtonWeights && penalty.l1 == 0) return limited_memory();
  if (rows_.has_no_blocks()) return descend_sparse(penalty);
  const size_t n_sample = std::max(kLeastSampleRows, kSampleRowsPerWeight * static_cast<size_t>(at_.size()));
  const size_t step = std::max<size_t>(rows_.n_rows() / n_sample, 1);
  if (step == 1) return newton(1, true);
  // Penalties of the sample are its share of the whole. Its minimum lies off that of all rows, so that it need not be found exactly.
  set_penalties(1 / static_cast<double>(step));
  newton(step, true);
  if (context_.should_stop() || stopped_) return;
  hessian_ *= static_cast<double>(step);
  set_penalties(1);
  newton(1, hessian_.size() == 0);
}

LinearForm LinearMinimiser::form_at(const Eigen::VectorXd& at, Link link) const {
  LinearForm form{p_, std::vector<double>(static_cast<size_t>(k_ * p_)), std::vector<double>(static_cast<size_t>(k_)), link};
  for (Eigen::Index k = 0; k < k_; ++k) {
    double& bias = form.bias[static_cast<size_t>(k)];
    bias = at[k * width() + p_];
    for (Eigen::Index j = 0; j < p_; ++j) {
      const double weight = at[k * width() + j] * scales_.inverse[static_cast<size_t>(j)];
      form.weights[static_cast<size_t>(k * p_ + j)] = weight;
      bias -= weight * scales_.centers[static_cast<size_t>(j)];
    }
  }
  return form;
}

std::vector<double> margins_of(const WeightedRows& rows, const LinearForm& form, const FitContext& context) {
  std::vector<double> margins(rows.n_rows(), form.bias[0]);
  context.threads->parallel_for(rows.n_rows(), rows.block_rows(), [&](size_t begin, size_t end) {
    rows.add_products(begin, end - begin, form.weights.data(), margins.data() + begin);
  });
  return margins;
}

}  // namespace kolosal
