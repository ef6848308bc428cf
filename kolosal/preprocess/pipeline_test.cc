#include "kolosal/preprocess/pipeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "kolosal/base/fields.h"
#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

constexpr size_t kRows = 600;

/// A table with every kind of column, gaps included, and a binary target that goes with "x" and "city".
struct Mixed {
  Table table;
  Schema schema;
  Target target;
};

std::vector<std::string> levels_named(const std::string& stem, size_t n) {
  std::vector<std::string> levels;
  for (size_t i = 0; i < n; ++i) levels.push_back(stem + std::to_string(i));
  return levels;
}

Mixed mixed_rows() {
  RandomStream random(7, "pipeline_test");
  std::vector<double> x(kRows), labels(kRows);
  std::vector<int64_t> n(kRows), when(kRows);
  std::vector<uint8_t> flag(kRows), there(kRows, 1);
  std::vector<int32_t> city(kRows), shop(kRows);
  std::vector<std::string> review(kRows);
  for (size_t row = 0; row < kRows; ++row) {
    x[row] = row % 13 == 0 ? kNaN : random.normal();
    n[row] = static_cast<int64_t>(random.below(9));
    there[row] = row % 11 != 0;
    flag[row] = static_cast<uint8_t>(random.below(2));
    when[row] = 18000 + static_cast<int64_t>(random.below(1000));
    city[row] = static_cast<int32_t>(random.below(5)) - 1;
    shop[row] = static_cast<int32_t>(random.below(300));
    review[row] = "word" + std::to_string(random.below(20)) + " and word" + std::to_string(random.below(20));
    labels[row] = (std::isnan(x[row]) ? 0 : x[row]) + city[row] > 1 ? 1 : 0;
  }
  Mixed mixed{Table({Column::numeric("x", x), integers("n", n, there), Column::boolean("flag", flag), Column::date("when", when),
                     category("city", city, levels_named("city", 4)), category("shop", shop, levels_named("shop", 300)),
                     Column::text("review", review)}),
              {},
              binary(labels)};
  for (const Column& column : mixed.table.columns()) {
    ColumnSchema schema;
    schema.name = column.name();
    schema.kind = column.kind();
    if (column.kind() == ColumnKind::Categorical) schema.categories = *column.dictionary();
    mixed.schema.columns.push_back(std::move(schema));
  }
  return mixed;
}

const std::vector<FeatureNeeds> kNeeds{
    {true, true, false}, {false, false, true}, {true, false, false}, {false, true, false}, {false, true, true}};

std::vector<float> row_of(const FeatureMatrix& matrix, size_t row) {
  std::vector<float> values;
  for (size_t j = 0; j < matrix.n_features(); ++j) values.push_back(matrix.at(row, j));
  return values;
}

std::vector<float> all_values(const FeatureMatrix& matrix) {
  std::vector<float> values;
  for (size_t j = 0; j < matrix.n_features(); ++j)
    for (const float value : matrix.column(j)) values.push_back(std::isnan(value) ? 12345.0F : value);
  return values;
}

TEST(PlanPipeline, GivesEachLearnerWhatItCanTake) {
  const Mixed mixed = mixed_rows();
  for (const FeatureNeeds& needs : kNeeds) {
    const auto steps = plan_pipeline(mixed.schema, needs, kRows, Task::Binary);
    const auto [pipeline, matrix] = fit_pipeline(steps, {mixed.table, &mixed.target}, with_threads(1));
    ASSERT_EQ(matrix.n_rows(), kRows);
    bool any_missing = false, any_categories = false;
    for (size_t j = 0; j < matrix.n_features(); ++j) {
      any_categories |= matrix.features()[j].n_categories > 0;
      EXPECT_LE(matrix.features()[j].n_categories, 255);
      double sum = 0, squares = 0;
      for (const float value : matrix.column(j)) {
        any_missing |= std::isnan(value);
        sum += static_cast<double>(value);
        squares += static_cast<double>(value) * static_cast<double>(value);
      }
      if (!needs.wants_scaling) continue;
      EXPECT_LT(squares / kRows, 40) << matrix.features()[j].name;
      if (matrix.features()[j].name == "when__elapsed") {
        EXPECT_NEAR(sum / kRows, 0, 1e-5);
      }
    }
    EXPECT_EQ(any_missing, needs.accepts_missing);
    EXPECT_EQ(any_categories, needs.accepts_categories);
  }
}

