// What standard scaling makes of the moments of a column, however they were taken.
#pragma once

#include <string>
#include <vector>

#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {

/// The parameters of standard_scale.
struct StandardScaleParams {
  std::vector<std::string> columns;
  bool with_mean = true;
  bool with_std = true;
};
void describe(Fields<StandardScaleParams>& f);

/// Moments of the finite numbers of a column, also of those whose squares are beyond float64; a few bytes.
class ChunkSpread {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// Centre and scale of the rows so far, as standard_column gives them.
  AffineColumn scaled(const StandardScaleParams& params) const;
  /// Weight, mean and variance of the rows so far.
  Value seen() const;

 private:
  void add_reduced(Sample sample);

  ChunkMoments moments_;
  bool reduced_ = false;  // the moments are those of the numbers times kReduced
};

/// Centre and scale of a column with these moments, of numbers that were multiplied by `unit`; one whose variance is only rounding is not
/// divided. Without a name.
AffineColumn standard_column(const Moments& found, const StandardScaleParams& params, double unit = 1);

}  // namespace kolosal
