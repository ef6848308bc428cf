#include "kolosal/models/trees/leaf_scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr int kCommonBits = 32;                           // numbers up to 2^32 and down to 2^-32 are kept as they are
constexpr double kNearest = 1e-140, kFurthest = 1e140;    // whose squares, summed over all rows, are numbers of float64
constexpr double kLeastRatio = 1e-30, kMostRatio = 1e30;  // of targets to the scale of a model to go on from

std::string text_of(double number) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

}  // namespace

double float_scale(double largest) noexcept {
  if (!(largest > 0) || !std::isfinite(largest)) return 1;
  const int exponent = std::ilogb(largest);
  return std::abs(exponent) <= kCommonBits ? 1 : std::ldexp(1.0, exponent);
}

std::vector<double> leaf_scales(const Target& target, std::span<const double> centre, const Forest* start) {
  std::vector<double> scales;
  for (size_t k = 0; k < centre.size(); ++k) {
    double largest = 0;
    for (size_t i = 0; i < target.n_rows; ++i) {
      const double distance = std::abs(target.values[i * target.n_targets + (target.n_targets == 1 ? 0 : k)] - centre[k]);
      if (!(distance <= largest)) largest = distance;
    }
    if (!(largest == 0 || (largest >= kNearest && largest <= kFurthest)))
      throw Error(ErrorCode::BadValue,
                  "targets lie up to " + text_of(largest) + " from their middle; squares tell distances of " + text_of(kNearest) + " to " +
                      text_of(kFurthest),
                  "Divide the target by its spread.");
    scales.push_back(start != nullptr ? start->scale_of(k) : float_scale(largest));
    const double ratio = largest / scales.back();
    if (start != nullptr && largest > 0 && (ratio < kLeastRatio || ratio > kMostRatio))
      throw Error(ErrorCode::BadValue,
                  "targets lie up to " + text_of(largest) +
                      " from the middle of the model to go on from, whose leaves hold numbers about " + text_of(scales.back()),
                  "Fit anew on all rows.");
  }
  if (std::ranges::all_of(scales, [](double scale) { return scale == 1; })) scales.clear();
  return scales;
}

}  // namespace kolosal
