// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/mark_equal.cc"
#include "kolosal/kernels/mark_equal.h"

#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Codes from `from` on as lanes of T, as many as a vector of T holds.
HWY_INLINE auto lanes_of(hn::ScalableTag<uint8_t> to, const uint8_t* from) { return hn::LoadU(to, from); }
HWY_INLINE auto lanes_of(hn::ScalableTag<float> to, const uint8_t* from) {
  const hn::Rebind<int32_t, decltype(to)> whole;
  return hn::ConvertTo(to, hn::PromoteTo(whole, hn::LoadU(hn::Rebind<uint8_t, decltype(to)>(), from)));
}
HWY_INLINE auto lanes_of(hn::ScalableTag<double> to, const uint8_t* from) {
  const hn::Rebind<int32_t, decltype(to)> whole;
  return hn::PromoteTo(to, hn::PromoteTo(whole, hn::LoadU(hn::Rebind<uint8_t, decltype(to)>(), from)));
}

template <class T>
void mark(const uint8_t* codes, size_t n, uint8_t code, bool past_caches, T* out) {
  constexpr hn::ScalableTag<T> tag;
  const size_t n_lanes = hn::Lanes(tag);
  const auto wanted = hn::Set(tag, static_cast<T>(code)), one = hn::Set(tag, T{1});
  const auto marked = [&](size_t i) { return hn::IfThenElseZero(hn::Eq(lanes_of(tag, codes + i), wanted), one); };
  const auto alone = [&](size_t i) { out[i] = codes[i] == code ? T{1} : T{0}; };
  size_t i = 0;
  if (past_caches) {
    const size_t off = reinterpret_cast<uintptr_t>(out) % (n_lanes * sizeof(T));
    for (const size_t first = off == 0 ? 0 : std::min(n, n_lanes - off / sizeof(T)); i < first; ++i) alone(i);
    for (; i + n_lanes <= n; i += n_lanes) hn::Stream(marked(i), tag, out + i);
    hwy::FlushStream();
  }
  for (; i + n_lanes <= n; i += n_lanes) hn::StoreU(marked(i), tag, out + i);
  for (; i < n; ++i) alone(i);
}

void mark_bytes(const uint8_t* codes, size_t n, uint8_t code, bool past, uint8_t* out) { mark(codes, n, code, past, out); }
void mark_floats(const uint8_t* codes, size_t n, uint8_t code, bool past, float* out) { mark(codes, n, code, past, out); }
void mark_doubles(const uint8_t* codes, size_t n, uint8_t code, bool past, double* out) { mark(codes, n, code, past, out); }

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(mark_bytes);
HWY_EXPORT(mark_floats);
HWY_EXPORT(mark_doubles);

void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<uint8_t> out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(mark_bytes) : &HWY_DYNAMIC_DISPATCH(mark_bytes))(codes.data(), codes.size(), code,
                                                                                               past_caches, out.data());
}
void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<float> out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(mark_floats) : &HWY_DYNAMIC_DISPATCH(mark_floats))(codes.data(), codes.size(), code,
                                                                                                 past_caches, out.data());
}
void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<double> out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(mark_doubles) : &HWY_DYNAMIC_DISPATCH(mark_doubles))(codes.data(), codes.size(), code,
                                                                                                   past_caches, out.data());
}

}  // namespace kolosal

#endif  // HWY_ONCE
