// Threads on oneTBB: one task arena each, isolated loops, background tasks, affinity and NUMA placement.
//
// Pinning ties the k-th thread of the arena to the k-th allowed core, and a NUMA node keeps threads on its cores, for as long as they work
// in the arena; the caller's own mask is given back when its loop ends. The system places memory on the node of who touches it first.
//
// Checked  threads_test.cc: coverage, exceptions, nesting, blocks at 1, 2 and 8 threads, tasks, pinning, quotas.
#include "kolosal/base/threads.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/base/control_group.h"
#include "kolosal/base/error.h"
#include "kolosal/base/numa.h"

namespace kolosal {
namespace {

cpu_set_t allowed_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_SET(0, &allowed);
  return allowed;
}

#if defined(__SANITIZE_THREAD__)
// oneTBB is not built for ThreadSanitizer, which therefore does not see that a task comes after what its caller did before the loop, and
// what follows the loop after the task. These calls tell it.
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
char order_of_tasks;
void publish() { __tsan_release(&order_of_tasks); }
void take_over() { __tsan_acquire(&order_of_tasks); }
#else
void publish() {}
void take_over() {}
#endif

// Around a task: it sees what its caller published, and publishes what it did.
struct InOrder {
  InOrder() { take_over(); }
  ~InOrder() { publish(); }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;
};

// The allowed CPUs on which the options let threads run.
std::vector<int> cpus_for(const ThreadOptions& options) {
  const cpu_set_t allowed = allowed_cpus();
  std::vector<int> cpus;
  const auto add = [&](int cpu) {
    if (cpu < CPU_SETSIZE && CPU_ISSET(static_cast<size_t>(cpu), &allowed)) cpus.push_back(cpu);
  };
  if (!options.numa_node) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) add(cpu);
    return cpus;
  }
  const auto nodes = numa_node_cpus();
  if (*options.numa_node >= 0 && static_cast<size_t>(*options.numa_node) < nodes.size())
    std::ranges::for_each(nodes[static_cast<size_t>(*options.numa_node)], add);
  if (!cpus.empty()) return cpus;
  std::string there;
  for (size_t node = 0; node < nodes.size(); ++node)
    if (!nodes[node].empty()) there += (there.empty() ? "" : ", ") + std::to_string(node);
  throw Error(ErrorCode::BadValue, "there is no NUMA node " + std::to_string(*options.numa_node) + " with cores that may be used here",
              there.empty() ? "This system tells of no nodes; leave the node out." : "The nodes of this machine: " + there + ".");
}

// Keeps the threads of an arena on some CPUs, or ties each to one of them.
class Placement : public tbb::task_scheduler_observer {
 public:
  Placement(tbb::task_arena& arena, std::vector<int> cpus, bool one_each)
      : task_scheduler_observer(arena), cpus_(std::move(cpus)), one_each_(one_each) {
    publish();
    observe(true);
  }
  ~Placement() override { observe(false); }

  void on_scheduler_entry(bool) override {
    take_over();
    masks().push_back(allowed_cpus());
    const int slot = std::max(0, tbb::this_task_arena::current_thread_index());
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (one_each_) CPU_SET(static_cast<size_t>(cpus_[static_cast<size_t>(slot) % cpus_.size()]), &mask);
    else
      for (const int cpu : cpus_) CPU_SET(static_cast<size_t>(cpu), &mask);
    sched_setaffinity(0, sizeof mask, &mask);
  }
  void on_scheduler_exit(bool) override {
    if (masks().empty()) return;
    sched_setaffinity(0, sizeof(cpu_set_t), &masks().back());
    masks().pop_back();
  }

 private:
  // What this thread was allowed before each arena that it is in.
  static std::vector<cpu_set_t>& masks() {
    thread_local std::vector<cpu_set_t> before;
    return before;
  }

  std::vector<int> cpus_;
  bool one_each_;
};

