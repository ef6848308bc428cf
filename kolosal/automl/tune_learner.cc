#include "kolosal/automl/tune_learner.h"

#include <algorithm>
#include <cmath>

#include "kolosal/automl/portfolio.h"
#include "kolosal/automl/training_table.h"
#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/base/thread_options.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/tune/optimize.h"
#include "kolosal/tune/storage_address.h"
#include "kolosal/validation/cross_validate.h"

namespace kolosal {
namespace {

constexpr int64_t kDefaultTrials = 50;
constexpr size_t kManyRows = 50'000;  // from which on there are fewer folds
constexpr int kMostFailures = 10;     // in a row, while no trial is complete
constexpr double kBeatSeconds = 30, kGraceSeconds = 120;
constexpr std::string_view kObjective = "kolosal:objective";

bool has(const Value::Object& object, std::string_view name) {
  return std::ranges::any_of(object, [&](const auto& member) { return member.first == name; });
}

const FieldSpec& field_of(const CatalogEntry<Learner>& entry, std::string_view name, std::string_view where) {
  const FieldSpec* field = entry.parameters.find(name);
  if (field == nullptr)
    throw Error(ErrorCode::UnknownParameter,
                std::string(where) + ": learner '" + entry.name + "' has no parameter '" + std::string(name) + "'" +
                    did_you_mean(name, entry.parameters.names()),
                "See kolosal.models or docs/reference/learners.md for those it has.");
  return *field;
}

// The values of NAME=VALUE, by the learner's names.
Value::Object fixed_values(const CatalogEntry<Learner>& entry, const std::vector<std::string>& assignments) {
  Value::Object fixed;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      throw Error(ErrorCode::BadValue, "set: '" + assignment + "' does not give a parameter a value", "Write it as NAME=VALUE.");
    const FieldSpec& field = field_of(entry, assignment.substr(0, equals), "set");
    if (has(fixed, field.name)) throw Error(ErrorCode::BadValue, "set: parameter '" + field.name + "' is given twice");
    fixed.emplace_back(field.name, parse_field_text(field, assignment.substr(equals + 1), "set: " + field.name));
  }
  return fixed;
}

// Values that are allowed where all of the distribution is: its choices, or its bounds.
Value::List extremes(const Distribution& distribution) {
  if (distribution.kind == ParameterKind::Categorical) return *distribution.choices;
  return {distribution.outside(distribution.low), distribution.outside(distribution.high)};
}

// The space that is given, with the learner's parameters checked by name and bounds, or the learner's own.
SearchSpace space_of(const CatalogEntry<Learner>& entry, const TuneOptions& options, const Value::Object& fixed) {
  if (options.space.is_null()) return learner_space(entry.name, fixed);
  SearchSpace space = SearchSpace::from_value(options.space);
  for (const DeclaredParameter& parameter : space.parameters()) {
    const FieldSpec& field = field_of(entry, parameter.name, "space");
    for (const Value& value : extremes(parameter.distribution)) check_field(field, value, "space: " + parameter.name);
    if (has(fixed, parameter.name))
      throw Error(ErrorCode::BadValue, "parameter '" + parameter.name + "' is in the space and has a fixed value",
                  "Leave one of them out.");
  }
  return space;
}

std::unique_ptr<Pruner> pruner_of(const TuneOptions& options) {
  return options.pruner.empty() ? nullptr : pruners().make(options.pruner, options.pruner_parameters);
}

std::unique_ptr<Sampler> sampler_of(const TuneOptions& options, int64_t seed) {
  const CatalogEntry<Sampler>& entry = samplers().at(options.sampler);
  Value parameters = options.sampler_parameters;
  if (parameters.is_null()) parameters = Value(Value::Object{});
  if (entry.parameters.find("seed") != nullptr && parameters.find("seed") == nullptr) parameters.set("seed", Value(seed));
  return entry.make(parameters);
}

std::unique_ptr<Metric> metric_of(const TrainOptions& options, Task task, std::string& name) {
  name = metrics().at(options.metric.value_or(std::string(default_metric(task)))).name;
  std::unique_ptr<Metric> metric = metrics().make(name);
  if (!metric->supports(task))
    throw Error(ErrorCode::Unsupported, "metric '" + name + "' cannot judge a " + std::string(enum_name(task)) + " task");
  return metric;
}

// One run of tune_learner.
class Tuning {
 public:
  Tuning(const Table& table, TrainOptions table_options, const TuneOptions& options, const TuneRun& run);
  TuneResult finish();

