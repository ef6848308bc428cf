#include "kolosal/preprocess/columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/fields.h"

namespace kolosal {

bool holds_numbers(ColumnKind kind) noexcept {
  return kind == ColumnKind::Numeric || kind == ColumnKind::Integer || kind == ColumnKind::Boolean;
}

bool holds_dates(ColumnKind kind) noexcept { return kind == ColumnKind::Timestamp || kind == ColumnKind::Date; }

std::vector<std::string> chosen_columns(const Table& table, const std::vector<std::string>& named, const std::function<bool(ColumnKind)>& applies,
                                        std::string_view transformer) {
  std::vector<std::string> chosen;
  for (const std::string& name : named)
    if (const Column& column = table.column(name); !applies(column.kind()))
      throw Error(ErrorCode::BadValue, std::string(transformer) + " does not apply to column '" + name + "', which is " +
                                           std::string(enum_name(column.kind())));
  if (!named.empty()) return named;
  for (const Column& column : table.columns())
    if (applies(column.kind())) chosen.push_back(column.name());
  return chosen;
}

const Column& needed_column(const Table& table, const std::string& name) {
  if (const Column* column = table.find(name)) return *column;
  throw Error(ErrorCode::FeatureMismatch, "the feature '" + name + "' is not a column of the table", "Pass the columns seen when it was fitted.");
}

Column numbers_like(const Column& source, std::vector<double> values) {
  std::vector<uint8_t> there(values.size());
  for (size_t row = 0; row < values.size(); ++row) there[row] = !std::isnan(values[row]);
  Validity validity = Validity::from_bytes(there);
  if (!source.is_float32() || source.kind() != ColumnKind::Numeric) return Column::numeric(source.name(), std::move(values), std::move(validity));
  return Column::numeric(source.name(), std::vector<float>(values.begin(), values.end()), std::move(validity));
}

Table replaced(const Table& table, Column column) { return table.with_column(std::move(column)); }

WeightedNumbers weighted_numbers(const Column& column, std::span<const double> weights) {
  WeightedNumbers numbers;
  const std::vector<double> all = column.numbers();
  for (size_t row = 0; row < all.size(); ++row) {
    const double weight = weights.empty() ? 1.0 : weights[row];
    if (std::isnan(all[row]) || !(weight > 0)) continue;
    numbers.values.push_back(all[row]);
    numbers.weights.push_back(weight);
    numbers.total += weight;
  }
  return numbers;
}

std::vector<double> quantiles(WeightedNumbers numbers, std::span<const double> shares) {
  if (numbers.values.empty()) return std::vector<double>(shares.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<size_t> order(numbers.values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return numbers.values[i]; });
  // A row stands at the weight before it; the last one at the total less its own weight.
  std::vector<double> found;
  const double span = numbers.total - numbers.weights[order.back()];
  double at = 0;
  size_t i = 0;
  for (const double share : shares) {
    const double wanted = share * span;
    while (i + 1 < order.size() && at + numbers.weights[order[i]] <= wanted) at += numbers.weights[order[i++]];
    const double value = numbers.values[order[i]];
    const double next = i + 1 < order.size() ? numbers.values[order[i + 1]] : value;
    found.push_back(value + (wanted - at) / numbers.weights[order[i]] * (next - value));
  }
  return found;
}

}  // namespace kolosal
