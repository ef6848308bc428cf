#include "kolosal/models/trees/held_out_rows.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

TEST(HeldOutRows, AreAFifthOfEachClassAndOfTheRange) {
  const auto rows = trees_test::make_rows(Task::Multiclass, 1000);
  const auto parts = hold_out_rows({rows.x, rows.target}, 0.2, 1);
  ASSERT_TRUE(parts);
  for (int k = 0; k < 3; ++k) {
    double learnt = 0, held_out = 0;
    for (size_t i = 0; i < 1000; ++i)
      if (rows.target.values[i] == static_cast<double>(k)) {
        learnt += parts->learnt[i];
        held_out += parts->held_out[i];
      }
    EXPECT_NEAR(held_out, 0.2 * (learnt + held_out), 1.01);
  }
  const auto numbers = trees_test::make_rows(Task::Regression, 1000);
  const auto of_numbers = hold_out_rows({numbers.x, numbers.target}, 0.2, 1);
  ASSERT_TRUE(of_numbers);
  const double all = std::accumulate(numbers.target.values.begin(), numbers.target.values.end(), 0.0) / 1000;
  const double held_out =
      std::inner_product(numbers.target.values.begin(), numbers.target.values.end(), of_numbers->held_out.begin(), 0.0) /
      std::accumulate(of_numbers->held_out.begin(), of_numbers->held_out.end(), 0.0);
  EXPECT_NEAR(held_out, all, 0.05);
}

TEST(HeldOutRows, AreInOneOfBothPartsWithTheirWeightAndNotInEitherWhereThatIsZero) {
  const auto rows = trees_test::make_rows(Task::Regression, 500);
  std::vector<double> weights(500, 2.5);
  weights[7] = weights[200] = 0;
  const auto parts = hold_out_rows({rows.x, rows.target, weights}, 0.2, 3);
  ASSERT_TRUE(parts);
  for (size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(parts->learnt[i] + parts->held_out[i], weights[i]);
    EXPECT_EQ(parts->learnt[i] * parts->held_out[i], 0);
  }
}

TEST(HeldOutRows, AreTheSameWhereRowsOfWeightZeroAreLeftOut) {
  const auto rows = trees_test::make_rows(Task::Regression, 400);
  std::vector<uint32_t> kept;
  std::vector<double> weights(400, 1.0);
  for (uint32_t i = 0; i < 400; ++i)
    if (i % 7 == 3) weights[i] = 0;
    else kept.push_back(i);
  const FeatureMatrix fewer = rows.x.take(kept);
  const Target of_fewer = rows.target.take(kept);
  const auto all = hold_out_rows({rows.x, rows.target, weights}, 0.2, 3), some = hold_out_rows({fewer, of_fewer}, 0.2, 3);
  ASSERT_TRUE(all && some);
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(all->held_out[kept[i]], some->held_out[i]);
}

TEST(HeldOutRows, AreWholeGroupsOfARanking) {
  const auto rows = trees_test::make_rows(Task::Ranking, 1000);
  const auto parts = hold_out_rows({rows.x, rows.target}, 0.2, 1);
  ASSERT_TRUE(parts);
  std::set<uint32_t> learnt, held_out;
  for (size_t i = 0; i < 1000; ++i) (parts->learnt[i] > 0 ? learnt : held_out).insert(rows.target.group[i]);
  EXPECT_GE(held_out.size(), 2U);
  for (const uint32_t group : held_out) EXPECT_FALSE(learnt.contains(group));
}

TEST(HeldOutRows, AreNoneOfFewRowsAndNeverAClassOfOneRow) {
  const auto few = trees_test::make_rows(Task::Regression, 90);
  EXPECT_FALSE(hold_out_rows({few.x, few.target}, 0.2, 1));
  auto rows = trees_test::make_rows(Task::Binary, 300);
  for (double& value : rows.target.values) value = 0;
  rows.target.values[100] = 1;
  for (uint64_t seed = 0; seed < 10; ++seed) EXPECT_EQ(hold_out_rows({rows.x, rows.target}, 0.2, seed)->held_out[100], 0);
}

}  // namespace
}  // namespace kolosal
