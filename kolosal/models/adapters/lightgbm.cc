// LightGBM: its own trainer through its C interface, its model as a Forest.
//
// Columns are given without copying; the text that LightGBM writes of its model is imported. The same seed gives the same model on any
// number of threads (deterministic, force_col_wise).
//
// Source   LightGBM 4, include/LightGBM/c_api.h.
// Checked  tests/parity/test_adapters.py.
#include <array>

#include "kolosal/base/json.h"
#include "kolosal/models/adapters/external_booster.h"
#include "kolosal/models/adapters/library_calls.h"
#include "kolosal/models/import/imported_model.h"

namespace kolosal {
namespace {

constexpr int kFloat32 = 0, kInt32 = 2;  // LightGBM's types of numbers

struct LightGbmParams {
  int n_trees = 100;
  double learning_rate = 0.1;
  int max_leaves = 31;
  std::optional<int> max_depth;
  int min_rows_in_leaf = 20;
  double min_hessian = 1e-3;
  double min_gain = 0;
  double l1 = 0;
  double l2 = 0;
  double row_fraction = 1;
  double feature_fraction = 1;
  int max_bins = 255;
  std::optional<int> patience = 50;
  double min_delta = 0;
  Value settings;
  std::optional<std::string> library;
};

void describe(Fields<LightGbmParams>& f) {
  using P = LightGbmParams;
  f.add("n_trees", &P::n_trees, "Most rounds of boosting.").min(1).max(1'000'000).alias("n_estimators").alias("num_iterations");
  f.add("learning_rate", &P::learning_rate, "By how much each tree is shrunk.").above(0).max(1).search_log(0.01, 0.3).alias("eta");
  f.add("max_leaves", &P::max_leaves, "Most leaves of a tree.").min(2).max(131072).search_log(4, 256).alias("num_leaves");
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1);
  f.add("min_rows_in_leaf", &P::min_rows_in_leaf, "Fewest rows of a leaf.")
      .min(1)
      .search_log(2, 100)
      .alias("min_child_samples")
      .alias("min_data_in_leaf");
  f.add("min_hessian", &P::min_hessian, "Least sum of hessians of a leaf.")
      .min(0)
      .alias("min_child_weight")
      .alias("min_sum_hessian_in_leaf");
  f.add("min_gain", &P::min_gain, "Least gain of a split.").min(0).alias("min_split_gain").alias("min_gain_to_split");
  f.add("l1", &P::l1, "Strength of the absolute penalty on leaf values.").min(0).alias("reg_alpha").alias("lambda_l1");
  f.add("l2", &P::l2, "Strength of the squared penalty on leaf values.").min(0).search_log(0.1, 10).alias("reg_lambda").alias("lambda_l2");
  f.add("row_fraction", &P::row_fraction, "Share of the rows, drawn anew, that each round is grown on.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("subsample")
      .alias("bagging_fraction");
  f.add("feature_fraction", &P::feature_fraction, "Share of the features, drawn anew, that each tree may split by.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("colsample_bytree");
  f.add("max_bins", &P::max_bins, "Most bins that a feature is cut into.").min(2).max(65535).alias("max_bin");
  f.add("patience", &P::patience, "Rounds without a better validation loss after which growing ends; null for never.")
      .min(1)
      .alias("early_stopping_rounds");
  f.add("min_delta", &P::min_delta, "By how much a validation loss must be lower to be better.").min(0).alias("early_stopping_min_delta");
  f.add("settings", &P::settings, "Any other settings of LightGBM by its names, such as {\"objective\": \"tweedie\"}; null for none.");
  f.add("library", &P::library, "Path of lib_lightgbm.so; null to look beside this package and on the system.");
}

using Handle = void*;

// Types of the functions.
using CreateFromMat = int(const void*, int, int32_t, int32_t, int, const char*, Handle, Handle*);
using SetField = int(Handle, const char*, const void*, int, int);
using BoosterCreate = int(Handle, const char*, Handle*);
using AddValid = int(Handle, Handle);
using UpdateOne = int(Handle, int*);
using GetEval = int(Handle, int, int*, double*);
using SaveToString = int(Handle, int, int, int, int64_t, int64_t*, char*);

class LightGbmBooster : public ExternalBooster {
 public:
  static constexpr LibraryName kLibrary = {"LightGBM", "lightgbm", "lib_lightgbm.so"};
  static constexpr const char* kOneTarget = "LightGBM learns one target";
  static std::unique_ptr<Model> imported(const std::string& written) { return import_lightgbm(written).model; }

  LightGbmBooster(const LightGbmParams& params, const TrainingSet& train, const TrainingSet* validation, const FitContext& context)
      : api_(kLibrary, params.library.value_or(""), "LGBM_GetLastError"), rows_(train) {
    settings_ = all_settings(params, train, context);
    make_dataset(rows_, nullptr, train_);
    api_.call<BoosterCreate>("LGBM_BoosterCreate", train_.handle, settings_.c_str(), &booster_.handle);
    if (validation == nullptr) return;
    held_out_rows_.emplace(*validation);
    make_dataset(*held_out_rows_, train_.handle, held_out_);
    api_.call<AddValid>("LGBM_BoosterAddValidData", booster_.handle, held_out_.handle);
  }

  bool update(int) override {
    int finished = 0;
    api_.call<UpdateOne>("LGBM_BoosterUpdateOneIter", booster_.handle, &finished);
    return finished == 0;
  }

  double validation_loss(int) override {
    std::array<double, 64> results{};
    int n = 0;
    api_.call<GetEval>("LGBM_BoosterGetEval", booster_.handle, 1, &n, results.data());
    return gains_ ? 1 - results[0] : results[0];
  }

  std::string written(int n_rounds) override {
    std::string text(1, '\0');
    int64_t length = 0;
    for (int time = 0; time < 2; ++time) {  // first for its length
      api_.call<SaveToString>("LGBM_BoosterSaveModelToString", booster_.handle, 0, n_rounds, 0, static_cast<int64_t>(text.size()), &length,
                              text.data());
      text.resize(static_cast<size_t>(length));
    }
    text.resize(text.empty() ? 0 : text.size() - 1);  // it ends in a zero
    return text;
  }

 private:
  std::string all_settings(const LightGbmParams& p, const TrainingSet& train, const FitContext& context) {
    const auto text = [](double number) { return to_json(Value(number)); };
    std::string categories;
    for (size_t j = 0; j < train.x.n_features(); ++j)
      if (train.x.features()[j].n_categories > 0) categories += (categories.empty() ? "" : ",") + std::to_string(j);
    std::vector<std::pair<std::string, std::string>> all = {{"verbosity", "-1"},
                                                            {"num_threads", std::to_string(context.threads->size())},
                                                            {"seed", std::to_string(context.seed % 2147483647)},
                                                            {"deterministic", "true"},
                                                            {"force_col_wise", "true"},
                                                            {"num_leaves", std::to_string(p.max_leaves)},
                                                            {"max_depth", std::to_string(p.max_depth.value_or(-1))},
                                                            {"learning_rate", text(p.learning_rate)},
                                                            {"min_data_in_leaf", std::to_string(p.min_rows_in_leaf)},
                                                            {"min_sum_hessian_in_leaf", text(p.min_hessian)},
                                                            {"min_gain_to_split", text(p.min_gain)},
                                                            {"lambda_l1", text(p.l1)},
                                                            {"lambda_l2", text(p.l2)},
                                                            {"bagging_fraction", text(p.row_fraction)},
                                                            {"bagging_freq", p.row_fraction < 1 ? "1" : "0"},
                                                            {"feature_fraction", text(p.feature_fraction)},
                                                            {"max_bin", std::to_string(p.max_bins)}};
    if (!categories.empty()) all.emplace_back("categorical_feature", categories);
    switch (train.target.task) {
      case Task::Binary: all.emplace_back("objective", "binary"); break;
      case Task::Multiclass:
        all.emplace_back("objective", "multiclass");
        all.emplace_back("num_class", std::to_string(train.target.n_classes()));
        break;
      case Task::Ranking:
        all.emplace_back("objective", "lambdarank");
        all.emplace_back("metric", "ndcg");
        all.emplace_back("eval_at", "100000");
        break;
      default: all.emplace_back("objective", "regression");
    }
    std::string joined;
    for (const auto& [name, value] : merged_settings(std::move(all), p.settings)) {
      joined += name + "=" + value + " ";
      if (name == "metric") gains_ = higher_is_better(value);
    }
    return joined;
  }

  void make_dataset(const ExternalRows& rows, Handle reference, LibraryHandle& made) const {
    const auto n = static_cast<int>(rows.x.n_rows());
    api_.call<CreateFromMat>("LGBM_DatasetCreateFromMat", static_cast<const void*>(rows.x.column(0).data()), kFloat32, n,
                             static_cast<int>(rows.x.n_features()), 0, settings_.c_str(), reference, &made.handle);
    const auto set = [&](const char* field, const void* numbers, size_t size, int type) {
      api_.call<SetField>("LGBM_DatasetSetField", made.handle, field, numbers, static_cast<int>(size), type);
    };
    set("label", rows.target.data(), rows.target.size(), kFloat32);
    if (!rows.weights.empty()) set("weight", rows.weights.data(), rows.weights.size(), kFloat32);
    if (!rows.group_sizes.empty()) set("group", rows.group_sizes.data(), rows.group_sizes.size(), kInt32);
  }

  LibraryCalls api_;
  ExternalRows rows_;
  std::optional<ExternalRows> held_out_rows_;
  std::string settings_;
  LibraryHandle train_{api_, "LGBM_DatasetFree"}, held_out_{api_, "LGBM_DatasetFree"}, booster_{api_, "LGBM_BoosterFree"};
  bool gains_ = false;  // whether the metric is better the higher it is
};

using LightGbm = ExternalLearner<LightGbmBooster, LightGbmParams>;

}  // namespace

void register_lightgbm(Catalog<Learner>& catalog) {
  catalog.add<LightGbm, LightGbmParams>("lightgbm", "LightGBM's own training, where it is installed; the model is one of Kolosal's.");
}

}  // namespace kolosal
