// The index of texts.
//
// Cost     one hash (8 bytes a multiplication) and mostly one comparison a text; 8 bytes a slot and 16 a text of memory.
// Source   the folded multiplication of wyhash (Wang Yi); linear probing (Knuth, TAOCP 3, 6.4).
// Checked  text_index_test.cc: against std::map on random texts.
#include "kolosal/table/text_index.h"

#include <bit>
#include <cstring>

namespace kolosal {
namespace {

__extension__ using uint128 = unsigned __int128;

template <class Word>
uint64_t word_at(const char* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t folded(uint64_t a, uint64_t b) noexcept {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t hash_of(std::string_view text) noexcept {
  constexpr uint64_t kFirst = 0x9E3779B97F4A7C15, kSecond = 0xD6E8FEB86659FD93;
  const char* bytes = text.data();
  size_t n = text.size();
  uint64_t hash = n * kFirst;
  for (; n > 8; n -= 8, bytes += 8) hash = folded(hash ^ word_at<uint64_t>(bytes), kSecond);
  uint64_t last = 0;
  if (n >= 4) last = word_at<uint32_t>(bytes) << 32 | word_at<uint32_t>(bytes + n - 4);
  else
    for (size_t i = 0; i < n; ++i) last = last << 8 | static_cast<unsigned char>(bytes[i]);
  return folded(hash ^ last, kFirst | 1);
}

/// Two texts of one length; without a call where they are short.
bool same_bytes(const char* a, const char* b, size_t n) noexcept {
  if (n > 16) return std::memcmp(a, b, n) == 0;
  if (n >= 8) return ((word_at<uint64_t>(a) ^ word_at<uint64_t>(b)) | (word_at<uint64_t>(a + n - 8) ^ word_at<uint64_t>(b + n - 8))) == 0;
  if (n >= 4) return ((word_at<uint32_t>(a) ^ word_at<uint32_t>(b)) | (word_at<uint32_t>(a + n - 4) ^ word_at<uint32_t>(b + n - 4))) == 0;
  for (size_t i = 0; i < n; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace

TextIndex::TextIndex(size_t n_expected) : slots_(std::bit_ceil(2 * n_expected + 16)) { texts_.reserve(n_expected); }

/// The slot that holds the text, or the empty one where it would go.
size_t TextIndex::place_of(std::string_view text, uint64_t hash) const noexcept {
  const size_t mask = slots_.size() - 1;
  const auto tag = static_cast<uint32_t>(hash >> 32);
  size_t place = hash & mask;
  while (true) {
    const Slot slot = slots_[place];
    if (slot.number < 0) return place;
    if (slot.tag == tag) {
      const std::string_view known = texts_[static_cast<size_t>(slot.number)];
      if (known.size() == text.size() && same_bytes(known.data(), text.data(), text.size())) return place;
    }
    place = (place + 1) & mask;
  }
}

int32_t TextIndex::find(std::string_view text) const noexcept { return slots_[place_of(text, hash_of(text))].number; }

int32_t TextIndex::add(std::string_view text) {
  const uint64_t hash = hash_of(text);
  size_t place = place_of(text, hash);
  if (slots_[place].number >= 0) return slots_[place].number;
  if (2 * (texts_.size() + 1) > slots_.size()) {
    grow();
    place = place_of(text, hash);
  }
  slots_[place] = {static_cast<uint32_t>(hash >> 32), static_cast<int32_t>(texts_.size())};
  texts_.push_back(text);
  return slots_[place].number;
}

void TextIndex::grow() {
  slots_.assign(2 * slots_.size(), Slot{});
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < texts_.size(); ++i) {
    const uint64_t hash = hash_of(texts_[i]);
    size_t place = hash & mask;
    while (slots_[place].number >= 0) place = (place + 1) & mask;
    slots_[place] = {static_cast<uint32_t>(hash >> 32), static_cast<int32_t>(i)};
  }
}

}  // namespace kolosal
