// Words of a text.
//
// Case is folded one character to one by the rules of the scripts' blocks in Unicode 15, so no tables are needed. What is not a
// letter, digit or mark in the blocks of Latin punctuation, general punctuation, CJK punctuation and full-width forms parts words.
//
// Cost     O(bytes).
// Checked  text_hash_test.cc, terms_test.cc.
#include "kolosal/preprocess/forms/words.h"

namespace kolosal {
namespace {

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

}  // namespace

char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  if (lead < 0x80) return lead;
  const size_t n_more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || at + n_more > text.size()) return kNoCharacter;
  char32_t c = lead & (0x3FU >> n_more);
  for (size_t i = 0; i < n_more; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return kNoCharacter;
    c = (c << 6) | (byte(at + i) & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (c < kLeast[n_more] || within(c, 0xD800, 0xDFFF) || c > 0x10FFFF) return kNoCharacter;
  at += n_more;
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) put(c);
  else if (c < 0x800) put(0xC0 | (c >> 6)), put(0x80 | (c & 0x3F));
  else if (c < 0x10000) put(0xE0 | (c >> 12)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
  else put(0xF0 | (c >> 18)), put(0x80 | ((c >> 12) & 0x3F)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
}

bool is_word_alone(char32_t c) noexcept {
  return within(c, 0x3040, 0x30FF) || within(c, 0x3400, 0x4DBF) || within(c, 0x4E00, 0x9FFF) || within(c, 0xF900, 0xFAFF) ||
         within(c, 0x20000, 0x3FFFF);
}

bool is_word_character(char32_t c) noexcept {
  if (c < 0x80) return within(c, 'a', 'z') || within(c, 'A', 'Z') || within(c, '0', '9') || c == '_';
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == 0x1680 || c == 0xFEFF || c == 0xFFFD || c == kNoCharacter) return false;
  if (within(c, 0x2000, 0x200B) || within(c, 0x200E, 0x206F) || within(c, 0x20A0, 0x20CF) || within(c, 0x2E00, 0x2E7F)) return false;
  if (within(c, 0x3000, 0x3004) || within(c, 0x3008, 0x303F) || within(c, 0xFE10, 0xFE1F) || within(c, 0xFE30, 0xFE6F)) return false;
  return !(within(c, 0xFF00, 0xFF0F) || within(c, 0xFF1A, 0xFF20) || within(c, 0xFF3B, 0xFF40) || within(c, 0xFF5B, 0xFF65));
}

bool is_space(char32_t c) noexcept {
  if (c < 0x80) return within(c, 0x09, 0x0D) || within(c, 0x1C, 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || within(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

char32_t lower_case(char32_t c) noexcept {
  if (c < 0x80) return within(c, 'A', 'Z') ? c + 32 : c;
  if (within(c, 0xC0, 0xDE)) return c == 0xD7 ? c : c + 32;
  const bool even = c % 2 == 0;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (within(c, 0x100, 0x137) || within(c, 0x14A, 0x177)) return even ? c + 1 : c;
  if (within(c, 0x139, 0x148) || within(c, 0x179, 0x17E)) return even ? c : c + 1;
  if (within(c, 0x391, 0x3AB)) return c == 0x3A2 ? c : c + 32;
  if (c == 0x386) return 0x3AC;
  if (within(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  if (within(c, 0x400, 0x40F)) return c + 80;
  if (within(c, 0x410, 0x42F)) return c + 32;
  if (c == 0x4C0) return 0x4CF;
  if (within(c, 0x4C1, 0x4CE)) return even ? c : c + 1;
  if (within(c, 0x460, 0x481) || within(c, 0x48A, 0x4BF) || within(c, 0x4D0, 0x52F)) return even ? c + 1 : c;
  if (within(c, 0x531, 0x556)) return c + 48;
  if (c == 0x1E9E) return 0xDF;
  if (within(c, 0x1E00, 0x1E95) || within(c, 0x1EA0, 0x1EFF)) return even ? c + 1 : c;
  if (within(c, 0xFF21, 0xFF3A)) return c + 32;
  return c;
}

WordList cut_words(std::string_view text) {
  WordList cut;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) cut.words.push_back(std::move(word));
    word.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    ++cut.n_characters;
    cut.n_digits += within(c, '0', '9');
    const char32_t lower = lower_case(c);
    cut.n_upper += lower != c;
    if (!is_word_character(c)) {
      finish();
      continue;
    }
    if (is_word_alone(c)) finish();
    append_utf8(word, lower);
    if (is_word_alone(c)) finish();
  }
  finish();
  return cut;
}

}  // namespace kolosal
