// The parameters of a subspace as coordinates of a Gaussian process: from 0 to 1 in their scale, choices by their index.
#pragma once

#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "kolosal/tune/history.h"

namespace kolosal {

/// How far apart coordinates may be that count as equal.
inline constexpr double kSameCoordinate = 1e-9;

/// See the top of the file.
class GpSpace {
 public:
  explicit GpSpace(Subspace space) : space_(std::move(space)) {}
  size_t size() const noexcept { return space_.size(); }
  const Subspace& parameters() const noexcept { return space_; }
  const Distribution& of(size_t i) const { return *space_[i].second; }
  bool is_choice(size_t i) const { return of(i).is_unordered(); }
  bool has_steps(size_t i) const { return of(i).step > 0; }
  double coordinate(size_t i, double inside) const { return coordinate_of_place(i, of(i).place(inside)); }
  double inside(size_t i, double x) const {
    const Distribution& d = of(i);
    return is_choice(i) ? x : d.at_place(d.scaled_low() + std::clamp(x, 0.0, 1.0) * (d.scaled_high() - d.scaled_low()));
  }
  double rounded(size_t i, double x) const { return has_steps(i) ? coordinate(i, inside(i, x)) : std::clamp(x, 0.0, 1.0); }
  /// Where a row of the history lies; none where it has not all parameters within their ranges.
  std::optional<Eigen::VectorXd> of_row(const History& history, uint32_t row) const {
    return point([&](uint32_t parameter) {
      const std::vector<double>& places = history.parameters()[parameter].places;
      return row < places.size() ? places[row] : std::numeric_limits<double>::quiet_NaN();
    });
  }
  /// Whether a row of the history lies at a point.
  bool is_at(const History& history, uint32_t row, const Eigen::VectorXd& x) const {
    const auto there = of_row(history, row);
    return there && (*there - x).isZero(kSameCoordinate);
  }
  /// Where a trial lies; none as above.
  std::optional<Eigen::VectorXd> of_trial(const TrialRecord& trial) const {
    return point([&](uint32_t parameter) {
      for (const TrialParameter& had : trial.parameters)
        if (had.parameter == parameter) return had.distribution->place(had.value);
      return std::numeric_limits<double>::quiet_NaN();
    });
  }

 private:
  double coordinate_of_place(size_t i, double place) const {
    const double low = of(i).scaled_low(), high = of(i).scaled_high();
    return is_choice(i) ? place : (place - low) / (high - low);
  }
  std::optional<Eigen::VectorXd> point(const auto& place_of) const {
    Eigen::VectorXd x(static_cast<Eigen::Index>(size()));
    for (size_t i = 0; i < size(); ++i) {
      const double place = place_of(space_[i].first);
      if (!(place >= of(i).scaled_low() && place <= of(i).scaled_high())) return std::nullopt;
      x[static_cast<Eigen::Index>(i)] = coordinate_of_place(i, place);
    }
    return x;
  }

  Subspace space_;
};

}  // namespace kolosal
