#include "kolosal/automl/portfolio.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "kolosal/base/fields.h"
#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

// Seconds per row, feature and tree of 31 leaves on the reference machine.
constexpr double kSecondsPerUnit = 4.4e-9;
// Seconds a tree costs however small the table is.
constexpr double kSecondsPerTree = 2e-4;

struct Boosting {
  const char* name;
  bool extra_random;
  double learning_rate;
  int max_leaves;
  int min_rows_in_leaf;
  double feature_fraction, row_fraction, l1, l2, cat_smooth;
  size_t min_rows, max_rows;  // of the table, for which it is worth a try
};

constexpr size_t kAny = ~size_t{0};

// In order of launch among the boosted candidates.
constexpr Boosting kBoosting[] = {
    {"boosting", false, .05, 31, 20, .80, .80, 0, 1.0, 10, 0, kAny},
    {"boosting_random", true, .04, 39, 3, .46, .88, .24, .36, 15, 0, kAny},
    {"boosting_small_leaves", false, .06, 8, 24, .94, .82, .44, .30, 10, 0, 100'000},
    {"boosting_deep", false, .03, 84, 3, .53, .98, .03, .84, 10, 2'000, kAny},
    {"boosting_random_deep", true, .03, 180, 12, .40, .95, .77, 1.60, 10, 5'000, kAny},
    {"boosting_sparse_columns", false, .03, 20, 2, .43, .71, .51, .51, 49, 0, kAny},
    {"boosting_random_small", true, .06, 5, 12, .73, .85, .24, .30, 5, 0, 20'000},
    {"boosting_wide", false, .03, 139, 8, .53, .90, 0, .60, 10, 20'000, kAny},
    {"boosting_random_wide", true, .03, 16, 27, .72, .97, .92, 1.66, 27, 0, kAny},
    {"boosting_stumps", false, .10, 2, 17, .59, .84, .08, .77, 10, 0, 5'000},
};

// Trees x learning rate that a model of this size needs to be done, from tuned models of many tables.
double learning_mass(int max_leaves) {
  if (max_leaves >= 64) return 12;
  if (max_leaves >= 16) return 20;
  return max_leaves >= 5 ? 50 : 150;
}

double trees_per_round(const TableSize& size) { return size.task == Task::Multiclass ? static_cast<double>(size.n_classes) : 1.0; }

double seconds_per_round(const TableSize& size, int max_leaves, double feature_fraction) {
  const double units = static_cast<double>(size.n_rows) * static_cast<double>(size.n_features) * feature_fraction;
  return trees_per_round(size) * (kSecondsPerTree + kSecondsPerUnit * units * std::max(1.0, std::log2(max_leaves) / 5.0));
}

Value boosting_parameters(const Boosting& b, const TableSize& size, const SplitPlan& split, const TrainOptions& options) {
  double learning_rate = b.learning_rate;
  if (options.time_limit) {
    // A candidate gets an eighth of the limit, all its folds together; a higher learning rate fits the rounds into it.
    const double lease = *options.time_limit / 8 / split.n_used;
    const double rounds = lease / seconds_per_round(size, b.max_leaves, b.feature_fraction);
    learning_rate = std::clamp(learning_mass(b.max_leaves) / rounds, learning_rate, 0.3);
  }
  const auto n_trees = static_cast<int64_t>(std::ceil(2 * learning_mass(b.max_leaves) / learning_rate));
  const double few_rounds = 3e6 / static_cast<double>(size.n_rows);
  const auto patience = static_cast<int64_t>(std::clamp(few_rounds, 20.0, 100.0));
  return Value(Value::Object{{"n_trees", Value(n_trees)},
                             {"learning_rate", Value(learning_rate)},
                             {"max_leaves", Value(b.max_leaves)},
                             {"min_rows_in_leaf", Value(b.min_rows_in_leaf)},
                             {"feature_fraction", Value(b.feature_fraction)},
                             {"row_fraction", Value(b.row_fraction)},
                             {"l1", Value(b.l1)},
                             {"l2", Value(b.l2)},
                             {"cat_smooth", Value(b.cat_smooth)},
                             {"extra_random", Value(b.extra_random)},
                             {"patience", Value(patience)}});
}

// Seconds that a full-grown tree takes on the reference machine: each level sorts or scans every row of some columns.
double forest_tree_seconds(const TableSize& size, double feature_fraction, bool random_thresholds) {
  const auto rows = static_cast<double>(size.n_rows);
  return (random_thresholds ? 10e-9 : 6e-9) * rows * std::log2(rows + 2) *
         std::max(1.0, feature_fraction * static_cast<double>(size.n_features));
}

// As many trees, at most 300, as a tenth of the time and 48 MB a candidate allow; leaves grow where that would be fewer than 50.
Value forest_parameters(const TableSize& size, const SplitPlan& split, const TrainOptions& options, double feature_fraction,
                        int min_rows_in_leaf, bool random_thresholds) {
  constexpr double kMaxBytes = 48e6;
  const double folds = std::max(1, split.n_used);
  const double leaf_bytes = 24 + 4 * static_cast<double>(std::max<size_t>(size.n_classes, 1));
  double trees = 300;
  if (options.time_limit)
    trees = std::min(trees, *options.time_limit / 10 / folds / forest_tree_seconds(size, feature_fraction, random_thresholds));
  const auto fitting = [&](int min_rows) { return kMaxBytes / (folds * leaf_bytes * static_cast<double>(size.n_rows) / (1 + min_rows)); };
  while (fitting(min_rows_in_leaf) < 50 && min_rows_in_leaf < 200) min_rows_in_leaf = min_rows_in_leaf * 2;
  trees = std::clamp(std::min(trees, fitting(min_rows_in_leaf)), 20.0, 300.0);
  return Value(Value::Object{{"n_trees", Value(static_cast<int64_t>(trees))},
                             {"feature_fraction", Value(feature_fraction)},
                             {"min_rows_in_leaf", Value(min_rows_in_leaf)}});
}

// Seconds that a row takes a network in one pass on the reference machine: six operations for each weight.
double network_row_seconds(const TableSize& size, int width, int n_layers) {
  const double inputs = 4 * static_cast<double>(size.n_features), outputs = static_cast<double>(std::max<size_t>(size.n_classes, 1));
  return 6 * width * (inputs + (n_layers - 1) * width + outputs) / 1.2e11 + 2e-7;
}

// A network that learns in an eighth of the time, all folds together: a smaller one where that would be few passes of the usual one. Null
// where even those would be too few.
Value network_parameters(const TableSize& size, const SplitPlan& split, const TrainOptions& options) {
  constexpr double kFewestEpochs = 20, kEnoughEpochs = 60, kMostEpochs = 256;
  const double rows = static_cast<double>(size.n_rows) * std::max(1, split.n_used), budget = options.time_limit.value_or(600) / 8;
  for (const auto& [width, n_layers, fewest] : {std::tuple(256, 3, kEnoughEpochs), std::tuple(128, 2, kFewestEpochs)}) {
    const double epochs = std::min(budget / (rows * network_row_seconds(size, width, n_layers)), kMostEpochs);
    if (epochs < fewest) continue;
    const Value::List sizes(static_cast<size_t>(n_layers), Value(width));
    return Value(Value::Object{{"hidden_sizes", Value(sizes)}, {"n_epochs", Value(static_cast<int64_t>(epochs))}});
  }
  return {};
}

bool allowed(const std::string& learner, const TableSize& size, const TrainOptions& options) {
  if (!options.learners.empty()) {
    bool named = false;
    for (const std::string& wanted : options.learners) named |= learners().at(wanted).name == learner;
    if (!named) return false;
  }
  return learners().make(learner)->supports(size.task);
}

void add_linear(std::vector<CandidateSpec>& specs, const TableSize& size) {
  if (is_classification(size.task)) specs.push_back({"logistic", "logistic", "linear", {}});
  else specs.push_back({"ridge", "ridge", "linear", {}});
}

void add_forests(std::vector<CandidateSpec>& specs, const TableSize& size, const SplitPlan& split, const TrainOptions& options) {
  const double wide =
      is_classification(size.task) ? std::min(1.0, 2 / std::sqrt(static_cast<double>(std::max<size_t>(size.n_features, 1)))) : 0.6;
  specs.push_back({"extra_trees", "extra_trees", "extra_trees", forest_parameters(size, split, options, std::max(wide, 0.5), 1, true)});
  specs.push_back({"random_forest", "random_forest", "random_forest",
                   forest_parameters(size, split, options, wide, is_classification(size.task) ? 1 : 2, false)});
}

}  // namespace

double boosting_fold_seconds(const TableSize& size) { return 300 * seconds_per_round(size, 31, 0.8); }

SplitPlan plan_split(const TableSize& size, const TrainOptions& options) {
  SplitPlan plan;
  FoldOptions& folds = plan.options;
  const bool grouped = options.group.has_value();
  if (options.fold_strategy) folds.strategy = *options.fold_strategy;
  else if (options.fold) folds.strategy = FoldStrategy::Predefined;
  else if (options.time) folds.strategy = FoldStrategy::TimeSeries;
  else if (grouped) folds.strategy = is_classification(size.task) ? FoldStrategy::StratifiedGroup : FoldStrategy::Group;
  else folds.strategy = is_classification(size.task) && size.smallest_class >= 2 ? FoldStrategy::Stratified : FoldStrategy::KFold;
  folds.gap = options.gap;

  if (options.n_folds) {
    folds.n_folds = *options.n_folds;
    plan.n_used = folds.n_folds;
  } else {
    const double budget = options.time_limit.value_or(600) * (options.preset == Preset::Best ? 0.2 : 0.12);
    const int most = options.preset == Preset::Fast ? 3 : 8;
    int n_folds = 1;
    for (const int k : {8, 5, 3})
      if (k <= most && n_folds == 1 && k * boosting_fold_seconds(size) <= budget) n_folds = k;
    plan.n_used = n_folds;
    // A holdout is one of many folds: about 2,500 rows, at least 2 % and at most 20 % of the table.
    const double share = std::clamp(2500.0 / static_cast<double>(std::max<size_t>(size.n_rows, 1)), 0.02, 0.2);
    folds.n_folds = n_folds > 1 ? n_folds : static_cast<int32_t>(std::lround(1 / share));
  }
  if (is_classification(size.task) && size.smallest_class >= 2 && !options.n_folds)
    folds.n_folds = std::clamp<int32_t>(folds.n_folds, 2, std::max<int32_t>(5, static_cast<int32_t>(size.smallest_class)));
  folds.n_folds = static_cast<int32_t>(std::min<size_t>(static_cast<size_t>(folds.n_folds), std::max<size_t>(size.n_rows, 2)));
  if (folds.strategy == FoldStrategy::LeaveOneOut) plan.n_used = static_cast<int32_t>(size.n_rows);
  else if (folds.strategy == FoldStrategy::Predefined) plan.n_used = 0;  // as many as the column has
  else plan.n_used = std::min(plan.n_used, folds.n_folds);
  return plan;
}

std::vector<CandidateSpec> plan_candidates(const TableSize& size, const SplitPlan& split, const TrainOptions& options) {
  std::vector<CandidateSpec> planned;
  const auto add_boosting = [&](const Boosting& b) {
    if (size.n_rows >= b.min_rows && size.n_rows <= b.max_rows)
      planned.push_back(
          {b.name, "gradient_boosting", b.extra_random ? "boosting_random" : "boosting", boosting_parameters(b, size, split, options)});
  };
  add_boosting(kBoosting[0]);
  add_linear(planned, size);
  add_boosting(kBoosting[1]);
  if (size.n_rows <= 100'000) add_forests(planned, size, split, options);
  if (options.preset != Preset::Fast) {
    if (Value network = network_parameters(size, split, options); !network.is_null())
      planned.push_back({"network", "mlp", "neural", std::move(network)});
    for (size_t i = 2; i < std::size(kBoosting); ++i) add_boosting(kBoosting[i]);
    if (size.n_rows <= 30'000 && size.n_features <= 100) planned.push_back({"k_nearest", "k_nearest", "neighbors", {}});
  }
  if (size.task != Task::Ranking) planned.push_back({"decision_tree", "decision_tree", "decision_tree", {}});

  std::vector<CandidateSpec> specs;
  specs.push_back({"constant", "constant", "constant", {}});
  for (CandidateSpec& spec : planned)
    if (allowed(spec.learner, size, options)) specs.push_back(std::move(spec));
  for (const std::string& wanted : options.learners) {
    const std::string& name = learners().at(wanted).name;
    if (!learners().make(name)->supports(size.task))
      throw Error(ErrorCode::Unsupported, "learner '" + name + "' cannot do a " + std::string(enum_name(size.task)) + " task");
    if (std::ranges::find(specs, name, &CandidateSpec::learner) == specs.end()) specs.push_back({name, name, name, {}});
  }
  if (options.max_models && specs.size() > static_cast<size_t>(*options.max_models) + 1)
    specs.resize(static_cast<size_t>(*options.max_models) + 1);
  return specs;
}

}  // namespace kolosal
