#include "kolosal/table/findings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

Column numbers(const std::string& name, size_t n, uint64_t seed) {
  RandomStream random(seed, "findings");
  std::vector<double> values(n);
  for (double& value : values) value = 50 + 10 * random.normal();
  return Column::numeric(name, values);
}

std::vector<FindingKind> kinds_of(const std::vector<Finding>& findings) {
  std::vector<FindingKind> kinds;
  for (const Finding& finding : findings) kinds.push_back(finding.kind);
  return kinds;
}

Column levels(const std::string& name, const std::vector<std::string>& texts) {
  std::vector<std::string> distinct = texts;
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<int32_t> codes;
  for (const std::string& text : texts) codes.push_back(static_cast<int32_t>(std::ranges::lower_bound(distinct, text) - distinct.begin()));
  return Column::categorical(name, codes, std::make_shared<const std::vector<std::string>>(distinct));
}

TEST(Findings, SeeARepeatedMinus999ButNoOrdinaryValue) {
  std::vector<double> values = numbers("x", 500, 1).numbers();
  EXPECT_TRUE(find_in_columns(Table({Column::numeric("x", values)}), nullptr).empty());
  for (size_t row = 0; row < 20; ++row) values[row * 7] = -999;
  const auto findings = find_in_columns(Table({Column::numeric("x", values)}), nullptr);
  ASSERT_EQ(kinds_of(findings), std::vector{FindingKind::SuspectedMissing});
  EXPECT_NE(findings[0].message.find("'x' is -999 in 4 % of the rows"), std::string::npos) << findings[0].message;
}

TEST(Findings, TakeMinusOneForAMarkerOnlyBelowZero) {
  std::vector<int64_t> counts(200), signed_numbers(200);
  for (size_t row = 0; row < 200; ++row) {
    counts[row] = row % 10 == 0 ? -1 : static_cast<int64_t>(row % 7);
    signed_numbers[row] = static_cast<int64_t>(row % 7) - 3;
  }
  EXPECT_EQ(find_in_columns(Table({Column::integer("count", counts)}), nullptr).size(), 1U);
  EXPECT_TRUE(find_in_columns(Table({Column::integer("signed", signed_numbers)}), nullptr).empty());
}

TEST(Findings, SeeMarkersAndNumbersAmongWords) {
  std::vector<std::string> texts;
  for (size_t row = 0; row < 100; ++row) texts.push_back(row % 10 == 0 ? "Unknown" : row % 3 == 0 ? std::to_string(row % 4) : "red");
  const auto findings = find_in_columns(Table({levels("colour", texts)}), nullptr);
  EXPECT_EQ(kinds_of(findings), (std::vector{FindingKind::SuspectedMissing, FindingKind::MixedValues}));
}

TEST(Findings, SeeAColumnThatTellsTheTargetAndNotOneThatFollowsIt) {
  const size_t n = 1000;
  Target target{Task::Regression, n, 1, numbers("y", n, 2).numbers(), {}, {}};
  std::vector<double> doubled, noisy = numbers("noise", n, 3).numbers();
  for (size_t row = 0; row < n; ++row) {
    doubled.push_back(2 * target.values[row] + 1);
    noisy[row] += target.values[row];
  }
  const Table table({Column::numeric("doubled", doubled), Column::numeric("noisy", noisy)});
  const auto findings = find_in_columns(table, &target);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].column, "doubled");
  EXPECT_EQ(findings[0].kind, FindingKind::Leak);
}

TEST(Findings, AColumnOfNearlyDistinctLevelsIsNoLeak) {
  std::vector<std::string> names;
  Target target{Task::Binary, 600, 1, {}, {"no", "yes"}, {}};
  RandomStream random(4, "classes");
  for (size_t row = 0; row < 600; ++row) {
    names.push_back("name " + std::to_string(row));
    target.values.push_back(static_cast<double>(random.below(2)));
  }
  std::vector<std::string> answers;
  for (const double value : target.values) answers.emplace_back(value > 0 ? "good" : "bad");
  const auto findings = find_in_columns(Table({levels("name", names), levels("answer", answers)}), &target);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].column, "answer");
}

TEST(Findings, HaveNothingToSayOfAlmostNoRows) {
  const Target target{Task::Regression, 1, 1, {1}, {}, {}};
  EXPECT_TRUE(find_in_columns(Table({Column::numeric("x", std::vector<double>{-999})}), &target).empty());
  EXPECT_TRUE(find_in_columns(Table({Column::numeric("x", std::vector<double>{})}), nullptr).empty());
}

}  // namespace
}  // namespace kolosal
