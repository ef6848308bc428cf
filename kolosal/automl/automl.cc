#include "kolosal/automl/automl.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/automl/ensemble_selection.h"
#include "kolosal/automl/portfolio.h"
#include "kolosal/automl/race.h"
#include "kolosal/automl/run_directory.h"
#include "kolosal/automl/training_table.h"
#include "kolosal/base/json.h"
#include "kolosal/base/memory_pressure.h"
#include "kolosal/base/random.h"
#include "kolosal/base/thread_options.h"
#include "kolosal/base/version.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/metrics/interval.h"

namespace kolosal {
namespace {

// Time that ensemble, importances, artifact and report may take after the last fit.
double reserve_seconds(double budget) { return std::max(0.3, 0.06 * budget); }

size_t memory_limit(const TrainOptions& options) {
  if (options.memory_limit) return static_cast<size_t>(*options.memory_limit);
  return static_cast<size_t>(0.8 * static_cast<double>(read_memory_state().available_bytes));
}

// Bytes that a Value's number arrays take.
int64_t array_bytes(const Value& value) {
  if (value.is_numbers()) return static_cast<int64_t>(value.as_numbers().n_bytes());
  int64_t bytes = 0;
  if (value.is_list())
    for (const Value& element : value.as_list()) bytes += array_bytes(element);
  if (value.is_object())
    for (const auto& [key, member] : value.as_object()) bytes += array_bytes(member);
  return bytes;
}

// What a resumed run must share with the one it goes on with: everything but the memory limit and threads. The time limit is
// part of it, since the plan depends on it.
std::string fingerprint(const RunRecord& record) {
  RunRecord same = record.without_timings();
  same.options.memory_limit.reset();
  same.candidates.clear();
  return to_json(Value(Value::Object{{"options", to_value(same.options)},
                                     {"table", Value(static_cast<int64_t>(record.table_checksum))},
                                     {"version", Value(record.kolosal_version)}}));
}

// Contenders that finished, with the weights of their mean.
struct Chosen {
  std::vector<const Contender*> contenders;
  std::vector<double> weights;

  std::vector<std::span<const double>> predictions() const {
    std::vector<std::span<const double>> all;
    for (const Contender* contender : contenders) all.emplace_back(contender->predictions);
    return all;
  }
};

// One run of AutoML::fit, step by step.
class Run {
 public:
  Run(const TrainOptions& options, const TrainRun& run, const Table& table);
  TrainResult finish();

 private:
  void begin_record(const Table& table);
  void race();
  void choose();
  double cross_fitted_score(const Chosen& chosen) const;
  void refit();
  std::shared_ptr<const Predictor> make_predictor() const;
  void finish_record(const Predictor& predictor);
  CandidateRecord ensemble_record(std::span<const double> prediction) const;
  void set_interval(CandidateRecord& record, std::span<const double> prediction) const;
  bool wants_refit() const { return options_.refit.value_or(options_.preset == Preset::Fast); }

