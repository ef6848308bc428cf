#include "kolosal/tune/importances/fanova_tree.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

namespace kolosal {

struct FanovaTree::Split {
  size_t column = 0;
  double at = 0;  // the threshold, or the choice that goes left
  double fit = -std::numeric_limits<double>::infinity();
  size_t n_left = 0;
};

namespace {

// Weight and weighted sum of y.
struct Sums {
  double weight = 0, sum = 0;
  double fit() const { return sum * sum / weight; }
};

}  // namespace

double FanovaTree::Leaf::share(const FanovaPoints& points, size_t column) const {
  if (points.n_choices[column] == 0) return high[column] - low[column];
  const auto n = std::accumulate(allowed[column].begin(), allowed[column].end(), 0.0);
  return n / static_cast<double>(points.n_choices[column]);
}

FanovaTree::FanovaTree(const FanovaPoints& points, const std::vector<double>& y, int max_depth, RandomStream stream)
    : points_(points), y_(y), max_depth_(max_depth), stream_(stream), weights_(y.size(), 0.0), goes_left_(y.size(), 0) {
  for (size_t i = 0; i < y.size(); ++i) ++weights_[stream_.below(y.size())];
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < y.size(); ++row)
    if (weights_[row] > 0) rows.push_back(row);
  Leaf box;
  for (size_t j = 0; j < points.columns.size(); ++j) {
    const std::vector<double>& x = points.columns[j];
    orders_.push_back(rows);
    std::stable_sort(orders_[j].begin(), orders_[j].end(), [&](uint32_t a, uint32_t b) { return x[a] < x[b]; });
    box.low.push_back(0);
    box.high.push_back(1);
    box.allowed.emplace_back(points.n_choices[j], uint8_t{1});
  }
  grow(0, rows.size(), 0, std::move(box));
  for (const Leaf& leaf : leaves_) {
    double volume = 1;
    for (size_t j = 0; j < points.columns.size(); ++j) volume *= leaf.share(points, j);
    volumes_.push_back(volume);
  }
}

void FanovaTree::grow(size_t begin, size_t end, int depth, Leaf box) {
  Sums all;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (size_t i = begin; i < end; ++i) {
    const uint32_t row = orders_[0][i];
    all.weight += weights_[row];
    all.sum += weights_[row] * y_[row];
    least = std::min(least, y_[row]);
    most = std::max(most, y_[row]);
  }
  const Split split = least < most && depth < max_depth_ ? best_split(begin, end) : Split{};
  if (split.n_left == 0) {
    box.value = all.sum / all.weight;
    leaves_.push_back(std::move(box));
    return;
  }
  divide(split, begin, end);
  Leaf left = box;
  if (points_.n_choices[split.column] == 0) {
    left.high[split.column] = box.low[split.column] = split.at;
  } else {
    std::fill(left.allowed[split.column].begin(), left.allowed[split.column].end(), uint8_t{0});
    left.allowed[split.column][static_cast<size_t>(split.at)] = 1;
    box.allowed[split.column][static_cast<size_t>(split.at)] = 0;
  }
  grow(begin, begin + split.n_left, depth + 1, std::move(left));
  grow(begin + split.n_left, end, depth + 1, std::move(box));
}

FanovaTree::Split FanovaTree::best_split(size_t begin, size_t end) {
  // Of equal splits the first counts, so columns come in an order by chance.
  std::vector<size_t> columns(points_.columns.size());
  std::iota(columns.begin(), columns.end(), size_t{0});
  stream_.shuffle(std::span(columns));
  Split best;
  for (const size_t column : columns) {
    if (points_.n_choices[column] == 0) try_number(column, begin, end, best);
    else try_choices(column, begin, end, best);
  }
  return best;
}

