// Pipeline: from a conformed table to the FeatureMatrix that a learner takes, chosen by column kind and the learner's needs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/feature_matrix.h"
#include "kolosal/table/schema.h"

namespace kolosal {

/// One step: a transformer of the catalog with its parameters (which may name the columns it applies to).
struct PipelineStep {
  std::string transformer;
  Value parameters;
};
void describe(Fields<PipelineStep>& fields);

/// Steps fitted one after the other, and what the training rows became.
struct FittedSteps {
  std::vector<std::unique_ptr<FittedTransformer>> steps;
  Table table;                                ///< the training rows that are left, transformed
  std::optional<std::vector<uint32_t>> rows;  ///< which rows of the input those are; nullopt: all
  std::vector<int64_t> n_removed_rows;        ///< how many each step removed; empty where none removed any
};

/// Fits each step on what the steps before left and made of the rows. Step i draws under the seed derived from the context's for
/// `purpose` and i. Throws Error(EmptyInput) where a step leaves no row.
FittedSteps fit_steps(const std::vector<PipelineStep>& steps, const TransformerInput& input, const FitContext& context,
                      std::string_view purpose);

/// Fitted steps, ending in a FeatureMatrix. Immutable.
class FittedPipeline {
 public:
  FittedPipeline(std::vector<std::unique_ptr<FittedTransformer>> steps, std::vector<Feature> features,
                 std::vector<int64_t> n_removed_rows = {});
  ~FittedPipeline();
  FittedPipeline(FittedPipeline&&) noexcept;
  FittedPipeline& operator=(FittedPipeline&&) noexcept;

  /// The matrix for rows of a table that conform() returned. Throws Error(FeatureMismatch).
  FeatureMatrix transform(const Table& table) const;
  /// The same on `threads`; their number changes nothing.
  FeatureMatrix transform(const Table& table, const Threads& threads) const;
  const std::vector<Feature>& features() const noexcept { return features_; }
  /// How many training rows each step removed; empty where none did.
  const std::vector<int64_t>& n_removed_rows() const noexcept { return n_removed_rows_; }
  /// Everything needed to make the pipeline again, and back. Throws Error(CorruptArtifact).
  Value to_value() const;
  static FittedPipeline from_value(const Value& value);

 private:
  std::vector<std::unique_ptr<FittedTransformer>> steps_;
  std::vector<Feature> features_;
  std::vector<int64_t> n_removed_rows_;
};

/// The steps that bring columns of these kinds to what a learner with these needs takes, for this many rows and this task:
/// trees get numbers, category codes and date parts as they are; linear models and neighbours get imputed, scaled numbers
/// with missing indicators, one-hot for few levels and out-of-fold target encoding for many; text becomes hashed n-grams.
std::vector<PipelineStep> plan_pipeline(const Schema& schema, const FeatureNeeds& needs, size_t n_rows, Task task);

/// Fits the steps in order and returns the training rows' matrix with them (out of fold where the target was used). Steps may remove
/// training rows: `kept_rows` then tells which rows of the input the matrix has, and is nullopt where it has all. Throws
/// Error(Unsupported) where a step removes rows and `kept_rows` is null, since target and weights would no longer fit the matrix.
std::pair<FittedPipeline, FeatureMatrix> fit_pipeline(const std::vector<PipelineStep>& steps, const TransformerInput& input,
                                                      const FitContext& context, std::optional<std::vector<uint32_t>>* kept_rows = nullptr);

/// The columns of a table as a matrix: numbers, booleans and integers as they are, categories as codes. Throws
/// Error(FeatureMismatch) where a text or date column is left.
FeatureMatrix to_feature_matrix(const Table& table);

}  // namespace kolosal
