// KernelModel: weighted sums of how like a row is to stored rows.
//
// Numbers are the sums themselves. Of two classes one sum f gives the probability sigmoid(slope f + shift) of the second; of more, each
// pair of classes (a, b), a < b, in the order (0,1), (0,2) ... (1,2) ..., has a sum that gives the probability of b against a, and the
// probabilities of all are those that agree best with the pairs.
//
// Cost     a row, n_stored (n_features + n_sums) multiply-adds.
// Source   Platt, Advances in Large Margin Classifiers, 1999; Wu, Lin and Weng, JMLR 5, 2004 (pairs; the second approach).
// Checked  kernel_test.cc; scikit-learn in tests/parity.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/models/forms/kernel_function.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// What a KernelModel is made of.
struct KernelForm {
  int64_t n_features = 0;
  int64_t n_classes = 0;  ///< 0: numbers
  KernelFunction kernel;
  std::vector<float> rows;     ///< (n_stored, n_features) row-major
  std::vector<double> shares;  ///< (n_sums, n_stored) row-major
  std::vector<double> bias;    ///< (n_sums,)
  std::vector<double> slopes;  ///< (n_sums,) of the logarithms of odds by the sums; empty of numbers
  std::vector<double> shifts;  ///< (n_sums,) what is added to those; empty of numbers
};
void describe(Fields<KernelForm>& fields);

class KernelModel : public Model {
 public:
  explicit KernelModel(KernelForm form);
  std::string_view form() const override { return "kernel"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return form_.n_classes > 0 ? static_cast<size_t>(form_.n_classes) : form_.bias.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  /// Numbers; log-odds of two classes; logarithms of probabilities of more.
  size_t n_scores() const override { return form_.n_classes == 2 ? 1 : n_outputs(); }
  void predict_scores(const FeatureMatrix& x, std::span<double> out) const override;
  Value to_value() const override { return kolosal::to_value(form_); }
  /// What it is made of.
  const KernelForm& parts() const noexcept { return form_; }

  /// The sums of one row (n_features,), into out (n_sums,). `scratch` is (n_stored,).
  void sums_of(const double* row, double* scratch, double* out) const noexcept;

 private:
  KernelForm form_;
  KernelRows rows_;
};

/// The probabilities (n_classes,) of all classes from those of pairs: pairs[a * n_classes + b] is that of a against b.
void couple_pairs(std::span<const double> pairs, size_t n_classes, std::span<double> out);

}  // namespace kolosal
