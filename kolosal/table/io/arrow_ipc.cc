// Arrow IPC, the file and the stream format: told apart by their first bytes when read. Written as a file, and as a stream to
// standard output. The categories of a later part extend those of the first (a dictionary delta), as the file format demands.
//
// Checked  table_io_test.cc.
#include <arrow/ipc/api.h>

#include <unordered_map>

#include "kolosal/table/io/arrow_files-inl.h"
#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

constexpr std::string_view kFileMagic = "ARROW1";
constexpr std::string_view kStreamStart = "\xFF\xFF\xFF\xFF";

/// The batches of an IPC file, in order.
class FileBatches final : public arrow::RecordBatchReader {
 public:
  explicit FileBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file) : file_(std::move(file)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (next_ == file_->num_record_batches()) return arrow::Status::OK();
    return file_->ReadRecordBatch(next_++).Value(batch);
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

/// `input` without mapping it, so that no more of it is in memory than is read.
std::shared_ptr<arrow::RecordBatchReader> open_file_batches(const InputStream& input) {
  const auto file = arrow_value(arrow::io::ReadableFile::Open(input.file_path()), input.name());
  return std::make_shared<FileBatches>(arrow_value(arrow::ipc::RecordBatchFileReader::Open(file), input.name()));
}

std::shared_ptr<arrow::RecordBatchReader> open_batches(const InputBytes& input) {
  if (input.bytes.empty()) throw Error(ErrorCode::EmptyInput, input.name + ": the file is empty", "Give a file with columns and rows.");
  if (input.bytes.starts_with(kFileMagic))
    return std::make_shared<FileBatches>(arrow_value(arrow::ipc::RecordBatchFileReader::Open(arrow_file(input)), input.name));
  return arrow_value(arrow::ipc::RecordBatchStreamReader::Open(arrow_file(input)), input.name);
}

class ArrowWriter final : public TableWriter {
 public:
  explicit ArrowWriter(const std::string& path) : file_(path), stream_(path == "-") {}

  void write(const Table& table) override {
    const auto part = to_arrow(with_grown_levels(table));
    if (writer_ == nullptr) open(part->schema());
    else if (!schema_->Equals(*part->schema()))
      throw Error(ErrorCode::BadValue, "arrow: a later part has other columns or kinds than the first",
                  "Write the same columns in every part.");
    check_written(writer_->WriteTable(*part), "arrow");
  }

  void close() override {
    if (writer_ == nullptr) open(arrow::schema({}));
    check_written(writer_->Close(), "arrow");
    file_.close();
  }

 private:
  void open(std::shared_ptr<arrow::Schema> schema) {
    schema_ = std::move(schema);
    arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
    options.emit_dictionary_deltas = true;
    const auto sink = arrow_sink(file_);
    writer_ = arrow_value(
        stream_ ? arrow::ipc::MakeStreamWriter(sink, schema_, options) : arrow::ipc::MakeFileWriter(sink, schema_, options), "arrow");
  }

  /// The table with the levels of its categories after those that were written before.
  Table with_grown_levels(const Table& table) {
    std::vector<Column> columns;
    levels_.resize(table.n_columns());
    for (size_t c = 0; c < table.n_columns(); ++c) {
      const Column& column = table.column(c);
      if (column.kind() != ColumnKind::Categorical) {
        columns.push_back(column);
        continue;
      }
      std::vector<std::string>& levels = levels_[c];
      std::unordered_map<std::string_view, int32_t> known;
      const std::vector<std::string> before = levels;
      for (size_t i = 0; i < before.size(); ++i) known.emplace(before[i], static_cast<int32_t>(i));
      std::vector<int32_t> translated;
      for (const std::string& level : *column.dictionary()) {
        const auto [place, is_new] = known.emplace(level, static_cast<int32_t>(levels.size()));
        if (is_new) levels.push_back(level);
        translated.push_back(place->second);
      }
      std::vector<int32_t> codes(column.codes().begin(), column.codes().end());
      for (int32_t& code : codes)
        if (code >= 0) code = translated[static_cast<size_t>(code)];
      columns.push_back(Column::categorical(column.name(), std::move(codes), std::make_shared<const std::vector<std::string>>(levels)));
    }
    return Table(std::move(columns));
  }

  OutputFile file_;
  bool stream_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  std::vector<std::vector<std::string>> levels_;
};

class ArrowFormat final : public TableFormat {
 public:
  std::vector<std::string_view> endings() const override { return {".arrow", ".arrows", ".feather", ".ipc"}; }
  bool recognises(std::string_view first_bytes) const override {
    return first_bytes.starts_with(kFileMagic) || first_bytes.starts_with(kStreamStart);
  }
  Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const override {
    return read_batches(*open_batches(input), options, context, input.name);
  }
  std::unique_ptr<TableReader> open(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints&) const override {
    const std::string name = input->name();
    if (input->peek(kFileMagic.size()) == kFileMagic) {
      auto batches = input->file_path().empty() ? open_batches(input->whole()) : open_file_batches(*input);
      return std::make_unique<BatchReader>(std::move(batches), options, name);
    }
    return std::make_unique<BatchReader>(arrow_value(arrow::ipc::RecordBatchStreamReader::Open(arrow_stream(std::move(input))), name),
                                         options, name);
  }
  std::unique_ptr<TableWriter> create(const std::string& path) const override { return std::make_unique<ArrowWriter>(path); }
};

}  // namespace

void register_arrow(Catalog<TableFormat>& catalog) {
  catalog.add<ArrowFormat>("arrow", "Arrow's own columns, as a file or a stream.", {"ipc", "feather"});
}

}  // namespace kolosal
