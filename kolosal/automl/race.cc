#include "kolosal/automl/race.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// Tables up to this many cells are fitted several folds at once.
constexpr size_t kSmallTable = 2'000'000;
// Points kept of a learning curve.
constexpr size_t kCurvePoints = 100;
// Share of the time for the first fold of every candidate.
constexpr double kScoutingShare = 0.35;

// Every stride-th point, so that a curve stays small however long the fit.
void add_point(LearningCurve& curve, const FitProgress& progress) {
  const auto stride = static_cast<int32_t>(std::max<size_t>(1, static_cast<size_t>(progress.n_iterations) / kCurvePoints));
  if (progress.iteration % stride != 0 && progress.iteration != 1) return;
  curve.iteration.push_back(progress.iteration);
  curve.train_loss.push_back(progress.train_loss);
  curve.validation_loss.push_back(progress.validation_loss);
}

}  // namespace

bool Contender::complete() const {
  return std::ranges::all_of(fits, [](const auto& fit) { return fit.has_value(); });
}

Race::Race(Setting setting, std::vector<CandidateSpec> specs) : setting_(std::move(setting)) {
  const SupervisedRows& rows = setting_.folds.rows();
  OutOfFold held_out(rows.target.n_rows, 0);
  for (const Fold& fold : setting_.folds.folds()) held_out.add(fold, {});
  held_out_rows_ = held_out.rows();
  for (CandidateSpec& spec : specs) {
    Contender contender;
    contender.learner = learners().make(spec.learner, spec.parameters);
    contender.record.name = spec.name;
    contender.record.learner = spec.learner;
    contender.record.parameters = spec.parameters;
    contender.fits.resize(setting_.folds.folds().size());
    contender.spec = std::move(spec);
    contenders_.push_back(std::move(contender));
  }
}

bool Race::run() { return setting_.context.deadline.is_never() ? run_in_order() : run_against_time(); }

bool Race::run_in_order() {
  for (Contender& contender : contenders_) {
    if (&contender != &contenders_.front() && out_of_time()) return false;
    if (!scout(contender) || !finish(contender)) {
      stopped_ = stopped_ || setting_.context.should_stop();
    }
  }
  return !stopped_;
}

bool Race::run_against_time() {
  const double budget = setting_.context.deadline.remaining_seconds();
  const Stopwatch watch;
  size_t n_scouted = 0;
  // The baseline and the first real candidate are finished before anything is compared.
  for (; n_scouted < std::min<size_t>(2, contenders_.size()); ++n_scouted) {
    if (n_scouted > 0 && out_of_time()) return false;
    if (scout(contenders_[n_scouted])) finish(contenders_[n_scouted]);
  }
  const double scouting_ends = watch.seconds() + kScoutingShare * (budget - watch.seconds());
  while (!out_of_time()) {
    const bool may_scout = n_scouted < contenders_.size();
    Contender* next = may_scout && watch.seconds() < scouting_ends ? nullptr : next_to_finish();
    if (next != nullptr) finish(*next);
    else if (may_scout) scout(contenders_[n_scouted++]);
    else break;
  }
  bool done = true;
  for (Contender& contender : contenders_)
    if (contender.record.status == CandidateStatus::Waiting || contender.record.status == CandidateStatus::Running) {
      done = false;
      close(contender, CandidateStatus::Skipped, "no time was left");
    }
  return done;
}

// Fits the first fold. False where the candidate is out.
bool Race::scout(Contender& contender) {
  contender.record.status = CandidateStatus::Running;
  for (const auto& callback : setting_.callbacks) callback->on_candidate_begin(contender.record);
  fit_folds(contender, 0, 1);
  if (contender.record.status != CandidateStatus::Running) return false;
  if (contender.fits.size() == 1) return finish(contender);
  return true;
}

