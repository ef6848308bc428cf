#include "kolosal/base/memory_budget.h"

#include <string>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {

namespace {

/// "12.3 MiB", or in bytes where it is less than one.
std::string amount(size_t bytes) {
  if (bytes < size_t{1} << 20) return std::to_string(bytes) + " bytes";
  const size_t tenths = bytes / (size_t{1} << 20) * 10 + bytes % (size_t{1} << 20) * 10 / (size_t{1} << 20);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

bool MemoryBudget::try_reserve(size_t bytes) noexcept {
  size_t taken = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || taken > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(taken, taken + bytes, std::memory_order_relaxed));
  return true;
}

void MemoryBudget::reserve(size_t bytes, std::string_view purpose) {
  do {
    if (try_reserve(bytes)) return;
  } while (make_room(bytes));  // another may have taken it since
  throw Error(ErrorCode::OutOfMemory,
              std::string(purpose) + " needs " + amount(bytes) + " but only " + amount(available()) + " of the memory limit of " +
                  amount(limit_) + " are left",
              "Raise the memory limit, or use fewer rows or columns.");
}

MemoryLease::MemoryLease(std::shared_ptr<MemoryBudget> budget, size_t bytes, std::string_view purpose)
    : budget_(std::move(budget)), bytes_(bytes) {
  if (budget_) budget_->reserve(bytes_, purpose);
}

std::optional<MemoryLease> MemoryLease::if_free(const std::shared_ptr<MemoryBudget>& budget, size_t bytes) {
  if (budget && !budget->try_reserve(bytes)) return std::nullopt;
  MemoryLease lease;
  lease.budget_ = budget;
  lease.bytes_ = bytes;
  return lease;
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
