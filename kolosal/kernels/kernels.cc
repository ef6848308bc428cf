// Compiled once for every instruction set; HWY_DYNAMIC_DISPATCH picks one at run time.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/kernels.cc"
#include "kolosal/kernels/kernels.h"

#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kolosal/kernels/kernels_scalar.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<double> kDouble;
constexpr hn::Rebind<float, decltype(kDouble)> kHalf;  // as many floats as doubles fit
constexpr hn::ScalableTag<float> kFloat;

HWY_INLINE auto load_double(const double* from) { return hn::LoadU(kDouble, from); }
HWY_INLINE auto load_double(const float* from) { return hn::PromoteTo(kDouble, hn::LoadU(kHalf, from)); }
HWY_INLINE double total(hn::Vec<decltype(kDouble)> lanes) { return hn::GetLane(hn::SumOfLanes(kDouble, lanes)); }

// Calls body(offset) for whole vectors and tail(i) for what is left.
template <class Body, class Tail>
HWY_INLINE void loop(size_t n, size_t step, const Body& body, const Tail& tail) {
  size_t i = 0;
  for (; i + step <= n; i += step) body(i);
  for (; i < n; ++i) tail(i);
}

template <class T>
double sum_of(const T* x, size_t n) {
  const size_t lanes = hn::Lanes(kDouble);
  auto a = hn::Zero(kDouble), b = a, c = a, d = a;
  double rest = 0;
  loop(
      n, 4 * lanes,
      [&](size_t i) {
        a = hn::Add(a, load_double(x + i));
        b = hn::Add(b, load_double(x + i + lanes));
        c = hn::Add(c, load_double(x + i + 2 * lanes));
        d = hn::Add(d, load_double(x + i + 3 * lanes));
      },
      [&](size_t i) { rest += static_cast<double>(x[i]); });
  return total(hn::Add(hn::Add(a, b), hn::Add(c, d))) + rest;
}

// Sums of the differences from a first guess of the mean and of their squares: stable where the guess is near the mean.
template <class T>
Moments moments_of(const T* x, size_t n) {
  constexpr size_t kBlock = 1024;
  Moments all;
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t size = n - begin < kBlock ? n - begin : kBlock;
    const auto count = static_cast<double>(size);
    const double center = sum_of(x + begin, size) / count;
    const auto centers = hn::Set(kDouble, center);
    auto first = hn::Zero(kDouble), second = first;
    double first_rest = 0, second_rest = 0;
    loop(
        size, hn::Lanes(kDouble),
        [&](size_t i) {
          const auto difference = hn::Sub(load_double(x + begin + i), centers);
          first = hn::Add(first, difference);
          second = hn::MulAdd(difference, difference, second);
        },
        [&](size_t i) {
          const double difference = static_cast<double>(x[begin + i]) - center;
          first_rest += difference;
          second_rest += difference * difference;
        });
    const double off = total(first) + first_rest;
    all = all.merged({count, center + off / count, total(second) + second_rest - off * off / count});
  }
  return all;
}

template <class T>
double dot_of(const T* x, const T* y, size_t n) {
  const size_t lanes = hn::Lanes(kDouble);
  auto a = hn::Zero(kDouble), b = a;
  double rest = 0;
  loop(
      n, 2 * lanes,
      [&](size_t i) {
        a = hn::MulAdd(load_double(x + i), load_double(y + i), a);
        b = hn::MulAdd(load_double(x + i + lanes), load_double(y + i + lanes), b);
      },
      [&](size_t i) { rest += static_cast<double>(x[i]) * static_cast<double>(y[i]); });
  return total(hn::Add(a, b)) + rest;
}

double squared_distance_of(const double* x, const double* y, size_t n) {
  auto a = hn::Zero(kDouble);
  double rest = 0;
  loop(
      n, hn::Lanes(kDouble),
      [&](size_t i) {
        const auto difference = hn::Sub(load_double(x + i), load_double(y + i));
        a = hn::MulAdd(difference, difference, a);
      },
      [&](size_t i) { rest += (x[i] - y[i]) * (x[i] - y[i]); });
  return total(a) + rest;
}

