// The hashed text form: a text becomes a fixed number of columns that count its words, pairs of words and, as an option, parts of words
// by their hash.
#pragma once

#include <array>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's hashing.
struct HashedTextColumn {
  std::string name;
  int32_t n_features = 64;     ///< columns that hashes fall into
  int32_t max_words = 2;       ///< words in the longest n-gram; 0: none
  int32_t min_characters = 0;  ///< characters in the shortest and longest n-gram of a word and its blanks; 0: none
  int32_t max_characters = 0;
  bool normalize = true;             ///< the counts of a row get Euclidean length 1
  bool statistics = true;            ///< four columns on length and characters follow
  std::vector<std::string> outputs;  ///< names: n_features, then log_characters, log_words, digit_share, upper_share
};
void describe(Fields<HashedTextColumn>& fields);

/// Names of the columns of statistics, in order.
inline constexpr std::array<std::string_view, 4> kTextStatistics{"log_characters", "log_words", "digit_share", "upper_share"};

/// The fitted form "hashed_text".
std::unique_ptr<FittedTransformer> make_hashed_text(std::vector<HashedTextColumn> columns);

}  // namespace kolosal
