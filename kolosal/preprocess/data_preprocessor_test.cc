#include "kolosal/preprocess/data_preprocessor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table people() {
  std::vector<double> age, height;
  std::vector<std::string> town;
  for (int i = 0; i < 40; ++i) {
    age.push_back(i % 9 == 3 ? kNaN : 20 + i * 1.5);
    height.push_back(1.5 + 0.01 * (i * 7 % 40));
    town.emplace_back(i % 3 == 0 ? "york" : i % 3 == 1 ? "bath" : "hull");
  }
  return Table({Column::numeric("age", age), Column::numeric("height", height), Column::text("town", town)});
}

PreprocessorConfig config(Value::Object members) { return from_value<PreprocessorConfig>(Value(std::move(members))); }

std::pair<FittedPreprocessor, Table> prepared(Value::Object members, const Table& table, const Target* target = nullptr) {
  return DataPreprocessor(config(std::move(members))).fit_transform(table, target, with_threads(1));
}

TEST(DataPreprocessor, ImputesScalesAndNumbersByDefault) {
  const auto [fitted, out] = prepared({}, people());
  EXPECT_EQ(fitted.feature_names_out(), (std::vector<std::string>{"age", "height", "town"}));
  double sum = 0;
  for (const double value : out.column("age").numbers()) sum += value;
  EXPECT_NEAR(sum, 0, 1e-12);
  EXPECT_EQ(out.column("town").number(0), 2);
  EXPECT_EQ(out.column("town").number(1), 0);
  EXPECT_EQ(content(fitted.transform(people())), content(out));
}

TEST(DataPreprocessor, GivesTheOriginalsBack) {
  for (const char* scaling : {"none", "standard", "minmax", "robust", "maxabs"})
    for (const char* encoding : {"label", "one_hot", "none"}) {
      const auto [fitted, out] =
          prepared({{"scaling", scaling}, {"categorical_encoding", encoding}, {"missing_strategy", "none"}}, people());
      const Table back = fitted.inverse_transform(out);
      ASSERT_EQ(back.names(), people().names());
      for (size_t row = 0; row < back.n_rows(); ++row) {
        EXPECT_NEAR(back.column("height").number(row), people().column("height").number(row), 1e-10);
        const double age = people().column("age").number(row), age_back = back.column("age").number(row);
        EXPECT_EQ(std::isnan(age), std::isnan(age_back));
        EXPECT_FALSE(std::abs(age - age_back) > 1e-10);
        EXPECT_EQ(back.column("town").display(row), people().column("town").display(row));
      }
    }
}

TEST(DataPreprocessor, SaysWhichEncodingCannotBeUndone) {
  const auto [fitted, out] = prepared({{"categorical_encoding", "one_hot"}, {"scaling", "normalizer"}, {"norm", "l1"}}, people());
  EXPECT_NEAR(std::abs(out.column("age").number(0)) + std::abs(out.column("height").number(0)), 1, 1e-12);
  EXPECT_EQ(out.column("town__york").kind(), ColumnKind::Numeric);
  try {
    (void)fitted.inverse_transform(out);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
  }
}

