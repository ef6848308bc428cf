#include "kolosal/stream/preprocess_file.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "kolosal/base/array.h"
#include "kolosal/base/memory_pressure.h"
#include "kolosal/preprocess/preprocessor_passes.h"
#include "kolosal/stream/repeatable_input.h"
#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

constexpr size_t kMostRows = size_t{1} << 16;  // of a chunk: more would only leave the caches
constexpr size_t kFewestRows = 64;
constexpr size_t kProbeRows = 1024;
constexpr size_t kFewestTextBytes = size_t{1} << 18;  // of a chunk of rows that are written as text
constexpr size_t kRowBytesAtFirst = 256;              // before a row was read
/// What a chunk takes, as a multiple of its columns: while it is read (its text, its texts twice) and while it is worked on (what one step
/// gives the next), one chunk in each.
constexpr size_t kCopies = 12;
constexpr size_t kOutputCopies = 4;
constexpr size_t kOutputColumnBytes = size_t{8} << 10;  // of a column that is written, whatever its rows take
constexpr size_t kFewestChunkBytes = size_t{16} << 20;
constexpr size_t kMoreToCome = 8'000'000;  // what rows may take beyond what was needed when the limit was met

std::string megabytes(size_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

/// Chunks of a reader, the next one read while the last is worked on. Waits for what is being read at its end.
class ReadAhead {
 public:
  ReadAhead(TableReader& reader, const Threads& threads) : reader_(reader), threads_(threads), ahead_(threads.size() > 1) { start(); }
  ~ReadAhead() {
    if (next_.valid()) next_.wait();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::optional<Table> next() {
    if (!ahead_) return reader_.next();
    std::optional<Table> chunk = next_.get();
    if (chunk) start();
    return chunk;
  }

 private:
  void start() {
    if (ahead_) next_ = threads_.run_async([this] { return reader_.next(); });
  }

  TableReader& reader_;
  const Threads& threads_;
  bool ahead_;
  std::future<std::optional<Table>> next_;
};

/// One source, gone through several times under one limit.
class FilePasses {
 public:
  FilePasses(const std::string& source, const std::string& folder, const PreprocessorConfig& config, const FilePassOptions& options,
             const FitContext& context)
      : options_(options),
        config_(config),
        context_(context),
        input_(source, folder, context),
        began_with_(std::max(read_memory_state().process_bytes, kProgramBytes)) {
    hints_.name = input_.name();
    hints_.strict = true;
    reading_ = options.reading;
    choose_chunk_rows();
    context_.memory = std::make_shared<MemoryBudget>(free_bytes_ - std::min(free_bytes_ / 2, std::max(chunk_bytes_, kFewestChunkBytes)));
  }

  FittedPreprocessor fit() {
    try {
      return try_fit();
    } catch (const Error& error) {
      if (!is_misfit_) throw;
      // A cell is written otherwise than the first rows let expect: how each column is written is looked for in all rows.
      hints_.formats = survey_formats(input_.path(), reading_, context_, input_.name());
      if (hints_.formats.empty()) throw;
    }
    n_passes_done_ = 0;
    return try_fit();
  }

  /// After fit().
  void transform(const FittedPreprocessor& fitted, TableWriter& writer) {
    if (const size_t n = fitted.feature_names_out().size(); n * kOutputColumnBytes > free_bytes_)
      throw Error(ErrorCode::OutOfMemory,
                  "a memory limit of " + megabytes(options_.memory_bytes) + " is too small for the " + std::to_string(n) +
                      " columns that preprocessing makes of " + input_.name() + ", which take " + megabytes(n * kOutputColumnBytes),
                  "Raise the memory limit, let categories have fewer levels (max_cardinality), or use another categorical_encoding.");
    const size_t width = sizeof(double) * kOutputCopies * std::max<size_t>(fitted.feature_names_out().size(), 1);
    const size_t piece = std::clamp(free_bytes_ / 4 / width, size_t{8}, kMostRows);
    ++n_passes_done_;
    n_passes_ = n_passes_done_;
    for_each_chunk([&](const Table& whole) {
      for (size_t begin = 0; begin < whole.n_rows(); begin += piece) {
        context_.check();
        const Table part = with_target(whole.slice(begin, std::min(piece, whole.n_rows() - begin)));
        const Table features = without_target(part);
        if (features.n_rows() == 0) continue;
        const std::optional<Target> values = values_of_target(part);
        std::optional<std::vector<uint32_t>> kept;
        Table out = passes_->transform_training(features, context_, values ? &*values : nullptr, kept);
        if (out.n_rows() == 0) continue;
        if (!options_.target.empty()) {
          const Column& target = part.column(options_.target);
          out = out.with_column(kept ? target.take(*kept) : target);
        }
        report_.n_rows_written += static_cast<int64_t>(out.n_rows());
        writer.write(out);
      }
      check_memory(report_.n_rows_read, writer.own_bytes() / 2);
    });
    report_.n_rows_removed = report_.n_rows_read - report_.n_rows_written;
  }

  FilePassReport report() {
    report_.n_passes = n_passes_done_;
    report_.chunk_rows = reading_.chunk_rows;
    report_.seconds = watch_.seconds();
    return report_;
  }

 private:
  void choose_chunk_rows() {
    const size_t beside_program = options_.memory_bytes - std::min(options_.memory_bytes, kProgramBytes);
    hints_.chunk_bytes = std::clamp(beside_program / 2 / kCopies, kFewestTextBytes, hints_.chunk_bytes);
    reading_.chunk_rows = kProbeRows;
    const auto reader = open_table(input_.path(), reading_, hints_);
    const size_t fixed_bytes = kProgramBytes + reader->own_bytes();
    const auto check = [&](size_t row_bytes, const std::string& of_what) {
      const size_t least = (fixed_bytes + 2 * kFewestRows * kCopies * row_bytes) / 7 * 8;  // check_memory keeps an eighth free
      if (options_.memory_bytes >= least) return;
      throw Error(ErrorCode::OutOfMemory,
                  "a memory limit of " + megabytes(options_.memory_bytes) + " is too small for " + of_what + " of " + input_.name() +
                      "; the least that works is " + megabytes(least),
                  "Raise the memory limit, or read fewer columns.");
    };
    if (reader->own_bytes() > 0) check(kRowBytesAtFirst, "pages of " + megabytes(reader->own_bytes()));
    const auto first = reader->next();
    size_t bytes = 0;  // a float32 counted as a float64: what a step makes of it may be one
    if (first)
      for (const Column& column : first->columns()) bytes += column.is_float32() ? 2 * n_bytes(column) : n_bytes(column);
    const size_t row_bytes = std::max<size_t>(first ? bytes / std::max<size_t>(first->n_rows(), 1) : 0, sizeof(double));
    check(row_bytes, "rows of " + std::to_string(row_bytes) + " bytes");
    free_bytes_ = options_.memory_bytes - fixed_bytes;
    const size_t rows = free_bytes_ / 2 / (kCopies * row_bytes);
    reading_.chunk_rows = static_cast<int64_t>(std::min({rows, kMostRows, static_cast<size_t>(options_.reading.chunk_rows)}));
    chunk_bytes_ = static_cast<size_t>(reading_.chunk_rows) * kCopies * row_bytes;
  }

  FittedPreprocessor try_fit() {
    find_target();
    passes_ = std::make_unique<PreprocessorPasses>(config_, !options_.target.empty());
    const int before = n_passes_done_;
    while (passes_->needs_pass()) {
      n_passes_done_ = before + passes_->pass();
      for_each_chunk([&](const Table& chunk) {
        with_limit_told([&] { add(with_target(chunk)); });
        n_passes_ = before + passes_->n_passes() + 1;
      });
      with_limit_told([&] { passes_->end_pass(); });
    }
    return passes_->finish();
  }

  /// Rows that have a target.
  void add(const Table& rows) {
    const std::optional<Target> values = values_of_target(rows);
    passes_->add(without_target(rows), context_, values ? &*values : nullptr);
  }

  /// The target as encoders see it, where some may look at it.
  std::optional<Target> values_of_target(const Table& rows) const {
    if (!sees_target() || rows.n_rows() == 0) return std::nullopt;
    return make_target(conform(rows, target_, Conform::Training), target_, task_, class_names_);
  }
  bool sees_target() const {
    const CategoricalEncoding encoding = config_.categorical_encoding;
    return !options_.target.empty() && (encoding == CategoricalEncoding::Target || encoding == CategoricalEncoding::Auto);
  }

  /// An Error for want of memory says how much was given, and when it was too little.
  template <class Act>
  void with_limit_told(const Act& act) const {
    try {
      act();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::OutOfMemory) throw;
      throw Error(ErrorCode::OutOfMemory,
                  "a memory limit of " + megabytes(options_.memory_bytes) + " is too small for " + input_.name() + ": " + error.message() +
                      ", after " + std::to_string(report_.n_rows_read) + " rows of pass " + std::to_string(n_passes_done_),
                  error.remedy());
    }
  }

  /// What the target's values mean, and so which rows lack one: of texts it takes a pass to tell. Where encoders look at it, its task and
  /// classes take another.
  void find_target() {
    if (options_.target.empty()) return;
    SchemaOptions schema_options;
    schema_options.target = {options_.target};
    SchemaSurvey survey;
    const std::vector<std::string> target{options_.target};
    ReadOptions only_target = reading_;
    only_target.columns = target;
    std::swap(reading_, only_target);
    target_ = {};
    n_passes_done_ = 1;
    bool is_text = true;
    for_each_chunk([&](const Table& chunk) {
      const Table column = chunk.select(target);
      is_text = column.column(0).kind() == ColumnKind::Text;
      survey.add(column);
      return is_text;
    });
    if (!is_text) n_passes_done_ = 0;
    target_ = survey.infer(schema_options);
    if (sees_target()) {
      ++n_passes_done_;
      TargetSurvey values(target_);
      for_each_chunk([&](const Table& chunk) { values.add(conform(with_target(chunk), target_, Conform::Training)); });
      task_ = values.task();
      class_names_ = values.class_names();
    }
    std::swap(reading_, only_target);
  }

  /// The rows that have a target.
  Table with_target(const Table& chunk) const {
    if (options_.target.empty()) return chunk;
    const auto rows = rows_with_target(chunk, target_);
    return rows.size() < chunk.n_rows() ? chunk.take(rows) : chunk;
  }
  /// The features of rows.
  Table without_target(const Table& rows) const {
    return options_.target.empty() ? rows : rows.drop(std::vector<std::string>{options_.target});
  }

  /// Calls see(chunk) for each; one that returns false ends it.
  template <class See>
  void for_each_chunk(const See& see) {
    const auto reader = open_table(input_.path(), reading_, hints_);
    ReadAhead chunks(*reader, *context_.threads);
    FileProgress progress{n_passes_done_, std::max(n_passes_, n_passes_done_), 0, 0};
    const Stopwatch watch;
    report_.n_rows_read = 0;
    for (;;) {
      context_.check();
      const std::optional<Table> chunk = next_of(chunks);
      if (!chunk) return input_.check_unchanged();
      if constexpr (std::is_same_v<decltype(see(*chunk)), bool>) {
        if (!see(*chunk)) return;
      } else {
        see(*chunk);
      }
      report_.n_rows_read += static_cast<int64_t>(chunk->n_rows());
      progress.n_rows = report_.n_rows_read;
      progress.n_passes = std::max(n_passes_, n_passes_done_);
      progress.seconds = watch.seconds();
      check_memory(progress.n_rows);
      if (options_.on_progress) options_.on_progress(progress);
    }
  }

  std::optional<Table> next_of(ReadAhead& chunks) {
    try {
      return chunks.next();
    } catch (const Error& error) {
      is_misfit_ = error.code() == ErrorCode::BadValue && hints_.formats.empty();
      throw;
    }
  }

  size_t used_bytes() const {
    const size_t now = read_memory_state().process_bytes;
    return (now > began_with_ ? now - began_with_ : 0) + std::min(began_with_, kProgramBytes);
  }

  /// `more` is what will be taken yet for what was done so far.
  void check_memory(int64_t n_rows, size_t more = 0) const {
    if (used_bytes() + more <= options_.memory_bytes / 8 * 7) return;
    release_idle_arrays();
    const size_t used = used_bytes() + more;
    if (used <= options_.memory_bytes / 16 * 15) return;  // the next chunk may take somewhat more
    throw Error(ErrorCode::OutOfMemory,
                "a memory limit of " + megabytes(options_.memory_bytes) + " is too small for " + input_.name() + ": " + megabytes(used) +
                    " are needed after " + std::to_string(n_rows) + " rows of pass " + std::to_string(n_passes_done_),
                "Raise the memory limit by " + megabytes(used / 15 * 16 + kMoreToCome - options_.memory_bytes) +
                    " at least, read fewer columns, let categories have fewer levels (max_cardinality), or write CSV.");
  }

  const FilePassOptions& options_;
  const PreprocessorConfig& config_;
  FitContext context_;
  RepeatableInput input_;
  size_t began_with_;
  ReadOptions reading_;
  size_t free_bytes_ = 0;   // of the limit, beside the program and the reader
  size_t chunk_bytes_ = 0;  // what chunks take: while they are read, and while they are worked on
  OpenHints hints_;
  bool is_misfit_ = false;
  Schema target_;
  Task task_ = Task::Regression;
  std::vector<std::string> class_names_;
  std::unique_ptr<PreprocessorPasses> passes_;
  int n_passes_done_ = 0, n_passes_ = 0;
  FilePassReport report_;
  Stopwatch watch_;
};

}  // namespace

