// What the Arrow-backed formats share: inputs and outputs as Arrow sees them, and choosing columns. Included by .cc files only.
#pragma once

#include <arrow/api.h>
#include <arrow/io/api.h>

#include <memory>
#include <string>
#include <vector>

#include "kolosal/table/io/arrow_bridge.h"
#include "kolosal/table/io/arrow_status.h"
#include "kolosal/table/io/input.h"
#include "kolosal/table/io/output.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal {

/// The bytes of an input as a file of Arrow's. A mapped one is read, not mapped: columns would go on lying in the file.
std::shared_ptr<arrow::io::RandomAccessFile> arrow_file(const InputBytes& input);
/// A stream of Arrow's that reads on from `input`.
std::shared_ptr<arrow::io::InputStream> arrow_stream(std::shared_ptr<InputStream> input);
/// A sink of Arrow's that writes to `file`, which must stay. Closing it does not close the file.
std::shared_ptr<arrow::io::OutputStream> arrow_sink(OutputFile& file);

/// The indices in `schema` of the columns that the options ask for, in order of the file. Throws Error(UnknownColumn), and
/// Error(BadFile) where the file has two columns of one name.
std::vector<int> chosen_fields(const arrow::Schema& schema, const ReadOptions& options, const std::string& name);

/// Gives out batches of Arrow's in chunks of at most `chunk_rows` rows.
class BatchReader : public TableReader {
 public:
  BatchReader(std::shared_ptr<arrow::RecordBatchReader> batches, const ReadOptions& options, std::string name);
  std::optional<Table> next() override;

 private:
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int> fields_;
  int64_t chunk_rows_;
  std::string name_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t taken_ = 0;
};

/// The batches as a table; checked, so that a damaged file is an error and never a crash. Throws Error(EmptyInput) for no rows.
Table read_batches(arrow::RecordBatchReader& batches, const ReadOptions& options, const FitContext& context, const std::string& name);

}  // namespace kolosal