TEST(DataPreprocessor, FollowsEachFieldOfItsConfiguration) {
  const Table table = people();
  const auto out = [&](Value::Object members) { return content(prepared(std::move(members), table).second); };
  const auto with = [](Value::Object members, std::string name, Value value) {
    members.emplace_back(std::move(name), std::move(value));
    return members;
  };
  const Value::Object iqr{{"outlier_strategy", "clip_iqr"}, {"scaling", "none"}},
      z{{"outlier_strategy", "clip_zscore"}, {"scaling", "none"}}, percentile{{"outlier_strategy", "clip_percentile"}, {"scaling", "none"}},
      constant{{"missing_strategy", "constant"}}, rows{{"scaling", "normalizer"}};
  EXPECT_NE(out(iqr), out(with(iqr, "iqr_factor", 0.1)));
  EXPECT_NE(out(z), out(with(z, "zscore_threshold", 0.5)));
  EXPECT_NE(out(percentile), out(with(percentile, "lower_percentile", 20)));
  EXPECT_NE(out(percentile), out(with(percentile, "upper_percentile", 80)));
  EXPECT_NE(out(constant), out(with(constant, "fill_value", 500)));
  EXPECT_NE(out(rows), out(with(rows, "norm", "max")));
  const Value::Object bent{{"numeric_strategy", "yeo_johnson"}}, ranks{{"numeric_strategy", "quantile_uniform"}, {"n_quantiles", 5}},
      range{{"scaling", "minmax"}}, robust{{"scaling", "robust"}}, iterative{{"missing_strategy", "iterative"}};
  EXPECT_NE(out(bent), out(with(bent, "power", 0.1)));
  EXPECT_NE(out(ranks), out({{"numeric_strategy", "quantile_uniform"}}));
  EXPECT_NE(out(range), out(with(range, "scale_low", -1)));
  EXPECT_NE(out(range), out(with(range, "scale_high", 2)));
  EXPECT_NE(out(robust), out(with(robust, "robust_centering", false)));
  EXPECT_NE(out(robust), out(with(robust, "robust_lower_percentile", 10)));
  EXPECT_NE(out(robust), out(with(robust, "robust_upper_percentile", 90)));
  std::vector<double> height = table.column("height").numbers();
  height[1] = height[3] = height[12] = kNaN;
  const Table two_gaps = table.with_column(Column::numeric("height", height));
  EXPECT_NE(content(prepared(with(iterative, "tol", 0), two_gaps).second), content(prepared(with(iterative, "tol", 1e6), two_gaps).second));
  EXPECT_NE(out(iqr), out(with(iqr, "clip_lower", 30)));
  EXPECT_NE(out(iqr), out(with(iqr, "clip_upper", 40)));
  const Value::Object hot{{"categorical_encoding", "one_hot"}}, hash{{"categorical_encoding", "hash"}};
  EXPECT_NE(out(hot), out(with(hot, "one_hot_drop", "first")));
  EXPECT_NE(out(hot), out(with(hot, "min_frequency", 14)));
  EXPECT_NE(out(hot), out(with(hot, "max_levels", 2)));
  EXPECT_NE(out(hash), out(with(hash, "n_components", 3)));
  EXPECT_NE(out(hash), out({{"categorical_encoding", "binary"}}));
  EXPECT_NE(out({}), out({{"label_order", "frequency"}}));
  EXPECT_NE(out({}), out({{"max_cardinality", 2}}));
  EXPECT_NE(out({}), out({{"auto_detect_types", false}}));
  std::vector<std::string> towns(40, "york");
  std::vector<uint8_t> there(40, 1);
  there[5] = 0;
  towns[7] = "bath";
  const Table gap = table.with_column(Column::text("town", towns, Validity::from_bytes(there)));
  EXPECT_NE(content(prepared(constant, gap).second),
            content(prepared({{"missing_strategy", "constant"}, {"fill_text", "york"}}, gap).second));
  EXPECT_EQ(prepared({}, gap).second.column("town").n_missing(), 0U);
}

TEST(DataPreprocessor, ChangesTheShapeOfNumbersAsTold) {
  std::vector<double> skewed(60), even(60), negative(60);
  for (size_t i = 0; i < skewed.size(); ++i) {
    even[i] = static_cast<double>(i) - 30;
    skewed[i] = std::exp(static_cast<double>(i) / 8);
    negative[i] = -static_cast<double>(i % 5);
  }
  const Table table({Column::numeric("skewed", skewed), Column::numeric("even", even), Column::numeric("negative", negative)});
  const auto shaped = [&](std::string_view strategy) {
    return prepared({{"numeric_strategy", strategy}, {"scaling", "none"}}, table).second;
  };
  EXPECT_NEAR(shaped("log").column("skewed").number(10), std::log1p(skewed[10]), 1e-12);
  EXPECT_EQ(shaped("sqrt").column("even").number(3), even[3]) << "a column with negative numbers has no square roots";
  EXPECT_NEAR(shaped("sqrt").column("skewed").number(3), std::sqrt(skewed[3]), 1e-12);
  EXPECT_NE(shaped("box_cox").column("skewed").number(3), skewed[3]);
  EXPECT_NEAR(shaped("quantile_uniform").column("even").number(59), 1, 1e-12);
  EXPECT_LT(shaped("quantile_normal").column("even").number(0), -5);
  EXPECT_NE(shaped("auto").column("skewed").number(3), skewed[3]);
  EXPECT_EQ(shaped("auto").column("even").number(3), even[3]);
}

