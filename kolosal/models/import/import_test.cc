// Models of other libraries, small enough to follow by hand or written by the library itself, and what is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"
#include "kolosal/models/import/ubjson.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

FeatureMatrix rows_of(const std::vector<std::vector<float>>& rows) {
  FeatureMatrix x(std::vector<Feature>(rows[0].size()), rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t j = 0; j < rows[i].size(); ++j) x.column(j)[i] = rows[i][j];
  return x;
}

std::vector<double> predict(const Model& model, const std::vector<std::vector<float>>& rows) {
  return models_test::predict(model, rows_of(rows));
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance = 1e-6) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

template <class Call>
ErrorCode code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// x0 <= 1.5 (NaN: right) ? (x1 in {1, 34} ? 10 : 20) : 30, and a tree of one leaf worth 1.
const std::string kLightGbm =
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=regression\n"
    "feature_names=size town\nfeature_infos=[0:3] 0:1:34\ntree_sizes=400 50\n\n"
    "Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=5 2\nthreshold=1.5 0\ndecision_type=8 1\nleft_child=1 -1\n"
    "right_child=-2 -3\nleaf_value=10 30 20\nleaf_count=4 8 6\ninternal_value=0 0\ninternal_count=18 10\ncat_boundaries=0 2\n"
    "cat_threshold=2 4\nis_linear=0\nshrinkage=1\n\n\nTree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=1\nshrinkage=1\n\n\nend of trees\n\n"
    "parameters:\nend of parameters\n\npandas_categorical:[[\"bath\", \"hull\"]]\n";

TEST(ImportLightGbm, FollowsItsRules) {
  const ImportedModel made = import_model(kLightGbm);
  EXPECT_EQ(made.task, Task::Regression);
  EXPECT_EQ(made.features, (std::vector<Feature>{{"size", 0}, {"town", 35}}));
  EXPECT_EQ(made.levels[1].as_list().size(), 2U);
  const std::vector<std::vector<float>> rows = {{1.5F, 1}, {1, 34}, {1, 2}, {1, kNaN}, {1, 99}, {1.6F, 1}, {kNaN, 1}, {1, 1.7F}};
  expect_near(predict(*made.model, rows), {11, 11, 21, 21, 21, 31, 31, 11});
  const auto& forest = dynamic_cast<const ForestModel&>(*made.model).forest();
  EXPECT_EQ(forest.feature_gain, (std::vector<double>{5, 2}));
  EXPECT_EQ(forest.node_cover[0], 18);
}

TEST(ImportLightGbm, KnowsItsThreeKindsOfMissingValues) {
  // Without a kind, NaN counts as 0, which is <= 1.5.
  expect_near(predict(*import_model(with(kLightGbm, "decision_type=8", "decision_type=0")).model, {{kNaN, 1}}), {11});
  expect_near(predict(*import_model(with(kLightGbm, "decision_type=8", "decision_type=10")).model, {{kNaN, 1}}), {11});
  expect_near(predict(*import_model(with(kLightGbm, "decision_type=8", "decision_type=6")).model, {{kNaN, 1}, {0, 1}}), {11, 11});
  EXPECT_EQ(code_of([] { import_model(with(kLightGbm, "decision_type=8", "decision_type=4")); }), ErrorCode::Unsupported);
}

TEST(ImportLightGbm, AveragesForestsAndAppliesLinks) {
  expect_near(predict(*import_model(with(kLightGbm, "\ntree_sizes", "\naverage_output\ntree_sizes")).model, {{1, 1}}), {5.5});
  const double p = 1 / (1 + std::exp(-0.5 * 11));
  expect_near(predict(*import_model(with(kLightGbm, "=regression", "=binary sigmoid:0.5")).model, {{1, 1}}), {1 - p, p});
  expect_near(predict(*import_model(with(kLightGbm, "=regression", "=poisson")).model, {{1, 1}}), {std::exp(11)}, 1e-2);
  for (const char* other : {"=multiclassova", "=cross_entropy", "=regression sqrt"})
    EXPECT_EQ(code_of([&] { import_model(with(kLightGbm, "=regression", other)); }), ErrorCode::Unsupported) << other;
}

