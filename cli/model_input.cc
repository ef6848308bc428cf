#include "cli/model_input.h"

namespace kolosal::cli {

ReadOptions reading_for(const Schema& schema, ReadOptions options) {
  for (const ColumnSchema& column : schema.columns)
    if (column.kind == ColumnKind::Categorical || column.kind == ColumnKind::Text) options.text_columns.push_back(column.name);
  return options;
}

}  // namespace kolosal::cli
