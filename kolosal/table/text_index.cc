// The index of texts.
//
// Cost     one hash (a multiplication up to 16 bytes, then one for each 8) and mostly one slot a text; 24 bytes a slot and 16 a text of
//          memory.
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

constexpr uint64_t kFirst = 0x9E3779B97F4A7C15, kSecond = 0xD6E8FEB86659FD93;
constexpr size_t kMostInSlot = 16;
constexpr size_t kManyTexts = size_t{1} << 16;  // their slots are in no cache anyway

}  // namespace

TextIndex::TextIndex(size_t n_expected) : slots_(std::bit_ceil((n_expected > kManyTexts ? 2 : 4) * n_expected + 16)) {
  texts_.reserve(n_expected);
}

[[gnu::always_inline]] inline TextIndex::Key TextIndex::key_of(std::string_view text) noexcept {
  const char* bytes = text.data();
  const size_t n = text.size();
  if (n > kMostInSlot) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + 8 < n; i += 8) hash = folded(hash ^ word_at<uint64_t>(bytes + i), kSecond);
    return {hash, word_at<uint64_t>(bytes + n - 8), n};
  }
  if (n >= 8) return {word_at<uint64_t>(bytes), word_at<uint64_t>(bytes + n - 8), n};
  if (n >= 4) return {word_at<uint32_t>(bytes), word_at<uint32_t>(bytes + n - 4), n};
  if (n == 0) return {};
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])); };
  return {byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16, 0, n};
}

[[gnu::always_inline]] inline uint64_t TextIndex::hash_of(const Key& key) noexcept {
  return folded(key.first ^ kFirst, key.second ^ kSecond ^ key.length * kFirst);
}

/// The slot that holds the text, or the empty one where it would go.
[[gnu::always_inline]] inline size_t TextIndex::place_of(std::string_view text, const Key& key) const noexcept {
  const size_t mask = slots_.size() - 1;
  size_t place = hash_of(key) & mask;
  while (true) {
    const Slot& slot = slots_[place];
    if (slot.number < 0) return place;
    if (slot.first == key.first && slot.second == key.second && slot.length == static_cast<uint32_t>(key.length)) {
      if (key.length <= kMostInSlot || texts_[static_cast<size_t>(slot.number)] == text) return place;
    }
    place = (place + 1) & mask;
  }
}

int32_t TextIndex::find(std::string_view text) const noexcept { return slots_[place_of(text, key_of(text))].number; }

int32_t TextIndex::add(std::string_view text) {
  const Key key = key_of(text);
  const int32_t number = slots_[place_of(text, key)].number;
  return number >= 0 ? number : insert(text, key);
}

/// Gives a new text its number; the table is doubled where it is too full.
[[gnu::noinline]] int32_t TextIndex::insert(std::string_view text, const Key& key) {
  if ((texts_.size() < kManyTexts ? 4 : 2) * (texts_.size() + 1) > slots_.size()) {
    std::vector<Slot> former(2 * slots_.size());
    former.swap(slots_);
    const size_t mask = slots_.size() - 1;
    for (const Slot& slot : former) {
      if (slot.number < 0) continue;
      size_t place = hash_of({slot.first, slot.second, texts_[static_cast<size_t>(slot.number)].size()}) & mask;
      while (slots_[place].number >= 0) place = (place + 1) & mask;
      slots_[place] = slot;
    }
  }
  const auto number = static_cast<int32_t>(texts_.size());
  slots_[place_of(text, key)] = {key.first, key.second, static_cast<uint32_t>(key.length), number};
  texts_.push_back(text);
  return number;
}

}  // namespace kolosal
