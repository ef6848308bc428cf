#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/tune/samplers/cma_distribution-inl.h"
#include "kolosal/tune/study.h"

namespace kolosal {
namespace {

double rosenbrock(const Eigen::VectorXd& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i + 1 < x.size(); ++i) {
    const double a = 4 * x[i] - 2, b = 4 * x[i + 1] - 2;
    sum += 100 * (b - a * a) * (b - a * a) + (1 - a) * (1 - a);
  }
  return sum;
}

double ellipsoid(const Eigen::VectorXd& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i)
    sum += std::pow(1e6, static_cast<double>(i) / static_cast<double>(x.size() - 1)) * (x[i] - 0.3) * (x[i] - 0.3);
  return sum;
}

// The best loss after so many points.
double best_after(int n_points, bool separable, int dimensions, double (*loss)(const Eigen::VectorXd&)) {
  CmaDistribution distribution(Eigen::VectorXd::Constant(dimensions, 0.5), 1.0 / 6,
                               static_cast<size_t>(4 + std::floor(3 * std::log(dimensions))), separable);
  RandomStream stream(1, "test");
  double best = std::numeric_limits<double>::infinity();
  for (int n = 0; n < n_points;) {
    std::vector<CmaPoint> points;
    for (size_t i = 0; i < distribution.n_points(); ++i, ++n) {
      Eigen::VectorXd x = distribution.draw(stream);
      const double here = loss(x);
      best = std::min(best, here);
      points.push_back({std::move(x), 0, here});
    }
    distribution.update(std::move(points));
  }
  return best;
}

TEST(CmaDistribution, FindsTheEndOfABentValley) { EXPECT_LT(best_after(5000, false, 8, rosenbrock), 1e-9); }

TEST(CmaDistribution, LearnsScalesAMillionApart) {
  EXPECT_LT(best_after(4000, false, 6, ellipsoid), 1e-9);
  EXPECT_LT(best_after(4000, true, 6, ellipsoid), 1e-9);
}

TEST(CmaDistribution, ConvergesAndSaysSo) {
  CmaDistribution distribution(Eigen::VectorXd::Constant(2, 0.5), 0.2, 6, false);
  RandomStream stream(1, "test");
  int n_generations = 0;
  for (; n_generations < 500 && !distribution.has_converged(); ++n_generations) {
    std::vector<CmaPoint> points;
    for (int i = 0; i < 6; ++i) {
      Eigen::VectorXd x = distribution.draw(stream);
      const double loss = x.squaredNorm();
      points.push_back({std::move(x), 0, loss});
    }
    distribution.update(std::move(points));
  }
  EXPECT_GT(n_generations, 30);
  EXPECT_LT(n_generations, 300);
}

Study study_of(const std::string& parameters) { return Study({.sampler = samplers().make("cmaes", parse_json(parameters))}); }

// The best of n trials of a mixed sphere whose integer has its least far from the middle, where its neighbours are worse by little.
double best_mixed(const std::string& parameters, int n) {
  Study study = study_of(parameters);
  for (int i = 0; i < n; ++i) {
    const int64_t trial = study.ask();
    double loss = 0;
    for (const char* name : {"a", "b", "c"}) {
      const double x = study.suggest_inside(trial, name, Distribution::real(name, -5, 5));
      loss += 100 * (x - 1) * (x - 1);
    }
    for (const char* name : {"j", "k"}) loss += std::abs(study.suggest_inside(trial, name, Distribution::integer(name, 0, 20)) - 18);
    study.tell(trial, {loss});
  }
  return study.best().values[0];
}

TEST(CmaSampler, IsNotStuckOnAnInteger) {
  double with = 0, without = 0;
  for (int seed = 0; seed < 10; ++seed) {
    const std::string s = std::to_string(seed);
    with += best_mixed("{\"restarts\": \"none\", \"seed\": " + s + "}", 600);
    without += best_mixed("{\"restarts\": \"none\", \"with_margin\": false, \"seed\": " + s + "}", 600);
  }
  EXPECT_LT(with, 0.5);
  EXPECT_GT(without, with);
}

