#include "kolosal/models/forms/pruning.h"

#include <cmath>
#include <limits>
#include <set>

#include "kolosal/models/forms/forest_rounds.h"

namespace kolosal {
namespace {

void check(const Forest& forest) {
  if (forest.aggregation == ForestAggregation::Mean && forest.linear_starts.empty() && forest.node_cover.size() == forest.nodes.size() &&
      forest.node_gain.size() == forest.nodes.size())
    return;
  throw Error(ErrorCode::Unsupported, "only trees that are averaged, and know the weight and the gain of their nodes, can be pruned",
              "Prune a decision tree, random forest or extra trees.");
}

// One tree while it loses leaves. Nodes are numbered from its root.
class Pruned {
 public:
  Pruned(const Forest& forest, size_t tree) : forest_(forest), first_(static_cast<size_t>(forest.roots[tree])) {
    const size_t n = forest.end_of_tree(tree) - first_;
    parent_.assign(n, -1);
    n_leaves_.assign(n, 1);
    gain_.assign(n, 0);
    gone_.assign(n, false);
    const double weight = static_cast<double>(forest.node_cover[first_]);
    for (size_t i = n; i-- > 0;) {  // children come after their parent
      if (node(i).is_leaf()) continue;
      const size_t left = left_of(i);
      parent_[left] = parent_[left + 1] = static_cast<int64_t>(i);
      n_leaves_[i] = n_leaves_[left] + n_leaves_[left + 1];
      gain_[i] = static_cast<double>(forest.node_gain[first_ + i]) / weight * forest.gain_unit() + gain_[left] + gain_[left + 1];
      links_.emplace(alpha(i), i);
    }
  }

  // The least alpha at which a node becomes a leaf; infinite where there is none.
  double next_alpha() const { return links_.empty() ? std::numeric_limits<double>::infinity() : links_.begin()->first; }

  // Makes that node a leaf, and returns by how much the impurity grows.
  double cut() {
    const size_t at = links_.begin()->second;
    const size_t fewer = n_leaves_[at] - 1;
    const double less = gain_[at];
    drop_below(at);
    for (auto up = static_cast<int64_t>(at); up >= 0; up = parent_[static_cast<size_t>(up)]) {
      const auto i = static_cast<size_t>(up);
      links_.erase({alpha(i), i});
      n_leaves_[i] -= fewer;
      gain_[i] -= less;
      if (i != at) links_.emplace(alpha(i), i);
    }
    return less;
  }

  // Adds what is left to a forest.
  void add_to(Forest& made) const {
    const auto root = static_cast<int32_t>(made.nodes.size());
    made.roots.push_back(root);
    made.tree_output.push_back(0);
    std::vector<size_t> order = {0};  // brothers lie side by side, after their parent
    for (size_t k = 0; k < order.size(); ++k) {
      const size_t i = order[k];
      ForestNode copy = node(i);
      const bool is_leaf = n_leaves_[i] == 1;
      if (is_leaf) {
        copy = ForestNode();
        copy.left = static_cast<int32_t>(made.leaf_values.size() / made.leaf_width);
        const std::vector<double> values = mean_below(i);
        made.leaf_values.insert(made.leaf_values.end(), values.begin(), values.end());
      } else {
        copy.left = root + static_cast<int32_t>(order.size());
        order.push_back(left_of(i));
        order.push_back(left_of(i) + 1);
        if (copy.category_set >= 0) copy.category_set = copy_set(made, static_cast<size_t>(copy.category_set));
      }
      made.nodes.push_back(copy);
      made.node_cover.push_back(forest_.node_cover[first_ + i]);
      made.node_gain.push_back(is_leaf ? 0 : forest_.node_gain[first_ + i]);
    }
  }

 private:
  const ForestNode& node(size_t i) const { return forest_.nodes[first_ + i]; }
  size_t left_of(size_t i) const { return static_cast<size_t>(node(i).left) - first_; }
  double alpha(size_t i) const { return gain_[i] / static_cast<double>(n_leaves_[i] - 1); }

  // Forgets the splits below a node.
  void drop_below(size_t at) {
    std::vector<size_t> open = {at};
    while (!open.empty()) {
      const size_t i = open.back();
      open.pop_back();
      if (node(i).is_leaf() || gone_[i]) continue;
      gone_[i] = true;
      if (i != at) links_.erase({alpha(i), i});
      open.push_back(left_of(i));
      open.push_back(left_of(i) + 1);
    }
  }

  // The mean of the leaves below a node, by their covers.
  std::vector<double> mean_below(size_t at) const {
    std::vector<double> mean(forest_.leaf_width, 0.0);
    double weight = 0;
    std::vector<size_t> open = {at};
    while (!open.empty()) {
      const size_t i = open.back();
      open.pop_back();
      if (!node(i).is_leaf()) {
        open.push_back(left_of(i));
        open.push_back(left_of(i) + 1);
        continue;
      }
      const auto cover = static_cast<double>(forest_.node_cover[first_ + i]);
      const float* values = forest_.leaf_values.data() + static_cast<size_t>(node(i).left) * forest_.leaf_width;
      if (i == at) return {values, values + forest_.leaf_width};
      weight += cover;
      for (size_t k = 0; k < mean.size(); ++k) mean[k] += cover * static_cast<double>(values[k]);
    }
    for (double& value : mean) value /= weight > 0 ? weight : 1;
    return mean;
  }

  int32_t copy_set(Forest& made, size_t set) const {
    made.category_bits.insert(made.category_bits.end(), forest_.category_bits.begin() + forest_.category_starts[set],
                              forest_.category_bits.begin() + forest_.category_starts[set + 1]);
    made.category_starts.push_back(static_cast<uint32_t>(made.category_bits.size()));
    return static_cast<int32_t>(made.category_starts.size() - 2);
  }

  const Forest& forest_;
  size_t first_;
  std::vector<int64_t> parent_;
  std::vector<size_t> n_leaves_;
  std::vector<double> gain_;  // of all splits at and below a node, a share of the tree's weight
  std::vector<bool> gone_;    // splits that are no more
  std::set<std::pair<double, size_t>> links_;
};

}  // namespace

PruningPath pruning_path(const Forest& forest, size_t tree) {
  check(forest);
  if (tree >= forest.roots.size())
    throw Error(ErrorCode::BadValue, "there is no tree " + std::to_string(tree) + " in a forest of " + std::to_string(forest.roots.size()));
  PruningPath path{{0}, {0}};
  for (Pruned pruned(forest, tree); std::isfinite(pruned.next_alpha());) {
    path.alphas.push_back(pruned.next_alpha());
    path.impurities.push_back(path.impurities.back() + pruned.cut());
  }
  return path;
}

Forest prune(const Forest& forest, double alpha) {
  check(forest);
  if (!(alpha > 0)) return forest;
  Forest made = forest_like(forest);
  for (size_t t = 0; t < forest.roots.size(); ++t) {
    Pruned pruned(forest, t);
    while (pruned.next_alpha() <= alpha) (void)pruned.cut();
    pruned.add_to(made);
  }
  made.feature_gain = feature_gains(made);
  return made;
}

}  // namespace kolosal
