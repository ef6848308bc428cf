#include "kolosal/explain/tree_shap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace kolosal {
namespace {

constexpr size_t kLanes = 8;                    // rows side by side
constexpr size_t kBlockRows = 64;               // rows of one task
constexpr size_t kMostSteps = size_t{1} << 22;  // of the paths that are kept at a time
using Lanes = std::array<double, kLanes>;

struct Step {
  uint32_t node;
  bool left;
};

/// One feature on the way to a leaf: the branches that ask it, and the share of rows that take them all.
struct PathFeature {
  uint32_t feature;
  uint32_t first_step, n_steps;
  double share;
};

struct LeafPath {
  size_t first_feature, n_features;
  const float* values;  ///< (leaf_width,)
  size_t output;        ///< raw output of the first value
};

/// The ways to all leaves of some trees, whose nodes follow one another.
struct Paths {
  size_t first_node = 0, end_node = 0;
  std::vector<Step> steps;
  std::vector<PathFeature> features;
  std::vector<LeafPath> leaves;
};

size_t end_of_tree(const Forest& forest, size_t tree) {
  return tree + 1 < forest.roots.size() ? static_cast<size_t>(forest.roots[tree + 1]) : forest.nodes.size();
}

/// The share of a node's rows that go to one of its children.
double branch_share(std::span<const float> covers, size_t node, size_t child) {
  return covers[node] > 0 ? static_cast<double>(covers[child]) / static_cast<double>(covers[node]) : 0;
}

class PathFinder {
 public:
  PathFinder(const Forest& forest, std::span<const float> covers, Paths& paths) : forest_(forest), covers_(covers), paths_(paths) {}

  /// Adds the paths of a tree. Children come after their parents, so parents are known when a leaf is met.
  void add_tree(size_t tree) {
    const auto root = static_cast<size_t>(forest_.roots[tree]);
    const size_t end = end_of_tree(forest_, tree);
    root_ = root;
    parents_.assign(end - root, -1);
    for (size_t node = root; node < end; ++node) {
      const ForestNode& n = forest_.nodes[node];
      if (n.is_leaf()) {
        if (node == root || parents_[node - root] >= 0) add_leaf(node, static_cast<size_t>(forest_.tree_output[tree]));
      } else {
        parents_[static_cast<size_t>(n.left) - root] = parents_[static_cast<size_t>(n.left) + 1 - root] = static_cast<int64_t>(node);
      }
    }
  }

 private:
  void add_leaf(size_t leaf, size_t output) {
    way_.clear();
    for (size_t node = leaf; node != root_;) {
      const auto parent = static_cast<size_t>(parents_[node - root_]);
      way_.push_back({static_cast<uint32_t>(parent), static_cast<size_t>(forest_.nodes[parent].left) == node});
      node = parent;
    }
    std::ranges::reverse(way_);
    std::ranges::stable_sort(way_, {}, [&](const Step& step) { return forest_.nodes[step.node].feature; });
    const ForestNode& node = forest_.nodes[leaf];
    paths_.leaves.push_back(
        {paths_.features.size(), 0, forest_.leaf_values.data() + static_cast<size_t>(node.left) * forest_.leaf_width, output});
    for (const Step& step : way_) {
      const ForestNode& asked = forest_.nodes[step.node];
      const double share = branch_share(covers_, step.node, static_cast<size_t>(asked.left) + (step.left ? 0 : 1));
      if (paths_.leaves.back().n_features == 0 || paths_.features.back().feature != asked.feature) {
        paths_.features.push_back({asked.feature, static_cast<uint32_t>(paths_.steps.size()), 0, 1});
        ++paths_.leaves.back().n_features;
      }
      paths_.steps.push_back(step);
      ++paths_.features.back().n_steps;
      paths_.features.back().share *= share;
    }
  }

