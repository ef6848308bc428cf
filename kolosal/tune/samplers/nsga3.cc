// NSGA-III, a genetic algorithm for three or more objectives: as NSGA-II, but of the last layer those survive that keep the population
// spread over directions from the ideal point, which lie evenly on the simplex.
//
// Rules    genetic.h. Losses are taken from the least of each and divided by where the plane through the extreme members cuts its axis (by
// the
//          range, where there is no such plane). Each member belongs to the nearest direction; directions with fewest survivors are served
//          first, an empty one with its nearest member, another with any. Infinite losses count as the worst finite one.
// Cost     O(population_size^2) for a generation, O(1) for a parameter.
// Source   Deb and Jain, IEEE TEVC 18(4), 2014; Das and Dennis, SIAM J. Optim. 8(3), 1998 (directions).
// Checked  genetic_test.cc; pareto fronts against NSGA-II and Optuna in benchmarks/tuner.py.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/samplers/genetic.h"

namespace kolosal {
namespace {

struct Nsga3Params : GeneticParams {
  std::optional<int> dividing_parameter;
};
void describe(Fields<Nsga3Params>& f) {
  describe_genetic(f);
  f.add(
       "dividing_parameter", &Nsga3Params::dividing_parameter,
       "Into how many parts the directions divide an axis; null: as many as give no more directions than there are trials in a generation.")
      .min(1)
      .max(100);
}

// How many directions there are: multisets of `parts` out of `n_losses`.
double n_directions(size_t n_losses, int parts) {
  double n = 1;
  for (size_t i = 1; i < n_losses; ++i) n = n * static_cast<double>(static_cast<size_t>(parts) + i) / static_cast<double>(i);
  return n;
}

// All directions whose components are multiples of 1 / parts and add up to 1.
void add_directions(std::vector<Eigen::VectorXd>& all, Eigen::VectorXd& direction, Eigen::Index at, int left, int parts) {
  if (at + 1 == direction.size()) {
    direction[at] = static_cast<double>(left) / parts;
    all.push_back(direction);
    return;
  }
  for (int k = 0; k <= left; ++k) {
    direction[at] = static_cast<double>(k) / parts;
    add_directions(all, direction, at + 1, left - k, parts);
  }
}

std::vector<Eigen::VectorXd> directions_for(size_t n_losses, size_t n, std::optional<int> wanted) {
  int parts = wanted.value_or(1);
  if (!wanted)
    while (parts < 100 && n_directions(n_losses, parts + 1) <= static_cast<double>(n)) ++parts;
  std::vector<Eigen::VectorXd> all;
  Eigen::VectorXd direction = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(n_losses));
  add_directions(all, direction, 0, parts, parts);
  return all;
}

// Losses from the ideal point, in shares of the intercepts.
void normalise(std::vector<Eigen::VectorXd>& losses) {
  const Eigen::Index m = losses.front().size();
  Eigen::VectorXd most = Eigen::VectorXd::Constant(m, -std::numeric_limits<double>::infinity()), least = -most;
  for (const Eigen::VectorXd& row : losses)
    for (Eigen::Index k = 0; k < m; ++k)
      if (std::isfinite(row[k])) {
        least[k] = std::min(least[k], row[k]);
        most[k] = std::max(most[k], row[k]);
      }
  for (Eigen::Index k = 0; k < m; ++k)
    if (least[k] > most[k]) least[k] = most[k] = 0;
  for (Eigen::VectorXd& row : losses) row = row.cwiseMax(least).cwiseMin(most) - least;
  // The extreme member of an axis is nearest to it.
  Eigen::MatrixXd extremes(m, m);
  for (Eigen::Index axis = 0; axis < m; ++axis) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Eigen::VectorXd& row : losses) {
      double off = row[axis];
      for (Eigen::Index k = 0; k < m; ++k)
        if (k != axis) off = std::max(off, row[k] * 1e6);
      if (off < nearest) {
        nearest = off;
        extremes.row(axis) = row.transpose();
      }
    }
  }
  Eigen::VectorXd intercepts = most - least;
  const Eigen::FullPivLU<Eigen::MatrixXd> factor(extremes);
  if (factor.isInvertible()) {
    const Eigen::VectorXd plane = factor.solve(Eigen::VectorXd::Ones(m));
    if ((plane.array() > 0).all() && (1 / plane.array() > 1e-9).all()) intercepts = plane.cwiseInverse();
  }
  for (Eigen::VectorXd& row : losses)
    for (Eigen::Index k = 0; k < m; ++k) row[k] = intercepts[k] > 0 ? row[k] / intercepts[k] : 0;
}

