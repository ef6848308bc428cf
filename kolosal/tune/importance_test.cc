#include "kolosal/tune/importance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "kolosal/base/json.h"
#include "kolosal/tune/importances/fanova_tree.h"

namespace kolosal {
namespace {

Study random_study(std::vector<Direction> directions = {Direction::Minimize}) {
  return Study({.name = "s", .directions = std::move(directions), .sampler = samplers().make("random")});
}

double real(Study& study, int64_t trial, const char* name, double low, double high, bool log = false) {
  return study.suggest(trial, name, Distribution::real(name, low, high, 0, log)).as_real();
}

std::map<std::string, double> measured(const Study& study, const std::string& by, const std::string& parameters = "{}",
                                       const ImportanceQuestion& question = {}, bool normalize = true) {
  const Importances found = param_importances(study, *importances().make(by, parse_json(parameters)), question, normalize);
  return {found.begin(), found.end()};
}

TEST(EveryImportance, FindsTheParameterThatMattersAndGivesTheGreatestFirst) {
  for (const std::string& name : importances().names()) {
    Study study = random_study();
    for (int i = 0; i < 500; ++i) {
      const int64_t trial = study.ask();
      const double idle = real(study, trial, "idle", 0, 1), weak = real(study, trial, "weak", -1, 1), x = real(study, trial, "x", -1, 1);
      const bool chosen = study.suggest(trial, "c", Distribution::categorical("c", {"a", "b", "c"})).as_text() == "b";
      study.suggest(trial, "fixed", Distribution::integer("fixed", 3, 3));
      study.tell(trial, {x * x + 0.1 * weak + (chosen ? 0 : 0.6) + 0 * idle});
    }
    const Importances found = param_importances(study, *importances().make(name));
    ASSERT_EQ(found.size(), 5) << name;
    double sum = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_GE(found[i].second, 0) << name;
      EXPECT_TRUE(i == 0 || found[i].second <= found[i - 1].second) << name;
      sum += found[i].second;
    }
    EXPECT_NEAR(sum, 1, 1e-12) << name;
    std::map<std::string, double> by_name(found.begin(), found.end());
    EXPECT_GT(std::min(by_name["x"], by_name["c"]), 1.5 * std::max(by_name["idle"], by_name["weak"])) << name;
    EXPECT_EQ(by_name["fixed"], 0) << name;
  }
}

TEST(EveryImportance, AnswersWhereThereIsLittleToGoBy) {
  for (const std::string& name : importances().names()) {
    Study empty = random_study();
    EXPECT_TRUE(measured(empty, name).empty()) << name;
    Study one = random_study();
    const int64_t trial = one.ask();
    real(one, trial, "x", 0, 1);
    one.tell(trial, {1});
    EXPECT_EQ(measured(one, name), (std::map<std::string, double>{{"x", 1}})) << name;
    Study alike = random_study();
    for (int i = 0; i < 20; ++i) {
      const int64_t next = alike.ask();
      real(alike, next, "x", 0, 1), real(alike, next, "y", 0, 1);
      alike.tell(next, {i % 5 == 0 ? std::numeric_limits<double>::infinity() : 7});
    }
    for (const auto& [parameter, share] : measured(alike, name)) EXPECT_NEAR(share, 0.5, 0.5) << name << parameter;
    EXPECT_THROW(measured(alike, name, "{}", {.parameters = {{"X"}}}), Error) << name;
    EXPECT_TRUE(measured(alike, name, "{}", {.parameters = {std::vector<std::string>{}}}).empty()) << name;
    EXPECT_EQ(measured(alike, name, "{}", {.parameters = {{"y"}}}).size(), 1) << name;
  }
}

TEST(Fanova, GivesTheSharesOfVarianceThatCanBeWorkedOut) {
  // x + 2 y over the unit square: variances 1 / 12 and 4 / 12. z over three decades of a logarithmic range: that of its logarithm.
  Study study = random_study();
  for (int i = 0; i < 600; ++i) {
    const int64_t trial = study.ask();
    const double x = real(study, trial, "x", 0, 1), y = real(study, trial, "y", 0, 1), z = real(study, trial, "z", 1e-3, 1, true);
    study.tell(trial, {x + 2 * y + std::log10(z) / 3});
  }
  const auto shares = measured(study, "fanova", "{}", {}, false);
  EXPECT_NEAR(shares.at("x"), 1 / 6.0, 0.05);
  EXPECT_NEAR(shares.at("y"), 4 / 6.0, 0.05);
  EXPECT_NEAR(shares.at("z"), 1 / 6.0, 0.05);
}

TEST(Fanova, GivesNothingToWhatParametersDoOnlyTogether) {
  Study study = random_study();
  for (int i = 0; i < 600; ++i) {
    const int64_t trial = study.ask();
    const double x = real(study, trial, "x", -1, 1), y = real(study, trial, "y", -1, 1);
    study.tell(trial, {x * y});
  }
  for (const auto& [name, share] : measured(study, "fanova", "{}", {}, false)) EXPECT_LT(share, 0.1) << name;
}

TEST(Fanova, RefusesSeveralObjectivesAndRangesThatDiffer) {
  Study study = random_study({Direction::Minimize, Direction::Maximize});
  for (int i = 0; i < 10; ++i) {
    const int64_t trial = study.ask();
    const double x = real(study, trial, "x", 0, i < 5 ? 1 : 2);
    study.tell(trial, {x, x});
  }
  EXPECT_THROW(measured(study, "fanova"), Error);
  ImportanceQuestion question{.target = std::vector<std::pair<int64_t, double>>{}};
  for (int i = 0; i < 10; ++i) question.target->emplace_back(i, i);
  EXPECT_TRUE(measured(study, "fanova", "{}", question).empty());
  question.parameters = {"x"};
  EXPECT_THROW(measured(study, "fanova", "{}", question), Error);
  EXPECT_EQ(measured(study, "ped_anova").size(), 1);
}

TEST(FanovaTree, VariancesAreThoseOfTheTreeOverACoveringOfTheBox) {
  FanovaPoints points{{{}, {}, {}}, {0, 3, 0}};
  std::vector<double> y;
  RandomStream stream(3, "points");
  for (int i = 0; i < 40; ++i) {
    const double a = stream.uniform(), b = static_cast<double>(stream.below(3)), c = static_cast<double>(stream.below(4)) / 4 + 0.125;
    points.columns[0].push_back(a), points.columns[1].push_back(b), points.columns[2].push_back(c);
    y.push_back(std::sin(5 * a) + (b == 1 ? c : 0.2 * b));
  }
  const FanovaTree tree(points, y, 6, RandomStream(1, "tree"));
  constexpr size_t kCells = 500;  // of the first column
  const auto value = [&](double a, size_t b, double c) {
    const FanovaTree::Leaf* at = nullptr;
    for (const FanovaTree::Leaf& leaf : tree.leaves())
      if (a > leaf.low[0] && a <= leaf.high[0] && leaf.allowed[1][b] != 0 && c > leaf.low[2] && c <= leaf.high[2]) {
        EXPECT_EQ(at, nullptr);  // leaves do not overlap
        at = &leaf;
      }
    EXPECT_NE(at, nullptr);  // and cover the box
    return at->value;
  };
  std::vector<double> of_a(kCells, 0.0), of_b(3, 0.0), of_c(kCells / 5, 0.0), all;
  for (size_t i = 0; i < kCells; ++i)
    for (size_t b = 0; b < 3; ++b)
      for (size_t k = 0; k < of_c.size(); ++k) {
        const double v =
            value((static_cast<double>(i) + 0.5) / kCells, b, (static_cast<double>(k) + 0.5) / static_cast<double>(of_c.size()));
        all.push_back(v);
        of_a[i] += v / (3 * static_cast<double>(of_c.size()));
        of_b[b] += v / (kCells * static_cast<double>(of_c.size()));
        of_c[k] += v / (kCells * 3);
      }
  const auto variance = [](const std::vector<double>& of) {
    const auto n = static_cast<double>(of.size());
    const double mean = std::accumulate(of.begin(), of.end(), 0.0) / n;
    return std::accumulate(of.begin(), of.end(), 0.0, [&](double sum, double v) { return sum + (v - mean) * (v - mean) / n; });
  };
  EXPECT_GT(tree.leaves().size(), 10);
  EXPECT_NEAR(tree.variance(), variance(all), 0.01 * tree.variance());
  EXPECT_NEAR(tree.variance_of(0), variance(of_a), 0.01 * tree.variance());
  EXPECT_NEAR(tree.variance_of(1), variance(of_b), 0.01 * tree.variance());
  EXPECT_NEAR(tree.variance_of(2), variance(of_c), 0.01 * tree.variance());
}

TEST(PedAnova, RefusesABestShareThatIsNotPartOfTheRegion) {
  EXPECT_THROW(importances().make("ped_anova", parse_json(R"({"target_quantile": 0.5, "region_quantile": 0.5})")), Error);
}

}  // namespace
}  // namespace kolosal
