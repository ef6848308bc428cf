#include "kolosal/models/trees/category_groups.h"

#include <gtest/gtest.h>

#include "kolosal/models/learner.h"
#include "kolosal/models/trees/binning.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using trees_test::context_of;

// `n` rows of each of `n_codes` codes, whose effect is given, and the target.
struct Coded {
  std::vector<float> column;
  std::vector<uint32_t> rows;
  std::vector<int32_t> codes;
  Target target;
};

template <class Effect>
Coded coded_rows(int n_codes, int n, Task task, size_t n_targets, const Effect& effect) {
  Coded made;
  made.target.task = task;
  made.target.n_targets = n_targets;
  RandomStream random(3, "effects");
  for (int k = 0; k < n_codes; ++k) made.codes.push_back(k);
  for (int i = 0; i < n_codes * n; ++i) {
    made.rows.push_back(static_cast<uint32_t>(i));
    made.column.push_back(static_cast<float>(i % n_codes));
    for (const double value : effect(i % n_codes, random)) made.target.values.push_back(value);
  }
  made.target.n_rows = made.rows.size();
  return made;
}

std::vector<std::vector<int32_t>> groups_of(const Coded& of, size_t most, std::span<const double> weights = {}) {
  return group_codes(of.column, of.rows, weights, of.target, of.codes, static_cast<int32_t>(of.codes.size()), most);
}

TEST(CategoryGroups, HoldCodesOfLikeMeansAndAboutEqualWeight) {
  const Coded rows = coded_rows(40, 50, Task::Regression, 1,
                                [](int k, RandomStream& random) { return std::vector<double>{k % 4 + 0.2 * random.normal()}; });
  const auto groups = groups_of(rows, 4);
  ASSERT_EQ(groups.size(), 4U);
  for (size_t g = 0; g < 4; ++g) {
    EXPECT_EQ(groups[g].size(), 10U);
    for (const int32_t code : groups[g]) EXPECT_EQ(code % 4, static_cast<int32_t>(g));
  }
}

TEST(CategoryGroups, AreNoneOfCodesThatTellNothing) {
  const auto noise = [](int, RandomStream& random) { return std::vector<double>{random.normal()}; };
  EXPECT_TRUE(groups_of(coded_rows(400, 8, Task::Regression, 1, noise), 100).empty());
  EXPECT_TRUE(groups_of(coded_rows(50, 1, Task::Regression, 1, noise), 10).empty());
}

TEST(CategoryGroups, LeaveOutCodesOfTooFewRows) {
  Coded rows =
      coded_rows(30, 60, Task::Regression, 1, [](int k, RandomStream& random) { return std::vector<double>{k % 2 + 2 * random.normal()}; });
  std::erase_if(rows.rows, [&](uint32_t row) { return rows.column[row] == 7 && row > 150; });
  rows.target = rows.target.take(rows.rows);
  size_t n = 0;
  for (const auto& group : groups_of(rows, 10))
    for (const int32_t code : group) {
      EXPECT_NE(code, 7);
      ++n;
    }
  EXPECT_EQ(n, 29U);
}

TEST(CategoryGroups, FollowTheDirectionInWhichClassesAndTargetsDiffer) {
  Coded classes = coded_rows(60, 40, Task::Multiclass, 1, [](int k, RandomStream& random) {
    return std::vector<double>{random.uniform() < 0.9 ? (k % 2 == 0 ? 1.0 : 3.0) : static_cast<double>(random.below(4))};
  });
  classes.target.class_names = {"a", "b", "c", "d"};
  const Coded targets = coded_rows(60, 40, Task::MultiRegression, 2, [](int k, RandomStream& random) {
    return std::vector<double>{random.normal(), 5.0 * (k % 2) + random.normal()};
  });
  for (const Coded* rows : {static_cast<const Coded*>(&classes), &targets}) {
    const auto groups = groups_of(*rows, 2);
    ASSERT_EQ(groups.size(), 2U);
    for (const auto& group : groups)
      for (const int32_t code : group) EXPECT_EQ(code % 2, group[0] % 2);
  }
}

TEST(CategoryGroups, OfAWeightOfTwoAreThoseOfARowTwice) {
  Coded rows =
      coded_rows(80, 15, Task::Regression, 1, [](int k, RandomStream& random) { return std::vector<double>{0.1 * k + random.normal()}; });
  std::vector<double> weights;
  for (const uint32_t row : rows.rows) weights.push_back(row % 3 == 0 ? 2 : 1);
  const auto weighted = groups_of(rows, 20, weights);
  const size_t n = rows.rows.size();
  for (size_t i = 0; i < n; i += 3) {
    rows.rows.push_back(rows.rows[i]);
    rows.target.values.push_back(rows.target.values[i]);
  }
  EXPECT_EQ(groups_of(rows, 20), weighted);
}

// 500 codes of 40 rows whose effects are all that there is to learn: without groups boosting is told of half of them.
TEST(CategoryGroups, LetBoostingLearnMoreCodesThanItHasBins) {
  constexpr int kCodes = 500;
  std::vector<double> effects;
  RandomStream of_codes(9, "effects of codes");
  for (int k = 0; k < kCodes; ++k) effects.push_back(of_codes.normal());
  const auto effect = [&](int k, RandomStream& random) {
    return std::vector<double>{effects[static_cast<size_t>(k)] + 0.3 * random.normal()};
  };
  Coded rows = coded_rows(kCodes, 40, Task::Regression, 1, effect);
  FeatureMatrix x({{"code", kCodes}}, rows.rows.size());
  std::ranges::copy(rows.column, x.column(0).begin());
  const auto learner = learners().make("gradient_boosting", Value(Value::Object{}));
  const auto model = learner->fit({x, rows.target}, nullptr, context_of(2));
  double unexplained = 0;
  const std::vector<double> out = trees_test::predict(*model, x);
  for (size_t i = 0; i < out.size(); ++i) unexplained += std::pow(out[i] - effects[i % kCodes], 2);
  EXPECT_LT(unexplained / static_cast<double>(out.size()), 0.1);
}

TEST(CategoryGroups, TellWhereAForestOfBinsWouldLoseCodes) {
  constexpr int kCodes = 500;
  const auto effect = [](int k, RandomStream& random) { return std::vector<double>{k % 5 + random.normal()}; };
  const auto noise = [](int, RandomStream& random) { return std::vector<double>{random.normal()}; };
  for (const bool told : {true, false}) {
    const Coded rows = told ? coded_rows(kCodes, 40, Task::Regression, 1, effect) : coded_rows(kCodes, 40, Task::Regression, 1, noise);
    FeatureMatrix x({{"number", 0}, {"code", kCodes}}, rows.rows.size());
    std::ranges::copy(rows.column, x.column(1).begin());
    EXPECT_EQ(loses_codes(x, rows.rows, {}, rows.target, 255), told);
    EXPECT_FALSE(loses_codes(x, rows.rows, {}, rows.target, kCodes));
  }
}

}  // namespace
}  // namespace kolosal