// Counts tasks that are not over, for the one who must wait for all of them.
class Pending {
 public:
  void start() {
    const std::lock_guard lock(mutex_);
    ++n_tasks_;
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    --n_tasks_;
    none_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return n_tasks_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t n_tasks_ = 0;
};

// A task, and who waits for it.
struct Job {
  std::function<void()> task;
  std::shared_ptr<Pending> pending;
};

// oneTBB makes no more workers than its limit, at first the number of cores; of several limits the lowest counts. So there
// is one for the process, raised to the widest arena so far: an arena's own width is what limits its loops.
void allow_workers(int width) {
  static std::mutex mutex;
  static std::unique_ptr<tbb::global_control> limit;
  static int allowed = tbb::info::default_concurrency();
  const std::lock_guard lock(mutex);
  if (width <= allowed) return;
  allowed = width;
  limit.reset();
  limit = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(width));
}

int width_of(const ThreadOptions& options, size_t n_cpus) {
  if (options.n_threads < 0)
    throw Error(ErrorCode::BadValue, "n_threads is " + std::to_string(options.n_threads), "Give 0 for all cores, or a number above 0.");
  const int width = options.n_threads > 0 ? options.n_threads : std::min(available_threads(), static_cast<int>(n_cpus));
  allow_workers(width);
  return width;
}

// Cores of the process's own control group. Read once: a Threads is made for each call from Python, and the files take 0.2 ms.
double own_quota() {
  static const double n_cpus = read_control_group_limits().n_cpus;
  return n_cpus;
}

}  // namespace

struct Threads::Arena {
  explicit Arena(const ThreadOptions& options) : Arena(options, cpus_for(options)) {}
  Arena(const ThreadOptions& options, std::vector<int> cpus) : width(width_of(options, cpus.size())), arena(width) {
    if (!options.pin_threads && !options.numa_node) return;
    arena.initialize();
    placement = std::make_unique<Placement>(arena, std::move(cpus), options.pin_threads);
  }

  int width;
  mutable tbb::task_arena arena;
  std::unique_ptr<Placement> placement;
  std::optional<CancelToken> cancel;
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
};

int available_threads(const std::string& root) {
  const cpu_set_t allowed = allowed_cpus();
  const double quota = std::ceil(root.empty() ? own_quota() : read_control_group_limits(root).n_cpus);
  const int n_cores = CPU_COUNT(&allowed);
  return std::max(1, quota < n_cores ? static_cast<int>(quota) : n_cores);
}

Threads::Threads(int n_threads) : Threads(ThreadOptions{n_threads}) {}

Threads::Threads(const ThreadOptions& options) : arena_(std::make_unique<Arena>(options)) {}

Threads::Threads(int n_threads, const CancelToken& cancel) : Threads(n_threads) { arena_->cancel = cancel; }

Threads::~Threads() { arena_->pending->wait(); }

int Threads::size() const noexcept { return arena_->width; }

void Threads::parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t)>& body) const {
  if (n == 0) return;
  grain = std::max<size_t>(grain, 1);
  const size_t n_blocks = n / grain + (n % grain != 0 ? 1 : 0);
  const auto run_block = [&](size_t block) {
    if (arena_->cancel && arena_->cancel->cancelled()) throw Error(ErrorCode::Cancelled, "stopped on request");
    body(block * grain, block + 1 == n_blocks ? n : (block + 1) * grain);
  };
  if (n_blocks == 1 || size() == 1) {
    for (size_t block = 0; block < n_blocks; ++block) run_block(block);
    return;
  }
  const auto run_in_order = [&](size_t block) {
    const InOrder in_order;
    run_block(block);
  };
  publish();
  arena_->arena.execute(
      [&] { tbb::this_task_arena::isolate([&] { tbb::parallel_for(size_t{0}, n_blocks, run_in_order, tbb::simple_partitioner()); }); });
  take_over();
}

void Threads::parallel_each(size_t n, const std::function<void(size_t)>& body) const {
  parallel_for(n, 1, [&](size_t begin, size_t) { body(begin); });
}

void Threads::enqueue(std::function<void()> task) const {
  const std::shared_ptr<Pending> pending = arena_->pending;
  pending->start();
  try {
    auto job = std::make_unique<Job>(Job{std::move(task), pending});
    publish();
    arena_->arena.enqueue([to_run = job.get()] {
      const InOrder in_order;
      const std::unique_ptr<Job> owned(to_run);
      owned->task();
      owned->pending->finish();
    });
    (void)job.release();
  } catch (...) {
    pending->finish();
    throw;
  }
}

}  // namespace kolosal