// Fits the other folds and scores all of them together.
bool Race::finish(Contender& contender) {
  if (contender.record.status != CandidateStatus::Running) return contender.record.status == CandidateStatus::Trained;
  fit_folds(contender, 1, contender.fits.size());
  if (contender.record.status != CandidateStatus::Running) return false;
  if (!contender.complete()) return close(contender, CandidateStatus::Skipped, "the time was up before every fold was done");
  const SupervisedRows& rows = setting_.folds.rows();
  OutOfFold held_out(rows.target.n_rows, rows.target.n_outputs());
  for (size_t k = 0; k < contender.fits.size(); ++k) {
    held_out.add(setting_.folds.folds()[k], contender.fits[k]->valid_predictions);
    contender.record.fold_scores.push_back(contender.fits[k]->score);
    contender.record.fit_seconds = contender.record.fit_seconds.value_or(0) + contender.fits[k]->fit_seconds;
    contender.record.predict_seconds = contender.record.predict_seconds.value_or(0) + contender.fits[k]->predict_seconds;
  }
  contender.predictions = held_out.predictions();
  const SupervisedRows judged = {Table(), rows.target.take(held_out_rows_), {}};
  std::vector<double> weights;
  if (!rows.weights.empty())
    for (const uint32_t row : held_out_rows_) weights.push_back(rows.weights[row]);
  try {
    const double score = score_predictions(setting_.metric, judged.target, weights, contender.predictions, rows.features.n_columns());
    if (std::isfinite(score)) contender.record.score = score;
  } catch (const Error& error) {
    fail(contender, error.message());
    return false;
  }
  return close(contender, CandidateStatus::Trained, {});
}

void Race::fit_folds(Contender& contender, size_t first, size_t last) {
  const SupervisedRows& rows = setting_.folds.rows();
  const bool small = rows.target.n_rows * std::max<size_t>(rows.features.n_columns(), 1) * rows.target.n_outputs() <= kSmallTable;
  const auto fit = [&](size_t k) {
    {
      const std::scoped_lock lock(mutex_);
      if (contender.record.status != CandidateStatus::Running) return;
    }
    const bool is_baseline = &contender == &contenders_.front();
    if (!is_baseline && out_of_time()) return;
    try {
      fit_one(contender, k, !small);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Timeout) return;
      fail(contender, error.message());
    } catch (const std::bad_alloc&) {
      fail(contender, "memory ran out");
    }
  };
  if (small) setting_.context.threads->parallel_each(last - first, [&](size_t i) { fit(first + i); });
  else
    for (size_t k = first; k < last; ++k) fit(k);
}

// Fits one fold, or finds it where an earlier run of the same work kept it.
void Race::fit_one(Contender& contender, size_t fold, bool alone) {
  FitContext context = setting_.context;
  const auto seed = static_cast<uint64_t>(setting_.options.seed);
  context.seed = derive_seed(derive_seed(seed, contender.spec.name), "fold", fold);
  if (contender.spec.family == "constant") context.deadline = Deadline();
  else if (!context.deadline.is_never() && alone) {
    // One slow fit must not use up what the other candidates need.
    const double share =
        *setting_.options.time_limit * (contender.fits.size() == 1 ? 0.3 : 0.4 / static_cast<double>(contender.fits.size()));
    context.deadline = context.deadline.earlier(Deadline::after(share));
  }
  LearningCurve curve;
  context.on_iteration = [&](const FitProgress& progress) {
    add_point(curve, progress);
    bool go_on = true;
    if (setting_.callbacks.empty()) return go_on;
    const std::scoped_lock lock(mutex_);
    for (const auto& callback : setting_.callbacks) go_on &= callback->on_iteration(contender.record, static_cast<int>(fold), progress);
    return go_on;
  };
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& callback : setting_.callbacks) callback->on_fold_begin(contender.record, static_cast<int>(fold));
  }
  const auto prepared = setting_.folds.prepare(contender.learner->needs(), fold, seed, context);
  FoldFit fit;
  if (auto kept = setting_.directory.find(contender.spec.name, fold);
      kept && kept->valid_predictions.size() == prepared->valid_target.n_rows * prepared->valid_target.n_outputs()) {
    fit = {kept->model, prepared->pipeline, std::move(kept->valid_predictions), kept->score, kept->fit_seconds, kept->predict_seconds};
    curve = std::move(kept->curve);
  } else {
    fit = fit_fold(*contender.learner, *prepared, setting_.metric, context);
    setting_.directory.keep(contender.spec.name, fold,
                            {fit.model, fit.valid_predictions, fit.score, fit.fit_seconds, fit.predict_seconds, curve});
  }
  const std::scoped_lock lock(mutex_);
  if (fold == 0) contender.record.curve = std::move(curve);
  for (const auto& callback : setting_.callbacks) callback->on_fold_end(contender.record, static_cast<int>(fold), fit.score);
  contender.fits[fold] = std::move(fit);
}