TEST(PlanPipeline, LeavesNumbersAndCategoriesOfTreesAsTheyAre) {
  const Mixed mixed = mixed_rows();
  const auto [pipeline, matrix] =
      fit_pipeline(plan_pipeline(mixed.schema, kNeeds[0], kRows, Task::Binary), {mixed.table, &mixed.target}, with_threads(1));
  const auto& features = matrix.features();
  EXPECT_EQ(features[0], (Feature{"x", 0}));
  for (size_t row = 0; row < kRows; ++row) {
    const double x = mixed.table.column("x").number(row);
    if (std::isnan(x)) EXPECT_TRUE(std::isnan(matrix.at(row, 0)));
    else EXPECT_EQ(matrix.at(row, 0), static_cast<float>(x));
  }
  std::set<std::string> names;
  for (const Feature& feature : features) names.insert(feature.name);
  for (const char* name : {"n", "flag", "when__year", "when__elapsed", "city", "shop__target", "shop__frequency", "review__hash0"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_FALSE(names.contains("shop"));
}

TEST(FittedPipeline, GivesTheSameFeaturesForLaterRowsRowByRowAndAfterSaving) {
  const Mixed mixed = mixed_rows();
  for (const FeatureNeeds& needs : kNeeds) {
    const auto [pipeline, training] =
        fit_pipeline(plan_pipeline(mixed.schema, needs, kRows, Task::Binary), {mixed.table, &mixed.target}, with_threads(1));
    const FeatureMatrix matrix = pipeline.transform(mixed.table);
    EXPECT_EQ(matrix.features(), training.features());
    const FittedPipeline again = FittedPipeline::from_value(pipeline.to_value());
    EXPECT_EQ(all_values(again.transform(mixed.table)), all_values(matrix));
    EXPECT_EQ(again.to_value(), pipeline.to_value());
    for (const uint32_t row : {0U, 11U, 13U, 599U}) {
      const FeatureMatrix one = pipeline.transform(mixed.table.take(std::vector<uint32_t>{row}));
      for (size_t j = 0; j < one.n_features(); ++j) {
        if (std::isnan(matrix.at(row, j))) EXPECT_TRUE(std::isnan(one.at(0, j)));
        else EXPECT_EQ(one.at(0, j), matrix.at(row, j)) << one.features()[j].name;
      }
    }
    EXPECT_EQ(pipeline.transform(mixed.table.slice(0, 0)).n_rows(), 0U);
  }
}

TEST(FittedPipeline, GivesManyRowsTheSameFeaturesOnAnyNumberOfThreads) {
  const Mixed mixed = mixed_rows();
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < 40 * kRows; ++i) rows.push_back(i % kRows);
  const Table many = mixed.table.take(rows);
  for (const FeatureNeeds& needs : kNeeds) {
    const auto pipeline =
        fit_pipeline(plan_pipeline(mixed.schema, needs, kRows, Task::Binary), {mixed.table, &mixed.target}, with_threads(1)).first;
    const FeatureMatrix few = pipeline.transform(mixed.table);
    FeatureMatrix repeated(few.features(), rows.size());
    for (size_t j = 0; j < few.n_features(); ++j)
      for (size_t i = 0; i < rows.size(); ++i) repeated.column(j)[i] = few.at(rows[i], j);
    for (const int n_threads : {1, 3}) EXPECT_EQ(all_values(pipeline.transform(many, Threads(n_threads))), all_values(repeated));
  }
}

TEST(FitPipeline, IsTheSameOnAnyNumberOfThreads) {
  const Mixed mixed = mixed_rows();
  for (const FeatureNeeds& needs : kNeeds) {
    const auto steps = plan_pipeline(mixed.schema, needs, kRows, Task::Binary);
    const auto one = fit_pipeline(steps, {mixed.table, &mixed.target}, with_threads(1));
    const auto four = fit_pipeline(steps, {mixed.table, &mixed.target}, with_threads(4));
    EXPECT_EQ(one.first.to_value(), four.first.to_value());
    EXPECT_EQ(all_values(one.second), all_values(four.second));
  }
}

TEST(FitPipeline, EncodesTrainingRowsWithoutTheirOwnTarget) {
  const Mixed mixed = mixed_rows();
  const auto steps = plan_pipeline(mixed.schema, kNeeds[0], kRows, Task::Binary);
  Target flipped = mixed.target;
  flipped.values[42] = 1 - flipped.values[42];
  const auto before = fit_pipeline(steps, {mixed.table, &mixed.target}, with_threads(1)).second;
  const auto after = fit_pipeline(steps, {mixed.table, &flipped}, with_threads(1)).second;
  EXPECT_EQ(row_of(before, 42).size(), row_of(after, 42).size());
  for (size_t j = 0; j < before.n_features(); ++j) {
    if (std::isnan(before.at(42, j))) continue;
    EXPECT_EQ(before.at(42, j), after.at(42, j)) << before.features()[j].name;
  }
}

TEST(FittedPipeline, TakesExtraAndReorderedColumnsAndNamesAMissingOne) {
  const Mixed mixed = mixed_rows();
  const auto [pipeline, training] =
      fit_pipeline(plan_pipeline(mixed.schema, kNeeds[1], kRows, Task::Binary), {mixed.table, &mixed.target}, with_threads(1));
  std::vector<Column> columns(mixed.table.columns().rbegin(), mixed.table.columns().rend());
  columns.push_back(mixed.table.column("x").renamed("extra"));
  EXPECT_EQ(all_values(pipeline.transform(Table(columns))), all_values(pipeline.transform(mixed.table)));
  try {
    (void)pipeline.transform(mixed.table.drop(std::vector<std::string>{"n"}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch);
    EXPECT_NE(error.message().find("'n'"), std::string::npos);
  }
  const Table other = mixed.table.with_column(Column::numeric("city", std::vector<double>(kRows)));
  EXPECT_THROW((void)pipeline.transform(other), Error);
}

TEST(FitPipeline, StopsWhenCancelled) {
  const Mixed mixed = mixed_rows();
  FitContext context = with_threads(1);
  context.cancel.cancel();
  EXPECT_THROW((void)fit_pipeline(plan_pipeline(mixed.schema, kNeeds[0], kRows, Task::Binary), {mixed.table, &mixed.target}, context),
               Error);
}

TEST(ToFeatureMatrix, RefusesTextsAndDates) {
  EXPECT_THROW((void)to_feature_matrix(Table({Column::date("d", {1})})), Error);
  const FeatureMatrix matrix = to_feature_matrix(Table({category("c", {1, -1}, {"a", "b"})}));
  EXPECT_EQ(matrix.features()[0].n_categories, 2);
  EXPECT_EQ(matrix.at(0, 0), 1);
  EXPECT_TRUE(std::isnan(matrix.at(1, 0)));
}

// Every transformer, by the catalog.

TEST(Transformers, AreReadBackAsTheyWereWritten) {
  const Mixed mixed = mixed_rows();
  for (const auto& entry : transformers().entries()) {
    const auto first = entry.make({})->fit({mixed.table, &mixed.target}, with_threads(1));
    const Value written = transformer_to_value(*first);
    const auto second = transformer_from_value(parse_json(to_json(written)));
    EXPECT_EQ(content(second->transform(mixed.table)), content(first->transform(mixed.table))) << entry.name;
  }
}

TEST(Transformers, AnswerOneRowAndColumnsWithoutAnyValue) {
  const Table one = mixed_rows().table.take(std::vector<uint32_t>{0});
  const Target target = binary({1});
  const auto gone = Validity::from_bytes(std::vector<uint8_t>{0, 0});
  const Table nothing({Column::numeric("x", std::vector<double>{kNaN, kNaN}), Column::integer("n", {0, 0}, gone),
                       Column::date("d", {0, 0}, gone), category("c", {-1, -1}, {}),
                       Column::text("t", std::vector<std::string>{"", ""}, gone)});
  const Target two = binary({0, 1});
  for (const auto& entry : transformers().entries()) {
    EXPECT_EQ(entry.make({})->fit_transform({one, &target}, with_threads(1)).second.n_rows(), 1U) << entry.name;
    const auto [fit, table] = entry.make({})->fit_transform({nothing, &two}, with_threads(1));
    EXPECT_EQ(fit->transform(nothing).names(), table.names()) << entry.name;
    EXPECT_NO_THROW((void)transformer_from_value(parse_json(to_json(transformer_to_value(*fit))))) << entry.name;
  }
}

TEST(Transformers, RefuseATableWithoutRowsAndWeightsThatAreNone) {
  const Mixed mixed = mixed_rows();
  const std::vector<double> few{1, 2}, negative(kRows, -1);
  for (const auto& entry : transformers().entries()) {
    const auto make = [&] { return entry.make({}); };
    EXPECT_THROW((void)make()->fit({mixed.table.slice(0, 0), &mixed.target}, with_threads(1)), Error) << entry.name;
    EXPECT_THROW((void)make()->fit({mixed.table, &mixed.target, few}, with_threads(1)), Error) << entry.name;
    EXPECT_THROW((void)make()->fit({mixed.table, &mixed.target, negative}, with_threads(1)), Error) << entry.name;
  }
}

/// Every value of the tree replaced, one at a time, by each of these.
void spoil_each(Value& node, const std::function<void()>& check) {
  const Value kept = node;
  for (const Value& wrong : {Value(), Value("?"), Value(-3), Value(1e300), Value(Value::List{}), Value(Value::Object{})}) {
    node = wrong;
    check();
  }
  node = kept;
  if (node.is_object())
    for (auto& [key, member] : node.as_object()) spoil_each(member, check);
  if (node.is_list() && !node.as_list().empty()) spoil_each(node.as_list().front(), check);
}

TEST(TransformerForms, TakeADamagedValueOrCallItDamagedAndNeverCrash) {
  const Mixed mixed = mixed_rows();
  const std::vector<uint32_t> rows{0, 1, 2, 13};
  const Table few = mixed.table.take(rows);
  size_t n_refused = 0;
  for (const auto& entry : transformers().entries()) {
    const auto fit = entry.make({})->fit({mixed.table, &mixed.target}, with_threads(1));
    const std::string form(fit->form());
    Value written = fit->to_value();
    spoil_each(written, [&] {
      std::unique_ptr<FittedTransformer> read;
      try {
        read = transformer_forms().make(form)->from_value(written);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::CorruptArtifact) << form << ": " << error.what();
        ++n_refused;
        return;
      }
      try {
        (void)read->transform(few);
      } catch (const Error&) {
      }
    });
  }
  EXPECT_GT(n_refused, 100U);
}

TEST(FittedPipeline, CallsADamagedValueDamaged) {
  const Mixed mixed = mixed_rows();
  const auto steps = plan_pipeline(mixed.schema, kNeeds[1], kRows, Task::Binary);
  const Value written = fit_pipeline(steps, {mixed.table, &mixed.target}, with_threads(1)).first.to_value();
  for (const char* member : {"steps", "features", "n_categories"}) {
    Value damaged = written;
    damaged.set(member, Value("?"));
    try {
      (void)FittedPipeline::from_value(damaged);
      ADD_FAILURE() << member;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::CorruptArtifact) << member;
    }
  }
}

}  // namespace
}  // namespace kolosal
