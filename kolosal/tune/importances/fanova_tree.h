// FanovaTree: a regression tree over a box, taken apart into the variance that each coordinate explains alone.
//
// The tree is grown on a bootstrap sample until its leaves are pure; a split is the one that leaves least variance, of a number at a
// threshold, of a choice between it and all others. Over the box each point is as likely as any other. The mean of the tree over all other
// coordinates is then a step function of one, whose variance is what this coordinate explains.
//
// Cost     O(d n depth) to grow, O(d l log l) for the variances of l leaves.
// Source   Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014.
// Checked  importance_test.cc: the variances against sums over all cells of the box.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kolosal/base/random.h"

namespace kolosal {

/// Points of a box: columns of numbers from 0 to 1, or of codes of choices.
struct FanovaPoints {
  std::vector<std::vector<double>> columns;
  std::vector<uint32_t> n_choices;  ///< by column; 0 where it holds numbers
};

/// See the top of the file.
class FanovaTree {
 public:
  /// A part of the box, in which the tree has one value.
  struct Leaf {
    std::vector<double> low, high;              ///< by column; 0 and 1 for choices
    std::vector<std::vector<uint8_t>> allowed;  ///< by column: by code whether it is part; empty for numbers
    double value = 0;
    double share(const FanovaPoints& points, size_t column) const;  ///< how much of a column's range it has
  };

  /// Grows a tree of at most `max_depth` splits from root to leaf.
  FanovaTree(const FanovaPoints& points, const std::vector<double>& y, int max_depth, RandomStream stream);

  /// The parts; they cover the box and do not overlap.
  const std::vector<Leaf>& leaves() const noexcept { return leaves_; }
  /// The variance of the tree over the box.
  double variance() const;
  /// The variance of its mean over all columns but one.
  double variance_of(size_t column) const;

 private:
  struct Split;
  void grow(size_t begin, size_t end, int depth, Leaf box);
  Split best_split(size_t begin, size_t end);
  void try_number(size_t column, size_t begin, size_t end, Split& best) const;
  void try_choices(size_t column, size_t begin, size_t end, Split& best) const;
  void divide(const Split& split, size_t begin, size_t end);
  double mean() const;

  const FanovaPoints& points_;
  const std::vector<double>& y_;
  int max_depth_;
  RandomStream stream_;
  std::vector<double> weights_;                // how often the sample has a row
  std::vector<std::vector<uint32_t>> orders_;  // by column: rows of the sample, those of a node together and sorted
  std::vector<uint8_t> goes_left_;             // by row
  std::vector<Leaf> leaves_;
  std::vector<double> volumes_;  // of the leaves
};

}  // namespace kolosal
