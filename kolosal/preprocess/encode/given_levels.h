// Levels of a category that are given instead of found.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/fitting.h"

namespace kolosal {

/// Adds the parameter that says the levels of single columns.
template <class P>
void describe_given_levels(Fields<P>& f) {
  f.add("levels", &P::levels,
        "The levels of single columns, in order, by name, instead of those that are found: {\"size\": [\"small\", \"large\"]}; null among "
        "them stands for missing values.");
}

/// Whether missing values are one of the levels; not set where the column's levels are found.
struct GivenLevels {
  std::optional<bool> has_missing;
};

/// Brings what was found of a column to the levels that `given` has for it, if any; then there are no codes. Throws Error(BadValue) where
/// they are no list of different texts, and where the column has a level that is not among them unless `unknown_is_error` is false.
GivenLevels take_given_levels(const Value& given, const Column& column, bool unknown_is_error, std::string_view transformer,
                              ColumnLevels& found);

}  // namespace kolosal