TEST(ImportLightGbm, SumsTheFeaturesOfLinearLeaves) {
  const std::string linear =
      with(kLightGbm, "is_linear=0", "is_linear=1\nleaf_const=1 2 3\nnum_features=1 0 2\nleaf_features=0  0 1 \nleaf_coeff=4  5 0.5 ");
  const std::vector<std::vector<float>> rows = {{1, 1}, {1, 2}, {2, 1}, {kNaN, 1}, {1, kNaN}};
  expect_near(predict(*import_model(linear).model, rows), {1 + 4 + 1, 3 + 5 + 1 + 1, 2 + 1, 2 + 1, 21});
  expect_near(predict(*import_model(with(linear, "\ntree_sizes", "\naverage_output\ntree_sizes")).model, {{1, 1}}), {3});
  for (const auto& change : {std::pair("num_features=1 0 2", "num_features=1 0 3"),
                             {"leaf_features=0", "leaf_features=9"},
                             {"leaf_coeff=4", "leaf_coeff=inf"},
                             {"leaf_const=1 2 3", "leaf_const=1 2"}})
    EXPECT_EQ(code_of([&] { import_model(with(linear, change.first, change.second)); }), ErrorCode::BadFile) << change.second;
  EXPECT_EQ(code_of([] { import_model(with(kLightGbm, "is_linear=0", "is_linear=1")); }), ErrorCode::BadFile);
}

TEST(ImportLightGbm, RefusesWhatIsDamaged) {
  const std::pair<const char*, const char*> changes[] = {{"left_child=1 -1", "left_child=1 -9"},
                                                         {"left_child=1 -1", "left_child=0 -1"},
                                                         {"leaf_value=10 30 20", "leaf_value=10 30"},
                                                         {"threshold=1.5", "threshold=nan"},
                                                         {"threshold=1.5", "threshold=x"},
                                                         {"split_feature=0 1", "split_feature=0 2"},
                                                         {"cat_threshold=2 4", "cat_threshold=2"},
                                                         {"cat_boundaries=0 2", "cat_boundaries=0 9"},
                                                         {"tree_sizes=400 50", "tree_sizes=400 50 60"},
                                                         {"end of trees", "end of tree"},
                                                         {"num_leaves=3", "num_leaves=-3"},
                                                         {"max_feature_idx=1", "max_feature_idx=7"},
                                                         {"leaf_value=1\n", "leaf_value=1e99\n"},
                                                         {"0:1:34", "0:1:99999999"},
                                                         {"num_tree_per_iteration=1", "num_tree_per_iteration=0"}};
  for (const auto& change : changes)
    EXPECT_EQ(code_of([&] { import_model(with(kLightGbm, change.first, change.second)); }), ErrorCode::BadFile) << change.second;
  const size_t end = kLightGbm.find("end of trees");
  for (size_t n = 0; n < end; ++n) EXPECT_NE(code_of([&] { import_model(kLightGbm.substr(0, n)); }), ErrorCode::Internal) << n;
}

