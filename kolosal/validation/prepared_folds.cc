#include "kolosal/validation/prepared_folds.h"

#include <utility>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

std::vector<double> taken_weights(const std::vector<double>& weights, std::span<const uint32_t> rows) {
  std::vector<double> taken;
  if (weights.empty()) return taken;
  taken.reserve(rows.size());
  for (const uint32_t row : rows) taken.push_back(weights[row]);
  return taken;
}

std::string cache_key(const FeatureNeeds& needs, size_t fold, uint64_t seed) {
  return std::to_string(needs.accepts_missing) + std::to_string(needs.accepts_categories) + std::to_string(needs.wants_scaling) + ":" +
         std::to_string(fold) + ":" + std::to_string(seed);
}

// Fits the pipeline on `train` and transforms `valid` (may be null) with it.
std::shared_ptr<const PreparedFold> fit_on(SupervisedRows train, const SupervisedRows* valid, const Schema& schema,
                                           const FeatureNeeds& needs, uint64_t seed, FitContext context) {
  context.seed = derive_seed(seed, "pipeline");
  const std::vector<PipelineStep> steps = plan_pipeline(schema, needs, train.target.n_rows, train.target.task);
  auto [pipeline, train_x] = fit_pipeline(steps, {train.features, &train.target, train.weights}, context);
  auto prepared = std::make_shared<PreparedFold>();
  prepared->pipeline = std::make_shared<const FittedPipeline>(std::move(pipeline));
  prepared->train_x = std::move(train_x);
  prepared->train_target = std::move(train.target);
  prepared->train_weights = std::move(train.weights);
  if (valid != nullptr) {
    prepared->valid_x = prepared->pipeline->transform(valid->features, *context.threads);
    prepared->valid_target = valid->target;
    prepared->valid_weights = valid->weights;
  }
  return prepared;
}

}  // namespace

SupervisedRows SupervisedRows::take(std::span<const uint32_t> rows) const {
  return {features.take(rows), target.take(rows), taken_weights(weights, rows)};
}

PreparedFolds::PreparedFolds(const SupervisedRows& rows, const Schema& schema, std::vector<Fold> folds, size_t cache_bytes)
    : rows_(rows), schema_(schema), folds_(std::move(folds)), cache_bytes_(cache_bytes) {}

std::shared_ptr<const PreparedFold> PreparedFolds::prepare(const FeatureNeeds& needs, size_t fold, uint64_t seed,
                                                           const FitContext& context) const {
  const std::scoped_lock lock(mutex_);
  const std::string key = cache_key(needs, fold, seed);
  for (auto it = kept_.begin(); it != kept_.end(); ++it)
    if (it->key == key) {
      kept_.splice(kept_.begin(), kept_, it);
      return it->prepared;
    }
  const SupervisedRows valid = rows_.take(folds_[fold].valid);
  auto prepared = fit_on(rows_.take(folds_[fold].train), &valid, schema_, needs, derive_seed(seed, "fold", fold), context);
  kept_.push_front({key, prepared});
  size_t bytes = 0;
  for (auto it = kept_.begin(); it != kept_.end();) {
    bytes += it->prepared->n_bytes();
    it = bytes > cache_bytes_ && it != kept_.begin() ? kept_.erase(it) : std::next(it);
  }
  return prepared;
}

std::shared_ptr<const PreparedFold> prepare_all(const SupervisedRows& rows, const Schema& schema, const FeatureNeeds& needs, uint64_t seed,
                                                const FitContext& context) {
  return fit_on(rows, nullptr, schema, needs, derive_seed(seed, "all"), context);
}

}  // namespace kolosal
