#include "kolosal/preprocess/preprocessor_passes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

#include "kolosal/base/json.h"
#include "kolosal/preprocess/preprocess_test_rows.h"
#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

PreprocessorConfig config(Value::Object members) { return from_value<PreprocessorConfig>(Value(std::move(members))); }

/// Skewed and even numbers, whole numbers, flags, categories, numbers with a marker among texts, and dates; some missing.
Table any_rows(size_t n) {
  const auto draw = [&](int low, int high) { return *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(low, high)); };
  const auto gaps = [&] {
    return Validity::from_bytes(*rc::gen::container<std::vector<uint8_t>>(n, rc::gen::element<uint8_t>(1, 1, 1, 1, 1, 0)));
  };
  std::vector<double> skewed, even;
  for (const int value : draw(0, 60)) skewed.push_back(std::exp(0.1 * value));
  for (const int value : draw(-100, 100)) even.push_back(0.25 * value);
  std::vector<std::string> towns, marked;
  for (const int value : draw(0, 4)) towns.emplace_back(std::array{"rome", "oslo", "bern", "lima"}[static_cast<size_t>(value)]);
  for (const int value : draw(0, 40)) marked.push_back(value == 0 ? "?" : std::to_string(value));
  const auto whole = draw(-5, 5), flags = draw(0, 2), days = draw(0, 20'000);
  return Table({Column::numeric("skewed", skewed, gaps()), Column::numeric("even", even),
                Column::integer("whole", {whole.begin(), whole.end()}, gaps()),
                Column::boolean("flag", {flags.begin(), flags.end()}, gaps()), Column::text("town", towns, gaps()),
                Column::text("marked", marked), Column::date("day", {days.begin(), days.end()}, gaps())});
}

/// Fits in passes over chunks that end at random rows; the last gives what the training rows become too.
std::pair<FittedPreprocessor, Table> in_passes(const PreprocessorConfig& wanted, const Table& table, int* n_passes = nullptr,
                                               const Target* target = nullptr) {
  static const FitContext context = with_threads(2);
  PreprocessorPasses passes(wanted, target != nullptr);
  const auto target_of = [&](size_t begin, size_t n_rows) {
    std::vector<uint32_t> rows(n_rows);
    std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(begin));
    return target == nullptr ? Target() : target->take(rows);
  };
  const auto for_chunks = [&](const auto& see) {
    for (size_t begin = 0; begin < table.n_rows();) {
      const size_t n = std::min<size_t>(static_cast<size_t>(*rc::gen::inRange(1, 30)), table.n_rows() - begin);
      see(table.slice(begin, n), begin);
      begin += n;
    }
  };
  while (passes.needs_pass()) {
    for_chunks([&](const Table& chunk, size_t begin) {
      const Target of_chunk = target_of(begin, chunk.n_rows());
      passes.add(chunk, context, target == nullptr ? nullptr : &of_chunk);
    });
    passes.end_pass();
  }
  if (n_passes != nullptr) *n_passes = passes.pass();
  std::vector<Table> parts;
  for_chunks([&](const Table& chunk, size_t begin) {
    const Target of_chunk = target_of(begin, chunk.n_rows());
    std::optional<std::vector<uint32_t>> rows;
    Table part = passes.transform_training(chunk, context, target == nullptr ? nullptr : &of_chunk, rows);
    RC_ASSERT(part.n_rows() == (rows ? rows->size() : chunk.n_rows()));
    if (part.n_rows() > 0) parts.push_back(std::move(part));
  });
  return {passes.finish(), concatenate(parts)};
}

/// Cell by cell: texts the same, numbers up to rounding.
void expect_same(const Table& whole, const Table& chunked, double tolerance = 1e-9) {
  RC_ASSERT(whole.names() == chunked.names());
  RC_ASSERT(whole.n_rows() == chunked.n_rows());
  for (size_t j = 0; j < whole.n_columns(); ++j) {
    const Column &a = whole.column(j), &b = chunked.column(j);
    RC_ASSERT(a.kind() == b.kind());
    for (size_t row = 0; row < a.size(); ++row) {
      RC_ASSERT(a.is_missing(row) == b.is_missing(row));
      if (a.is_missing(row)) continue;
      if (a.kind() == ColumnKind::Text) {
        RC_ASSERT(a.text(row) == b.text(row));
      } else if (const double x = a.number(row), y = b.number(row);
                 !(std::isnan(x) && std::isnan(y)) && !(std::abs(x - y) <= tolerance * std::max({1.0, std::abs(x), std::abs(y)}))) {
        RC_FAIL(a.name() + ": " + std::to_string(x) + " of all rows, " + std::to_string(y) + " in passes");
      }
    }
  }
}

