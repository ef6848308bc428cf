// The chained fill form: missing numbers are predicted from the other columns, column after column, round after round.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// Linear models in the order in which they are applied.
struct ChainedModels {
  std::vector<std::string> columns;
  std::vector<double> means;       ///< (n_columns): what a missing number is at first; models work on differences from it
  std::vector<int32_t> order;      ///< the columns that have models, in the order of a round
  std::vector<double> intercepts;  ///< (n_rounds, order.size())
  std::vector<double> weights;     ///< (n_rounds, order.size(), n_columns); 0 for the column itself
};
void describe(Fields<ChainedModels>& fields);

/// The fitted form "chained_fill". Columns of integers and booleans become float64. Its inverse leaves what was filled.
std::unique_ptr<FittedTransformer> make_chained_fill(ChainedModels models);

}  // namespace kolosal
