#include "kolosal/validation/cross_validate.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>

#include "kolosal/base/random.h"

namespace kolosal {

std::vector<double> predict_all(const Model& model, const FeatureMatrix& x) {
  std::vector<double> out(x.n_rows() * model.n_outputs());
  model.predict(x, out);
  return out;
}

double score_predictions(const Metric& metric, const Target& target, std::span<const double> weights, std::span<const double> predictions,
                         size_t n_features) {
  return metric.score({target.task, target.values, predictions, target.n_outputs(), weights, target.group, n_features});
}

FoldFit fit_fold(const Learner& learner, const PreparedFold& fold, const Metric& metric, const FitContext& context) {
  const TrainingSet train{fold.train_x, fold.train_target, fold.train_weights};
  const TrainingSet valid{fold.valid_x, fold.valid_target, fold.valid_weights};
  FoldFit fit;
  const Stopwatch fitting;
  fit.model = learner.fit(train, learner.uses_validation() ? &valid : nullptr, context);
  fit.pipeline = fold.pipeline;
  fit.fit_seconds = fitting.seconds();
  const Stopwatch predicting;
  fit.valid_predictions = predict_all(*fit.model, fold.valid_x);
  fit.predict_seconds = predicting.seconds();
  fit.score = score_predictions(metric, fold.valid_target, fold.valid_weights, fit.valid_predictions, fold.valid_x.n_features());
  return fit;
}

void OutOfFold::add(const Fold& fold, std::span<const double> predictions) {
  for (size_t i = 0; i < fold.valid.size(); ++i) {
    counts_[fold.valid[i]] += 1;
    for (size_t k = 0; k < n_outputs_; ++k) sums_[fold.valid[i] * n_outputs_ + k] += predictions[i * n_outputs_ + k];
  }
}

std::vector<uint32_t> OutOfFold::rows() const {
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < counts_.size(); ++row)
    if (counts_[row] > 0) rows.push_back(static_cast<uint32_t>(row));
  return rows;
}

std::vector<double> OutOfFold::predictions() const {
  std::vector<double> means;
  for (size_t row = 0; row < counts_.size(); ++row)
    for (size_t k = 0; counts_[row] > 0 && k < n_outputs_; ++k) means.push_back(sums_[row * n_outputs_ + k] / counts_[row]);
  return means;
}

namespace {

// The first so many folds are fitted by one thread each, which does less work in all than threads that share the rows or features of a
// fold; of the last all threads that are free do a part.
size_t folds_fitted_alone(size_t n_folds, size_t n_threads) {
  if (n_threads < 2 || n_folds <= n_threads) return 0;
  const size_t n_last = n_folds % n_threads;
  return n_folds - (n_last == 0 ? n_threads : n_last);
}

}  // namespace

CrossValidation cross_validate(const Learner& learner, const PreparedFolds& folds, const Metric& metric, const FitContext& context) {
  const size_t n_folds = folds.folds().size();
  CrossValidation result;
  result.fits.resize(n_folds);
  std::mutex listening;
  const auto alone = std::make_shared<const Threads>(1);
  const size_t n_alone = folds_fitted_alone(n_folds, static_cast<size_t>(context.threads->size()));
  const auto fit = [&](size_t k, const std::shared_ptr<const Threads>& threads) {
    context.check();
    FitContext fold_context = context;
    fold_context.threads = threads;
    fold_context.seed = derive_seed(context.seed, "fold", k);
    if (context.on_iteration)
      fold_context.on_iteration = [&](const FitProgress& progress) {
        const std::scoped_lock lock(listening);
        return context.on_iteration(progress);
      };
    const auto prepared = folds.prepare(learner.needs(), k, context.seed, fold_context);
    result.fits[k] = fit_fold(learner, *prepared, metric, fold_context);
  };
  std::vector<char> crowded(n_folds, 0);
  std::atomic<size_t> next{0};  // folds begin in their order
  context.threads->parallel_each(n_folds, [&](size_t) {
    const size_t k = next++;
    try {
      fit(k, k < n_alone ? alone : context.threads);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::OutOfMemory) throw;
      crowded[k] = 1;
    }
  });
  for (size_t k = 0; k < n_folds; ++k)
    if (crowded[k] != 0) fit(k, context.threads);
  for (const FoldFit& each : result.fits) result.fold_scores.push_back(each.score);
  const auto n = static_cast<double>(n_folds);
  for (const double score : result.fold_scores) result.mean_score += score / n;
  for (const double score : result.fold_scores) result.std_score += (score - result.mean_score) * (score - result.mean_score) / n;
  result.std_score = std::sqrt(result.std_score);
  return result;
}

}  // namespace kolosal
