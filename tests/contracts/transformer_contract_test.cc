// What every transformer of the catalog promises with its default parameters, on a table with columns of every kind: saved and
// loaded ones transform the same, rows do not influence one another, any number of threads gives the same, levels go by their
// text and not by their code, and the smallest and emptiest tables get an answer or an Error.

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "kolosal/base/clock.h"
#include "kolosal/base/random.h"
#include "kolosal/preprocess/transformer.h"
#include "tests/contracts/parameter_bounds.h"

namespace kolosal {
namespace {

// Which cells of the mixed table are missing.
enum class Holes { None, Some, All };

Dictionary dictionary(std::vector<std::string> levels) { return std::make_shared<const std::vector<std::string>>(std::move(levels)); }

Table make_table(size_t n, Holes holes, uint64_t seed = 1, const Dictionary& levels = dictionary({"Lima", "Oslo", "Rome"})) {
  RandomStream random(seed, "transformer contract");
  RandomStream amounts(seed, "amount");
  const auto there = [&] {
    std::vector<uint8_t> bytes(n);
    for (uint8_t& byte : bytes) byte = holes == Holes::None || (holes == Holes::Some && random.uniform() < 0.8);
    return bytes;
  };
  std::vector<double> number(n), amount(n);
  std::vector<float> single(n);
  std::vector<int64_t> whole(n), microseconds(n), days(n);
  std::vector<uint8_t> flag(n);
  std::vector<int32_t> codes(n);
  std::vector<std::string> words(n);
  const std::vector<uint8_t> has_code = there();
  for (size_t i = 0; i < n; ++i) {
    number[i] = random.normal();
    amount[i] = 1 + 9 * amounts.uniform();
    single[i] = static_cast<float>(10 * random.normal() + 3);
    whole[i] = static_cast<int64_t>(random.below(50)) - 10;
    flag[i] = static_cast<uint8_t>(random.below(2));
    codes[i] = static_cast<int32_t>(random.below(levels->size()));
    if (has_code[i] == 0) codes[i] = -1;
    words[i] = i % 3 == 0 ? "the quick brown fox " + std::to_string(i) : "lazy dog";
    days[i] = static_cast<int64_t>(random.below(20000)) - 500;
    microseconds[i] = days[i] * 86'400'000'000 + static_cast<int64_t>(random.below(86'400'000'000));
  }
  return Table(
      {Column::numeric("number", number, Validity::from_bytes(there())), Column::numeric("amount", amount, Validity::from_bytes(there())),
       Column::numeric("single", single, Validity::from_bytes(there())), Column::integer("whole", whole, Validity::from_bytes(there())),
       Column::boolean("flag", flag, Validity::from_bytes(there())), Column::categorical("city", codes, levels),
       Column::text("words", words, Validity::from_bytes(there())), Column::timestamp("when", microseconds, Validity::from_bytes(there())),
       Column::date("day", days, Validity::from_bytes(there()))});
}

Target make_target(size_t n) {
  Target target{Task::Binary, n, 1, {}, {"no", "yes"}, {}};
  RandomStream random(3, "target");
  for (size_t i = 0; i < n; ++i) target.values.push_back(static_cast<double>(random.below(2)));
  return target;
}

FitContext context_of(int n_threads) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = 5;
  return context;
}

std::string cell(const Column& column, size_t row) { return column.is_missing(row) ? "<missing>" : column.display(row); }

// Rows [begin, begin + part.n_rows()) of `whole` are `part`: names, kinds, and cells written so that they read back the same.
void expect_rows(const Table& whole, const Table& part, size_t begin) {
  ASSERT_EQ(whole.names(), part.names());
  for (size_t j = 0; j < whole.n_columns(); ++j) {
    ASSERT_EQ(whole.column(j).kind(), part.column(j).kind()) << whole.column(j).name();
    for (size_t row = 0; row < part.n_rows(); ++row)
      ASSERT_EQ(cell(whole.column(j), begin + row), cell(part.column(j), row)) << whole.column(j).name() << " row " << begin + row;
  }
}

void expect_same(const Table& a, const Table& b) {
  ASSERT_EQ(a.n_rows(), b.n_rows());
  expect_rows(a, b, 0);
}

