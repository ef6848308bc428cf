#include "kolosal/metrics/curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolosal {
namespace {

using Numbers = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(RocCurve, HasOnePointForEachDistinctScore) {
  const RocCurve curve = roc_curve(Numbers{1, 0, 1, 0}, Numbers{0.9, 0.5, 0.5, 0.1});
  EXPECT_EQ(curve.threshold, (Numbers{kInfinity, 0.9, 0.5, 0.1}));
  EXPECT_EQ(curve.true_positive_rate, (Numbers{0, 0.5, 1, 1}));
  EXPECT_EQ(curve.false_positive_rate, (Numbers{0, 0, 0.5, 1}));
}

TEST(RocCurve, WeighsRowsAndLeavesOutThoseOfWeightZero) {
  const RocCurve curve = roc_curve(Numbers{1, 0, 1, 0, 1}, Numbers{0.9, 0.8, 0.5, 0.1, 0.05}, Numbers{1, 1, 3, 3, 0});
  EXPECT_EQ(curve.threshold, (Numbers{kInfinity, 0.9, 0.8, 0.5, 0.1}));
  EXPECT_EQ(curve.true_positive_rate, (Numbers{0, 0.25, 0.25, 1, 1}));
  EXPECT_EQ(curve.false_positive_rate, (Numbers{0, 0, 0.25, 0.25, 1}));
}

TEST(RocCurve, HasNoRateOfAClassWithoutRows) {
  const RocCurve curve = roc_curve(Numbers{1, 1}, Numbers{0.9, 0.5});
  EXPECT_EQ(curve.true_positive_rate.back(), 1);
  EXPECT_TRUE(std::isnan(curve.false_positive_rate.back()));
  EXPECT_EQ(roc_curve({}, {}).threshold.size(), 1U);
}

TEST(PrecisionRecallCurve, IsAsByHand) {
  const PrecisionRecallCurve curve = precision_recall_curve(Numbers{1, 0, 1, 0}, Numbers{0.9, 0.5, 0.5, 0.1});
  EXPECT_EQ(curve.recall, (Numbers{0, 0.5, 1, 1}));
  EXPECT_EQ(curve.precision, (Numbers{1, 1, 2.0 / 3, 0.5}));
  EXPECT_EQ(curve.threshold, (Numbers{kInfinity, 0.9, 0.5, 0.1}));
}

TEST(CalibrationCurve, PutsAboutEqualWeightInEachBin) {
  const CalibrationCurve curve = calibration_curve(Numbers{0, 1, 1, 1}, Numbers{0.1, 0.25, 0.8, 0.9}, {}, 2);
  ASSERT_EQ(curve.weight, (Numbers{2, 2}));
  EXPECT_NEAR(curve.mean_predicted[0], 0.175, 1e-12);
  EXPECT_NEAR(curve.mean_predicted[1], 0.85, 1e-12);
  EXPECT_EQ(curve.observed_share, (Numbers{0.5, 1}));
}

TEST(CalibrationCurve, NeverPartsEqualProbabilities) {
  const CalibrationCurve curve = calibration_curve(Numbers{0, 1, 0, 1, 1}, Numbers{0.5, 0.5, 0.5, 0.5, 0.9}, {}, 5);
  EXPECT_EQ(curve.weight, (Numbers{4, 1}));
  EXPECT_EQ(curve.observed_share, (Numbers{0.5, 1}));
}

TEST(CalibrationCurve, WeighsRows) {
  const CalibrationCurve curve = calibration_curve(Numbers{0, 1, 1}, Numbers{0.2, 0.4, 0.7}, Numbers{3, 1, 0}, 1);
  ASSERT_EQ(curve.weight, (Numbers{4}));
  EXPECT_NEAR(curve.mean_predicted[0], 0.25, 1e-12);
  EXPECT_EQ(curve.observed_share, (Numbers{0.25}));
}

TEST(ConfusionMatrix, HasTheTruthInItsRows) {
  EXPECT_EQ(confusion_matrix(Numbers{0, 0, 1, 2}, Numbers{0, 1, 1, 0}, 3), (Numbers{1, 1, 0, 0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(confusion_matrix(Numbers{0, 1}, Numbers{1, 1}, 2, Numbers{2.5, 0}), (Numbers{0, 2.5, 0, 0}));
}

}  // namespace
}  // namespace kolosal