  const Forest& forest_;
  std::span<const float> covers_;
  Paths& paths_;
  size_t root_ = 0;
  std::vector<int64_t> parents_;
  std::vector<Step> way_;
};

/// Points and weights of the Gauss-Legendre rule on [0, 1], by Newton's method from Chebyshev's points.
struct Rule {
  explicit Rule(size_t n) : points(n), weights(n) {
    for (size_t i = 0; i < n; ++i) {
      double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (static_cast<double>(n) + 0.5)), slope = 1;
      for (int step = 0; step < 100; ++step) {
        double before = 1, value = x;
        for (size_t k = 2; k <= n; ++k) {
          const auto order = static_cast<double>(k);
          before = std::exchange(value, ((2 * order - 1) * x * value - (order - 1) * before) / order);
        }
        slope = static_cast<double>(n) * (x * value - before) / (x * x - 1);
        const double move = value / slope;
        x -= move;
        if (std::abs(move) < 1e-15) break;
      }
      points[i] = (1 + x) / 2;
      weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
  }

  std::vector<double> points, weights;
};

/// The rules that products of up to `most` factors need: rules[q] has q points.
std::vector<Rule> rules_up_to(size_t most) {
  std::vector<Rule> rules;
  for (size_t q = 0; q <= (most + 1) / 2; ++q) rules.emplace_back(q);
  return rules;
}

/// Which branches up to eight rows take at the nodes of some trees: a bit for each row.
class LaneBranches {
 public:
  LaneBranches(const Forest& forest, const Paths& paths) : forest_(forest), paths_(paths), left_(paths.end_node - paths.first_node) {}

  /// Rows begin .. begin + n of x.
  void look_at(const FeatureMatrix& x, size_t begin, size_t n) {
    all_ = static_cast<uint8_t>((1U << n) - 1);
    for (size_t node = paths_.first_node; node < paths_.end_node; ++node) {
      const ForestNode& asked = forest_.nodes[node];
      if (asked.is_leaf()) continue;
      const float* column = x.column(asked.feature).data() + begin;
      unsigned bits = 0;
      for (size_t lane = 0; lane < n; ++lane) bits |= static_cast<unsigned>(goes_left(forest_, asked, column[lane])) << lane;
      left_[node - paths_.first_node] = static_cast<uint8_t>(bits);
    }
  }

  /// 1 for each row that takes every branch that asks the feature, else 0.
  Lanes follows(const PathFeature& path) const {
    unsigned bits = all_;
    for (uint32_t s = 0; s < path.n_steps; ++s) {
      const Step& step = paths_.steps[path.first_step + s];
      const unsigned left = left_[step.node - paths_.first_node];
      bits &= step.left ? left : ~left;
    }
    Lanes ones;
    for (size_t lane = 0; lane < kLanes; ++lane) ones[lane] = static_cast<double>((bits >> lane) & 1U);
    return ones;
  }

 private:
  const Forest& forest_;
  const Paths& paths_;
  std::vector<uint8_t> left_;
  unsigned all_ = 0;
};

/// The integrals over t of products of t o_j + (1 - t) z_j that leave one factor out.
class Integrals {
 public:
  explicit Integrals(const std::vector<Rule>& rules) : rules_(rules) {}

  /// (m,) for each lane: the integral over all factors but the j-th. `skip` is left out of every product (none: m).
  const std::vector<Lanes>& leave_one_out(std::span<const Lanes> o, std::span<const double> z, size_t skip) {
    const size_t m = o.size();
    sums_.assign(m, Lanes{});
    factors_.resize(m);
    before_.resize(m);
    const size_t n_factors = skip < m ? m - 1 : m;
    const Rule& rule = rules_[(n_factors + 1) / 2];
    for (size_t q = 0; q < rule.points.size(); ++q) add_point(rule.points[q], rule.weights[q], o, z, skip);
    return sums_;
  }