// Whether two columns hold the same values to the last bit; what stands where a value is missing does not count.
bool is_same_column(const Column& a, const Column& b) {
  if (a.name() != b.name() || a.kind() != b.kind() || a.size() != b.size() || a.is_float32() != b.is_float32()) return false;
  const auto same = [&](const auto& value_of) {
    for (size_t row = 0; row < a.size(); ++row)
      if (a.is_missing(row) != b.is_missing(row) || (!a.is_missing(row) && value_of(a, row) != value_of(b, row))) return false;
    return true;
  };
  switch (a.kind()) {
    case ColumnKind::Text: return same([](const Column& column, size_t row) { return column.text(row); });
    case ColumnKind::Categorical:
      return *a.dictionary() == *b.dictionary() && same([](const Column& column, size_t row) { return column.codes()[row]; });
    case ColumnKind::Numeric:
    case ColumnKind::Boolean: return same([](const Column& column, size_t row) { return std::bit_cast<uint64_t>(column.number(row)); });
    default: return same([](const Column& column, size_t row) { return column.int64()[row]; });
  }
}

// Rows enough for reductions by blocks of 2^16 to have several, but for those that would take seconds.
size_t many_rows(const std::string& transformer) {
  static const std::map<std::string, size_t> fewer{
      {"knn_impute", 6'000}, {"text_count", 20'000}, {"tfidf", 20'000}, {"text_svd", 20'000}, {"isolation_forest_outliers", 20'000}};
  const auto found = fewer.find(transformer);
  return found == fewer.end() ? 200'000 : found->second;
}

class TransformerContract : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<FittedTransformer> fit(const Table& table, std::span<const double> weights = {}, int n_threads = 1) const {
    const Target target = make_target(table.n_rows());
    return transformers().make(GetParam())->fit({table, &target, weights}, context_of(n_threads));
  }
};

INSTANTIATE_TEST_SUITE_P(All, TransformerContract, testing::ValuesIn(transformers().names()),
                         [](const auto& instance) { return instance.param; });

TEST_P(TransformerContract, TransformsTheSameAfterSavingAndLoading) {
  const Table train = make_table(80, Holes::Some), others = make_table(40, Holes::Some, 2);
  const auto fitted = fit(train);
  const auto loaded = transformer_from_value(transformer_to_value(*fitted));
  EXPECT_EQ(transformer_to_value(*fitted), transformer_to_value(*loaded));
  expect_same(fitted->transform(others), loaded->transform(others));
}

TEST_P(TransformerContract, TransformsARowTheSameAloneAndAmongOthers) {
  const auto fitted = fit(make_table(80, Holes::Some));
  const Table others = make_table(40, Holes::Some, 2);
  const Table batch = fitted->transform(others);
  ASSERT_EQ(batch.n_rows(), others.n_rows());
  for (size_t row = 0; row < others.n_rows(); ++row) {
    expect_rows(batch, fitted->transform(others.slice(row, 1)), row);
    expect_rows(batch, fitted->transform(others.take(std::vector<uint32_t>{static_cast<uint32_t>(row)})), row);
  }
}

TEST_P(TransformerContract, GivesTrainingRowsWhatTransformGivesUnlessItEncodesByTheTarget) {
  if (GetParam().find("target") != std::string::npos || GetParam() == "leave_one_out_encode") GTEST_SKIP();
  const Table train = make_table(3000, Holes::Some);
  const Target target = make_target(3000);
  const auto [fitted, made] = transformers().make(GetParam())->fit_transform({train, &target}, context_of(2));
  EXPECT_EQ(transformer_to_value(*fitted), transformer_to_value(*fit(train)));
  expect_same(made, fitted->transform(train));
}

// Which rows a tree is grown on is drawn by their places; of rows equally far the first are the nearest; and directions that explain
// equally much may be turned into one another.
TEST_P(TransformerContract, LearnsTheSameFromRowsInAnyOrder) {
  for (const char* name : {"isolation_forest_outliers", "knn_impute", "text_svd"})
    if (GetParam() == name) GTEST_SKIP();
  const Table train = make_table(90, Holes::Some), others = make_table(40, Holes::Some, 2);
  const Target target = make_target(90);
  std::vector<uint32_t> order(90);
  for (uint32_t i = 0; i < 90; ++i) order[i] = (i * 37 + 11) % 90;
  const Target reordered = target.take(order);
  const auto transformer = transformers().make(GetParam());
  const Table one = transformer->fit({train, &target}, context_of(1))->transform(others);
  const Table other = transformer->fit({train.take(order), &reordered}, context_of(1))->transform(others);
  ASSERT_EQ(one.names(), other.names());
  for (size_t j = 0; j < one.n_columns(); ++j)
    for (size_t row = 0; row < one.n_rows(); ++row) {
      const Column &a = one.column(j), &b = other.column(j);
      ASSERT_EQ(a.is_missing(row), b.is_missing(row)) << a.name();
      if (a.kind() == ColumnKind::Numeric && !a.is_missing(row)) {
        const double slack = a.is_float32() ? 1e-5 : 1e-9;
        ASSERT_NEAR(a.number(row), b.number(row), slack * (1 + std::abs(a.number(row)))) << a.name();
      } else {
        ASSERT_EQ(cell(a, row), cell(b, row)) << a.name();
      }
    }
}

TEST_P(TransformerContract, IsTheSameOnOneAndEightThreads) {
  const Table train = make_table(3000, Holes::Some);
  const Target target = make_target(3000);
  const auto transformer = transformers().make(GetParam());
  const auto one = transformer->fit_transform({train, &target}, context_of(1));
  const auto eight = transformer->fit_transform({train, &target}, context_of(8));
  EXPECT_EQ(transformer_to_value(*one.first), transformer_to_value(*eight.first));
  expect_same(one.second, eight.second);
}

TEST_P(TransformerContract, IsTheSameOnOneAndEightThreadsForRowsOfManyBlocks) {
  const size_t n_rows = many_rows(GetParam());
  static const Table rows = make_table(200'000, Holes::Some);
  const Table train = rows.slice(0, n_rows);
  const Target target = make_target(n_rows);
  const auto transformer = transformers().make(GetParam());
  const auto one = transformer->fit_transform({train, &target}, context_of(1));
  const auto eight = transformer->fit_transform({train, &target}, context_of(8));
  EXPECT_EQ(transformer_to_value(*one.first), transformer_to_value(*eight.first));
  ASSERT_EQ(one.second.n_columns(), eight.second.n_columns());
  for (size_t j = 0; j < one.second.n_columns(); ++j)
    EXPECT_TRUE(is_same_column(one.second.column(j), eight.second.column(j))) << one.second.column(j).name();
}

TEST_P(TransformerContract, TakesWeightsOfOneForNoneAndRowsOfWeightZeroForAbsent) {
  const Table train = make_table(90, Holes::Some);
  EXPECT_EQ(fit(train)->to_value(), fit(train, std::vector<double>(90, 1.0))->to_value());
  Target target = make_target(90);
  std::vector<double> weights(90, 1.0);
  std::vector<uint32_t> kept;
  for (uint32_t row = 0; row < 90; ++row)
    if (row % 4 == 1) weights[row] = 0;
    else kept.push_back(row);
  const Table some = train.take(kept);
  const Target some_target = target.take(kept);
  const auto transformer = transformers().make(GetParam());
  const Table weighted = transformer->fit({train, &target, weights}, context_of(1))->transform(some);
  const Table absent = transformer->fit({some, &some_target}, context_of(1))->transform(some);
  ASSERT_EQ(weighted.names(), absent.names());
  for (size_t j = 0; j < absent.n_columns(); ++j)
    for (size_t row = 0; row < absent.n_rows(); ++row) {
      const Column &a = weighted.column(j), &b = absent.column(j);
      ASSERT_EQ(a.is_missing(row), b.is_missing(row));
      if (a.kind() == ColumnKind::Numeric && !a.is_missing(row)) ASSERT_NEAR(a.number(row), b.number(row), 1e-9) << a.name();
      else ASSERT_EQ(cell(a, row), cell(b, row)) << a.name();
    }
}

TEST_P(TransformerContract, GoesByTheTextOfALevelAndTakesLevelsNeverSeen) {
  const auto fitted = fit(make_table(80, Holes::Some));
  const Dictionary other_order = dictionary({"Rome", "Paris", "Lima", "Oslo"});
  const Dictionary order = dictionary({"Lima", "Oslo", "Rome", "Paris"});
  const std::vector<int32_t> to_order = {2, 3, 0, 1};
  const Table others = make_table(60, Holes::Some, 2, other_order);
  const auto codes = others.column("city").codes();
  std::vector<int32_t> same(60);
  for (size_t row = 0; row < 60; ++row) same[row] = codes[row] < 0 ? -1 : to_order[static_cast<size_t>(codes[row])];
  expect_same(fitted->transform(others), fitted->transform(others.with_column(Column::categorical("city", same, order))));
}

TEST_P(TransformerContract, AnswersOrRefusesOneRowNoRowsAndMissingColumns) {
  const Table full = make_table(40, Holes::None, 2), missing = make_table(40, Holes::All, 2);
  for (const Table& train :
       {make_table(1, Holes::None), make_table(1, Holes::All), make_table(2, Holes::Some), make_table(40, Holes::All)}) {
    try {
      const auto fitted = fit(train);
      EXPECT_EQ(fitted->transform(full).n_rows(), 40U);
      EXPECT_EQ(fitted->transform(missing).n_rows(), 40U);
      EXPECT_EQ(fitted->transform(full.slice(0, 0)).n_rows(), 0U);
      const auto loaded = transformer_from_value(transformer_to_value(*fitted));
      expect_same(fitted->transform(full), loaded->transform(full));
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::Internal) << error.what();
    }
  }
  EXPECT_EQ(fit(full)->transform(missing).n_rows(), 40U);
}

// The range of a column has to be a double itself: the largest double less its opposite is not.
TEST_P(TransformerContract, GivesNoInfiniteNumbersFromFiniteOnesWhoseRangeIsFinite) {
  const double large = std::numeric_limits<double>::max() / 4;
  Table extreme = make_table(4, Holes::None);
  extreme = extreme.with_column(Column::numeric("number", std::vector<double>{large, -large, 0, 1}));
  extreme = extreme.with_column(Column::numeric("single", std::vector<float>{1e-45F, 0, 0, 0}));
  extreme = extreme.with_column(Column::integer("whole", {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0, 1}));
  extreme =
      extreme.with_column(Column::timestamp("when", {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0, 1}));
  extreme = extreme.with_column(Column::date("day", {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 0, 1}));
  try {
    const Table out = fit(extreme)->transform(extreme);
    EXPECT_EQ(out.n_rows(), 4U);
    for (const Column& column : out.columns())
      for (size_t row = 0; row < 4 && column.kind() == ColumnKind::Numeric; ++row)
        EXPECT_FALSE(std::isinf(column.number(row))) << column.name() << " row " << row;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::Internal) << error.what();
  }
}

