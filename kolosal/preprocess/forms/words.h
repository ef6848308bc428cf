// Words: a UTF-8 text cut into lower-cased words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kolosal {

/// What a text is made of.
struct WordList {
  std::vector<std::string> words;  ///< lower-cased UTF-8
  size_t n_characters = 0;
  size_t n_digits = 0;  ///< 0-9
  size_t n_upper = 0;   ///< letters that have another lower case
};

/// The lower case of a letter that has one (Latin, Greek, Cyrillic, Armenian, full-width); other characters as they are.
char32_t lower_case(char32_t character) noexcept;

/// The words: runs of letters, digits and marks of any script; each Chinese or Japanese character is a word. Bytes that are
/// not UTF-8 part words.
WordList cut_words(std::string_view text);

}  // namespace kolosal