  TrainOptions options_;
  const TrainRun& run_;
  Stopwatch watch_;
  Deadline deadline_;
  FitContext context_;
  std::shared_ptr<const Metric> metric_;
  TrainingTable training_;
  SplitPlan split_;
  RunRecord record_;
  TrainCallbacks callbacks_;
  RunDirectory directory_;
  std::unique_ptr<PreparedFolds> folds_;
  std::unique_ptr<Race> race_;
  HeldOut held_out_;
  Chosen chosen_;
  std::vector<FittedMember> refitted_;  // one for each of chosen_, or empty
};

Run::Run(const TrainOptions& options, const TrainRun& run, const Table& table) : options_(options), run_(run), callbacks_(run.callbacks) {
  deadline_ = run.deadline;
  if (options.time_limit && deadline_.is_never()) deadline_ = Deadline::after(*options.time_limit);
  if (!deadline_.is_never() && !options_.time_limit) options_.time_limit = std::max(0.1, deadline_.remaining_seconds());
  context_.cancel = run.cancel;
  context_.threads = std::make_shared<const Threads>(thread_options(options));
  context_.memory = std::make_shared<MemoryBudget>(memory_limit(options));
  context_.seed = static_cast<uint64_t>(options.seed);
  training_ = make_training_table(table, options);
  begin_record(table);
  if (!run.run_directory.empty()) directory_ = RunDirectory(run.run_directory, fingerprint(record_), run.resume);
  if (options.patience)
    callbacks_.push_back(std::make_shared<CandidateEarlyStopping>(*options.patience, options.min_delta, record_.higher_is_better));
  race();
  choose();
  if (wants_refit()) refit();
}

void Run::begin_record(const Table& table) {
  record_.kolosal_version = version();
  record_.options = options_;
  record_.task = training_.task;
  record_.task_reason = training_.task_reason;
  record_.metric = options_.metric.value_or(std::string(default_metric(training_.task)));
  if (run_.custom_metric) {
    metric_ = run_.custom_metric;
    record_.metric = options_.metric.value_or("custom");
  } else {
    record_.metric = metrics().at(record_.metric).name;
    metric_ = metrics().make(record_.metric);
  }
  if (!metric_->supports(training_.task))
    throw Error(ErrorCode::Unsupported,
                "metric '" + record_.metric + "' cannot judge a " + std::string(enum_name(training_.task)) + " task");
  record_.higher_is_better = metric_->higher_is_better();
  record_.class_names = training_.rows.target.class_names;
  record_.n_rows = static_cast<int64_t>(training_.rows.target.n_rows);
  record_.n_rows_without_target = static_cast<int64_t>(training_.n_rows_without_target);
  record_.n_features = static_cast<int64_t>(training_.rows.features.n_columns());
  record_.table_checksum = table_checksum(table);
  record_.findings = training_.findings;
}

void Run::race() {
  const TableSize size = training_.size();
  split_ = plan_split(size, options_);
  std::vector<CandidateSpec> specs = plan_candidates(size, split_, options_);
  folds_ =
      std::make_unique<PreparedFolds>(training_.rows, training_.schema, training_.make_splits(split_, derive_seed(context_.seed, "folds")),
                                      std::min<size_t>(context_.memory->limit() / 4, size_t{256} << 20));
  record_.fold_strategy = enum_name(split_.options.strategy);
  record_.n_folds = static_cast<int32_t>(folds_->folds().size());
  FitContext fitting = context_;
  fitting.share_work();
  if (!deadline_.is_never()) {
    const double reserve = reserve_seconds(*options_.time_limit) + (wants_refit() ? 0.25 * *options_.time_limit : 0.0);
    fitting.deadline = Deadline(deadline_.when() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(reserve)));
  }
  race_ = std::make_unique<Race>(Race::Setting{*folds_, *metric_, options_, directory_, callbacks_, fitting}, std::move(specs));
  for (const Contender& contender : race_->contenders()) record_.candidates.push_back(contender.record);
  for (const auto& callback : callbacks_) callback->on_train_begin(record_);
  record_.stopped_early = !race_->run();
  fitting.cache->clear();
}

// Weighs the finished contenders by their held-out predictions.
void Run::choose() {
  held_out_.rows = race_->held_out_rows();
  held_out_.target = training_.rows.target.take(held_out_.rows);
  if (!training_.rows.weights.empty())
    for (const uint32_t row : held_out_.rows) held_out_.weights.push_back(training_.rows.weights[row]);
  for (const Contender& contender : race_->contenders())
    if (contender.record.status == CandidateStatus::Trained) chosen_.contenders.push_back(&contender);
  // The baseline is there to be beaten: it predicts only where nothing else was trained.
  if (chosen_.contenders.size() > 1) std::erase_if(chosen_.contenders, [](const Contender* c) { return c->spec.family == "constant"; });
  if (chosen_.contenders.empty()) {
    const CandidateRecord& baseline = race_->contenders().front().record;
    throw Error(run_.cancel.cancelled() ? ErrorCode::Cancelled : ErrorCode::BadValue,
                "no model could be trained: " + (baseline.reason.empty() ? "stopped before the first was done" : baseline.reason));
  }
  FitContext context = context_;
  context.deadline = deadline_;
  const EnsembleInput input{held_out_.target, held_out_.weights, chosen_.predictions(), training_.rows.features.n_columns()};
  chosen_.weights = select_ensemble(input, *metric_, context);
  held_out_.predictions = weighted_mean(chosen_.predictions(), chosen_.weights);
}

// The score of an ensemble whose weights were chosen on the other half of the rows: an estimate that selection did not flatter.
double Run::cross_fitted_score(const Chosen& chosen) const {
  std::vector<uint8_t> half_of_row(training_.rows.target.n_rows);
  const auto& folds = folds_->folds();
  for (size_t k = 0; k < folds.size(); ++k)
    for (size_t i = 0; i < folds[k].valid.size(); ++i)
      half_of_row[folds[k].valid[i]] = static_cast<uint8_t>((folds.size() > 1 ? k : i) % 2);
  std::vector<uint8_t> half;
  for (const uint32_t row : held_out_.rows) half.push_back(half_of_row[row]);
  FitContext context = context_;
  context.deadline = deadline_;
  const EnsembleInput input{held_out_.target, held_out_.weights, chosen.predictions(), training_.rows.features.n_columns()};
  const std::vector<double> combined = cross_fitted_mean(input, half, *metric_, context);
  if (combined.empty()) return std::numeric_limits<double>::quiet_NaN();
  return score_predictions(*metric_, held_out_.target, held_out_.weights, combined, input.n_features);
}

// Fits every contender of the mean once more on all rows, for as many iterations as its folds needed. Folds are kept where
// the time is not enough.
void Run::refit() {
  std::vector<FittedMember> members(chosen_.contenders.size());
  FitContext context = context_;
  if (!deadline_.is_never()) {
    const double reserve = reserve_seconds(*options_.time_limit);
    context.deadline = Deadline(deadline_.when() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(reserve)));
  }
  for (size_t j = 0; j < members.size(); ++j) {
    if (chosen_.weights[j] == 0) continue;
    const Contender& contender = *chosen_.contenders[j];
    Value parameters = contender.spec.parameters;
    double iterations = 0;
    for (const auto& fit : contender.fits)
      iterations += static_cast<double>(fit->model->n_iterations()) / static_cast<double>(contender.fits.size());
    if (contender.learner->uses_validation() && iterations > 0) {
      parameters.set("n_trees", Value(std::lround(iterations)));
      parameters.set("patience", Value());
    }
    try {
      context.seed = derive_seed(derive_seed(static_cast<uint64_t>(options_.seed), contender.spec.name), "refit");
      const auto learner = learners().make(contender.spec.learner, parameters);
      const auto prepared = prepare_all(training_.rows, training_.schema, learner->needs(), static_cast<uint64_t>(options_.seed), context);
      members[j] = {prepared->pipeline,
                    learner->fit({prepared->train_x, prepared->train_target, prepared->train_weights}, nullptr, context)};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Timeout && error.code() != ErrorCode::Cancelled) throw;
      return;
    }
    if (context.should_stop()) return;
  }
  refitted_ = std::move(members);
}

