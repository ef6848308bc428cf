#include "kolosal/models/trees/cart_grower.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <type_traits>
#include <utility>

#include "kolosal/kernels/value_sides.h"
#include "kolosal/models/trees/binning.h"
#include "kolosal/models/trees/leaf_values.h"
#include "kolosal/models/trees/node_histograms.h"
#include "kolosal/models/trees/rank_keys.h"
#include "kolosal/models/trees/split_sides.h"

namespace kolosal {
namespace {

constexpr size_t kRowsPerPoll = 4096;
constexpr size_t kAhead = 16;      // how many rows ahead their values are fetched
constexpr size_t kNearRows = 256;  // whose values are near
constexpr double kTie = 1e-10;     // of scores this near, in proportion, only rounding may tell which is greater
constexpr size_t kSideBySide = 4;  // features whose values are gathered in one sweep

}  // namespace

class CartGrower::Growth {
 public:
  Growth(const TreeColumns& columns, const TreeTargets& targets, const CartLimits& limits, const FitContext& context)
      : columns_(columns.columns),
        bins_(columns.bins ? &*columns.bins : nullptr),
        values_(columns.values),
        targets_(targets),
        limits_(limits),
        context_(context),
        features_(columns_.size()) {
    if (bins_ != nullptr) histograms_.emplace(columns, targets, context);
  }

  CartEnd grow(std::span<const double> weights, RandomStream stream, Forest& tree) {
    start(weights, tree);
    stream_ = stream;
    least_weight_ = limits_.min_weight_fraction * std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<Item> open;
    Item root;
    root.count = rows_.size();
    size_t n_leaves = 1;
    const bool best_first = limits_.max_leaves > 0 && rows_.size() / limits_.min_rows_in_leaf > limits_.max_leaves;
    const auto less = [](const Item& a, const Item& b) {
      return a.split.gain != b.split.gain ? a.split.gain < b.split.gain : a.node > b.node;
    };
    // Where bounds are random, a leaf is looked at when its turn comes: its values are at hand then to part its rows.
    const bool at_its_turn = limits_.random_bounds && !best_first;
    const auto add = [&](Item item) {
      if (!at_its_turn && !evaluate(item)) return make_leaf(item);
      item.sums = {};  // of thousands of classes those of all open nodes would take much room
      open.push_back(std::move(item));
      if (best_first) std::ranges::push_heap(open, less);
    };
    add(std::move(root));
    while (!open.empty() && !context_.should_stop() && !leaves_->is_full()) {
      if (best_first) std::ranges::pop_heap(open, less);
      Item item = std::move(open.back());
      open.pop_back();
      const bool is_over = best_first && n_leaves >= limits_.max_leaves;
      if (is_over) (void)sum_up(item);
      if (is_over || (at_its_turn && !evaluate(item))) {
        make_leaf(item);
        continue;
      }
      auto [left, right] = apply(item);
      ++n_leaves;
      add(std::move(left));
      add(std::move(right));
    }
    const double total = std::accumulate(tree.feature_gain.begin(), tree.feature_gain.end(), 0.0);
    for (double& gain : tree.feature_gain) gain = total > 0 ? gain / total : 0;
    if (leaves_->is_full()) return CartEnd::OutOfMemory;
    return open.empty() && !context_.should_stop() ? CartEnd::Grown : CartEnd::Stopped;
  }

 private:
  struct Split {
    double score = -std::numeric_limits<double>::infinity();
    double gain = 0;
    uint32_t feature = 0;
    uint16_t cut = 0;  // ranks up to this one go left
    bool default_left = false;
    float threshold = 0;
    std::vector<bool> codes_left;  // categories only

    // What a later split's score must be above.
    double to_beat() const { return score * (1 + kTie); }
  };
  struct Item {
    int32_t node = 0;
    size_t begin = 0, count = 0;
    int depth = 0;
    NodeSums sums;
    Split split;
  };

