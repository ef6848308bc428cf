// Learner: a recipe with its parameters. `fit` is const and returns an immutable Model.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "kolosal/base/catalog.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/models/model.h"
#include "kolosal/table/feature_matrix.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// Rows to learn from. Rows of weight 0 count as absent.
struct TrainingSet {
  const FeatureMatrix& x;
  const Target& target;
  std::span<const double> weights = {};  ///< (n_rows,), or empty for all ones
};

class Learner {
 public:
  virtual ~Learner() = default;

  /// Whether the learner can do the task.
  virtual bool supports(Task task) const = 0;
  /// Why it cannot fit on this machine: the library that it needs is not there, and how to get it. Empty where it can.
  virtual std::string unavailable() const { return {}; }
  /// What the learner takes as it is.
  virtual FeatureNeeds needs() const = 0;
  /// Whether a regression's target may have numbers of 0 and less.
  virtual bool accepts_negative_target() const { return true; }
  /// Whether rows held out from `train` are of use to it (early stopping).
  virtual bool uses_validation() const { return false; }
  /// Learns from `train`. `validation` (may be null) are rows held out, for early stopping only.
  /// When the context asks to stop, returns the best model so far, or throws Error(Timeout / Cancelled) where there is none.
  /// Same rows, parameters and seed give the same model on any number of threads.
  virtual std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const = 0;
  /// Whether it can go on from a model that it fitted before.
  virtual bool continues() const { return false; }
  /// As fit, going on from `start`: the model has what `start` has, and what is learnt of the rows beyond that. Throws Error(Unsupported)
  /// where the learner does not go on, and Error(BadValue) where it cannot from that model.
  virtual std::unique_ptr<Model> fit_more(const Model& start, const TrainingSet& train, const TrainingSet* validation,
                                          const FitContext& context) const;
  /// The predictions (n_rows, n_outputs) of the rows that `model` was fitted to, by context's seed, each by the trees that did not see it;
  /// NaN where all saw it. Throws Error(Unsupported) where the learner leaves out no rows, Error(BadValue) where this fit did not.
  virtual std::vector<double> out_of_bag(const Model& model, const TrainingSet& train, const FitContext& context) const;
  /// Whether a fit calls context.on_iteration after each of its iterations; one that does not never calls it.
  virtual bool tells_progress() const { return false; }
};

extern template class Catalog<Learner>;

/// Every learner there is: "constant", "ridge", "logistic", "decision_tree", "random_forest", ...
const Catalog<Learner>& learners();

/// Whether a learner takes rows without columns.
enum class SparseInput { Refused, Taken };

/// Throws Error(EmptyInput) or Error(BadValue) where the rows cannot be learnt from: no rows, sizes that differ, a target that is not
/// finite or not a class number, weights that are negative or all zero, or the largest of which is not from 1e-100 to 1e100;
/// Error(Unsupported) where they are sparse and refused.
void check_training_set(const TrainingSet& train, SparseInput sparse = SparseInput::Refused);

}  // namespace kolosal
