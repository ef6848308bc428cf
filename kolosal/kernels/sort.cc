#include "kolosal/kernels/sort.h"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>

#include "kolosal/kernels/kernels.h"

namespace kolosal {

void sort_ascending(std::span<double> x) {
  if (uses_scalar_loops()) std::ranges::sort(x);
  else hwy::Sorter()(x.data(), x.size(), hwy::SortAscending());
}

}  // namespace kolosal
