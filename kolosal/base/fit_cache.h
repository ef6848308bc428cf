// FitCache: what fits of one run make of the same rows, made once and kept while there is room.
//
// What is kept is known again by a digest of all that it is made of, so rows that come in a copy, or from a pipeline fitted anew, are the
// same rows where their numbers are. The least recently used makes way. A fit gives the same result with a cache as without.
//
// Checked  fit_cache_test.cc; binned_rows_test.cc.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

#include "kolosal/base/digest.h"

namespace kolosal {

/// Safe from any thread.
class FitCache {
 public:
  static constexpr size_t kMostBytes = size_t{256} << 20;

  /// Keeps up to so many bytes.
  explicit FitCache(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  /// What is kept under the key, or what `make` gives, of so many bytes. The digest of a key begins with the name of what is made.
  template <class T, class Make>
  std::shared_ptr<const T> find_or_make(const Digest& key, size_t bytes, const Make& make) {
    if (auto found = find(key.value())) return std::static_pointer_cast<const T>(std::move(found));
    std::shared_ptr<const T> made = make();
    keep({key.value(), bytes, made});
    return made;
  }

  /// Keeps nothing any more. Once it returns, what was dropped, in other threads too, is gone, but for what fits still hold.
  void clear();
  /// Bytes that are kept.
  size_t n_bytes() const;
  /// How often what was asked for was kept.
  size_t n_found() const;

 private:
  struct Kept {
    Digest::Value key;
    size_t bytes;
    std::shared_ptr<const void> made;
  };

  std::shared_ptr<const void> find(const Digest::Value& key);
  void keep(Kept made);

  size_t most_bytes_;
  std::mutex dropping_;       // held until what is dropped is gone; locked before mutex_
  mutable std::mutex mutex_;  // guards what follows
  std::list<Kept> kept_;      // most recently used first
  size_t n_bytes_ = 0, n_found_ = 0;
};

}  // namespace kolosal
