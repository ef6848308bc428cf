// The missing flags form: a Boolean column that tells where a value is missing stands in the place of each column.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column and what becomes of it.
struct MissingFlagsColumn {
  std::string name;
  std::string output;  ///< name of the column made; empty: the column goes, and none is made
};
void describe(Fields<MissingFlagsColumn>& fields);

/// The fitted form "missing_flags".
std::unique_ptr<FittedTransformer> make_missing_flags(std::vector<MissingFlagsColumn> columns);

}  // namespace kolosal
