#include "kolosal/automl/options.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

TEST(ParseDuration, ReadsSecondsMinutesAndHours) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("1.5m"), 90);
  EXPECT_EQ(parse_duration("2h"), 7200);
}

TEST(ParseDuration, RefusesWhatIsNoDurationAndShowsAnExample) {
  for (const char* text : {"", "s", "-5s", "0", "5 parsecs", "nan", "inf"}) {
    try {
      parse_duration(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      EXPECT_NE(error.remedy().find("10m"), std::string::npos);
    }
  }
}

TEST(ParseBytes, TellsDecimalFromBinaryUnits) {
  EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000);
  EXPECT_EQ(parse_bytes("1GiB"), 1'073'741'824);
  EXPECT_EQ(parse_bytes("512"), 512);
  EXPECT_THROW(parse_bytes("lots"), Error);
}

TEST(SchemaOptions, KindsAreReadFromColumnEqualsKind) {
  TrainOptions options;
  options.kinds = {"age=categorical", "a=b=text"};
  const SchemaOptions columns = schema_options(options);
  EXPECT_EQ(columns.kinds.at("age"), ColumnKind::Categorical);
  EXPECT_EQ(columns.kinds.at("a=b"), ColumnKind::Text);
  options.kinds = {"age"};
  EXPECT_THROW(schema_options(options), Error);
  options.kinds = {"age=colour"};
  EXPECT_THROW(schema_options(options), Error);
}

TEST(TrainOptions, NamesFromElsewhereAreAliases) {
  const auto options =
      from_value<TrainOptions>(Value(Value::Object{{"random_state", Value(7)}, {"n_jobs", Value(2)}, {"cv_folds", Value(4)}}));
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(options.n_threads, 2);
  EXPECT_EQ(options.n_folds, 4);
}

}  // namespace
}  // namespace kolosal
