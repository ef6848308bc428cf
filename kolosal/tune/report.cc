#include "kolosal/tune/report.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "kolosal/base/file.h"
#include "kolosal/base/html_page.h"
#include "kolosal/base/version.h"
#include "kolosal/tune/importance.h"
#include "kolosal/tune/storages/optuna_text.h"

namespace kolosal {

/// Made from web/study.html by the build.
extern const std::string_view kStudyTemplate;

namespace {

constexpr size_t kMostTrials = 3000;      // that are shown
constexpr size_t kNewest = 1000;          // of them the newest
constexpr size_t kMostForForest = 50000;  // complete trials times parameters up to which a forest is fitted for importances

Value number_value(double number) { return std::isfinite(number) ? Value(number) : Value(number_text(number)); }

Value list_of(std::span<const double> numbers) {
  Value::List list;
  for (const double number : numbers) list.push_back(number_value(number));
  return list;
}

Value moment(double seconds) { return std::isnan(seconds) ? Value() : Value(seconds); }

// The numbers of trials that are shown: all, or those that say most.
std::vector<uint8_t> shown(const std::vector<TrialRecord>& trials, const std::vector<Direction>& directions,
                           const std::vector<int64_t>& front) {
  std::vector<uint8_t> is_shown(trials.size(), trials.size() <= kMostTrials ? 1 : 0);
  if (trials.size() <= kMostTrials) return is_shown;
  for (const int64_t number : front) is_shown[static_cast<size_t>(number)] = 1;
  for (size_t k = 0; k < directions.size(); ++k) {
    double best = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < trials.size(); ++i) {
      if (!trials[i].is_eligible()) continue;
      const double loss = directions[k] == Direction::Minimize ? trials[i].values[k] : -trials[i].values[k];
      if (loss >= best) continue;
      best = loss;
      is_shown[i] = 1;
    }
  }
  const size_t n_old = trials.size() - kNewest, n_some = kMostTrials - kNewest;
  for (size_t i = 0; i < n_some; ++i) is_shown[i * n_old / n_some] = 1;
  std::fill(is_shown.begin() + static_cast<ptrdiff_t>(n_old), is_shown.end(), uint8_t{1});
  return is_shown;
}

Value trial_value(const TrialRecord& trial, size_t n_parameters) {
  Value::List parameters(n_parameters), reports;
  for (const TrialParameter& had : trial.parameters) parameters[had.parameter] = had.value;
  for (const auto& [step, value] : trial.intermediate) reports.push_back(Value::List{step, number_value(value)});
  return Value::Object{
      {"number", trial.number},          {"state", enum_name(trial.state)},  {"values", list_of(trial.values)},
      {"params", std::move(parameters)}, {"reports", std::move(reports)},    {"violation", number_value(trial.violation())},
      {"failure", trial.failure},        {"started", moment(trial.started)}, {"ended", moment(trial.ended)}};
}

// Each parameter with its last distribution and the bounds of all it has had.
Value parameter_values(const std::vector<std::string>& names, const std::vector<TrialRecord>& trials) {
  std::vector<const Distribution*> latest(names.size(), nullptr);
  std::vector<std::pair<double, double>> bounds(names.size(),
                                                {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()});
  for (const TrialRecord& trial : trials)
    for (const TrialParameter& had : trial.parameters) {
      latest[had.parameter] = had.distribution.get();
      auto& [low, high] = bounds[had.parameter];
      low = std::min(low, had.distribution->low);
      high = std::max(high, had.distribution->high);
    }
  Value::List list;
  for (size_t i = 0; i < names.size(); ++i) {
    Value described = Value::Object{{"name", names[i]}};
    if (latest[i] != nullptr) {
      described.set("type", latest[i]->to_value().at("type")).set("log", latest[i]->log);
      described.set("low", bounds[i].first).set("high", bounds[i].second);
      if (latest[i]->choices) described.set("choices", *latest[i]->choices);
    }
    list.push_back(std::move(described));
  }
  return list;
}

// What a way of measuring gives for one objective, or for all where there are several and it is -1; null where it cannot.
Value importance_value(const Study& study, const std::vector<TrialRecord>& trials, const std::string& method, int objective) {
  ImportanceQuestion question;
  if (objective >= 0) {
    const auto k = static_cast<size_t>(objective);
    question.target.emplace();
    for (const TrialRecord& trial : trials)
      if (trial.state == TrialState::Complete)
        question.target->emplace_back(trial.number, study.directions()[k] == Direction::Minimize ? trial.values[k] : -trial.values[k]);
  }
  Value::List names, shares;
  for (const auto& [name, share] : param_importances(study, *importances().make(method), question)) {
    names.emplace_back(name);
    shares.emplace_back(share);
  }
  return Value::Object{{"method", method}, {"objective", objective}, {"names", std::move(names)}, {"shares", std::move(shares)}};
}

Value importance_values(const Study& study, const std::vector<TrialRecord>& trials) {
  const auto n = std::count_if(trials.begin(), trials.end(), [](const auto& trial) { return trial.state == TrialState::Complete; });
  Value::List list;
  if (n < 2) return list;
  const auto n_objectives = static_cast<int>(study.directions().size());
  if (n_objectives > 1) list.push_back(importance_value(study, trials, "ped_anova", -1));
  for (int k = 0; k < n_objectives; ++k) {
    list.push_back(importance_value(study, trials, "ped_anova", k));
    if (static_cast<size_t>(n) * study.parameter_names().size() <= kMostForForest)
      list.push_back(importance_value(study, trials, "fanova", k));
  }
  return list;
}

}  // namespace

Value study_report(const Study& study) {
  // In this order: a study that runs has all trials and parameters that what was read before speaks of.
  std::vector<int64_t> front = study.pareto_front();
  if (study.directions().size() == 1 && !front.empty()) front = {study.best().number};
  const std::vector<TrialRecord> trials = study.trials();
  const std::vector<std::string> names = study.parameter_names();
  Value::List directions, listed, numbers;
  for (const Direction direction : study.directions()) directions.emplace_back(enum_name(direction));
  Value states = Value::Object{};
  for (const auto& [state, name] : enum_names(TrialState{}))
    states.set(std::string(name),
               std::count_if(trials.begin(), trials.end(), [&, wanted = state](const auto& trial) { return trial.state == wanted; }));
  for (const int64_t number : front) numbers.emplace_back(number);
  const std::vector<uint8_t> is_shown = shown(trials, study.directions(), front);
  for (size_t i = 0; i < trials.size(); ++i)
    if (is_shown[i] != 0) listed.push_back(trial_value(trials[i], names.size()));
  return Value::Object{{"kolosal_version", version()},
                       {"study", study.name()},
                       {"directions", std::move(directions)},
                       {"user_attributes", study.study_attributes()},
                       {"n_trials", trials.size()},
                       {"states", std::move(states)},
                       {"parameters", parameter_values(names, trials)},
                       {"best", std::move(numbers)},
                       {"importances", importance_values(study, trials)},
                       {"trials", std::move(listed)}};
}

std::string study_report_html(const Study& study) { return html_page(kStudyTemplate, study_report(study)); }

void write_study_report(const Study& study, const std::string& path) {
  const std::string page = study_report_html(study);
  write_file_atomically(path, [&](const auto& sink) { sink(page); });
}

}  // namespace kolosal
