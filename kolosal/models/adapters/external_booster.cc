#include "kolosal/models/adapters/external_booster.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/json.h"
#include "kolosal/models/best_round.h"

namespace kolosal {
namespace {

float checked(double number, const char* what) {
  const auto narrow = static_cast<float>(number);
  if (!std::isfinite(narrow)) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, 3).ptr;
    throw Error(ErrorCode::BadValue, std::string("a ") + what + " is too large for float32: " + std::string(text.data(), end),
                "Scale them, or use a learner of Kolosal's own.");
  }
  return narrow;
}

}  // namespace

ExternalRows::ExternalRows(const TrainingSet& set) {
  std::vector<uint32_t> rows(set.x.n_rows());
  std::iota(rows.begin(), rows.end(), 0U);
  if (!set.weights.empty()) std::erase_if(rows, [&](uint32_t row) { return !(set.weights[row] > 0); });
  if (set.target.task == Task::Ranking) std::ranges::stable_sort(rows, {}, [&](uint32_t row) { return set.target.group[row]; });
  const bool all = rows.size() == set.x.n_rows() && std::ranges::is_sorted(rows);
  x = all ? set.x : set.x.take(rows);
  const bool weighted = std::ranges::any_of(rows, [&](uint32_t row) { return !set.weights.empty() && set.weights[row] != 1; });
  for (const uint32_t row : rows) {
    target.push_back(checked(set.target.values[row], "target"));
    if (weighted) weights.push_back(checked(set.weights[row], "weight"));
  }
  if (set.target.task != Task::Ranking) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || set.target.group[rows[i]] != set.target.group[rows[i - 1]]) group_sizes.push_back(0);
    ++group_sizes.back();
  }
  if (!weighted) return;
  auto weight = weights.begin();
  for (const int32_t size : group_sizes) {
    group_weights.push_back(static_cast<float>(std::accumulate(weight, weight + size, 0.0) / size));
    weight += size;
  }
}

bool has_one_class(const TrainingSet& set) {
  if (!is_classification(set.target.task)) return false;
  const double* first = nullptr;
  for (size_t i = 0; i < set.target.n_rows; ++i) {
    if (!set.weights.empty() && !(set.weights[i] > 0)) continue;
    if (first == nullptr) first = &set.target.values[i];
    if (set.target.values[i] != *first) return false;
  }
  return true;
}

int run_rounds(ExternalBooster& booster, int n_trees, BestRound best, bool held_out, const FitContext& context) {
  int round = 0;
  while (round < n_trees && !context.should_stop()) {
    const bool more = booster.update(round++);
    double loss = std::numeric_limits<double>::quiet_NaN();
    if (held_out) {
      loss = booster.validation_loss(round - 1);
      best.note(round, loss);
    }
    if (context.on_iteration && !context.on_iteration({round, n_trees, std::numeric_limits<double>::quiet_NaN(), loss})) break;
    if (!more || best.is_over()) break;
  }
  if (round == 0) context.check();
  return held_out && best.round() > 0 ? best.round() : round;
}

bool higher_is_better(std::string_view metric) {
  constexpr std::string_view kGains[] = {"auc", "aucpr", "auc_mu", "average_precision", "ndcg", "map", "mean_average_precision", "pre"};
  return std::ranges::find(kGains, metric.substr(0, metric.find('@'))) != std::end(kGains);
}

std::vector<std::pair<std::string, std::string>> merged_settings(std::vector<std::pair<std::string, std::string>> settings,
                                                                 const Value& extra) {
  if (extra.is_null()) return settings;
  for (const auto& [name, value] : extra.as_object()) {
    const std::string text = value.is_text() ? value.as_text() : to_json(value);
    const auto known = std::ranges::find(settings, name, &std::pair<std::string, std::string>::first);
    if (known == settings.end()) settings.emplace_back(name, text);
    else known->second = text;
  }
  return settings;
}

}  // namespace kolosal
