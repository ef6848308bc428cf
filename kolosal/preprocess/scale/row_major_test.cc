#include "kolosal/preprocess/scale/row_major.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

struct Rows {
  std::vector<double> values;
  size_t n_columns;
  std::vector<std::string> names;

  Rows(size_t n_rows, size_t columns) : values(n_rows * columns), n_columns(columns) {
    RandomStream random(n_rows, "rows");
    for (size_t i = 0; i < values.size(); ++i) values[i] = 1e4 * static_cast<double>(i % columns) + random.normal();
    for (size_t j = 0; j < columns; ++j) names.push_back("c" + std::to_string(j));
  }
  RowMajor<double> rows() const { return {values.data(), values.size() / n_columns, n_columns}; }
  Table table() const {
    std::vector<Column> columns;
    for (size_t j = 0; j < n_columns; ++j) {
      std::vector<double> column;
      for (size_t i = j; i < values.size(); i += n_columns) column.push_back(values[i]);
      columns.push_back(Column::numeric(names[j], std::move(column)));
    }
    return Table(std::move(columns));
  }
};

std::vector<AffineColumn> columns_of(const FittedTransformer& fitted) {
  std::vector<AffineColumn> columns;
  const Value written = fitted.to_value();
  for (const Value& column : written.at("columns").as_list()) columns.push_back(from_value<AffineColumn>(column));
  return columns;
}

TEST(RowMajor, FitsAndScalesAsColumnsDo) {
  for (const char* name : {"standard_scale", "min_max_scale", "max_abs_scale"})
    for (const auto& [n_rows, n_columns] : {std::pair<size_t, size_t>{1, 1}, {3, 2}, {2049, 3}, {10'000, 7}, {30, 700}}) {
      const Rows given(n_rows, n_columns);
      const auto fitted = fit_scaler_rows(name, {}, given.rows(), given.names, with_threads(2));
      ASSERT_NE(fitted, nullptr);
      const auto expected = transformers().make(name, {})->fit({given.table()}, with_threads(1));
      const auto ours = columns_of(*fitted), theirs = columns_of(*expected);
      for (size_t j = 0; j < n_columns; ++j) {
        EXPECT_NEAR(ours[j].center, theirs[j].center, 1e-10 * (1 + std::abs(theirs[j].center)));
        EXPECT_NEAR(ours[j].scale, theirs[j].scale, 1e-9 * theirs[j].scale);
      }
      std::vector<double> made(given.values.size());
      apply_affine(theirs, given.rows(), made.data(), Threads(2));
      const Table out = expected->transform(given.table());
      for (size_t i = 0; i < made.size(); ++i) ASSERT_EQ(made[i], out.column(i % n_columns).number(i / n_columns));
    }
}

TEST(RowMajor, TellsFewRowsWithWhichAFitGoesOnAsWithAll) {
  const Rows given(5'000, 3), further(70, 3);
  for (const char* name : {"standard_scale", "min_max_scale", "max_abs_scale"}) {
    FewRows few;
    ASSERT_NE(fit_scaler_rows(name, {}, given.rows(), given.names, with_threads(1), &few), nullptr);
    EXPECT_EQ(few.table.n_rows(), 2u);
    const auto transformer = transformers().make(name, {});
    const auto from_few = transformer->start_chunks(), from_all = transformer->start_chunks();
    from_few->add({few.table, nullptr, few.weights}, with_threads(1));
    from_all->add({given.table()}, with_threads(1));
    for (const auto& fit : {from_few.get(), from_all.get()}) fit->add({further.table()}, with_threads(1));
    const auto ours = columns_of(*from_few->finish()), theirs = columns_of(*from_all->finish());
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(ours[j].center, theirs[j].center, 1e-10 * (1 + std::abs(theirs[j].center)));
      EXPECT_NEAR(ours[j].scale, theirs[j].scale, 1e-9 * theirs[j].scale);
    }
  }
}

TEST(RowMajor, LeavesToColumnsWhatItDoesNotDo) {
  Rows given(10, 2);
  const Value one(Value::Object{{"columns", Value(Value::List{"c0"})}});
  EXPECT_EQ(fit_scaler_rows("robust_scale", {}, given.rows(), given.names, with_threads(1)), nullptr);
  EXPECT_EQ(fit_scaler_rows("standard_scale", one, given.rows(), given.names, with_threads(1)), nullptr);
  given.values[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(fit_scaler_rows("standard_scale", {}, given.rows(), given.names, with_threads(1)), nullptr);
  EXPECT_EQ(fit_scaler_rows("min_max_scale", {}, given.rows(), given.names, with_threads(1)), nullptr);
}

TEST(RowMajor, ScalesWhatWouldOverflowOnTheWay) {
  const std::vector<AffineColumn> column{{.name = "x", .center = -1.7e308, .scale = 1e308, .offset = 0}};
  const double value = 1.7e308;
  double made = 0;
  apply_affine(column, {&value, 1, 1}, &made, Threads(1));
  EXPECT_NEAR(made, 3.4, 1e-12);
}

}  // namespace
}  // namespace kolosal
