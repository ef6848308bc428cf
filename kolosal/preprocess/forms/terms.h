// Terms: the n-grams of words or of characters that a text is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/table/column.h"

namespace kolosal {

/// What n-grams are made of.
enum class TermUnit {
  Word,
  Char,    ///< characters, also across words
  CharWb,  ///< characters of one word with a blank before and after it
};

constexpr auto enum_names(TermUnit) {
  return std::to_array<std::pair<TermUnit, std::string_view>>(
      {{TermUnit::Word, "word"}, {TermUnit::Char, "char"}, {TermUnit::CharWb, "char_wb"}});
}

/// The longest n-gram there may be.
inline constexpr int32_t kLongestTerm = 16;

/// How a text is cut into terms.
struct TermRules {
  TermUnit analyzer = TermUnit::Word;
  int32_t min_n = 1;  ///< units in the shortest and in the longest n-gram, 1 <= min_n <= max_n <= kLongestTerm
  int32_t max_n = 1;
  bool lowercase = true;
  int32_t min_word_length = 2;          ///< characters; Chinese and Japanese ones are words by themselves whatever it is
  bool stem = false;                    ///< English words are cut back to their stem
  std::vector<std::string> stop_words;  ///< words that are left out before n-grams are made
};
void describe(Fields<TermRules>& fields);

/// Whether the numbers are in range.
bool valid_rules(const TermRules& rules) noexcept;

/// The text of a row of a text or categorical column that is not missing there.
std::string_view row_text(const Column& column, size_t row);

/// Hashes texts and views of texts alike, so that a map of texts can be asked for a view.
struct TextHasher {
  using is_transparent = void;
  size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// Cuts texts by rules. Immutable; each thread brings its own Scratch.
class TermCutter {
 public:
  /// Memory to work in, and the terms that were cut last.
  struct Scratch {
    std::string bytes;  ///< the text as it is compared
    std::vector<size_t> begins, ends;
    std::vector<std::string_view> terms;  ///< into `bytes`
  };

  explicit TermCutter(TermRules rules);
  /// Every occurrence of every term. The views hold until `scratch` is used again. Bytes that are not UTF-8 part words and
  /// count as the character U+FFFD.
  const std::vector<std::string_view>& cut(std::string_view text, Scratch& scratch) const;

 private:
  void cut_into_words(std::string_view text, Scratch& scratch) const;
  void add_word(size_t begin, size_t n_characters, bool alone, Scratch& scratch) const;
  void cut_into_characters(std::string_view text, Scratch& scratch) const;
  void add_ngrams(size_t first, Scratch& scratch, bool once) const;

  TermRules rules_;
  std::unordered_set<std::string, TextHasher, std::equal_to<>> stop_words_;
};

}  // namespace kolosal
