// Parquet: read whole, or in chunks page by page; written with the Arrow schema inside, so that categories and
// large texts come back as they were, each part a row group of at most a million rows.
//
// Checked  table_io_test.cc.
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <algorithm>
#include <numeric>

#include "kolosal/table/io/arrow_files-inl.h"
#include "kolosal/table/io/table_format.h"

namespace kolosal {
namespace {

constexpr int64_t kRowGroupRows = 1'000'000;
constexpr int64_t kBatchRows = 65536;
constexpr double kPageBytes = 1.25e6;       // of a page and a dictionary, as writers make them
constexpr double kPageRows = 1024;          // that a page has at least
constexpr size_t kReaderBytes = 8'000'000;  // of the reader and what it decodes with
constexpr double kPageCopies = 2.2;         // as it lies in the file, and decoded
constexpr size_t kFooterBytes = 1500;       // of a column of a row group: kept until the end, and there written out

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
  OpenFile(const std::shared_ptr<arrow::io::RandomAccessFile>& file, std::string named, const ReadOptions& options, int64_t batch_rows,
           bool by_page)
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
      choose_columns(options);
      std::vector<int> groups(static_cast<size_t>(reader->num_row_groups()));
      std::iota(groups.begin(), groups.end(), 0);
      batches = arrow_value(reader->GetRecordBatchReader(groups, columns), name);
    });
  }

  /// Only the columns that are asked for are decoded; all where some are nested, which is refused later.
  void choose_columns(const ReadOptions& options) {
    std::shared_ptr<arrow::Schema> schema;
    check_arrow(reader->GetSchema(&schema), name);
    const int n_columns = reader->parquet_reader()->metadata()->num_columns();
    columns = chosen_fields(*schema, options, name);
    if (n_columns == schema->num_fields()) return;
    columns.resize(static_cast<size_t>(n_columns));
    std::iota(columns.begin(), columns.end(), 0);
  }

  std::string name;
  std::vector<int> columns;  // that are read
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::RecordBatchReader> batches;
};

class ParquetReader final : public TableReader {
 public:
  ParquetReader(const std::shared_ptr<arrow::io::RandomAccessFile>& file, const std::string& name, const ReadOptions& options)
      : file_(file, name, options, std::max<int64_t>(options.chunk_rows, 1), true), batches_(file_.batches, options, name) {}
  std::optional<Table> next() override {
    return guarded(file_.name, [this] { return batches_.next(); });
  }
  /// Of each column of a row group the dictionary and a page are in memory, as they lie in the file and decoded.
  size_t own_bytes() const override {
    const auto metadata = file_.reader->parquet_reader()->metadata();
    size_t most = 0;
    for (int group = 0; group < metadata->num_row_groups(); ++group) {
      const auto rows = metadata->RowGroup(group);
      size_t bytes = 0;
      for (const int column : file_.columns) {
        const auto whole = static_cast<double>(rows->ColumnChunk(column)->total_uncompressed_size());
        const double page = std::max(kPageBytes, kPageRows * whole / static_cast<double>(std::max<int64_t>(rows->num_rows(), 1)));
        bytes += static_cast<size_t>(kPageCopies * std::min(whole, page));
      }
      most = std::max(most, bytes);
    }
    return kReaderBytes + most;
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
    n_column_chunks_ += table.n_columns() * (table.n_rows() / kRowGroupRows + 1);
  }

  size_t own_bytes() const override { return n_column_chunks_ * kFooterBytes; }

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
  size_t n_column_chunks_ = 0;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class ParquetFormat final : public TableFormat {
 public:
  std::vector<std::string_view> endings() const override { return {".parquet", ".pq"}; }
  bool recognises(std::string_view first_bytes) const override { return first_bytes.starts_with("PAR1"); }
  Table read(const InputBytes& input, const ReadOptions& options, const FitContext& context) const override {
    const OpenFile file(arrow_file(input), input.name, options, kBatchRows, false);
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
