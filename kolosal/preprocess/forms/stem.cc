// Porter's stemmer, with the rules as the paper prints them.
//
// A word is [C](VC)^m[V] in runs C of consonants and V of vowels; m measures how much would be left of it. y is a vowel after a
// consonant. Of the suffixes of a step the longest that the word ends in is tried and no other.
//
// Cost     O(letters).
// Source   Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
// Checked  the paper's examples in terms_test.cc.
#include "kolosal/preprocess/forms/stem.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace kolosal {
namespace {

using Rule = std::pair<std::string_view, std::string_view>;  // a suffix and what comes in its place

constexpr Rule kStep2[] = {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
                           {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
                           {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
                           {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"}};
constexpr Rule kStep3[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""}};
constexpr Rule kStep4[] = {{"al", ""},  {"ance", ""},  {"ence", ""}, {"er", ""},  {"ic", ""},  {"able", ""}, {"ible", ""},
                           {"ant", ""}, {"ement", ""}, {"ment", ""}, {"ent", ""}, {"ion", ""}, {"ou", ""},   {"ism", ""},
                           {"ate", ""}, {"iti", ""},   {"ous", ""},  {"ive", ""}, {"ize", ""}};

class Word {
 public:
  Word(std::string& text, size_t begin) : text_(text), begin_(begin) {}

  void stem() {
    drop_plural();
    drop_past_and_participle();
    if (ends("y") && has_vowel(size() - 1)) text_.back() = 'i';
    replace_longest(kStep2, 0);
    replace_longest(kStep3, 0);
    replace_longest(kStep4, 1);
    drop_last_e();
    if (size() > 1 && measure(size()) > 1 && doubled(size()) && text_.back() == 'l') text_.pop_back();
  }

 private:
  size_t size() const { return text_.size() - begin_; }
  char letter(size_t i) const { return text_[begin_ + i]; }
  bool ends(std::string_view suffix) const { return size() >= suffix.size() && std::string_view(text_).ends_with(suffix); }
  void replace(size_t n_letters, std::string_view with) { text_.replace(text_.size() - n_letters, n_letters, with); }

  bool consonant(size_t i) const {
    size_t n_turns = 0;  // y is a vowel after a consonant and a consonant after a vowel
    for (; i > 0 && letter(i) == 'y'; --i) ++n_turns;
    return (std::string_view("aeiou").find(letter(i)) == std::string_view::npos) == (n_turns % 2 == 0);
  }
  /// m of the first n letters.
  int measure(size_t n) const {
    int m = 0;
    for (size_t i = 1; i < n; ++i) m += !consonant(i - 1) && consonant(i);
    return m;
  }
  bool has_vowel(size_t n) const {
    for (size_t i = 0; i < n; ++i)
      if (!consonant(i)) return true;
    return false;
  }
  /// Whether the first n letters end in a double consonant.
  bool doubled(size_t n) const { return n >= 2 && letter(n - 1) == letter(n - 2) && consonant(n - 1); }
  /// Whether the first n letters end in consonant, vowel, consonant other than w, x, y.
  bool short_end(size_t n) const {
    if (n < 3 || !consonant(n - 3) || consonant(n - 2) || !consonant(n - 1)) return false;
    const char last = letter(n - 1);
    return last != 'w' && last != 'x' && last != 'y';
  }

  void drop_plural() {
    if (ends("sses") || ends("ies")) replace(2, "");
    else if (ends("s") && !ends("ss")) replace(1, "");
  }
  void drop_past_and_participle() {
    if (ends("eed")) {
      if (measure(size() - 3) > 0) replace(1, "");
      return;
    }
    const size_t n_suffix = ends("ed") ? 2 : ends("ing") ? 3 : 0;
    if (n_suffix == 0 || !has_vowel(size() - n_suffix)) return;
    replace(n_suffix, "");
    if (ends("at") || ends("bl") || ends("iz")) text_ += 'e';
    else if (doubled(size()) && !ends("l") && !ends("s") && !ends("z")) text_.pop_back();
    else if (measure(size()) == 1 && short_end(size())) text_ += 'e';
  }
  /// Applies the rule of the longest suffix that the word has where more than `least` is left of it.
  void replace_longest(std::span<const Rule> rules, int least) {
    const Rule* longest = nullptr;
    for (const Rule& rule : rules)
      if (ends(rule.first) && (longest == nullptr || rule.first.size() > longest->first.size())) longest = &rule;
    if (longest == nullptr) return;
    const size_t left = size() - longest->first.size();
    if (measure(left) <= least) return;
    if (longest->first == "ion" && letter(left - 1) != 's' && letter(left - 1) != 't') return;
    replace(longest->first.size(), longest->second);
  }
  void drop_last_e() {
    if (!ends("e")) return;
    const size_t left = size() - 1;
    const int m = measure(left);
    if (m > 1 || (m == 1 && !short_end(left))) text_.pop_back();
  }

  std::string& text_;
  size_t begin_;
};

}  // namespace

void stem_english(std::string& text, size_t begin) {
  const std::string_view word = std::string_view(text).substr(begin);
  if (word.size() < 3 || !std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) return;
  Word(text, begin).stem();
}

}  // namespace kolosal