std::shared_ptr<const Predictor> Run::make_predictor() const {
  std::vector<PredictorMember> members;
  for (size_t j = 0; j < chosen_.contenders.size(); ++j) {
    if (chosen_.weights[j] == 0) continue;
    PredictorMember member{chosen_.contenders[j]->spec.name, chosen_.weights[j], {}};
    if (!refitted_.empty()) member.members.push_back(refitted_[j]);
    else
      for (const auto& fit : chosen_.contenders[j]->fits) member.members.push_back({fit->pipeline, fit->model});
    members.push_back(std::move(member));
  }
  return std::make_shared<const Predictor>(training_.schema, training_.task, training_.rows.target.class_names, std::move(members));
}

void Run::set_interval(CandidateRecord& record, std::span<const double> prediction) const {
  if (!record.score || std::isnan(*record.score)) return;
  FitContext context = context_;
  context.deadline = deadline_;
  const Target& target = held_out_.target;
  const Interval interval = bootstrap_interval(
      *metric_,
      {target.task, target.values, prediction, target.n_outputs(), held_out_.weights, target.group, training_.rows.features.n_columns()},
      {}, context);
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return;
  record.score_low = interval.low;
  record.score_high = interval.high;
}

CandidateRecord Run::ensemble_record(std::span<const double> prediction) const {
  CandidateRecord record;
  record.name = record.learner = "ensemble";
  record.status = CandidateStatus::Trained;
  double score = cross_fitted_score(chosen_);
  if (std::isnan(score))
    score = score_predictions(*metric_, held_out_.target, held_out_.weights, prediction, training_.rows.features.n_columns());
  if (std::isfinite(score)) record.score = score;
  double fit = 0, predict = 0;
  for (size_t j = 0; j < chosen_.contenders.size(); ++j)
    if (chosen_.weights[j] > 0) {
      fit += chosen_.contenders[j]->record.fit_seconds.value_or(0);
      predict += chosen_.contenders[j]->record.predict_seconds.value_or(0);
    }
  record.fit_seconds = fit;
  record.predict_seconds = predict;
  record.weight = 1;
  return record;
}

