// PreparedFolds: the rows of each fold as learners take them, with every pipeline fitted on the fold's training rows alone.
//
// Learners with the same needs share one preparation, so a fold's preprocessing is done once for a whole portfolio.
// Memory   one float32 matrix of all rows per kept (needs, fold) pair; the least recently used are dropped beyond `cache_bytes`.
// Checked  cross_validate_test.cc: changing held-out rows changes nothing that was learnt.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/table/feature_matrix.h"
#include "kolosal/table/folds.h"
#include "kolosal/table/schema.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// The rows of a supervised task: features that conform() returned, their target and weights (empty: all ones).
struct SupervisedRows {
  Table features;
  Target target;
  std::vector<double> weights;

  /// The rows listed, in that order.
  SupervisedRows take(std::span<const uint32_t> rows) const;
};

/// Matrices for one set of training rows and the rows held out from them.
struct PreparedFold {
  std::shared_ptr<const FittedPipeline> pipeline;
  FeatureMatrix train_x, valid_x;
  Target train_target, valid_target;
  std::vector<double> train_weights, valid_weights;

  /// Bytes of the matrices.
  size_t n_bytes() const noexcept { return train_x.n_bytes() + valid_x.n_bytes(); }
};

class PreparedFolds {
 public:
  /// `rows` and `schema` must outlive the object.
  PreparedFolds(const SupervisedRows& rows, const Schema& schema, std::vector<Fold> folds, size_t cache_bytes = size_t{256} << 20);

  /// What it was made with.
  const std::vector<Fold>& folds() const noexcept { return folds_; }
  const SupervisedRows& rows() const noexcept { return rows_; }
  const Schema& schema() const noexcept { return schema_; }

  /// The fold prepared for a learner with these needs; encodings that use the target out of fold split the rows by `seed`.
  std::shared_ptr<const PreparedFold> prepare(const FeatureNeeds& needs, size_t fold, uint64_t seed, const FitContext& context) const;

 private:
  struct Kept {
    std::string key;
    std::shared_ptr<const PreparedFold> prepared;
  };

  const SupervisedRows& rows_;
  const Schema& schema_;
  std::vector<Fold> folds_;
  size_t cache_bytes_;
  mutable std::mutex mutex_;
  mutable std::list<Kept> kept_;  // most recently used first
};

/// All rows prepared for a learner, nothing held out: for a final fit.
std::shared_ptr<const PreparedFold> prepare_all(const SupervisedRows& rows, const Schema& schema, const FeatureNeeds& needs, uint64_t seed,
                                                const FitContext& context);

}  // namespace kolosal
