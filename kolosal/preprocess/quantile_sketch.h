// QuantileSketch: quantiles of more numbers than are kept, with a bound on the error of rank that holds for every order of input.
//
// Numbers fill a buffer of `width`; a full one is sorted, equal numbers are joined, and it becomes a summary of level 0. Two summaries
// of a level are merged into one of the next, and one of more than `width` numbers is cut into `width` pieces of equal weight, of which
// each keeps the number in its middle: no rank moves by more than half a piece. So all summaries of a level together add at most
// 1 / (2 width), and n numbers log2(n / width) / (2 width): 0.07 % for ten million. Up to `width` distinct numbers nothing is lost.
//
// Cost     O(log width) a number; 16 width bytes a level, log2(n / width) levels: 1.5 MB for ten million.
// Source   Munro and Paterson, Theoretical Computer Science 12, 1980; with weights as in Agarwal et al., "Mergeable summaries", 2013.
// Checked  quantile_sketch_test.cc, against sorting.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kolosal/preprocess/fitting.h"

namespace kolosal {

class QuantileSketch {
 public:
  /// Numbers kept a level; at least 2.
  explicit QuantileSketch(size_t width = 8192) : width_(width) {}

  /// Adds a finite number of weight > 0.
  void add(double value, double weight = 1);
  /// Adds the finite numbers of a column; weights of 0 count for nothing, none means all are one.
  void add(const Column& column, std::span<const double> weights);

  /// As if all that the other was given had been added here, within the same bound. Throws Error(BadValue) where their widths differ.
  void merge(const QuantileSketch& other);

  /// Most that the rank of a quantile can be off, as a share of all weight; 0 while nothing was lost.
  double rank_error() const noexcept { return total_ > 0 ? lost_ / total_ : 0; }
  /// The numbers kept, in ascending order, with weights that stand for all numbers: what sorted_quantile takes. The first is the least
  /// number and the last the largest.
  Sample sample() const;
  /// Bytes that it takes, and at most once more numbers are added.
  size_t bytes() const noexcept;
  /// The quantiles, each 0 <= q <= 1 and in ascending order; 0 of no numbers.
  std::vector<double> quantiles(std::span<const double> wanted) const;

 private:
  struct Entry {
    double value, weight;
  };
  using Entries = std::vector<Entry>;

  void close_buffer();
  void raise(Entries summary, size_t level);
  static void sort_and_join(Entries& entries);
  Entries cut(Entries entries);

  size_t width_;
  Entries buffer_;
  std::vector<Entries> levels_;  // of each level one summary or none
  double total_ = 0, lost_ = 0;
  double least_ = 0, largest_ = 0;
  double n_ = 0;
};

}  // namespace kolosal
