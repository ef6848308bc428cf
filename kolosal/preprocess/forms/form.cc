#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

void require_fitted(bool holds, std::string_view form, std::string_view what) {
  if (!holds) throw Error(ErrorCode::CorruptArtifact, "the fitted form '" + std::string(form) + "' is damaged: " + std::string(what));
}

bool is_number(ColumnKind kind) { return kind == ColumnKind::Numeric || kind == ColumnKind::Integer || kind == ColumnKind::Boolean; }
bool is_moment(ColumnKind kind) { return kind == ColumnKind::Timestamp || kind == ColumnKind::Date; }
bool is_level(ColumnKind kind) { return kind == ColumnKind::Categorical || kind == ColumnKind::Text; }

const Column& needed_column(const Table& table, std::string_view name) {
  if (const Column* column = table.find(name)) return *column;
  throw Error(ErrorCode::FeatureMismatch,
              "feature mismatch: column '" + std::string(name) + "' is missing" + did_you_mean(name, table.names()),
              "Give a table with the columns that were fitted on.");
}

void wrong_column_kind(const Column& column, std::string_view wanted) {
  throw Error(ErrorCode::FeatureMismatch,
              "feature mismatch: column '" + column.name() + "' is " + std::string(enum_name(column.kind())) + " where fitting saw " +
                  std::string(wanted),
              "Give the column the kind that it had in fitting.");
}

std::vector<uint8_t> missing_rows(const Column& column) {
  std::vector<uint8_t> missing(column.size());
  for (size_t row = 0; row < missing.size(); ++row)
    missing[row] = column.is_missing(row) || (column.kind() == ColumnKind::Numeric && std::isnan(column.number(row)));
  return missing;
}

Column number_column(std::string name, std::vector<double> values, const Column& like, Validity validity) {
  if (!(like.kind() == ColumnKind::Numeric && like.is_float32())) return Column::numeric(std::move(name), std::move(values), validity);
  return Column::numeric(std::move(name), std::vector<float>(values.begin(), values.end()), validity);
}

}  // namespace kolosal
