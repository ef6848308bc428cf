#include "cli/model_input.h"

#include <algorithm>

namespace kolosal::cli {

ReadOptions reading_for(const Schema& schema, ReadOptions options) {
  for (const ColumnSchema& column : schema.columns)
    if (column.kind == ColumnKind::Categorical || column.kind == ColumnKind::Text) options.text_columns.push_back(column.name);
  return options;
}

Table empty_like(const Schema& schema) {
  std::vector<Column> columns;
  for (const ColumnSchema& column : schema.columns) {
    switch (column.kind) {
      case ColumnKind::Numeric:
      case ColumnKind::Integer: columns.push_back(Column::numeric(column.name, std::vector<double>())); break;
      case ColumnKind::Boolean: columns.push_back(Column::boolean(column.name, {})); break;
      case ColumnKind::Timestamp: columns.push_back(Column::timestamp(column.name, {})); break;
      case ColumnKind::Date: columns.push_back(Column::date(column.name, {})); break;
      case ColumnKind::Categorical:
      case ColumnKind::Text: columns.push_back(Column::text(column.name, {})); break;
    }
  }
  return Table(std::move(columns));
}

}  // namespace kolosal::cli
