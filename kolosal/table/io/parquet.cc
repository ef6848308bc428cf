// Parquet: read whole through a memory map, or in chunks page by page; written with the Arrow schema inside, so that categories and
// large texts come back as they were, each part a row group of at most a million rows.
//
// Checked  table_io_test.cc.
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include "kolosal/table/io/arrow_files-inl.h"
#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

constexpr int64_t kRowGroupRows = 1'000'000;
constexpr int64_t kBatchRows = 65536;

/// Runs `act`, turning Parquet's exceptions into Errors.
template <class Act>
auto guarded(const std::string& name, const Act& act) {
  try {
    return act();
  } catch (const parquet::ParquetException& failure) {
    throw Error(ErrorCode::BadFile, name + ": " + failure.what(), "Check that the file is whole and of this format.");
  }
}

/// Keeps the file open as long as its batches are read.
struct OpenFile {
  OpenFile(const std::shared_ptr<arrow::io::RandomAccessFile>& file, std::string named, int64_t batch_rows, bool by_page)
      : name(std::move(named)) {
    guarded(name, [&] {
      parquet::ReaderProperties reading;
      if (by_page) reading.enable_buffered_stream();  // a row group may be larger than what is to be held of it
      parquet::arrow::FileReaderBuilder builder;
      check_arrow(builder.Open(file, reading), name);
      parquet::ArrowReaderProperties properties;
      properties.set_batch_size(batch_rows);
      properties.set_pre_buffer(false);
      builder.properties(properties);
      reader = arrow_value(builder.Build(), name);
      batches = arrow_value(reader->GetRecordBatchReader(), name);
    });
  }

  std::string name;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::RecordBatchReader> batches;
};

class ParquetReader final : public TableReader {
 public:
  ParquetReader(const std::shared_ptr<arrow::io::RandomAccessFile>& file, const std::string& name, const ReadOptions& options)
      : file_(file, name, std::max<int64_t>(options.chunk_rows, 1), true), batches_(file_.batches, options, name) {}
  std::optional<Table> next() override {
    return guarded(file_.name, [this] { return batches_.next(); });
  }

 private:
  OpenFile file_;
  BatchReader batches_;
};

class ParquetWriter final : public TableWriter {
 public:
  explicit ParquetWriter(const std::string& path) : file_(path) {}

  void write(const Table& table) override {
    const auto part = to_arrow(table);
    if (writer_ == nullptr) open(*part->schema());
    else if (!writer_->schema()->Equals(*part->schema()))
      throw Error(ErrorCode::BadValue, "parquet: a later part has other columns or kinds than the first",
                  "Write the same columns in every part.");
    check_written(writer_->WriteTable(*part, kRowGroupRows), "parquet");
  }

  void close() override {
    if (writer_ == nullptr) open(*arrow::schema({}));
    check_written(writer_->Close(), "parquet");
    file_.close();
  }

 private:
  void open(const arrow::Schema& schema) {
    const auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer_ = arrow_value(
        parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), arrow_sink(file_), properties, arrow_properties), "parquet");
  }

  OutputFile file_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class ParquetFormat final : public TableFormat {
 public:
  std::vector<std::string_view> endings() const override { return {".parquet", ".pq"}; }
  bool recognises(std::string_view first_bytes) const override { return first_bytes.starts_with("PAR1"); }
  Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const override {
    const OpenFile file(arrow_file(input), input.name, kBatchRows, false);
    return guarded(input.name, [&] { return read_batches(*file.batches, options, context, input.name); });
  }
  /// A file is not mapped, so that no more of it is in memory than is read.
  std::unique_ptr<TableReader> open(std::unique_ptr<InputStream> input, const ReadOptions& options, const OpenHints&) const override {
    const std::string path = input->file_path(), name = input->name();
    if (path.empty()) return std::make_unique<ParquetReader>(arrow_file(input->whole()), name, options);
    return std::make_unique<ParquetReader>(arrow_value(arrow::io::ReadableFile::Open(path), name), name, options);
  }
  std::unique_ptr<TableWriter> create(const std::string& path) const override { return std::make_unique<ParquetWriter>(path); }
};

}  // namespace

void register_parquet(Catalog<TableFormat>& catalog) {
  catalog.add<ParquetFormat>("parquet", "Compressed columns on disk, with their types.", {"pq"});
}

}  // namespace kolosal
