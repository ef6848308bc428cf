#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

TEST(GridSampler, TriesEveryCombinationOnceAndIsThenExhausted) {
  Study study = study_with("grid", R"({"search_space": {"a": [0, 1, 2, 3, 4], "b": ["x", "y", "z"]}, "seed": 3})");
  std::set<std::pair<int64_t, std::string>> met;
  while (!study.is_exhausted()) {
    const int64_t trial = study.ask();
    met.emplace(study.suggest(trial, "a", Distribution::integer("a", 0, 4)).as_integer(),
                study.suggest(trial, "b", Distribution::categorical("b", {"x", "y", "z"})).as_text());
    study.tell(trial, {0});
  }
  EXPECT_EQ(met.size(), 15);
  EXPECT_EQ(study.n_trials(), 15);
  const int64_t more = study.ask();
  EXPECT_THROW(study.suggest(more, "c", Distribution::integer("c", 0, 1)), Error);
  EXPECT_THROW(study_with("grid", R"({"search_space": {"a": []}})"), Error);
}

TEST(GridSampler, TakesANumberThatIsNotAllowedAndSaysSo) {
  Study study = study_with("grid", R"({"search_space": {"a": [7], "b": ["z"]}})");
  const int64_t trial = study.ask();
  std::vector<std::string> findings;
  EXPECT_EQ(study.suggest(trial, "a", Distribution::integer("a", 0, 4), &findings).as_integer(), 7);
  EXPECT_EQ(findings, std::vector<std::string>{"parameter 'a': the given value 7 is taken, though it is not an integer from 0 to 4"});
  EXPECT_THROW(study.suggest(trial, "b", Distribution::categorical("b", {"x", "y"})), Error);
}

}  // namespace
}  // namespace kolosal