TEST_P(TransformerContract, RefusesATableWithoutAColumnItNeedsOrWithAnotherKind) {
  const Table train = make_table(40, Holes::Some);
  const auto fitted = fit(train);
  size_t n_refused = 0;
  for (const std::string& name : train.names()) {
    const bool is_text = train.column(name).kind() == ColumnKind::Text;
    const std::vector<std::string> words(40, "word");
    const Column other = is_text ? Column::numeric(name, std::vector<double>(40, 1.0)) : Column::text(name, words);
    for (const Table& table : {train.drop(std::vector<std::string>{name}), train.with_column(other)}) {
      try {
        fitted->transform(table);
      } catch (const Error& error) {
        ++n_refused;
        EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch) << name << ": " << error.what();
        EXPECT_NE(error.message().find(name), std::string::npos) << error.message();
      }
    }
  }
  EXPECT_GT(n_refused, 0U);
}

TEST_P(TransformerContract, UndoesItselfWhereItSaysSo) {
  const Table train = make_table(40, Holes::None);
  const auto fitted = fit(train);
  const Table out = fitted->transform(train);
  if (!fitted->invertible()) {
    EXPECT_THROW(fitted->inverse_transform(out), Error);
    return;
  }
  const Table back = fitted->inverse_transform(out);
  for (const std::string& name : train.names()) {
    const Column *before = train.find(name), *after = back.find(name);
    ASSERT_NE(after, nullptr) << name;
    for (size_t row = 0; row < 40; ++row)
      if (before->kind() == ColumnKind::Text || before->kind() == ColumnKind::Categorical)
        ASSERT_EQ(cell(*before, row), cell(*after, row)) << name;
      else
        ASSERT_NEAR(before->number(row), after->number(row), before->is_float32() ? 1e-4 : 1e-9 * std::abs(before->number(row)) + 1e-9)
            << name;
  }
}

