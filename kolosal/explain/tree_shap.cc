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

/// One feature on the way to a leaf, or of its sum: the branches that ask it, the share of rows that take them all, and its term.
struct PathFeature {
  uint32_t feature;
  uint32_t first_step, n_steps;
  double share = 1;
  bool in_sum = false;
  double weight = 0, mean = 0;
};

struct LeafPath {
  size_t first_feature, n_features;
  const float* values;  ///< (leaf_width,)
  size_t output;        ///< raw output of the first value
  bool has_sum = false;
  double at_means = 0;  ///< of a sum, where all its features are their means
};

/// The ways to all leaves of some trees, whose nodes follow one another.
struct Paths {
  size_t first_node = 0, end_node = 0;
  std::vector<Step> steps;
  std::vector<PathFeature> features;
  std::vector<LeafPath> leaves;
};

/// The share of a node's rows that go to one of its children.
double branch_share(std::span<const float> covers, size_t node, size_t child) {
  return covers[node] > 0 ? static_cast<double>(covers[child]) / static_cast<double>(covers[node]) : 0;
}

class PathFinder {
 public:
  PathFinder(const Forest& forest, const NodeRows& behind, Paths& paths) : forest_(forest), behind_(behind), paths_(paths) {}

  /// Adds the paths of a tree. Children come after their parents, so parents are known when a leaf is met.
  void add_tree(size_t tree) {
    const auto root = static_cast<size_t>(forest_.roots[tree]);
    const size_t end = forest_.end_of_tree(tree);
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
      const double share = branch_share(behind_.covers, step.node, static_cast<size_t>(asked.left) + (step.left ? 0 : 1));
      if (paths_.leaves.back().n_features == 0 || paths_.features.back().feature != asked.feature) {
        paths_.features.push_back({.feature = asked.feature, .first_step = static_cast<uint32_t>(paths_.steps.size()), .n_steps = 0});
        ++paths_.leaves.back().n_features;
      }
      paths_.steps.push_back(step);
      ++paths_.features.back().n_steps;
      paths_.features.back().share *= share;
    }
    if (!forest_.linear_starts.empty()) add_sum(static_cast<size_t>(node.left));
  }

  /// Adds the sum of a leaf to its path, the one added last. A feature that no branch asks leads every row to the leaf.
  void add_sum(size_t leaf) {
    const uint32_t begin = forest_.linear_starts[leaf], end = forest_.linear_starts[leaf + 1];
    LeafPath& path = paths_.leaves.back();
    path.has_sum = begin < end;
    path.at_means = forest_.linear_constants[leaf];
    for (uint32_t term = begin; term < end; ++term) {
      const auto first = paths_.features.begin() + static_cast<ptrdiff_t>(path.first_feature);
      auto found =
          std::find_if(first, paths_.features.end(), [&](const PathFeature& f) { return f.feature == forest_.linear_features[term]; });
      if (found == paths_.features.end()) {
        paths_.features.push_back(
            {.feature = forest_.linear_features[term], .first_step = static_cast<uint32_t>(paths_.steps.size()), .n_steps = 0});
        ++path.n_features;
        found = paths_.features.end() - 1;
      }
      found->in_sum = true;
      found->weight += forest_.linear_weights[term];
      found->mean = behind_.means[term];
      path.at_means += forest_.linear_weights[term] * behind_.means[term];
    }
  }

  const Forest& forest_;
  const NodeRows& behind_;
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

/// What a leaf adds for each set of known features, for up to eight rows: the product of o_j over known and z_j over unknown features,
/// times the worth and the d_j of the known.
struct Game {
  std::span<const Lanes> o;   ///< 1 for each row that takes every branch that asks the feature, else 0
  std::span<const double> z;  ///< the share of rows that do
  std::span<const Lanes> d;   ///< what each feature adds to the sum where it is known, and 0 where o is; empty of a leaf without a sum
  const float* values;        ///< the worth of each number of a leaf; null: `constant`
  double constant = 0;

  double worth(size_t c) const { return values != nullptr ? static_cast<double>(values[c]) : constant; }
};

/// The integrals over t of products of t o_j + (1 - t) z_j that leave one factor out.
class Integrals {
 public:
  explicit Integrals(const std::vector<Rule>& rules) : rules_(rules) {}