void Run::finish_record(const Predictor& predictor) {
  record_.candidates.clear();
  for (const Contender& contender : race_->contenders()) record_.candidates.push_back(contender.record);
  for (size_t j = 0; j < chosen_.contenders.size(); ++j) {
    const auto found = std::ranges::find(record_.candidates, chosen_.contenders[j]->spec.name, &CandidateRecord::name);
    found->weight = chosen_.weights[j];
    if (refitted_.empty() || chosen_.weights[j] == 0)
      for (const auto& fit : chosen_.contenders[j]->fits) found->size_bytes += array_bytes(fit->model->to_value());
    else found->size_bytes = array_bytes(refitted_[j].model->to_value());
    set_interval(*found, chosen_.contenders[j]->predictions);
  }
  if (predictor.members().size() > 1) {
    CandidateRecord ensemble = ensemble_record(held_out_.predictions);
    for (const PredictorMember& member : predictor.members()) ensemble.size_bytes += record_.find(member.name)->size_bytes;
    set_interval(ensemble, held_out_.predictions);
    record_.candidates.push_back(std::move(ensemble));
    record_.best = "ensemble";
  } else {
    record_.best = predictor.members().front().name;
  }
  const auto rank = [&](const CandidateRecord& candidate) {
    if (!candidate.score || std::isnan(*candidate.score)) return std::numeric_limits<double>::infinity();
    return record_.higher_is_better ? -*candidate.score : *candidate.score;
  };
  std::ranges::stable_sort(record_.candidates, {}, rank);
  std::vector<std::pair<std::string, double>> importance = predictor.feature_importance();
  std::ranges::stable_sort(importance, std::greater(), &std::pair<std::string, double>::second);
  for (const auto& [name, share] : importance) {
    record_.importance_names.push_back(name);
    record_.importance.push_back(share);
  }
  record_.total_seconds = watch_.seconds();
}

TrainResult Run::finish() {
  auto predictor = make_predictor();
  finish_record(*predictor);
  for (const auto& callback : callbacks_) callback->on_train_end(record_);
  if (!run_.cancel.cancelled()) directory_.remove();  // what was interrupted may be resumed
  return {std::move(predictor), std::move(record_), std::move(held_out_)};
}

}  // namespace

TrainResult AutoML::fit(const Table& table, const TrainRun& run) const { return Run(options_, run, table).finish(); }

std::future<TrainResult> AutoML::fit_async(Table table, TrainRun run) const {
  return std::async(std::launch::async,
                    [options = options_, table = std::move(table), run = std::move(run)] { return AutoML(options).fit(table, run); });
}

void TrainResult::save(const std::string& path) const {
  const RunRecord lasting = record.without_timings();
  const CandidateRecord* best = lasting.find(lasting.best);
  RunRecord brief = lasting;  // a summary is short: what plots need stays in the content
  for (CandidateRecord& candidate : brief.candidates) {
    candidate.curve = {};
    candidate.fold_scores.clear();
  }
  Value summary;
  summary.set("kolosal_version", Value(lasting.kolosal_version))
      .set("task", Value(enum_name(lasting.task)))
      .set("target", to_value(lasting.options).at("target"))
      .set("classes", to_value(lasting).at("class_names"))
      .set("metric", Value(lasting.metric))
      .set("best", Value(lasting.best))
      .set("score", best != nullptr && best->score ? Value(*best->score) : Value())
      .set("n_rows", Value(lasting.n_rows))
      .set("n_features", Value(lasting.n_features))
      .set("schema", parse_json(to_json(to_value(predictor->schema()))))
      .set("record", parse_json(to_json(to_value(brief))));
  write_artifact(path, summary, Value(Value::Object{{"predictor", predictor->to_value()}, {"record", to_value(lasting)}}));
}

TrainResult TrainResult::load(const std::string& path) {
  const Value content = read_artifact(path);
  const Value* predictor = content.find("predictor");
  if (predictor == nullptr) {
    const bool preprocesses = content.find("preprocessor") != nullptr;
    throw Error(ErrorCode::BadValue,
                "'" + path + (preprocesses ? "' is a preprocessor, not a model" : "' is not what kolosal train writes"),
                preprocesses ? "Apply it with kolosal preprocess TABLE --load " + path + "."
                             : "Name a file that kolosal train or AutoML.save wrote.");
  }
  TrainResult result;
  result.predictor = std::make_shared<const Predictor>(Predictor::from_value(*predictor));
  result.record = from_value<RunRecord>(content.at("record"));
  return result;
}

}  // namespace kolosal
