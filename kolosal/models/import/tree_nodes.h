// Trees of other libraries, whose children may lie anywhere, as trees of a Forest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// A node as other libraries keep it.
struct TreeNode {
  int64_t left = -1, right = -1;  ///< numbers of the children; -1: a leaf
  uint32_t feature = 0;
  float threshold = 0;  ///< x <= threshold goes left
  bool default_left = false;
  std::vector<bool> categories_left = {};  ///< of a categorical split; empty: a numeric one
  double gain = 0;
  double cover = 0;
  std::vector<double> values = {};             ///< (leaf_width,) of a leaf
  std::vector<uint32_t> linear_features = {};  ///< of a leaf with a sum in place of its value
  std::vector<double> linear_weights = {};
  double linear_constant = 0;
};

/// Throws Error(BadFile) that says what is wrong with an imported model.
[[noreturn]] void refuse_import(const std::string& what);

/// Throws Error(Unsupported) for a kind of model that the neutral forms do not hold.
[[noreturn]] void refuse_kind(const std::string& what);

/// Throws Error(BadFile) where a text is not UTF-8, which what quotes it must be.
void check_utf8(std::string_view text);

/// The largest float that is <= x: x <= t holds for the same floats.
float float_at_most(double x);

/// The largest float below x: v < x holds for the floats <= it.
float float_below(float x);

/// Adds the tree whose root is nodes[root]. Throws Error(BadFile) where a child or feature is not there, or a node is reached twice.
void add_tree(Forest& forest, std::span<const TreeNode> nodes, size_t root, size_t output);

}  // namespace kolosal
