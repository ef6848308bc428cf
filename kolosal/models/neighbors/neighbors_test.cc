#include "kolosal/models/forms/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"
#include "kolosal/models/neighbors/build_hnsw.h"

namespace kolosal {
namespace {

using models_test::predict;

FeatureMatrix line(const std::vector<float>& points) {
  FeatureMatrix x({{"x", 0}}, points.size());
  std::ranges::copy(points, x.column(0).begin());
  return x;
}

Target numbers(std::vector<double> values) { return {Task::Regression, values.size(), 1, values, {}, {}}; }

std::unique_ptr<Model> fit(int k, const char* weighting, const FeatureMatrix& x, const Target& target, std::vector<double> weights = {}) {
  return learners()
      .make("k_nearest", Value(Value::Object{{"k", Value(k)}, {"weighting", Value(weighting)}}))
      ->fit({x, target, weights}, nullptr, {});
}

TEST(KNearest, AveragesTheNearestRows) {
  const auto model = fit(2, "uniform", line({0, 1, 10, 11}), numbers({1, 3, 20, 40}));
  EXPECT_EQ(predict(*model, line({0.4F, 10.9F})), (std::vector<double>{2, 30}));
}

TEST(KNearest, CountsNearerRowsByTheInverseOfTheirDistance) {
  const auto model = fit(2, "distance", line({0, 4}), numbers({10, 20}));
  EXPECT_NEAR(predict(*model, line({1}))[0], (10.0 / 1 + 20.0 / 3) / (1.0 + 1.0 / 3), 1e-12);
}

TEST(KNearest, LetsRowsAtDistanceZeroDecideAlone) {
  const auto model = fit(3, "distance", line({1, 1, 2}), numbers({10, 20, 90}));
  EXPECT_EQ(predict(*model, line({1}))[0], 15);
}

TEST(KNearest, TakesTheRowStoredFirstOfThoseEquallyFar) {
  EXPECT_EQ(predict(*fit(1, "uniform", line({1, -1, 1}), numbers({5, 7, 9})), line({0}))[0], 5);
  EXPECT_EQ(predict(*fit(2, "uniform", line({-1, 1, 1, -1}), numbers({5, 7, 9, 11})), line({0}))[0], 6);
  EXPECT_EQ(predict(*fit(2, "uniform", line({8, 1, 0, -1, 1}), numbers({5, 7, 9, 11, 13})), line({0}))[0], 8);
}

TEST(KNearest, TakesAllRowsWhereThereAreFewerThanK) {
  EXPECT_EQ(predict(*fit(50, "uniform", line({0, 1, 2}), numbers({1, 2, 6})), line({100}))[0], 3);
}

TEST(KNearest, WeighsRows) {
  EXPECT_NEAR(predict(*fit(2, "uniform", line({0, 1}), numbers({0, 4}), {3, 1}), line({0.5F}))[0], 1, 1e-6);
  EXPECT_EQ(predict(*fit(1, "uniform", line({0, 1}), numbers({0, 4}), {0, 1}), line({0}))[0], 4);
  for (const double scale : {1e-99, 1e99})
    EXPECT_NEAR(predict(*fit(2, "uniform", line({0, 1}), numbers({0, 4}), {0.75 * scale, 0.25 * scale}), line({0.5F}))[0], 4.0 / 4, 1e-6);
}

TEST(KNearest, GivesSharesOfClasses) {
  const Target target{Task::Multiclass, 4, 1, {2, 2, 0, 1}, {"a", "b", "c"}, {}};
  const auto out = predict(*fit(3, "uniform", line({0, 1, 2, 50}), target), line({0}));
  EXPECT_NEAR(out[0], 1.0 / 3, 1e-12);
  EXPECT_EQ(out[1], 0);
  EXPECT_NEAR(out[2], 2.0 / 3, 1e-12);
}

TEST(KNearest, GivesTargetsInDoublePrecision) {
  for (const double value : {16777217.0, 1.7e9 + 1, 1e39, -1e300, 1e-60}) {
    const auto model = fit(1, "uniform", line({0, 5}), numbers({value, 0}));
    EXPECT_EQ(predict(*model, line({0}))[0], value);
    EXPECT_EQ(predict(*model_from_value(model_to_value(*model)), line({0}))[0], value);
  }
}

TEST(KNearest, KeepsANumberForTheClassOfARow) {
  Target target{Task::Multiclass, 3, 1, {1999, 0, 7}, {}, {}};
  for (size_t k = 0; k < 2000; ++k) target.class_names.push_back(std::to_string(k));
  FitContext context;
  context.memory = std::make_shared<MemoryBudget>(3 * 12);  // a feature, a weight and a class for each row
  const auto model = learners().make("k_nearest", Value(Value::Object{{"k", Value(1)}}))->fit({line({0, 1, 2}), target}, nullptr, context);
  EXPECT_EQ(predict(*model, line({0}))[1999], 1);
  EXPECT_EQ(from_value<NeighborsForm>(model->to_value()).classes, (std::vector<uint32_t>{1999, 0, 7}));
}

TEST(NeighborsForm, ReadsTargetsOfSinglePrecisionWithAColumnForEachClass) {
  const NeighborsForm form{1, 2, 1, false, {0, 1}, {}, {1, 1}};
  Value written = to_value(form);
  written.set("targets", Value(NumberArray::from(std::vector<float>{1, 0, 0, 1})));
  const auto model = model_forms().make("neighbors")->from_value(written);
  EXPECT_EQ(predict(*model, line({0, 1})), (std::vector<double>{1, 0, 0, 1}));
}

TEST(KNearest, AnswersWhereAllRowsAreInfinitelyFar) {
  const auto model = fit(2, "distance", line({0, 1}), numbers({2, 4}));
  EXPECT_EQ(predict(*model, line({std::numeric_limits<float>::infinity()}))[0], 3);
}

TEST(KNearest, RefusesMissingFeaturesByName) {
  try {
    fit(1, "uniform", line({0, std::numeric_limits<float>::quiet_NaN()}), numbers({1, 2}));
    FAIL() << "learnt from a missing value";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_NE(error.message().find("'x'"), std::string::npos);
  }
}

TEST(NeighborSearch, FindsTheSameRowsByTreeByTilesAndBySortingAll) {
  RandomStream random(2, "neighbor search");
  for (const size_t n_columns : {1U, 2U, 3U, 8U, 20U})
    for (const bool has_ties : {false, true}) {
      constexpr size_t kRows = 3000, kQueries = 60, kNearest = 7;
      const auto draw = [&](size_t n) {
        std::vector<float> values(n * n_columns);
        for (float& value : values) value = has_ties ? static_cast<float>(random.below(4)) : static_cast<float>(random.normal());
        return values;
      };
      const std::vector<float> rows = draw(kRows), queries = draw(kQueries);
      const NeighborSearch tree(rows, kRows, n_columns, NeighborSearch::Method::Tree);
      const NeighborSearch tiles(rows, kRows, n_columns, NeighborSearch::Method::Tiles);
      std::vector<std::vector<Neighbor>> by_tree(kQueries), by_tiles(kQueries);
      const auto keep = [](std::vector<std::vector<Neighbor>>& to) {
        return [&to](size_t i, std::span<const Neighbor> found) { to[i].assign(found.begin(), found.end()); };
      };
      tree.find(queries, kQueries, kNearest, keep(by_tree));
      tiles.find(queries, kQueries, kNearest, keep(by_tiles));
      for (size_t i = 0; i < kQueries; ++i) {
        std::vector<std::pair<double, uint32_t>> all(kRows);
        for (uint32_t row = 0; row < kRows; ++row) {
          double distance = 0;
          for (size_t j = 0; j < n_columns; ++j)
            distance += std::pow(static_cast<double>(queries[i * n_columns + j]) - static_cast<double>(rows[row * n_columns + j]), 2);
          all[row] = {distance, row};
        }
        std::ranges::sort(all);
        ASSERT_EQ(by_tree[i].size(), kNearest);
        for (size_t rank = 0; rank < kNearest; ++rank) {
          ASSERT_EQ(by_tree[i][rank].row, by_tiles[i][rank].row) << n_columns << " columns, rank " << rank;
          ASSERT_EQ(by_tree[i][rank].distance, by_tiles[i][rank].distance);
          ASSERT_NEAR(by_tree[i][rank].distance, all[rank].first, 1e-5 * all[rank].first);
          if (has_ties) {
            ASSERT_EQ(by_tree[i][rank].row, all[rank].second);
          }
        }
      }
    }
}

TEST(KNearest, TakesTheFirstRowsWhereThereIsNoFeature) {
  std::vector<double> values(3000, 9);
  values[0] = 1;
  values[1] = 2;
  const auto model = fit(2, "uniform", FeatureMatrix({}, 3000), numbers(values));
  EXPECT_EQ(predict(*model, FeatureMatrix({}, 1)), std::vector<double>{1.5});
}

TEST(NeighborsForm, RefusesWhatItCannotHaveWritten) {
  const NeighborsForm good{1, 1, 2, false, {0, 1, 2}, {1, 2, 3}, {1, 1, 1}};
  const auto code_of = [&](const std::function<void(NeighborsForm&)>& spoil) {
    NeighborsForm form = good;
    spoil(form);
    try {
      model_forms().make("neighbors")->from_value(to_value(form));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  };
  EXPECT_EQ(code_of([](NeighborsForm&) {}), ErrorCode::Internal) << "the good one is read";
  const std::vector<std::function<void(NeighborsForm&)>> spoils = {
      [](NeighborsForm& f) { f.k = 0; },
      [](NeighborsForm& f) { f.k = 4; },
      [](NeighborsForm& f) { f.k = -1; },
      [](NeighborsForm& f) { f.n_features = 2; },
      [](NeighborsForm& f) { f.n_features = -1; },
      [](NeighborsForm& f) { f.n_outputs = 0; },
      [](NeighborsForm& f) { f.n_outputs = 2; },
      [](NeighborsForm& f) { f.rows.pop_back(); },
      [](NeighborsForm& f) { f.targets.push_back(0); },
      [](NeighborsForm& f) { f.weights = {}; },
      [](NeighborsForm& f) { f.weights[0] = 0; },
      [](NeighborsForm& f) { f.rows[0] = std::numeric_limits<float>::quiet_NaN(); },
      [](NeighborsForm& f) { f.targets[0] = std::numeric_limits<double>::infinity(); },
      [](NeighborsForm& f) {
        f.classes = {0, 0, 0};
      },
      [](NeighborsForm& f) {
        f.targets = {}, f.classes = {0, 1, 0};
      },
      [](NeighborsForm& f) {
        f.targets = {}, f.classes = {0, 0};
      },
      [](NeighborsForm& f) {  // n_outputs times rows wraps round to 0
        f.n_outputs = int64_t{1} << 62;
        f.rows.push_back(4);
        f.weights.push_back(1);
        f.targets = {};
      },
  };
  for (size_t i = 0; i < spoils.size(); ++i) EXPECT_EQ(code_of(spoils[i]), ErrorCode::CorruptArtifact) << "spoil " << i;
}

// Rows of 16 numbers about 40 centres, as tables are: not even, and of fewer dimensions than columns.
std::vector<float> clustered(size_t n, uint64_t seed) {
  RandomStream centres(1, "hnsw centres"), random(seed, "hnsw rows");
  std::vector<float> middle(40 * 16), rows;
  for (float& number : middle) number = static_cast<float>(3 * centres.normal());
  for (size_t i = 0; i < n; ++i) {
    const size_t centre = random.below(40);
    for (size_t j = 0; j < 16; ++j) rows.push_back(middle[centre * 16 + j] + static_cast<float>(random.normal()));
  }
  return rows;
}

TEST(Hnsw, FindsNearlyAllOfTheNearestAndTheSameOnAnyNumberOfThreads) {
  const size_t n = 6000, k = 10;
  std::vector<float> rows = clustered(n, 2);
  std::copy_n(rows.begin(), 16 * 100, rows.begin() + 16 * 500);  // rows twice
  const std::vector<float> queries = clustered(200, 3);
  FitContext threaded;
  threaded.threads = std::make_shared<const Threads>(4);
  HnswGraph graph = build_hnsw(rows, 16, 16, 128, {});
  const HnswGraph again = build_hnsw(rows, 16, 16, 128, threaded);
  EXPECT_EQ(graph.links, again.links);
  EXPECT_EQ(graph.entry, again.entry);
  check_graph(graph, n);
  const Hnsw walk(rows, 16, graph);
  const NeighborSearch exact(rows, n, 16);
  Hnsw::Scratch scratch;
  size_t n_found = 0;
  exact.find(queries, 200, k, [&](size_t query, std::span<const Neighbor> nearest) {
    const std::vector<Neighbor> found = walk.find(queries.data() + query * 16, k, 64, scratch);
    ASSERT_EQ(found.size(), k);
    EXPECT_TRUE(std::ranges::is_sorted(found, [](const Neighbor& a, const Neighbor& b) { return a < b; }));
    for (const Neighbor& neighbor : nearest) n_found += std::ranges::count(found, neighbor.row, &Neighbor::row);
  });
  EXPECT_GE(n_found, 1900U);  // of 2000
}

TEST(Hnsw, GivesExactlyKAlsoOfRowsThatAreAllAlike) {
  const std::vector<float> rows(300 * 4, 1.0F), query(4, 0.0F);
  HnswGraph graph = build_hnsw(rows, 4, 4, 16, {});
  Hnsw::Scratch scratch;
  EXPECT_EQ(Hnsw(rows, 4, graph).find(query.data(), 250, 8, scratch).size(), 250U);
}

TEST(Hnsw, IsAnAlgorithmOfKNearestAndRefusesAGraphOfOtherRows) {
  FeatureMatrix x({{"a", 0}, {"b", 0}}, 500);
  Target target{Task::Regression, 500, 1, {}, {}, {}};
  RandomStream random(5, "hnsw");
  for (size_t i = 0; i < 500; ++i) {
    for (size_t j = 0; j < 2; ++j) x.column(j)[i] = static_cast<float>(random.normal());
    target.values.push_back(random.normal());
  }
  const auto exact = learners().make("k_nearest")->fit({x, target}, nullptr, {});
  const auto walked =
      learners().make("k_nearest", Value(Value::Object{{"algorithm", "hnsw"}, {"search_width", 300}}))->fit({x, target}, nullptr, {});
  const std::vector<double> a = predict(*exact, x), b = predict(*walked, x);
  size_t n_same = 0;
  for (size_t i = 0; i < 500; ++i) n_same += std::abs(a[i] - b[i]) < 1e-6;
  EXPECT_GT(n_same, 490U);
  const auto again = model_from_value(model_to_value(*walked));
  EXPECT_EQ(predict(*again, x), b);
  auto form = from_value<NeighborsForm>(walked->to_value());
  const auto is_refused = [](const NeighborsForm& changed) {
    try {
      model_from_value(Value(Value::Object{{"form", "neighbors"}, {"model", to_value(changed)}}));
    } catch (const Error& error) {
      return error.code() == ErrorCode::CorruptArtifact;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(form));
  const std::vector<std::function<void(HnswGraph&)>> changes = {
      [](HnswGraph& g) { g.links[0] = 500; }, [](HnswGraph& g) { g.levels.pop_back(); },   [](HnswGraph& g) { g.links.pop_back(); },
      [](HnswGraph& g) { g.entry = -1; },     [](HnswGraph& g) { g.levels[3] = 1 << 30; }, [](HnswGraph& g) { g.n_links = 1 << 20; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    NeighborsForm changed = form;
    changes[i](changed.graph);
    EXPECT_TRUE(is_refused(changed)) << "change " << i;
  }
}

}  // namespace
}  // namespace kolosal
