#include "kolosal/stream/table_statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

/// Numbers of a large mean with gaps and NaN, skewed texts, categories and integers.
Table mixed(size_t n, uint64_t seed) {
  RandomStream random(seed, "statistics");
  std::vector<double> numbers;
  std::vector<uint8_t> there;
  std::vector<std::string> texts;
  std::vector<int32_t> codes;
  std::vector<int64_t> integers;
  for (size_t i = 0; i < n; ++i) {
    numbers.push_back(random.below(50) == 0 ? std::numeric_limits<double>::quiet_NaN() : 1e6 + random.normal());
    there.push_back(random.below(10) != 0);
    texts.push_back("t" + std::to_string(random.below(4) != 0 ? random.below(3) : random.below(500)));
    codes.push_back(static_cast<int32_t>(random.below(4)) - 1);
    integers.push_back(static_cast<int64_t>(random.below(7)));
  }
  const auto levels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "b", "c"});
  return Table({Column::numeric("number", numbers, Validity::from_bytes(there)), Column::text("text", texts, Validity::from_bytes(there)),
                Column::categorical("category", codes, levels), Column::integer("integer", integers), Column::boolean("boolean", there),
                Column::timestamp("timestamp", integers)});
}

void expect_within_rank(const ColumnStatistics& found, std::vector<double> values) {
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  for (const double q : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    const double at = found.quantiles().quantiles(std::array{q})[0], slack = found.quantiles().rank_error() + 2 / n;
    EXPECT_LE(static_cast<double>(std::ranges::lower_bound(values, at) - values.begin()) / n, q + slack);
    EXPECT_GE(static_cast<double>(std::ranges::upper_bound(values, at) - values.begin()) / n, q - slack);
  }
}

RC_GTEST_PROP(TableStatistics, OfAnySplitMergedInAnyOrderAreThoseOfAllRows, ()) {
  const Table table = mixed(*rc::gen::inRange<size_t>(10, 600), *rc::gen::arbitrary<uint64_t>());
  const TableStatisticsOptions options{.sketch_width = 16, .n_frequent = 8};
  std::vector<TableStatistics> parts(*rc::gen::inRange<size_t>(1, 5), TableStatistics(options));
  for (size_t begin = 0; begin < table.n_rows();) {
    const size_t n = std::min(*rc::gen::inRange<size_t>(1, 200), table.n_rows() - begin);
    parts[*rc::gen::inRange<size_t>(0, parts.size())].add(table.slice(begin, n));
    begin += n;
  }
  while (parts.size() > 1) {
    const auto from = static_cast<std::ptrdiff_t>(*rc::gen::inRange<size_t>(1, parts.size()));
    parts.front().merge(parts[static_cast<size_t>(from)]);
    parts.erase(parts.begin() + from);
  }
  RC_ASSERT(parts.front().n_rows() == static_cast<int64_t>(table.n_rows()));
  for (size_t j = 0; j < table.n_columns(); ++j) {
    const Column& column = table.column(j);
    const ColumnStatistics& found = parts.front().columns()[j];
    RC_ASSERT(found.n_missing() == static_cast<int64_t>(column.n_missing()));
    if (column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer || column.kind() == ColumnKind::Timestamp) {
      const Sample sample = finite_sample(column, {});
      const double mean = sample_mean(sample), variance = sample_variance(sample, mean);
      RC_ASSERT(found.n_not_finite() == static_cast<int64_t>(column.size() - column.n_missing() - sample.values.size()));
      RC_ASSERT(found.moments().n == static_cast<double>(sample.values.size()));
      RC_ASSERT(std::abs(found.moments().mean - mean) <= 1e-12 * std::abs(mean));
      RC_ASSERT(std::abs(found.moments().variance() - variance) <= 1e-6 * variance + 1e-12);
      RC_ASSERT(found.range().min == *std::ranges::min_element(sample.values));
      RC_ASSERT(found.range().max == *std::ranges::max_element(sample.values));
      expect_within_rank(found, sample.values);
    } else {
      std::map<std::string, int64_t> counts;
      for (size_t row = 0; row < column.size(); ++row)
        if (!column.is_missing(row)) ++counts[column.display(row)];
      for (const auto& [text, count] : found.frequent().most_frequent()) {
        RC_ASSERT(count <= counts[text]);
        RC_ASSERT(count >= counts[text] - found.frequent().error());
      }
      RC_ASSERT(found.frequent().error() * 9 <= found.frequent().total());
    }
  }
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(TableStatistics, AreTheSameOnAnyNumberOfThreads) {
  const auto text_on = [](int n_threads) {
    FitContext context;
    context.threads = std::make_shared<const Threads>(n_threads);
    TableStatistics statistics;
    for (uint64_t seed = 0; seed < 3; ++seed) statistics.add(mixed(5000, seed), context);
    return statistics.to_value();
  };
  EXPECT_TRUE(text_on(1) == text_on(4));
}

TEST(TableStatistics, TellWhatAPersonWouldAsk) {
  const std::vector<std::string> towns{"york", "bath", "york", "hull"};
  TableStatistics statistics;
  statistics.add(Table({Column::numeric("x", std::vector<double>{1, 2, 3, 4}), Column::text("town", towns)}));
  const Value told = statistics.to_value();
  const Value &x = told.at("columns").as_list()[0], &town = told.at("columns").as_list()[1];
  EXPECT_EQ(x.at("mean").as_real(), 2.5);
  EXPECT_EQ(x.at("p50").as_real(), 2.5);
  EXPECT_EQ(x.at("max").as_real(), 4);
  EXPECT_EQ(x.find("frequent"), nullptr);
  EXPECT_EQ(town.at("frequent").as_list()[0].at("value").as_text(), "york");
  EXPECT_EQ(town.at("frequent").as_list()[0].at("count").as_integer(), 2);
  EXPECT_EQ(town.find("mean"), nullptr);
}

TEST(TableStatistics, RefuseOtherColumnsAndOtherOptions) {
  TableStatistics statistics;
  statistics.add(Table({Column::integer("x", {1})}));
  EXPECT_THROW(statistics.add(Table({Column::integer("y", {1})})), Error);
  TableStatistics other({.sketch_width = 4});
  EXPECT_THROW(statistics.merge(other), Error);
  EXPECT_THROW(TableStatistics({.sketch_width = 1}), Error);
  statistics.merge(TableStatistics());
  EXPECT_EQ(statistics.n_rows(), 1);
}

}  // namespace
}  // namespace kolosal