// x0 < 0.5 (missing: left) ? -1 : (x1 in {2}: right, 3 : 2), base 0.25; nodes out of order.
const std::string kXgBoost =
    R"({"learner":{"feature_names":[],"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],"trees":[{"tree_param":{"num_nodes":"5",)"
    R"("size_leaf_vector":"1"},"left_children":[2,-1,-1,4,-1],"right_children":[3,-1,-1,1,-1],"split_indices":[0,0,0,1,0],)"
    R"("split_conditions":[0.5,3,-1,0,2],"default_left":[1,0,0,0,0],"loss_changes":[7,0,0,4,0],"sum_hessian":[10,2,4,6,4],)"
    R"("categories_nodes":[3],"categories_segments":[0],"categories_sizes":[1],"categories":[2],"split_type":[0,0,0,1,0]}]}},)"
    R"("learner_model_param":{"base_score":"[2.5E-1]","num_class":"0","num_feature":"2","num_target":"1"},)"
    R"("objective":{"name":"reg:squarederror"}},"version":[3,2,0]})";

TEST(ImportXgBoost, FollowsItsRules) {
  const ImportedModel made = import_model(kXgBoost);
  EXPECT_EQ(made.features[1].name, "x1");
  const std::vector<std::vector<float>> rows = {{0.4F, 0}, {0.5F, 2}, {0.5F, 0}, {0.5F, 5}, {kNaN, 2}, {1, kNaN}};
  expect_near(predict(*made.model, rows), {-0.75, 3.25, 2.25, 2.25, -0.75, 3.25});
  EXPECT_EQ(made.model->feature_importance(), (std::vector<double>{7.0 / 11, 4.0 / 11}));
}

TEST(ImportXgBoost, UndoesTheLinkOfTheBaseScore) {
  const double score = std::log(0.25 / 0.75) - 1, p = 1 / (1 + std::exp(-score));
  expect_near(predict(*import_model(with(kXgBoost, "reg:squarederror", "binary:logistic")).model, {{0, 0}}), {1 - p, p});
  expect_near(predict(*import_model(with(kXgBoost, "reg:squarederror", "count:poisson")).model, {{0, 0}}), {0.25 * std::exp(-1)});
  EXPECT_EQ(code_of([] { import_model(with(kXgBoost, "reg:squarederror", "survival:cox")); }), ErrorCode::Unsupported);
}

TEST(ImportXgBoost, RefusesWhatIsDamaged) {
  const std::pair<const char*, const char*> changes[] = {{"[2,-1,-1,4,-1]", "[2,-1,-1,0,-1]"},
                                                         {"[2,-1,-1,4,-1]", "[2,-1,-1,9,-1]"},
                                                         {"[3,-1,-1,1,-1]", "[3,-1,-1,1]"},
                                                         {"split_indices\":[0", "split_indices\":[7"},
                                                         {"[2.5E-1]", "[1,2]"},
                                                         {"\"num_feature\":\"2\"", "\"num_feature\":\"-2\""},
                                                         {"\"tree_info\":[0]", "\"tree_info\":[1]"},
                                                         {"categories\":[2]", "categories\":[-2]"},
                                                         {"categories_sizes\":[1]", "categories_sizes\":[4]"},
                                                         {"[0.5,3,-1,0,2]", "[0.5,1e999,-1,0,2]"},
                                                         {"\"learner_model_param\"", "\"other\""}};
  for (const auto& change : changes)
    EXPECT_EQ(code_of([&] { import_model(with(kXgBoost, change.first, change.second)); }), ErrorCode::BadFile) << change.second;
  for (size_t n = 0; n < kXgBoost.size(); ++n) EXPECT_EQ(code_of([&] { import_model(kXgBoost.substr(0, n)); }), ErrorCode::BadFile) << n;
}

TEST(Ubjson, ReadsEveryKindAndRefusesWhatIsDamaged) {
  constexpr char kBytes[] =

      "{i\1ai\xfei\1bI\1\0i\1cl\0\0\0\7i\1dL\0\0\0\0\0\0\0\x8i\1ed\x3f\x80\0\0i\1fD\xbf\xf0\0\0\0\0\0\0"
      "i\1gSi\2hii\1hTi\1iFi\1jZi\1kSi\1xi\1l[$U#i\2\1\xffi\1m[#i\2i\1TNi\1n[i\1Z]i\1o[$d#i\1\x3f\x80\0\0}";
  const std::string text(kBytes, sizeof(kBytes) - 1);
  const Value value = parse_ubjson(text);
  EXPECT_EQ(value.at("a").as_integer(), -2);
  EXPECT_EQ(value.at("b").as_integer(), 256);
  EXPECT_EQ(value.at("c").as_integer(), 7);
  EXPECT_EQ(value.at("d").as_integer(), 8);
  EXPECT_EQ(value.at("e").as_real(), 1);
  EXPECT_EQ(value.at("f").as_real(), -1);
  EXPECT_EQ(value.at("g").as_text(), "hi");
  EXPECT_TRUE(value.at("h").as_bool() && !value.at("i").as_bool() && value.at("j").is_null());
  EXPECT_EQ(value.at("k").as_text(), "x");
  EXPECT_EQ(value.at("l").as_numbers().as<uint8_t>()[1], 255);
  EXPECT_TRUE(value.at("m").as_list()[1].as_bool());
  EXPECT_EQ(value.at("n").as_list().size(), 2U);
  EXPECT_EQ(value.at("o").as_numbers().as<float>()[0], 1);
  for (size_t n = 0; n < text.size(); ++n) EXPECT_THROW(parse_ubjson(text.substr(0, n)), Error) << n;
  EXPECT_THROW(parse_ubjson(text + "Z"), Error);
  EXPECT_THROW(parse_ubjson(with(text, "hi", "h\xff")), Error);
  EXPECT_THROW(parse_ubjson(std::string(100, '[')), Error);
  EXPECT_THROW(parse_ubjson(std::string("[$U#L\x7f\xff\xff\xff\xff\xff\xff\xff", 13)), Error);
}

// Written by CatBoost 1.2, with what it predicts for the rows.
const std::vector<std::vector<float>> kRows = {{0.7F, 0, 2}, {-1, -0.5F, 0}, {kNaN, 1, kNaN}, {-0.4F, -0.02398037F, 3}};
const std::string kSymmetric =
    R"({"features_info":{"float_features":[{"feature_id":"","feature_index":0,"flat_feature_index":0,"nan_value_treatment":"AsF)"
    R"(alse"},{"feature_id":"","feature_index":1,"flat_feature_index":1,"nan_value_treatment":"AsFalse"},{"feature_id":"","feat)"
    R"(ure_index":2,"flat_feature_index":2,"nan_value_treatment":"AsFalse"}]},"model_info":{"params":{"loss_function":{"type":")"
    R"(RMSE"}}},"oblivious_trees":[{"leaf_values":[-0.3372276224133609,1.2886528631702798,-0.03173096265111651,0.44233874082565)"
    R"(305],"leaf_weights":[236,58,4,2],"splits":[{"border":0.6551334857940674,"float_feature_index":0,"split_type":"FloatFeatu)"
    R"(re"},{"border":1.8335893154144287,"float_feature_index":2,"split_type":"FloatFeature"}]},{"leaf_values":[-0.268822672481)"
    R"(83833,0.672274140094693,-0.865781195652151,0.07317788385927369],"leaf_weights":[67,101,60,72],"splits":[{"border":-0.482)"
    R"(7740490436554,"float_feature_index":0,"split_type":"FloatFeature"},{"border":-0.023980367928743362,"float_feature_index")"
    R"(:1,"split_type":"FloatFeature"}]}],"scale_and_bias":[1,[-0.21841806173324585]]})";
const std::string kNodes =
    R"({"features_info":{"float_features":[{"feature_id":"","feature_index":0,"flat_feature_index":0,"nan_value_treatment":"AsF)"
    R"(alse"},{"feature_id":"","feature_index":1,"flat_feature_index":1,"nan_value_treatment":"AsFalse"},{"feature_id":"","feat)"
    R"(ure_index":2,"flat_feature_index":2,"nan_value_treatment":"AsFalse"}]},"model_info":{"params":{"loss_function":{"type":")"
    R"(MultiClass"}}},"scale_and_bias":[1,[0,0,0]],"trees":[{"left":{"value":[0.18072289156627122,0.14457831325301793,-0.325301)"
    R"(20481927416],"weight":240},"right":{"left":{"value":[-0.3043478260869564,-0.23913043478260865,0.5434782608695653],"weigh)"
    R"(t":14},"right":{"value":[-0.41818181818181865,-0.36363636363636415,0.7818181818181826],"weight":46},"split":{"border":-0)"
    R"(.7843084335327148,"float_feature_index":2,"split_type":"FloatFeature"}},"split":{"border":0.6551334857940674,"float_feat)"
    R"(ure_index":0,"split_type":"FloatFeature"}},{"left":{"value":[-0.1668244392413887,0.08256815438878448,0.0842562848526123])"
    R"(,"weight":168},"right":{"left":{"value":[0.4963116588102232,-0.11096132330479494,-0.3853503355054464],"weight":92},"righ)"
    R"(t":{"value":[-0.3479356711601314,0.22996155587631747,0.11797411528381453],"weight":40},"split":{"border":0.2882469892501)"
    R"(831,"float_feature_index":0,"split_type":"FloatFeature"}},"split":{"border":-0.023980367928743362,"float_feature_index":)"
    R"(1,"split_type":"FloatFeature"}}]})";

