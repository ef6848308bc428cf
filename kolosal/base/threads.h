// Threads: a task arena of fixed width on oneTBB, with loops whose blocks do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace kolosal {

/// A place to run loops with at most `n_threads` workers. Loops may be nested; exceptions reach the caller.
class Threads {
 public:
  /// 0 means as many as the process may use.
  explicit Threads(int n_threads = 0);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  /// Number of workers.
  int size() const noexcept;

  /// Calls body(begin, end) for consecutive blocks of `grain` items (the last may be shorter) that cover [0, n).
  /// The blocks are the same on any number of threads, so a result reduced in block order is too.
  void parallel_for(size_t n, size_t grain, const std::function<void(size_t begin, size_t end)>& body) const;

  /// Calls body(i) for each i of [0, n), each as its own task.
  void parallel_each(size_t n, const std::function<void(size_t i)>& body) const;

 private:
  struct Arena;
  std::unique_ptr<Arena> arena_;
};

}  // namespace kolosal