TEST(DataPreprocessor, ChoosesTheEncodingOfEachColumn) {
  std::vector<std::string> few(60), many(60);
  std::vector<double> values(60);
  for (size_t i = 0; i < few.size(); ++i) {
    few[i] = i % 2 == 0 ? "a" : "b";
    many[i] = "level" + std::to_string(i % 20);
    values[i] = static_cast<double>(i % 3);
  }
  const Table table({Column::text("few", few), Column::text("many", many)});
  const Target target = regression(values);
  const auto names = [&](const Target* known) { return prepared({{"categorical_encoding", "auto"}}, table, known).second.names(); };
  EXPECT_EQ(names(&target), (std::vector<std::string>{"few__a", "few__b", "many__target"}));
  EXPECT_EQ(names(nullptr), (std::vector<std::string>{"few__a", "few__b", "many__frequency"}));
}

TEST(DataPreprocessor, EncodesCategoriesAsTheyComeAndDoesNothingElse) {
  const DataPreprocessor all_steps(config({{"outlier_strategy", "remove_iqr"}, {"missing_strategy", "drop"}, {"scaling", "minmax"}}));
  const auto codes = [&](const Column& column) { return all_steps.fit_transform_categories(column, with_threads(1)).second.column(0); };
  const std::vector<std::string> numerals{"10", "20", "10", "5"};
  EXPECT_EQ(codes(Column::text("c", numerals)).numbers(), (std::vector<double>{0, 1, 0, 2}));
  EXPECT_EQ(codes(Column::integer("c", std::vector<int64_t>{10, 20, 10, 5})).numbers(), (std::vector<double>{1, 2, 1, 0}));
  const Column some = codes(Column::numeric("c", std::vector<double>{0.5, kNaN, -0.5}));
  EXPECT_EQ(some.number(0), 1);
  EXPECT_TRUE(some.is_missing(1));
  const auto [fitted, out] = all_steps.fit_transform_categories(Column::text("c", numerals), with_threads(1));
  EXPECT_EQ(content(fitted.transform(Table({Column::text("c", numerals)}))), content(out));
  EXPECT_THROW((void)codes(Column::text("c", std::vector<std::string>())), Error);
}

TEST(DataPreprocessor, EncodesByTheTargetOutOfFoldUnderItsSeed) {
  std::vector<double> values(40);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 7);
  const Target target = regression(values);
  const auto [fitted, out] = prepared({{"categorical_encoding", "target"}}, people(), &target);
  EXPECT_EQ(fitted.feature_names_out().back(), "town__target");
  EXPECT_NE(content(out), content(fitted.transform(people())));
  EXPECT_NE(content(out), content(prepared({{"categorical_encoding", "target"}, {"seed", 9}}, people(), &target).second));
  EXPECT_THROW((void)prepared({{"categorical_encoding", "target"}}, people()), Error);
}

TEST(DataPreprocessor, DoesWithUnknownLevelsAsTold) {
  const std::vector<std::string> towns(40, "oslo");
  const Table unseen = people().with_column(Column::text("town", towns));
  const auto of_unseen = [&](Value::Object members) { return prepared(std::move(members), people()).first.transform(unseen); };
  EXPECT_THROW((void)of_unseen({{"unknown", "error"}}), Error);
  EXPECT_EQ(of_unseen({{"unknown", "default"}}).column("town").number(0), -1);
  EXPECT_TRUE(of_unseen({{"unknown", "ignore"}}).column("town").is_missing(0));
  EXPECT_EQ(of_unseen({{"unknown", "missing"}, {"categorical_encoding", "one_hot"}}).column("town__york").number(0), 0);
  EXPECT_THROW((void)of_unseen({{"unknown", "infrequent"}}), Error) << "label encoding has no rare levels";
}

