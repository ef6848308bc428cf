#include "kolosal/preprocess/transformer.h"

namespace kolosal {

Table FittedTransformer::transform(const Table& table) const {
  static const Threads alone(1);
  return transform(table, alone);
}

Table FittedTransformer::inverse_transform(const Table&) const {
  throw Error(ErrorCode::Unsupported, "the transformation '" + std::string(form()) + "' cannot be undone");
}

std::pair<std::unique_ptr<FittedTransformer>, Table> Transformer::fit_transform(const TransformerInput& input,
                                                                                const FitContext& context) const {
  auto fitted = fit(input, context);
  Table transformed = fitted->transform(input.table, *context.threads);
  return {std::move(fitted), std::move(transformed)};
}

std::optional<std::vector<uint32_t>> ChunkFit::training_rows(const TransformerInput&, const FitContext&) const { return std::nullopt; }

std::optional<std::vector<uint32_t>> Transformer::training_rows(const TransformerInput&, const FitContext&) const { return std::nullopt; }

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