 private:
  void add_point(double t, double weight, std::span<const Lanes> o, std::span<const double> z, size_t skip) {
    Lanes product;
    product.fill(weight);
    for (size_t j = 0; j < o.size(); ++j) {
      before_[j] = product;
      const double known = t, unknown = (1 - t) * z[j];
      for (size_t lane = 0; lane < kLanes; ++lane) factors_[j][lane] = j == skip ? 1 : known * o[j][lane] + unknown;
      for (size_t lane = 0; lane < kLanes; ++lane) product[lane] *= factors_[j][lane];
    }
    product.fill(1);
    for (size_t j = o.size(); j-- > 0;) {
      for (size_t lane = 0; lane < kLanes; ++lane) sums_[j][lane] += before_[j][lane] * product[lane];
      for (size_t lane = 0; lane < kLanes; ++lane) product[lane] *= factors_[j][lane];
    }
  }

  const std::vector<Rule>& rules_;
  std::vector<Lanes> sums_, factors_, before_;
};

/// Calls body(paths, rules) with the paths of all trees, a part of the trees at a time.
template <class Body>
void for_each_part(const Forest& forest, std::span<const float> covers, const FitContext& context, const Body& body) {
  for (size_t tree = 0; tree < forest.roots.size();) {
    Paths paths;
    PathFinder finder(forest, covers, paths);
    paths.first_node = static_cast<size_t>(forest.roots[tree]);
    for (; tree < forest.roots.size() && paths.steps.size() < kMostSteps; ++tree) finder.add_tree(tree);
    paths.end_node = end_of_tree(forest, tree - 1);
    size_t most = 0;
    for (const LeafPath& leaf : paths.leaves) most = std::max(most, leaf.n_features);
    context.check();
    body(paths, rules_up_to(most));
  }
}

/// Calls body(leaf, o, z, begin, n) for each eight rows and each leaf, in the order of the leaves.
template <class Body>
void for_each_leaf(const Forest& forest, const Paths& paths, const FeatureMatrix& x, const FitContext& context, size_t from, size_t to,
                   const Body& body) {
  std::vector<Lanes> o;
  std::vector<double> z;
  LaneBranches branches(forest, paths);
  for (size_t begin = from; begin < to && !context.should_stop(); begin += kLanes) {
    const size_t n = std::min(kLanes, to - begin);
    branches.look_at(x, begin, n);
    for (const LeafPath& leaf : paths.leaves) {
      o.clear();
      z.clear();
      for (size_t i = 0; i < leaf.n_features; ++i) {
        const PathFeature& path = paths.features[leaf.first_feature + i];
        o.push_back(branches.follows(path));
        z.push_back(path.share);
      }
      body(leaf, std::span<const Lanes>(o), std::span<const double>(z), begin, n);
    }
  }
}

/// Calls body(paths, integrals, leaf, o, z, begin, n) for the leaves of all trees and all rows, blocks of rows on several threads at once.
template <class Body>
void for_each_leaf_and_rows(const Forest& forest, std::span<const float> covers, const FeatureMatrix& x, const FitContext& context,
                            const Body& body) {
  for_each_part(forest, covers, context, [&](const Paths& paths, const std::vector<Rule>& rules) {
    context.threads->parallel_for(x.n_rows(), kBlockRows, [&](size_t from, size_t to) {
      Integrals integrals(rules);
      for_each_leaf(forest, paths, x, context, from, to,
                    [&](const LeafPath& leaf, auto o, auto z, size_t begin, size_t n) { body(paths, integrals, leaf, o, z, begin, n); });
    });
    context.check();
  });
}

double divisor_of(const Forest& forest) {
  return forest.aggregation == ForestAggregation::Mean ? static_cast<double>(forest.roots.size()) : 1.0;
}

}  // namespace

