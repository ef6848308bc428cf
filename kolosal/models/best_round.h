// BestRound: which round of a fit was the best on rows held out, and when there has been none better for too long.
//
// Checked  best_round_test.cc.
#pragma once

#include <limits>
#include <optional>

namespace kolosal {

class BestRound {
 public:
  /// What is no better than the best before: the earlier round stays the best, or, of equals, the later one becomes it.
  enum class Of { Earlier, Later };

  /// A loss is better where it is lower than the best by more than `min_delta`. Without `patience` there is no end.
  explicit BestRound(std::optional<int> patience, double min_delta, Of equals = Of::Earlier) noexcept
      : patience_(patience), min_delta_(min_delta), equals_(equals) {}

  /// Takes the loss after a round, 0 for that before the first; whether it is the best. One that is not a number never is.
  bool note(int round, double loss) noexcept {
    const bool better = equals_ == Of::Later && min_delta_ == 0 ? loss <= loss_ : loss < loss_ - min_delta_;
    last_ = round;
    if (!better) return false;
    loss_ = loss;
    round_ = round;
    return true;
  }
  /// The best round; 0 where none was better than infinity.
  int round() const noexcept { return round_; }
  /// Whether the last `patience` rounds were no better.
  bool is_over() const noexcept { return patience_ && last_ - round_ >= *patience_; }

 private:
  std::optional<int> patience_;
  double min_delta_;
  Of equals_;
  double loss_ = std::numeric_limits<double>::infinity();
  int round_ = 0, last_ = 0;
};

}  // namespace kolosal
