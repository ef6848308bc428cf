#include "kolosal/table/text_weights.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kFirstBlock = 1024, kMostBlock = size_t{1} << 18;

uint32_t hash_of(std::string_view text) noexcept {
  const uint64_t hash = std::hash<std::string_view>()(text);
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

/// Slots for so many texts.
size_t slots_for(size_t n_texts, size_t n_slots) noexcept {
  n_slots = std::max(n_slots, kFirstSlots);
  while (4 * n_texts > 3 * n_slots) n_slots *= 2;
  return n_slots;
}

}  // namespace

size_t TextWeights::place_of(std::string_view text, uint32_t hash) const noexcept {
  const size_t mask = slots_.size() - 1;
  for (size_t place = hash & mask;; place = (place + 1) & mask) {
    const uint32_t number = slots_[place];
    if (number == 0) return place;
    if (entry(number - 1).hash == hash && this->text(number - 1) == text) return place;
  }
}

size_t TextWeights::find(std::string_view text) const noexcept {
  if (slots_.empty()) return kNone;
  const uint32_t number = slots_[place_of(text, hash_of(text))];
  return number == 0 ? kNone : number - 1;
}

size_t TextWeights::add(std::string_view text, double weight) {
  const uint32_t hash = hash_of(text);
  if (const size_t n_slots = slots_for(n_ + 1, slots_.size()); n_slots > slots_.size()) place_anew(n_slots);
  const size_t place = place_of(text, hash);
  if (slots_[place] != 0) {
    entry(slots_[place] - 1).weight += weight;
    return slots_[place] - 1;
  }
  if (n_ == ~uint32_t{0} || text.size() > ~uint32_t{0})
    throw Error(ErrorCode::OutOfMemory, "a column has more distinct texts, or a longer one, than can be told apart",
                "Leave the column out.");
  if (n_ == kTogether * entries_.size()) entries_.push_back(std::make_unique_for_overwrite<Entry[]>(kTogether));
  entry(n_) = {keep(text), static_cast<uint32_t>(text.size()), hash, weight};
  slots_[place] = static_cast<uint32_t>(++n_);
  return n_ - 1;
}

void TextWeights::place_anew(size_t n_slots) {
  slots_ = {};  // before the new ones: the numbers stand in the entries
  slots_.resize(n_slots);
  const size_t mask = n_slots - 1;
  for (size_t number = 0; number < n_; ++number) {
    size_t place = entry(number).hash & mask;
    while (slots_[place] != 0) place = (place + 1) & mask;
    slots_[place] = static_cast<uint32_t>(number + 1);
  }
}

const char* TextWeights::keep(std::string_view text) {
  if (blocks_.empty() || text.size() > left_) {
    left_ = std::max(text.size(), std::clamp(held_, kFirstBlock, kMostBlock));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    next_ = blocks_.back().get();
    held_ += left_;
  }
  char* const end = next_;
  std::memcpy(end, text.data(), text.size());
  next_ += text.size();
  left_ -= text.size();
  text_bytes_ += text.size();
  return end;
}

size_t TextWeights::bytes_with(size_t n_texts, size_t n_bytes) const noexcept {
  const size_t n = n_ + n_texts;
  return held_ + n_bytes + kMostBlock + (n + kTogether) * sizeof(Entry) + slots_for(n, slots_.size()) * sizeof(uint32_t);
}

}  // namespace kolosal
