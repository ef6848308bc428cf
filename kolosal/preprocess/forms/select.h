// The select form: the columns named, in their order, and no others.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column and its kind in fitting.
struct SelectColumn {
  std::string name;
  ColumnKind kind = ColumnKind::Numeric;
};
void describe(Fields<SelectColumn>& fields);

/// The fitted form "select". A column of another kind is a FeatureMismatch, but numbers, integers and booleans stand in for
/// each other.
std::unique_ptr<FittedTransformer> make_select(std::vector<SelectColumn> columns);

}  // namespace kolosal
