// Terms of a text.
//
// Words are joined by one blank and characters lie side by side, so that every n-gram is a view of the same bytes. Runs of two or
// more white spaces become one blank before characters are taken; a word shorter than an n-gram of `char_wb` counts once, whole.
//
// Cost     O(bytes max_n) a text.
// Checked  terms_test.cc; scikit-learn's CountVectorizer in tests/parity.
#include "kolosal/preprocess/forms/terms.h"

#include <algorithm>

#include "kolosal/preprocess/forms/stem.h"
#include "kolosal/preprocess/forms/words.h"

namespace kolosal {
namespace {

char32_t read_character(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  return lead < 0x80 ? text[at++] : next_character(text, at);
}

void put_character(std::string& out, char32_t c) {
  if (c < 0x80) out += static_cast<char>(c);
  else append_utf8(out, c == kNoCharacter ? 0xFFFD : c);
}

}  // namespace

void describe(Fields<TermRules>& fields) {
  fields.add("analyzer", &TermRules::analyzer, "What n-grams are made of.");
  fields.add("min_n", &TermRules::min_n, "Units in the shortest n-gram.");
  fields.add("max_n", &TermRules::max_n, "Units in the longest n-gram.");
  fields.add("lowercase", &TermRules::lowercase, "Whether texts are lower-cased.");
  fields.add("min_word_length", &TermRules::min_word_length, "Characters in the shortest word.");
  fields.add("stem", &TermRules::stem, "Whether English words are cut back to their stem.");
  fields.add("stop_words", &TermRules::stop_words, "Words that are left out.");
}

bool valid_rules(const TermRules& rules) noexcept {
  return rules.min_n >= 1 && rules.min_n <= rules.max_n && rules.max_n <= kLongestTerm && rules.min_word_length >= 1;
}

std::string_view row_text(const Column& column, size_t row) {
  if (column.kind() == ColumnKind::Text) return column.text(row);
  return (*column.dictionary())[static_cast<size_t>(column.codes()[row])];
}

TermCutter::TermCutter(TermRules rules) : rules_(std::move(rules)), stop_words_(rules_.stop_words.begin(), rules_.stop_words.end()) {}

const std::vector<std::string_view>& TermCutter::cut(std::string_view text, Scratch& scratch) const {
  scratch.bytes.clear();
  scratch.begins.clear();
  scratch.ends.clear();
  scratch.terms.clear();
  // At most three bytes for one (U+FFFD), and a blank on either side of a word: views of the bytes stay where they are.
  scratch.bytes.reserve(3 * text.size() + 3);
  if (rules_.analyzer == TermUnit::Word) {
    cut_into_words(text, scratch);
    add_ngrams(0, scratch, false);
  } else cut_into_characters(text, scratch);
  return scratch.terms;
}

void TermCutter::cut_into_words(std::string_view text, Scratch& scratch) const {
  size_t begin = 0, n_characters = 0;
  const auto finish = [&](bool alone) {
    if (n_characters > 0) add_word(begin, n_characters, alone, scratch);
    begin = scratch.bytes.size();
    n_characters = 0;
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = read_character(text, at);
    const bool alone = is_word_alone(c);
    if (alone || !is_word_character(c)) finish(false);
    if (!is_word_character(c)) continue;
    put_character(scratch.bytes, rules_.lowercase ? lower_case(c) : c);
    ++n_characters;
    if (alone) finish(true);
  }
  finish(false);
}

void TermCutter::add_word(size_t begin, size_t n_characters, bool alone, Scratch& scratch) const {
  std::string& bytes = scratch.bytes;
  const bool too_short = !alone && n_characters < static_cast<size_t>(rules_.min_word_length);
  if (too_short || (!stop_words_.empty() && stop_words_.contains(std::string_view(bytes).substr(begin)))) {
    bytes.resize(begin);
    return;
  }
  if (rules_.stem) stem_english(bytes, begin);
  scratch.begins.push_back(begin);
  scratch.ends.push_back(bytes.size());
  bytes += ' ';
}

void TermCutter::cut_into_characters(std::string_view text, Scratch& scratch) const {
  const auto put = [&](char32_t c) {
    scratch.begins.push_back(scratch.bytes.size());
    put_character(scratch.bytes, c);
    scratch.ends.push_back(scratch.bytes.size());
  };
  const bool by_word = rules_.analyzer == TermUnit::CharWb;
  size_t n_spaces = 0, word = 0;  // spaces just before; where the current word begins in `begins`
  char32_t space = ' ';
  const auto end_word = [&] {
    if (!by_word || scratch.begins.size() == word) return;
    put(' ');
    add_ngrams(word, scratch, true);
    word = scratch.begins.size();
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = read_character(text, at);
    if (is_space(c)) {
      end_word();
      ++n_spaces;
      space = c;
      continue;
    }
    if (!by_word && n_spaces > 0) put(n_spaces == 1 ? space : U' ');
    n_spaces = 0;
    if (by_word && scratch.begins.size() == word) put(' ');
    put(rules_.lowercase ? lower_case(c) : c);
  }
  end_word();
  if (by_word) return;
  if (n_spaces > 0) put(n_spaces == 1 ? space : U' ');
  add_ngrams(0, scratch, false);
}

void TermCutter::add_ngrams(size_t first, Scratch& scratch, bool once) const {
  const size_t n_units = scratch.begins.size() - first;
  const std::string_view bytes = scratch.bytes;
  const auto add = [&](size_t begin, size_t n) {
    const size_t from = scratch.begins[first + begin];
    scratch.terms.push_back(bytes.substr(from, scratch.ends[first + begin + n - 1] - from));
  };
  for (auto n = static_cast<size_t>(rules_.min_n); n <= static_cast<size_t>(rules_.max_n); ++n) {
    if (n > n_units) {
      if (once && n_units > 0) add(0, n_units);
      return;
    }
    for (size_t begin = 0; begin + n <= n_units; ++begin) add(begin, n);
    if (once && n == n_units) return;
  }
}

}  // namespace kolosal
