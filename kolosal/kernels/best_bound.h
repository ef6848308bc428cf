// best_bound: the bound between bins that splits a node best, from the running sums of its gradients and hessians.
//
// A bound scores S(left) + S(right), S = T(G)^2 / (H + l2), T(G) = sign(G) max(|G| - l1, 0). Every instruction set does the same
// operations in float64, so all find the same bound.
//
// Cost     two divisions a bin, as many bins at a time as a vector holds.
// Checked  best_bound_test.cc, each instruction set against the plain loop.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolosal {

/// What is summed, and what both sides of a bound must have.
struct BoundLimits {
  int count_bits = 0;         ///< a pair holds (gradient, hessian << count_bits | count) in whole steps
  double gradient_step = 1;   ///< gradient = first * gradient_step
  double hessian_step = 1;    ///< hessian = (second >> count_bits) * hessian_step
  int64_t total[2] = {0, 0};  ///< the pair of the whole node
  int64_t min_count = 1;      ///< least count of a side
  double min_hessian = 0;     ///< least hessian of a side
  double l1 = 0, l2 = 0;
};

/// A bound behind bin `place`; its score is minus infinity where no bound keeps to the limits.
struct BestBound {
  double score;
  size_t place;
};

/// The first of the best bounds behind bins [0, n). `sums` (n, 2) are the sums of all bins up to each.
using FindBestBound = BestBound (*)(const int64_t* sums, size_t n, const BoundLimits& limits);

/// The one for the instruction set in use: ask once, call often.
FindBestBound find_best_bound();
/// The plain loop, which the others are held against.
BestBound best_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits);

}  // namespace kolosal
