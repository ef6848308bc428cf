// TextIndex: numbers distinct texts 0, 1, 2, ... in the order in which they are added. An open-addressing hash table of
// views that holds short texts in its slots.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kolosal {

class TextIndex {
 public:
  /// Room for so many texts before the table grows.
  explicit TextIndex(size_t n_expected = 0);

  /// The number of a text, -1 where it was not added.
  int32_t find(std::string_view text) const noexcept;
  /// The number of a text, a new one where it was not there. Only the view is kept: its bytes must outlive the index.
  int32_t add(std::string_view text);
  /// The texts, by number.
  const std::vector<std::string_view>& texts() const noexcept { return texts_; }

 private:
  /// A text in two words: up to 16 bytes they and the length are the text, beyond they are its hash.
  struct Key {
    uint64_t first = 0, second = 0;
    uint64_t length = 0;
  };
  struct Slot {
    uint64_t first = 0, second = 0;
    uint32_t length = 0;
    int32_t number = -1;
  };
  static Key key_of(std::string_view text) noexcept;
  static uint64_t hash_of(const Key& key) noexcept;
  size_t place_of(std::string_view text, const Key& key) const noexcept;
  int32_t insert(std::string_view text, const Key& key);

  std::vector<Slot> slots_;  // a power of two of them, at most a quarter in use, of very many at most a half
  std::vector<std::string_view> texts_;
};

}  // namespace kolosal
