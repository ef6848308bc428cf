#include "kolosal/kernels/bfloat16_unit.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <type_traits>
#include <utility>

#define KOLOSAL_VECTORS __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define KOLOSAL_TILES __attribute__((target("amx-tile,amx-bf16")))

namespace kolosal {
namespace {

constexpr size_t kPanelWords = kWidthStep * kWidthStep;  // of a square of a panel: a tile

// Calls body(0) ... body(N - 1), each with its number as a constant: arrays that they index stay in registers.
template <size_t N, class Body>
KOLOSAL_VECTORS inline void unrolled(const Body& body) {
  [&]<size_t... I>(std::index_sequence<I...>) KOLOSAL_VECTORS { (body(std::integral_constant<size_t, I>()), ...); }
  (std::make_index_sequence<N>());
}

KOLOSAL_VECTORS inline __m512bh numbers_of(__m512i words) { return (__m512bh)words; }

// kRows rows and kPanels panels of a product, from their first words on.
template <size_t kRows, size_t kPanels>
KOLOSAL_VECTORS void rows_by_vectors(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) {
  __m512 sums[kRows][kPanels];
  unrolled<kRows>([&](auto i) KOLOSAL_VECTORS { unrolled<kPanels>([&](auto p) KOLOSAL_VECTORS { sums[i][p] = _mm512_setzero_ps(); }); });
  const uint32_t *of_left = left.first, *of_right = right.first;
  for (size_t from = 0; from < right.n_rows; from += kWidthStep, of_left += left.panel_step)
    for (size_t k = 0; k < kWidthStep; ++k, of_right += kWidthStep) {
      __m512i words[kPanels];
      unrolled<kPanels>([&](auto p) KOLOSAL_VECTORS { words[p] = _mm512_loadu_si512(of_right + p * right.panel_step); });
      unrolled<kRows>([&](auto i) KOLOSAL_VECTORS {
        const __m512i factors = _mm512_set1_epi32(static_cast<int>(of_left[i * kWidthStep + k]));
        unrolled<kPanels>([&](auto p)
                              KOLOSAL_VECTORS { sums[i][p] = _mm512_dpbf16_ps(sums[i][p], numbers_of(factors), numbers_of(words[p])); });
      });
    }
  unrolled<kRows>([&](auto i) KOLOSAL_VECTORS {
    unrolled<kPanels>([&](auto p) KOLOSAL_VECTORS { _mm512_storeu_ps(out + p * out_step + i * kWidthStep, sums[i][p]); });
  });
}

template <size_t kPanels>
void panels_by_vectors(WordPanels left, const WordPanels& right, float* out, size_t out_step) noexcept {
  constexpr size_t kRows = 8;
  size_t i = 0;
  for (; i + kRows <= left.n_rows; i += kRows, left.first += kRows * kWidthStep)
    rows_by_vectors<kRows, kPanels>(left, right, out + i * kWidthStep, out_step);
  for (; i < left.n_rows; ++i, left.first += kWidthStep) rows_by_vectors<1, kPanels>(left, right, out + i * kWidthStep, out_step);
}

// Calls panels(number of panels as a constant, the right matrix and what is made of it from there on): two by two, then one.
template <class Body>
void by_panels(WordPanels right, float* out, size_t out_step, const Body& panels) noexcept {
  size_t n_panels = padded_width(right.n_columns) / kWidthStep;
  for (; n_panels >= 2; n_panels -= 2, right.first += 2 * right.panel_step, out += 2 * out_step)
    panels(std::integral_constant<size_t, 2>(), right, out);
  if (n_panels > 0) panels(std::integral_constant<size_t, 1>(), right, out);
}

// What LDTILECFG loads: the shape of each tile.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t n_rows[16] = {};
};

// Products of up to two tiles of rows and two panels. Tiles 0 to 3 are the sums of (upper, lower) x (first, second panel), 4 and 5 upper
// and lower rows of the left matrix, 6 and 7 panels of the right one.
constexpr size_t kTileRows = 16;

KOLOSAL_TILES void load_shapes(size_t n_rows) noexcept {
  const auto upper = static_cast<uint8_t>(std::min(n_rows, kTileRows)), lower = static_cast<uint8_t>(n_rows - upper);
  TileShapes shapes;
  for (size_t t = 0; t < 8; ++t) {
    shapes.n_rows[t] = t >= 6 ? kTileRows : t == 0 || t == 1 || t == 4 ? upper : lower;
    shapes.row_bytes[t] = shapes.n_rows[t] > 0 ? kWidthStep * sizeof(uint32_t) : 0;
  }
  asm volatile("ldtilecfg %0" ::"m"(shapes));
}

template <bool kLower, bool kSecond>
KOLOSAL_TILES void product_by_tiles(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept {
  constexpr long kRowBytes = kWidthStep * sizeof(uint32_t);
  asm volatile("" ::: "memory");  // instructions of tiles do not tell the compiler which memory they read and write
  _tile_zero(0);
  if constexpr (kSecond) _tile_zero(1);
  if constexpr (kLower) _tile_zero(2);
  if constexpr (kLower && kSecond) _tile_zero(3);
  const uint32_t *of_left = left.first, *of_right = right.first;
  for (size_t from = 0; from < right.n_rows; from += kWidthStep, of_left += left.panel_step, of_right += kPanelWords) {
    _tile_loadd(4, of_left, kRowBytes);
    _tile_loadd(6, of_right, kRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kSecond) {
      _tile_loadd(7, of_right + right.panel_step, kRowBytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kLower) {
      _tile_loadd(5, of_left + kPanelWords, kRowBytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kSecond) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, out, kRowBytes);
  if constexpr (kSecond) _tile_stored(1, out + out_step, kRowBytes);
  if constexpr (kLower) _tile_stored(2, out + kPanelWords, kRowBytes);
  if constexpr (kLower && kSecond) _tile_stored(3, out + out_step + kPanelWords, kRowBytes);
  asm volatile("" ::: "memory");
}

KOLOSAL_TILES void multiply_by_tiles(WordPanels left, const WordPanels& right, float* out, size_t out_step) noexcept {
  size_t in_shapes = 0;
  for (size_t rest = left.n_rows; rest > 0; left.first += 2 * kPanelWords, out += 2 * kPanelWords) {
    const size_t n = std::min(rest, 2 * kTileRows);
    if (n != in_shapes) load_shapes(n);
    in_shapes = n;
    by_panels(right, out, out_step, [&](auto n_panels, const WordPanels& panels, float* to) {
      if (n > kTileRows) product_by_tiles<true, n_panels == 2>(left, panels, to, out_step);
      else product_by_tiles<false, n_panels == 2>(left, panels, to, out_step);
    });
    rest -= n;
  }
  _tile_release();
}

#if defined(__linux__)
constexpr unsigned long kGetSupported = 0x1021, kAskPermission = 0x1023, kTileState = 18;  // of arch_prctl

bool system_has_tiles() {
  unsigned long states = 0;
  return syscall(SYS_arch_prctl, kGetSupported, &states) == 0 && (states >> kTileState & 1) != 0;
}
bool may_use_tiles() {
  static const bool allowed = syscall(SYS_arch_prctl, kAskPermission, kTileState) == 0;
  return allowed;
}
#else
bool system_has_tiles() { return false; }
bool may_use_tiles() { return false; }
#endif

}  // namespace

bool has_bfloat16_unit(Bfloat16Unit unit) noexcept {
  if (unit == Bfloat16Unit::None) return true;
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool of_vectors = __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1U) != 0;
  if (unit == Bfloat16Unit::Vectors) return of_vectors;
  return of_vectors && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1U) != 0 && (d >> 24 & 1U) != 0 && system_has_tiles();
}

bool multiply_by_unit(Bfloat16Unit unit, const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept {
  if (unit == Bfloat16Unit::None) return false;
  if (unit == Bfloat16Unit::Tiles && may_use_tiles()) {
    multiply_by_tiles(left, right, out, out_step);
    return true;
  }
  by_panels(right, out, out_step,
            [&](auto n_panels, const WordPanels& panels, float* to) { panels_by_vectors<n_panels>(left, panels, to, out_step); });
  return true;
}

}  // namespace kolosal

#else

namespace kolosal {

bool has_bfloat16_unit(Bfloat16Unit unit) noexcept { return unit == Bfloat16Unit::None; }
bool multiply_by_unit(Bfloat16Unit /*unit*/, const WordPanels& /*left*/, const WordPanels& /*right*/, float* /*out*/,
                      size_t /*out_step*/) noexcept {
  return false;
}

}  // namespace kolosal

#endif
