// Tables put together, and how much memory they take.
//
// Cost     O(cells) each; n_bytes is O(columns).
// Checked  table_parts_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "kolosal/table/table.h"

namespace kolosal {

/// The rows of all tables, one after the other; one table is given back as it is. Float32 stays so where all are; categories get the
/// levels of all, in order of first occurrence. Throws Error(FeatureMismatch) where a table has other columns or kinds than the first,
/// Error(EmptyInput) of no tables.
Table concatenate(std::span<const Table> tables);

/// Throws Error(FeatureMismatch) where `later` has other columns or kinds than `first`; `what` names it in the message.
void check_same_columns(const Table& first, const Table& later, const std::string& what);

/// Bytes of the rows: values, texts and validity; of categories the codes. What a slice shares counts as its own.
size_t n_bytes(const Column& column);
size_t n_bytes(const Table& table);

}  // namespace kolosal