void Race::fail(Contender& contender, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  if (contender.record.status == CandidateStatus::Failed) return;
  contender.record.status = CandidateStatus::Failed;
  contender.record.reason = reason;
  contender.fits.assign(contender.fits.size(), std::nullopt);
  for (const auto& callback : setting_.callbacks) stopped_ |= !callback->on_candidate_end(contender.record);
}

bool Race::close(Contender& contender, CandidateStatus status, std::string reason) {
  const std::scoped_lock lock(mutex_);
  contender.record.status = status;
  contender.record.reason = std::move(reason);
  if (status != CandidateStatus::Trained) contender.fits.assign(contender.fits.size(), std::nullopt);
  for (const auto& callback : setting_.callbacks) stopped_ |= !callback->on_candidate_end(contender.record);
  return status == CandidateStatus::Trained;
}

// Loss on the first fold; infinity where it is not known.
double Race::loss_of(const Contender& contender) const {
  if (!contender.fits.front() || std::isnan(contender.fits.front()->score)) return std::numeric_limits<double>::infinity();
  return setting_.metric.higher_is_better() ? -contender.fits.front()->score : contender.fits.front()->score;
}

// The most promising candidate with folds left that the time allows: best of all first, then the best of families not yet
// finished, then the rest. Those hopelessly behind, and those that would not be done in time, are closed.
Contender* Race::next_to_finish() {
  double best = std::numeric_limits<double>::infinity();
  std::set<std::string> finished_families;
  for (const Contender& contender : contenders_) {
    best = std::min(best, loss_of(contender));
    if (contender.record.status == CandidateStatus::Trained) finished_families.insert(contender.spec.family);
  }
  const double baseline = loss_of(contenders_.front());
  const double hopeless = std::isfinite(baseline) ? best + 0.5 * std::max(0.0, baseline - best) : std::numeric_limits<double>::infinity();
  const double remaining = setting_.context.deadline.remaining_seconds();
  Contender* next = nullptr;
  std::pair<bool, double> next_rank;
  for (Contender& contender : contenders_) {
    if (contender.record.status != CandidateStatus::Running) continue;
    const double loss = loss_of(contender);
    if (loss > hopeless) {
      close(contender, CandidateStatus::Raced, "too far behind after one fold");
      continue;
    }
    const double per_fold = contender.fits.front() ? contender.fits.front()->fit_seconds + contender.fits.front()->predict_seconds : 0;
    const double needed = 0.8 * per_fold * static_cast<double>(contender.fits.size() - 1);
    if (needed > remaining) {
      close(contender, CandidateStatus::Skipped, "the time left would not have been enough for every fold");
      continue;
    }
    const std::pair<bool, double> rank = {loss > best && finished_families.contains(contender.spec.family), loss};
    if (next == nullptr || rank < next_rank) {
      next = &contender;
      next_rank = rank;
    }
  }
  return next;
}

}  // namespace kolosal
