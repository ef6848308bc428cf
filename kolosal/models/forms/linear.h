// LinearModel: a weighted sum of the features for each output, through a link.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// From weighted sums to predictions.
enum class Link {
  Identity,  ///< the sums themselves
  Sigmoid,   ///< one sum; outputs are the probabilities of class 0 and class 1
  Softmax,   ///< one sum a class; outputs are probabilities
  Exp,       ///< the exponentials of the sums, which end at e^700
};

constexpr auto enum_names(Link) {
  return std::to_array<std::pair<Link, std::string_view>>(
      {{Link::Identity, "identity"}, {Link::Sigmoid, "sigmoid"}, {Link::Softmax, "softmax"}, {Link::Exp, "exp"}});
}

/// What a LinearModel is made of.
struct LinearForm {
  int64_t n_features = 0;
  std::vector<double> weights;  ///< (n_sums, n_features) row-major
  std::vector<double> bias;     ///< (n_sums,)
  Link link = Link::Identity;
  std::optional<double> threshold = std::nullopt;  ///< where given, a feature counts as 1 above it and else as 0
  std::vector<double> state{};                     ///< where the learner was, for it to go on; of no use to predictions

  /// What a value of a feature counts as.
  double counted(float value) const noexcept {
    const auto number = static_cast<double>(value);
    return threshold ? (number > *threshold ? 1 : 0) : number;
  }
};
void describe(Fields<LinearForm>& fields);

class LinearModel : public Model {
 public:
  explicit LinearModel(LinearForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "linear"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return form_.link == Link::Sigmoid ? 2 : form_.bias.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  size_t n_scores() const override { return form_.bias.size(); }
  bool takes_sparse() const override { return !form_.threshold; }
  void predict_scores(const FeatureMatrix& x, std::span<double> out) const override;
  /// Share of the absolute weights: meaningful for features of like size, which linear learners get.
  std::vector<double> feature_importance() const override;
  Value to_value() const override { return kolosal::to_value(form_); }
  const LinearForm& parts() const noexcept { return form_; }

 private:
  LinearForm form_;
};

/// Of two sums through Softmax, the one through Sigmoid that predicts the same; any other form as it is.
LinearForm with_one_sum_of_two(LinearForm form);

/// Turns sums (n_rows, n_sums) into predictions (n_rows, n_outputs).
void apply_link(Link link, std::span<const double> sums, size_t n_sums, std::span<double> out) noexcept;

}  // namespace kolosal
