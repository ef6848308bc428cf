#include "kolosal/models/trees/training_rows.h"

#include <gtest/gtest.h>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

TEST(TrainingRows, ShareTheTargetWhereAllRowsCount) {
  const trees_test::Rows set = trees_test::make_rows(Task::Binary, 20);
  const std::vector<double> ones(20, 1.0), twos(20, 2.0);
  const TrainingRows plain({set.x, set.target}), equal({set.x, set.target, ones}), heavy({set.x, set.target, twos});
  for (const TrainingRows* rows : {&plain, &equal, &heavy}) {
    EXPECT_EQ(&rows->target, &set.target);
    ASSERT_EQ(rows->rows.size(), 20U);
    EXPECT_EQ(rows->rows.back(), 19U);
  }
  EXPECT_TRUE(plain.weights.empty() && equal.weights.empty());
  EXPECT_EQ(heavy.weights, twos);
}

TEST(TrainingRows, LeaveOutRowsWithoutWeight) {
  const trees_test::Rows set = trees_test::make_rows(Task::Regression, 20);
  std::vector<double> weights(20, 1.0);
  weights[0] = weights[7] = 0;
  const TrainingRows of_ones({set.x, set.target, weights});
  EXPECT_TRUE(of_ones.weights.empty());
  weights[8] = 3;
  const TrainingRows rows({set.x, set.target, weights});
  ASSERT_EQ(rows.rows.size(), 18U);
  ASSERT_EQ(rows.target.n_rows, 18U);
  EXPECT_EQ(rows.rows[0], 1U);
  EXPECT_EQ(rows.rows[6], 8U);
  EXPECT_EQ(rows.weights[6], 3);
  for (size_t i = 0; i < 18; ++i) EXPECT_EQ(rows.target.values[i], set.target.values[rows.rows[i]]);
}

TEST(TrainingRows, BalanceTheClasses) {
  const trees_test::Rows set = trees_test::make_rows(Task::Multiclass, 60);
  const TrainingRows rows({set.x, set.target}, ClassWeight::Balanced);
  std::vector<double> sums(3, 0.0);
  for (size_t i = 0; i < 60; ++i) sums[static_cast<size_t>(rows.target.values[i])] += rows.weights[i];
  for (const double sum : sums) EXPECT_NEAR(sum, 20, 1e-9);
  const trees_test::Rows numbers = trees_test::make_rows(Task::Regression, 20);
  EXPECT_THROW(TrainingRows({numbers.x, numbers.target}, ClassWeight::Balanced), Error);
}

}  // namespace
}  // namespace kolosal