 private:
  void prepare(const Table& table);
  void open_study();
  void check_objective(const Value& objective);
  void enqueue_defaults();
  void run_trials();
  double score_of(RunningTrial& trial);
  void end_early(size_t n_scored) const;
  bool goes_on(const TrialRecord& ended);

  TrainOptions table_options_;
  const TuneOptions& options_;
  const TuneRun& run_;
  const CatalogEntry<Learner>& entry_;
  FitContext context_;
  TrainingTable training_;
  std::unique_ptr<Metric> metric_;
  std::unique_ptr<PreparedFolds> folds_;
  uint32_t checksum_ = 0;
  SearchSpace space_;
  TuneTask task_;
  std::shared_ptr<Study> study_;
  int64_t n_trials_ = 0, n_failures_ = 0;  // of this run, and how many of the last failed
  std::string last_failure_;
};

Tuning::Tuning(const Table& table, TrainOptions table_options, const TuneOptions& options, const TuneRun& run)
    : table_options_(std::move(table_options)), options_(options), run_(run), entry_(learners().at(options.learner)) {
  context_.deadline = run.deadline;
  if (table_options_.time_limit && context_.deadline.is_never()) context_.deadline = Deadline::after(*table_options_.time_limit);
  context_.cancel = run.cancel;
  context_.threads = std::make_shared<const Threads>(thread_options(table_options_));
  if (table_options_.memory_limit) context_.memory = std::make_shared<MemoryBudget>(static_cast<size_t>(*table_options_.memory_limit));
  context_.share_work();
  task_.learner = entry_.name;
  task_.fixed = fixed_values(entry_, options_.set);
  space_ = space_of(entry_, options_, task_.fixed);
  prepare(table);
  open_study();
}

void Tuning::prepare(const Table& table) {
  training_ = make_training_table(table, table_options_);
  checksum_ = table_checksum(table);
  const auto learner = entry_.make(Value(task_.fixed));
  if (!learner->supports(training_.task))
    throw Error(ErrorCode::Unsupported, "learner '" + entry_.name + "' cannot do a " + std::string(enum_name(training_.task)) + " task");
  if (const std::string why = learner->unavailable(); !why.empty())
    throw Error(ErrorCode::Unsupported, "learner '" + entry_.name + "': " + why);
  metric_ = metric_of(table_options_, training_.task, task_.metric);
  const TableSize size = training_.size();
  TrainOptions split_options = table_options_;
  if (!split_options.n_folds && !split_options.fold) split_options.n_folds = size.n_rows < kManyRows ? 5 : 3;
  const auto seed = static_cast<uint64_t>(table_options_.seed);
  folds_ = std::make_unique<PreparedFolds>(training_.rows, training_.schema,
                                           training_.make_splits(plan_split(size, split_options), derive_seed(seed, "folds")));
  task_.higher_is_better = metric_->higher_is_better();
  task_.task = training_.task;
  task_.task_reason = training_.task_reason;
  task_.n_rows = static_cast<int64_t>(size.n_rows);
  task_.n_features = static_cast<int64_t>(size.n_features);
  task_.n_folds = static_cast<int64_t>(folds_->folds().size());
  task_.findings = training_.findings;
}

void Tuning::open_study() {
  StudyOptions study;
  study.name = task_.study = options_.study.empty() ? entry_.name : options_.study;
  study.directions = {task_.higher_is_better ? Direction::Maximize : Direction::Minimize};
  study.sampler = sampler_of(options_, table_options_.seed);
  study.pruner = pruner_of(options_);
  if (!options_.storage.empty())
    study.storage = open_storage(options_.storage, {{"heartbeat_seconds", kBeatSeconds}, {"grace_seconds", kGraceSeconds}});
  study.opening = StudyOpening::CreateOrLoad;
  study_ = std::make_shared<Study>(std::move(study));
  check_objective(Value(Value::Object{{"learner", Value(entry_.name)},
                                      {"fixed", Value(task_.fixed)},
                                      {"target", Value(Value::List(table_options_.target.begin(), table_options_.target.end()))},
                                      {"metric", Value(task_.metric)},
                                      {"n_folds", Value(task_.n_folds)},
                                      {"seed", Value(table_options_.seed)},
                                      {"table", Value(static_cast<int64_t>(checksum_))}}));
  task_.n_trials_before = static_cast<int64_t>(study_->n_trials());
  if (task_.n_trials_before == 0) enqueue_defaults();
}

// Values of a study are compared: they must be of one objective.
void Tuning::check_objective(const Value& objective) {
  const Value attributes = study_->study_attributes();
  const Value* known = attributes.find(kObjective);
  if (known == nullptr) {
    if (study_->n_trials() > 0)
      throw Error(ErrorCode::BadValue, "study '" + task_.study + "' has trials of an objective that is not known", "Give another --study.");
    study_->set_study_attribute(kObjective, objective);
    return;
  }
  for (const auto& [name, value] : objective.as_object()) {
    const Value* had = known->find(name);
    if (had != nullptr && to_json(*had) == to_json(value)) continue;
    const std::string other = name == "table" ? "is of another table"
                                              : "has " + name + " " + (had == nullptr ? "null" : to_json(*had)) + ", not " + to_json(value);
    throw Error(ErrorCode::BadValue, "study '" + task_.study + "' " + other, "Give another --study, or what the study was begun with.");
  }
}

void Tuning::enqueue_defaults() {
  Value::Object defaults;
  for (const DeclaredParameter& parameter : space_.parameters()) {
    const Value& value = field_of(entry_, parameter.name, "space").default_value;
    if (value.is_null()) continue;
    try {
      (void)parameter.distribution.inside(parameter.name, value);
      defaults.emplace_back(parameter.name, value);
    } catch (const Error&) {  // the default is not in the space
    }
  }
  if (!defaults.empty()) study_->enqueue(std::move(defaults));
}

// Ends the trial where the run is to end. One that was interrupted says nothing of its parameters.
void Tuning::end_early(size_t n_scored) const {
  if (!context_.should_stop()) return;
  if (context_.cancel.cancelled()) throw Error(ErrorCode::Cancelled, "stopped on request");
  if (n_scored == 0) throw Error(ErrorCode::Timeout, "the time limit passed");
  throw TrialPruned();
}

// The mean of the scores of the folds.
double Tuning::score_of(RunningTrial& trial) {
  const size_t n_folds = folds_->folds().size();
  size_t k = 0;
  double sum = 0;
  try {
    Value parameters(trial.suggest(space_));
    for (const auto& [name, value] : task_.fixed) parameters.set(name, value);
    const auto learner = entry_.make(parameters);
    for (; k < n_folds; ++k) {
      if (run_.listener != nullptr) run_.listener->on_fold(trial.number(), static_cast<int64_t>(k));
      FitContext context = context_;
      context.seed = derive_seed(static_cast<uint64_t>(table_options_.seed), "tune", k);
      const auto prepared = folds_->prepare(learner->needs(), k, static_cast<uint64_t>(table_options_.seed), context);
      const FoldFit fit = fit_fold(*learner, *prepared, *metric_, context);
      end_early(k);  // what was fitted may be less than it would have been
      sum += fit.score;
      trial.report(sum / static_cast<double>(k + 1), static_cast<int64_t>(k + 1));
      if (k + 1 < n_folds && !options_.pruner.empty() && trial.should_prune()) throw TrialPruned();
    }
  } catch (const std::bad_alloc&) {
    end_early(k);
    throw Error(ErrorCode::OutOfMemory, "memory ran out");
  } catch (const std::exception&) {
    end_early(k);  // what was cut short may fail for that
    throw;
  }
  return sum / static_cast<double>(n_folds);
}

// Takes note of a trial that has ended; whether another is to follow.
bool Tuning::goes_on(const TrialRecord& ended) {
  ++n_trials_;
  if (run_.listener != nullptr) run_.listener->on_trial(*study_, ended);
  if (ended.state == TrialState::Failed) last_failure_ = ended.failure;
  n_failures_ = ended.state == TrialState::Failed ? n_failures_ + 1 : 0;
  return !context_.should_stop() && (n_failures_ < kMostFailures || n_failures_ < n_trials_);
}

void Tuning::run_trials() {
  OptimizeOptions options;
  if (options_.trials || context_.deadline.is_never()) options.n_trials = options_.trials.value_or(kDefaultTrials);
  if (context_.should_stop()) options.cancel.cancel();
  options.goes_on = [](const std::exception&) { return true; };
  options.on_stale = [](Study& study, int64_t stale) { (void)study.retry(stale, 1, false); };  // is run once more
  options.on_trial = [&](const Study&, const TrialRecord& ended) {
    if (!goes_on(ended)) options.cancel.cancel();
  };
  optimize(
      *study_, [this](RunningTrial& trial) { return std::vector{score_of(trial)}; }, options);
}

TuneResult Tuning::finish() {
  if (run_.listener != nullptr) run_.listener->on_begin(task_);
  run_trials();
  study_->refresh();
  TuneResult result;
  if (const auto best = study_->best_or_none()) {
    result.best = *best;
  } else {
    if (context_.cancel.cancelled()) throw Error(ErrorCode::Cancelled, "stopped before a trial was complete");
    if (context_.deadline.passed())
      throw Error(ErrorCode::Timeout, "the time limit passed before a trial was complete", "Give more time, or fewer folds.");
    throw Error(ErrorCode::BadValue, "no trial was complete" + (last_failure_.empty() ? "" : "; the last failed: " + last_failure_));
  }
  result.parameters = trial_parameters(*study_, result.best);
  for (const auto& member : task_.fixed) result.parameters.push_back(member);
  result.task = std::move(task_);
  result.study = study_;
  result.n_trials = n_trials_;
  return result;
}

}  // namespace

