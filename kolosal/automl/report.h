// The report of a training run: one self-contained HTML page, for reading.
//
// Shows data findings, what was tried, the leaderboard, learning curves, confusion matrix or residuals, ROC, precision-recall and
// calibration curves, feature importance, failures and how to reproduce the run. No script or font is loaded from elsewhere; the
// page follows the reader's light or dark setting and prints.
// Checked  automl_test.cc; in a real browser by tests/scenarios.
#pragma once

#include <string>

#include "kolosal/automl/automl.h"

namespace kolosal {

/// The page. `held_out` of the result gives the curves; without it they are left out.
std::string report_html(const TrainResult& result);

/// Writes report_html atomically. Throws Error(Io).
void write_report(const TrainResult& result, const std::string& path);

}  // namespace kolosal
