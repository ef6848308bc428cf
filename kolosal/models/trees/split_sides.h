// Split sides: the two sides of a split under way, all rows being on the right at first, and what the split is worth so far.
//
// score() is sum_k S_k(left)^2 / W(left) + S_k(right)^2 / W(right): see cart_grower.h.
#pragma once

#include <algorithm>
#include <vector>

namespace kolosal {

/// What the rows of a node sum to.
struct NodeSums {
  double weight = 0;
  std::vector<double> sums;
};

/// For one number a row.
class NumberSides {
 public:
  /// What a row has.
  using Y = double;
  /// All rows of a node on the right.
  explicit NumberSides(const NodeSums& total) : right_weight_(total.weight), right_(total.sums[0]) {}
  /// Moves a row to the left.
  void move(double weight, double y) {
    left_weight_ += weight;
    right_weight_ -= weight;
    left_ += weight * y;
    right_ -= weight * y;
  }
  /// Moves rows of this weight and weighted sum together.
  void move_sums(double weight, double sum) {
    left_weight_ += weight;
    right_weight_ -= weight;
    left_ += sum;
    right_ -= sum;
  }
  /// What the split is worth.
  double score() const { return left_ * left_ / left_weight_ + right_ * right_ / right_weight_; }
  /// Weight of the lighter side.
  double lighter_weight() const { return std::min(left_weight_, right_weight_); }

 private:
  double left_weight_ = 0, right_weight_, left_ = 0, right_;
};

/// For a class number a row: sums of squared class weights are kept up as rows move.
class ClassSides {
 public:
  /// What a row has.
  using Y = double;
  /// All rows of a node on the right.
  explicit ClassSides(const NodeSums& total) : right_weight_(total.weight), left_(total.sums.size(), 0.0), right_(total.sums) {
    for (const double s : right_) right_squares_ += s * s;
  }
  /// Moves a row to the left.
  void move(double weight, double y) {
    const auto k = static_cast<size_t>(y);
    left_squares_ += weight * (2 * left_[k] + weight);
    right_squares_ -= weight * (2 * right_[k] - weight);
    left_[k] += weight;
    right_[k] -= weight;
    left_weight_ += weight;
    right_weight_ -= weight;
  }
  /// What the split is worth.
  double score() const { return left_squares_ / left_weight_ + right_squares_ / right_weight_; }
  /// Weight of the lighter side.
  double lighter_weight() const { return std::min(left_weight_, right_weight_); }

 private:
  double left_weight_ = 0, right_weight_, left_squares_ = 0, right_squares_ = 0;
  std::vector<double> left_, right_;
};

/// For several numbers a row.
class VectorSides {
 public:
  /// What a row has.
  using Y = const double*;
  /// All rows of a node on the right.
  explicit VectorSides(const NodeSums& total) : right_weight_(total.weight), left_(total.sums.size(), 0.0), right_(total.sums) {}
  /// Moves a row to the left.
  void move(double weight, const double* y) {
    left_weight_ += weight;
    right_weight_ -= weight;
    for (size_t k = 0; k < left_.size(); ++k) {
      left_[k] += weight * y[k];
      right_[k] -= weight * y[k];
    }
  }
  /// Moves rows of this weight and these weighted sums together.
  void move_sums(double weight, const double* sums) {
    left_weight_ += weight;
    right_weight_ -= weight;
    for (size_t k = 0; k < left_.size(); ++k) {
      left_[k] += sums[k];
      right_[k] -= sums[k];
    }
  }
  /// What the split is worth.
  double score() const {
    double score = 0;
    for (size_t k = 0; k < left_.size(); ++k) score += left_[k] * left_[k] / left_weight_ + right_[k] * right_[k] / right_weight_;
    return score;
  }
  /// Weight of the lighter side.
  double lighter_weight() const { return std::min(left_weight_, right_weight_); }

 private:
  double left_weight_ = 0, right_weight_;
  std::vector<double> left_, right_;
};

}  // namespace kolosal
