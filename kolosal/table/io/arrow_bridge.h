// Tables to and from Arrow, without any of Arrow's headers: the C data interface for Python and others, Arrow's own classes
// for the formats of this folder.
//
// What comes in without copying: float64, float32, int64 and large_utf8 columns of one chunk (with a validity bitmap that
// starts at a byte). Other integers become int64, half floats, decimals, times of day and durations (both in seconds)
// Numeric, dictionaries Categorical, utf8 Text; uint64 beyond int64 becomes Numeric. Nested and binary columns are errors.
// What goes out without copying: all but booleans, dates and categories.
#pragma once

#include <memory>
#include <optional>

#include "kolosal/table/table.h"

struct ArrowArrayStream;  // the C stream interface of Arrow

namespace arrow {
class Schema;
class Table;
}  // namespace arrow

namespace kolosal {

/// The table that a stream holds; the stream is used up and released. Columns keep the producer's memory alive where they
/// share it; views of texts are put together on `n_threads`, 0 for all there are,
/// where there are many. Throws Error(Unsupported) that names a column whose type has no
/// kind, Error(BadFile) where the stream fails.
Table import_arrow_stream(ArrowArrayStream* stream, std::optional<int> n_threads = {});

/// Fills `stream` (an empty struct) with the table, as one batch. The consumer releases it.
void export_arrow_stream(const Table& table, ArrowArrayStream* stream);

/// A new stream that holds the table; delete_arrow_stream releases it, if its consumer has not, and frees it.
ArrowArrayStream* new_arrow_stream(const Table& table);
void delete_arrow_stream(ArrowArrayStream* stream) noexcept;

/// The columns of an Arrow table. Errors as import_arrow_stream; `name` begins messages where not empty.
Table from_arrow(const arrow::Table& table, const std::string& name = {}, std::optional<int> n_threads = {});
/// The table as Arrow sees it.
std::shared_ptr<arrow::Table> to_arrow(const Table& table);

}  // namespace kolosal
