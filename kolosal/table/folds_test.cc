#include "kolosal/table/folds.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

namespace kolosal {
namespace {

std::string message_of(const FoldRows& rows, const FoldOptions& options) {
  try {
    make_folds(rows, options, 1);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_FALSE(error.remedy().empty());
    return error.message();
  }
  return "no error";
}

/// Whether each row is held out once a repeat, and train and valid are ascending complements.
bool is_partition(const std::vector<Fold>& folds, size_t n_rows, int32_t n_folds, int32_t n_repeats) {
  if (folds.size() != static_cast<size_t>(n_folds * n_repeats)) return false;
  for (int32_t repeat = 0; repeat < n_repeats; ++repeat) {
    std::vector<int> held_out(n_rows);
    for (int32_t k = 0; k < n_folds; ++k) {
      const Fold& fold = folds[static_cast<size_t>(repeat * n_folds + k)];
      if (fold.valid.empty() || !std::ranges::is_sorted(fold.valid) || !std::ranges::is_sorted(fold.train)) return false;
      std::vector<int> seen(n_rows);
      for (const uint32_t row : fold.train) ++seen[row];
      for (const uint32_t row : fold.valid) ++seen[row], ++held_out[row];
      if (std::ranges::count(seen, 1) != static_cast<ptrdiff_t>(n_rows)) return false;
    }
    if (std::ranges::count(held_out, 1) != static_cast<ptrdiff_t>(n_rows)) return false;
  }
  return true;
}

RC_GTEST_PROP(Folds, KFoldHoldsOutEveryRowOnceARepeatInPiecesOfLikeSize, ()) {
  const auto n_folds = *rc::gen::inRange(2, 9);
  const auto n_rows = *rc::gen::inRange(n_folds, 200);
  const auto n_repeats = *rc::gen::inRange(1, 4);
  const auto folds =
      make_folds({.n_rows = static_cast<size_t>(n_rows)}, {.n_folds = n_folds, .n_repeats = n_repeats}, *rc::gen::arbitrary<uint64_t>());
  RC_ASSERT(is_partition(folds, static_cast<size_t>(n_rows), n_folds, n_repeats));
  for (const Fold& fold : folds) {
    RC_ASSERT(fold.valid.size() >= static_cast<size_t>(n_rows / n_folds));
    RC_ASSERT(fold.valid.size() <= static_cast<size_t>(n_rows / n_folds + 1));
  }
}

RC_GTEST_PROP(Folds, StratifiedSpreadsEachClassToWithinOneRow, ()) {
  const auto n_folds = *rc::gen::inRange(2, 6);
  std::vector<double> classes = *rc::gen::container<std::vector<double>>(100, rc::gen::element(-1.0, 0.0, 2.5));
  for (const double c : {-1.0, 0.0, 2.5}) classes.insert(classes.end(), 2, c);
  const auto folds =
      make_folds({.n_rows = classes.size(), .classes = classes}, {.strategy = FoldStrategy::Stratified, .n_folds = n_folds}, 7);
  RC_ASSERT(is_partition(folds, classes.size(), n_folds, 1));
  for (const double c : {-1.0, 0.0, 2.5}) {
    size_t low = classes.size(), high = 0;
    for (const Fold& fold : folds) {
      const auto count = static_cast<size_t>(std::ranges::count_if(fold.valid, [&](uint32_t row) { return classes[row] == c; }));
      low = std::min(low, count);
      high = std::max(high, count);
    }
    RC_ASSERT(high - low <= 1U);
  }
}

bool groups_stay_whole(const std::vector<Fold>& folds, const std::vector<uint32_t>& groups) {
  for (const Fold& fold : folds) {
    std::set<uint32_t> train, valid;
    for (const uint32_t row : fold.train) train.insert(groups[row]);
    for (const uint32_t row : fold.valid) valid.insert(groups[row]);
    for (const uint32_t g : valid)
      if (train.contains(g)) return false;
  }
  return true;
}

RC_GTEST_PROP(Folds, NoGroupIsOnBothSidesOfASplit, ()) {
  const auto n_folds = *rc::gen::inRange(2, 5);
  std::vector<uint32_t> groups = *rc::gen::container<std::vector<uint32_t>>(80, rc::gen::inRange(0U, 30U));
  for (uint32_t g = 100; g < 105; ++g) groups.push_back(g);
  std::vector<double> classes = *rc::gen::container<std::vector<double>>(groups.size(), rc::gen::element(0.0, 1.0));
  for (const FoldStrategy strategy : {FoldStrategy::Group, FoldStrategy::StratifiedGroup}) {
    const auto folds = make_folds({.n_rows = groups.size(), .classes = classes, .groups = groups},
                                  {.strategy = strategy, .n_folds = n_folds, .n_repeats = 2}, *rc::gen::arbitrary<uint64_t>());
    RC_ASSERT(is_partition(folds, groups.size(), n_folds, 2));
    RC_ASSERT(groups_stay_whole(folds, groups));
  }
}

TEST(Folds, StratifiedGroupKeepsClassSharesNearerThanGroupAlone) {
  std::vector<uint32_t> groups;
  std::vector<double> classes;
  for (uint32_t g = 0; g < 40; ++g)
    for (int i = 0; i < 10; ++i) {
      groups.push_back(g);
      classes.push_back(g < 10 ? 1.0 : 0.0);  // a quarter of the groups holds the whole positive class
    }
  const auto folds = make_folds({.n_rows = groups.size(), .classes = classes, .groups = groups},
                                {.strategy = FoldStrategy::StratifiedGroup, .n_folds = 5}, 3);
  for (const Fold& fold : folds) {
    const auto positive = std::ranges::count_if(fold.valid, [&](uint32_t row) { return classes[row] == 1.0; });
    EXPECT_EQ(positive, 20);
    EXPECT_EQ(fold.valid.size(), 80U);
  }
}

TEST(Folds, ASplitIsAFunctionOfTheSeedAlone) {
  const FoldOptions options{.n_folds = 4};
  const auto first = make_folds({.n_rows = 50}, options, 1);
  const auto again = make_folds({.n_rows = 50}, options, 1);
  const auto other = make_folds({.n_rows = 50}, options, 2);
  for (size_t k = 0; k < 4; ++k) EXPECT_EQ(first[k].valid, again[k].valid);
  EXPECT_NE(first[0].valid, other[0].valid);
}

TEST(Folds, RepeatsDiffer) {
  const auto folds = make_folds({.n_rows = 50}, {.n_folds = 2, .n_repeats = 2}, 1);
  EXPECT_NE(folds[0].valid, folds[2].valid);
}

TEST(Folds, TimeSeriesWindowsGrowAndKeepTheGap) {
  std::vector<double> time;
  for (int i = 0; i < 23; ++i) time.push_back(100 - i);  // latest row first
  const auto folds = make_folds({.n_rows = 23, .time = time}, {.strategy = FoldStrategy::TimeSeries, .n_folds = 4, .gap = 2}, 1);
  ASSERT_EQ(folds.size(), 4U);
  size_t before = 0;
  for (const Fold& fold : folds) {
    EXPECT_GT(fold.train.size(), before);
    before = fold.train.size();
    EXPECT_EQ(fold.valid.size(), 4U);
    double latest = 0, earliest = 1000;
    for (const uint32_t row : fold.train) latest = std::max(latest, time[row]);
    for (const uint32_t row : fold.valid) earliest = std::min(earliest, time[row]);
    EXPECT_EQ(earliest - latest, 3.0);
  }
  EXPECT_EQ(folds.back().valid, (std::vector<uint32_t>{0, 1, 2, 3}));
}

TEST(Folds, LeaveOneOutHoldsOutEachRowAlone) {
  const auto folds = make_folds({.n_rows = 6}, {.strategy = FoldStrategy::LeaveOneOut}, 1);
  EXPECT_TRUE(is_partition(folds, 6, 6, 1));
}

TEST(Folds, PredefinedRowsWithANegativeFoldAreAlwaysLearntFrom) {
  const std::vector<int64_t> fold = {7, -1, 3, 7, -5, 3};
  const auto folds = make_folds({.n_rows = 6, .fold = fold}, {.strategy = FoldStrategy::Predefined}, 1);
  ASSERT_EQ(folds.size(), 2U);
  EXPECT_EQ(folds[0].valid, (std::vector<uint32_t>{2, 5}));
  EXPECT_EQ(folds[1].valid, (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(folds[1].train, (std::vector<uint32_t>{1, 2, 4, 5}));
}

TEST(Folds, WhatCannotBeSplitIsAnErrorThatSaysWhy) {
  const std::vector<double> lonely = {0, 0, 0, 1};
  const std::vector<double> missing = {0, 0, std::numeric_limits<double>::quiet_NaN(), 1};
  const std::vector<uint32_t> one_group = {4, 4, 4, 4};
  const std::vector<int64_t> one_fold = {0, 0, 0, 0}, no_fold = {-1, -1, -1, -1};
  EXPECT_NE(message_of({.n_rows = 4}, {.n_folds = 5}).find("4 rows cannot be divided into 5 folds"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4}, {.n_folds = 1}).find("n_folds = 1"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4, .classes = lonely}, {.strategy = FoldStrategy::Stratified, .n_folds = 2}).find("single row"),
            std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4, .classes = missing}, {.strategy = FoldStrategy::Stratified, .n_folds = 2}).find("no class"),
            std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4}, {.strategy = FoldStrategy::Group, .n_folds = 2}).find("group of each"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4, .groups = one_group}, {.strategy = FoldStrategy::Group, .n_folds = 2}).find("1 groups"),
            std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4}, {.strategy = FoldStrategy::TimeSeries, .n_folds = 3, .gap = 1}).find("too few"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 100'000}, {.strategy = FoldStrategy::LeaveOneOut}).find("5000"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4, .fold = one_fold}, {.strategy = FoldStrategy::Predefined}).find("one fold"), std::string::npos);
  EXPECT_NE(message_of({.n_rows = 4, .fold = no_fold}, {.strategy = FoldStrategy::Predefined}).find("negative"), std::string::npos);
}

TEST(Folds, ClassesSmallerThanTheNumberOfFoldsAreSpreadAsFarAsTheyGo) {
  std::vector<double> classes(30, 0.0);
  classes[3] = classes[17] = 1.0;
  const auto folds = make_folds({.n_rows = 30, .classes = classes}, {.strategy = FoldStrategy::Stratified, .n_folds = 5}, 9);
  int with = 0;
  for (const Fold& fold : folds) with += std::ranges::any_of(fold.valid, [&](uint32_t row) { return classes[row] == 1.0; });
  EXPECT_EQ(with, 2);
}

}  // namespace
}  // namespace kolosal
