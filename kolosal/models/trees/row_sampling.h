// Row sampling: the rows that a round of boosting is grown on, and by how much each counts.
//
// Uniform: each row with the same chance. GOSS: of every block the rows of the greatest |gradient hessian|, two thirds of those kept, and
// of the rest a uniform sample that stands for all of it. Minimal variance: each row with a chance in proportion to
// sqrt(g^2 + lambda h^2), at most 1, and 1 / chance times; lambda is (mean |g| / mean h)^2. So sums of gradients keep their mean.
//
// Cost     O(n_rows n_raw) time; blocks of rows are drawn apart, so the same rows on any number of threads.
// Source   Ke et al., "LightGBM", NeurIPS 2017; Ibragimov and Gusev, "Minimal Variance Sampling", NeurIPS 2019.
// Checked  row_sampling_test.cc.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/models/trees/boosting_loss.h"

namespace kolosal {

/// How the rows of a round are chosen.
enum class RowSampling { Uniform, Goss, MinimalVariance };
constexpr auto enum_names(RowSampling) {
  return std::to_array<std::pair<RowSampling, std::string_view>>(
      {{RowSampling::Uniform, "uniform"}, {RowSampling::Goss, "goss"}, {RowSampling::MinimalVariance, "minimal_variance"}});
}

/// The rows drawn and the rest, both ascending; neither lists any where all rows are drawn.
struct RowSample {
  std::vector<uint32_t> rows, others;
  std::vector<float> weights;  ///< (n_rows,) times that a row drawn counts; empty: once each
};

/// Draws about `fraction` of the rows that `loss`, whose round has begun, is over. At least one row is drawn. Where the context asks to
/// stop, the rows are of no use. The draw depends on `seed`, not on that of the context.
RowSample draw_rows(RowSampling sampling, double fraction, size_t n_rows, const BoostingLoss& loss, uint64_t seed,
                    const FitContext& context);

}  // namespace kolosal