  void start(std::span<const double> weights, Forest& tree) {
    rows_.clear();
    y_.clear();
    w_.clear();
    const size_t stride = targets_.classes ? 1 : targets_.width;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (!(weights[i] > 0)) continue;
      rows_.push_back(static_cast<uint32_t>(i));
      y_.push_back(targets_.values[i * stride]);
      w_.push_back(weights[i]);
    }
    tree = Forest();
    tree.n_features = columns_.size();
    tree.aggregation = ForestAggregation::Mean;
    tree.leaf_width = targets_.leaf_width;
    tree.base_score = targets_.base_score;
    tree.leaf_scale = targets_.leaf_scale;
    tree.feature_gain.assign(columns_.size(), 0.0);
    tree.roots = {0};
    tree.tree_output = {0};
    tree.nodes.emplace_back();
    tree.node_cover.emplace_back();
    tree.node_gain.emplace_back();
    tree_ = &tree;
    leaves_.emplace(tree, context_.memory);
    std::iota(features_.begin(), features_.end(), 0U);
    gathered_node_ = -1;
    if (histograms_) histograms_->start({rows_, y_.data(), w_.data()});
    const size_t most_sorted = histograms_ ? std::min(histograms_->least_rows(), rows_.size()) : rows_.size();
    for (auto* keys : {&keys_, &other_keys_}) keys->resize(most_sorted);
    ranks_.resize(most_sorted);
    for (auto* numbers : {&y_, &w_}) numbers->resize(rows_.size() + padded_sides(1));
    if (limits_.random_bounds) x_.resize(std::min(kSideBySide, limits_.n_tried) * padded_sides(rows_.size()));
    scratch_.resize(rows_.size());
    for (auto* numbers : {&scratch_y_, &scratch_w_}) numbers->resize(rows_.size());
  }

  // Sums the node's targets and weights. True where all targets are equal.
  bool sum_up(Item& item) {
    item.sums.sums.assign(targets_.width, 0.0);
    node_rows_ = rows_.data() + item.begin;
    node_y_ = y_.data() + item.begin;
    node_w_ = w_.data() + item.begin;
    if (!targets_.classes && targets_.width > 1) return sum_vectors(item);
    const SideSums all = sum_all_(node_w_, node_y_, item.count);
    item.sums.weight = all.weight;
    if (!targets_.classes) item.sums.sums[0] = all.sum;
    else
      for (size_t i = 0; i < item.count; ++i) item.sums.sums[static_cast<size_t>(node_y_[i])] += node_w_[i];
    return all.count == item.count;
  }

  bool sum_vectors(Item& item) const {
    const size_t width = targets_.width;
    const double* first = targets_.values.data() + node_rows_[0] * width;
    bool pure = true;
    for (size_t i = 0; i < item.count; ++i) {
      const double* y = targets_.values.data() + node_rows_[i] * width;
      const double w = node_w_[i];
      item.sums.weight += w;
      for (size_t k = 0; k < width; ++k) item.sums.sums[k] += w * y[k];
      pure = pure && std::equal(y, y + width, first);
    }
    return pure;
  }

  // Finds the item's best split. False where it is to be a leaf.
  bool evaluate(Item& item) {
    const bool pure = sum_up(item);
    tree_->node_cover[static_cast<size_t>(item.node)] = float_within(item.sums.weight);
    if (pure || item.count < 2 * limits_.min_rows_in_leaf || (limits_.max_depth > 0 && item.depth >= limits_.max_depth)) return false;
    const bool counted = histograms_ && item.count >= histograms_->least_rows();
    const size_t n_features = features_.size(), n_at_once = limits_.random_bounds ? kSideBySide : counted ? histograms_->n_at_once() : 1;
    for (size_t n_drawn = 0, n_tried = 0; n_drawn < n_features && n_tried < limits_.n_tried;) {
      if (item.count > kRowsPerPoll && context_.should_stop()) return false;
      const size_t n_more = std::min({n_at_once, limits_.n_tried - n_tried, n_features - n_drawn});
      if (limits_.drawn_order || limits_.n_tried < n_features)
        for (size_t i = n_drawn; i < n_drawn + n_more; ++i) std::swap(features_[i], features_[i + stream_.below(n_features - i)]);
      const auto drawn = std::span(features_).subspan(n_drawn, n_more);
      if (limits_.random_bounds) gather_values(item, drawn);
      if (counted) histograms_->fill({std::span(node_rows_, item.count), node_y_, node_w_}, drawn);
      for (size_t i = 0; i < n_more; ++i) n_tried += (counted ? try_bins(item, drawn[i], i) : try_feature(item, drawn[i], i)) ? 1 : 0;
      n_drawn += n_more;
    }
    if (!std::isfinite(item.split.score)) return false;
    double before = 0;
    for (const double s : item.sums.sums) before += s * s / item.sums.weight;
    item.split.gain = std::max(0.0, item.split.score - before);
    return true;
  }

