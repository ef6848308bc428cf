#include <gtest/gtest.h>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table with_gaps() {
  return Table(
      {Column::numeric("x", std::vector<double>{1, kNaN, 4}), integers("n", {1, 2, 4}, {1, 1, 1}), category("c", {1, 0, -1}, {"b", "a"})});
}

TEST(MissingIndicator, TellsWhereValuesAreMissingInColumnsThatMissSome) {
  const auto indicator = fitted("missing_indicator", {}, {with_gaps()});
  const Table made = indicator->transform(with_gaps());
  EXPECT_EQ(made.names(), (std::vector<std::string>{"x__missing", "c__missing"}));
  EXPECT_EQ(made.column("x__missing").numbers(), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(made.column("c__missing").numbers(), (std::vector<double>{0, 0, 1}));
}

TEST(MissingIndicator, GivesAColumnForEachWhereAllAreAskedFor) {
  const Table made = fitted("missing_indicator", object({{"features", "all"}}), {with_gaps()})->transform(with_gaps());
  EXPECT_EQ(made.names(), (std::vector<std::string>{"x__missing", "n__missing", "c__missing"}));
}

TEST(MissingIndicator, DoesNotCountMissingValuesInRowsOfWeightZero) {
  const std::vector<double> weights{1, 0, 1};
  const Table made = fitted("missing_indicator", {}, {with_gaps(), nullptr, weights})->transform(with_gaps());
  EXPECT_EQ(made.names(), std::vector<std::string>{"c__missing"});
}

TEST(MissingIndicator, KeepsATableFromLosingItsLastColumn) {
  const Table whole({integers("n", {1, 2}), integers("m", {1, 2})});
  EXPECT_EQ(fitted("missing_indicator", {}, {whole})->transform(whole).names(), std::vector<std::string>{"n__missing"});
}

}  // namespace
}  // namespace kolosal
