// What the Arrow-backed formats share.
//
// Checked  table_io_test.cc.
#include <algorithm>
#include <unordered_set>

#include "kolosal/table/io/arrow_files-inl.h"

namespace kolosal {
namespace {

/// Bytes of an input as a buffer that keeps them alive.
class InputBuffer final : public arrow::Buffer {
 public:
  explicit InputBuffer(const InputBytes& input)
      : Buffer(reinterpret_cast<const uint8_t*>(input.bytes.data()), static_cast<int64_t>(input.bytes.size())), owner_(input.owner) {}

 private:
  std::shared_ptr<const void> owner_;
};

class SourceStream final : public arrow::io::InputStream {
 public:
  explicit SourceStream(std::shared_ptr<kolosal::InputStream> input) : input_(std::move(input)) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> Read(int64_t n, void* out) override {
    int64_t done = 0;
    try {
      while (done < n) {
        const size_t got = input_->read({static_cast<char*>(out) + done, static_cast<size_t>(n - done)});
        if (got == 0) break;
        done += static_cast<int64_t>(got);
      }
    } catch (const Error& error) {
      return arrow::Status::IOError(error.message());
    }
    position_ += done;
    return done;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t n) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(n));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, Read(n, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::shared_ptr<kolosal::InputStream> input_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class FileSink final : public arrow::io::OutputStream {
 public:
  explicit FileSink(OutputFile& file) : file_(file) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* bytes, int64_t n) override {
    try {
      file_.write({static_cast<const char*>(bytes), static_cast<size_t>(n)});
    } catch (const Error& error) {
      return arrow::Status::IOError(error.message());
    }
    position_ += n;
    return arrow::Status::OK();
  }

 private:
  OutputFile& file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> arrow_file(const InputBytes& input) {
  if (input.map != nullptr) return arrow_value(arrow::io::ReadableFile::Open(input.map->path()), input.name);
  return std::make_shared<arrow::io::BufferReader>(std::make_shared<InputBuffer>(input));
}

std::shared_ptr<arrow::io::InputStream> arrow_stream(std::shared_ptr<InputStream> input) {
  return std::make_shared<SourceStream>(std::move(input));
}

std::shared_ptr<arrow::io::OutputStream> arrow_sink(OutputFile& file) { return std::make_shared<FileSink>(file); }

std::vector<int> chosen_fields(const arrow::Schema& schema, const ReadOptions& options, const std::string& name) {
  std::unordered_set<std::string> seen;
  for (const std::string& field : schema.field_names())
    if (!seen.insert(field).second)
      throw Error(ErrorCode::BadFile, name + ": two columns are named '" + field + "'", "Rename one of them.");
  const std::vector<std::string> names = schema.field_names();
  for (const std::string& column : options.columns)
    if (!seen.contains(column))
      throw Error(
          ErrorCode::UnknownColumn,
          "'" + column + "' is not a column of " + name + " (" + std::to_string(names.size()) + " columns)" + did_you_mean(column, names),
          "Check the names of the file's columns.");
  std::vector<int> chosen;
  for (int i = 0; i < schema.num_fields(); ++i)
    if (options.columns.empty() || std::ranges::find(options.columns, names[static_cast<size_t>(i)]) != options.columns.end())
      chosen.push_back(i);
  if (chosen.empty()) throw Error(ErrorCode::EmptyInput, name + ": the file has no column", "Give a file with columns and rows.");
  return chosen;
}

BatchReader::BatchReader(std::shared_ptr<arrow::RecordBatchReader> batches, const ReadOptions& options, std::string name)
    : batches_(std::move(batches)),
      fields_(chosen_fields(*batches_->schema(), options, name)),
      chunk_rows_(std::max<int64_t>(options.chunk_rows, 1)),
      name_(std::move(name)) {}

std::optional<Table> BatchReader::next() {
  while (batch_ == nullptr || taken_ == batch_->num_rows()) {
    batch_ = arrow_value(batches_->Next(), name_);
    if (batch_ == nullptr) return std::nullopt;
    batch_ = arrow_value(batch_->SelectColumns(fields_), name_);
    check_arrow(batch_->ValidateFull(), name_);
    taken_ = 0;
  }
  const auto part = batch_->Slice(taken_, chunk_rows_);
  taken_ += part->num_rows();
  return from_arrow(*arrow_value(arrow::Table::FromRecordBatches({part}), name_), name_);
}

Table read_batches(arrow::RecordBatchReader& batches, const ReadOptions& options, const FitContext& context, const std::string& name) {
  const std::vector<int> fields = chosen_fields(*batches.schema(), options, name);
  arrow::RecordBatchVector kept;
  for (;;) {
    context.check();
    const auto batch = arrow_value(batches.Next(), name);
    if (batch == nullptr) break;
    kept.push_back(arrow_value(batch->SelectColumns(fields), name));
    check_arrow(kept.back()->ValidateFull(), name);
  }
  if (kept.empty()) throw Error(ErrorCode::EmptyInput, name + ": the file has no row", "Give a file with at least one row.");
  Table table = from_arrow(*arrow_value(arrow::Table::FromRecordBatches(kept), name), name);
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, name + ": the file has no row", "Give a file with at least one row.");
  return table;
}

}  // namespace kolosal