  // Puts the values that the node's rows have of up to kSideBySide features side by side, filled up with missing values.
  void gather_values(const Item& item, std::span<const uint32_t> features) {
    const size_t n = item.count;
    gathered_node_ = item.node;
    gathered_.assign(features.begin(), features.end());
    const auto gather_all = [&]<size_t... k>(std::index_sequence<k...>) {
      const size_t width = columns_.size(), padded = padded_sides(n);
      const std::array<const float*, sizeof...(k)> from = {values_.data() + features[k]...};
      const std::array<float*, sizeof...(k)> to = {x_.data() + k * padded...};
      size_t i = 0;
      if (n > kNearRows)
        for (; i + kAhead < n; ++i) {
          const size_t at = node_rows_[i] * width, ahead = node_rows_[i + kAhead] * width;
          (__builtin_prefetch(from[k] + ahead), ...);
          ((to[k][i] = from[k][at]), ...);
        }
      for (; i < n; ++i) ((to[k][i] = from[k][node_rows_[i] * width]), ...);
      for (; i < padded; ++i) ((to[k][i] = std::numeric_limits<float>::quiet_NaN()), ...);
    };
    switch (features.size()) {
      case 1: return gather_all(std::make_index_sequence<1>());
      case 2: return gather_all(std::make_index_sequence<2>());
      case 3: return gather_all(std::make_index_sequence<3>());
      default: gather_all(std::make_index_sequence<kSideBySide>());
    }
  }

  // The values of a feature at the node's rows.
  const float* values_of(const Item& item, uint32_t feature) {
    const auto at = std::ranges::find(gathered_, feature);
    if (item.node == gathered_node_ && at != gathered_.end())
      return x_.data() + static_cast<size_t>(at - gathered_.begin()) * padded_sides(item.count);
    node_rows_ = rows_.data() + item.begin;
    gather_values(item, std::span(&feature, 1));
    return x_.data();
  }

  // False where the feature is constant in the node. `place` is that of its values among those gathered.
  bool try_feature(Item& item, uint32_t feature, size_t place) {
    const RankedColumn& column = columns_[feature];
    if (limits_.random_bounds && column.n_categories == 0)
      return try_at_random(item, feature, x_.data() + place * padded_sides(item.count));
    const size_t n_present = bins_ != nullptr ? find_ranks(item, column, bins_->column(feature), bins_->stride())
                                              : find_ranks(item, column, column.ranks.data(), 1);
    if (n_present == 0) return false;
    if (targets_.classes) scan<ClassSides>(item, feature, n_present);
    else if (targets_.width == 1) scan<NumberSides>(item, feature, n_present);
    else scan<VectorSides>(item, feature, n_present);
    return true;
  }

  // Puts the ranks of the node's rows side by side. Returns how many are not missing; 0 where all are, or all rows have the same.
  template <class Rank>
  size_t find_ranks(const Item& item, const RankedColumn& column, const Rank* from, size_t stride) {
    uint16_t least = RankedColumn::kMissing, most = 0;
    size_t n_present = 0;
    for (size_t i = 0; i < item.count; ++i) {
      const uint16_t rank = ranks_[i] = from[node_rows_[i] * stride];
      const bool present = rank != column.missing;
      least = std::min(least, rank);
      most = std::max(most, present ? rank : uint16_t{0});
      n_present += present;
    }
    return least == most && n_present == item.count ? 0 : n_present;
  }