void describe(Fields<TuneOptions>& f) {
  using P = TuneOptions;
  f.add("learner", &P::learner, "Learner whose parameters are tuned.").alias("model");
  f.add("trials", &P::trials, "Trials that this run makes; 50 where no time limit is given either.").min(1).alias("n_trials");
  f.add("sampler", &P::sampler, "What proposes the parameters of a trial.");
  f.add("sampler_parameters", &P::sampler_parameters, "Its parameters, by name.");
  f.add("pruner", &P::pruner, "What ends trials early, by their first folds; none where empty.");
  f.add("pruner_parameters", &P::pruner_parameters, "Its parameters, by name.");
  f.add("storage", &P::storage,
        "Where the study is kept and shared: sqlite:///PATH, journal:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE; with the "
        "run it ends where empty.");
  f.add("study", &P::study, "Name of the study in the storage, which is gone on with where it is there; the learner's name where empty.")
      .alias("study_name");
  f.add("set", &P::set, "Parameters of the learner that are fixed, as NAME=VALUE.");
  f.add("space", &P::space, "Search space in place of the learner's own ranges: {\"parameters\": {NAME: {\"type\": ...}}}.");
}

SearchSpace learner_space(std::string_view learner, const Value::Object& left_out) {
  const CatalogEntry<Learner>& entry = learners().at(learner);
  SearchSpace space;
  for (const FieldSpec& field : entry.parameters.fields) {
    if (!field.search || has(left_out, field.name)) continue;
    const SearchRange& range = *field.search;
    const bool whole = field.type == FieldType::Integer;
    space.add({field.name,
               whole ? Distribution::integer(field.name, static_cast<int64_t>(range.low), static_cast<int64_t>(range.high), 1, range.log)
                     : Distribution::real(field.name, range.low, range.high, 0, range.log),
               {}});
  }
  if (space.parameters().empty())
    throw Error(ErrorCode::Unsupported, "learner '" + entry.name + "' has no parameter with a range of its own to search",
                "Give a search space.");
  return space;
}

void check_tune_options(const TuneOptions& options) {
  const CatalogEntry<Learner>& entry = learners().at(options.learner);
  const Value::Object fixed = fixed_values(entry, options.set);
  (void)entry.make(Value(fixed));
  (void)space_of(entry, options, fixed);
  (void)sampler_of(options, 0);
  (void)pruner_of(options);
  if (!options.storage.empty()) check_storage_address(options.storage);
}

TuneResult tune_learner(const Table& table, const TrainOptions& table_options, const TuneOptions& options, const TuneRun& run) {
  return Tuning(table, table_options, options, run).finish();
}

Value::Object trial_parameters(const Study& study, const TrialRecord& trial) {
  Value::Object parameters;
  for (const TrialParameter& had : trial.parameters)
    parameters.emplace_back(study.parameter_name(had.parameter), had.distribution->outside(had.value));
  return parameters;
}

}  // namespace kolosal
