// Model: what a learner returns. Immutable, safe to share between threads, one of a handful of neutral forms (forms/).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/base/value.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

class Model {
 public:
  virtual ~Model() = default;

  /// Name of the form in `model_forms()`: "forest", "linear", ...
  virtual std::string_view form() const = 0;
  /// Number of columns the model was trained on.
  virtual size_t n_features() const = 0;
  /// Columns of a prediction: class probabilities (which sum to 1), or target values, or one ranking score.
  virtual size_t n_outputs() const = 0;
  /// Predicts every row into `out` (n_rows, n_outputs) row-major. Rows do not influence one another.
  /// Throws Error(FeatureMismatch) where x has another number of columns.
  virtual void predict(const FeatureMatrix& x, std::span<double> out) const = 0;
  /// Numbers a row that a link makes the prediction of: log-odds, logarithms of means; 0 where predictions are not made so.
  virtual size_t n_scores() const { return 0; }
  /// Those numbers of every row into `out` (n_rows, n_scores) row-major. Throws Error(Unsupported) where there are none, and as predict.
  virtual void predict_scores(const FeatureMatrix& x, std::span<double> out) const;
  /// How much each feature matters, >= 0 and summing to 1 (or all 0); empty where the form has no such notion.
  virtual std::vector<double> feature_importance() const { return {}; }
  /// Iterations (boosting rounds, epochs) after which the model was best; 0 where the form has no such notion.
  virtual size_t n_iterations() const { return 0; }
  /// Whether it predicts rows without columns.
  virtual bool takes_sparse() const { return false; }
  /// Everything needed to make the model again with `make_model`.
  virtual Value to_value() const = 0;

 protected:
  /// Throws Error(FeatureMismatch) where x does not have n_features() columns, Error(Unsupported) where it is sparse and the model does not
  /// take that, and Error(Internal) where out has not room for `width` numbers a row.
  void check_input(const FeatureMatrix& x, std::span<const double> out, size_t width) const;
  void check_input(const FeatureMatrix& x, std::span<const double> out) const { check_input(x, out, n_outputs()); }
};

/// One neutral form: how to read a model of it back.
class ModelForm {
 public:
  virtual ~ModelForm() = default;
  /// The model that `to_value` described. Throws Error(CorruptArtifact) where the value is not one it can have written:
  /// every index is checked, so that predicting can never read outside.
  virtual std::unique_ptr<Model> from_value(const Value& value) const = 0;
};

extern template class Catalog<ModelForm>;

/// Every form there is.
const Catalog<ModelForm>& model_forms();

/// {"form": name, "model": to_value()} and back.
Value model_to_value(const Model& model);
std::unique_ptr<Model> model_from_value(const Value& value);

}  // namespace kolosal
