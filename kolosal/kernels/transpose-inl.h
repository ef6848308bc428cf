// Transposes of matrices of 32-bit numbers, for kernels: included once for every instruction set.
//
// Checked  neural_layers_test.cc, rounded_panels_test.cc.
#if defined(KOLOSAL_KERNELS_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KOLOSAL_KERNELS_TRANSPOSE_INL_H_
#undef KOLOSAL_KERNELS_TRANSPOSE_INL_H_
#else
#define KOLOSAL_KERNELS_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

// out[j * out_stride + i] = from[i * from_stride + j] of a matrix (n_rows, n_columns): squares of four, then the edges number by number.
template <class T>
HWY_INLINE void transpose_numbers(const T* from, size_t n_rows, size_t from_stride, size_t n_columns, T* out, size_t out_stride) {
  static_assert(sizeof(T) == 4);
  size_t whole_rows = 0, whole_columns = 0;
#if HWY_TARGET != HWY_SCALAR
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr size_t kSide = 4;
  constexpr hn::FixedTag<T, kSide> d;
  whole_rows = n_rows / kSide * kSide;
  whole_columns = n_columns / kSide * kSide;
  for (size_t i = 0; i < whole_rows; i += kSide)
    for (size_t j = 0; j < whole_columns; j += kSide) {
      const T* at = from + i * from_stride + j;
      T* to = out + j * out_stride + i;
      const auto row0 = hn::LoadU(d, at), row1 = hn::LoadU(d, at + from_stride);
      const auto row2 = hn::LoadU(d, at + 2 * from_stride), row3 = hn::LoadU(d, at + 3 * from_stride);
      const auto even_left = hn::InterleaveLower(d, row0, row2), odd_left = hn::InterleaveLower(d, row1, row3);
      const auto even_right = hn::InterleaveUpper(d, row0, row2), odd_right = hn::InterleaveUpper(d, row1, row3);
      hn::StoreU(hn::InterleaveLower(d, even_left, odd_left), d, to);
      hn::StoreU(hn::InterleaveUpper(d, even_left, odd_left), d, to + out_stride);
      hn::StoreU(hn::InterleaveLower(d, even_right, odd_right), d, to + 2 * out_stride);
      hn::StoreU(hn::InterleaveUpper(d, even_right, odd_right), d, to + 3 * out_stride);
    }
#endif
  for (size_t i = 0; i < n_rows; ++i)
    for (size_t j = i < whole_rows ? whole_columns : 0; j < n_columns; ++j) out[j * out_stride + i] = from[i * from_stride + j];
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
