// XGBoost: its own trainer through its C interface, its model as a Forest.
//
// Columns are given without copying, through the array interface; the UBJSON that XGBoost writes of its model is imported.
//
// Source   XGBoost 2 and 3, include/xgboost/c_api.h.
// Checked  tests/parity/test_adapters.py.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "kolosal/base/json.h"
#include "kolosal/models/adapters/external_booster.h"
#include "kolosal/models/adapters/library_calls.h"
#include "kolosal/models/import/imported_model.h"

namespace kolosal {
namespace {

struct XgBoostParams {
  int n_trees = 100;
  double learning_rate = 0.3;
  std::optional<int> max_depth = 6;
  int max_leaves = 0;
  double min_hessian = 1;
  double min_gain = 0;
  double l1 = 0;
  double l2 = 1;
  double row_fraction = 1;
  double feature_fraction = 1;
  int max_bins = 256;
  std::optional<int> patience = 50;
  double min_delta = 0;
  Value settings;
  std::optional<std::string> library;
};

void describe(Fields<XgBoostParams>& f) {
  using P = XgBoostParams;
  f.add("n_trees", &P::n_trees, "Most rounds of boosting.").min(1).max(1'000'000).alias("n_estimators").alias("num_boost_round");
  f.add("learning_rate", &P::learning_rate, "By how much each tree is shrunk.").above(0).max(1).search_log(0.01, 0.3).alias("eta");
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1).max(1000).search(3, 10);
  f.add("max_leaves", &P::max_leaves, "Most leaves of a tree; 0 for no limit, else the leaf of the greatest gain is split next.")
      .min(0)
      .alias("num_leaves");
  f.add("min_hessian", &P::min_hessian, "Least sum of hessians of a leaf.").min(0).search_log(0.1, 30).alias("min_child_weight");
  f.add("min_gain", &P::min_gain, "Least gain of a split.").min(0).alias("gamma").alias("min_split_loss");
  f.add("l1", &P::l1, "Strength of the absolute penalty on leaf values.").min(0).alias("reg_alpha").alias("alpha");
  f.add("l2", &P::l2, "Strength of the squared penalty on leaf values.").min(0).search_log(0.1, 10).alias("reg_lambda").alias("lambda");
  f.add("row_fraction", &P::row_fraction, "Share of the rows, drawn anew, that each round is grown on.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("subsample");
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
  f.add("settings", &P::settings, "Any other settings of XGBoost by its names, such as {\"objective\": \"reg:tweedie\"}; null for none.");
  f.add("library", &P::library, "Path of libxgboost.so; null to look beside this package and on the system.");
}

using Handle = void*;

// Types of the functions of XGBoost's C interface that are used.
using CreateFromDense = int(const char*, const char*, Handle*);
using SetInfo = int(Handle, const char*, const char*);
using SetTypes = int(Handle, const char*, const char**, uint64_t);
using CreateBooster = int(const Handle*, uint64_t, Handle*);
using SetParam = int(Handle, const char*, const char*);
using UpdateOneIter = int(Handle, int, Handle);
using EvalOne = int(Handle, int, Handle*, const char**, uint64_t, const char**);
using Slice = int(Handle, int, int, int, Handle*);
using SaveToBuffer = int(Handle, const char*, uint64_t*, const char**);

// The array interface of numbers that lie in one piece, or as far apart as `strides` says.
std::string interface_of(const void* numbers, const char* type, const std::string& shape, const std::string& strides = "") {
  return R"({"data":[)" + std::to_string(reinterpret_cast<uintptr_t>(numbers)) + R"(,true],"shape":[)" + shape + R"(],"typestr":")" + type +
         R"(",)" + (strides.empty() ? "" : R"("strides":[)" + strides + "],") + R"("version":3})";
}

class XgBoostBooster : public ExternalBooster {
 public:
  static constexpr LibraryName kLibrary = {"XGBoost", "xgboost", "libxgboost.so"};
  static constexpr const char* kOneTarget = "XGBoost learns one target here";
  static std::unique_ptr<Model> imported(const std::string& written) { return import_xgboost(written).model; }

  XgBoostBooster(const XgBoostParams& params, const TrainingSet& train, const TrainingSet* validation, const FitContext& context)
      : api_(kLibrary, params.library.value_or(""), "XGBGetLastError"), rows_(train), n_threads_(std::to_string(context.threads->size())) {
    make_matrix(rows_, train_);
    if (validation != nullptr) {
      held_out_rows_.emplace(*validation);
      make_matrix(*held_out_rows_, held_out_);
    }
    const Handle both[] = {train_.handle, held_out_.handle};
    api_.call<CreateBooster>("XGBoosterCreate", static_cast<const Handle*>(both), uint64_t{validation != nullptr ? 2U : 1U},
                             &booster_.handle);
    for (const auto& [name, value] : all_settings(params, train, context))
      api_.call<SetParam>("XGBoosterSetParam", booster_.handle, name.c_str(), value.c_str());
  }

  bool update(int round) override {
    api_.call<UpdateOneIter>("XGBoosterUpdateOneIter", booster_.handle, round, train_.handle);
    return true;
  }

