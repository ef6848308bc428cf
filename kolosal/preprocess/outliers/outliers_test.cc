#include <gtest/gtest.h>

#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table measures() {
  return Table({Column::numeric("x", std::vector<double>{1, 2, 3, 2, 900, kNaN, 1, 2}), integers("n", {5, 6, -800, 6, 5, 6, 5, 5})});
}

TEST(ClipOutliers, MakesOutliersMissingAndKeepsTheKindOfTheColumn) {
  const auto bounded = fitted("clip_outliers", object({{"action", "to_missing"}}), {measures()});
  const Table out = bounded->transform(measures());
  EXPECT_TRUE(out.column("x").is_missing(4));
  EXPECT_EQ(out.column("x").n_missing(), 1U);
  EXPECT_TRUE(out.column("n").is_missing(2));
  EXPECT_EQ(out.column("n").kind(), ColumnKind::Integer);
  EXPECT_EQ(out.column("n").int64()[3], 6);
  EXPECT_EQ(content(transformer_from_value(transformer_to_value(*bounded))->transform(measures())), content(out));
}

TEST(ClipOutliers, RemovesTheTrainingRowsOfOutliersAndNoOthers) {
  const Value parameters = object({{"action", "remove"}});
  const auto transformer = transformers().make("clip_outliers", parameters);
  EXPECT_EQ(transformer->training_rows({measures()}, with_threads(1)), (std::vector<uint32_t>{0, 1, 3, 5, 6, 7}));
  EXPECT_EQ(content(fitted("clip_outliers", parameters, {measures()})->transform(measures())), content(measures()));
  for (const char* action : {"clip", "to_missing"})
    EXPECT_FALSE(transformers().make("clip_outliers", object({{"action", action}}))->training_rows({measures()}, with_threads(1)));
}

TEST(ClipOutliers, SetsBoundsFromRowsOfWeightAboveZero) {
  const auto transformer = transformers().make("clip_outliers", object({{"action", "remove"}, {"columns", list({"x"})}}));
  const std::vector<double> only_large{0, 0, 0, 0, 1, 0, 0, 0};
  EXPECT_EQ(transformer->training_rows({measures(), nullptr, only_large}, with_threads(1)), (std::vector<uint32_t>{4, 5}));
}

TEST(DataPreprocessor, RemovesOrBlanksOutliersByItsStrategy) {
  PreprocessorConfig config;
  config.scaling = Scaling::None;
  config.missing_strategy = MissingStrategy::None;
  const auto out = [&](OutlierStrategy strategy) {
    config.outlier_strategy = strategy;
    config.zscore_threshold = 2;
    return DataPreprocessor(config).fit_transform(measures(), nullptr, with_threads(1)).second;
  };
  EXPECT_EQ(out(OutlierStrategy::RemoveIqr).n_rows(), 6U);
  EXPECT_EQ(out(OutlierStrategy::RemoveZScore).n_rows(), 6U);
  EXPECT_LT(out(OutlierStrategy::RemovePercentile).n_rows(), 8U);
  EXPECT_EQ(out(OutlierStrategy::IqrToMissing).column("n").n_missing(), 1U);
  EXPECT_EQ(out(OutlierStrategy::ZScoreToMissing).column("n").n_missing(), 1U);
  EXPECT_GE(out(OutlierStrategy::PercentileToMissing).column("n").n_missing(), 1U);
  EXPECT_EQ(out(OutlierStrategy::Iqr).column("n").n_missing(), 0U);
}

}  // namespace
}  // namespace kolosal
