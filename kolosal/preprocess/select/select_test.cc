#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

using Names = std::vector<std::string>;

Names kept(std::string_view name, const Value& parameters, const TransformerInput& input) {
  return transformed(name, parameters, input).names();
}

/// The reason that the fitted form gives for a column.
std::string reason(const FittedTransformer& fitted_form, std::string_view column) {
  const Value value = fitted_form.to_value();
  for (const Value& dropped : value.at("dropped").as_list())
    if (dropped.at("name").as_text() == column) return dropped.at("reason").as_text();
  return "";
}

TEST(DropConstant, LeavesOutColumnsOfOneValueAndSaysWhich) {
  const Table table({Column::numeric("zeros", std::vector<double>{0, -0.0, 0}), Column::text("text", Names{"a", "a", "a"}),
                     integers("gone", {1, 2, 3}, {0, 0, 0}), integers("half", {7, 7, 7}, {1, 0, 1}),
                     Column::numeric("x", std::vector<double>{1, 2, 3})});
  EXPECT_EQ(kept("drop_constant", {}, {table}), (Names{"half", "x"}));
  EXPECT_EQ(kept("drop_constant", object({{"ignore_missing", true}}), {table}), Names{"x"});
  const auto form = fitted("drop_constant", {}, {table});
  EXPECT_EQ(reason(*form, "text"), "every value is 'a'");
  EXPECT_EQ(reason(*form, "gone"), "every value is missing");
}

TEST(DropConstant, GoesByWeightAndByTheShareAllowed) {
  const Table table({integers("mostly", {1, 1, 1, 2}), integers("mixed", {1, 2, 3, 4})});
  EXPECT_EQ(kept("drop_constant", object({{"max_share", 0.75}}), {table}), Names{"mixed"});
  EXPECT_EQ(kept("drop_constant", object({{"max_share", 0.76}}), {table}), (Names{"mostly", "mixed"}));
  const std::vector<double> weights{1, 1, 1, 0};
  EXPECT_EQ(kept("drop_constant", {}, {table, nullptr, weights}), Names{"mixed"});
}

TEST(DropConstant, KeepsTheFirstColumnOfATableInWhichAllAreConstant) {
  const Table table({integers("a", {1, 1}), integers("b", {2, 2})});
  EXPECT_EQ(kept("drop_constant", {}, {table}), Names{"a"});
}

TEST(Selection, LetsColumnsPassThatWereNotThereInFittingAndNeedsNoneThatWereDropped) {
  const auto form = fitted("drop_constant", {}, {Table({integers("same", {1, 1}), integers("x", {1, 2})})});
  EXPECT_EQ(form->transform(Table({integers("new", {1}), integers("x", {5})})).names(), (Names{"new", "x"}));
  EXPECT_EQ(form->transform(Table({integers("same", {3}), integers("x", {5}), integers("later", {1})})).names(), (Names{"x", "later"}));
  EXPECT_THROW(form->transform(Table({integers("same", {3})})), Error);
}

TEST(DropDuplicates, KeepsTheFirstOfColumnsThatAreTheSameInEveryRow) {
  const Table table({integers("a", {1, 2, 2}), integers("b", {1, 2, 2}), integers("alike", {1, 3, 3}),
                     integers("gap", {1, 2, 2}, {1, 1, 0}), Column::numeric("real", std::vector<double>{1, 2, 2}),
                     Column::numeric("single", std::vector<float>{1, 2, 2}), Column::text("t", Names{"x", "y", "y"}),
                     Column::text("u", Names{"x", "y", "y"}), category("c", {0, 1, 1}, {"x", "y"}), category("d", {1, 0, 0}, {"y", "x"})});
  EXPECT_EQ(kept("drop_duplicates", {}, {table}), (Names{"a", "alike", "gap", "real", "t", "c"}));
  const auto form = fitted("drop_duplicates", {}, {table});
  EXPECT_EQ(reason(*form, "b"), "every value is that of 'a'");
  EXPECT_EQ(reason(*form, "d"), "every value is that of 'c'");
  const std::vector<double> weights{1, 1, 0};
  EXPECT_EQ(kept("drop_duplicates", {}, {table.select(Names{"a", "gap"}), nullptr, weights}), Names{"a"});
}

