// The scalar loops that every vector kernel is held against.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "kolosal/kernels/kernels.h"

namespace kolosal::scalar {

/// Sum of the numbers.
template <class T>
double sum(std::span<const T> x) noexcept {
  double total = 0;
  for (const T value : x) total += static_cast<double>(value);
  return total;
}

/// Welford's update, one number at a time.
template <class T>
Moments moments(std::span<const T> x) noexcept {
  Moments m;
  for (const T value : x) {
    m.n += 1;
    const double difference = static_cast<double>(value) - m.mean;
    m.mean += difference / m.n;
    m.m2 += difference * (static_cast<double>(value) - m.mean);
  }
  return m;
}

/// Sum of products.
template <class T>
double dot(std::span<const T> a, std::span<const T> b) noexcept {
  double total = 0;
  for (size_t i = 0; i < a.size(); ++i) total += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return total;
}

/// Sum of squared differences.
template <class T>
double squared_distance(std::span<const T> a, std::span<const T> b) noexcept {
  double total = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    total += difference * difference;
  }
  return total;
}

/// The range of the numbers.
template <class T>
Range min_max(std::span<const T> x) noexcept {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const T value : x) {
    if (std::isnan(value)) continue;
    range.min = std::min(range.min, static_cast<double>(value));
    range.max = std::max(range.max, static_cast<double>(value));
  }
  return range;
}

/// See kolosal::affine.
template <class T>
void affine(std::span<const T> x, double center, double scale, double offset, std::span<T> out) noexcept {
  for (size_t i = 0; i < x.size(); ++i) out[i] = static_cast<T>((static_cast<double>(x[i]) - center) / scale + offset);
}

/// Whether bit i is set; null means all are.
inline bool is_set(const uint8_t* bits, size_t i) noexcept { return bits == nullptr || ((bits[i / 8] >> (i % 8)) & 1) != 0; }

/// See kolosal::fill_missing.
template <class T>
void fill_missing(std::span<const T> x, const uint8_t* there, T number, std::span<T> out) noexcept {
  for (size_t i = 0; i < x.size(); ++i) out[i] = is_set(there, i) && !std::isnan(x[i]) ? x[i] : number;
}

/// See kolosal::sum_of_differences.
inline double sum_of_differences(std::span<const double> x, const uint8_t* there, double center) noexcept {
  double total = 0;
  for (size_t i = 0; i < x.size(); ++i) total += is_set(there, i) ? x[i] - center : 0;
  return total;
}

}  // namespace kolosal::scalar