// Which direction each is nearest to, and how far from it.
std::vector<std::pair<size_t, double>> nearest_of(const std::vector<Eigen::VectorXd>& losses,
                                                  const std::vector<Eigen::VectorXd>& directions) {
  std::vector<std::pair<size_t, double>> nearest;
  for (const Eigen::VectorXd& row : losses) {
    nearest.emplace_back(0, std::numeric_limits<double>::infinity());
    for (size_t i = 0; i < directions.size(); ++i) {
      const double along = row.dot(directions[i]) / directions[i].squaredNorm(), off = (row - along * directions[i]).norm();
      if (off < nearest.back().second) nearest.back() = {i, off};
    }
  }
  return nearest;
}

// Of the members that have `nearest`, those from `n_sure` compete for `n_wanted` places; their indices.
std::vector<size_t> spread_out(const std::vector<std::pair<size_t, double>>& nearest, size_t n_directions, size_t n_sure, size_t n_wanted,
                               uint64_t key) {
  std::vector<size_t> counts(n_directions, 0), chosen;
  std::vector<std::vector<size_t>> open(n_directions);
  for (size_t i = 0; i < nearest.size(); ++i)
    if (i < n_sure) ++counts[nearest[i].first];
    else open[nearest[i].first].push_back(i);
  RandomStream stream(key, "niches");
  while (chosen.size() < n_wanted) {
    size_t fewest = nearest.size() + 1;
    std::vector<size_t> rarest;
    for (size_t i = 0; i < n_directions; ++i) {
      if (open[i].empty() || counts[i] > fewest) continue;
      if (counts[i] < fewest) rarest.clear();
      fewest = counts[i];
      rarest.push_back(i);
    }
    const size_t direction = rarest[stream.below(rarest.size())];
    std::vector<size_t>& here = open[direction];
    size_t taken = stream.below(here.size());
    if (counts[direction] == 0)
      taken = static_cast<size_t>(
          std::min_element(here.begin(), here.end(), [&](size_t a, size_t b) { return nearest[a].second < nearest[b].second; }) -
          here.begin());
    chosen.push_back(here[taken]);
    here.erase(here.begin() + static_cast<ptrdiff_t>(taken));
    ++counts[direction];
  }
  return chosen;
}

std::vector<Member> best_of(const History& history, const std::vector<uint32_t>& rows, size_t n, uint64_t key, std::optional<int> parts) {
  const Feasibility split = feasibility_of(history, rows);
  Losses losses;
  for (const uint32_t row : split.feasible) losses.push_back(history.losses(history.trial(row)));
  const std::vector<size_t> ranks = non_domination_ranks(losses, n);
  std::vector<Member> members;
  std::vector<Eigen::VectorXd> points;
  size_t n_sure = 0;  // members of layers that survive whole
  for (size_t rank = 0; members.size() < std::min(n, split.feasible.size()); ++rank) {
    n_sure = members.size();
    for (size_t i = 0; i < split.feasible.size(); ++i)
      if (ranks[i] == rank) {
        members.push_back({split.feasible[i], rank, 0});
        points.emplace_back(Eigen::Map<const Eigen::VectorXd>(losses[i].data(), static_cast<Eigen::Index>(losses[i].size())));
      }
  }
  if (members.size() > n) {
    normalise(points);
    const std::vector<Eigen::VectorXd> directions = directions_for(history.directions().size(), n, parts);
    const std::vector<size_t> chosen = spread_out(nearest_of(points, directions), directions.size(), n_sure, n - n_sure, key);
    std::vector<Member> kept(members.begin(), members.begin() + static_cast<ptrdiff_t>(n_sure));
    for (const size_t i : chosen) kept.push_back(members[i]);
    members = std::move(kept);
  }
  return with_infeasible(std::move(members), split, n);
}

}  // namespace

void register_nsga3(Catalog<Sampler>& catalog) {
  auto make = [](const Value& value) -> std::unique_ptr<Sampler> {
    Nsga3Params params;
    if (!value.is_null()) update_from_value(params, value, "nsga3");
    const std::optional<int> parts = params.dividing_parameter;
    return std::make_unique<GeneticSampler>(
        std::move(params),
        [parts](const auto& history, const auto& rows, size_t n, uint64_t key) { return best_of(history, rows, n, key, parts); }, "nsga3");
  };
  catalog.add({"nsga3",
               "NSGA-III: generations of trials that spread over directions; for three and more objectives.",
               {},
               parameter_table<Nsga3Params>(),
               make});
}

}  // namespace kolosal
