// GaussianProcessModel: the mean of a Gaussian process given stored rows, and for classes the probability over its spread.
//
// Each sum has a process of its own: amplitude k(r), r^2 = sum_j (scale_j (x_j - z_j))^2, with k one of exp(-r^2/2) (rbf), exp(-r), (1 + a)
// exp(-a) with a = sqrt(3) r, (1 + a + a^2/3) exp(-a) with a = sqrt(5) r (Matern of 1/2, 3/2, 5/2). Numbers are center + spread of the sum.
// Of classes the probability is the mean of sigmoid(f) over f normal with the sum as mean and amplitude - k'Mk as variance; of two classes
// the one sum is the second's, of more they are scaled to sum to 1.
//
// Cost     a row, for each sum n_stored n_features, and n_stored^2 for the variance.
// Source   Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, 2.3 and 3.4; Williams and Barber, IEEE PAMI 20(12), 1998
//          (the mean of sigmoids).
// Checked  gaussian_process_test.cc; scikit-learn in tests/parity.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// How the likeness of rows falls with their distance.
enum class Covariance { Rbf, Matern12, Matern32, Matern52 };
constexpr auto enum_names(Covariance) {
  return std::to_array<std::pair<Covariance, std::string_view>>({{Covariance::Rbf, "rbf"},
                                                                 {Covariance::Matern12, "matern12"},
                                                                 {Covariance::Matern32, "matern32"},
                                                                 {Covariance::Matern52, "matern52"}});
}

/// k(r) and its derivative by r^2.
struct CovarianceAt {
  double value, slope;
};
/// Of a squared distance; the slope of matern12 at 0, where there is none, is 0.
CovarianceAt covariance_at(Covariance kind, double squared_distance) noexcept;

/// What a GaussianProcessModel is made of.
struct GaussianProcessForm {
  int64_t n_features = 0;
  int64_t n_classes = 0;  ///< 0: numbers
  Covariance covariance = Covariance::Rbf;
  std::vector<float> rows;         ///< (n_stored, n_features) row-major
  std::vector<double> scales;      ///< (n_sums, n_features)
  std::vector<double> amplitudes;  ///< (n_sums,) variances at a point
  std::vector<double> shares;      ///< (n_sums, n_stored)
  std::vector<double> reductions;  ///< M of each sum, (n_sums, n_stored, n_stored); empty of numbers
  double center = 0, spread = 1;   ///< of numbers
};
void describe(Fields<GaussianProcessForm>& fields);

class GaussianProcessModel : public Model {
 public:
  explicit GaussianProcessModel(GaussianProcessForm form);
  std::string_view form() const override { return "gaussian_process"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return form_.n_classes > 0 ? static_cast<size_t>(form_.n_classes) : 1; }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  Value to_value() const override { return kolosal::to_value(form_); }
  /// What it is made of.
  const GaussianProcessForm& parts() const noexcept { return form_; }

 private:
  size_t n_stored() const noexcept { return n_features() == 0 ? 0 : form_.rows.size() / n_features(); }
  double sum_of(size_t sum, const double* row, std::span<double> likeness) const noexcept;

  GaussianProcessForm form_;
};

}  // namespace kolosal
