// The hashed level form: a level adds +1 or -1 to one of a fixed number of columns, which its hash names. Nothing is learnt from the
// levels, so none is unknown.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's hashing.
struct HashedLevelColumn {
  std::string name;
  bool is_signed = true;             ///< half of the levels give -1, so that those that fall together cancel on average
  std::vector<std::string> outputs;  ///< names of the columns made
};
void describe(Fields<HashedLevelColumn>& fields);

/// The column, from 0, that the text of a level sets among `n_outputs`, and its sign: -1 or +1.
std::pair<size_t, float> hashed_place(std::string_view level, size_t n_outputs) noexcept;

/// The fitted form "hashed_level".
std::unique_ptr<FittedTransformer> make_hashed_level(std::vector<HashedLevelColumn> columns);

}  // namespace kolosal
