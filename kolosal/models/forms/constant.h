// ConstantModel: the same prediction for every row.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// What a ConstantModel is made of.
struct ConstantForm {
  int64_t n_features = 0;
  std::vector<double> prediction;  ///< (n_outputs,)
};
void describe(Fields<ConstantForm>& fields);

class ConstantModel : public Model {
 public:
  explicit ConstantModel(ConstantForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "constant"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return form_.prediction.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  ConstantForm form_;
};

}  // namespace kolosal
