// Curves that show how well probabilities separate and match classes, for reports.
//
// Checked  by hand in curves_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kolosal {

/// Points by falling threshold, from (0, 0) to (1, 1).
struct RocCurve {
  std::vector<double> false_positive_rate, true_positive_rate, threshold;
};
/// `is_positive` (n_rows,) 0 or 1; `score` (n_rows,); `weights` (n_rows,) or empty. Rates without rows of a class are NaN.
RocCurve roc_curve(std::span<const double> is_positive, std::span<const double> score, std::span<const double> weights = {});

/// Points by falling threshold, from recall 0 and precision 1.
struct PrecisionRecallCurve {
  std::vector<double> recall, precision, threshold;
};
/// Arguments as roc_curve.
PrecisionRecallCurve precision_recall_curve(std::span<const double> is_positive, std::span<const double> score,
                                            std::span<const double> weights = {});

/// One point a bin that has rows.
struct CalibrationCurve {
  std::vector<double> mean_predicted, observed_share, weight;
};
/// Bins of about equal weight by predicted probability. Arguments as roc_curve.
CalibrationCurve calibration_curve(std::span<const double> is_positive, std::span<const double> probability,
                                   std::span<const double> weights = {}, size_t n_bins = 10);

/// Weight of rows by (true class, predicted class): (n_classes, n_classes) row-major.
std::vector<double> confusion_matrix(std::span<const double> target, std::span<const double> predicted, size_t n_classes,
                                     std::span<const double> weights = {});

}  // namespace kolosal
