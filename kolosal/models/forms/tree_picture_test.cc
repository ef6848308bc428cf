#include "kolosal/models/forms/tree_picture.h"

#include <gtest/gtest.h>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

// size <= 1.5 ? 1 : (town in {bath, "<york>"} or missing ? 2 : 3)
Forest small_forest() {
  Forest f;
  f.n_features = 2;
  f.base_score = {0};
  const int32_t set = add_category_set(f, {true, false, true}, true);
  const auto leaf = [](int32_t number) {
    ForestNode node;
    node.left = number;
    return node;
  };
  ForestNode root, second;
  root.feature = 0;
  root.threshold = 1.5F;
  root.left = 1;
  second.feature = 1;
  second.default_left = 1;
  second.category_set = set;
  second.left = 3;
  f.nodes = {root, leaf(0), second, leaf(1), leaf(2)};
  f.roots = {0};
  f.tree_output = {0};
  f.leaf_values = {1, 2, 3};
  f.feature_gain = {3, 1};
  f.node_cover = {10, 6, 4, 3, 1};
  return f;
}

const TreeNames kNames{{"size", "town \"x\""}, {{}, {"bath", "hull", "<york>"}}, {}};

TEST(TreePicture, OfTextShowsConditionsWeightsAndLeaves) {
  EXPECT_EQ(draw_tree(small_forest(), 0, kNames, PictureFormat::Text, 10),
            "size <= 1.5  [weight 10]\n"
            "|-- yes: 1  [weight 6]\n"
            "`-- no: town \"x\" in {bath, <york>} or missing  [weight 4]\n"
            "    |-- yes: 2  [weight 3]\n"
            "    `-- no: 3  [weight 1]\n");
  EXPECT_EQ(draw_tree(small_forest(), 0, kNames, PictureFormat::Text, 1),
            "size <= 1.5  [weight 10]\n|-- yes: 1  [weight 6]\n`-- no: ...\n");
}

TEST(TreePicture, OfGraphvizAndSvgSpellsOutWhatHasAMeaningThere) {
  const std::string dot = draw_tree(small_forest(), 0, kNames, PictureFormat::Dot, 10);
  EXPECT_NE(dot.find("n2 [label=\"town \\\"x\\\" in {bath, <york>} or missing\\nweight 4\"]"), std::string::npos) << dot;
  EXPECT_NE(dot.find("n0 -> n1 [label=\"yes\"]"), std::string::npos);
  const std::string svg = draw_tree(small_forest(), 0, kNames, PictureFormat::Svg, 10);
  EXPECT_NE(svg.find("town &quot;x&quot; in {bath, &lt;york&gt;} or missing"), std::string::npos);
  EXPECT_EQ(svg.find("<york>"), std::string::npos);
}

TEST(TreePicture, DrawsEveryLeafOfAGrownTreeOnceAndApart) {
  const auto rows = trees_test::make_rows(Task::Multiclass, 300);
  const auto model = learners().make("decision_tree")->fit({rows.x, rows.target}, nullptr, trees_test::context_of(1));
  const Forest& forest = dynamic_cast<const ForestModel&>(*model).forest();
  TreeNames names{{"a", "b", "holes", "category", "noise"}, {}, {"x", "y", "z"}};
  const std::string svg = draw_tree(forest, 0, names, PictureFormat::Svg, 100);
  size_t n_boxes = 0;
  for (size_t at = 0; (at = svg.find("rx=\"6\"", at)) != std::string::npos; ++at) ++n_boxes;
  EXPECT_EQ(n_boxes, forest.nodes.size());
  EXPECT_THROW(draw_tree(forest, 1, names, PictureFormat::Svg, 100), Error);
  names.features.pop_back();
  EXPECT_THROW(draw_tree(forest, 0, names, PictureFormat::Svg, 100), Error);
}

}  // namespace
}  // namespace kolosal
