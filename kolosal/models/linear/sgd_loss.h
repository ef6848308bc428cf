// Losses that stochastic gradient descent goes down, of one row by its margin, and their derivatives.
//
// Source   Bottou, COMPSTAT 2010; Zhang, ICML 2004 (modified Huber); Huber, Annals of Mathematical Statistics 35(1), 1964.
// Checked  scikit-learn in tests/parity.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace kolosal {

/// Default: log_loss of classes, squared_error of numbers.
enum class SgdLoss {
  Default,
  LogLoss,
  Hinge,
  SquaredHinge,
  ModifiedHuber,
  SquaredError,
  Huber,
  EpsilonInsensitive,
  SquaredEpsilonInsensitive
};
constexpr auto enum_names(SgdLoss) {
  return std::to_array<std::pair<SgdLoss, std::string_view>>({{SgdLoss::Default, "default"},
                                                              {SgdLoss::LogLoss, "log_loss"},
                                                              {SgdLoss::Hinge, "hinge"},
                                                              {SgdLoss::SquaredHinge, "squared_hinge"},
                                                              {SgdLoss::ModifiedHuber, "modified_huber"},
                                                              {SgdLoss::SquaredError, "squared_error"},
                                                              {SgdLoss::Huber, "huber"},
                                                              {SgdLoss::EpsilonInsensitive, "epsilon_insensitive"},
                                                              {SgdLoss::SquaredEpsilonInsensitive, "squared_epsilon_insensitive"}});
}

/// A loss and its derivative by the margin p, of the truth y: -1 or 1 of classes, or a number.
struct LossAndSlope {
  double loss;
  double slope;
};

/// `epsilon`: from where huber grows linearly; errors below it cost nothing of the insensitive ones.
inline LossAndSlope sgd_loss(SgdLoss kind, double epsilon, double y, double p) noexcept {
  const double z = y * p, error = p - y, beyond = std::abs(error) - epsilon;
  const auto side = [&] { return error > 0 ? 1.0 : -1.0; };
  switch (kind) {
    case SgdLoss::Default:
    case SgdLoss::LogLoss: {
      const double small = std::exp(-std::abs(z)), share = 1 / (1 + small);
      return {std::log1p(small) + std::max(-z, 0.0), -y * (z > 0 ? small * share : share)};
    }
    case SgdLoss::Hinge: return z <= 1 ? LossAndSlope{1 - z, -y} : LossAndSlope{0, 0};
    case SgdLoss::SquaredHinge: return z < 1 ? LossAndSlope{(1 - z) * (1 - z), -2 * y * (1 - z)} : LossAndSlope{0, 0};
    case SgdLoss::ModifiedHuber:
      if (z >= 1) return {0, 0};
      return z >= -1 ? LossAndSlope{(1 - z) * (1 - z), -2 * y * (1 - z)} : LossAndSlope{-4 * z, -4 * y};
    case SgdLoss::SquaredError: return {0.5 * error * error, error};
    case SgdLoss::Huber:
      if (beyond <= 0) return {0.5 * error * error, error};
      return {epsilon * (std::abs(error) - 0.5 * epsilon), epsilon * side()};
    case SgdLoss::EpsilonInsensitive: return beyond > 0 ? LossAndSlope{beyond, side()} : LossAndSlope{0, 0};
    case SgdLoss::SquaredEpsilonInsensitive: return beyond > 0 ? LossAndSlope{beyond * beyond, 2 * beyond * side()} : LossAndSlope{0, 0};
  }
  return {0, 0};
}

}  // namespace kolosal
