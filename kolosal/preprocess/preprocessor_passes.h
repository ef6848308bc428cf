// PreprocessorPasses: a DataPreprocessor fitted on rows that do not fit into memory together, in passes over chunks of them.
//
//   PreprocessorPasses passes(config);
//   while (passes.needs_pass()) {
//     for (each chunk) passes.add(chunk, context);
//     passes.end_pass();
//   }
//   FittedPreprocessor fitted = passes.finish();
//
// The first pass finds the schema. In each further one every step is fitted that reads no column which a step not yet fitted changes. What
// comes out is what DataPreprocessor::fit makes of all rows together: up to rounding where sums are taken, up to the bounds of
// QuantileSketch where quantiles are. Of more than a few thousand distinct numbers the schema tells an estimate.
//
// Cost     a pass: that of the steps fitted so far on each chunk, and of the statistics of those being fitted. Memory: the statistics.
// Checked  preprocessor_passes_test.cc: equal to the fit of all rows for random chunks and every strategy.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kolosal/base/growing_lease.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/preprocess/pipeline.h"

namespace kolosal {

class PreprocessorPasses {
 public:
  /// `has_target` says that DataPreprocessor would be given a target. Throws Error(Unsupported) where a strategy needs all rows at once;
  /// the message names it. One that is chosen by column for what the rows hold is refused by the end_pass that chooses it.
  explicit PreprocessorPasses(PreprocessorConfig config, bool has_target = false);
  ~PreprocessorPasses();
  PreprocessorPasses(const PreprocessorPasses&) = delete;
  PreprocessorPasses& operator=(const PreprocessorPasses&) = delete;

  /// Whether the rows must be gone through once more before finish().
  bool needs_pass() const noexcept { return !done_; }
  /// The number of the pass under way, from 1 on, and how many there are as far as is known.
  int pass() const noexcept { return pass_; }
  int n_passes() const noexcept { return n_passes_; }
  /// Learns from further training rows, which come in the same order in each pass; where there is a target, with theirs, whose task and
  /// classes are those of all rows. All chunks of all passes have the columns and kinds of the first. Throws as DataPreprocessor::fit
  /// does, and Error(FeatureMismatch) for other columns.
  void add(const Table& chunk, const FitContext& context, const Target* target = nullptr);
  /// All rows have been added. Throws Error(EmptyInput) where there were none, or a step removed all.
  void end_pass();

  /// What was learnt; once no pass is needed.
  FittedPreprocessor finish() const;
  /// What the training rows become, as DataPreprocessor::fit_transform gives them: out of fold where the target was used, so all of them
  /// are asked for in the order in which they were added. `kept_rows` gets the rows of the chunk that are left, nullopt for all; the table
  /// is empty where none are. Once no pass is needed.
  Table transform_training(const Table& chunk, const FitContext& context, const Target* target,
                           std::optional<std::vector<uint32_t>>& kept_rows);

 private:
  struct Step;
  struct Walk;
  /// What steps that are not fitted before a pass change in it.
  struct Changes {
    std::set<std::string> columns;
    bool rows = false;  // a step removes some

    bool reach(const std::vector<const Column*>& read) const;
    void add(const ChunkFit& fit, const std::vector<const Column*>& read);
  };

  void start_survey(size_t n_columns, const FitContext& context);
  void plan();
  bool is_first_pass() const noexcept { return pass_ == 1; }
  void choose_step(Step& step, const Table& table);
  void walk_steps(Walk& walk, const FitContext& context);
  void add_skewness(const Table& conformed, const FitContext& context);
  void end_steps();
  void hold_levels();
  int passes_left(const Table& table) const;

  PreprocessorConfig config_;
  bool has_target_;
  int pass_ = 1, n_passes_ = 1;
  bool done_ = false;
  int64_t n_rows_ = 0;  // of the pass under way

  std::unique_ptr<SchemaSurvey> survey_;  // in the first pass
  std::shared_ptr<MemoryBudget> memory_;  // of the contexts that rows come with
  std::optional<Table> like_;             // columns and kinds of the chunks
  std::shared_ptr<const Schema> schema_;
  GrowingLease schema_lease_;  // for its levels
  std::vector<std::unique_ptr<Step>> steps_;
  std::optional<std::vector<std::string>> skewed_;  // known from the pass that asks for it on
  struct Skewness;
  std::unique_ptr<Skewness> skewness_;

  size_t n_chosen_ = 0;       // steps that were looked at in the pass under way
  Changes changes_;           // by steps before the one looked at
  std::optional<Table> row_;  // a training row that is not removed, as it came
};

}  // namespace kolosal
