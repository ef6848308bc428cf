#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

Table column_of(std::vector<double> values) { return Table({Column::numeric("x", std::move(values))}); }

std::unique_ptr<FittedTransformer> fitted(const std::string& name, Value::Object parameters, const TransformerInput& input) {
  return transformers().make(name, Value(std::move(parameters)))->fit(input, FitContext());
}

std::vector<double> binned(const FittedTransformer& bins, std::vector<double> values) {
  return bins.transform(column_of(std::move(values))).column(0).numbers();
}

Target target_of(std::vector<double> values) {
  Target target;
  target.n_rows = values.size();
  target.values = std::move(values);
  return target;
}

TEST(EqualWidthBin, CutsTheRangeEvenlyAndReachesBeyondIt) {
  const auto bins = fitted("equal_width_bin", {{"n_bins", 4}}, {column_of({0, 1, 8})});
  EXPECT_EQ(binned(*bins, {-5, 0, 1.9, 2, 5.9, 6, 8, 100}), (std::vector<double>{0, 0, 0, 1, 2, 3, 3, 3}));
  EXPECT_TRUE(std::isnan(binned(*bins, {kNaN}).front()));
}

TEST(EqualFrequencyBin, HoldsEquallyManyRowsInEachBinAndMergesBinsWithoutWidth) {
  const auto bins = fitted("equal_frequency_bin", {{"n_bins", 2}}, {column_of({1, 2, 3, 100})});
  EXPECT_EQ(binned(*bins, {1, 2, 3, 100}), (std::vector<double>{0, 0, 1, 1}));
  const auto few = fitted("equal_frequency_bin", {{"n_bins", 4}}, {column_of({7, 7, 7, 7, 7, 7, 9})});
  EXPECT_EQ(binned(*few, {7, 9}), (std::vector<double>{0, 0}));
}

TEST(KmeansBin, CutsBetweenTheClusters) {
  std::vector<double> values;
  RandomStream random(1, "clusters");
  for (const double center : {0.0, 10.0, 11.5, 300.0})
    for (int i = 0; i < 50; ++i) values.push_back(center + 0.1 * random.normal());
  const auto bins = fitted("kmeans_bin", {{"n_bins", 4}}, {column_of(values)});
  EXPECT_EQ(binned(*bins, {0.2, 9.8, 11.4, 299}), (std::vector<double>{0, 1, 2, 3}));
}

TEST(KmeansBin, CountsARowOfWeightTwoTwice) {
  const std::vector<double> values{0, 1, 4, 9, 10, 16}, weights{1, 2, 2, 1, 3, 0};
  std::vector<double> repeated;
  for (size_t i = 0; i < values.size(); ++i) repeated.insert(repeated.end(), static_cast<size_t>(weights[i]), values[i]);
  const auto weighed = fitted("kmeans_bin", {{"n_bins", 3}}, {column_of(values), nullptr, weights});
  EXPECT_EQ(weighed->to_value(), fitted("kmeans_bin", {{"n_bins", 3}}, {column_of(repeated)})->to_value());
}

TEST(TreeBin, CutsWhereTheTargetChanges) {
  std::vector<double> values, goals;
  for (int i = 0; i < 100; ++i) {
    values.push_back(i);
    goals.push_back(i < 30 ? 0 : i < 80 ? 50 : 7);
  }
  const Target target = target_of(goals);
  const auto bins = fitted("tree_bin", {{"n_bins", 3}}, {column_of(values), &target});
  EXPECT_EQ(binned(*bins, {29, 30, 79, 80}), (std::vector<double>{0, 1, 1, 2}));
  const auto large = fitted("tree_bin", {{"n_bins", 3}, {"min_rows", 40}}, {column_of(values), &target});
  EXPECT_EQ(binned(*large, {39, 40, 99}), (std::vector<double>{0, 1, 1}));
}

TEST(TreeBin, LeavesAColumnThatTellsNothingInOneBin) {
  const Target constant = target_of(std::vector<double>(100, 3));
  std::vector<double> values(100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  EXPECT_EQ(binned(*fitted("tree_bin", {}, {column_of(values), &constant}), {0, 99}), (std::vector<double>{0, 0}));
  EXPECT_THROW(fitted("tree_bin", {}, {column_of(values)}), Error);
}

TEST(Bins, BecomeBooleansOfWhichOneIsSet) {
  for (const std::string name : {"equal_width_bin", "equal_frequency_bin", "kmeans_bin"}) {
    const auto bins = fitted(name, {{"n_bins", 3}, {"encode", "one_hot"}}, {column_of({0, 1, 2, 3, 4, 5})});
    const Table out = bins->transform(column_of({0, 2.5, 5, kNaN}));
    ASSERT_EQ(out.n_columns(), 3U) << name;
    EXPECT_EQ(out.column(2).name(), "x__bin_2");
    for (size_t row = 0; row < 4; ++row) {
      double n_set = 0;
      for (const Column& column : out.columns()) n_set += column.number(row);
      EXPECT_EQ(n_set, row < 3 ? 1 : 0) << name;
    }
  }
}

TEST(Bins, OfAColumnWithOneValueOrNoneAreOne) {
  for (const std::string name : {"equal_width_bin", "equal_frequency_bin", "kmeans_bin"})
    for (const double value : {5.0, kNaN}) {
      const auto bins = fitted(name, {}, {column_of({value, value, kNaN})});
      EXPECT_EQ(binned(*bins, {-1, 5, 9}), (std::vector<double>{0, 0, 0})) << name;
    }
}

}  // namespace
}  // namespace kolosal