TEST(VarianceThreshold, LeavesOutNumbersThatHardlyVaryAndLetsOthersPass) {
  const Table table({Column::numeric("small", std::vector<double>{0, 0.1, 0}), Column::numeric("large", std::vector<double>{0, 10, 0}),
                     Column::numeric("same", std::vector<double>{0.1, 0.1, 0.1}), Column::text("t", Names{"a", "a", "a"})});
  EXPECT_EQ(kept("variance_threshold", {}, {table}), (Names{"small", "large", "t"}));
  EXPECT_EQ(kept("variance_threshold", object({{"threshold", 0.01}}), {table}), (Names{"large", "t"}));
  EXPECT_EQ(reason(*fitted("variance_threshold", {}, {table}), "same"), "the variance is 0");
}

TEST(VarianceThreshold, KeepsNumbersSoSmallThatTheirVarianceIsZero) {
  const Table table({Column::numeric("tiny", std::vector<double>{0, 1e-300}), Column::numeric("huge", std::vector<double>{-1e300, 1e300})});
  EXPECT_EQ(kept("variance_threshold", {}, {table}), (Names{"tiny", "huge"}));
}

TEST(DropCorrelated, KeepsTheFirstOfNumbersThatGoAlongWithEachOther) {
  const Table table({Column::numeric("x", std::vector<double>{1, 2, 3, 4}),
                     Column::numeric("against", std::vector<double>{-2, -4, -6, -8.1}),
                     Column::numeric("other", std::vector<double>{1, -1, 1, -1}), integers("same", {3, 3, 3, 3}),
                     Column::numeric("gap", std::vector<double>{10, 20, kNaN, 40}), Column::text("t", Names{"a", "b", "c", "d"})});
  EXPECT_EQ(kept("drop_correlated", {}, {table}), (Names{"x", "other", "same", "t"}));
  const auto form = fitted("drop_correlated", {}, {table});
  EXPECT_EQ(reason(*form, "gap"), "the correlation with 'x' is 1");
  EXPECT_EQ(reason(*form, "against").substr(0, 29), "the correlation with 'x' is -");
}

TEST(DropCorrelated, GoesByWeightsAndStandsHugeAndTinyNumbers) {
  const Table table({Column::numeric("x", std::vector<double>{1e300, 2e300, -1e308, 4e300}),
                     Column::numeric("y", std::vector<double>{1e-310, 2e-310, 3e-310, 4e-310})});
  const std::vector<double> weights{1, 1, 0, 2};
  EXPECT_EQ(kept("drop_correlated", {}, {table}), (Names{"x", "y"}));
  EXPECT_EQ(kept("drop_correlated", {}, {table, nullptr, weights}), Names{"x"});
}

TEST(MutualInformation, KeepsTheColumnsThatTellMostOfClassesAndOfNumbers) {
  RandomStream random(1, "select_test");
  std::vector<double> noise, curve, target, classes;
  std::vector<int32_t> codes;
  for (int row = 0; row < 400; ++row) {
    noise.push_back(random.normal());
    curve.push_back(random.normal());
    codes.push_back(static_cast<int32_t>(random.below(3)));
    target.push_back(curve.back() * curve.back() + 0.1 * codes.back());
    classes.push_back(target.back() > 0.6 ? 1 : 0);
  }
  const Table table({Column::numeric("noise", noise), category("city", codes, {"a", "b", "c"}), Column::numeric("curve", curve),
                     Column::text("t", Names(400, "a"))});
  for (const Target& about : {regression(target), binary(classes)}) {
    const auto form = fitted("mutual_information", object({{"k", 1}}), {table, &about});
    EXPECT_EQ(form->transform(table).names(), (Names{"curve", "t"}));
    EXPECT_NE(reason(*form, "noise").find("nats, is not among the 1 largest"), std::string::npos);
  }
  EXPECT_THROW(fitted("mutual_information", {}, {table}), Error);
}

TEST(MutualInformation, DoesNotTakeACategoryThatIsUniqueToEachRowForKnowledge) {
  std::vector<int32_t> rows(200);
  std::vector<std::string> names;
  std::vector<double> half, classes;
  for (int row = 0; row < 200; ++row) {
    rows[static_cast<size_t>(row)] = row;
    names.push_back("row" + std::to_string(row));
    classes.push_back(row % 2);
    half.push_back(row % 10 == 0 ? 1 - row % 2 : row % 2);
  }
  const Table table({category("unique", rows, names), Column::numeric("half", half)});
  const Target target = binary(classes);
  EXPECT_EQ(kept("mutual_information", object({{"k", 1}}), {table, &target}), Names{"half"});
  EXPECT_EQ(kept("mutual_information", object({{"k", 1}, {"correct_bias", false}}), {table, &target}), Names{"unique"});
}

}  // namespace
}  // namespace kolosal
