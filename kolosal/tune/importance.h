// Importance: how much the results of a study depend on each parameter.
//
// A file of importances/ adds one way to measure it: a class, its parameters with `describe`, and register_<stem>(Catalog<Importance>&).
// Checked  importance_test.cc; against Optuna 5 in tests/parity/test_importances.py.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/study.h"

namespace kolosal {

/// What is asked of a study.
struct ImportanceQuestion {
  std::optional<std::vector<std::string>> parameters;             ///< those to assess; none: as each way of measuring says
  std::optional<std::vector<std::pair<int64_t, double>>> target;  ///< by number of trial, less is better; none: the study's own values
};

/// The complete trials of a study whose results are finite, and what is asked of them.
struct ImportanceInput {
  std::vector<std::string> names;  ///< of parameters, by index
  std::vector<TrialRecord> trials;
  Losses losses;                                       ///< by trial; one each where there is a target
  std::optional<std::vector<std::string>> parameters;  ///< those to assess
};

/// Names of parameters with their importance, at least 0.
using Importances = std::vector<std::pair<std::string, double>>;

/// See the top of the file.
class Importance {
 public:
  virtual ~Importance() = default;
  /// One entry for each parameter that is assessed, in any order. Throws Error(BadValue) where a name is not known, or where there are
  /// several losses and one is needed.
  virtual Importances evaluate(const ImportanceInput& input) const = 0;
};

/// All ways to measure importance.
const Catalog<Importance>& importances();

/// Importances of the parameters of a study, the greatest first; with `normalize` so that they sum to 1 (alike where all are 0). Throws
/// Error(BadValue) that names what is asked for and not there.
Importances param_importances(const Study& study, const Importance& importance, const ImportanceQuestion& question = {},
                              bool normalize = true);

}  // namespace kolosal
