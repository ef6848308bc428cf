// Multiply-adds a second of a block of 32 rows by the weights of a layer of 256 neurons, of float32 numbers and of words of bfloat16
// numbers, for each instruction set.
#include <benchmark/benchmark.h>

#include <vector>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/matrix_product.h"

namespace kolosal {
namespace {

constexpr size_t kRows = 32, kDepth = 256, kWidth = 256;

// Numbers of a row of each matrix are `depth`: of words half as many.
template <class Matrix, class Number>
void products(benchmark::State& state, size_t depth) {
  const std::vector<std::string> targets = simd_targets();
  const std::string& target = targets[static_cast<size_t>(state.range(0))];
  set_simd_target(target);
  state.SetLabel(target);
  const std::vector<Number> left(kRows * depth), right(depth * kWidth);
  std::vector<float> out(kRows * kWidth);
  for ([[maybe_unused]] auto _ : state) {
    multiply(Matrix{left.data(), kRows * kWidthStep, kRows, depth}, Matrix{right.data(), depth * kWidthStep, depth, kWidth}, out.data(),
             kRows * kWidthStep);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows * kDepth * kWidth));
  set_simd_target(targets.front());
}

void products_of_float32(benchmark::State& state) { products<Panels, float>(state, kDepth); }
void products_of_bfloat16(benchmark::State& state) { products<WordPanels, uint32_t>(state, kDepth / 2); }

void targets_of(benchmark::internal::Benchmark* benchmark) {
  for (int64_t target = 0; target < static_cast<int64_t>(simd_targets().size()); ++target) benchmark->Arg(target);
}

BENCHMARK(products_of_float32)->Apply(targets_of);
BENCHMARK(products_of_bfloat16)->Apply(targets_of);

}  // namespace
}  // namespace kolosal
