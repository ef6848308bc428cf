// Leaf scale: what the numbers of leaves are divided by, so that float32 holds them however large or small the targets are.
//
// A scale is a power of two, and 1 where targets are of common sizes: so a target times a power of two gives a model whose predictions are
// exactly as many times those of the target itself.
//
// Checked  forest_learners_test.cc, gradient_boosting_test.cc.
#pragma once

#include <span>
#include <vector>

#include "kolosal/models/forms/forest.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// The power of two by which numbers up to `largest` (>= 0) are divided before they are kept as float32; 1 where the largest is neither
/// below 2^-32 nor above 2^32.
double float_scale(double largest) noexcept;

/// The scales of the leaves of trees on the numbers `target` less `centre` (n_raw,), one for each raw output; empty where all are 1. Going
/// on from a forest, its own. Throws Error(BadValue) where targets lie further from the centre, or nearer to it, than their squares can
/// tell, or the forest's scales do not suit them.
std::vector<double> leaf_scales(const Target& target, std::span<const double> centre, const Forest* start);

}  // namespace kolosal
