// Studies for tests of samplers, and an objective with parameters of every kind.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/json.h"
#include "kolosal/tune/study.h"

namespace kolosal {

/// A study in memory whose sampler has the parameters, which are JSON.
inline Study study_with(const std::string& sampler, const std::string& parameters = "{}",
                        std::vector<Direction> directions = {Direction::Minimize}) {
  return Study({.name = "s", .directions = std::move(directions), .sampler = samplers().make(sampler, parse_json(parameters))});
}

/// The parameters without which a sampler could not propose those of `objective`, as JSON.
inline std::string parameters_for(const std::string& sampler) {
  return sampler == "grid" ? R"({"search_space": {"x": [-1, 0.5], "k": [1, 3], "lr": [0.01, 1], "c": ["a", null], "q": [0.25]}})" : "{}";
}

/// The loss of a running trial: of a real, an integer, a logarithmic range, a choice, and a parameter that one of the choices has.
inline double objective(Study& study, int64_t trial) {
  const double x = study.suggest(trial, "x", Distribution::real("x", -5, 5)).as_real();
  const auto k = static_cast<double>(study.suggest(trial, "k", Distribution::integer("k", 1, 9, 2)).as_integer());
  const double lr = study.suggest(trial, "lr", Distribution::real("lr", 1e-3, 1, 0, true)).as_real();
  double loss = x * x + k + std::abs(std::log10(lr) + 2);
  if (study.suggest(trial, "c", Distribution::categorical("c", {"a", Value(), true})).is_null())
    loss += study.suggest(trial, "q", Distribution::real("q", 0, 1, 0.25)).as_real();
  return loss;
}

/// Runs as many trials, and gives their losses.
inline std::vector<double> losses_of(Study& study, int n) {
  std::vector<double> losses;
  for (int i = 0; i < n; ++i) {
    const int64_t trial = study.ask();
    losses.push_back(objective(study, trial));
    study.tell(trial, {losses.back()});
  }
  return losses;
}

}  // namespace kolosal
