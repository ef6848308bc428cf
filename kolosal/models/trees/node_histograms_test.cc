#include "kolosal/models/trees/node_histograms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

// Every other row of a table, with weights of one to three.
struct Node {
  explicit Node(Task task, size_t n) : table(make_rows(task, n)), targets(table.target, {}) {
    std::vector<uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0U);
    columns = bin_columns(table.x, all, {}, 40, context_of(1));
    for (uint32_t row = 0; row < n; row += 2) {
      rows.push_back(row);
      y.push_back(targets.values[row * (targets.classes ? 1 : targets.width)]);
      w.push_back(1 + row % 3);
    }
  }
  RowsOfNode view() const { return {rows, y.data(), w.data()}; }

  Rows table;
  TreeTargets targets;
  TreeColumns columns;
  std::vector<uint32_t> rows;
  std::vector<double> y, w;
};

// Sides that keep what was moved.
template <class Sides>
double score_behind(NodeHistograms& histograms, size_t place, size_t n_bins) {
  Sides sides(histograms.total());
  for (size_t bin = 0; bin < n_bins; ++bin) histograms.move(sides, place, bin);
  return sides.score();
}

template <class Sides>
void expect_plain_sums(Task task) {
  const Node node(task, 3000);
  NodeHistograms histograms(node.columns, node.targets, FitContext());
  histograms.start(node.view());
  const std::vector<uint32_t> features = {3, 0, 2};
  histograms.fill(node.view(), features);
  NodeSums total;
  total.sums.assign(node.targets.width, 0.0);
  const auto values_of = [&](size_t i) { return node.targets.values.data() + node.rows[i] * node.targets.width; };
  for (size_t i = 0; i < node.rows.size(); ++i) {
    total.weight += node.w[i];
    if (node.targets.classes) total.sums[static_cast<size_t>(node.y[i])] += node.w[i];
    else
      for (size_t k = 0; k < node.targets.width; ++k) total.sums[k] += node.w[i] * values_of(i)[k];
  }
  EXPECT_EQ(histograms.total().weight, total.weight);
  for (size_t k = 0; k < node.targets.width; ++k) EXPECT_NEAR(histograms.total().sums[k], total.sums[k], 1e-8);
  for (size_t place = 0; place < features.size(); ++place) {
    const uint8_t* bins = node.columns.bins->column(features[place]);
    const size_t stride = node.columns.bins->stride();
    std::vector<uint32_t> n_rows(256, 0);
    for (const uint32_t row : node.rows) ++n_rows[bins[row * stride]];
    size_t n_filled = 0;
    for (const FilledBin& filled : histograms.filled_bins(place)) {
      EXPECT_EQ(filled.n_rows, n_rows[filled.bin]);
      ++n_filled;
    }
    EXPECT_EQ(n_filled, 256 - static_cast<size_t>(std::ranges::count(n_rows, 0U)));
    for (const size_t n_bins : {1, 5, 9}) {
      Sides sides(total);
      for (size_t i = 0; i < node.rows.size(); ++i) {
        if (bins[node.rows[i] * stride] >= n_bins) continue;
        if constexpr (std::is_same_v<typename Sides::Y, double>) sides.move(node.w[i], node.y[i]);
        else sides.move(node.w[i], values_of(i));
      }
      EXPECT_NEAR(score_behind<Sides>(histograms, place, n_bins), sides.score(), 1e-9 * std::abs(sides.score()));
    }
  }
}

TEST(NodeHistograms, SumNumbersAsAPlainLoopDoes) {
  expect_plain_sums<NumberSides>(Task::Regression);
  expect_plain_sums<NumberSides>(Task::Binary);
}

TEST(NodeHistograms, SumTheWeightsOfClassesAsAPlainLoopDoes) { expect_plain_sums<ClassSides>(Task::Multiclass); }

TEST(NodeHistograms, SumSeveralNumbersAsAPlainLoopDoes) { expect_plain_sums<VectorSides>(Task::MultiRegression); }

TEST(NodeHistograms, LetNoRowVanishHoweverSmallItsWeight) {
  Node node(Task::Regression, 3000);
  node.w.assign(node.w.size(), 1e-30);
  node.w[0] = 1;
  NodeHistograms histograms(node.columns, node.targets, FitContext());
  histograms.start(node.view());
  histograms.fill(node.view(), std::vector<uint32_t>{0});
  size_t n_rows = 0;
  for (const FilledBin& filled : histograms.filled_bins(0)) {
    n_rows += filled.n_rows;
    NumberSides sides(histograms.total());
    histograms.move(sides, 0, filled.bin);
    EXPECT_GT(sides.lighter_weight(), 0);
  }
  EXPECT_EQ(n_rows, node.rows.size());
}

}  // namespace
}  // namespace kolosal
