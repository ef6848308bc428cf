#include "kolosal/base/threads.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>

namespace kolosal {

struct Threads::Arena {
  // An arena wider than the cores still gets its workers: oneTBB otherwise caps them at the hardware.
  explicit Arena(int n_threads)
      : width(n_threads),
        control(tbb::global_control::max_allowed_parallelism,
                static_cast<size_t>(std::max(n_threads, tbb::info::default_concurrency()))),
        arena(n_threads) {}

  int width;
  tbb::global_control control;
  mutable tbb::task_arena arena;
};

Threads::Threads(int n_threads)
    : arena_(std::make_unique<Arena>(n_threads > 0 ? n_threads : tbb::info::default_concurrency())) {}

Threads::~Threads() = default;

int Threads::size() const noexcept { return arena_->width; }

void Threads::parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t)>& body) const {
  if (n == 0) return;
  grain = std::max<size_t>(grain, 1);
  const size_t n_blocks = (n + grain - 1) / grain;
  const auto run_block = [&](size_t block) { body(block * grain, std::min(n, (block + 1) * grain)); };
  if (n_blocks == 1 || size() == 1) {
    for (size_t block = 0; block < n_blocks; ++block) run_block(block);
    return;
  }
  arena_->arena.execute([&] {
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(size_t{0}, n_blocks, run_block, tbb::simple_partitioner()); });
  });
}

void Threads::parallel_each(size_t n, const std::function<void(size_t)>& body) const {
  parallel_for(n, 1, [&](size_t begin, size_t) { body(begin); });
}

}  // namespace kolosal
