#include "kolosal/automl/options.h"

#include <charconv>
#include <cmath>
#include <span>

#include "kolosal/base/thread_options.h"

namespace kolosal {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

double parse_with_unit(std::string_view text, std::span<const Unit> units, std::string_view what, std::string_view example) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  const std::string_view unit(stop, static_cast<size_t>(end - stop));
  for (const Unit& known : units)
    if (status == std::errc() && unit == known.name && number > 0 && std::isfinite(number)) return number * known.factor;
  throw Error(ErrorCode::BadValue, "'" + std::string(text) + "' is not " + std::string(what),
              "Write it like " + std::string(example) + ".");
}

}  // namespace

void describe(Fields<TrainOptions>& f) {
  f.add("target", &TrainOptions::target, "Column to predict; several columns make a regression with several outputs.").alias("label");
  f.add("task", &TrainOptions::task, "Kind of prediction; inferred from the target where not given.");
  f.add("metric", &TrainOptions::metric, "Metric by which models are compared; the task's usual one where not given.").alias("eval_metric");
  f.add("time_limit", &TrainOptions::time_limit, "Seconds within which everything is done, reading and saving included.")
      .above(0)
      .alias("time_budget")
      .alias("time_budget_seconds");
  f.add("memory_limit", &TrainOptions::memory_limit, "Bytes that the run may use; 80 % of what is free where not given.").min(1 << 26);
  f.add("max_models", &TrainOptions::max_models, "Number of models to train; with it and without a time limit a run replays to the byte.")
      .min(1);
  f.add("preset", &TrainOptions::preset, "How much work goes into the run.");
  f.add("learners", &TrainOptions::learners, "Use only these learners; all that suit the task where empty.");
  add_thread_fields(f);
  f.add("seed", &TrainOptions::seed, "Seed of everything random.").min(0).alias("random_state");
  f.add("n_folds", &TrainOptions::n_folds, "Folds of the cross-validation; chosen by rows and budget where not given.")
      .min(2)
      .max(1000)
      .alias("cv_folds")
      .alias("folds");
  f.add("fold_strategy", &TrainOptions::fold_strategy,
        "How rows are split; chosen by task and by the group, time or fold column where not given.");
  f.add("gap", &TrainOptions::gap, "Rows left out between training and held-out rows of a time series split.").min(0);
  f.add("weight", &TrainOptions::weight, "Column of row weights.");
  f.add("group", &TrainOptions::group, "Column whose equal values must not be split over folds, or the query of a ranking task.");
  f.add("time", &TrainOptions::time, "Column that orders the rows in time: later rows are then never used to predict earlier ones.");
  f.add("fold", &TrainOptions::fold, "Column of fold numbers made beforehand; negative means always trained on.");
  f.add("kinds", &TrainOptions::kinds, "Kinds of columns as COLUMN=KIND, in place of the inferred ones.");
  f.add("drop", &TrainOptions::drop, "Columns to leave out.");
  f.add("refit", &TrainOptions::refit,
        "Fit the chosen models once more on all rows in place of keeping one per fold; the fast preset does.");
  f.add("patience", &TrainOptions::patience, "Stop after so many models in a row that do not improve the best score.").min(1);
  f.add("min_delta", &TrainOptions::min_delta, "Smallest change of the score that counts as an improvement for patience.").min(0);
}

double parse_duration(std::string_view text) {
  static constexpr Unit kUnits[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
  return parse_with_unit(text, kUnits, "a duration", "90s, 10m or 1h");
}

int64_t parse_bytes(std::string_view text) {
  static constexpr Unit kUnits[] = {{"", 1},     {"B", 1},        {"KB", 1e3},        {"MB", 1e6},
                                    {"GB", 1e9}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
  return static_cast<int64_t>(std::min(parse_with_unit(text, kUnits, "an amount of memory", "500MB or 2GB"), 9e18));
}

SchemaOptions schema_options(const TrainOptions& options) {
  SchemaOptions columns;
  columns.target = options.target;
  columns.weight = options.weight;
  columns.group = options.group;
  columns.time = options.time;
  columns.fold = options.fold;
  columns.drop = options.drop;
  for (const std::string& assignment : options.kinds) {
    const size_t equals = assignment.rfind('=');
    if (equals == std::string::npos)
      throw Error(ErrorCode::BadValue, "'" + assignment + "' does not give the kind of a column",
                  "Write it as COLUMN=KIND, like age=numeric.");
    columns.kinds[assignment.substr(0, equals)] = enum_from_name<ColumnKind>(assignment.substr(equals + 1));
  }
  return columns;
}

}  // namespace kolosal
