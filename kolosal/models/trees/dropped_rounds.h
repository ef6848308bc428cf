// DART: rounds that are dropped while another is grown, and by how much each round counts.
//
// Of k rounds dropped each then counts k / (k + 1) of what it did, and the round grown without them 1 / (k + 1) of its rate, so that what
// they add together stays as large.
//
// Source   Vinayak and Gilad-Bachrach, "DART", AISTATS 2015; the weights are LightGBM's.
// Checked  gradient_boosting_test.cc; LightGBM's scores in tests/parity.
#pragma once

#include <cstdint>
#include <vector>

namespace kolosal {

struct GradientBoostingParams;

/// The rounds of a fit that are dropped, and what each counts.
class DroppedRounds {
 public:
  DroppedRounds(const GradientBoostingParams& params, uint64_t seed) : params_(params), seed_(seed) {}

  /// The rounds, counted from 0, that round `round` is grown without.
  std::vector<size_t> draw(int round) const;
  /// Takes the round that was grown without `dropped`, and shares what they count.
  void add(const std::vector<size_t>& dropped);
  /// By how much each round so far counts.
  const std::vector<double>& factors() const noexcept { return factors_; }

 private:
  const GradientBoostingParams& params_;
  uint64_t seed_;
  std::vector<double> factors_;
};

}  // namespace kolosal