  template <class Sides>
  void scan(Item& item, uint32_t feature, size_t n_present) {
    const RankedColumn& column = columns_[feature];
    if (column.n_categories > 0) {
      sort_ranks(item.count);
      order_categories(column, item, n_present);
      const uint16_t n_groups = static_cast<uint16_t>(ordered_.size());
      const int only = limits_.random_bounds && n_groups > 1 ? static_cast<int>(stream_.below(n_groups - 1U)) : -1;
      scan_sorted<Sides>(item, feature, n_present, only);
    } else {
      sort_ranks(item.count);
      scan_sorted<Sides>(item, feature, n_present, -1);
    }
  }

  // Makes sorted keys of the node's ranks.
  void sort_ranks(size_t n) {
    for (size_t i = 0; i < n; ++i) keys_[i] = make_key(ranks_[i], i);
    sort_keys(std::span(keys_).first(n), std::span(other_keys_).first(n));
  }

  // The class, or target, by whose mean categories are ordered.
  size_t heaviest_of(const Item& item) const {
    const auto& sums = item.sums.sums;
    return targets_.classes ? static_cast<size_t>(std::ranges::max_element(sums) - sums.begin()) : 0;
  }
  // Whether a category comes before another: by its mean, then by its code.
  static bool is_before(const RankedColumn& column, double mean, uint16_t rank, double other_mean, uint16_t other_rank) {
    return mean != other_mean ? mean < other_mean : column.code(rank) < column.code(other_rank);
  }

  // Gives the sorted keys of a categorical feature new ranks: the order of the categories by mean target.
  void order_categories(const RankedColumn& column, const Item& item, size_t n_present) {
    const auto heaviest = static_cast<double>(heaviest_of(item));
    struct Group {
      double mean;
      uint16_t rank;
      size_t begin, end;
    };
    std::vector<Group> groups;
    for (size_t i = 0; i < n_present;) {
      size_t end = i;
      double weight = 0, sum = 0;
      for (; end < n_present && rank_of(keys_[end]) == rank_of(keys_[i]); ++end) {
        const uint32_t place = place_of(keys_[end]);
        weight += node_w_[place];
        sum += node_w_[place] * (targets_.classes ? static_cast<double>(node_y_[place] == heaviest) : node_y_[place]);
      }
      groups.push_back({sum / weight, rank_of(keys_[i]), i, end});
      i = end;
    }
    std::ranges::sort(groups, [&](const Group& a, const Group& b) { return is_before(column, a.mean, a.rank, b.mean, b.rank); });
    ordered_.clear();
    size_t to = 0;
    for (const Group& group : groups) {
      for (size_t i = group.begin; i < group.end; ++i)
        other_keys_[to++] = make_key(static_cast<uint32_t>(ordered_.size()), place_of(keys_[i]));
      ordered_.push_back(group.rank);
    }
    std::copy_n(other_keys_.begin(), n_present, keys_.begin());
  }

  template <class Sides>
  void move_row(Sides& sides, size_t place, double weight) const {
    if constexpr (std::is_same_v<typename Sides::Y, double>) sides.move(weight, node_y_[place]);
    else sides.move(weight, targets_.values.data() + node_rows_[place] * targets_.width);
  }

  // Tries the bounds between sorted ranks (the missing come last), or the one behind rank `only`.
  template <class Sides>
  void scan_sorted(Item& item, uint32_t feature, size_t n_present, int only) {
    for (const bool missing_left : {false, true}) {
      if (missing_left && n_present == item.count) break;
      Sides sides(item.sums);
      size_t n_left = 0;
      double best = item.split.to_beat();
      size_t best_at = n_present, best_n_left = 0;
      const auto move = [&](size_t i) {
        const uint32_t place = place_of(keys_[i]);
        move_row(sides, place, node_w_[place]);
        ++n_left;
      };
      if (missing_left)
        for (size_t i = n_present; i < item.count; ++i) move(i);
      for (size_t i = 0; i < n_present; ++i) {
        move(i);
        if (item.count - n_left < limits_.min_rows_in_leaf || n_left == item.count) break;
        const bool last = i + 1 == n_present;
        if ((!last && rank_of(keys_[i + 1]) == rank_of(keys_[i])) || n_left < limits_.min_rows_in_leaf) continue;
        if (only >= 0 && rank_of(keys_[i]) != only) continue;
        if (const double score = sides.score(); score > best && sides.lighter_weight() >= least_weight_) {
          best = score;
          best_at = i;
          best_n_left = n_left;
        }
      }
      if (best_at == n_present) continue;
      const bool default_left = n_present < item.count ? missing_left : 2 * best_n_left > item.count;
      const uint16_t cut = rank_of(keys_[best_at]);
      take(item, feature, best, cut, default_left);
      const RankedColumn& column = columns_[feature];
      if (column.n_categories == 0)
        item.split.threshold = best_at + 1 == n_present ? std::numeric_limits<float>::infinity()
                                                        : midpoint(column.greatest(cut), column.least[rank_of(keys_[best_at + 1])]);
    }
  }

