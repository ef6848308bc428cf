// Evaluation of a predictor on a table that has the target.

#include "kolosal/automl/automl.h"
#include "kolosal/metrics/interval.h"

namespace kolosal {

void describe(Fields<MetricScore>& f) {
  f.add("metric", &MetricScore::metric, "Name of the metric.");
  f.add("score", &MetricScore::score, "Its value on the table.");
  f.add("low", &MetricScore::low, "Lower end of the 95 % interval.");
  f.add("high", &MetricScore::high, "Upper end of the 95 % interval.");
}

std::vector<MetricScore> evaluate(const Predictor& predictor, const Table& table, const std::vector<std::string>& metric_names,
                                  const FitContext& context) {
  for (const std::string& name : predictor.target_names())
    if (table.find(name) == nullptr)
      throw Error(ErrorCode::UnknownColumn, "the table does not have the target column '" + name + "'",
                  "Evaluate on rows whose target is known.");
  const std::vector<uint32_t> rows = rows_with_target(table, predictor.schema());
  if (rows.empty()) throw Error(ErrorCode::EmptyInput, "no row of the table has a target (empty input)");
  const Table judged = rows.size() == table.n_rows() ? table : table.take(rows);
  const Table conformed = conform(judged, predictor.schema(), Conform::Training);
  const Target target = make_target(conformed, predictor.schema(), predictor.task(), predictor.class_names());
  std::vector<double> weights;
  if (const auto weighted = predictor.schema().with_role(ColumnRole::Weight); !weighted.empty())
    weights = conformed.column(weighted.front()->name).numbers();
  const Predictions predictions = predictor.predict(judged, *context.threads);
  const MetricInput input{target.task,
                          target.values,
                          predictions.values,
                          target.n_outputs(),
                          weights,
                          target.group,
                          predictor.schema().with_role(ColumnRole::Feature).size()};
  std::vector<std::string> names = metric_names;
  if (names.empty())
    for (const std::string& name : metrics().names())
      if (metrics().make(name)->supports(predictor.task())) names.push_back(name);
  std::vector<MetricScore> scores;
  for (const std::string& name : names) {
    const auto metric = metrics().make(name);
    if (!metric->supports(predictor.task()))
      throw Error(ErrorCode::Unsupported, "metric '" + name + "' cannot judge a " + std::string(enum_name(predictor.task())) + " task");
    try {
      MetricScore score{metrics().at(name).name, metric->score(input), 0, 0};
      const Interval interval = bootstrap_interval(*metric, input, {}, context);
      score.low = interval.low;
      score.high = interval.high;
      scores.push_back(std::move(score));
    } catch (const Error& error) {
      // A metric that these values do not allow (RMSLE of negative numbers) is left out unless it was asked for.
      if (!metric_names.empty() || error.code() != ErrorCode::BadValue) throw;
    }
  }
  return scores;
}

}  // namespace kolosal
