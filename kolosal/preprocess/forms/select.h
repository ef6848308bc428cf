// The select form: the columns named, in their order, and no others; or all columns but those dropped.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column and its kind in fitting.
struct SelectColumn {
  std::string name;
  ColumnKind kind = ColumnKind::Numeric;
};
void describe(Fields<SelectColumn>& fields);

/// One column that is left out, and why.
struct DroppedColumn {
  std::string name;
  std::string reason;
};
void describe(Fields<DroppedColumn>& fields);

/// The fitted form "select": the columns named, in their order, and no others. A column of another kind is a FeatureMismatch, but
/// numbers, integers and booleans stand in for each other.
std::unique_ptr<FittedTransformer> make_select(std::vector<SelectColumn> columns);

/// The same form where it leaves columns out: those dropped go, whether a table has them or not; all others pass in place, and those
/// of `kept` have to be there, as above.
std::unique_ptr<FittedTransformer> make_drop(std::vector<SelectColumn> kept, std::vector<DroppedColumn> dropped);

}  // namespace kolosal
