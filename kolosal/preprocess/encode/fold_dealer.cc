#include "kolosal/preprocess/encode/fold_dealer.h"

#include <algorithm>
#include <utility>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr size_t kShuffledTogether = 1024;

size_t rows_a_run(size_t n_folds) { return n_folds * std::max<size_t>(1, kShuffledTogether / n_folds); }

/// The folds of a run of `n` units; the first of all has fold `offset` before they are shuffled.
std::vector<uint8_t> folds_of_run(size_t n, size_t offset, size_t n_folds, uint64_t seed, uint64_t run) {
  std::vector<uint8_t> folds(n);
  for (size_t i = 0; i < n; ++i) folds[i] = static_cast<uint8_t>((i + offset) % n_folds);
  RandomStream random(seed, "target_encode.folds", run);
  uint64_t bits = 0;
  for (size_t i = n; i > 1; --i) {
    bits = (n - i) % 2 == 0 ? random.next() : bits >> 32;
    std::swap(folds[i - 1], folds[((bits & 0xFFFFFFFF) * i) >> 32]);
  }
  return folds;
}

}  // namespace

void deal_evenly(const std::vector<Deal>& deals, size_t n_folds, uint64_t seed, const Threads& threads, std::span<uint8_t> fold_of) {
  const size_t run = rows_a_run(n_folds);
  uint64_t first_run = 0;
  size_t offset = 0;  // where the last deal left off, so that folds differ by one unit at most
  for (const Deal& deal : deals) {
    threads.parallel_for(deal.n_units, run, [&, first_run, offset](size_t begin, size_t end) {
      const std::vector<uint8_t> folds = folds_of_run(end - begin, offset, n_folds, seed, first_run + begin / run);
      for (size_t i = 0; i < folds.size(); ++i) fold_of[deal.units.empty() ? begin + i : deal.units[begin + i]] = folds[i];
    });
    first_run += (deal.n_units + run - 1) / run;
    offset += deal.n_units;
  }
}

FoldDealer::FoldDealer(const std::vector<size_t>& n_of_class, size_t n_folds, uint64_t seed) : n_folds_(n_folds), seed_(seed) {
  const size_t run = rows_a_run(n_folds);
  uint64_t first_run = 0;
  size_t offset = 0;
  for (const size_t n_rows : n_of_class) {
    classes_.push_back({n_rows, 0, first_run, offset, {}});
    first_run += (n_rows + run - 1) / run;
    offset += n_rows;
  }
}

uint8_t FoldDealer::next(size_t row_class) {
  Class& rows = classes_[row_class];
  const size_t run = rows_a_run(n_folds_), place = rows.n_dealt % run;
  if (place == 0)
    rows.folds = folds_of_run(std::min(run, rows.n_rows - rows.n_dealt), rows.offset, n_folds_, seed_, rows.first_run + rows.n_dealt / run);
  ++rows.n_dealt;
  return rows.folds[place];
}

}  // namespace kolosal
