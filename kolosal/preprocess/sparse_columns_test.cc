#include "kolosal/preprocess/sparse_columns.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

/// Columns as they are dense, and the numbers of them that are not 0.
struct Both {
  size_t n_rows = 0;
  std::vector<std::string> names;
  std::vector<std::vector<double>> dense;
  std::vector<int64_t> starts{0};
  std::vector<int32_t> rows;
  std::vector<double> values;

  explicit Both(std::vector<std::vector<double>> columns) : n_rows(columns.front().size()), dense(std::move(columns)) {
    for (const std::vector<double>& column : dense) {
      names.push_back("x" + std::to_string(names.size()));
      for (size_t row = 0; row < n_rows; ++row)
        if (column[row] != 0) {
          rows.push_back(static_cast<int32_t>(row));
          values.push_back(column[row]);
        }
      starts.push_back(static_cast<int64_t>(rows.size()));
    }
  }
  SparseColumns<double> sparse() const { return {n_rows, names, starts, rows, values}; }
  Table table() const {
    std::vector<Column> columns;
    for (size_t j = 0; j < names.size(); ++j) columns.push_back(Column::numeric(names[j], dense[j]));
    return Table(std::move(columns));
  }
};

const Both& five_rows() {
  static const Both made({{0, 2, 0, -4, 1}, {0, 0, 0, 0, 0}, {1, kNaN, 0, 3, 5}});
  return made;
}

const std::vector<std::pair<std::string, Value>> kKeepZeros{{"standard_scale", object({{"with_mean", false}})},
                                                            {"max_abs_scale", object({})},
                                                            {"robust_scale", object({{"with_centering", false}})}};

TEST(SparseColumns, TeachAndBecomeWhatDenseOnesDo) {
  const std::vector<double> weights{1, 2, 0, 1, 3};
  for (const auto& [name, parameters] : kKeepZeros)
    for (const std::span<const double> given : {std::span<const double>(), std::span(weights)}) {
      const auto thin = fit_sparse(name, parameters, five_rows().sparse(), given, with_threads(2));
      const auto dense = fitted(name, parameters, {five_rows().table(), nullptr, given});
      const std::vector<double> made = transform_sparse(*thin, five_rows().sparse(), Threads(2));
      const Table expected = dense->transform(five_rows().table());
      for (size_t j = 0, i = 0; j < 3; ++j)
        for (size_t row = 0; row < 5; ++row) {
          if (five_rows().dense[j][row] == 0) continue;
          const double there = expected.column(j).number(row);
          EXPECT_TRUE(std::isnan(there) ? std::isnan(made[i]) : std::abs(made[i] - there) < 1e-14) << name << " " << j << " " << row;
          ++i;
        }
    }
}

TEST(SparseColumns, AreGivenBack) {
  for (const auto& [name, parameters] : kKeepZeros) {
    const auto thin = fit_sparse(name, parameters, five_rows().sparse(), {}, with_threads(1));
    const std::vector<double> made = transform_sparse(*thin, five_rows().sparse(), Threads(1));
    SparseColumns<double> changed = five_rows().sparse();
    changed.values = made;
    const std::vector<double> back = inverse_transform_sparse(*thin, changed, Threads(1));
    for (size_t i = 0; i < back.size(); ++i) {
      if (std::isnan(back[i])) continue;
      EXPECT_NEAR(back[i], five_rows().values[i], 1e-14);
    }
  }
}

TEST(SparseColumns, AreRefusedWhereZerosWouldBecomeOtherNumbers) {
  const auto centred = fit_sparse("standard_scale", object({}), five_rows().sparse(), {}, with_threads(1));
  try {
    (void)transform_sparse(*centred, five_rows().sparse(), Threads(1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    EXPECT_NE(error.message().find("column 'x0'"), std::string::npos) << error.message();
    EXPECT_FALSE(error.remedy().empty());
  }
  EXPECT_THROW((void)fit_sparse("knn_impute", object({}), five_rows().sparse(), {}, with_threads(1)), Error);
}

RC_GTEST_PROP(SparseColumns, OfAnyNumbersTeachWhatDenseOnesDo, ()) {
  const auto n_rows = *rc::gen::inRange<size_t>(1, 30);
  std::vector<std::vector<double>> columns;
  for (size_t j = 0; j < 3; ++j) {
    const auto numbers =
        *rc::gen::container<std::vector<int>>(n_rows, rc::gen::weightedOneOf<int>({{2, rc::gen::just(0)}, {1, rc::gen::inRange(-50, 50)}}));
    columns.emplace_back(numbers.begin(), numbers.end());
  }
  const Both both(std::move(columns));
  const auto thin = fit_sparse("standard_scale", kKeepZeros[0].second, both.sparse(), {}, with_threads(1));
  const Table expected = fitted("standard_scale", kKeepZeros[0].second, {both.table()})->transform(both.table());
  const Table made = thin->transform(both.table());
  for (size_t j = 0; j < 3; ++j)
    for (size_t row = 0; row < n_rows; ++row)
      RC_ASSERT(std::abs(made.column(j).number(row) - expected.column(j).number(row)) <=
                1e-12 * (1 + std::abs(expected.column(j).number(row))));
}

}  // namespace
}  // namespace kolosal
