#include "kolosal/tune/pareto.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

TEST(Pareto, RanksByLayersAndStopsWhereEnoughAreRanked) {
  const Losses losses = {{1, 4}, {2, 2}, {4, 1}, {2, 5}, {3, 3}, {5, 5}, {2, 2}};
  EXPECT_EQ(non_domination_ranks(losses, 7), (std::vector<size_t>{0, 0, 0, 1, 1, 2, 0}));
  EXPECT_EQ(non_domination_ranks(losses, 1), (std::vector<size_t>{0, 0, 0, 1, 1, 1, 0}));
}

TEST(Pareto, HypervolumeIsTheShareOfPointsThatAreDominated) {
  RandomStream stream(0, "pareto");
  for (const size_t n_losses : {size_t{2}, size_t{3}, size_t{4}}) {
    Losses losses(6, std::vector<double>(n_losses));
    for (auto& row : losses)
      for (double& x : row) x = 0.9 * stream.uniform();
    losses[0][0] = 1.5;  // beyond the reference
    size_t n = 0;
    constexpr size_t kPoints = 40000;
    for (size_t i = 0; i < kPoints; ++i) {
      std::vector<double> point(n_losses);
      for (double& x : point) x = stream.uniform();
      n += std::any_of(losses.begin(), losses.end(),
                       [&](const auto& row) { return std::equal(row.begin(), row.end(), point.begin(), std::less_equal<>()); });
    }
    EXPECT_NEAR(hypervolume(losses, std::vector<double>(n_losses, 1.0)), static_cast<double>(n) / kPoints, 0.01) << n_losses;
  }
}

TEST(Pareto, TheSubsetIsTheGreedyOne) {
  RandomStream stream(1, "pareto");
  for (const size_t n_losses : {size_t{2}, size_t{3}}) {
    Losses losses(12, std::vector<double>(n_losses));
    for (auto& row : losses)
      for (double& x : row) x = stream.uniform();
    const std::vector<double> reference = reference_point(losses);
    Losses chosen;
    for (const size_t i : largest_volume_subset(losses, 4)) {
      double most = 0;
      for (const auto& row : losses) {
        Losses with = chosen;
        with.push_back(row);
        most = std::max(most, hypervolume(with, reference));
      }
      chosen.push_back(losses[i]);
      EXPECT_NEAR(hypervolume(chosen, reference), most, 1e-12);
    }
  }
}

}  // namespace
}  // namespace kolosal
