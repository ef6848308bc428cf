// TreeGrower: grows one regression tree on gradients and hessians from histograms, best leaf first.
//
// A bin holds whole numbers: the sum of the gradients in fixed point, and in one word the sum of the hessians and the count of
// rows. Sums of whole numbers do not depend on their order, so any number of threads gives the same tree, and the larger child
// of a split is exactly the parent less the smaller child.
//
// Few rows (kFewRows) are summed in fine steps. Of many rows, each has its gradient and hessian rounded at random to one of 4,095 and
// 1,023 steps: a run of rows is summed in one word a bin, gradient, hessian and count together, and then added to the wide bins. Leaves of
// no more rows than such a run has keep the words. What chance adds to a sum is less than the rows' own gradients scatter; the values of
// leaves are made of exact sums by the caller.
//
// The leaves that come next are split a few at a time, which keeps threads busy where leaves are small. Which leaf is split is decided one
// by one, as if there were no such batches; what was done for a leaf that is not split after all is undone.
//
// Cost     O(n_rows n_features log max_leaves) time a tree; one histogram (16 bytes a bin) per open leaf, bounded.
// Source   Ke et al., "LightGBM", NeurIPS 2017; Fisher, JASA 53, 1958 for categories sorted by their mean.
// Checked  tree_grower_test.cc, gradient_boosting_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/kernels/gradient_rows.h"
#include "kolosal/models/trees/binning.h"

namespace kolosal {

/// How numbers became the words of a GradientSum.
struct GradientScale {
  double gradient = 1;  ///< real gradient = word * gradient
  double hessian = 1;   ///< real hessian = (word >> count_bits) * hessian
  int count_bits = 0;

  /// The finest scale at which n_rows gradients and hessians of at most these sizes cannot overflow.
  static GradientScale fine(size_t n_rows, double largest_gradient, double largest_hessian);
  /// The scale of rows whose words are those of a GradientRow, of fewer than 2^31 rows.
  static GradientScale coarse(size_t n_rows, double largest_gradient, double largest_hessian);
  /// One row's gradient and hessian (>= 0) to the nearest step.
  GradientSum pack(double gradient_of_row, double hessian_of_row) const noexcept;
};

/// Rows up to this number are summed in fine steps.
constexpr size_t kFewRows = 16'384;

/// Which leaf is split next: the one of the greatest gain, or of those least deep; or all of a level, and all of them alike.
enum class TreeGrowth { Leaf, Depth, Symmetric };
constexpr auto enum_names(TreeGrowth) {
  return std::to_array<std::pair<TreeGrowth, std::string_view>>(
      {{TreeGrowth::Leaf, "leaf"}, {TreeGrowth::Depth, "depth"}, {TreeGrowth::Symmetric, "symmetric"}});
}

/// What bounds the growth of a tree, and how splits are scored.
struct GrowthLimits {
  TreeGrowth growth = TreeGrowth::Leaf;
  int max_leaves = 31;
  int max_depth = 0;  ///< 0: no limit
  int64_t min_rows_in_leaf = 20;
  double min_hessian = 1e-3;
  double min_gain = 0;
  double l1 = 0;
  double l2 = 1;
  double cat_smooth = 10;
  double cat_l2 = 10;
  int max_categories_onehot = 4;
  bool extra_random = false;
  double path_smooth = 0;                           ///< rows by which a leaf's value is drawn half way to that of its parent
  std::vector<int32_t> directions;                  ///< (n_features,) 1: may only rise with the feature, -1: only fall; or empty
  std::vector<std::vector<uint32_t>> interactions;  ///< groups of features that may be split by on one path; those in none are one more

  /// Whether the gain of a split depends on more than sums.
  bool shapes_values() const noexcept { return path_smooth > 0 || !directions.empty(); }
  /// Which way predictions may go with a feature; 0: either.
  int32_t direction_of(uint32_t feature) const noexcept { return directions.empty() ? 0 : directions[feature]; }
};

/// What the values of a leaf are held to.
struct LeafRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  double parent_value = 0;
  bool is_root = true;  ///< a root has no parent
};

