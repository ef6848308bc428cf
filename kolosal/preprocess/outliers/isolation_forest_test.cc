#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

// A cloud about 0, and a last row far from it.
Table cloud(uint64_t seed, size_t n) {
  RandomStream random(seed, "cloud");
  std::vector<double> x(n), y(n);
  for (size_t i = 0; i < n; ++i) x[i] = random.normal(), y[i] = random.normal();
  x.back() = 9;
  y.back() = -8;
  if (n > 5) x[3] = kNaN;
  return Table({Column::numeric("x", x), Column::numeric("y", y)});
}

RC_GTEST_PROP(IsolationForestOutliers, ScoresTheFarRowLeast, (uint64_t seed)) {
  const Table table = cloud(seed, 200);
  const std::vector<double> scores = transformed("isolation_forest_outliers", {}, {table}).column("isolation_score").numbers();
  for (size_t row = 0; row + 1 < 200; ++row) RC_ASSERT(scores[row] < 0 && scores[row] > scores.back());
  RC_ASSERT(scores.back() < -0.6);
}

TEST(IsolationForestOutliers, ScoresMinusOneHalfWhereNothingVaries) {
  const Table table({Column::numeric("x", std::vector<double>(50, 3.0))});
  for (const double score : transformed("isolation_forest_outliers", {}, {table}).column("isolation_score").numbers())
    EXPECT_DOUBLE_EQ(score, -0.5);
}

TEST(IsolationForestOutliers, FlagsTheShareOfRowsAskedFor) {
  const Table table = cloud(1, 200);
  const auto flagger = fitted("isolation_forest_outliers", object({{"action", "flag"}, {"contamination", 0.1}}), {table});
  const Table out = flagger->transform(table);
  double n_flagged = 0;
  for (const double flag : out.column("is_outlier").numbers()) n_flagged += flag;
  EXPECT_EQ(n_flagged, 20);
  EXPECT_EQ(out.column("is_outlier").number(199), 1);
  EXPECT_EQ(flagger->inverse_transform(out).names(), table.names());
}

TEST(IsolationForestOutliers, RemovesTrainingRowsFarOutAndNoRowsElsewhere) {
  const Table table = cloud(2, 300);
  const Value parameters = object({{"action", "remove"}, {"contamination", 0.01}});
  const auto rows = transformers().make("isolation_forest_outliers", parameters)->training_rows({table}, with_threads(1));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 297U);
  EXPECT_NE(rows->back(), 299U);
  EXPECT_EQ(content(fitted("isolation_forest_outliers", parameters, {table})->transform(table)), content(table));
  EXPECT_FALSE(transformers().make("isolation_forest_outliers")->training_rows({table}, with_threads(1)));
}

TEST(IsolationForestOutliers, DrawsHeavyRowsMoreOften) {
  const Table table = cloud(3, 2000);
  std::vector<double> weights(2000, 1e-3);
  weights.back() = 1e3;
  const auto score_of_last = [&](std::span<const double> given) {
    return transformed("isolation_forest_outliers", object({{"max_rows", 16}}), {table, nullptr, given})
        .column("isolation_score")
        .number(1999);
  };
  EXPECT_NE(score_of_last(weights), score_of_last({}));
  EXPECT_THROW((void)score_of_last(std::vector<double>(2000, -1.0)), Error);
}

TEST(IsolationForestOutliers, FollowsItsSeedTreesAndRows) {
  const Table table = cloud(4, 400);
  const auto scores = [&](Value parameters, uint64_t seed) {
    FitContext context = with_threads(2);
    context.seed = seed;
    return content(transformers().make("isolation_forest_outliers", parameters)->fit({table}, context)->transform(table));
  };
  EXPECT_EQ(scores({}, 1), scores({}, 1));
  EXPECT_NE(scores({}, 1), scores({}, 2));
  EXPECT_NE(scores({}, 1), scores(object({{"n_trees", 50}}), 1));
  EXPECT_NE(scores({}, 1), scores(object({{"max_rows", 64}}), 1));
}

TEST(IsolationForestOutliers, RefusesDamagedTrees) {
  const Table table = cloud(5, 50);
  const Value whole = fitted("isolation_forest_outliers", {}, {table})->to_value();
  for (const char* part : {"left", "roots", "feature"}) {
    Value::Object members = whole.as_object();
    for (auto& [name, member] : members)
      if (name == part) member = Value(NumberArray::from(std::vector<int32_t>(member.as_numbers().size, 0)));
    try {
      (void)transformer_from_value(object({{"form", "isolation"}, {"fitted", Value(members)}}))->transform(table);
      EXPECT_EQ(part, std::string("roots"));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::CorruptArtifact);
    }
  }
}

TEST(DataPreprocessor, RemovesWhatTheIsolationForestFindsAndCountsIt) {
  PreprocessorConfig config;
  config.outlier_strategy = OutlierStrategy::IsolationForest;
  config.contamination = 0.05;
  const Table table = cloud(6, 100);
  std::optional<std::vector<uint32_t>> kept;
  const auto [fitted, out] = DataPreprocessor(config).fit_transform(table, nullptr, with_threads(1), &kept);
  EXPECT_EQ(out.n_rows(), 95U);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), 95U);
  EXPECT_EQ(fitted.n_removed_rows().front(), 5);
  EXPECT_EQ(fitted.transform(table).n_rows(), 100U);
}

TEST(DataPreprocessor, FillsByNeighboursAndByRegression) {
  for (const MissingStrategy strategy : {MissingStrategy::Knn, MissingStrategy::Iterative}) {
    PreprocessorConfig config;
    config.missing_strategy = strategy;
    const Table out = DataPreprocessor(config).fit_transform(cloud(7, 60), nullptr, with_threads(1)).second;
    EXPECT_FALSE(std::isnan(out.column("x").number(3)));
  }
}

}  // namespace
}  // namespace kolosal
