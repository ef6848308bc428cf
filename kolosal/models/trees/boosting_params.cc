#include "kolosal/models/trees/boosting_params.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kolosal {
namespace {

constexpr size_t kFewTableRows = 5'000;  // up to which trees are symmetric
constexpr int kSymmetricLeaves = 32, kMostLeaves = 31, kRowsInLeaf = 5, kManyRowsInLeaf = 20;
constexpr double kRowsDrawn = 0.8, kGossRows = 0.3, kFeaturesDrawn = 0.8, kFewFeaturesDrawn = 0.6;
constexpr double kLastRateShare = 0.1;  // what a decaying learning rate ends at

void check_directions(const std::vector<int32_t>& directions, const FeatureMatrix& x) {
  if (!directions.empty() && directions.size() != x.n_features())
    throw Error(ErrorCode::BadValue,
                "monotone has " + std::to_string(directions.size()) + " numbers; there are " + std::to_string(x.n_features()) + " features",
                "Give one number for each feature: 1, 0 or -1.");
  for (size_t f = 0; f < directions.size(); ++f) {
    if (directions[f] < -1 || directions[f] > 1)
      throw Error(ErrorCode::BadValue, "monotone holds " + std::to_string(directions[f]), "Give 1, 0 or -1 for each feature.");
    if (directions[f] != 0 && x.features()[f].n_categories > 0)
      throw Error(ErrorCode::BadValue, "monotone is not 0 for feature '" + x.features()[f].name + "', whose values are categories",
                  "Give 0 for it.");
  }
}

void check_interactions(const std::vector<std::vector<int32_t>>& groups, size_t n_features) {
  for (const std::vector<int32_t>& group : groups) {
    if (group.empty()) throw Error(ErrorCode::BadValue, "interactions has a group without features", "Leave it out.");
    for (const int32_t feature : group)
      if (feature < 0 || static_cast<size_t>(feature) >= n_features)
        throw Error(ErrorCode::BadValue,
                    "interactions names feature " + std::to_string(feature) + "; there are " + std::to_string(n_features) + " features",
                    "Number them from 0.");
  }
}

}  // namespace