Value::Object any_config() {
  const auto pick = [](std::initializer_list<const char*> names) {
    return Value(*rc::gen::elementOf(std::vector<std::string>(names.begin(), names.end())));
  };
  Value::Object members{
      {"numeric_strategy", pick({"passthrough", "log", "sqrt", "quantile_uniform", "quantile_normal"})},
      {"scaling", pick({"none", "standard", "minmax", "robust", "maxabs", "normalizer"})},
      {"missing_strategy", pick({"none", "mean", "median", "mode", "constant", "drop"})},
      {"categorical_encoding", pick({"none", "label", "one_hot", "frequency", "binary", "hash", "auto"})},
      {"outlier_strategy", pick({"none", "clip_iqr", "clip_zscore", "clip_percentile", "to_missing_iqr", "to_missing_zscore",
                                 "to_missing_percentile", "remove_iqr", "remove_zscore", "remove_percentile"})},
      {"auto_detect_types", Value(*rc::gen::element(true, true, true, false))}};
  return members;
}

RC_GTEST_PROP(PreprocessorPasses, OverAnyChunksAreTheFitOfAllRows, ()) {
  const Table table = any_rows(static_cast<size_t>(*rc::gen::inRange(1, 120)));
  const PreprocessorConfig wanted = config(any_config());
  RC_LOG() << to_json(to_value(wanted)) << '\n';
  std::optional<std::pair<FittedPreprocessor, Table>> whole;
  try {
    whole = DataPreprocessor(wanted).fit_transform(table, nullptr, with_threads(1));
  } catch (const Error& error) {  // no row is left, or a curve does not take a value
    try {
      (void)in_passes(wanted, table);
    } catch (const Error& again) {
      RC_ASSERT(again.code() == error.code());
      return;
    }
    RC_FAIL("only the fit of all rows fails: " + error.message());
  }
  const auto [fitted, out] = in_passes(wanted, table);
  RC_ASSERT(to_json(to_value(fitted.schema())) == to_json(to_value(whole->first.schema())));
  RC_ASSERT(fitted.n_removed_rows() == whole->first.n_removed_rows());
  RC_ASSERT(fitted.feature_names_out() == whole->first.feature_names_out());
  expect_same(whole->second, out);
}

/// Target values of some task.
Target any_target(size_t n) {
  const auto draw = [&](int high) { return *rc::gen::container<std::vector<int>>(n, rc::gen::inRange(0, high)); };
  const int n_classes = *rc::gen::element(0, 2, 3);
  std::vector<double> values;
  for (const int value : draw(n_classes == 0 ? 1000 : n_classes)) values.push_back(n_classes == 0 ? 0.1 * value : value);
  Target target = regression(std::move(values));
  if (n_classes == 0) return target;
  target.task = n_classes == 2 ? Task::Binary : Task::Multiclass;
  target.class_names = {"a", "b", "c"};
  target.class_names.resize(static_cast<size_t>(n_classes));
  return target;
}

// Also where the rows of a class fill several runs of dealing, and where a step before removes rows.
RC_GTEST_PROP(PreprocessorPasses, EncodeByTheTargetOutOfFoldAsAllRowsAtOnce, ()) {
  const bool is_long = *rc::gen::inRange(0, 10) == 0;
  const size_t n = is_long ? 2500 : static_cast<size_t>(*rc::gen::inRange(1, 200));
  const Target target = any_target(n);
  std::vector<std::string> towns;
  std::vector<double> numbers;
  for (size_t row = 0; row < n; ++row) {
    towns.push_back("town " + std::to_string(row * 7919 % 23 % (1 + row / 10)));
    numbers.push_back(row % 11 == 3 ? kNaN : static_cast<double>(row * 31 % 17));
  }
  const auto there = *rc::gen::container<std::vector<uint8_t>>(n, rc::gen::element<uint8_t>(1, 1, 1, 0));
  const Table table({Column::text("town", towns, Validity::from_bytes(there)), Column::numeric("x", numbers)});
  const PreprocessorConfig wanted = config({{"categorical_encoding", *rc::gen::element(Value("target"), Value("auto"))},
                                            {"missing_strategy", *rc::gen::element(Value("mode"), Value("none"), Value("drop"))},
                                            {"outlier_strategy", *rc::gen::element(Value("none"), Value("remove_percentile"))},
                                            {"smoothing", *rc::gen::element(Value(), Value(10.0), Value(0.0))},
                                            {"seed", *rc::gen::inRange<int64_t>(0, 5)}});
  RC_LOG() << to_json(to_value(wanted)) << '\n';
  std::optional<std::pair<FittedPreprocessor, Table>> whole;
  try {
    whole = DataPreprocessor(wanted).fit_transform(table, &target, with_threads(1));
  } catch (const Error&) {  // no row is left
    RC_DISCARD("nothing to encode");
  }
  const auto [fitted, out] = in_passes(wanted, table, nullptr, &target);
  RC_ASSERT(fitted.feature_names_out() == whole->first.feature_names_out());
  expect_same(whole->second, out, 1e-12);
  expect_same(whole->first.transform(table), fitted.transform(table), 1e-12);
}

