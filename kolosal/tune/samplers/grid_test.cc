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

}  // namespace
}  // namespace kolosal