TEST(DataPreprocessor, SmoothsTargetEncodingAsTold) {
  std::vector<double> values(40);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 3);
  const Target target = regression(values);
  const auto encoded = [&](Value::Object more) {
    more.emplace_back("categorical_encoding", "target");
    return content(prepared(std::move(more), people(), &target).first.transform(people()));
  };
  EXPECT_NE(encoded({}), encoded({{"smoothing", 1}}));
  EXPECT_NE(encoded({}), encoded({{"smoothing", Value()}}));
  EXPECT_NE(encoded({}), encoded({{"min_samples", 14}}));
}

TEST(DataPreprocessor, IsReadBackAsItWasWritten) {
  for (const char* encoding : {"label", "one_hot", "frequency"}) {
    const auto [fitted, out] = prepared({{"categorical_encoding", encoding}, {"outlier_strategy", "clip_iqr"}}, people());
    const FittedPreprocessor again = FittedPreprocessor::from_value(fitted.to_value());
    EXPECT_EQ(content(again.transform(people())), content(out));
    EXPECT_EQ(again.to_value(), fitted.to_value());
  }
  try {
    (void)FittedPreprocessor::from_value(object({{"steps", 3}}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::CorruptArtifact);
  }
}

TEST(DataPreprocessor, NamesTheFeatureMismatchAndTheEmptyInput) {
  const auto prepared_people = prepared({}, people());
  const FittedPreprocessor& fitted = prepared_people.first;
  const auto code_of = [](const auto& attempt, const std::string& word) {
    try {
      attempt();
    } catch (const Error& error) {
      EXPECT_NE(error.message().find(word), std::string::npos) << error.message();
      return error.code();
    }
    return ErrorCode::Internal;
  };
  EXPECT_EQ(code_of([&] { (void)fitted.transform(people().select(std::vector<std::string>{"age"})); }, "feature"),
            ErrorCode::FeatureMismatch);
  EXPECT_EQ(code_of([&] { (void)fitted.transform(people().slice(0, 0)); }, "empty"), ErrorCode::EmptyInput);
  EXPECT_EQ(code_of([&] { (void)prepared({}, people().slice(0, 0)); }, "empty"), ErrorCode::EmptyInput);
}

TEST(DataPreprocessor, CountsARowOfWeightTwoTwiceAndOneOfWeightZeroNotAtAll) {
  const Table once(
      {Column::numeric("x", std::vector<double>{1, 5, 9, 0.5}), Column::text("c", std::vector<std::string>{"a", "b", "b", "z"})});
  const std::vector<double> weights{1, 2, 1, 0};
  const std::vector<uint32_t> rows{0, 1, 1, 2};
  for (const char* encoding : {"label", "one_hot", "frequency"}) {
    const auto with = config({{"categorical_encoding", encoding}});
    const FittedPreprocessor weighted = DataPreprocessor(with).fit_transform({once, nullptr, weights}, with_threads(1)).first;
    const FittedPreprocessor repeated = DataPreprocessor(with).fit(once.take(rows), nullptr, with_threads(1));
    EXPECT_EQ(content(weighted.transform(once.take(rows))), content(repeated.transform(once.take(rows)))) << encoding;
  }
}

TEST(DataPreprocessor, RefusesWeightsThatAreNoneOrNegative) {
  const std::vector<double> negative(40, -1), none(40, 0);
  EXPECT_THROW((void)DataPreprocessor(config({})).fit_transform({people(), nullptr, negative}, with_threads(1)), Error);
  EXPECT_THROW((void)DataPreprocessor(config({})).fit_transform({people(), nullptr, none}, with_threads(1)), Error);
}

}  // namespace
}  // namespace kolosal
