// Fitted form hashed_text: a text becomes counts of its words and word pairs in a fixed number of buckets, and what it looks like.
//
// Words are runs of letters, digits and characters beyond ASCII, ASCII letters in lower case. A word or pair goes to the bucket
// of its hash, with the hash's sign, so that collisions cancel on average; buckets are divided by their norm.
// Source   Weinberger et al., ICML 2009 (feature hashing).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// Gives NAME__length, __words, __digits, __capitals, and NAME__hash0 ... of `n_buckets`.
struct HashedTextForm {
  std::vector<std::string> columns;
  int64_t n_buckets = 32;
  int64_t max_words = 2;  ///< longest run of words that is counted
};
void describe(Fields<HashedTextForm>& fields);

/// The words of a text.
std::vector<std::string> words_of(std::string_view text);

std::unique_ptr<FittedTransformer> make_hashed_text(HashedTextForm form);

}  // namespace kolosal