TEST(ImportCatBoost, PredictsAsItDidThereWithSymmetricTrees) {
  const ImportedModel made = import_model(kSymmetric);
  expect_near(predict(*made.model, kRows), {0.2970985629516809, -0.8244683566284451, -1.4214268797987577, 0.4221251157103306});
  EXPECT_EQ(dynamic_cast<const ForestModel&>(*made.model).forest().node_cover[0], 300);
}

TEST(ImportCatBoost, PredictsAsItDidThereWithTreesOfNodesAndSeveralClasses) {
  const ImportedModel made = import_model(kNodes);
  EXPECT_EQ(made.task, Task::Multiclass);
  expect_near(predict(*made.model, kRows),
              {0.12235878076439567, 0.23030401408494441, 0.64733720515066, 0.33193346363220966, 0.41083125294162226, 0.257235283426168,
               0.5633340230056736, 0.2960283370711558, 0.14063763992317066, 0.33193346363220966, 0.41083125294162226, 0.257235283426168});
}

TEST(ImportCatBoost, RefusesWhatIsDamagedOrHasNoCounterpart) {
  EXPECT_EQ(code_of([] { import_model(with(kSymmetric, "\"RMSE\"", "\"Cox\"")); }), ErrorCode::Unsupported);
  EXPECT_EQ(code_of([] { import_model(with(kSymmetric, "\"FloatFeature\"", "\"OnlineCtr\"")); }), ErrorCode::Unsupported);
  EXPECT_EQ(code_of([] { import_model(with(kSymmetric, "\"float_feature_index\":2", "\"float_feature_index\":9")); }), ErrorCode::BadFile);
  EXPECT_EQ(code_of([] { import_model(with(kSymmetric, "-0.3372276224133609,", "")); }), ErrorCode::BadFile);
  for (const std::string& whole : {kSymmetric, kNodes})
    for (size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(code_of([&] { import_model(whole.substr(0, n)); }), ErrorCode::BadFile) << n;
}

TEST(ImportModel, RoundsThresholdsSoThatFloatsGoWhereDoublesDid) {
  EXPECT_EQ(float_at_most(0.1), std::nextafter(0.1F, 0.0F));  // 0.1F is above 0.1
  EXPECT_EQ(float_at_most(0.5), 0.5F);
  EXPECT_LT(float_below(0.0F), 0.0F);
  EXPECT_EQ(code_of([] { import_model("hello"); }), ErrorCode::BadFile);
}

}  // namespace
}  // namespace kolosal
