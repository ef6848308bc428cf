// The report of a study: one HTML file with its figures to look into, which needs no network.
//
// It shows the history, importances, slices and pairs of parameters, parallel coordinates, the Pareto front of several objectives, curves
// of intermediate values, the times at which trials ran, and the trials themselves. Checked  report_test.cc; in a browser by
// tests/scenarios/test_study_page.py.
#pragma once

#include <string>

#include "kolosal/tune/study.h"

namespace kolosal {

/// What the page shows: name, directions, parameters, trials, best ones, importances. Of more than 3,000 trials some are left out, never
/// one that was best, of the Pareto front, or among the newest.
Value study_report(const Study& study);

/// The page.
std::string study_report_html(const Study& study);

/// Writes the page to a file. Throws Error(Io).
void write_study_report(const Study& study, const std::string& path);

}  // namespace kolosal
