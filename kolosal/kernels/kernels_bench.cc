// Bytes a second of the kernels over numbers in the caches (16 KiB) and in memory (64 MiB), for each instruction set.
#include <benchmark/benchmark.h>

#include <vector>

#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

constexpr int64_t kInCache = 1 << 11;
constexpr int64_t kInMemory = 1 << 23;

template <class Kernel>
void over_numbers(benchmark::State& state, const Kernel& kernel) {
  const std::vector<std::string> targets = simd_targets();
  const auto target = static_cast<size_t>(state.range(1));
  set_simd_target(targets[target]);
  state.SetLabel(targets[target]);
  const std::vector<double> numbers(static_cast<size_t>(state.range(0)), 1.5);
  for ([[maybe_unused]] auto _ : state) kernel(std::span<const double>(numbers));
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<int64_t>(sizeof(double)));
  set_simd_target(targets.front());
}

void sums(benchmark::State& state) {
  over_numbers(state, [](std::span<const double> x) { benchmark::DoNotOptimize(sum(x)); });
}
void moments_of(benchmark::State& state) {
  over_numbers(state, [](std::span<const double> x) { benchmark::DoNotOptimize(moments(x)); });
}
void ranges(benchmark::State& state) {
  over_numbers(state, [](std::span<const double> x) { benchmark::DoNotOptimize(min_max(x)); });
}
void dots(benchmark::State& state) {
  over_numbers(state, [](std::span<const double> x) { benchmark::DoNotOptimize(dot(x, x)); });
}
void scaled(benchmark::State& state) {
  std::vector<double> out(static_cast<size_t>(state.range(0)));
  over_numbers(state, [&](std::span<const double> x) {
    affine(x, 0.5, 2, 0, out);
    benchmark::DoNotOptimize(out.data());
  });
}

void sizes_and_targets(benchmark::internal::Benchmark* benchmark) {
  for (int64_t target = 0; target < static_cast<int64_t>(simd_targets().size()); ++target)
    for (const int64_t size : {kInCache, kInMemory}) benchmark->Args({size, target});
}

BENCHMARK(sums)->Apply(sizes_and_targets);
BENCHMARK(moments_of)->Apply(sizes_and_targets);
BENCHMARK(ranges)->Apply(sizes_and_targets);
BENCHMARK(dots)->Apply(sizes_and_targets);
BENCHMARK(scaled)->Apply(sizes_and_targets);

}  // namespace
}  // namespace kolosal
