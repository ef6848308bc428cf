// The ranks form: each number becomes the share of the training rows below it, or the normal deviate with that share below it.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's quantiles at equal distances of share: the first is the least value, the last the largest. At least one.
struct RanksColumn {
  std::string name;
  std::vector<double> quantiles;  ///< ascending
  bool normal = false;            ///< whether shares become normal deviates
};
void describe(Fields<RanksColumn>& fields);

/// The fitted form "ranks". Numbers between two quantiles are interpolated, those beyond the ends become 0 and 1 (as deviates +-5.2);
/// a number that several quantiles share gets the middle of their shares. Invertible.
std::unique_ptr<FittedTransformer> make_ranks(std::vector<RanksColumn> columns);

}  // namespace kolosal