// Rastrigin's function, which has many local minima.
double best_of_many_valleys(const std::string& restarts, int seed) {
  Study study = study_of("{\"restarts\": \"" + restarts + "\", \"seed\": " + std::to_string(seed) + "}");
  for (int i = 0; i < 20000; ++i) {
    const int64_t trial = study.ask();
    double loss = 0;
    for (const char* name : {"a", "b", "c"}) {
      const double x = study.suggest_inside(trial, name, Distribution::real(name, -5, 4));
      loss += x * x - 10 * std::cos(2 * 3.14159265358979 * x) + 10;
    }
    study.tell(trial, {loss});
  }
  return study.best().values[0];
}

TEST(CmaSampler, RestartsLeaveALocalMinimum) {
  std::map<std::string, int> found;
  for (const std::string restarts : {"none", "ipop", "bipop"})
    for (int seed = 0; seed < 6; ++seed) found[restarts] += best_of_many_valleys(restarts, seed) < 1e-3 ? 1 : 0;
  EXPECT_GE(found["ipop"], 5);
  EXPECT_GE(found["bipop"], 5);
  EXPECT_LT(found["none"], 4);
}

TEST(CmaSampler, BeginsWhereEarlierTrialsWereGood) {
  double warm = 0, cold = 0;
  for (int seed = 0; seed < 8; ++seed)
    for (const bool is_warm : {true, false}) {
      Study study = study_of("{\"warm_start\": " + std::string(is_warm ? "true" : "false") +
                             ", \"n_startup_trials\": 30, \"seed\": " + std::to_string(seed) + "}");
      const Distribution d = Distribution::real("x", -10, 10);
      RandomStream stream(static_cast<uint64_t>(seed), "earlier");
      for (int i = 0; i < 30; ++i) {
        const double x = 8 + stream.normal(), y = -8 + stream.normal();
        study.add_finished(TrialState::Complete, {{"x", d}, {"y", d}}, {std::clamp(x, -10.0, 10.0), std::clamp(y, -10.0, 10.0)},
                           {(x - 8) * (x - 8) + (y + 8) * (y + 8)});
      }
      double sum = 0;
      for (int i = 0; i < 12; ++i) {
        const int64_t trial = study.ask();
        const double x = study.suggest_inside(trial, "x", d), y = study.suggest_inside(trial, "y", d);
        study.tell(trial, {(x - 8) * (x - 8) + (y + 8) * (y + 8)});
        sum += (x - 8) * (x - 8) + (y + 8) * (y + 8);
      }
      (is_warm ? warm : cold) += sum;
    }
  EXPECT_LT(warm, cold / 3);
}

TEST(CmaSampler, BeginsWhereItIsTold) {
  double nearest = 1e9, sum = 0;
  Study study = study_of(R"({"x0": {"x": 8.5, "kind": "z"}, "sigma0": 0.01, "n_startup_trials": 1})");
  const Distribution kinds = Distribution::categorical("kind", {"a", "b", "c", "d", "e", "f", "z"}, true);
  for (int i = 0; i < 13; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", Distribution::real("x", -10, 10));
    const double y = study.suggest_inside(trial, "y", Distribution::real("y", -10, 10));
    const double kind = study.suggest_inside(trial, "kind", kinds);
    study.tell(trial, {1});
    if (i == 0) continue;  // uniform
    nearest = std::min(nearest, kind);
    sum += std::abs(x - 8.5) + std::abs(y);
  }
  EXPECT_LT(sum / 12, 1);
  EXPECT_GE(nearest, 5);
  EXPECT_THROW(study_of(R"({"x0": [1]})"), Error);
  Study wrong = study_of(R"({"x0": {"x": 11}})");
  const auto run = [&] {
    for (int i = 0; i < 2; ++i) {
      const int64_t trial = wrong.ask();
      wrong.tell(trial, {wrong.suggest_inside(trial, "x", Distribution::real("x", -10, 10))});
    }
  };
  EXPECT_THROW(run(), Error);
}

TEST(CmaSampler, RefusesSeveralObjectives) {
  Study study({.directions = {Direction::Minimize, Direction::Minimize}, .sampler = samplers().make("cmaes")});
  EXPECT_THROW(study.ask(), Error);
}

}  // namespace
}  // namespace kolosal
