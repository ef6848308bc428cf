#include <gtest/gtest.h>

#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table with_gaps() {
  return Table({Column::numeric("x", std::vector<double>{1, kNaN, 4, 400, kNaN}), integers("n", {1, 2, 4, 3, 0}, {1, 1, 1, 1, 0}),
                category("c", {1, 0, -1, 1, -1}, {"b", "a"})});
}

std::optional<std::vector<uint32_t>> rows_of(std::string_view name, Value::Object parameters, const TransformerInput& input) {
  return transformers().make(name, Value(std::move(parameters)))->training_rows(input, with_threads(1));
}

TEST(DropMissing, KeepsRowsWithoutAnyMissingValueOfItsColumns) {
  EXPECT_EQ(rows_of("drop_missing", {}, {with_gaps()}), (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(rows_of("drop_missing", {{"columns", list({"n"})}}, {with_gaps()}), (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(rows_of("drop_missing", {{"how", "all"}}, {with_gaps()}), (std::vector<uint32_t>{0, 1, 2, 3}));
}

TEST(DropMissing, LeavesRowsOfOtherTablesAlone) {
  const auto dropper = fitted("drop_missing", {}, {with_gaps()});
  EXPECT_EQ(content(dropper->transform(with_gaps())), content(with_gaps()));
  EXPECT_THROW((void)dropper->transform(with_gaps().drop(std::vector<std::string>{"n"})), Error);
}

TEST(DropMissing, TakesTargetAndWeightsAlongThroughAPipeline) {
  const Target target = regression({10, 11, 12, 13, 14});
  const std::vector<double> weights{1, 2, 3, 4, 5};
  const std::vector<PipelineStep> steps{{"drop_missing", object({{"columns", list({"n"})}})},
                                        {"drop_missing", object({{"columns", list({"x"})}})},
                                        {"target_encode", object({{"columns", list({"c"})}})},
                                        {"standard_scale", {}}};
  std::optional<std::vector<uint32_t>> kept;
  const auto [pipeline, matrix] = fit_pipeline(steps, {with_gaps(), &target, weights}, with_threads(1), &kept);
  EXPECT_EQ(kept, (std::vector<uint32_t>{0, 2, 3}));
  EXPECT_EQ(matrix.n_rows(), 3U);
  EXPECT_EQ(pipeline.n_removed_rows(), (std::vector<int64_t>{1, 1, 0, 0}));
  EXPECT_EQ(FittedPipeline::from_value(pipeline.to_value()).to_value(), pipeline.to_value());
  EXPECT_EQ(pipeline.transform(with_gaps()).n_rows(), 5U);
  EXPECT_THROW((void)fit_pipeline(steps, {with_gaps(), &target, weights}, with_threads(1)), Error);
}

TEST(DropMissing, FitsLaterStepsAsOnTheRowsThatAreLeft) {
  const Target target = regression({10, 11, 12, 13, 14});
  const std::vector<double> weights{1, 2, 3, 4, 5};
  const PipelineStep drop{"drop_missing", object({{"columns", list({"x"})}})};
  const PipelineStep frequency{"frequency_encode", object({{"columns", list({"c"})}})}, scale{"standard_scale", {}};
  std::optional<std::vector<uint32_t>> kept;
  const auto [pipeline, matrix] = fit_pipeline({drop, frequency, scale}, {with_gaps(), &target, weights}, with_threads(1), &kept);
  const Table left = with_gaps().take(*kept);
  const Target left_target = target.take(*kept);
  const std::vector<double> left_weights{1, 3, 4};
  const auto [alone, alone_matrix] = fit_pipeline({frequency, scale}, {left, &left_target, left_weights}, with_threads(1));
  ASSERT_EQ(alone_matrix.n_features(), matrix.n_features());
  for (size_t j = 0; j < matrix.n_features(); ++j)
    for (size_t row = 0; row < 3; ++row)
      EXPECT_EQ(content(Table({Column::numeric("v", std::vector<float>{matrix.at(row, j)})})),
                content(Table({Column::numeric("v", std::vector<float>{alone_matrix.at(row, j)})})));
}

TEST(DropMissing, RefusesToLeaveNoRow) {
  const Table table({Column::numeric("x", std::vector<double>{kNaN, kNaN})});
  std::optional<std::vector<uint32_t>> kept;
  try {
    (void)fit_pipeline({{"drop_missing", {}}}, {table}, with_threads(1), &kept);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::EmptyInput);
    EXPECT_NE(error.message().find("all 2 training rows"), std::string::npos) << error.message();
  }
}

TEST(DropMissing, IsAStrategyOfTheDataPreprocessorThatCountsWhatItRemoves) {
  PreprocessorConfig config;
  config.missing_strategy = MissingStrategy::Drop;
  std::optional<std::vector<uint32_t>> kept;
  const auto [fitted, out] = DataPreprocessor(config).fit_transform(with_gaps(), nullptr, with_threads(1), &kept);
  EXPECT_EQ(kept, (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(out.n_rows(), 2U);
  EXPECT_EQ(fitted.n_removed_rows().at(0), 3);
  EXPECT_EQ(FittedPreprocessor::from_value(fitted.to_value()).to_value(), fitted.to_value());
  EXPECT_EQ(fitted.transform(with_gaps()).n_rows(), 5U);
}

}  // namespace
}  // namespace kolosal