std::vector<float> node_covers(const Forest& forest, const FeatureMatrix& x, const FitContext& context) {
  std::vector<float> covers(forest.nodes.size());
  context.threads->parallel_each(forest.roots.size(), [&](size_t tree) {
    std::vector<uint32_t> counts(end_of_tree(forest, tree) - static_cast<size_t>(forest.roots[tree]));
    const auto root = static_cast<size_t>(forest.roots[tree]);
    for (size_t row = 0; row < x.n_rows(); ++row) {
      if (row % kBlockRows == 0 && context.should_stop()) return;
      for (size_t node = root;;) {
        ++counts[node - root];
        const ForestNode& n = forest.nodes[node];
        if (n.is_leaf()) break;
        node = static_cast<size_t>(n.left) + (goes_left(forest, n, x.at(row, n.feature)) ? 0 : 1);
      }
    }
    for (size_t i = 0; i < counts.size(); ++i) covers[root + i] = static_cast<float>(counts[i]);
  });
  context.check();
  return covers;
}

std::vector<double> expected_raw(const Forest& forest, std::span<const float> covers) {
  std::vector<double> raw = forest.base_score;
  for (size_t tree = 0; tree < forest.roots.size(); ++tree) {
    Paths paths;
    PathFinder(forest, covers, paths).add_tree(tree);
    for (const LeafPath& leaf : paths.leaves) {
      double share = 1;
      for (size_t i = 0; i < leaf.n_features; ++i) share *= paths.features[leaf.first_feature + i].share;
      for (size_t c = 0; c < forest.leaf_width; ++c) raw[leaf.output + c] += share * static_cast<double>(leaf.values[c]);
    }
  }
  for (double& value : raw) value /= divisor_of(forest);
  return raw;
}

void add_tree_contributions(const Forest& forest, std::span<const float> covers, const FeatureMatrix& x, const FitContext& context,
                            std::span<double> values) {
  const size_t p = forest.n_features, n_raw = forest.n_raw();
  const double divisor = divisor_of(forest);
  const auto add = [&](const Paths& paths, Integrals& integrals, const LeafPath& leaf, auto o, auto z, size_t begin, size_t n) {
    const std::vector<Lanes>& products = integrals.leave_one_out(o, z, o.size());
    for (size_t i = 0; i < o.size(); ++i) {
      const size_t feature = paths.features[leaf.first_feature + i].feature;
      for (size_t lane = 0; lane < n; ++lane) {
        const double part = (o[i][lane] - z[i]) * products[i][lane] / divisor;
        double* to_row = values.data() + ((begin + lane) * n_raw + leaf.output) * p + feature;
        for (size_t c = 0; c < forest.leaf_width; ++c) to_row[c * p] += part * static_cast<double>(leaf.values[c]);
      }
    }
  };
  for_each_leaf_and_rows(forest, covers, x, context, add);
}

void add_tree_interactions(const Forest& forest, std::span<const float> covers, const FeatureMatrix& x, const FitContext& context,
                           std::span<double> values) {
  const size_t p = forest.n_features, n_raw = forest.n_raw();
  const double divisor = divisor_of(forest);
  const auto add = [&](const Paths& paths, Integrals& integrals, const LeafPath& leaf, auto o, auto z, size_t begin, size_t n) {
    for (size_t i = 0; i + 1 < o.size(); ++i) {
      const std::vector<Lanes>& products = integrals.leave_one_out(o, z, i);
      const size_t first = paths.features[leaf.first_feature + i].feature;
      for (size_t j = i + 1; j < o.size(); ++j) {
        const size_t second = paths.features[leaf.first_feature + j].feature;
        for (size_t lane = 0; lane < n; ++lane) {
          const double part = (o[i][lane] - z[i]) * (o[j][lane] - z[j]) * products[j][lane] / (2 * divisor);
          for (size_t c = 0; c < forest.leaf_width; ++c) {
            double* matrix = values.data() + ((begin + lane) * n_raw + leaf.output + c) * p * p;
            matrix[first * p + second] += part * static_cast<double>(leaf.values[c]);
            matrix[second * p + first] += part * static_cast<double>(leaf.values[c]);
          }
        }
      }
    }
  };
  for_each_leaf_and_rows(forest, covers, x, context, add);
}

}  // namespace kolosal
