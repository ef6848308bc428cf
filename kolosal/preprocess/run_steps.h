// Rows through fitted transformers one after the other, a block of rows through all of them before the next: what one step writes the
// next reads from the cache, and memory is read once and written once.
//
// Cost     that of the steps; beside the result, one block a thread.
// Checked  run_steps_test.cc: equal to one step after the other, on any number of threads.
#pragma once

#include <memory>
#include <span>

#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// What the rows become. A result with columns of texts or categories is made step by step, since blocks could not share their levels.
Table run_steps(std::span<const FittedTransformer* const> steps, const Table& table, const Threads& threads);
Table run_steps(std::span<const std::unique_ptr<FittedTransformer>> steps, const Table& table, const Threads& threads);

}  // namespace kolosal
