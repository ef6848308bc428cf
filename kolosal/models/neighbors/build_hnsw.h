// Building the graph of Hnsw: rows come in turns of some dozens to hundreds, which look for their neighbours side by side among those
// before and are then linked one after the other. The graph is the same on any number of threads.
//
// Cost     n_rows searches of width build_width.
// Source   Malkov and Yashunin, IEEE PAMI 42(4), 2020, algorithms 1, 3 and 4.
// Checked  neighbors_test.cc.
#pragma once

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/hnsw.h"

namespace kolosal {

/// The graph of rows (n_rows, n_columns) row-major, n_rows > 0. Throws Error(Timeout) or Error(Cancelled).
HnswGraph build_hnsw(std::span<const float> rows, size_t n_columns, size_t n_links, size_t build_width, const FitContext& context);

}  // namespace kolosal
