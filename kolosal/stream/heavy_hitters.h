// HeavyHitters: the most frequent texts of more than can be counted one by one, with a bound on the error that holds for every input.
//
// At most `width` counters are kept. Once there are twice as many, the (width + 1)-th largest count is taken from each and those
// that reach nothing are dropped. So a text that is kept is counted too low by at most `error()`, the sum of what was taken, and a text
// that is not kept occurred at most that often. As each step takes that much from more than `width` counters,
// error() <= total / (width + 1). While there are no more than `width` distinct texts nothing is lost.
//
// Cost     O(1) a text on average; memory of 2 width texts.
// Source   Misra and Gries, "Finding repeated elements", 1982; merged as in Agarwal et al., "Mergeable summaries", 2013.
// Checked  heavy_hitters_test.cc, against counting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kolosal {

class HeavyHitters {
 public:
  /// Counters kept; at least 1.
  explicit HeavyHitters(size_t width = 256) : width_(width) {}

  /// Counts a text `n` times.
  void add(std::string_view text, int64_t n = 1);
  /// As if all that the other was given had been added here. Throws Error(BadValue) where their widths differ.
  void merge(const HeavyHitters& other);

  /// How many texts there were.
  int64_t total() const noexcept { return total_; }
  /// Most that a count can be too low; counts are never too high.
  int64_t error() const noexcept { return taken_; }
  /// The texts kept, at most `width`, and their counts, most frequent first; equal ones in order of text.
  std::vector<std::pair<std::string, int64_t>> most_frequent() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  void cut();

  size_t width_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> counts_;
  int64_t total_ = 0, taken_ = 0;
};

}  // namespace kolosal