/// An order of a feature's bins, the beginnings of which are sets to try on the left, together with the missing where these go left.
struct BinOrder {
  std::vector<uint8_t> bins;
  bool missing_left = false;
  size_t only = 0;  ///< where not 0, just the first `only` bins are tried
};

/// A node of a grown tree; leaf where left < 0. The children are `left` and `left + 1`.
struct GrownNode {
  int32_t left = -1;
  uint32_t feature = 0;
  bool categorical = false;
  bool default_left = false;
  uint8_t bin = 0;     ///< numeric: bins up to this one go left
  BinSet left_bins{};  ///< the bins that go left, the missing bin among them where default_left
  double gain = 0;
  double value = 0;  ///< leaf: -T(G) / (H + l2), before the learning rate
  double cover = 0;  ///< weight of the rows that come here: for the caller to set
};

/// The rows of a leaf: `count` of them from `begin` in the list of rows given to grow().
struct GrownLeaf {
  int32_t node = 0;
  size_t begin = 0;
  size_t count = 0;
  LeafRange range;
};

/// What a leaf sums in place of its value.
struct LeafSum {
  std::vector<uint32_t> features;
  std::vector<double> weights;  ///< one for each of the features
  double constant = 0;
};

/// A tree in terms of bins.
struct GrownTree {
  std::vector<GrownNode> nodes;
  std::vector<GrownLeaf> leaves;
  std::vector<LeafSum> sums;  ///< (n_nodes,) of leaves, or empty
};

/// Grows trees over one binned matrix, keeping its buffers between trees.
class TreeGrower {
 public:
  /// Throws Error(OutOfMemory) where the budget has no room for the fewest histograms.
  TreeGrower(const BinnedMatrix& x, const std::vector<FeatureBins>& bins, const GrowthLimits& limits, const FitContext& context);

  /// Grows `tree` on `rows` (ascending; reordered so that each leaf's rows are together), splitting by `features` only. `sums` has the
  /// fine words of every row of x, or is empty where those of `rows` count. Returns false, with the tree unfinished, where the context
  /// asked to stop.
  bool grow(std::span<const GradientSum> sums, const GradientScale& scale, std::vector<GradientRow>& rows,
            std::span<const uint32_t> features, uint64_t seed, GrownTree& tree);

 private:
  struct Split {
    double gain = 0;  ///< 0: none
    uint32_t feature = 0;
    bool categorical = false;
    bool default_left = false;
    uint8_t bin = 0;
    BinSet left_bins{};
    GradientSum left_sum{};
  };
  struct Leaf {
    int32_t node = 0;
    size_t begin = 0, count = 0;
    int depth = 0;
    int slot = -1;
    uint64_t seed = 0;
    GradientSum sum{};
    LeafRange range;
    std::vector<bool> groups;  // of features that interact: whether the group holds every feature on the path; empty: no bounds
    Split split;
    int sides = -1;  // place in sides_, where the rows are parted
  };
  // What a leaf becomes if it is split.
  struct Sides {
    Leaf left, right;
  };
  // Leaves to find the best splits of: both sides of one, or a root, which is `larger`. It may hold the histogram of both in its slot.
  struct Pair {
    Leaf* smaller;
    Leaf* larger;
    bool small_splits = false, large_splits = false, subtract = false;
    std::vector<Split> small_found, large_found;
  };

