// Comparing trials by several losses: ranks of domination, hypervolume, and the subset that keeps most of it.
//
// Source   Deb et al., "A fast and elitist multiobjective genetic algorithm", 2002 (ranks); While et al., "A fast way of calculating exact
//          hypervolumes", 2012 (WFG); Guerreiro et al., "Greedy hypervolume subset selection", 2016.
// Checked  pareto_test.cc.
#pragma once

#include <cstddef>
#include <vector>

namespace kolosal {

/// The losses of some trials: one row each, all of one length.
using Losses = std::vector<std::vector<double>>;

/// For each row how many layers of rows that dominate must be taken away before none dominates it (0: the Pareto front). Stops when at
/// least `n_wanted` rows are ranked; the others have the next rank. O(n^2) a layer at most.
std::vector<size_t> non_domination_ranks(const Losses& losses, size_t n_wanted);

/// The volume that the rows dominate within the box below `reference`. Rows beyond the reference count for nothing.
double hypervolume(const Losses& losses, const std::vector<double>& reference);

/// A little worse than the worst row in every loss: 1.1 times where it is above 0, 0.9 times where it is below.
std::vector<double> reference_point(const Losses& losses);

/// `size` rows chosen one by one, each adding most hypervolume; their indices in order of choice. The volume is at least 63 % of the best.
std::vector<size_t> largest_volume_subset(const Losses& losses, size_t size);

/// The `size` best rows (at most as many as there are): whole layers of domination, the last of them cut to the subset that keeps most
/// hypervolume. Their indices, layer by layer.
std::vector<size_t> best_rows(const Losses& losses, size_t size);

}  // namespace kolosal