  /// Of all factors but the j-th, and of a leaf with a sum, of the sum over f of t d_f times all factors but f and the j-th, for all j.
  /// `skip` is left out of every product and sum (none: m).
  void leave_one_out(const Game& game, size_t skip) {
    const size_t m = game.o.size();
    products.assign(m, Lanes{});
    sums.assign(m, Lanes{});
    factors_.resize(m);
    terms_.assign(m, Lanes{});
    before_.resize(m);
    sums_before_.resize(m);
    const size_t n_factors = skip < m ? m - 1 : m;
    const Rule& rule = rules_[(n_factors + 1) / 2];
    for (size_t q = 0; q < rule.points.size(); ++q) {
      if (game.d.empty()) add_point(rule.points[q], rule.weights[q], game, skip);
      else add_point_with_sum(rule.points[q], rule.weights[q], game, skip);
    }
  }

  std::vector<Lanes> products, sums;  ///< (m,) for each lane

 private:
  void add_point(double t, double weight, const Game& game, size_t skip) {
    Lanes product;
    product.fill(weight);
    for (size_t j = 0; j < game.o.size(); ++j) {
      before_[j] = product;
      take_factor(t, game, j, skip);
      for (size_t lane = 0; lane < kLanes; ++lane) product[lane] *= factors_[j][lane];
    }
    product.fill(1);
    for (size_t j = game.o.size(); j-- > 0;) {
      for (size_t lane = 0; lane < kLanes; ++lane) products[j][lane] += before_[j][lane] * product[lane];
      for (size_t lane = 0; lane < kLanes; ++lane) product[lane] *= factors_[j][lane];
    }
  }

  void take_factor(double t, const Game& game, size_t j, size_t skip) {
    const double unknown = (1 - t) * game.z[j];
    for (size_t lane = 0; lane < kLanes; ++lane) factors_[j][lane] = j == skip ? 1 : t * game.o[j][lane] + unknown;
  }

  /// Pairs of a product and a sum, of the features before and of those after, each of which makes (P, Q) into (P a, Q a + P t d).
  void add_point_with_sum(double t, double weight, const Game& game, size_t skip) {
    Lanes product, sum{};
    product.fill(weight);
    const auto take_in = [&](size_t j) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        sum[lane] = sum[lane] * factors_[j][lane] + product[lane] * terms_[j][lane];
        product[lane] *= factors_[j][lane];
      }
    };
    for (size_t j = 0; j < game.o.size(); ++j) {
      before_[j] = product;
      sums_before_[j] = sum;
      take_factor(t, game, j, skip);
      for (size_t lane = 0; lane < kLanes; ++lane) terms_[j][lane] = j == skip ? 0 : t * game.d[j][lane];
      take_in(j);
    }
    product.fill(1);
    sum.fill(0);
    for (size_t j = game.o.size(); j-- > 0;) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        products[j][lane] += before_[j][lane] * product[lane];
        sums[j][lane] += sums_before_[j][lane] * product[lane] + before_[j][lane] * sum[lane];
      }
      take_in(j);
    }
  }

  const std::vector<Rule>& rules_;
  std::vector<Lanes> factors_, terms_, before_, sums_before_;
};

/// Calls body(paths, rules) with the paths of all trees, a part of the trees at a time.
template <class Body>
void for_each_part(const Forest& forest, const NodeRows& behind, const FitContext& context, const Body& body) {
  for (size_t tree = 0; tree < forest.roots.size();) {
    Paths paths;
    PathFinder finder(forest, behind, paths);
    paths.first_node = static_cast<size_t>(forest.roots[tree]);
    for (; tree < forest.roots.size() && paths.steps.size() < kMostSteps; ++tree) finder.add_tree(tree);
    paths.end_node = forest.end_of_tree(tree - 1);
    size_t most = 0;
    for (const LeafPath& leaf : paths.leaves) most = std::max(most, leaf.n_features);
    context.check();
    body(paths, rules_up_to(most));
  }
}

/// The games of leaves, for eight rows at a time.
class Games {
 public:
  Games(const Forest& forest, const Paths& paths, const FeatureMatrix& x) : paths_(paths), x_(x), branches_(forest, paths) {}

  /// Rows begin .. begin + n of x.
  void look_at(size_t begin, size_t n) {
    begin_ = begin;
    n_ = n;
    branches_.look_at(x_, begin, n);
  }

  /// Calls body(game) for each game of a leaf.
  template <class Body>
  void of_leaf(const LeafPath& leaf, const Body& body) {
    const auto features = std::span(paths_.features).subspan(leaf.first_feature, leaf.n_features);
    o_.clear();
    z_.clear();
    for (const PathFeature& path : features) {
      o_.push_back(branches_.follows(path));
      z_.push_back(path.share);
    }
    if (!leaf.has_sum) return body(Game{o_, z_, {}, leaf.values});
    whole_ = o_;
    d_.assign(o_.size(), Lanes{});
    bool has_hole = false;
    for (size_t i = 0; i < features.size(); ++i) has_hole |= features[i].in_sum && !add_term(features[i], whole_[i], d_[i]);
    const double value = has_hole ? static_cast<double>(*leaf.values) : 0;
    if (has_hole) body(Game{o_, z_, {}, leaf.values});
    body(Game{whole_, z_, d_, nullptr, leaf.at_means - value});
  }

