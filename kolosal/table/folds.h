// Folds: which rows are learnt from and which are held out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// How rows are divided into folds.
enum class FoldStrategy { KFold, Stratified, Group, StratifiedGroup, TimeSeries, LeaveOneOut, Predefined };

constexpr auto enum_names(FoldStrategy) {
  return std::to_array<std::pair<FoldStrategy, std::string_view>>({{FoldStrategy::KFold, "k_fold"},
                                                                   {FoldStrategy::Stratified, "stratified"},
                                                                   {FoldStrategy::Group, "group"},
                                                                   {FoldStrategy::StratifiedGroup, "stratified_group"},
                                                                   {FoldStrategy::TimeSeries, "time_series"},
                                                                   {FoldStrategy::LeaveOneOut, "leave_one_out"},
                                                                   {FoldStrategy::Predefined, "predefined"}});
}

/// What to divide, and how often.
struct FoldOptions {
  FoldStrategy strategy = FoldStrategy::KFold;
  int32_t n_folds = 5;
  int32_t n_repeats = 1;  ///< KFold, Stratified, Group, StratifiedGroup: the whole split again with another seed
  int32_t gap = 0;        ///< TimeSeries: rows left out between training and held-out rows
};
void describe(Fields<FoldOptions>& fields);

/// One split; both lists ascend. Every strategy but TimeSeries holds out each row exactly once a repeat.
struct Fold {
  std::vector<uint32_t> train;
  std::vector<uint32_t> valid;
};

/// What the rows are, as far as a strategy needs it.
struct FoldRows {
  size_t n_rows = 0;
  std::span<const double> classes = {};   ///< class of each row: Stratified, StratifiedGroup
  std::span<const uint32_t> groups = {};  ///< group of each row: Group, StratifiedGroup
  std::span<const double> time = {};      ///< TimeSeries order; empty: rows are in order
  std::span<const int64_t> fold = {};     ///< Predefined: fold of each row, negative = always trained on
};

/// The splits: a pure function of rows, options and seed. Throws Error(BadValue) where the strategy cannot be followed:
/// fewer rows or groups than folds, a class with fewer than 2 rows in Stratified (classes smaller than n_folds are spread as far as they
/// go).
std::vector<Fold> make_folds(const FoldRows& rows, const FoldOptions& options, uint64_t seed);

}  // namespace kolosal
