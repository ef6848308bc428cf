// What the fitted forms share: reading plain data back, and turning each column into those that stand in its place.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/level_text.h"

namespace kolosal {

/// Throws Error(CorruptArtifact) that names the form unless `holds`.
void require_fitted(bool holds, std::string_view form, std::string_view what);

/// Whether a column has the kind that a form works on.
bool is_number(ColumnKind kind);  ///< Numeric, Integer, Boolean
bool is_moment(ColumnKind kind);  ///< Timestamp, Date
bool is_level(ColumnKind kind);   ///< Categorical, Text

/// The column called `name`. Throws Error(FeatureMismatch) where it is not there.
const Column& needed_column(const Table& table, std::string_view name);
/// Throws Error(FeatureMismatch): the column is of a kind that the form was not fitted on.
[[noreturn]] void wrong_column_kind(const Column& column, std::string_view wanted);

/// 1 for each row that has no value or NaN, else 0.
std::vector<uint8_t> missing_rows(const Column& column);

/// float32 numbers where `like` holds float32, else float64. Missing rows stay missing.
Column number_column(std::string name, std::vector<double> values, const Column& like, Validity validity);

/// Cells from which threads are worth their start.
inline constexpr size_t kWorthThreads = 1 << 14;

/// A form whose fitted state is a list of specs, one for each column it changes. `Spec` is described and has a `name`. The
/// results of a column stand where it stood; other columns pass.
template <Described Spec>
class PerColumnForm : public FittedTransformer {
 public:
  explicit PerColumnForm(std::vector<Spec> specs) : specs_(std::move(specs)) {
    for (size_t i = 0; i < specs_.size(); ++i) by_name_.emplace(specs_[i].name, i);
  }

  Table transform(const Table& table, const Threads& threads) const final {
    for (const Spec& spec : specs_) (void)needed_column(table, spec.name);
    std::vector<std::vector<Column>> made(table.n_columns());
    const auto apply_to = [&](size_t j) {
      const auto found = by_name_.find(table.column(j).name());
      if (found == by_name_.end()) made[j].push_back(table.column(j));
      else made[j] = apply(found->second, table.column(j));
    };
    if (threads.size() > 1 && table.n_rows() * specs_.size() >= kWorthThreads) threads.parallel_each(made.size(), apply_to);
    else
      for (size_t j = 0; j < made.size(); ++j) apply_to(j);
    std::vector<Column> columns;
    columns.reserve(made.size());
    for (std::vector<Column>& of_column : made) std::ranges::move(of_column, std::back_inserter(columns));
    return Table(std::move(columns));
  }

  /// Each spec's output columns become the column they were made from again, where the first of them stood.
  Table inverse_transform(const Table& table) const final {
    if (!invertible()) return FittedTransformer::inverse_transform(table);
    std::unordered_map<std::string, Column> undone;
    std::unordered_map<std::string, bool> dropped;
    for (size_t i = 0; i < specs_.size(); ++i) {
      std::vector<Column> made;
      for (const std::string& name : outputs(i)) made.push_back(needed_column(table, name));
      if (made.empty()) return FittedTransformer::inverse_transform(table);
      for (const Column& column : made) dropped.emplace(column.name(), true);
      undone.emplace(made.front().name(), undo(i, made));
    }
    std::vector<Column> columns;
    for (const Column& column : table.columns()) {
      if (const auto found = undone.find(column.name()); found != undone.end()) columns.push_back(found->second);
      else if (!dropped.contains(column.name())) columns.push_back(column);
    }
    return Table(std::move(columns));
  }

  std::vector<Column> transform_column(const Column& column) const final { return apply(place_of(column), column); }

  Column inverse_transform_column(const Column& column) const final {
    if (!invertible()) (void)FittedTransformer::inverse_transform(Table({column}));
    return undo(place_of(column), {column});
  }

  size_t bytes_a_row() const final {
    size_t bytes = 0;
    for (size_t i = 0; i < specs_.size(); ++i) bytes += bytes_of(i);
    return bytes;
  }

  Value to_value() const final {
    Value::List columns;
    for (const Spec& spec : specs_) columns.push_back(kolosal::to_value(spec));
    return Value(Value::Object{{"columns", Value(std::move(columns))}});
  }

  /// What was fitted, one a column.
  const std::vector<Spec>& specs() const noexcept { return specs_; }

 protected:
  /// The columns that stand in place of `column`, which spec number i is for.
  virtual std::vector<Column> apply(size_t i, const Column& column) const = 0;
  /// Bytes that a row of those columns takes, at most.
  virtual size_t bytes_of(size_t) const { return sizeof(double); }
  /// The names of those columns, in order, and the way back from them. Only asked for where invertible().
  virtual std::vector<std::string> outputs(size_t i) const { return {specs_[i].name}; }
  virtual Column undo(size_t, const std::vector<Column>& made) const { return made.front(); }

 private:
  size_t place_of(const Column& column) const {
    const auto found = by_name_.find(column.name());
    if (found == by_name_.end())
      throw Error(ErrorCode::FeatureMismatch, "feature mismatch: column '" + column.name() + "' was not seen in fitting");
    return found->second;
  }

  std::vector<Spec> specs_;
  std::unordered_map<std::string, size_t> by_name_;
};

/// Reads the specs of a PerColumnForm back. Throws Error(CorruptArtifact) on anything that to_value does not write.
template <Described Spec>
std::vector<Spec> specs_from_value(const Value& value, std::string_view form) {
  std::vector<Spec> specs;
  try {
    for (const Value& column : value.at("columns").as_list()) {
      specs.push_back(from_value<Spec>(column, form));
      require_fitted(!specs.back().name.empty(), form, "a column has no name");
    }
  } catch (const Error& error) {
    require_fitted(error.code() == ErrorCode::CorruptArtifact, form, error.message());
    throw;
  }
  return specs;
}

}  // namespace kolosal
