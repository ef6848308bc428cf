// TextIndex: numbers distinct texts 0, 1, 2, ... in the order in which they are added. An open-addressing hash table of views.
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
  struct Slot {
    uint32_t tag = 0;  // high bits of the hash
    int32_t number = -1;
  };
  size_t place_of(std::string_view text, uint64_t hash) const noexcept;
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half in use
  std::vector<std::string_view> texts_;
};

}  // namespace kolosal
