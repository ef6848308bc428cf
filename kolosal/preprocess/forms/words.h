// Words: a UTF-8 text cut into lower-cased words, and the characters that decide where.
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

/// What next_character gives for a byte that is not UTF-8.
inline constexpr char32_t kNoCharacter = 0xFFFFFFFF;

/// The character that begins at byte `at`, which moves past it; for a byte that begins none kNoCharacter and the next byte.
char32_t next_character(std::string_view text, size_t& at);
/// Adds a character to a text.
void append_utf8(std::string& out, char32_t character);

/// Whether the character is part of words: a letter, digit, mark or underscore.
bool is_word_character(char32_t character) noexcept;
/// Whether the character is a word by itself: Chinese and Japanese.
bool is_word_alone(char32_t character) noexcept;
/// Whether the character is white space in Unicode.
bool is_space(char32_t character) noexcept;

/// The lower case of a letter that has one (Latin, Greek, Cyrillic, Armenian, full-width); other characters as they are.
char32_t lower_case(char32_t character) noexcept;

/// The words: runs of letters, digits and marks of any script; each Chinese or Japanese character is a word. Bytes that are
/// not UTF-8 part words.
WordList cut_words(std::string_view text);

}  // namespace kolosal