void FanovaTree::try_number(size_t column, size_t begin, size_t end, Split& best) const {
  const std::vector<double>& x = points_.columns[column];
  const std::vector<uint32_t>& order = orders_[column];
  if (x[order[begin]] == x[order[end - 1]]) return;
  Sums left, right;
  for (size_t i = begin; i < end; ++i) {
    right.weight += weights_[order[i]];
    right.sum += weights_[order[i]] * y_[order[i]];
  }
  for (size_t i = begin; i + 1 < end; ++i) {
    const double weight = weights_[order[i]], sum = weight * y_[order[i]];
    left.weight += weight;
    left.sum += sum;
    right.weight -= weight;
    right.sum -= sum;
    if (x[order[i]] == x[order[i + 1]]) continue;
    if (const double fit = left.fit() + right.fit(); fit > best.fit)
      best = {column, 0.5 * (x[order[i]] + x[order[i + 1]]), fit, i + 1 - begin};
  }
}

void FanovaTree::try_choices(size_t column, size_t begin, size_t end, Split& best) const {
  const std::vector<double>& x = points_.columns[column];
  const std::vector<uint32_t>& order = orders_[column];
  Sums all;
  for (size_t i = begin; i < end; ++i) {
    all.weight += weights_[order[i]];
    all.sum += weights_[order[i]] * y_[order[i]];
  }
  for (size_t i = begin; i < end;) {
    Sums one;
    size_t n = 0;
    const double choice = x[order[i]];
    for (; i < end && x[order[i]] == choice; ++i, ++n) {
      one.weight += weights_[order[i]];
      one.sum += weights_[order[i]] * y_[order[i]];
    }
    if (n == end - begin) return;
    const Sums rest{all.weight - one.weight, all.sum - one.sum};
    if (const double fit = one.fit() + rest.fit(); fit > best.fit) best = {column, choice, fit, n};
  }
}

void FanovaTree::divide(const Split& split, size_t begin, size_t end) {
  const std::vector<double>& x = points_.columns[split.column];
  const bool is_number = points_.n_choices[split.column] == 0;
  for (size_t i = begin; i < end; ++i) {
    const uint32_t row = orders_[0][i];
    goes_left_[row] = is_number ? x[row] <= split.at : x[row] == split.at;
  }
  for (std::vector<uint32_t>& order : orders_)
    std::stable_partition(order.begin() + static_cast<ptrdiff_t>(begin), order.begin() + static_cast<ptrdiff_t>(end),
                          [&](uint32_t row) { return goes_left_[row] != 0; });
}

double FanovaTree::mean() const {
  return std::transform_reduce(leaves_.begin(), leaves_.end(), volumes_.begin(), 0.0, std::plus<>(),
                               [](const Leaf& leaf, double volume) { return leaf.value * volume; });
}

double FanovaTree::variance() const {
  const double middle = mean();
  double sum = 0;
  for (size_t i = 0; i < leaves_.size(); ++i) sum += volumes_[i] * (leaves_[i].value - middle) * (leaves_[i].value - middle);
  return sum;
}

double FanovaTree::variance_of(size_t column) const {
  const double middle = mean();
  const uint32_t n_choices = points_.n_choices[column];
  // What each leaf adds to the mean over the other columns, where it lies in this one.
  std::vector<double> added;
  for (size_t i = 0; i < leaves_.size(); ++i)
    added.push_back((leaves_[i].value - middle) * volumes_[i] / leaves_[i].share(points_, column));
  double variance = 0;
  if (n_choices > 0) {
    for (uint32_t code = 0; code < n_choices; ++code) {
      double value = 0;
      for (size_t i = 0; i < leaves_.size(); ++i)
        if (leaves_[i].allowed[column][code] != 0) value += added[i];
      variance += value * value / n_choices;
    }
    return variance;
  }
  std::vector<double> cuts = {0, 1};
  for (const Leaf& leaf : leaves_) cuts.push_back(leaf.low[column]);
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<double> change(cuts.size(), 0.0);
  const auto index = [&](double cut) { return static_cast<size_t>(std::lower_bound(cuts.begin(), cuts.end(), cut) - cuts.begin()); };
  for (size_t i = 0; i < leaves_.size(); ++i) {
    change[index(leaves_[i].low[column])] += added[i];
    change[index(leaves_[i].high[column])] -= added[i];
  }
  double value = 0;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    value += change[i];
    variance += (cuts[i + 1] - cuts[i]) * value * value;
  }
  return variance;
}

}  // namespace kolosal
