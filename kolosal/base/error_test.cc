#include "kolosal/base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace kolosal {
namespace {

TEST(Error, SaysTheMessageAndOnASecondLineTheRemedy) {
  const Error error(ErrorCode::UnknownColumn, "no column 'x'", "Name one of a, b.");
  EXPECT_EQ(error.code(), ErrorCode::UnknownColumn);
  EXPECT_EQ(error.message(), "no column 'x'");
  EXPECT_EQ(error.remedy(), "Name one of a, b.");
  EXPECT_STREQ(error.what(), "no column 'x'\n  Name one of a, b.");
  EXPECT_STREQ(Error(ErrorCode::Io, "gone").what(), "gone");
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) names.insert(error_code_name(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorCode::Internal) + 1);
  EXPECT_EQ(error_code_name(ErrorCode::BadValue), "bad_value");
  EXPECT_EQ(error_code_name(ErrorCode::CorruptArtifact), "corrupt_artifact");
}

TEST(DidYouMean, SuggestsTheNearestNameAndNothingFarOff) {
  const std::vector<std::string> names = {"income", "outcome", "age", "learning_rate"};
  EXPECT_EQ(did_you_mean("incme", names), "; did you mean 'income'?");
  EXPECT_EQ(did_you_mean("INCOME", names), "; did you mean 'income'?");
  EXPECT_EQ(nearest_name("learning-rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("agee", names), "age");
  EXPECT_EQ(did_you_mean("zebra", names), "");
  EXPECT_EQ(did_you_mean("x", std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace kolosal