double squared_distance_of(const float* x, const float* y, size_t n) {
  auto a = hn::Zero(kFloat);
  float rest = 0;
  loop(
      n, hn::Lanes(kFloat),
      [&](size_t i) {
        const auto difference = hn::Sub(hn::LoadU(kFloat, x + i), hn::LoadU(kFloat, y + i));
        a = hn::MulAdd(difference, difference, a);
      },
      [&](size_t i) { rest += (x[i] - y[i]) * (x[i] - y[i]); });
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(kFloat, a)) + rest);
}

template <class T>
Range range_of(const T* x, size_t n) {
  const hn::ScalableTag<T> tag;
  const T largest = std::numeric_limits<T>::infinity(), least = -largest;
  auto low = hn::Set(tag, largest), high = hn::Set(tag, least);
  T low_rest = largest, high_rest = least;
  loop(
      n, hn::Lanes(tag),
      [&](size_t i) {
        const auto value = hn::LoadU(tag, x + i);
        low = hn::IfThenElse(hn::Lt(value, low), value, low);
        high = hn::IfThenElse(hn::Lt(high, value), value, high);
      },
      [&](size_t i) {
        low_rest = x[i] < low_rest ? x[i] : low_rest;
        high_rest = high_rest < x[i] ? x[i] : high_rest;
      });
  const T low_lanes = hn::GetLane(hn::MinOfLanes(tag, low)), high_lanes = hn::GetLane(hn::MaxOfLanes(tag, high));
  return {static_cast<double>(low_lanes < low_rest ? low_lanes : low_rest),
          static_cast<double>(high_lanes > high_rest ? high_lanes : high_rest)};
}

HWY_INLINE void store_double(hn::Vec<decltype(kDouble)> values, double* to) { hn::StoreU(values, kDouble, to); }
HWY_INLINE void store_double(hn::Vec<decltype(kDouble)> values, float* to) { hn::StoreU(hn::DemoteTo(kHalf, values), kHalf, to); }

// Whether what is written should pass the caches by: it is too much to stay in them, and lies as vectors want it.
template <class T>
bool passes_caches(const T* out, size_t n) {
  return n * sizeof(T) >= (size_t{1} << 22) && reinterpret_cast<uintptr_t>(out) % 64 == 0;
}

template <class T>
void affine_of(const T* x, size_t n, double center, double scale, double offset, T* out) {
  const auto centers = hn::Set(kDouble, center), scales = hn::Set(kDouble, scale), offsets = hn::Set(kDouble, offset);
  const auto changed = [&](size_t i) { return hn::Add(hn::Div(hn::Sub(load_double(x + i), centers), scales), offsets); };
  const auto tail = [&](size_t i) { out[i] = static_cast<T>((static_cast<double>(x[i]) - center) / scale + offset); };
  if constexpr (std::is_same_v<T, double>) {
    if (passes_caches(out, n)) {
      loop(
          n, hn::Lanes(kDouble), [&](size_t i) { hn::Stream(changed(i), kDouble, out + i); }, tail);
      hwy::FlushStream();
      return;
    }
  }
  loop(
      n, hn::Lanes(kDouble), [&](size_t i) { store_double(changed(i), out + i); }, tail);
}

// Eight rows at most, whose bits lie in one byte.
template <class T>
using ByteTag = hn::CappedTag<T, 8>;

// Which of the rows from i on are there; `bits` may be null.
template <class T>
HWY_INLINE auto there_mask(const uint8_t* bits, size_t i) {
  const ByteTag<T> tag;
  const auto byte = bits == nullptr ? uint8_t{255} : static_cast<uint8_t>(bits[i / 8] >> (i % 8));
  const uint8_t padded[8] = {byte};
  return hn::LoadMaskBits(tag, padded);
}