 private:
  /// Writes what a feature adds to a sum. False where a row misses it, which then does not follow the feature either.
  bool add_term(const PathFeature& path, Lanes& o, Lanes& d) const {
    const float* column = x_.column(path.feature).data() + begin_;
    bool is_whole = true;
    for (size_t lane = 0; lane < n_; ++lane) {
      if (std::isfinite(column[lane])) {
        d[lane] = o[lane] * path.weight * (static_cast<double>(column[lane]) - path.mean);
      } else {
        o[lane] = 0;
        is_whole = false;
      }
    }
    return is_whole;
  }

  const Paths& paths_;
  const FeatureMatrix& x_;
  LaneBranches branches_;
  size_t begin_ = 0, n_ = 0;
  std::vector<Lanes> o_, whole_, d_;
  std::vector<double> z_;
};

/// Calls body(paths, integrals, leaf, game, begin, n) for the games of all leaves and all rows, blocks of rows on several threads at once,
/// in the order of the leaves for each eight rows.
template <class Body>
void for_each_leaf_and_rows(const Forest& forest, const NodeRows& behind, const FeatureMatrix& x, const FitContext& context,
                            const Body& body) {
  for_each_part(forest, behind, context, [&](const Paths& paths, const std::vector<Rule>& rules) {
    context.threads->parallel_for(x.n_rows(), kBlockRows, [&](size_t from, size_t to) {
      Integrals integrals(rules);
      Games games(forest, paths, x);
      for (size_t begin = from; begin < to && !context.should_stop(); begin += kLanes) {
        const size_t n = std::min(kLanes, to - begin);
        games.look_at(begin, n);
        for (const LeafPath& leaf : paths.leaves)
          games.of_leaf(leaf, [&](const Game& game) { body(paths, integrals, leaf, game, begin, n); });
      }
    });
    context.check();
  });
}

/// Calls body(leaf node, row) with where each row of x ends in a tree; ends early where the context asks to stop.
template <class Body>
void for_each_row_in_tree(const Forest& forest, size_t tree, const FeatureMatrix& x, const FitContext& context, const Body& body) {
  for (size_t row = 0; row < x.n_rows(); ++row) {
    if (row % kBlockRows == 0 && context.should_stop()) return;
    body(static_cast<size_t>(leaf_of(forest, forest.roots[tree], x, row)), row);
  }
}

/// The mean of each feature over the rows that have it; 0 where none does.
std::vector<double> whole_means(const FeatureMatrix& x) {
  std::vector<double> means(x.n_features());
  for (size_t j = 0; j < means.size(); ++j) {
    double n = 0;
    for (const float value : x.column(j)) {
      if (!std::isfinite(value)) continue;
      means[j] += static_cast<double>(value);
      ++n;
    }
    if (n > 0) means[j] /= n;
  }
  return means;
}

double divisor_of(const Forest& forest) {
  return forest.aggregation == ForestAggregation::Mean ? static_cast<double>(forest.roots.size()) : 1.0;
}

}  // namespace