  double validation_loss(int round) override {
    Handle matrix = held_out_.handle;
    const char* name = "held_out";
    const char* told = nullptr;
    api_.call<EvalOne>("XGBoosterEvalOneIter", booster_.handle, round, &matrix, &name, uint64_t{1}, &told);
    const std::string text = told;  // "[3]\theld_out-rmse:0.25"
    const size_t at = text.rfind(':'), dash = text.rfind('-', at);
    double score = std::numeric_limits<double>::quiet_NaN();
    if (at == std::string::npos || dash == std::string::npos) return score;
    std::from_chars(text.data() + at + 1, text.data() + text.size(), score);
    return higher_is_better(std::string_view(text).substr(dash + 1, at - dash - 1)) ? 1 - score : score;
  }

  std::string written(int n_rounds) override {
    LibraryHandle part(api_, "XGBoosterFree");
    api_.call<Slice>("XGBoosterSlice", booster_.handle, 0, n_rounds, 1, &part.handle);
    uint64_t length = 0;
    const char* bytes = nullptr;
    api_.call<SaveToBuffer>("XGBoosterSaveModelToBuffer", part.handle, R"({"format":"ubj"})", &length, &bytes);
    return {bytes, length};
  }

 private:
  static std::vector<std::pair<std::string, std::string>> all_settings(const XgBoostParams& p, const TrainingSet& train,
                                                                       const FitContext& context) {
    const auto text = [](double number) { return to_json(Value(number)); };
    std::vector<std::pair<std::string, std::string>> all = {{"verbosity", "0"},
                                                            {"nthread", std::to_string(context.threads->size())},
                                                            {"seed", std::to_string(context.seed % 2147483647)},
                                                            {"tree_method", "hist"},
                                                            {"eta", text(p.learning_rate)},
                                                            {"max_depth", std::to_string(p.max_depth.value_or(0))},
                                                            {"max_leaves", std::to_string(p.max_leaves)},
                                                            {"grow_policy", p.max_leaves > 0 ? "lossguide" : "depthwise"},
                                                            {"min_child_weight", text(p.min_hessian)},
                                                            {"gamma", text(p.min_gain)},
                                                            {"alpha", text(p.l1)},
                                                            {"lambda", text(p.l2)},
                                                            {"subsample", text(p.row_fraction)},
                                                            {"colsample_bytree", text(p.feature_fraction)},
                                                            {"max_bin", std::to_string(p.max_bins)}};
    switch (train.target.task) {
      case Task::Binary: all.emplace_back("objective", "binary:logistic"); break;
      case Task::Multiclass:
        all.emplace_back("objective", "multi:softprob");
        all.emplace_back("num_class", std::to_string(train.target.n_classes()));
        break;
      case Task::Ranking: all.emplace_back("objective", "rank:ndcg"); break;
      default: all.emplace_back("objective", "reg:squarederror");
    }
    return merged_settings(std::move(all), p.settings);
  }

  void make_matrix(const ExternalRows& rows, LibraryHandle& made) const {
    const size_t n = rows.x.n_rows(), p = rows.x.n_features();
    for (size_t j = 0; j < p; ++j)
      if (std::ranges::any_of(rows.x.column(j), [](float number) { return std::isinf(number); }))
        throw Error(ErrorCode::BadValue, "feature '" + rows.x.features()[j].name + "' holds infinity or a number too large for float32",
                    "Clip it, or make it missing: XGBoost takes finite numbers and NaN.");
    const std::string data = interface_of(rows.x.column(0).data(), "<f4", std::to_string(n) + "," + std::to_string(p),
                                          std::to_string(sizeof(float)) + "," + std::to_string(n * sizeof(float)));
    const std::string config = R"({"missing":NaN,"nthread":)" + n_threads_ + "}";
    api_.call<CreateFromDense>("XGDMatrixCreateFromDense", data.c_str(), config.c_str(), &made.handle);
    const auto set = [&](const char* field, const void* numbers, const char* type, size_t size) {
      const std::string array = interface_of(numbers, type, std::to_string(size));
      api_.call<SetInfo>("XGDMatrixSetInfoFromInterface", made.handle, field, array.c_str());
    };
    set("label", rows.target.data(), "<f4", rows.target.size());
    if (!rows.group_sizes.empty()) {
      std::vector<uint32_t> numbers;
      for (size_t group = 0; group < rows.group_sizes.size(); ++group)
        numbers.insert(numbers.end(), static_cast<size_t>(rows.group_sizes[group]), static_cast<uint32_t>(group));
      set("qid", numbers.data(), "<u4", numbers.size());
    }
    const std::vector<float>& weights = rows.group_sizes.empty() ? rows.weights : rows.group_weights;  // of ranking it weighs groups
    if (!weights.empty()) set("weight", weights.data(), "<f4", weights.size());
    std::vector<const char*> types;
    for (const Feature& feature : rows.x.features()) types.push_back(feature.n_categories > 0 ? "c" : "q");
    api_.call<SetTypes>("XGDMatrixSetStrFeatureInfo", made.handle, "feature_type", types.data(), uint64_t{types.size()});
  }

  LibraryCalls api_;
  ExternalRows rows_;
  std::optional<ExternalRows> held_out_rows_;
  std::string n_threads_;
  LibraryHandle train_{api_, "XGDMatrixFree"}, held_out_{api_, "XGDMatrixFree"}, booster_{api_, "XGBoosterFree"};
};

using XgBoost = ExternalLearner<XgBoostBooster, XgBoostParams>;

}  // namespace

void register_xgboost(Catalog<Learner>& catalog) {
  catalog.add<XgBoost, XgBoostParams>("xgboost", "XGBoost's own training, where it is installed; the model is one of Kolosal's.");
}

}  // namespace kolosal