bool is_there(const uint8_t* bits, size_t i) { return bits == nullptr || ((bits[i / 8] >> (i % 8)) & 1) != 0; }

template <class T>
void fill_of(const T* x, size_t n, const uint8_t* bits, T number, T* out) {
  const ByteTag<T> tag;
  const auto numbers = hn::Set(tag, number);
  const auto filled = [&](size_t i) {
    const auto kept = hn::IfThenElse(there_mask<T>(bits, i), hn::LoadU(tag, x + i), numbers);
    return hn::IfThenElse(hn::Eq(kept, kept), kept, numbers);
  };
  const auto tail = [&](size_t i) { out[i] = is_there(bits, i) && x[i] == x[i] ? x[i] : number; };
  if (!passes_caches(out, n)) {
    loop(
        n, hn::Lanes(tag), [&](size_t i) { hn::StoreU(filled(i), tag, out + i); }, tail);
    return;
  }
  loop(
      n, hn::Lanes(tag), [&](size_t i) { hn::Stream(filled(i), tag, out + i); }, tail);
  hwy::FlushStream();
}

double differences_of(const double* x, size_t n, const uint8_t* bits, double center) {
  const ByteTag<double> tag;
  const auto centers = hn::Set(tag, center);
  const size_t lanes = hn::Lanes(tag);
  auto a = hn::Zero(tag), b = a;
  double rest = 0;
  loop(
      n, 2 * lanes,
      [&](size_t i) {
        a = hn::Add(a, hn::IfThenElseZero(there_mask<double>(bits, i), hn::Sub(hn::LoadU(tag, x + i), centers)));
        b = hn::Add(b, hn::IfThenElseZero(there_mask<double>(bits, i + lanes), hn::Sub(hn::LoadU(tag, x + i + lanes), centers)));
      },
      [&](size_t i) { rest += is_there(bits, i) ? x[i] - center : 0; });
  return hn::GetLane(hn::SumOfLanes(tag, hn::Add(a, b))) + rest;
}

