// Pictures of a tree: indented text, Graphviz's language, and SVG that needs no other program.
//
// Checked  tree_picture_test.cc, python/tests/test_trees.py.
#pragma once

#include <string>
#include <vector>

#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// What a tree's numbers are called.
struct TreeNames {
  std::vector<std::string> features;             ///< (n_features,)
  std::vector<std::vector<std::string>> levels;  ///< (n_features,) of a category in the order of its codes; empty of a number
  std::vector<std::string> outputs;              ///< (n_raw,) classes or targets; empty where there is one output
};

/// Indented text, Graphviz's language, or SVG.
enum class PictureFormat { Text, Dot, Svg };
constexpr auto enum_names(PictureFormat) {
  return std::to_array<std::pair<PictureFormat, std::string_view>>(
      {{PictureFormat::Text, "text"}, {PictureFormat::Dot, "dot"}, {PictureFormat::Svg, "svg"}});
}

/// Draws a tree down to `max_depth` splits; what is cut off is shown as "...". The left child, where the condition holds, is drawn first.
/// Throws Error(BadValue) where there is no such tree, or the names are not as many as the features.
std::string draw_tree(const Forest& forest, size_t tree, const TreeNames& names, PictureFormat format, int max_depth);

}  // namespace kolosal
