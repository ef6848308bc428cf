// LeafValues: the leaves of a tree while it grows. Leaves with the same numbers share them where a leaf has several.
//
// Checked  leaf_values_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>

#include "kolosal/base/memory_budget.h"
#include "kolosal/models/forms/forest.h"

namespace kolosal {

class LeafValues {
 public:
  /// Of a tree without leaves, which must outlive the object, within a budget.
  LeafValues(Forest& tree, std::shared_ptr<MemoryBudget> memory);
  LeafValues(const LeafValues&) = delete;
  LeafValues& operator=(const LeafValues&) = delete;

  /// Adds a leaf of these numbers (leaf_width,) and returns its number; of no use where it makes the budget full.
  int32_t add(std::span<const float> numbers);
  /// Whether there was no room for a leaf.
  bool is_full() const noexcept { return full_; }

 private:
  struct Hash {
    const Forest* tree;
    size_t operator()(int32_t leaf) const noexcept;
  };
  struct Equal {
    const Forest* tree;
    bool operator()(int32_t a, int32_t b) const noexcept;
  };
  bool make_room();

  Forest& tree_;
  std::shared_ptr<MemoryBudget> memory_;
  std::optional<MemoryLease> lease_;
  bool full_ = false;
  std::unordered_set<int32_t, Hash, Equal> different_;
};

}  // namespace kolosal
