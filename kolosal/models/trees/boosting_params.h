// GradientBoostingParams: the parameter table of gradient boosting.
#pragma once

#include <optional>
#include <vector>

#include "kolosal/models/trees/boosting_loss.h"
#include "kolosal/models/trees/row_sampling.h"
#include "kolosal/models/trees/training_rows.h"
#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {

/// How the learning rate falls over the planned rounds, to a tenth at the last.
enum class LearningRateDecay { None, Cosine, Exponential };
constexpr auto enum_names(LearningRateDecay) {
  return std::to_array<std::pair<LearningRateDecay, std::string_view>>(
      {{LearningRateDecay::None, "none"}, {LearningRateDecay::Cosine, "cosine"}, {LearningRateDecay::Exponential, "exponential"}});
}

struct GradientBoostingParams {
  BoostingLossKind loss = BoostingLossKind::Default;
  double quantile = 0.5;
  std::vector<double> quantiles;
  double huber_delta = 1;
  double tweedie_power = 1.5;
  double focal_gamma = 2;
  ClassWeight class_weight = ClassWeight::None;
  std::optional<int> n_trees;
  double learning_rate = 0.05;
  LearningRateDecay learning_rate_decay = LearningRateDecay::None;
  std::vector<double> learning_rates;
  std::optional<TreeGrowth> growth;
  std::optional<int> max_leaves;
  std::optional<int> max_depth;
  std::optional<int> min_rows_in_leaf;
  double min_hessian = 1e-3;
  double min_gain = 0;
  double l1 = 0;
  double l2 = 1;
  RowSampling sampling = RowSampling::Uniform;
  std::optional<double> row_fraction;
  std::optional<double> feature_fraction;
  double drop_fraction = 0;
  int max_dropped = 50;
  double skip_drop = 0.5;
  int max_bins = 255;
  double cat_smooth = 10;
  double cat_l2 = 10;
  int max_categories_onehot = 4;
  bool extra_random = false;
  double path_smooth = 0;
  bool linear_leaves = false;
  double linear_l2 = 0.01;
  std::vector<int32_t> monotone;
  std::vector<std::vector<int32_t>> interactions;
  std::optional<int> patience = 50;
  double validation_fraction = 0.2;
  double min_delta = 0;

  /// The rounds planned.
  int most_rounds() const noexcept { return n_trees.value_or(1000); }
  /// The same with a value for each that is null and depends on the table, of so many rows, and on the loss, which may be one of the
  /// caller's.
  GradientBoostingParams settled(size_t n_rows, Task task, bool custom_loss) const;
  /// The rate of a round, counted from 0.
  double rate_of(int round) const noexcept;
  /// Whether a round that finds no split may be followed by one that does.
  bool draws_at_random() const noexcept {
    return row_fraction.value_or(0) < 1 || feature_fraction.value_or(0) < 1 || extra_random || drop_fraction > 0;
  }
};
void describe(Fields<GradientBoostingParams>& fields);

/// What bounds the growth of the trees, by parameters that are settled.
GrowthLimits limits_of(const GradientBoostingParams& params);

/// Throws Error(BadValue) where the parameters do not fit each other or the features.
void check_boosting_params(const GradientBoostingParams& params, const FeatureMatrix& x);

}  // namespace kolosal