TEST_P(TransformerContract, EndsWhenCancelled) {
  const Table train = make_table(40, Holes::Some);
  const Target target = make_target(40);
  FitContext context = context_of(1);
  context.cancel.cancel();
  try {
    transformers().make(GetParam())->fit({train, &target}, context);
    FAIL() << "it was fitted all the same";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
}

TEST_P(TransformerContract, EndsSoonWhenCancelledAmidAFit) {
#ifdef NDEBUG
  constexpr size_t kSlowness = 1;
#else
  constexpr size_t kSlowness = 10;  // of code that is checked by sanitizers
#endif
  const Table train = make_table(many_rows(GetParam()) / kSlowness, Holes::Some);
  const Target target = make_target(train.n_rows());
  const auto transformer = transformers().make(GetParam());
  for (const int milliseconds : {1, 10, 100}) {
    const FitContext context = context_of(1);
    Stopwatch since_cancel;
    std::jthread cancel([&](const std::stop_token& ended) {
      const Stopwatch watch;
      while (watch.seconds() < milliseconds * 1e-3 && !ended.stop_requested()) std::this_thread::sleep_for(std::chrono::microseconds(200));
      since_cancel = Stopwatch();
      context.cancel.cancel();
    });
    bool cancelled = false;
    try {
      (void)transformer->fit_transform({train, &target}, context);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Cancelled);
      cancelled = true;
    }
    cancel.request_stop();
    cancel.join();
    // 100 ms are promised; the rest is room for a busy machine.
    if (cancelled) {
      EXPECT_LT(since_cancel.seconds(), 0.25);
    }
  }
}

