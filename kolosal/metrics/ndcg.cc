// Normalised discounted cumulative gain of rankings: mean over groups of the gain by predicted score over the best possible.
//
// The gain of a row is its relevance, discounted by log2(2 + rank); rows of equal score share their ranks' mean discount. A
// group without relevant rows counts as 0; a group's weight is the mean of its rows'.
// Source   Jarvelin and Kekalainen, ACM TOIS 20(4), 2002; ties: McSherry and Najork, ECIR 2008.
// Checked  against scikit-learn's ndcg_score in python/tests/test_metrics.py; by hand in metric_test.cc.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

struct NdcgParams {
  std::optional<int32_t> k;
};

void describe(Fields<NdcgParams>& f) { f.add("k", &NdcgParams::k, "Only the first k ranks count; all where not given.").min(1); }

using Group = std::vector<std::pair<double, double>>;  // (score, relevance)

double discounted_gain(Group rows, size_t k) {
  std::ranges::stable_sort(rows, std::greater(), [](const auto& row) { return row.first; });
  double gain = 0;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    double discount = 0, relevance = 0;
    for (; end < rows.size() && rows[end].first == rows[begin].first; ++end) {
      if (end < k) discount += 1 / std::log2(2.0 + static_cast<double>(end));
      relevance += rows[end].second;
    }
    gain += relevance / static_cast<double>(end - begin) * discount;
    begin = end;
  }
  return gain;
}

double ndcg(const Group& rows, size_t k) {
  Group best = rows;
  for (auto& [score, relevance] : best) score = relevance;
  const double ideal = discounted_gain(best, k);
  return ideal > 0 ? discounted_gain(rows, k) / ideal : 0.0;
}

class Ndcg : public Metric {
 public:
  explicit Ndcg(NdcgParams params) : k_(params.k ? static_cast<size_t>(*params.k) : ~size_t{0}) {}
  bool supports(Task task) const override { return task == Task::Ranking; }
  bool higher_is_better() const override { return true; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return std::nan("");
    std::map<uint32_t, std::pair<Group, double>> groups;
    for (size_t row = 0; row < input.n_rows(); ++row) {
      if (input.weight(row) <= 0) continue;
      if (std::isnan(input.prediction[row])) return std::nan("");
      auto& [rows, weight] = groups[input.group.empty() ? 0 : input.group[row]];
      rows.emplace_back(input.prediction[row], input.target[row]);
      weight += input.weight(row);
    }
    double sum = 0, total = 0;
    for (const auto& [id, group] : groups) {
      const double weight = group.second / static_cast<double>(group.first.size());
      sum += weight * ndcg(group.first, k_);
      total += weight;
    }
    return sum / total;
  }

 private:
  size_t k_;
};

}  // namespace

void register_ndcg(Catalog<Metric>& catalog) {
  catalog.add<Ndcg, NdcgParams>("ndcg", "Normalised discounted cumulative gain of the ranking in each group.");
}

}  // namespace kolosal