void fill_float(const float* x, size_t n, const uint8_t* bits, float number, float* out) { fill_of(x, n, bits, number, out); }
void fill_double(const double* x, size_t n, const uint8_t* bits, double number, double* out) { fill_of(x, n, bits, number, out); }
double sum_float(const float* x, size_t n) { return sum_of(x, n); }
double sum_double(const double* x, size_t n) { return sum_of(x, n); }
Moments moments_float(const float* x, size_t n) { return moments_of(x, n); }
Moments moments_double(const double* x, size_t n) { return moments_of(x, n); }
double dot_float(const float* x, const float* y, size_t n) { return dot_of(x, y, n); }
double dot_double(const double* x, const double* y, size_t n) { return dot_of(x, y, n); }
double distance_float(const float* x, const float* y, size_t n) { return squared_distance_of(x, y, n); }
double distance_double(const double* x, const double* y, size_t n) { return squared_distance_of(x, y, n); }
Range range_float(const float* x, size_t n) { return range_of(x, n); }
Range range_double(const double* x, size_t n) { return range_of(x, n); }
void affine_float(const float* x, size_t n, double center, double scale, double offset, float* out) {
  affine_of(x, n, center, scale, offset, out);
}
void affine_double(const double* x, size_t n, double center, double scale, double offset, double* out) {
  affine_of(x, n, center, scale, offset, out);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <cstdlib>

#include "kolosal/base/error.h"
#include "kolosal/kernels/bfloat16_unit.h"

namespace kolosal {

HWY_EXPORT(sum_float);
HWY_EXPORT(sum_double);
HWY_EXPORT(moments_float);
HWY_EXPORT(moments_double);
HWY_EXPORT(dot_float);
HWY_EXPORT(dot_double);
HWY_EXPORT(distance_float);
HWY_EXPORT(distance_double);
HWY_EXPORT(range_float);
HWY_EXPORT(range_double);
HWY_EXPORT(affine_float);
HWY_EXPORT(fill_float);
HWY_EXPORT(fill_double);
HWY_EXPORT(differences_of);
HWY_EXPORT(affine_double);

namespace {

struct NamedTarget {
  const char* name;
  int64_t bits;
  Bfloat16Unit unit = Bfloat16Unit::None;
};

// Widest first. "scalar" is not one of Highway's: the loops of kernels_scalar.h.
constexpr NamedTarget kTargets[] = {{"amx", HWY_AVX3 | HWY_AVX3_DL, Bfloat16Unit::Tiles},
                                    {"avx512_bf16", HWY_AVX3 | HWY_AVX3_DL, Bfloat16Unit::Vectors},
                                    {"avx512", HWY_AVX3 | HWY_AVX3_DL},
                                    {"avx2", HWY_AVX2},
                                    {"sse4", HWY_SSE4 | HWY_SSSE3},
                                    {"neon", HWY_NEON}};

// What is in use.
struct Chosen {
  std::string name = "scalar";
  Bfloat16Unit unit = Bfloat16Unit::None;
  bool is_scalar = false;
};
Chosen& chosen() {
  static Chosen target;
  return target;
}

// The processor's own instruction sets, asked before any is forced.
int64_t processor_targets() {
  static const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return targets;
}

bool is_there(const NamedTarget& target) { return (processor_targets() & target.bits) != 0 && has_bfloat16_unit(target.unit); }

void choose_target(std::string_view name) {
  std::string known;
  for (const NamedTarget& target : kTargets) {
    if (!is_there(target)) continue;
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(processor_targets() & target.bits);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      chosen() = {target.name, target.unit, false};
      return;
    }
    known += std::string(target.name) + ", ";
  }
  if (name != "scalar")
    throw Error(ErrorCode::BadValue, "this processor has no SIMD target '" + std::string(name) + "'", "Use one of: " + known + "scalar.");
  chosen() = {.is_scalar = true};
}

// Applies KOLOSAL_SIMD once, before the first kernel runs or a target is set. A name that the processor does not have changes nothing.
// The target is settled here: a kernel whose address is taken before would ask the processor anew at every call.
void apply_environment() {
  [[maybe_unused]] static const bool applied = [] {
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const auto* const widest = std::ranges::find_if(kTargets, is_there);
    if (widest != std::end(kTargets)) chosen() = {widest->name, widest->unit, false};
    if (const char* wanted = std::getenv("KOLOSAL_SIMD"); wanted != nullptr && *wanted != '\0') {
      try {
        choose_target(wanted);
      } catch (const Error&) {
        return false;
      }
    }
    return true;
  }();
}

}  // namespace

bool uses_scalar_loops() noexcept {
  apply_environment();
  return chosen().is_scalar;
}

Bfloat16Unit bfloat16_unit() noexcept {
  apply_environment();
  return chosen().unit;
}

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const NamedTarget& target : kTargets)
    if (is_there(target)) names.emplace_back(target.name);
  names.emplace_back("scalar");
  return names;
}

void set_simd_target(std::string_view name) {
  apply_environment();
  choose_target(name);
}

std::string simd_target() {
  apply_environment();
  return chosen().name;
}

Moments Moments::merged(const Moments& other) const noexcept {
  if (other.n == 0) return *this;
  if (n == 0) return other;
  const double both = n + other.n, difference = other.mean - mean;
  return {both, mean + difference * other.n / both, m2 + other.m2 + difference * difference * n * other.n / both};
}