TEST_P(TransformerContract, KeepsNumbersOfSinglePrecision) {
  const Table train = make_table(200, Holes::Some).drop(std::vector<std::string>{"number", "amount"});
  const Table made = fit(train)->transform(train);
  const Column* single = made.find("single");
  if (single != nullptr && single->kind() == ColumnKind::Numeric) {
    EXPECT_TRUE(single->is_float32());
  }
}

TEST_P(TransformerContract, MakesNoColumnsThatTheBudgetHasNoRoomFor) {
  const Table train = make_table(2000, Holes::Some);
  const Target target = make_target(2000);
  const auto transformer = transformers().make(GetParam());
  const size_t bytes = 2000 * transformer->fit({train, &target}, context_of(1))->bytes_a_row();
  if (bytes == 0) return;
  FitContext context = context_of(1);
  context.memory = std::make_shared<MemoryBudget>(bytes - 1);
  try {
    (void)transformer->fit_transform({train, &target}, context);
    FAIL() << "columns of " << bytes << " bytes were made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory) << error.what();
  }
  EXPECT_EQ(context.memory->available(), bytes - 1);
}

TEST(Transformers, RefuseTheNeighbourOfEachBoundAndNameTheField) { EXPECT_GT(expect_neighbours_of_bounds_refused(transformers()), 100U); }

TEST(Transformers, TakeTheBoundsThemselves) {
  expect_bounds_allowed(transformers(), {"robust_scale.low_quantile", "robust_scale.high_quantile", "clip_outliers.low_quantile",
                                         "clip_outliers.high_quantile", "text_hash.min_characters", "text_hash.max_characters",
                                         "text_count.min_n", "text_svd.min_n", "tfidf.min_n"});
}

}  // namespace
}  // namespace kolosal
