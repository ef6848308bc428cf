// Compiled once for every instruction set. Kept rows are rare once a query has met its nearest, so whole vectors are passed over.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/row_tiles.cc"
#include "kolosal/kernels/row_tiles.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <limits>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

size_t scan_tile(const float* tile, size_t n_columns, const float* query, float limit, uint32_t* places, float* distances) {
  constexpr size_t kTile = RowTiles::kTile;
  constexpr hn::CappedTag<float, 16> tag;
  const size_t lanes = hn::Lanes(tag);
  const auto most = hn::Set(tag, limit), infinite = hn::Set(tag, std::numeric_limits<float>::infinity());
  size_t n_found = 0;
  for (size_t i = 0; i < kTile; i += 4 * lanes) {
    auto a = hn::Zero(tag), b = a, c = a, d = a;
    for (size_t j = 0; j < n_columns; ++j) {
      const float* x = tile + j * kTile + i;
      const auto value = hn::Set(tag, query[j]);
      const auto of_a = hn::Sub(value, hn::LoadU(tag, x)), of_b = hn::Sub(value, hn::LoadU(tag, x + lanes));
      const auto of_c = hn::Sub(value, hn::LoadU(tag, x + 2 * lanes)), of_d = hn::Sub(value, hn::LoadU(tag, x + 3 * lanes));
      a = hn::MulAdd(of_a, of_a, a);
      b = hn::MulAdd(of_b, of_b, b);
      c = hn::MulAdd(of_c, of_c, c);
      d = hn::MulAdd(of_d, of_d, d);
    }
    a = hn::IfThenElse(hn::Eq(a, a), a, infinite);
    b = hn::IfThenElse(hn::Eq(b, b), b, infinite);
    c = hn::IfThenElse(hn::Eq(c, c), c, infinite);
    d = hn::IfThenElse(hn::Eq(d, d), d, infinite);
    if (hn::AllFalse(tag, hn::Le(hn::Min(hn::Min(a, b), hn::Min(c, d)), most))) continue;
    HWY_ALIGN float near[kTile];
    hn::Store(a, tag, near);
    hn::Store(b, tag, near + lanes);
    hn::Store(c, tag, near + 2 * lanes);
    hn::Store(d, tag, near + 3 * lanes);
    for (size_t at = 0; at < 4 * lanes; ++at)
      if (near[at] <= limit) {
        places[n_found] = static_cast<uint32_t>(i + at);
        distances[n_found++] = near[at];
      }
  }
  return n_found;
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(scan_tile);

RowTiles::RowTiles(std::span<const float> rows, size_t n_columns, std::span<const uint32_t> order)
    : n_columns_(n_columns), order_(order.begin(), order.end()), cells_((order.size() + kTile - 1) / kTile * n_columns * kTile) {
  for (size_t i = 0; i < order.size(); ++i) {
    float* cell = cells_.data() + i / kTile * n_columns * kTile + i % kTile;
    for (size_t j = 0; j < n_columns; ++j) cell[j * kTile] = rows[order[i] * n_columns + j];
  }
}

size_t tile_scan_scalar(const float* tile, size_t n_columns, const float* query, float limit, uint32_t* places, float* distances) {
  size_t n_found = 0;
  for (size_t i = 0; i < RowTiles::kTile; ++i) {
    float sum = 0;
    for (size_t j = 0; j < n_columns; ++j) {
      const float difference = query[j] - tile[j * RowTiles::kTile + i];
      sum += difference * difference;
    }
    if (!(sum == sum)) sum = std::numeric_limits<float>::infinity();
    if (!(sum <= limit)) continue;
    places[n_found] = static_cast<uint32_t>(i);
    distances[n_found++] = sum;
  }
  return n_found;
}

TileScan tile_scan() { return uses_scalar_loops() ? &tile_scan_scalar : &HWY_DYNAMIC_DISPATCH(scan_tile); }

}  // namespace kolosal

#endif  // HWY_ONCE
