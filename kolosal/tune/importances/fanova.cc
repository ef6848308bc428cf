// fANOVA: the share of the variance of a random forest over the space that each parameter explains alone.
//
// Rules    A forest is fitted to the complete trials, by the places of the parameters in their scale, so that a logarithmic range counts by
//          its logarithm; steps and choices count alike. What parameters do only together belongs to none of them. Parameters without a
//          name in the question: those that all complete trials have with one range; with names, trials that have them all are used.
// Cost     O(n_trees d n depth).
// Source   Hutter, Hoos and Leyton-Brown, ICML 2014. Optuna 5 does the same without logarithms.
// Checked  importance_test.cc: shares of functions that can be worked out; tests/parity/test_importances.py against Optuna 5.
#include <algorithm>
#include <cmath>

#include "kolosal/base/threads.h"
#include "kolosal/tune/importance.h"
#include "kolosal/tune/importances/fanova_tree.h"
#include "kolosal/tune/shared_space.h"

namespace kolosal {
namespace {

struct FanovaParams {
  int n_trees = 64;
  int max_depth = 64;
  int64_t seed = 0;
};
void describe(Fields<FanovaParams>& f) {
  f.add("n_trees", &FanovaParams::n_trees, "Trees of the forest.").min(1).max(100000);
  f.add("max_depth", &FanovaParams::max_depth, "Splits from the root of a tree to a leaf, at most.").min(1).max(1000);
  f.add("seed", &FanovaParams::seed, "Which random numbers are drawn.");
}

const TrialParameter* find(const TrialRecord& trial, uint32_t parameter) {
  for (const TrialParameter& had : trial.parameters)
    if (had.parameter == parameter) return &had;
  return nullptr;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

// The named parameters with the one range that they have in the trials that have them all.
Subspace named_space(const ImportanceInput& input, const std::vector<std::string>& names) {
  std::vector<uint32_t> wanted;
  for (const std::string& name : names) {
    const auto at = std::find(input.names.begin(), input.names.end(), name);
    if (at == input.names.end())
      throw Error(ErrorCode::BadValue, "importance: no complete trial has the parameter '" + name + "'" + did_you_mean(name, input.names));
    wanted.push_back(static_cast<uint32_t>(at - input.names.begin()));
  }
  std::vector<TrialRecord> having;
  for (const TrialRecord& trial : input.trials)
    if (std::all_of(wanted.begin(), wanted.end(), [&](uint32_t parameter) { return find(trial, parameter) != nullptr; }))
      having.push_back(trial);
  if (having.empty() && !names.empty())
    throw Error(ErrorCode::BadValue, "importance: no complete trial has all of the parameters " + listed(names), "Name fewer.");
  Subspace space;
  for (const auto& member : shared_space(having))
    if (std::find(wanted.begin(), wanted.end(), member.first) != wanted.end()) space.push_back(member);
  if (space.size() < wanted.size())
    throw Error(ErrorCode::BadValue, "importance: the range of one of the parameters " + listed(names) + " differs from trial to trial",
                "Use ped_anova, which takes such parameters.");
  return space;
}

class Fanova final : public Importance {
 public:
  explicit Fanova(FanovaParams params) : params_(params) {}

  Importances evaluate(const ImportanceInput& input) const override {
    if (!input.losses.empty() && input.losses[0].size() > 1)
      throw Error(ErrorCode::BadValue, "fanova takes one objective; the study has " + std::to_string(input.losses[0].size()),
                  "Give a target, as lambda trial: trial.values[0], or use ped_anova.");
    const Subspace space = input.parameters ? named_space(input, *input.parameters) : shared_space(input.trials);
    FanovaPoints points;
    std::vector<double> y;
    Subspace varied;
    for (const auto& member : space)
      if (!member.second->is_single()) {
        varied.push_back(member);
        points.n_choices.push_back(member.second->kind == ParameterKind::Categorical ? static_cast<uint32_t>(member.second->choices->size())
                                                                                     : 0);
        points.columns.emplace_back();
      }
    for (size_t row = 0; row < input.trials.size(); ++row) add(input.trials[row], input.losses[row][0], varied, points, y);
    Importances found;
    const std::vector<double> shares = y.size() > 1 && !varied.empty() ? shares_of(points, y) : std::vector<double>(varied.size(), 0.0);
    for (const auto& member : space)
      if (member.second->is_single()) found.emplace_back(input.names[member.first], 0.0);
    for (size_t i = 0; i < varied.size(); ++i) found.emplace_back(input.names[varied[i].first], shares[i]);
    return found;
  }

 private:
  // Adds a trial that has all parameters.
  static void add(const TrialRecord& trial, double loss, const Subspace& space, FanovaPoints& points, std::vector<double>& y) {
    std::vector<double> x;
    for (const auto& [parameter, distribution] : space) {
      const TrialParameter* had = find(trial, parameter);
      if (had == nullptr) return;
      const double low = distribution->scaled_low(), high = distribution->scaled_high();
      x.push_back(distribution->kind == ParameterKind::Categorical ? had->value : (distribution->place(had->value) - low) / (high - low));
    }
    for (size_t i = 0; i < x.size(); ++i) points.columns[i].push_back(x[i]);
    y.push_back(loss);
  }

  std::vector<double> shares_of(const FanovaPoints& points, std::vector<double> y) const {
    double mean = 0;
    for (const double value : y) mean += value / static_cast<double>(y.size());
    for (double& value : y) value -= mean;
    const size_t d = points.columns.size();
    std::vector<std::vector<double>> by_tree(static_cast<size_t>(params_.n_trees));
    Threads().parallel_each(by_tree.size(), [&](size_t i) {
      const FanovaTree tree(points, y, params_.max_depth, RandomStream(static_cast<uint64_t>(params_.seed), "fanova tree", i));
      const double whole = tree.variance();
      if (!(whole > 0)) return;
      for (size_t j = 0; j < d; ++j) by_tree[i].push_back(tree.variance_of(j) / whole);
    });
    std::vector<double> shares(d, 0.0);
    double n = 0;
    for (const std::vector<double>& of_tree : by_tree) {
      if (of_tree.empty()) continue;
      ++n;
      for (size_t j = 0; j < d; ++j) shares[j] += of_tree[j];
    }
    for (double& share : shares) share = n > 0 ? share / n : 0;
    return shares;
  }

  FanovaParams params_;
};

}  // namespace

void register_fanova(Catalog<Importance>& catalog) {
  catalog.add<Fanova, FanovaParams>("fanova", "The share of a random forest's variance that a parameter explains alone.");
}

}  // namespace kolosal
