// Products of bfloat16 numbers by the instructions that x86 processors have for them: AVX-512 BF16 (VDPBF16PS) and AMX (TDPBF16PS).
//
// On Sapphire Rapids tiles do eight times as many multiply-adds in a second as float32's instructions, vectors half as many
// (matrix_product_bench.cc).
//
// A system must allow a process to use tiles of AMX; it is asked at the first product. Each thread loads the shapes of tiles and releases
// them within a product.
//
// Source   Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18, and volume 2.
// Checked  matrix_product_test.cc.
#pragma once

#include "kolosal/kernels/matrix_product.h"

namespace kolosal {

/// Instructions for products of bfloat16 numbers: none, of vectors (AVX-512 BF16), of tiles (AMX).
enum class Bfloat16Unit { None, Vectors, Tiles };
/// The one in use: of simd_target() "amx" tiles, of "avx512_bf16" vectors; both use AVX-512 for all else.
Bfloat16Unit bfloat16_unit() noexcept;
/// Whether the processor and the system have such instructions; true of none. Vectors must also be of AVX-512.
bool has_bfloat16_unit(Bfloat16Unit unit) noexcept;
/// kolosal::multiply by a unit that there is. Whether it is done: with none it is not.
bool multiply_by_unit(Bfloat16Unit unit, const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept;

}  // namespace kolosal
