// A file preprocessed into another under a memory limit: the rows are never in memory together.
//
// The source is read several times: passes that fit (PreprocessorPasses), and one that transforms and writes. Chunks are read on a thread
// of their own while those before are worked on. How many rows a chunk has follows from the limit and the width of the rows alone, so the
// same source, limit and configuration give the same bytes on any number of threads.
//
// Cost     O(n_rows) a pass; memory: some chunks, and what the steps learn.
// Checked  preprocess_file_test.cc; tests/scenarios/test_out_of_core.py; benchmarks/out_of_core.py.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kolosal/base/fit_context.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal {

/// Where a run over a file is.
struct FileProgress {
  int pass = 1;        ///< from 1 on; the last one writes
  int n_passes = 1;    ///< as far as is known
  int64_t n_rows = 0;  ///< read in this pass
  double seconds = 0;  ///< since it began
};

/// How a file is read and written in passes.
struct FilePassOptions {
  ReadOptions reading;
  std::string output_format;          ///< as create_table takes it
  std::string target;                 ///< a column that encoders may look at, that passes through unchanged, and whose missing rows are
                                      ///< left out; empty: none
  size_t memory_bytes = 500'000'000;  ///< what the process may use, kProgramBytes of it for the program itself
  /// Called now and then. May be empty.
  std::function<void(const FileProgress&)> on_progress;
};

/// Memory that counts as the program's own: what the process holds at the start, if that is more, is not counted against the limit.
constexpr size_t kProgramBytes = size_t{64} << 20;

/// What was done.
struct FilePassReport {
  int64_t n_rows_read = 0;
  int64_t n_rows_written = 0;
  int64_t n_rows_removed = 0;
  int n_passes = 0;
  int64_t chunk_rows = 0;  ///< rows of a chunk in the last pass
  double seconds = 0;
};
void describe(Fields<FilePassReport>& fields);

/// Fits preprocessing on the rows of a file, or of standard input ("-"), in passes. Throws as read_table and PreprocessorPasses do, and
/// Error(OutOfMemory) where the limit is too small, with the least that works where that is known.
FittedPreprocessor fit_file(const std::string& source, const PreprocessorConfig& config, const FilePassOptions& options,
                            const FitContext& context, FilePassReport* report = nullptr);

/// The same, and writes to `destination` what the training rows become; nothing is there unless all of it is.
FittedPreprocessor preprocess_file(const std::string& source, const std::string& destination, const PreprocessorConfig& config,
                                   const FilePassOptions& options, const FitContext& context, FilePassReport* report = nullptr);

}  // namespace kolosal
