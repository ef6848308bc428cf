// Numbers are counted by the 16 bits that lead them as ordered integers (sign, exponent, four of the mantissa); those that share them with
// a wanted one are gathered and sorted.
//
// Cost     two passes over the numbers, and a sort of what is gathered: all of them at worst, where all are nearly equal.
// Checked  ranked_numbers_test.cc, against a sort.
#include "kolosal/preprocess/ranked_numbers.h"

#include <algorithm>
#include <bit>

#include "kolosal/base/array.h"
#include "kolosal/kernels/sort.h"

namespace kolosal {
namespace {

constexpr size_t kBuckets = size_t{1} << 16;
constexpr size_t kFirstFinite = 0x0010, kLastFinite = 0xFFEF;  // what is infinite or NaN leads before and behind these

size_t bucket_of(double number) noexcept {
  const auto bits = std::bit_cast<uint64_t>(number);
  const uint64_t flipped = static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63) | uint64_t{1} << 63;
  return (bits ^ flipped) >> 48;
}

}  // namespace

template <class T>
RankedNumbers<T>::RankedNumbers(std::span<const T> numbers) : numbers_(numbers), counts_(kBuckets) {
  for (const T number : numbers) ++counts_[bucket_of(static_cast<double>(number))];
  std::fill(counts_.begin(), counts_.begin() + kFirstFinite, 0);
  std::fill(counts_.begin() + kLastFinite + 1, counts_.end(), 0);
  for (const uint32_t count : counts_) n_finite_ += count;
}

template <class T>
std::vector<double> RankedNumbers<T>::at(std::span<const size_t> ranks) const {
  std::vector<size_t> ascending(ranks.begin(), ranks.end());
  std::ranges::sort(ascending);
  // How many lower numbers are not gathered, for each wanted rank.
  std::vector<uint8_t> wanted(kBuckets);
  std::vector<size_t> left_out(ascending.size());
  size_t n_gathered = 0, n_below = 0, i = 0;
  for (size_t bucket = kFirstFinite; bucket <= kLastFinite && i < ascending.size(); ++bucket) {
    const size_t end = n_below + counts_[bucket];
    for (; i < ascending.size() && ascending[i] < end; ++i) {
      wanted[bucket] = 1;
      left_out[i] = n_below - n_gathered;
    }
    if (wanted[bucket] != 0) n_gathered += counts_[bucket];
    n_below = end;
  }
  ArrayBytes scratch = ArrayBytes::unset((n_gathered + 1) * sizeof(double));  // one more: the last write may be of no wanted number
  const std::span<double> near(reinterpret_cast<double*>(scratch.begin_writing()), n_gathered + 1);
  size_t n = 0;
  for (const T number : numbers_) {
    near[n] = static_cast<double>(number);
    n += wanted[bucket_of(static_cast<double>(number))];
  }
  sort_ascending(near.first(n));
  std::vector<double> found;
  for (const size_t rank : ranks)
    found.push_back(near[rank - left_out[static_cast<size_t>(std::ranges::lower_bound(ascending, rank) - ascending.begin())]]);
  return found;
}

template class RankedNumbers<float>;
template class RankedNumbers<double>;

}  // namespace kolosal
