// Fitted forms that turn categories into numbers: lookup and one_hot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// The table of one column: each level becomes `width` numbers.
struct LookupColumn {
  std::string name;
  std::vector<std::string> levels;
  int64_t width = 1;
  std::vector<double> numbers;         ///< (levels, width) row-major
  std::vector<double> unknown;         ///< (width,): a level that is not listed
  std::vector<double> missing;         ///< (width,)
  std::vector<std::string> outputs;    ///< names of the columns it becomes
};
void describe(Fields<LookupColumn>& fields);

/// Categories become numbers by a table for each column.
struct LookupForm {
  std::vector<LookupColumn> columns;
  bool keep_source = false;  ///< whether the category stays beside its numbers
};
void describe(Fields<LookupForm>& fields);

/// The indicators of one column.
struct OneHotColumn {
  std::string name;
  std::vector<std::string> levels;   ///< with an indicator NAME__LEVEL each
  std::vector<std::string> rare;     ///< known levels that share the indicator NAME__other, where there are any
  std::string dropped;               ///< a level without an indicator, where `drops`
  bool drops = false;
};
void describe(Fields<OneHotColumn>& fields);

/// Categories become indicators of 0 and 1. Missing and unknown levels have none.
struct OneHotForm {
  std::vector<OneHotColumn> columns;
};
void describe(Fields<OneHotForm>& fields);

std::unique_ptr<FittedTransformer> make_lookup(LookupForm form);
std::unique_ptr<FittedTransformer> make_one_hot(OneHotForm form);

/// A lookup's columns for the rows of one column, as make_lookup's transform gives them.
std::vector<Column> looked_up(const LookupColumn& lookup, const Column& column);

}  // namespace kolosal
