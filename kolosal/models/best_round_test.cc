#include "kolosal/models/best_round.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace kolosal {
namespace {

// The round that is best of these losses, and the one after which it is over (0: never).
std::pair<int, int> follow(BestRound best, const std::vector<double>& losses) {
  int over = 0;
  for (int round = 1; const double loss : losses) {
    best.note(round, loss);
    if (best.is_over() && over == 0) over = round;
    ++round;
  }
  return {best.round(), over};
}

TEST(BestRound, IsTheEarlierOrTheLaterOfEquals) {
  const std::vector<double> losses = {3, 1, 2, 1, 4};
  EXPECT_EQ(follow(BestRound({}, 0), losses).first, 2);
  EXPECT_EQ(follow(BestRound({}, 0, BestRound::Of::Later), losses).first, 4);
}

TEST(BestRound, IsOverAfterAsManyRoundsWithoutABetterOneAsThereIsPatience) {
  const std::vector<double> losses = {3, 1, 2, 2, 2, 2};
  EXPECT_EQ(follow(BestRound(3, 0), losses), std::pair(2, 5));
  EXPECT_EQ(follow(BestRound({}, 0), losses).second, 0);
}

TEST(BestRound, IsBetterOnlyByMoreThanTheLeastDifference) {
  EXPECT_EQ(follow(BestRound(2, 0.5), {3, 2.6, 2.5, 2.4}), std::pair(4, 3));
  EXPECT_EQ(follow(BestRound({}, 0.5), {3, 2.5}).first, 1);
}

TEST(BestRound, IsNeverOneWhoseLossIsNoNumber) {
  EXPECT_EQ(follow(BestRound(2, 0), {std::nan(""), std::nan("")}), std::pair(0, 2));
  EXPECT_EQ(follow(BestRound(2, 0, BestRound::Of::Later), {1, std::nan("")}).first, 1);
}

TEST(BestRound, CountsWhatWasBeforeTheFirst) {
  BestRound best(2, 0);
  EXPECT_TRUE(best.note(0, 1));
  EXPECT_FALSE(best.note(1, 1));
  EXPECT_FALSE(best.is_over());
  EXPECT_FALSE(best.note(2, 2));
  EXPECT_TRUE(best.is_over());
  EXPECT_EQ(best.round(), 0);
}

}  // namespace
}  // namespace kolosal
