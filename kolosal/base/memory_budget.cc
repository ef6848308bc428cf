#include "kolosal/base/memory_budget.h"

#include <string>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {

bool MemoryBudget::try_reserve(size_t bytes) noexcept {
  size_t taken = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || taken > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(taken, taken + bytes, std::memory_order_relaxed));
  return true;
}

void MemoryBudget::reserve(size_t bytes, std::string_view purpose) {
  if (try_reserve(bytes)) return;
  throw Error(ErrorCode::OutOfMemory,
              std::string(purpose) + " needs " + std::to_string(bytes >> 20) + " MiB but only " + std::to_string(available() >> 20) +
                  " MiB of the memory limit of " + std::to_string(limit_ >> 20) + " MiB are left",
              "Raise the memory limit, or use fewer rows or columns.");
}

MemoryLease::MemoryLease(std::shared_ptr<MemoryBudget> budget, size_t bytes, std::string_view purpose)
    : budget_(std::move(budget)), bytes_(bytes) {
  if (budget_) budget_->reserve(bytes_, purpose);
}

MemoryLease::~MemoryLease() {
  if (budget_) budget_->release(bytes_);
}

MemoryLease::MemoryLease(MemoryLease&& other) noexcept : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryLease& MemoryLease::operator=(MemoryLease&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace kolosal
