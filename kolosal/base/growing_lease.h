// GrowingLease: bytes held from a memory budget by what grows.
//
// Checked  memory_budget_test.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "kolosal/base/memory_budget.h"

namespace kolosal {

class GrowingLease {
 public:
  /// Takes what `bytes` is more than before, to be asked for before the memory is, and where it is free somewhat more, so that few
  /// steps are needed; what others could make again makes way for `bytes` alone. Throws Error(OutOfMemory) that says what all of it is for.
  /// The budget is the same in every call; null is no limit.
  void grow(const std::shared_ptr<MemoryBudget>& budget, size_t bytes, std::string_view purpose);
  /// What is held.
  size_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<MemoryLease> leases_;
  size_t bytes_ = 0;
};

}  // namespace kolosal
