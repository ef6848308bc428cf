// What the tests of preprocessing share: making transformers, small columns, and reading numbers out of tables.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/preprocess/transformer.h"

namespace kolosal::preprocess_test {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Codes into the levels given; -1 is missing.
inline Column category(std::string name, std::vector<int32_t> codes, std::vector<std::string> levels) {
  return Column::categorical(std::move(name), std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)));
}

/// Integers with rows missing where `there` is 0.
inline Column integers(std::string name, std::vector<int64_t> values, std::vector<uint8_t> there = {}) {
  return Column::integer(std::move(name), std::move(values), Validity::from_bytes(there));
}

inline Target regression(std::vector<double> values) {
  Target target;
  target.n_rows = values.size();
  target.values = std::move(values);
  return target;
}

inline Target binary(std::vector<double> values) {
  Target target = regression(std::move(values));
  target.task = Task::Binary;
  target.class_names = {"no", "yes"};
  return target;
}

inline FitContext with_threads(int n_threads) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  return context;
}

inline std::unique_ptr<FittedTransformer> fitted(std::string_view name, const Value& parameters, const TransformerInput& input) {
  return transformers().make(name, parameters)->fit(input, with_threads(1));
}

/// The table after the transformer was fitted on it.
inline Table transformed(std::string_view name, const Value& parameters, const TransformerInput& input) {
  return transformers().make(name, parameters)->fit_transform(input, with_threads(1)).second;
}

inline Value object(Value::Object members) { return Value(std::move(members)); }
inline Value list(Value::List members) { return Value(std::move(members)); }

/// Everything a table holds, as text: equal texts mean equal tables.
inline std::string content(const Table& table) {
  std::string text;
  for (const Column& column : table.columns()) {
    text += column.name() + ":" + std::to_string(static_cast<int>(column.kind())) + (column.is_float32() ? "f" : "");
    for (size_t row = 0; row < column.size(); ++row) text += "," + (column.is_missing(row) ? "(missing)" : column.display(row));
    text += "\n";
  }
  return text;
}

}  // namespace kolosal::preprocess_test
