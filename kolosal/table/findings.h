// Findings: what in a table a person should look at before trusting a model of it. Nothing is changed for them.
//
// Checked  findings_test.cc.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/table/table.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What kind of thing was found in a column.
enum class FindingKind {
  SuspectedMissing,  ///< a value such as -999 or "unknown" that may stand for a missing one
  MixedValues,       ///< numbers among words
  Leak,              ///< the column alone tells the target
};
constexpr auto enum_names(FindingKind) {
  return std::to_array<std::pair<FindingKind, std::string_view>>(
      {{FindingKind::SuspectedMissing, "suspected_missing"}, {FindingKind::MixedValues, "mixed_values"}, {FindingKind::Leak, "leak"}});
}

/// One thing found.
struct Finding {
  std::string column;
  FindingKind kind = FindingKind::SuspectedMissing;
  std::string message;  ///< a sentence for users that names the column and what can be done
};

/// Looks at every column, at no more than 50,000 rows spread evenly. `target` may be null: then nothing is said of leaks. Cost
/// O(n_rows log n_rows) a column.
std::vector<Finding> find_in_columns(const Table& features, const Target* target);

}  // namespace kolosal
