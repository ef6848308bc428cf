// Compiled once for every instruction set. Kept rows are rare once a query has met its nearest, so whole vectors are passed over.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/masked_scan.cc"
#include "kolosal/kernels/masked_scan.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

size_t scan(const double* tile, size_t n_columns, const MaskedQuery& query, double limit, uint32_t* places, double* distances) {
  constexpr size_t kTile = MaskedTiles::kTile;
  constexpr hn::CappedTag<double, 8> tag;
  const size_t lanes = hn::Lanes(tag);
  const double* flags = tile + n_columns * kTile;
  const double* counts = flags + n_columns * kTile;
  const auto most = hn::Set(tag, limit);
  size_t n_found = 0;
  for (size_t i = 0; i < kTile; i += 2 * lanes) {
    auto sum0 = hn::Zero(tag), sum1 = sum0;
    for (const uint32_t j : query.present) {
      const auto value = hn::Set(tag, query.values[j]);
      const double *x = tile + j * kTile + i, *flag = flags + j * kTile + i;
      const auto gap0 = hn::Mul(hn::Sub(value, hn::LoadU(tag, x)), hn::LoadU(tag, flag));
      const auto gap1 = hn::Mul(hn::Sub(value, hn::LoadU(tag, x + lanes)), hn::LoadU(tag, flag + lanes));
      sum0 = hn::MulAdd(gap0, gap0, sum0);
      sum1 = hn::MulAdd(gap1, gap1, sum1);
    }
    auto shared0 = hn::LoadU(tag, counts + i), shared1 = hn::LoadU(tag, counts + i + lanes);
    for (const uint32_t j : query.absent) {
      shared0 = hn::Sub(shared0, hn::LoadU(tag, flags + j * kTile + i));
      shared1 = hn::Sub(shared1, hn::LoadU(tag, flags + j * kTile + i + lanes));
    }
    sum0 = hn::Div(sum0, shared0);
    sum1 = hn::Div(sum1, shared1);
    if (hn::AllFalse(tag, hn::Or(hn::Lt(sum0, most), hn::Lt(sum1, most)))) continue;
    HWY_ALIGN double near[16];
    hn::Store(sum0, tag, near);
    hn::Store(sum1, tag, near + lanes);
    for (size_t at = 0; at < 2 * lanes; ++at)
      if (near[at] < limit) {
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

HWY_EXPORT(scan);

MaskedTiles::MaskedTiles(std::span<const double> values, std::span<const uint8_t> there, size_t n_rows, size_t n_columns)
    : n_tiles_((n_rows + kTile - 1) / kTile), n_columns_(n_columns), cells_(n_tiles_ * (2 * n_columns + 1) * kTile) {
  for (size_t row = 0; row < n_rows; ++row) {
    double* cell = cells_.data() + row / kTile * (2 * n_columns + 1) * kTile + row % kTile;
    double n_there = 0;
    for (size_t j = 0; j < n_columns; ++j) {
      if (there[j * n_rows + row] == 0) continue;
      cell[j * kTile] = values[j * n_rows + row];
      cell[(n_columns + j) * kTile] = 1;
      ++n_there;
    }
    cell[2 * n_columns * kTile] = n_there;
  }
}

size_t masked_scan_scalar(const double* tile, size_t n_columns, const MaskedQuery& query, double limit, uint32_t* places,
                          double* distances) {
  constexpr size_t kTile = MaskedTiles::kTile;
  size_t n_found = 0;
  for (size_t i = 0; i < kTile; ++i) {
    double sum = 0, shared = 0;
    for (const uint32_t j : query.present) {
      const double flag = tile[(n_columns + j) * kTile + i];
      const double gap = (query.values[j] - tile[j * kTile + i]) * flag;
      sum += gap * gap;
      shared += flag;
    }
    if (shared == 0 || !(sum / shared < limit)) continue;
    places[n_found] = static_cast<uint32_t>(i);
    distances[n_found++] = sum / shared;
  }
  return n_found;
}

MaskedScan masked_scan() { return uses_scalar_loops() ? &masked_scan_scalar : &HWY_DYNAMIC_DISPATCH(scan); }

}  // namespace kolosal

#endif  // HWY_ONCE
