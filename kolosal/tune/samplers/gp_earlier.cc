#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/kernels/normal.h"
#include "kolosal/tune/samplers/gp_earlier-inl.h"

namespace kolosal {
namespace {

// Where the parameters lie in the space; none where one is missing or not allowed.
std::optional<Eigen::VectorXd> point_of(const Value& parameters, const GpSpace& space, const History& history, double study) {
  Eigen::VectorXd x(static_cast<Eigen::Index>(space.size()) + 1);
  for (size_t i = 0; i < space.size(); ++i) {
    const std::string& name = history.parameters()[space.parameters()[i].first].name;
    const Value* value = parameters.find(name);
    if (value == nullptr) return std::nullopt;
    try {
      x[static_cast<Eigen::Index>(i)] = space.coordinate(i, space.of(i).inside(name, *value));
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  x[x.size() - 1] = study;
  return x;
}

}  // namespace

Eigen::VectorXd normal_scores(const std::vector<double>& losses) {
  const size_t n = losses.size();
  const auto is_less = [&](size_t a, size_t b) { return losses[a] < losses[b] || (std::isnan(losses[b]) && !std::isnan(losses[a])); };
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), is_less);
  Eigen::VectorXd scores(static_cast<Eigen::Index>(n));
  for (size_t begin = 0, end = 0; begin < n; begin = end) {
    while (end < n && !is_less(order[begin], order[end])) ++end;
    const double share = 0.5 * static_cast<double>(begin + end) / static_cast<double>(n);
    for (size_t i = begin; i < end; ++i) scores[static_cast<Eigen::Index>(order[i])] = -normal_quantile(share);
  }
  return scores;
}

EarlierStudies::EarlierStudies(const Value& studies, const std::string& name) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::BadValue,
                name + ": " + what + R"(; it must be a list of studies, each a list of {"parameters": {...}, "loss": number})");
  };
  if (!studies.is_list()) refuse("a value of kind " + std::string(studies.kind_name()));
  for (const Value& study : studies.as_list()) {
    if (!study.is_list()) refuse("a study of kind " + std::string(study.kind_name()));
    std::vector<double> losses;
    for (const Value& trial : study.as_list()) {
      const Value* parameters = trial.is_object() ? trial.find("parameters") : nullptr;
      const Value* loss = trial.is_object() ? trial.find("loss") : nullptr;
      if (parameters == nullptr || !parameters->is_object() || loss == nullptr || !loss->is_number() || trial.as_object().size() != 2)
        refuse("a trial that is no such object");
      losses.push_back(loss->as_real());
    }
    const Eigen::VectorXd scores = normal_scores(losses);
    std::vector<Trial> trials;
    for (size_t i = 0; i < losses.size(); ++i)
      trials.push_back({study.as_list()[i].at("parameters"), scores[static_cast<Eigen::Index>(i)]});
    std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.score > b.score; });
    if (!trials.empty()) studies_.push_back(std::move(trials));
  }
}

EarlierStudies::Points EarlierStudies::in(const GpSpace& space, const History& history, size_t n) const {
  Points all;
  for (size_t k = 0; k < studies_.size(); ++k) {
    Points of_study;
    for (const Trial& trial : studies_[k])
      if (auto x = point_of(trial.parameters, space, history, static_cast<double>(k + 1))) {
        of_study.x.push_back(std::move(*x));
        of_study.scores.push_back(trial.score);
      }
    const size_t have = of_study.x.size(), kept = std::min(have, std::max<size_t>(n / studies_.size(), 1));
    for (size_t i = 0; i < kept; ++i) {
      const size_t at = kept == have ? i : i * have / kept;
      all.x.push_back(of_study.x[at]);
      all.scores.push_back(of_study.scores[at]);
    }
  }
  return all;
}

}  // namespace kolosal
