// best_bound: the bound between bins that splits a node best, from the running sums of its gradients and hessians.
//
// A bound scores S(left) + S(right), S = T(G)^2 / (H + l2), T(G) = sign(G) max(|G| - l1, 0). Scores are compared as fractions,
// multiplied across; hessians are brought near 1 by a power of two first, so no product overflows. Bounds are compared in sixteen lines,
// bound i in line i % 16, and the best of each line are divided and compared then: every instruction set does the same operations in
// float64 and finds the same bound.
//
// Cost     some 30 operations on a vector of bins.
// Checked  best_bound_test.cc, each instruction set against the plain loop, and that against quotients.
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

/// Bounds that are compared at a time.
constexpr size_t kBoundLines = 16;

/// The place of the best bound behind bins [0, n), of equals the first; n where none keeps to the limits. `sums` are those of all bins up
/// to each; n is a multiple of kBoundLines.
using FindBestBound = size_t (*)(const int64_t* sums, size_t n, const BoundLimits& limits);

/// The one for the instruction set in use, of sums that are pairs (n, 2): ask once, call often.
FindBestBound find_best_bound();
/// The same of sums that are words (n,) of a PackedSum, up to 256 of them.
FindBestBound find_best_packed_bound();
/// The plain loops, which the others are held against.
size_t best_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits);
size_t best_packed_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits);

}  // namespace kolosal
