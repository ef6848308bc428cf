// GaussianClassesModel: each class is a normal distribution of the features; a prediction is Bayes' rule.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// What a GaussianClassesModel is made of. A factor F of a class has F^T F = the inverse of its covariance.
struct GaussianClassesForm {
  int64_t n_features = 0;
  bool independent = true;       ///< whether features are independent within a class: factors are diagonals
  std::vector<double> priors;    ///< (n_classes,): >= 0, of which some are above 0; a class of prior 0 is never predicted
  std::vector<double> means;     ///< (n_classes, n_features) row-major
  std::vector<double> factors;   ///< (n_classes, n_features), or (n_classes, n_features, n_features) row-major
  std::vector<double> log_dets;  ///< (n_classes,): logarithm of the determinant of each factor
};
void describe(Fields<GaussianClassesForm>& fields);

class GaussianClassesModel : public Model {
 public:
  explicit GaussianClassesModel(GaussianClassesForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "gaussian_classes"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return form_.priors.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  Value to_value() const override { return kolosal::to_value(form_); }
  /// What it is made of.
  const GaussianClassesForm& parts() const noexcept { return form_; }

 private:
  double squared_length(size_t k, std::span<const double> row, std::span<double> off) const noexcept;

  GaussianClassesForm form_;
};

}  // namespace kolosal
