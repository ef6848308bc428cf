// Folds of training rows for target encoding: rows of each class are dealt evenly, in runs of about 1024 that are shuffled each by a
// random stream of its own. So any number of threads can deal them, and rows that come one after the other get the same folds.
//
// Checked  target_encode_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Units (rows, or groups of rows) that are dealt evenly among themselves.
struct Deal {
  std::span<const uint32_t> units;  ///< none: the units from 0 on
  size_t n_units = 0;
};

/// Deals each of `deals` into folds: fold_of[unit].
void deal_evenly(const std::vector<Deal>& deals, size_t n_folds, uint64_t seed, const Threads& threads, std::span<uint8_t> fold_of);

/// Deals the rows of classes as deal_evenly does, row by row.
class FoldDealer {
 public:
  /// How many rows each class has in all.
  FoldDealer(const std::vector<size_t>& n_of_class, size_t n_folds, uint64_t seed);

  /// The fold of the next row, which is of this class and not beyond its number.
  uint8_t next(size_t row_class);

 private:
  struct Class {
    size_t n_rows = 0, n_dealt = 0;
    uint64_t first_run = 0;
    size_t offset = 0;
    std::vector<uint8_t> folds;  // of the run under way
  };

  size_t n_folds_;
  uint64_t seed_;
  std::vector<Class> classes_;
};

}  // namespace kolosal