  bool can_split(const Leaf& leaf) const;
  int take_slot();
  void drop_slot(Leaf& leaf);
  void lay_out_histograms();
  std::vector<size_t> make_tiles(size_t n_least) const;
  GradientSum sum_of_rows() const;
  bool grow_leaves(GrownTree& tree);
  bool is_split_before(const Leaf& a, const Leaf& b) const;
  Leaf* best_leaf();
  void prepare(size_t n_leaves, bool evaluated);
  Sides make_sides(Leaf& parent) const;
  void partition(const Leaf& parent, Sides& sides);
  template <class Part>
  size_t partition_runs(size_t n, GradientRow* rows, GradientRow* scratch, const Part& part);
  void split(Leaf& parent, GrownTree& tree);
  void undo_parting(const Leaf& leaf);
  void evaluate(std::span<Pair> pairs);
  void take_slots(Pair& pair);
  void evaluate_tile(Pair& pair, int64_t* packed, size_t tile_begin, size_t tile_end);
  void build(std::span<const GradientRow> rows, int64_t* packed, size_t tile_begin, size_t tile_end, GradientSum* histograms);
  void build_by_runs(const Leaf& leaf);
  bool is_filled_by_runs(const Leaf& leaf) const;
  std::span<const GradientRow> rows_of(const Leaf& leaf) const;
  void part_all(std::span<Leaf* const> parents);
  void build_packed(const Leaf& leaf, int64_t* packed, size_t tile_begin, size_t tile_end);
  GradientSum* histograms_of(const Leaf& leaf, size_t place);
  int64_t* words_of(const Leaf& leaf, size_t place);
  bool is_packed(size_t n_rows) const;
  void subtract(const Pair& pair, size_t place);
  Split best_split_of(const Leaf& leaf, size_t feature_place);
  void set_best(Leaf& leaf, std::span<const Split> candidates);
  void set_ranges(const Leaf& parent, Leaf& left, Leaf& right) const;
  void list_left_bins(Split& split) const;
  void lay_out_groups();
  bool may_split_by(const Leaf& leaf, uint32_t feature) const;
  std::vector<bool> groups_with(std::vector<bool> groups, uint32_t feature) const;

  // Of symmetric growth: level_growth.cc.
  struct LevelSplit {
    double gain = 0;  // 0: none
    uint32_t feature = 0;
    bool any_missing = false;
    BinOrder order;
    size_t n_left = 0;           // the bins that go left are so many, from the first of the order on
    std::vector<Split> of_leaf;  // each leaf's own; where its gain is NaN, the leaf stays whole
  };
  bool grow_levels(GrownTree& tree);
  void fill_level(std::span<Pair> pairs, size_t tile_begin, size_t tile_end);
  void split_level(const LevelSplit& level, std::vector<Pair>& pairs, bool is_last, GrownTree& tree);
  LevelSplit best_level_split(std::span<Pair> pairs, size_t level);
  LevelSplit level_split_of(size_t place, size_t level, std::span<const GradientSum* const> histograms) const;

  const BinnedMatrix& x_;
  const std::vector<FeatureBins>& bins_;
  GrowthLimits limits_;
  const FitContext& context_;
  std::vector<std::vector<bool>> groups_of_;  // (n_features, n_groups) whether a group of features that interact holds a feature

  // Of the tree being grown.
  std::span<const GradientSum> sums_;
  GradientScale scale_;
  std::vector<GradientRow>* rows_ = nullptr;
  std::span<const uint32_t> features_;
  uint64_t seed_ = 0;
  std::vector<Leaf> leaves_;
  std::vector<Sides> sides_;
  std::vector<size_t> histogram_start_;
  std::vector<size_t> wide_tiles_;  // borders of the widest tiles
  size_t n_runs_ = 1;               // of rows, so that there is work for all threads where tiles are few

  // Buffers.
  std::vector<std::vector<GradientSum>> slots_;
  std::vector<int> free_slots_;
  size_t n_slots_ = 0;
  MemoryLease lease_;
  std::vector<GradientRow> scratch_;
  std::vector<int64_t> packed_;       // one word a bin of the histograms being filled
  std::vector<GradientSum> partial_;  // histograms of all runs of rows but the first
};

}  // namespace kolosal
