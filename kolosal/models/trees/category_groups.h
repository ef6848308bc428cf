// Groups of categories: codes that get no bin of their own share one with codes in whose rows the target is alike.
//
// Each code's mean of the target is shrunk towards that of all by n / (n + s), with s the variance within codes over that between them
// (one-way analysis of variance, by moments). Codes of less weight than 4 s tell more of chance than of the target and get no group; the
// others, in the order of their shrunk means, are cut into groups of about equal weight. Of several classes or targets the mean is that
// along the direction in which codes differ most, the first principal component of their means.
//
// Cost     O(n_rows + n_codes n_outputs).
// Source   Fisher, Annals of Eugenics 7, 1936 (analysis of variance); Micci-Barreca, SIGKDD Explorations 3, 2001 (shrunk means);
//          Coppersmith, Hong and Hosking, Data Mining and Knowledge Discovery 3, 1999 (the principal component).
// Checked  category_groups_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/table/target.h"

namespace kolosal {

/// The codes of each of at most `most_groups` groups of `codes`, each below `n_categories`; none where codes tell nothing of the target.
/// Row i of `target` and `weights` (all one where empty) is row rows[i] of `column`.
std::vector<std::vector<int32_t>> group_codes(std::span<const float> column, std::span<const uint32_t> rows,
                                              std::span<const double> weights, const Target& target, std::span<const int32_t> codes,
                                              int32_t n_categories, size_t most_groups);

}  // namespace kolosal
