// Fitting and transforming a column at a time: a column of some megabytes is still in the cache when it is read again.
//
// Cost     as fit and transform, less one read of memory for each column that fits into the last cache.
// Checked  transformer_contract_test.cc: fit_transform gives what fit and transform give.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "kolosal/preprocess/fitting.h"

namespace kolosal {

/// What `fit_column(column)` learns of each column chosen, as `make(specs)`, and what it makes of the table. Columns do not depend on one
/// another, and `make` of one spec changes its column as `make` of all does: to one of at most float64. Throws Error(OutOfMemory) where the
/// context's budget has no room for what is made.
template <class Spec, class FitColumn>
std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform_columns(const Table& table, const std::vector<const Column*>& chosen,
                                                                           const FitContext& context, FitColumn fit_column,
                                                                           std::unique_ptr<FittedTransformer> (*make)(std::vector<Spec>)) {
  const MemoryLease lease(context.memory, table.n_rows() * chosen.size() * sizeof(double), "the columns that are changed");
  std::vector<Spec> specs(chosen.size());
  std::vector<std::vector<Column>> made(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    specs[i] = fit_column(*chosen[i]);
    made[i] = make({specs[i]})->transform(Table({*chosen[i]})).columns();
  });
  std::unordered_map<const Column*, size_t> place;
  for (size_t i = 0; i < chosen.size(); ++i) place.emplace(chosen[i], i);
  std::vector<Column> columns;
  for (const Column& column : table.columns()) {
    const auto found = place.find(&column);
    if (found == place.end()) columns.push_back(column);
    else columns.insert(columns.end(), made[found->second].begin(), made[found->second].end());
  }
  return {make(std::move(specs)), Table(std::move(columns))};
}

}  // namespace kolosal
