// TextWeights: distinct texts, each with a weight that adds up, in little memory: it owns the texts' bytes.
//
// Cost     one hash and mostly one slot a call; beside the bytes about 40 a text. Nothing is copied as it grows but slots of 4 bytes.
// Checked  text_weights_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace kolosal {

class TextWeights {
 public:
  static constexpr size_t kNone = ~size_t{0};

  /// Texts, numbered in the order in which they were added.
  size_t size() const noexcept { return n_; }
  std::string_view text(size_t number) const noexcept { return {entry(number).bytes, entry(number).length}; }
  double weight(size_t number) const noexcept { return entry(number).weight; }

  /// The number of a text, kNone where it was not added.
  size_t find(std::string_view text) const noexcept;
  /// Adds to the weight of a text; its number.
  size_t add(std::string_view text, double weight);
  /// Bytes of the texts alone, and of all memory once so many further texts are added, of so many bytes together.
  size_t text_bytes() const noexcept { return text_bytes_; }
  size_t bytes_with(size_t n_texts, size_t n_bytes) const noexcept;

 private:
  struct Entry {
    const char* bytes;
    uint32_t length;
    uint32_t hash;
    double weight;
  };

  static constexpr size_t kTogether = 256;
  const Entry& entry(size_t number) const noexcept { return entries_[number / kTogether][number % kTogether]; }
  Entry& entry(size_t number) noexcept { return entries_[number / kTogether][number % kTogether]; }
  size_t place_of(std::string_view text, uint32_t hash) const noexcept;
  void place_anew(size_t n_slots);
  const char* keep(std::string_view text);

  size_t n_ = 0;
  std::vector<std::unique_ptr<Entry[]>> entries_;  // kTogether in each, which do not move as there come to be more
  std::vector<uint32_t> slots_;  // numbers from 1 on, 0 where empty; a power of two of them, at most three quarters in use
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;  // where the next text goes in the last block, and how many bytes are free there
  size_t left_ = 0;
  size_t held_ = 0, text_bytes_ = 0;  // bytes of all blocks, and of the texts in them
};

}  // namespace kolosal
