#include "kolosal/preprocess/transformer.h"

namespace kolosal {

Table FittedTransformer::transform(const Table& table) const {
  static const Threads alone(1);
  return transform(table, alone);
}

Table FittedTransformer::inverse_transform(const Table&) const {
  throw Error(ErrorCode::Unsupported, "the transformation '" + std::string(form()) + "' cannot be undone",
              "Keep the rows as they came, where they are needed.");
}

namespace {

[[noreturn]] void throw_not_by_column(const FittedTransformer& fitted) {
  throw Error(ErrorCode::Unsupported, "the transformation '" + std::string(fitted.form()) + "' does not change each column alone");
}

}  // namespace

std::vector<Column> FittedTransformer::transform_column(const Column&) const { throw_not_by_column(*this); }

Column FittedTransformer::inverse_transform_column(const Column&) const { throw_not_by_column(*this); }

std::pair<std::unique_ptr<FittedTransformer>, Table> Transformer::fit_transform(const TransformerInput& input,
                                                                                const FitContext& context) const {
  auto fitted = fit(input, context);
  const MemoryLease lease = lease_columns(*fitted, input.table.n_rows(), context);
  Table transformed = fitted->transform(input.table, *context.threads);
  return {std::move(fitted), std::move(transformed)};
}

std::optional<std::vector<uint32_t>> ChunkFit::training_rows(const TransformerInput&, const FitContext&) const { return std::nullopt; }

std::optional<std::vector<uint32_t>> Transformer::training_rows(const TransformerInput&, const FitContext&) const { return std::nullopt; }

MemoryLease lease_columns(const FittedTransformer& fitted, size_t n_rows, const FitContext& context) {
  return {context.memory, n_rows * fitted.bytes_a_row(),
          "what the form '" + std::string(fitted.form()) + "' makes of " + std::to_string(n_rows) + " rows"};
}

Value transformer_to_value(const FittedTransformer& fitted) {
  return Value(Value::Object{{"form", Value(fitted.form())}, {"fitted", fitted.to_value()}});
}

std::unique_ptr<FittedTransformer> transformer_from_value(const Value& value) {
  try {
    return transformer_forms().make(value.at("form").as_text())->from_value(value.at("fitted"));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::CorruptArtifact) throw;
    throw Error(ErrorCode::CorruptArtifact, "a fitted transformer cannot be read: " + error.message());
  }
}

}  // namespace kolosal
