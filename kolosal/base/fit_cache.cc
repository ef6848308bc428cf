#include "kolosal/base/fit_cache.h"

#include <algorithm>

namespace kolosal {

std::shared_ptr<const void> FitCache::find(const Digest::Value& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(kept_, key, &Kept::key);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  ++n_found_;
  return found->made;
}

void FitCache::keep(Kept made) {
  const std::scoped_lock dropping(dropping_);
  std::list<Kept> dropped;  // ends after the lock does
  const std::scoped_lock lock(mutex_);
  if (made.bytes > most_bytes_ || std::ranges::find(kept_, made.key, &Kept::key) != kept_.end()) return;
  for (; n_bytes_ > most_bytes_ - made.bytes; dropped.splice(dropped.begin(), kept_, std::prev(kept_.end())))
    n_bytes_ -= kept_.back().bytes;
  n_bytes_ += made.bytes;
  kept_.push_front(std::move(made));
}

void FitCache::clear() {
  const std::scoped_lock dropping(dropping_);
  std::list<Kept> dropped;  // ends after the lock does
  const std::scoped_lock lock(mutex_);
  dropped.swap(kept_);
  n_bytes_ = 0;
}

size_t FitCache::n_bytes() const {
  const std::scoped_lock lock(mutex_);
  return n_bytes_;
}

size_t FitCache::n_found() const {
  const std::scoped_lock lock(mutex_);
  return n_found_;
}

}  // namespace kolosal
