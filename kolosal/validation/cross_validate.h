// Cross-validation: a learner fitted on each fold's training rows and judged on the rows held out.
//
// Source   Stone, JRSS B 36(2), 1974. Predictions of held-out rows ("out of fold") are collected for ensembles and curves.
// Checked  cross_validate_test.cc; scores against scikit-learn's in python/tests.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kolosal/metrics/metric.h"
#include "kolosal/models/learner.h"
#include "kolosal/validation/prepared_folds.h"

namespace kolosal {

/// A learner fitted on one fold.
struct FoldFit {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const FittedPipeline> pipeline;
  std::vector<double> valid_predictions;  ///< (held-out rows, n_outputs) row-major
  double score = 0;                       ///< of the metric on the held-out rows; NaN where not defined there
  double fit_seconds = 0;
  double predict_seconds = 0;
};

/// Fits `learner` on the fold's training rows. Held-out rows are used for early stopping where the learner can, and to score.
FoldFit fit_fold(const Learner& learner, const PreparedFold& fold, const Metric& metric, const FitContext& context);

/// The model's predictions of every row: (n_rows, n_outputs).
std::vector<double> predict_all(const Model& model, const FeatureMatrix& x);

/// The score of predictions for `target`.
double score_predictions(const Metric& metric, const Target& target, std::span<const double> weights, std::span<const double> predictions,
                         size_t n_features);

/// Means of held-out predictions: every fold adds its own rows.
class OutOfFold {
 public:
  OutOfFold(size_t n_rows, size_t n_outputs) : n_outputs_(n_outputs), sums_(n_rows * n_outputs), counts_(n_rows) {}

  /// Adds the predictions (held-out rows, n_outputs) of one fold.
  void add(const Fold& fold, std::span<const double> predictions);
  /// Rows held out at least once, in order.
  std::vector<uint32_t> rows() const;
  /// Mean prediction of the rows of `rows()`, (rows, n_outputs).
  std::vector<double> predictions() const;

 private:
  size_t n_outputs_;
  std::vector<double> sums_;
  std::vector<double> counts_;
};

/// What a cross-validation found.
struct CrossValidation {
  std::vector<double> fold_scores;
  double mean_score = 0;
  double std_score = 0;  ///< population standard deviation over folds
  std::vector<FoldFit> fits;
};

/// Fits and scores every fold, several at a time where there are threads; one that finds no memory beside others is fitted once these are
/// done. The context's listener is told of one iteration at a time. Throws what the learner throws.
CrossValidation cross_validate(const Learner& learner, const PreparedFolds& folds, const Metric& metric, const FitContext& context);

}  // namespace kolosal