void describe(Fields<GradientBoostingParams>& f) {
  using P = GradientBoostingParams;
  f.add("loss", &P::loss,
        "What is made small; default: squared error, cross-entropy or, for ranking, 1 - NDCG by LambdaRank; xendcg bounds the same by a "
        "cross-entropy. Cox takes times, negative where censored. Poisson, gamma, tweedie and cox predict the exponential of the trees' "
        "sum.")
      .alias("objective");
  f.add("quantile", &P::quantile, "Which quantile the quantile loss predicts.").min(0.001).max(0.999).alias("alpha");
  f.add("quantiles", &P::quantiles, "Which quantiles the quantile loss predicts at once, one column each; empty: `quantile` alone.");
  f.add("huber_delta", &P::huber_delta, "From which error on the huber loss grows linearly.").above(0);
  f.add("tweedie_power", &P::tweedie_power, "Power of the mean that the tweedie loss takes the variance to be.")
      .min(1.01)
      .max(1.99)
      .alias("tweedie_variance_power");
  f.add("focal_gamma", &P::focal_gamma, "By which power of its error the focal loss weighs a row.").min(0);
  f.add("class_weight", &P::class_weight, "Whether classes count the same in sum, however many rows they have.");
  f.add("n_trees", &P::n_trees,
        "Most rounds of boosting; each adds one tree for each raw output. Null: at most 1,000, and where no validation rows are given as "
        "many "
        "as are best on rows held out.")
      .min(1)
      .max(1'000'000)
      .alias("n_estimators")
      .alias("num_iterations")
      .alias("iterations")
      .alias("num_boost_round")
      .alias("max_iter");
  f.add("learning_rate", &P::learning_rate, "By how much each tree is shrunk.")
      .above(0)
      .max(1)
      .search_log(0.01, 0.3)
      .alias("eta")
      .alias("shrinkage_rate");
  f.add("learning_rate_decay", &P::learning_rate_decay, "How the learning rate falls over the planned rounds, to a tenth at the last.");
  f.add("learning_rates", &P::learning_rates,
        "The learning rate of each round, the last one for those beyond; empty: learning_rate and its decay.");
  f.add(
       "growth", &P::growth,
       "Whether the leaf of the greatest gain is split next, or that of the least depth, or all of a level and all of them alike. Null: "
       "the last of up to 5,000 rows where max_leaves and max_depth are null too and the loss is squared or cross-entropy, else the first.")
      .alias("grow_policy");
  f.add("max_leaves", &P::max_leaves, "Most leaves of a tree; null: 31, of symmetric growth 32.")
      .min(1)
      .max(65536)
      .search_log(4, 256)
      .alias("num_leaves")
      .alias("max_leaf_nodes");
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1).max(1000);
  f.add("min_rows_in_leaf", &P::min_rows_in_leaf,
        "Fewest rows of a leaf; null: 5, of symmetric growth 1, of losses other than squared and cross-entropy 20.")
      .min(1)
      .search_log(2, 100)
      .alias("min_child_samples")
      .alias("min_data_in_leaf")
      .alias("min_samples_leaf");
  f.add("min_hessian", &P::min_hessian, "Least sum of hessians of a leaf.")
      .min(0)
      .alias("min_child_weight")
      .alias("min_sum_hessian_in_leaf");
  f.add("min_gain", &P::min_gain, "Least gain of a split.")
      .min(0)
      .alias("gamma")
      .alias("min_split_gain")
      .alias("min_gain_to_split")
      .alias("min_split_loss");
  f.add("l1", &P::l1, "Strength of the absolute penalty on leaf values; of the absolute and quantile losses, on the gains of splits alone.")
      .min(0)
      .search(0, 1)
      .alias("reg_alpha")
      .alias("lambda_l1");
  f.add("l2", &P::l2, "Strength of the squared penalty on leaf values; of the absolute and quantile losses, on the gains of splits alone.")
      .min(0)
      .search_log(0.1, 10)
      .alias("reg_lambda")
      .alias("lambda_l2")
      .alias("l2_regularization");
  f.add("sampling", &P::sampling,
        "How the rows of a round are drawn: all alike; by the size of their gradients, the greatest for certain (goss, from round "
        "1 / learning_rate on); or with chances that keep the variance of sums least (minimal_variance).")
      .alias("data_sample_strategy");
  f.add("row_fraction", &P::row_fraction, "Share of the rows, drawn anew, that each round is grown on; null: 0.8, by goss 0.3.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("subsample")
      .alias("bagging_fraction");
  f.add("feature_fraction", &P::feature_fraction,
        "Share of the features, drawn anew, that each tree may split by; null: 0.8, for classes by symmetric growth 0.6.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("colsample_bytree");
  f.add("drop_fraction", &P::drop_fraction,
        "Share of the earlier rounds that a round is grown without, and then shares its size with (DART); 0 for none.")
      .min(0)
      .max(1)
      .alias("drop_rate")
      .alias("rate_drop");
  f.add("max_dropped", &P::max_dropped, "How many rounds are dropped at a time, in the mean at most.").min(1).alias("max_drop");
  f.add("skip_drop", &P::skip_drop, "Chance that a round drops none where drop_fraction is not 0.").min(0).max(1);
  f.add("max_bins", &P::max_bins, "Most bins that a feature is cut into, besides that of the missing.").min(2).max(255).alias("max_bin");
  f.add("cat_smooth", &P::cat_smooth, "What is added to a category's hessian before categories are sorted by their mean gradient.")
      .min(0)
      .search_log(1, 100);
  f.add("cat_l2", &P::cat_l2, "What is added to l2 where categories are split in two sets.").min(0).search_log(0.1, 100);
  f.add("max_categories_onehot", &P::max_categories_onehot, "Features of at most so many categories are split one against the rest.")
      .min(1)
      .max(255)
      .alias("max_cat_to_onehot");
  f.add("extra_random", &P::extra_random, "Whether each node tries one random bound of a feature in place of all.").alias("extra_trees");
  f.add("path_smooth", &P::path_smooth, "Rows of a leaf by whose number its value is drawn half way to that of its parent; 0 for not.")
      .min(0);
  f.add("linear_leaves", &P::linear_leaves, "Whether a leaf sums the numeric features on its path in place of one value.")
      .alias("linear_tree");
  f.add("linear_l2", &P::linear_l2, "Strength of the squared penalty on the weights of such sums.").min(0).alias("linear_lambda");
  f.add("monotone", &P::monotone, "For each feature 1 where predictions may only rise with it, -1 where only fall, else 0; empty for none.")
      .alias("monotone_constraints")
      .alias("monotonic_cst");
  f.add(
       "interactions", &P::interactions,
       "Groups of features, by number, that alone may be split by on one way from root to leaf; features in none are one more group; empty "
       "for no bounds.")
      .alias("interaction_constraints")
      .alias("interaction_cst");
  f.add("patience", &P::patience, "Rounds without a better validation loss after which growing ends; null for never.")
      .min(1)
      .alias("early_stopping_rounds")
      .alias("n_iter_no_change");
  f.add("validation_fraction", &P::validation_fraction,
        "Share of the rows that is held out where n_trees is null and there are no validation rows, to find how many rounds are best; all "
        "rows "
        "are then fitted with so many. Of fewer than 20 such rows, with a loss of one's own or a model to go on from, none is held out.")
      .above(0)
      .max(0.5);
  f.add("min_delta", &P::min_delta, "By how much a validation loss must be lower to be better.").min(0).alias("tol");
}

GradientBoostingParams GradientBoostingParams::settled(size_t n_rows, Task task, bool custom_loss) const {
  GradientBoostingParams p = *this;
  // Leaves of few rows are for losses whose step in a leaf cannot run far: not for exponentials of scores, quantiles, or what is not known.
  const bool tame = !custom_loss && (loss == BoostingLossKind::Squared || (loss == BoostingLossKind::Default && task != Task::Ranking));
  if (!p.growth) p.growth = tame && n_rows <= kFewTableRows && !p.max_leaves && !p.max_depth ? TreeGrowth::Symmetric : TreeGrowth::Leaf;
  const bool symmetric = p.growth == TreeGrowth::Symmetric;
  if (!p.max_leaves) p.max_leaves = symmetric ? kSymmetricLeaves : kMostLeaves;
  if (!p.min_rows_in_leaf) p.min_rows_in_leaf = !tame ? kManyRowsInLeaf : symmetric ? 1 : kRowsInLeaf;
  if (!p.row_fraction) p.row_fraction = p.sampling == RowSampling::Goss ? kGossRows : kRowsDrawn;
  if (!p.feature_fraction) p.feature_fraction = symmetric && is_classification(task) ? kFewFeaturesDrawn : kFeaturesDrawn;
  return p;
}

double GradientBoostingParams::rate_of(int round) const noexcept {
  if (!learning_rates.empty()) return learning_rates[std::min(static_cast<size_t>(round), learning_rates.size() - 1)];
  const double passed = most_rounds() > 1 ? static_cast<double>(round) / (most_rounds() - 1) : 0;
  switch (learning_rate_decay) {
    case LearningRateDecay::Cosine:
      return learning_rate * (kLastRateShare + (1 - kLastRateShare) * 0.5 * (1 + std::cos(std::numbers::pi * passed)));
    case LearningRateDecay::Exponential: return learning_rate * std::pow(kLastRateShare, passed);
    case LearningRateDecay::None: break;
  }
  return learning_rate;
}

GrowthLimits limits_of(const GradientBoostingParams& p) {
  GrowthLimits limits;
  limits.max_leaves = p.max_leaves.value();
  limits.max_depth = p.max_depth.value_or(0);
  limits.min_rows_in_leaf = p.min_rows_in_leaf.value();
  limits.min_hessian = p.min_hessian;
  limits.min_gain = p.min_gain;
  limits.l1 = p.l1;
  limits.l2 = p.l2;
  limits.cat_smooth = p.cat_smooth;
  limits.cat_l2 = p.cat_l2;
  limits.max_categories_onehot = p.max_categories_onehot;
  limits.extra_random = p.extra_random;
  limits.growth = p.growth.value();
  limits.path_smooth = p.path_smooth;
  if (std::ranges::any_of(p.monotone, [](int32_t direction) { return direction != 0; })) limits.directions = p.monotone;
  for (const std::vector<int32_t>& group : p.interactions) limits.interactions.emplace_back(group.begin(), group.end());
  return limits;
}

void check_boosting_params(const GradientBoostingParams& params, const FeatureMatrix& x) {
  check_directions(params.monotone, x);
  check_interactions(params.interactions, x.n_features());
  if (params.linear_leaves && std::ranges::any_of(params.monotone, [](int32_t direction) { return direction != 0; }))
    throw Error(ErrorCode::BadValue, "monotone and linear_leaves are both given, but sums of features may rise and fall",
                "Leave out one of them.");
  if (!params.quantiles.empty() && params.loss != BoostingLossKind::Quantile)
    throw Error(ErrorCode::BadValue,
                "quantiles are given, but the loss is '" + std::string(enum_name(params.loss)) + "', which predicts none",
                "Set loss to 'quantile', or leave out quantiles.");
  for (const double rate : params.learning_rates)
    if (!(rate > 0 && rate <= 1))
      throw Error(ErrorCode::BadValue, "learning_rates holds " + std::to_string(rate), "Give rates above 0 and at most 1.");
}

}  // namespace kolosal
