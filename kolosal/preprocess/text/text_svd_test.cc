#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"
#include "kolosal/preprocess/symmetric_eigen.h"
#include "kolosal/preprocess/text/sparse_svd.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

/// A random matrix with a third of its entries there.
TermMatrix random_rows(size_t n_rows, size_t n_columns, uint64_t seed) {
  RandomStream random(seed, "text_svd_test");
  TermMatrix rows;
  rows.n_columns = n_columns;
  for (size_t i = 0; i < n_rows; ++i) {
    for (size_t j = 0; j < n_columns; ++j) {
      if (random.uniform() > 0.33) continue;
      rows.columns.push_back(static_cast<uint32_t>(j));
      rows.values.push_back(random.normal());
    }
    rows.begins.push_back(rows.columns.size());
  }
  return rows;
}

/// A'A, dense.
std::vector<double> gram(const TermMatrix& rows) {
  std::vector<double> product(rows.n_columns * rows.n_columns);
  for (size_t i = 0; i < rows.n_rows(); ++i)
    for (size_t a = rows.begins[i]; a < rows.begins[i + 1]; ++a)
      for (size_t b = rows.begins[i]; b < rows.begins[i + 1]; ++b)
        product[rows.columns[a] * rows.n_columns + rows.columns[b]] += rows.values[a] * rows.values[b];
  return product;
}

TEST(TruncatedSvd, FindsTheLeadingSingularVectors) {
  const TermMatrix rows = random_rows(60, 25, 4);
  const auto [squares, vectors] = symmetric_eigen(gram(rows), 25);
  const SingularVectors found = truncated_svd(rows, 5, 30, with_threads(2));
  ASSERT_EQ(found.values.size(), 5U);
  for (size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(found.values[k], std::sqrt(squares[k]), 1e-8);
    EXPECT_NEAR(std::abs(std::inner_product(found.vectors[k].begin(), found.vectors[k].end(), vectors.begin() + k * 25, 0.0)), 1, 1e-8);
  }
}

TEST(TruncatedSvd, GivesNoMoreVectorsThanTheRank) {
  TermMatrix rows;
  rows.n_columns = 4;
  for (const double scale : {1.0, 2.0, -3.0}) {  // all along (1, 0, 2, 0)
    rows.columns.insert(rows.columns.end(), {0, 2});
    rows.values.insert(rows.values.end(), {scale, 2 * scale});
    rows.begins.push_back(rows.columns.size());
  }
  const SingularVectors found = truncated_svd(rows, 3, 5, with_threads(1));
  ASSERT_EQ(found.values.size(), 1U);
  EXPECT_NEAR(found.values[0], std::sqrt(70), 1e-12);
  EXPECT_NEAR(found.vectors[0][2], 2 / std::sqrt(5), 1e-12);
}

TEST(TextSvd, PutsTextsAboutTheSameThingTogether) {
  const Table table(
      {Column::text("t", std::vector<std::string>{"cat dog pet", "dog pet cat fur", "stock bond bank", "bank stock market"})});
  const Table out = transformed("text_svd", object({{"n_components", 2}}), {table});
  ASSERT_EQ(out.names(), (std::vector<std::string>{"t__svd0", "t__svd1"}));
  const auto likeness = [&](size_t a, size_t b) {
    const double x = out.column(0).number(a), y = out.column(1).number(a), u = out.column(0).number(b), v = out.column(1).number(b);
    return (x * u + y * v) / std::hypot(x, y) / std::hypot(u, v);
  };
  EXPECT_GT(likeness(0, 1), 0.99);
  EXPECT_GT(likeness(2, 3), 0.99);
  EXPECT_LT(std::abs(likeness(0, 2)), 0.01);
}

TEST(TextSvd, TakesARowOfWeightTwoForTwoRowsAndGivesTheSameOnAnyThreads) {
  std::vector<std::string> values;
  std::vector<double> weights;
  std::vector<uint32_t> repeated;
  RandomStream random(3, "texts");
  for (uint32_t row = 0; row < 60; ++row) {
    std::string text;
    for (int word = 0; word < 8; ++word) text += "w" + std::to_string(random.below(30)) + " ";
    values.push_back(text);
    weights.push_back(static_cast<double>(row % 3));
    repeated.insert(repeated.end(), row % 3, row);
  }
  const Table table({Column::text("t", values)});
  const auto svd = transformers().make("text_svd", object({{"n_components", 3}, {"n_iterations", 40}}));
  const auto weighted = svd->fit({table, nullptr, weights}, with_threads(1));
  const Table a = weighted->transform(table), b = svd->fit({table.take(repeated)}, with_threads(1))->transform(table);
  for (size_t k = 0; k < 3; ++k)
    for (size_t row = 0; row < 60; ++row) EXPECT_NEAR(a.column(k).number(row), b.column(k).number(row), 1e-5);
  EXPECT_EQ(weighted->to_value(), svd->fit({table, nullptr, weights}, with_threads(4))->to_value());
}

}  // namespace
}  // namespace kolosal