TEST(PreprocessorPasses, FindWhichColumnsAreSkewedInAllRows) {
  std::vector<double> skewed, even, late;
  for (int i = 0; i < 900; ++i) {
    even.push_back(i * 37 % 100);
    skewed.push_back(std::exp(0.05 * even.back()));
    late.push_back(i < 850 ? even.back() : 5000 + i);  // even as far as the first chunks go
  }
  const Table table({Column::numeric("even", even), Column::numeric("skewed", skewed), Column::numeric("late", late)});
  const PreprocessorConfig wanted = config({{"numeric_strategy", "auto"}, {"scaling", "none"}});
  PreprocessorPasses passes(wanted);
  while (passes.needs_pass()) {
    for (size_t begin = 0; begin < 900; begin += 100) passes.add(table.slice(begin, 100), with_threads(1));
    passes.end_pass();
  }
  const Table chunked = passes.finish().transform(table);
  const Table whole = DataPreprocessor(wanted).fit_transform(table, nullptr, with_threads(1)).second;
  for (const char* name : {"even", "skewed", "late"})
    for (size_t row = 0; row < 900; ++row) {
      const double expected = whole.column(name).number(row);
      ASSERT_NEAR(chunked.column(name).number(row), expected, 1e-5 * std::max(1.0, std::abs(expected))) << name;
    }
  EXPECT_EQ(chunked.column("even").number(3), even[3]);
  EXPECT_NE(chunked.column("late").number(3), late[3]);
}

TEST(PreprocessorPasses, AreSharedByStepsThatDoNotMeet) {
  const auto n_passes = [](Value::Object members) {
    const Table table({Column::numeric("x", std::vector<double>{1, 2, kNaN, 9}), category("c", {0, 1, -1, 0}, {"a", "b"})});
    PreprocessorPasses passes(config(std::move(members)));
    std::vector<int> expected;
    while (passes.needs_pass()) {
      passes.add(table, with_threads(1));
      expected.push_back(passes.n_passes());
      passes.end_pass();
    }
    EXPECT_EQ(passes.n_passes(), passes.pass());
    if (expected.size() > 1) {
      EXPECT_EQ(expected[1], passes.pass()) << "the second pass knows how many there are";
    }
    return passes.pass();
  };
  EXPECT_EQ(n_passes({{"missing_strategy", "none"}, {"scaling", "none"}, {"categorical_encoding", "none"}}), 1);
  EXPECT_EQ(n_passes({{"missing_strategy", "none"}}), 2) << "scaling and encoding share a pass";
  EXPECT_EQ(n_passes({}), 3) << "missing numbers and missing categories do too";
  EXPECT_EQ(n_passes({{"missing_strategy", "drop"}}), 2) << "what looks at each row alone needs none";
  EXPECT_EQ(n_passes({{"outlier_strategy", "clip_iqr"}}), 4);
  EXPECT_EQ(
      n_passes({{"outlier_strategy", "remove_iqr"}, {"missing_strategy", "none"}, {"scaling", "none"}, {"categorical_encoding", "none"}}),
      3)
      << "one more counts what is removed";
}

TEST(PreprocessorPasses, RefuseByNameWhatNeedsAllRows) {
  const auto message = [](Value::Object members) {
    try {
      PreprocessorPasses passes(config(std::move(members)));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Unsupported);
      EXPECT_FALSE(error.remedy().empty());
      return error.message();
    }
    return std::string("taken");
  };
  EXPECT_NE(message({{"missing_strategy", "knn"}}).find("missing_strategy 'knn'"), std::string::npos);
  EXPECT_NE(message({{"missing_strategy", "iterative"}}).find("missing_strategy 'iterative'"), std::string::npos);
  EXPECT_NE(message({{"outlier_strategy", "isolation_forest"}}).find("outlier_strategy 'isolation_forest'"), std::string::npos);
  EXPECT_EQ(message({{"numeric_strategy", "yeo_johnson"}}), "taken");
}

TEST(PreprocessorPasses, TellWhatChunkDiffersAndThatThereAreNoRows) {
  PreprocessorPasses passes(config({}));
  EXPECT_THROW((void)passes.finish(), Error);
  try {
    passes.end_pass();
    FAIL() << "no rows were taken for some";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::EmptyInput);
  }
  passes.add(Table({integers("n", {1, 2, 3})}), with_threads(1));
  try {
    passes.add(Table({Column::numeric("n", std::vector<double>{1})}), with_threads(1));
    FAIL() << "another kind was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch);
  }
}

TEST(PreprocessorPasses, TakeCategoriesOfTooManyLevelsForTexts) {
  std::vector<std::string> levels;
  std::vector<int32_t> codes;
  for (int32_t i = 0; i < 60; ++i) {
    levels.push_back("level" + std::to_string(i % 30));
    codes.push_back(i);
  }
  const Table table({category("c", codes, levels)});
  const PreprocessorConfig wanted = config({{"max_cardinality", 25}});
  const auto whole = DataPreprocessor(wanted).fit_transform(table, nullptr, with_threads(1));
  PreprocessorPasses passes(wanted);
  while (passes.needs_pass()) {
    passes.add(table, with_threads(1));
    passes.end_pass();
  }
  EXPECT_EQ(content(passes.finish().transform(table)), content(whole.second));
}

}  // namespace
}  // namespace kolosal