double sum(std::span<const float> x) noexcept {
  return uses_scalar_loops() ? scalar::sum(x) : HWY_DYNAMIC_DISPATCH(sum_float)(x.data(), x.size());
}
double sum(std::span<const double> x) noexcept {
  return uses_scalar_loops() ? scalar::sum(x) : HWY_DYNAMIC_DISPATCH(sum_double)(x.data(), x.size());
}
Moments moments(std::span<const float> x) noexcept {
  return uses_scalar_loops() ? scalar::moments(x) : HWY_DYNAMIC_DISPATCH(moments_float)(x.data(), x.size());
}
Moments moments(std::span<const double> x) noexcept {
  return uses_scalar_loops() ? scalar::moments(x) : HWY_DYNAMIC_DISPATCH(moments_double)(x.data(), x.size());
}
double mean(std::span<const float> x) noexcept { return sum(x) / static_cast<double>(x.size()); }
double mean(std::span<const double> x) noexcept { return sum(x) / static_cast<double>(x.size()); }
double variance(std::span<const float> x) noexcept { return moments(x).variance(); }
double variance(std::span<const double> x) noexcept { return moments(x).variance(); }
double dot(std::span<const float> a, std::span<const float> b) noexcept {
  return uses_scalar_loops() ? scalar::dot(a, b) : HWY_DYNAMIC_DISPATCH(dot_float)(a.data(), b.data(), a.size());
}
double dot(std::span<const double> a, std::span<const double> b) noexcept {
  return uses_scalar_loops() ? scalar::dot(a, b) : HWY_DYNAMIC_DISPATCH(dot_double)(a.data(), b.data(), a.size());
}
double squared_distance(std::span<const float> a, std::span<const float> b) noexcept {
  return uses_scalar_loops() ? scalar::squared_distance(a, b) : HWY_DYNAMIC_DISPATCH(distance_float)(a.data(), b.data(), a.size());
}
double squared_distance(std::span<const double> a, std::span<const double> b) noexcept {
  return uses_scalar_loops() ? scalar::squared_distance(a, b) : HWY_DYNAMIC_DISPATCH(distance_double)(a.data(), b.data(), a.size());
}
Range min_max(std::span<const float> x) noexcept {
  return uses_scalar_loops() ? scalar::min_max(x) : HWY_DYNAMIC_DISPATCH(range_float)(x.data(), x.size());
}
Range min_max(std::span<const double> x) noexcept {
  return uses_scalar_loops() ? scalar::min_max(x) : HWY_DYNAMIC_DISPATCH(range_double)(x.data(), x.size());
}
void affine(std::span<const float> x, double center, double scale, double offset, std::span<float> out) noexcept {
  if (uses_scalar_loops()) scalar::affine(x, center, scale, offset, out);
  else HWY_DYNAMIC_DISPATCH(affine_float)(x.data(), x.size(), center, scale, offset, out.data());
}
void affine(std::span<const double> x, double center, double scale, double offset, std::span<double> out) noexcept {
  if (uses_scalar_loops()) scalar::affine(x, center, scale, offset, out);
  else HWY_DYNAMIC_DISPATCH(affine_double)(x.data(), x.size(), center, scale, offset, out.data());
}
void fill_missing(std::span<const float> x, const uint8_t* there, float number, std::span<float> out) noexcept {
  if (uses_scalar_loops()) scalar::fill_missing(x, there, number, out);
  else HWY_DYNAMIC_DISPATCH(fill_float)(x.data(), x.size(), there, number, out.data());
}
void fill_missing(std::span<const double> x, const uint8_t* there, double number, std::span<double> out) noexcept {
  if (uses_scalar_loops()) scalar::fill_missing(x, there, number, out);
  else HWY_DYNAMIC_DISPATCH(fill_double)(x.data(), x.size(), there, number, out.data());
}
double sum_of_differences(std::span<const double> x, const uint8_t* there, double center) noexcept {
  return uses_scalar_loops() ? scalar::sum_of_differences(x, there, center)
                             : HWY_DYNAMIC_DISPATCH(differences_of)(x.data(), x.size(), there, center);
}

}  // namespace kolosal

#endif  // HWY_ONCE
