#include <cmath>
#include <deque>
#include <vector>

#include "kolosal/tune/samplers/box_minimum-inl.h"

namespace kolosal {
namespace {

constexpr size_t kMemory = 10;    // pairs of steps and changes of the gradient
constexpr int kHalvings = 20;     // of a step that does not go down
constexpr double kEnough = 1e-4;  // share of the foreseen descent that is asked of a step

struct Pair {
  Eigen::VectorXd step, change;
  double curvature;
};

// The gradient without components that press against a border.
Eigen::VectorXd projected(const Eigen::VectorXd& x, const Eigen::VectorXd& gradient, const Eigen::VectorXd& low,
                          const Eigen::VectorXd& high) {
  Eigen::VectorXd free = gradient;
  for (Eigen::Index i = 0; i < x.size(); ++i)
    if ((x[i] <= low[i] && gradient[i] > 0) || (x[i] >= high[i] && gradient[i] < 0)) free[i] = 0;
  return free;
}

// The two-loop product of the approximate inverse Hessian with the gradient, on the free components.
Eigen::VectorXd direction_of(const std::deque<Pair>& pairs, const Eigen::VectorXd& free) {
  const auto mask = (free.array() != 0).cast<double>().matrix().eval();
  Eigen::VectorXd q = free;
  std::vector<double> shares(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    shares[i] = pairs[i].step.cwiseProduct(mask).dot(q) / pairs[i].curvature;
    q -= shares[i] * pairs[i].change.cwiseProduct(mask);
  }
  if (!pairs.empty()) q *= pairs.back().curvature / pairs.back().change.squaredNorm();
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double back = pairs[i].change.cwiseProduct(mask).dot(q) / pairs[i].curvature;
    q += (shares[i] - back) * pairs[i].step.cwiseProduct(mask);
  }
  return -q;
}

}  // namespace

BoxMinimum box_minimum(const std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>& function, Eigen::VectorXd start,
                       const Eigen::VectorXd& low, const Eigen::VectorXd& high, double tolerance, int max_iterations) {
  BoxMinimum at{start.cwiseMax(low).cwiseMin(high), 0};
  Eigen::VectorXd gradient(at.x.size()), next_gradient(at.x.size());
  at.value = function(at.x, gradient);
  std::deque<Pair> pairs;
  for (int iteration = 0; iteration < max_iterations && std::isfinite(at.value); ++iteration) {
    const Eigen::VectorXd free = projected(at.x, gradient, low, high);
    if (free.cwiseAbs().maxCoeff() <= tolerance) break;
    Eigen::VectorXd direction = direction_of(pairs, free);
    if (!(direction.dot(free) < 0)) {
      pairs.clear();
      direction = -free;
    }
    double length = pairs.empty() ? std::min(1.0, 0.5 / direction.norm()) : 1.0;
    bool moved = false;
    for (int halving = 0; halving < kHalvings; ++halving, length /= 2) {
      const Eigen::VectorXd x = (at.x + length * direction).cwiseMax(low).cwiseMin(high);
      const double value = function(x, next_gradient);
      if (!(value <= at.value + kEnough * gradient.dot(x - at.x))) continue;
      Pair pair{x - at.x, next_gradient - gradient, 0};
      pair.curvature = pair.step.dot(pair.change);
      moved = pair.step.squaredNorm() > 0;
      if (pair.curvature > 1e-12 * pair.change.squaredNorm()) {
        pairs.push_back(std::move(pair));
        if (pairs.size() > kMemory) pairs.pop_front();
      }
      at = {x, value};
      gradient = next_gradient;
      break;
    }
    if (moved) continue;
    if (pairs.empty()) break;
    pairs.clear();  // the approximation misleads: once more along the gradient
  }
  return at;
}

}  // namespace kolosal