  // Tries the bounds between the bins of a feature whose histogram is filled. False where it is constant in the node.
  bool try_bins(Item& item, uint32_t feature, size_t place) {
    const std::span<FilledBin> filled = histograms_->filled_bins(place);
    if (filled.size() < 2) return false;
    if (targets_.classes) scan_bins<ClassSides>(item, feature, place, filled);
    else if (targets_.width == 1) scan_bins<NumberSides>(item, feature, place, filled);
    else scan_bins<VectorSides>(item, feature, place, filled);
    return true;
  }

  template <class Sides>
  void scan_bins(Item& item, uint32_t feature, size_t place, std::span<FilledBin> filled) {
    const RankedColumn& column = columns_[feature];
    const FilledBin last = filled.back();
    const bool any_missing = last.bin == column.missing;
    const std::span<FilledBin> present = filled.first(filled.size() - (any_missing ? 1 : 0));
    if (column.n_categories > 0) order_bins(item, column, place, present);
    for (const bool missing_left : {false, true}) {
      if (missing_left && !any_missing) break;
      Sides sides(histograms_->total());
      size_t n_left = 0, best_at = present.size(), best_n_left = 0;
      double best = item.split.to_beat();
      const auto move = [&](const FilledBin& bin) {
        histograms_->move(sides, place, bin.bin);
        n_left += bin.n_rows;
      };
      if (missing_left) move(last);
      for (size_t i = 0; i < present.size(); ++i) {
        move(present[i]);
        if (item.count - n_left < limits_.min_rows_in_leaf || n_left == item.count) break;
        if (n_left < limits_.min_rows_in_leaf) continue;
        if (const double score = sides.score(); score > best && sides.lighter_weight() >= least_weight_) {
          best = score;
          best_at = i;
          best_n_left = n_left;
        }
      }
      if (best_at == present.size()) continue;
      const uint16_t cut = column.n_categories > 0 ? static_cast<uint16_t>(best_at) : present[best_at].bin;
      take(item, feature, best, cut, any_missing ? missing_left : 2 * best_n_left > item.count);
      if (column.n_categories == 0)
        item.split.threshold = best_at + 1 == present.size() ? std::numeric_limits<float>::infinity()
                                                             : midpoint(column.greatest(cut), column.least[present[best_at + 1].bin]);
    }
  }

  // Puts the bins of categories in the order of their mean target.
  void order_bins(const Item& item, const RankedColumn& column, size_t place, std::span<FilledBin> present) {
    const size_t heaviest = heaviest_of(item);
    const auto mean = [&](const FilledBin& bin) { return histograms_->mean(place, bin.bin, heaviest); };
    std::ranges::sort(present, [&](const FilledBin& a, const FilledBin& b) { return is_before(column, mean(a), a.bin, mean(b), b.bin); });
    ordered_.clear();
    for (const FilledBin& bin : present) ordered_.push_back(bin.bin);
  }

  // Tries one bound of a number, uniform between the least and the greatest of the node's values `x`. False where it is constant in the
  // node.
  bool try_at_random(Item& item, uint32_t feature, const float* x) {
    const ValueRange range = find_range_(x, padded_sides(item.count));
    if (range.n_present == 0 || (range.least == range.most && range.n_present == item.count)) return false;
    if (targets_.classes) scan_at_random<ClassSides>(item, feature, x, range);
    else if (targets_.width == 1) scan_at_random<NumberSides>(item, feature, x, range);
    else scan_at_random<VectorSides>(item, feature, x, range);
    return true;
  }

