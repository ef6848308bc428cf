#include "kolosal/tune/pareto.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kolosal {
namespace {

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

double box(const std::vector<double>& low, const std::vector<double>& high) {
  double volume = 1;
  for (size_t i = 0; i < low.size(); ++i) volume *= std::max(0.0, high[i] - low[i]);
  return volume;
}

// Two losses: the steps of the front, from left to right.
double area(Losses losses, const std::vector<double>& reference) {
  std::sort(losses.begin(), losses.end());
  double sum = 0, lowest = reference[1];
  for (const auto& row : losses) {
    if (row[0] >= reference[0] || row[1] >= lowest) continue;
    sum += (reference[0] - row[0]) * (lowest - row[1]);
    lowest = row[1];
  }
  return sum;
}

Losses front_of(const Losses& losses) {
  Losses front;
  for (const auto& row : losses) {
    const auto beaten = [&](const auto& other) { return dominates(other, row) || other == row; };
    if (std::any_of(front.begin(), front.end(), beaten)) continue;
    std::erase_if(front, [&](const auto& other) { return dominates(row, other); });
    front.push_back(row);
  }
  return front;
}

}  // namespace

std::vector<size_t> non_domination_ranks(const Losses& losses, size_t n_wanted) {
  std::vector<size_t> order(losses.size()), ranks(losses.size(), 0);
  std::iota(order.begin(), order.end(), size_t{0});
  // In lexicographic order no row is dominated by a later one.
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return losses[a] < losses[b]; });
  size_t rank = 0, n_ranked = 0;
  while (!order.empty() && n_ranked < n_wanted) {
    std::vector<size_t> layer, rest;
    for (const size_t row : order) {
      const bool beaten = std::any_of(layer.begin(), layer.end(), [&](size_t other) { return dominates(losses[other], losses[row]); });
      (beaten ? rest : layer).push_back(row);
    }
    for (const size_t row : layer) ranks[row] = rank;
    n_ranked += layer.size();
    order = std::move(rest);
    ++rank;
  }
  for (const size_t row : order) ranks[row] = rank;
  return ranks;
}

double hypervolume(const Losses& losses, const std::vector<double>& reference) {
  if (reference.size() == 2) return area(losses, reference);
  Losses front = front_of(losses);
  std::sort(front.begin(), front.end());
  double sum = 0;
  // Each row adds its box without what the rows after it cover of it.
  for (size_t i = 0; i < front.size(); ++i) {
    Losses limited;
    for (size_t j = i + 1; j < front.size(); ++j) {
      limited.push_back(front[j]);
      for (size_t k = 0; k < reference.size(); ++k) limited.back()[k] = std::max(limited.back()[k], front[i][k]);
    }
    sum += box(front[i], reference) - (limited.empty() ? 0 : hypervolume(limited, reference));
  }
  return sum;
}

std::vector<double> reference_point(const Losses& losses) {
  std::vector<double> worst = losses.front();
  for (const auto& row : losses)
    for (size_t i = 0; i < worst.size(); ++i) worst[i] = std::max(worst[i], row[i]);
  for (double& x : worst) {
    x = std::max(1.1 * x, 0.9 * x);
    if (x == 0) x = 1e-12;
  }
  return worst;
}

std::vector<size_t> largest_volume_subset(const Losses& losses, size_t size) {
  std::vector<size_t> chosen;
  if (size == 0) return chosen;
  const std::vector<double> reference = reference_point(losses);
  const bool finite = std::all_of(reference.begin(), reference.end(), [](double x) { return std::isfinite(x); });
  if (!finite || size >= losses.size()) {
    chosen.resize(std::min(size, losses.size()));
    std::iota(chosen.begin(), chosen.end(), size_t{0});
    return chosen;
  }
  // What a row adds only falls as others are chosen, so a row is looked at again only where it could still be the best.
  std::vector<double> bound(losses.size());
  for (size_t i = 0; i < losses.size(); ++i) bound[i] = box(losses[i], reference);
  std::vector<bool> taken(losses.size(), false);
  while (chosen.size() < size) {
    double most = -1;
    size_t best = 0;
    std::vector<size_t> order;
    for (size_t i = 0; i < losses.size(); ++i)
      if (!taken[i]) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return bound[a] > bound[b]; });
    for (const size_t i : order) {
      if (bound[i] <= most) break;
      Losses limited;
      for (const size_t j : chosen) {
        limited.push_back(losses[j]);
        for (size_t k = 0; k < reference.size(); ++k) limited.back()[k] = std::max(limited.back()[k], losses[i][k]);
      }
      const double whole = box(losses[i], reference);
      bound[i] = limited.empty() || std::isinf(whole) ? whole : whole - hypervolume(limited, reference);
      if (bound[i] > most) {
        most = bound[i];
        best = i;
      }
    }
    taken[best] = true;
    chosen.push_back(best);
  }
  return chosen;
}

std::vector<size_t> best_rows(const Losses& losses, size_t size) {
  const size_t n = std::min(size, losses.size());
  const std::vector<size_t> ranks = non_domination_ranks(losses, n);
  std::vector<size_t> best;
  for (size_t rank = 0; best.size() < n; ++rank) {
    std::vector<size_t> layer;
    for (size_t i = 0; i < ranks.size(); ++i)
      if (ranks[i] == rank) layer.push_back(i);
    if (best.size() + layer.size() > n) {
      Losses of_layer;
      for (const size_t i : layer) of_layer.push_back(losses[i]);
      std::vector<size_t> kept;
      for (const size_t i : largest_volume_subset(of_layer, n - best.size())) kept.push_back(layer[i]);
      layer = std::move(kept);
    }
    best.insert(best.end(), layer.begin(), layer.end());
  }
  return best;
}

}  // namespace kolosal
