#include "kolosal/preprocess/run_steps.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

// 20,003 rows: several blocks and a last one whose rows are no multiple of eight.
Table mixed(size_t n_rows = 20'003) {
  RandomStream random(1, "run steps");
  std::vector<double> a(n_rows);
  std::vector<float> b(n_rows);
  std::vector<int64_t> c(n_rows);
  std::vector<uint8_t> d(n_rows), there(n_rows);
  std::vector<std::string> town(n_rows);
  for (size_t i = 0; i < n_rows; ++i) {
    a[i] = random.normal();
    b[i] = static_cast<float>(random.normal());
    c[i] = static_cast<int64_t>(random.below(100));
    d[i] = static_cast<uint8_t>(random.below(2));
    there[i] = i < 15'000 || random.below(10) > 0;  // the first blocks have no missing value
    town[i] = "town " + std::to_string(i < 10 ? 0 : random.below(30));
  }
  return Table({Column::numeric("a", a, Validity::from_bytes(there)), Column::numeric("b", b),
                Column::integer("c", c, Validity::from_bytes(there)), Column::boolean("d", d), Column::text("town", town)});
}

FittedSteps fitted(const std::vector<PipelineStep>& steps, const Table& table) {
  return fit_steps(steps, {table}, with_threads(1), "test");
}

Value named(const char* column) { return Value(Value::Object{{"columns", Value(Value::List{column})}}); }

TEST(RunSteps, GivesWhatOneStepAfterTheOtherGives) {
  const Table table = mixed();
  const std::vector<std::vector<PipelineStep>> pipelines{
      {{"standard_scale", {}}, {"ordinal", named("town")}},
      {{"impute", {}}, {"quantile_transform", {}}, {"one_hot", named("town")}},
      {{"impute", {}}, {"standard_scale", {}}},  // towns stay texts
  };
  for (const auto& steps : pipelines) {
    const FittedSteps pipeline = fitted(steps, table);
    Table expected = table;
    for (const auto& step : pipeline.steps) expected = step->transform(expected);
    for (const int n_threads : {1, 3}) EXPECT_EQ(content(run_steps(pipeline.steps, table, Threads(n_threads))), content(expected));
  }
}

// Which memory a column lies in tells what was done: one that passes is the table's own, and steps are run by blocks where numbers change
// though others are texts, which no block could put together.
TEST(RunSteps, PassesUntouchedColumnsAndPutsCategoriesTogether) {
  Table table = mixed();
  std::vector<int32_t> codes(table.n_rows());
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<int32_t>(i % 4) - 1;
  table = table.with_column(category("city", codes, {"Lima", "Oslo", "Rome"})).with_column(category("left", codes, {"x", "y", "z"}));
  const FittedSteps pipeline = fitted({{"impute", named("a")},
                                       {"impute", Value(Value::Object{{"columns", Value(Value::List{"city"})}, {"strategy", "constant"}})},
                                       {"standard_scale", {}}},
                                      table);
  std::atomic<size_t> n_runs = 0;
  class Counted : public FittedTransformer {
   public:
    explicit Counted(std::atomic<size_t>& n_runs) : n_runs_(n_runs) {}
    std::string_view form() const override { return "counted"; }
    Table transform(const Table& rows, const Threads&) const override { return ++n_runs_, rows; }
    size_t bytes_a_row() const override { return 0; }
    Value to_value() const override { return {}; }

   private:
    std::atomic<size_t>& n_runs_;
  };
  const Counted counted(n_runs);
  std::vector<const FittedTransformer*> steps{&counted};
  Table expected = table;
  for (const auto& step : pipeline.steps) {
    expected = step->transform(expected);
    steps.push_back(step.get());
  }
  const Table out = run_steps(std::span<const FittedTransformer* const>(steps), table, Threads(3));
  EXPECT_EQ(content(out), content(expected));
  EXPECT_EQ(*out.column("city").dictionary(), (std::vector<std::string>{"Lima", "Oslo", "Rome", "missing"}));
  EXPECT_EQ(out.column("town").text_bytes(), table.column("town").text_bytes());
  EXPECT_EQ(out.column("left").codes().data(), table.column("left").codes().data());
  const size_t rows_a_block = (size_t{512} << 10) / (sizeof(double) * table.n_columns()) / 8 * 8;
  EXPECT_EQ(n_runs, (table.n_rows() + rows_a_block - 1) / rows_a_block);  // once a block, and no more
}

TEST(RunSteps, TakesFewRowsAndNone) {
  const Table table = mixed();
  const FittedSteps pipeline = fitted({{"standard_scale", {}}, {"ordinal", named("town")}}, table);
  EXPECT_EQ(run_steps(pipeline.steps, table.slice(0, 1), Threads(2)).n_rows(), 1U);
  EXPECT_EQ(run_steps(pipeline.steps, table.slice(0, 0), Threads(2)).n_rows(), 0U);
  EXPECT_EQ(content(run_steps(std::span<const FittedTransformer* const>(), table.drop(std::vector<std::string>{"town"}), Threads(2))),
            content(table.drop(std::vector<std::string>{"town"})));
}

TEST(RunSteps, AnErrorInALaterBlockIsThrown) {
  const Table table = mixed();
  const Table ordinary = table.slice(0, 10);  // one town
  const FittedSteps pipeline =
      fitted({{"ordinal", Value(Value::Object{{"columns", Value(Value::List{"town"})}, {"unknown", "error"}})}}, ordinary);
  EXPECT_THROW(run_steps(pipeline.steps, table, Threads(2)), Error);
}

}  // namespace
}  // namespace kolosal
