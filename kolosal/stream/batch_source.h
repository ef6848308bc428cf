// BatchSource: rows in batches of any size, from a reader or a table. Batches do not end where the reader's chunks do.
//
// Cost     rows of a batch that crosses a chunk's end are copied, others are shared; holds at most a chunk beside the batch.
// Checked  batch_processor_test.cc.
#pragma once

#include <deque>
#include <optional>

#include "kolosal/table/io/table_io.h"
#include "kolosal/table/table.h"

namespace kolosal {

class BatchSource {
 public:
  /// The reader must outlive the source.
  explicit BatchSource(TableReader& reader) : reader_(&reader) {}
  explicit BatchSource(const Table& table);

  /// The next `rows` >= 1 rows, fewer at the end, nothing after it. A source that has columns and no row gives one batch without rows.
  std::optional<Table> next(size_t rows);
  /// Bytes that one of the rows to come takes; 0 at the end.
  double bytes_per_row();
  /// Number of all rows, where it is known.
  std::optional<size_t> n_rows_total() const noexcept { return n_rows_total_; }

 private:
  bool read_more();

  TableReader* reader_ = nullptr;  // null after the last chunk
  std::deque<Table> chunks_;       // what was read and not given; none is without rows
  size_t given_ = 0;               // rows of the first chunk that were given
  std::optional<Table> like_;      // a chunk without rows
  bool any_given_ = false;
  std::optional<size_t> n_rows_total_;
};

}  // namespace kolosal
