// The texts in which Optuna 5 writes distributions, attributes, numbers and times: what its databases and journals hold.
//
// Checked  optuna_text_test.cc: texts that Optuna wrote.
#pragma once

#include <string>
#include <string_view>

#include "kolosal/tune/trial.h"

namespace kolosal {

/// {"name": "FloatDistribution", "attributes": {"low": 0.0, ...}} and back; also the names and the short form of earlier versions. Throws
/// Error(BadFile) that names the parameter where it is none of them.
std::string distribution_text(const Distribution& distribution);
Distribution distribution_from_text(std::string_view parameter, std::string_view text);

/// The value of JSON text in which NaN, Infinity and -Infinity may stand bare, and back: as Python has it, so that reals of every kind
/// survive. Throws Error(BadFile). `indent` as of to_json.
Value value_from_python_json(std::string_view text);
std::string python_json(const Value& value, int indent = 0);
/// The number of a value that value_from_python_json gave; null is NaN, and the names of what is not finite are read as texts too.
double number_from(const Value& value);
/// A number as Python's JSON has it: NaN and infinities bare.
std::string number_text(double number);

/// The step of a report, which is a name in JSON. Throws Error(BadFile) where it is no integer.
int64_t step_from_text(std::string_view text);

/// "MINIMIZE" or "COMPLETE" and back. Throws Error(BadFile) where the name is not known.
std::string_view state_text(TrialState state);
TrialState state_from_text(std::string_view text);

/// Seconds since 1970 as "2026-11-29 17:51:47.186273" in UTC, or with 'T' and "+00:00"; and back (a fraction and an offset may be there
/// or not).
std::string time_text(double seconds, bool iso);
double time_from_text(std::string_view text);

}  // namespace kolosal