void describe(Fields<FilePassReport>& fields) {
  using R = FilePassReport;
  fields.add("rows_read", &R::n_rows_read, "Rows of the source.");
  fields.add("rows_written", &R::n_rows_written, "Rows that were written.");
  fields.add("rows_removed", &R::n_rows_removed, "Training rows that were removed, or had no target.");
  fields.add("passes", &R::n_passes, "How often the source was read.");
  fields.add("chunk_rows", &R::chunk_rows, "Rows that were in memory together.");
  fields.add("seconds", &R::seconds, "Time it took.");
}

FittedPreprocessor fit_file(const std::string& source, const PreprocessorConfig& config, const FilePassOptions& options,
                            const FitContext& context, FilePassReport* report) {
  FilePasses passes(source, std::filesystem::temp_directory_path().string(), config, options, context);
  FittedPreprocessor fitted = passes.fit();
  if (report != nullptr) *report = passes.report();
  return fitted;
}

FittedPreprocessor preprocess_file(const std::string& source, const std::string& destination, const PreprocessorConfig& config,
                                   const FilePassOptions& options, const FitContext& context, FilePassReport* report) {
  const auto writer = create_table(destination, options.output_format);
  std::string folder = std::filesystem::path(destination).parent_path().string();
  if (destination == "-") folder = std::filesystem::temp_directory_path().string();
  FilePasses passes(source, folder.empty() ? "." : folder, config, options, context);
  FittedPreprocessor fitted = passes.fit();
  passes.transform(fitted, *writer);
  writer->close();
  if (report != nullptr) *report = passes.report();
  return fitted;
}

}  // namespace kolosal