std::vector<float> node_covers(const Forest& forest, const FeatureMatrix& x, const FitContext& context) {
  std::vector<float> covers(forest.nodes.size());
  context.threads->parallel_each(forest.roots.size(), [&](size_t tree) {
    std::vector<uint32_t> counts(forest.end_of_tree(tree) - static_cast<size_t>(forest.roots[tree]));
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

std::vector<double> term_means(const Forest& forest, const FeatureMatrix& x, const FitContext& context) {
  std::vector<double> means(forest.linear_features.size());
  if (means.empty()) return means;
  const std::vector<double> of_all = whole_means(x);
  context.threads->parallel_each(forest.roots.size(), [&](size_t tree) {
    const auto root = static_cast<size_t>(forest.roots[tree]);
    std::vector<uint32_t> counts(forest.end_of_tree(tree) - root);
    const auto terms = [&](size_t node) {
      const auto leaf = static_cast<size_t>(forest.nodes[node].left);
      return std::pair(forest.linear_starts[leaf], forest.linear_starts[leaf + 1]);
    };
    for_each_row_in_tree(forest, tree, x, context, [&](size_t node, size_t row) {
      const auto [begin, end] = terms(node);
      for (uint32_t term = begin; term < end; ++term)
        if (!std::isfinite(x.at(row, forest.linear_features[term]))) return;
      ++counts[node - root];
      for (uint32_t term = begin; term < end; ++term) means[term] += static_cast<double>(x.at(row, forest.linear_features[term]));
    });
    for (size_t i = 0; i < counts.size(); ++i) {
      if (!forest.nodes[root + i].is_leaf()) continue;
      const auto [begin, end] = terms(root + i);
      for (uint32_t term = begin; term < end; ++term)
        means[term] = counts[i] > 0 ? means[term] / counts[i] : of_all[forest.linear_features[term]];
    }
  });
  context.check();
  return means;
}

std::vector<double> expected_raw(const Forest& forest, const NodeRows& behind) {
  std::vector<double> raw(forest.n_raw());
  begin_sums(forest, raw);
  for (size_t tree = 0; tree < forest.roots.size(); ++tree) {
    Paths paths;
    PathFinder(forest, behind, paths).add_tree(tree);
    for (const LeafPath& leaf : paths.leaves) {
      double share = 1;
      for (size_t i = 0; i < leaf.n_features; ++i) share *= paths.features[leaf.first_feature + i].share;
      for (size_t c = 0; c < forest.leaf_width; ++c)
        raw[leaf.output + c] += share * (leaf.has_sum ? leaf.at_means : static_cast<double>(leaf.values[c]));
    }
  }
  finish_sums(forest, forest.roots.size(), raw);
  return raw;
}

void add_tree_contributions(const Forest& forest, const NodeRows& behind, const FeatureMatrix& x, const FitContext& context,
                            std::span<double> values) {
  const size_t p = forest.n_features, n_raw = forest.n_raw();
  const double divisor = divisor_of(forest);
  const auto add = [&](const Paths& paths, Integrals& integrals, const LeafPath& leaf, const Game& game, size_t begin, size_t n) {
    integrals.leave_one_out(game, game.o.size());
    for (size_t i = 0; i < game.o.size(); ++i) {
      const size_t feature = paths.features[leaf.first_feature + i].feature;
      for (size_t lane = 0; lane < n; ++lane) {
        const double known = game.o[i][lane] - game.z[i], product = integrals.products[i][lane];
        double* to_row = values.data() + ((begin + lane) * n_raw + leaf.output) * p + feature;
        for (size_t c = 0; c < forest.leaf_width; ++c)
          to_row[c * p] += known * product / divisor * game.worth(c) * forest.scale_of(leaf.output + c);
        if (!game.d.empty())
          *to_row += (known * integrals.sums[i][lane] + game.d[i][lane] * product) / divisor * forest.scale_of(leaf.output);
      }
    }
  };
  for_each_leaf_and_rows(forest, behind, x, context, add);
}

void add_tree_interactions(const Forest& forest, const NodeRows& behind, const FeatureMatrix& x, const FitContext& context,
                           std::span<double> values) {
  const size_t p = forest.n_features, n_raw = forest.n_raw();
  const double divisor = divisor_of(forest);
  const auto add = [&](const Paths& paths, Integrals& integrals, const LeafPath& leaf, const Game& game, size_t begin, size_t n) {
    for (size_t i = 0; i + 1 < game.o.size(); ++i) {
      integrals.leave_one_out(game, i);
      const size_t first = paths.features[leaf.first_feature + i].feature;
      for (size_t j = i + 1; j < game.o.size(); ++j) {
        const size_t second = paths.features[leaf.first_feature + j].feature;
        for (size_t lane = 0; lane < n; ++lane) {
          const double known_i = game.o[i][lane] - game.z[i], known_j = game.o[j][lane] - game.z[j];
          const double product = integrals.products[j][lane];
          double of_sum = 0;
          if (!game.d.empty())
            of_sum = known_i * known_j * integrals.sums[j][lane] + (game.d[i][lane] * known_j + game.d[j][lane] * known_i) * product;
          for (size_t c = 0; c < forest.leaf_width; ++c) {
            const double part = (known_i * known_j * product * game.worth(c) + of_sum) / (2 * divisor) * forest.scale_of(leaf.output + c);
            double* matrix = values.data() + ((begin + lane) * n_raw + leaf.output + c) * p * p;
            matrix[first * p + second] += part;
            matrix[second * p + first] += part;
          }
        }
      }
    }
  };
  for_each_leaf_and_rows(forest, behind, x, context, add);
}

}  // namespace kolosal
