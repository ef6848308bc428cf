// Threads: a task arena of fixed width on oneTBB, with loops whose blocks do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace kolosal {

class CancelToken;

/// How wide a Threads is and where its workers run.
struct ThreadOptions {
  int32_t n_threads = 0;             ///< 0 means as many as the process (or the NUMA node) may use
  bool pin_threads = false;          ///< ties each worker to one core while it works here
  std::optional<int32_t> numa_node;  ///< keeps the workers, and so the memory that they touch first, on one NUMA node
};

/// Cores that the process may use: its affinity mask, cut by the CPU quota of its control group (rounded up); at least 1.
/// `root` stands before /proc and /sys, for tests.
int available_threads(const std::string& root = "");

/// A place to run loops with at most `n_threads` workers. Loops may be nested; exceptions reach the caller.
class Threads {
 public:
  /// 0 means as many as the process may use.
  explicit Threads(int n_threads = 0);
  /// Throws Error(BadValue) where the machine has no such NUMA node or n_threads is negative.
  explicit Threads(const ThreadOptions& options);
  /// Loops end with Error(Cancelled) before a block once `cancel` was asked to. For work of which nothing is kept then.
  Threads(int n_threads, const CancelToken& cancel);
  /// Waits for the tasks of run_async.
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

  /// Starts `task` in the background and returns at once; the future has its result or its exception. The task may use
  /// loops of this Threads. Waiting for the future from inside a task or loop of the same Threads can block it for good.
  template <class Task>
  std::future<std::invoke_result_t<Task>> run_async(Task task) const {
    auto packaged = std::make_shared<std::packaged_task<std::invoke_result_t<Task>()>>(std::move(task));
    auto result = packaged->get_future();
    enqueue([packaged] { (*packaged)(); });
    return result;
  }

 private:
  struct Arena;
  void enqueue(std::function<void()> task) const;

  std::unique_ptr<Arena> arena_;
};

}  // namespace kolosal
