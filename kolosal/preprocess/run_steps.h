// Rows through fitted transformers one after the other, a block of rows through all of them before the next: what one step writes the
// next reads from the cache, and memory is read once and written once.
//
// Cost     that of the steps; beside the result, one block a thread.
// Checked  run_steps_test.cc: equal to one step after the other, on any number of threads.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// What the rows become. Columns that no step changes are those of the table. Where a step changes texts, or the levels of a category
/// differ from block to block, all is made step by step.
Table run_steps(std::span<const FittedTransformer* const> steps, const Table& table, const Threads& threads);
Table run_steps(std::span<const std::unique_ptr<FittedTransformer>> steps, const Table& table, const Threads& threads);

/// Calls take(rows, begin) once for each block of rows: what the rows of the table from `begin` on become. Blocks are taken on several
/// threads at once. A table without rows is one block.
void run_steps_by_block(std::span<const FittedTransformer* const> steps, const Table& table, const Threads& threads,
                        const std::function<void(const Table& rows, size_t begin)>& take);

}  // namespace kolosal
