#include "kolosal/base/growing_lease.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

std::string megabytes(size_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

}  // namespace

void GrowingLease::grow(const std::shared_ptr<MemoryBudget>& budget, size_t bytes, std::string_view purpose) {
  if (bytes <= bytes_) return;
  const size_t needed = bytes - bytes_;
  const size_t generous = std::max(needed, bytes_ / 4);
  if (auto lease = MemoryLease::if_free(budget, generous)) {
    leases_.push_back(std::move(*lease));
    bytes_ += generous;
    return;
  }
  if (budget->make_room(needed)) {
    leases_.emplace_back(budget, needed, purpose);
    bytes_ += needed;
    return;
  }
  const size_t left = budget->available() + bytes_;
  throw Error(ErrorCode::OutOfMemory,
              std::string(purpose) + " need " + megabytes(bytes) + ", more than the " + megabytes(left) + " left of the " +
                  megabytes(budget->limit()) + " for what is learnt",
              "Raise the memory limit by " + megabytes(bytes - left) +
                  " at least, leave the column out, or let categories have fewer levels (max_cardinality).");
}

}  // namespace kolosal