  // The missing are tried on either side.
  template <class Sides>
  void scan_at_random(Item& item, uint32_t feature, const float* x, const ValueRange& range) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    auto bound = static_cast<float>(stream_.uniform(static_cast<double>(range.least), static_cast<double>(range.most)));
    if (!(bound >= range.least && bound < range.most)) bound = range.least;
    if (range.least == range.most) bound = kInfinity;
    Sides sides(item.sums);
    size_t n_left = move_up_to(item, sides, x, bound);
    const auto offer = [&](bool default_left) {
      if (n_left < limits_.min_rows_in_leaf || item.count - n_left < limits_.min_rows_in_leaf) return;
      const double score = sides.score();
      if (!(score > item.split.to_beat()) || sides.lighter_weight() < least_weight_) return;
      take(item, feature, score, 0, default_left);
      item.split.threshold = bound;
    };
    offer(range.n_present == item.count && 2 * n_left > item.count);
    if (range.n_present == item.count || range.least == range.most) return;
    for (size_t i = 0; i < item.count; ++i)
      if (x[i] != x[i]) {
        move_row(sides, i, node_w_[i]);
        ++n_left;
      }
    offer(true);
  }

  // Moves the node's rows whose value is at most `bound`, and returns their number.
  template <class Sides>
  size_t move_up_to(const Item& item, Sides& sides, const float* x, float bound) const {
    if constexpr (std::is_same_v<Sides, NumberSides>) {
      const SideSums left = sum_up_to_(x, node_w_, node_y_, padded_sides(item.count), bound);
      sides.move_sums(left.weight, left.sum);
      return left.count;
    } else {
      // Which side a row is on cannot be foreseen, so the rows of the other side are moved with no weight.
      size_t n_left = 0;
      for (size_t i = 0; i < item.count; ++i) {
        const bool go = x[i] <= bound;
        move_row(sides, i, static_cast<double>(go) * node_w_[i]);
        n_left += go;
      }
      return n_left;
    }
  }

  // Makes the item's split that of `feature` behind rank `cut`. The threshold of numbers is left to the caller.
  void take(Item& item, uint32_t feature, double score, uint16_t cut, bool default_left) {
    const RankedColumn& column = columns_[feature];
    Split& split = item.split;
    split.score = score;
    split.feature = feature;
    split.cut = cut;
    split.default_left = default_left;
    split.codes_left.clear();
    if (column.n_categories == 0) return;
    split.codes_left.assign(static_cast<size_t>(column.n_categories), default_left);
    for (size_t i = 0; i < ordered_.size(); ++i) split.codes_left[column.code(ordered_[i])] = i <= cut;
  }

  // Puts the item's rows that go left at the front of its own, the others in scratch. Returns how many go left.
  size_t part(const Item& item) {
    const Split& split = item.split;
    const RankedColumn& column = columns_[split.feature];
    const RowArrays from{rows_.data() + item.begin, y_.data() + item.begin, w_.data() + item.begin};
    const RowArrays right{scratch_.data(), scratch_y_.data(), scratch_w_.data()};
    if (limits_.random_bounds && column.n_categories == 0)
      return part_by_values_(values_of(item, split.feature), item.count, split.threshold, split.default_left, from, right);
    if (bins_ != nullptr) return part_by_rank(item, bins_->column(split.feature), bins_->stride(), from, right);
    return part_by_rank(item, column.ranks.data(), 1, from, right);
  }

  template <class Rank>
  size_t part_by_rank(const Item& item, const Rank* ranks, size_t stride, const RowArrays& from, const RowArrays& right) const {
    const RankedColumn& column = columns_[item.split.feature];
    const auto part_ranks = [&](const auto& goes_left) {
      return part_where(item.count, from, right, [&](size_t, uint32_t row) { return goes_left(ranks[row * stride]); });
    };
    if (column.n_categories > 0)
      return part_ranks([&](uint16_t rank) {
        return rank == column.missing ? item.split.default_left : static_cast<bool>(item.split.codes_left[column.code(rank)]);
      });
    return part_ranks([cut = item.split.cut, missing = column.missing, default_left = item.split.default_left](uint16_t rank) {
      return (rank <= cut) | ((rank == missing) & default_left);
    });
  }

  // Splits the item's node and rows.
  std::pair<Item, Item> apply(const Item& item) {
    const Split& split = item.split;
    const RankedColumn& column = columns_[split.feature];
    const size_t n_left = part(item), n_right = item.count - n_left;
    const auto put_back = [&](const auto& from, auto& to) {
      std::copy_n(from.begin(), n_right, to.begin() + static_cast<ptrdiff_t>(item.begin + n_left));
    };
    put_back(scratch_, rows_);
    put_back(scratch_y_, y_);
    put_back(scratch_w_, w_);
    const auto first_child = static_cast<int32_t>(tree_->nodes.size());
    ForestNode& node = tree_->nodes[static_cast<size_t>(item.node)];
    node.feature = split.feature & ForestNode::kLeaf;
    node.default_left = split.default_left;
    node.left = first_child;
    if (column.n_categories > 0) node.category_set = add_category_set(*tree_, split.codes_left, split.default_left);
    else node.threshold = split.threshold;
    tree_->feature_gain[split.feature] += split.gain;
    tree_->node_gain[static_cast<size_t>(item.node)] = float_within(split.gain * targets_.impurity_scale() / tree_->gain_unit());
    tree_->nodes.resize(tree_->nodes.size() + 2);
    tree_->node_cover.resize(tree_->nodes.size());
    tree_->node_gain.resize(tree_->nodes.size());
    Item left, right;
    left.node = first_child;
    right.node = first_child + 1;
    left.depth = right.depth = item.depth + 1;
    left.begin = item.begin;
    left.count = n_left;
    right.begin = item.begin + n_left;
    right.count = n_right;
    return {std::move(left), std::move(right)};
  }

  void make_leaf(const Item& item) {
    std::vector<float> numbers(targets_.leaf_width);
    targets_.leaf(item.sums.weight, item.sums.sums, numbers);
    tree_->nodes[static_cast<size_t>(item.node)].left = leaves_->add(numbers);
  }

  std::span<const RankedColumn> columns_;
  const BinnedMatrix* bins_;  // null where ranks are exact
  std::span<const float> values_;
  const TreeTargets& targets_;
  const CartLimits& limits_;
  const FitContext& context_;
  RandomStream stream_{0, "tree"};
  Forest* tree_ = nullptr;
  double least_weight_ = 0;  // of a leaf
  std::vector<uint32_t> features_, rows_, scratch_;
  std::vector<uint64_t> keys_, other_keys_;
  std::vector<double> y_, w_, scratch_y_, scratch_w_;  // (first) target and weight beside each of rows_
  const uint32_t* node_rows_ = nullptr;                // what belongs to the node
  const double *node_y_ = nullptr, *node_w_ = nullptr;
  std::vector<float> x_;  // values of a node's rows, feature after feature, for random bounds
  int32_t gathered_node_ = -1;
  std::vector<uint32_t> gathered_;  // features of x_
  FindRange find_range_ = find_range();
  SumUpTo sum_up_to_ = sum_up_to();
  SumAll sum_all_ = sum_all();
  PartRows part_by_values_ = part_by_values();
  std::vector<uint16_t> ranks_;    // of the node's rows, by place
  std::vector<uint16_t> ordered_;  // ranks of categories in the order of their mean
  std::optional<NodeHistograms> histograms_;
  std::optional<LeafValues> leaves_;
};

CartGrower::CartGrower(const TreeColumns& columns, const TreeTargets& targets, const CartLimits& limits, const FitContext& context)
    : growth_(std::make_unique<Growth>(columns, targets, limits, context)) {}

CartGrower::~CartGrower() = default;

CartEnd CartGrower::grow(std::span<const double> weights, RandomStream stream, Forest& tree) {
  return growth_->grow(weights, stream, tree);
}

}  // namespace kolosal
