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
  virtual Value to_value() const = 0;
};

/// Rows to fit on: target and weights may be absent.
struct TransformerInput {
  const Table& table;
  const Target* target = nullptr;
  std::span<const double> weights = {};
};

class Transformer {
 public:
  virtual ~Transformer() = default;

  /// Learns from the columns it applies to.
  virtual std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const = 0;
  /// What the training rows become. Differs from fit + transform where the target is used: those rows are then encoded
  /// out of fold, so that no row sees its own target.
  virtual std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                             const FitContext& context) const;
  /// The training rows that go on, in ascending order; nullopt means all. Who trains takes these rows of table, target and weights and
  /// calls fit_transform on them; fitted transformers never remove rows.
  virtual std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& input, const FitContext& context) const;
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

/// {"form": name, "fitted": to_value()} and back.
Value transformer_to_value(const FittedTransformer& fitted);
/// Throws Error(CorruptArtifact) where the value is not one that transformer_to_value gave.
std::unique_ptr<FittedTransformer> transformer_from_value(const Value& value);

}  // namespace kolosal
