// Transformer: a recipe that learns from a table how to change it. `fit` is const and returns an immutable FittedTransformer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/base/value.h"
#include "kolosal/table/table.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What a transformer learnt. Safe to share between threads. One of a handful of neutral forms (forms/).
class FittedTransformer {
 public:
  virtual ~FittedTransformer() = default;

  /// Name of the form in `transformer_forms()`.
  virtual std::string_view form() const = 0;
  /// Changes the columns it was fitted on; other columns pass unchanged, in place. Rows keep their number and order.
  /// Throws Error(FeatureMismatch) where a column it needs is not there or of another kind.
  Table transform(const Table& table) const;
  /// The same with loops on `threads`; their number changes nothing.
  virtual Table transform(const Table& table, const Threads& threads) const = 0;
  /// Whether inverse_transform works.
  virtual bool invertible() const { return false; }
  /// Undoes `transform` as far as it can be undone; throws Error(Unsupported) where it cannot.
  virtual Table inverse_transform(const Table& table) const;
  /// What one column alone becomes and was, whatever its number of rows. Throw Error(Unsupported) where columns depend on one another.
  virtual std::vector<Column> transform_column(const Column& column) const;
  virtual Column inverse_transform_column(const Column& column) const;
  /// Bytes a row of the columns that `transform` makes, at most; columns that pass take none.
  virtual size_t bytes_a_row() const = 0;
  virtual Value to_value() const = 0;
};

/// Rows to fit on: target and weights may be absent.
struct TransformerInput {
  const Table& table;
  const Target* target = nullptr;
  std::span<const double> weights = {};
};

/// Training rows that come in chunks and become something else than other rows do, as fit_transform says: they are encoded out of fold.
class OutOfFoldRows {
 public:
  virtual ~OutOfFoldRows() = default;
  /// Learns from the rows that the ChunkFit was given, in the same order, chunked in any way.
  virtual void add(const TransformerInput& chunk, const FitContext& context) = 0;
  /// What they become, once all were added: asked for in the same order again.
  virtual Table transform(const TransformerInput& chunk, const FitContext& context) = 0;
};

/// A fit that is given its rows chunk by chunk, and keeps only what it needs of them.
class ChunkFit {
 public:
  virtual ~ChunkFit() = default;
  /// Learns from further rows. Every chunk has the columns and kinds of the first, else Error(FeatureMismatch); one without rows
  /// changes nothing. Throws also as `fit` does, and Error(OutOfMemory) where what it keeps exceeds the context's budget.
  virtual void add(const TransformerInput& chunk, const FitContext& context) = 0;
  /// What the rows so far teach: what `fit` learns from all of them together, up to rounding where sums are taken and up to a bounded
  /// error of rank where quantiles are. Throws Error(EmptyInput) where there were none.
  virtual std::unique_ptr<FittedTransformer> finish() const = 0;
  /// What is known of each column so far beyond what the transformer keeps, as {"columns": [...]}; null where that is nothing.
  virtual Value seen() const { return {}; }
  /// False where the rows of the first chunk teach all there is.
  virtual bool needs_all_rows() const { return true; }
  /// The columns of a chunk with rows that the transformer reads or changes. Throws as `add` does.
  virtual std::vector<const Column*> columns(const TransformerInput& chunk) const = 0;
  /// Whether training rows may be removed, and which rows of a chunk then go on: asked after all rows were seen, or where the first chunk
  /// teaches all, after that. As Transformer::training_rows.
  virtual bool removes_rows() const { return false; }
  virtual std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& chunk, const FitContext& context) const;
  /// What encodes the training rows, once all were added; nullptr where they become what other rows do.
  virtual std::unique_ptr<OutOfFoldRows> start_training_rows() const { return nullptr; }
};

class Transformer {
 public:
  virtual ~Transformer() = default;

  /// Learns from the columns it applies to.
  virtual std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const = 0;
  /// What the training rows become. Differs from fit + transform where the target is used: those rows are then encoded
  /// out of fold, so that no row sees its own target. Throws Error(OutOfMemory) before columns are made that the context's budget has no
  /// room for.
  virtual std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                             const FitContext& context) const;
  /// The training rows that go on, in ascending order; nullopt means all. Who trains takes these rows of table, target and weights and
  /// calls fit_transform on them; fitted transformers never remove rows.
  virtual std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& input, const FitContext& context) const;
  /// A fit by chunks, for rows that do not fit into memory together; nullptr where all rows are needed at once. The transformer must
  /// outlive it.
  virtual std::unique_ptr<ChunkFit> start_chunks() const { return nullptr; }
};

/// One neutral fitted form: how to read it back. Throws Error(CorruptArtifact) where the value is not one it can have written.
class TransformerForm {
 public:
  virtual ~TransformerForm() = default;
  /// The transformer that `to_value` described.
  virtual std::unique_ptr<FittedTransformer> from_value(const Value& value) const = 0;
};

extern template class Catalog<Transformer>;
extern template class Catalog<TransformerForm>;

/// Every transformer there is: "impute", "standard_scale", "one_hot", "target_encode", ...
const Catalog<Transformer>& transformers();
/// Every fitted form there is.
const Catalog<TransformerForm>& transformer_forms();

/// Holds what `fitted` makes of so many rows from the context's budget. Throws Error(OutOfMemory) where it has no room for them.
MemoryLease lease_columns(const FittedTransformer& fitted, size_t n_rows, const FitContext& context);

/// {"form": name, "fitted": to_value()} and back.
Value transformer_to_value(const FittedTransformer& fitted);
/// Throws Error(CorruptArtifact) where the value is not one that transformer_to_value gave.
std::unique_ptr<FittedTransformer> transformer_from_value(const Value& value);

}  // namespace kolosal
