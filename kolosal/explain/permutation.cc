#include "kolosal/explain/permutation.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr double kLeastChance = 1e-15;  // that a logarithm is taken of

RowLoss loss_for(RowLoss asked, Task task) {
  const bool classes = is_classification(task);
  if (asked == RowLoss::Auto) return classes ? RowLoss::LogLoss : RowLoss::Squared;
  if (classes != (asked == RowLoss::LogLoss || asked == RowLoss::ZeroOne))
    throw Error(ErrorCode::BadValue,
                "the loss '" + std::string(enum_name(asked)) + "' does not suit a task of kind " + std::string(enum_name(task)),
                classes ? "Use log_loss or zero_one." : "Use squared or absolute.");
  return asked;
}

/// The loss of one row, of several targets their mean.
double row_loss(RowLoss loss, std::span<const double> target, std::span<const double> predicted) {
  if (loss == RowLoss::LogLoss) return -std::log(std::max(predicted[static_cast<size_t>(target[0])], kLeastChance));
  if (loss == RowLoss::ZeroOne) return static_cast<double>(std::ranges::max_element(predicted) - predicted.begin()) == target[0] ? 0 : 1;
  double sum = 0;
  for (size_t k = 0; k < target.size(); ++k) {
    const double error = predicted[k] - target[k];
    sum += loss == RowLoss::Squared ? error * error : std::abs(error);
  }
  return sum / static_cast<double>(target.size());
}

class Permuting {
 public:
  Permuting(const Model& model, const TrainingSet& rows, const PermutationOptions& options, const FitContext& context)
      : model_(model), rows_(rows), loss_(loss_for(options.loss, rows.target.task)), options_(options), context_(context) {
    const size_t n = rows.x.n_rows();
    weights_.assign(rows.weights.begin(), rows.weights.end());
    if (weights_.empty()) weights_.assign(n, 1.0);
    const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) weight /= total;
    losses_ = losses(rows.x);
  }

  PermutationImportance of(size_t feature) const {
    const size_t n = rows_.x.n_rows();
    const auto n_repeats = static_cast<size_t>(options_.n_repeats);
    std::vector<uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0U);
    FeatureMatrix x = rows_.x.take(all);
    std::vector<double> growth(n), means(n_repeats);
    for (size_t repeat = 0; repeat < n_repeats && !context_.should_stop(); ++repeat) {
      RandomStream(derive_seed(context_.seed, "permuted feature", feature), "permutation", repeat).shuffle(std::span(all));
      const auto from = rows_.x.column(feature);
      const auto to = x.column(feature);
      for (size_t i = 0; i < n; ++i) to[i] = from[all[i]];
      const std::vector<double> grown = losses(x);
      for (size_t i = 0; i < n; ++i) {
        growth[i] += (grown[i] - losses_[i]) / static_cast<double>(n_repeats);
        means[repeat] += weights_[i] * (grown[i] - losses_[i]);
      }
    }
    return interval(growth, means);
  }

 private:
  std::vector<double> losses(const FeatureMatrix& x) const {
    const size_t width = model_.n_outputs(), n_targets = rows_.target.n_targets;
    std::vector<double> predicted(x.n_rows() * width), made(x.n_rows());
    model_.predict(x, predicted);
    for (size_t i = 0; i < made.size(); ++i)
      made[i] = row_loss(loss_, std::span(rows_.target.values).subspan(i * n_targets, n_targets),
                         std::span<const double>(predicted).subspan(i * width, width));
    return made;
  }

  PermutationImportance interval(const std::vector<double>& growth, const std::vector<double>& means) const {
    double mean = 0, between_rows = 0, between_repeats = 0;
    for (size_t i = 0; i < growth.size(); ++i) mean += weights_[i] * growth[i];
    for (size_t i = 0; i < growth.size(); ++i) between_rows += std::pow(weights_[i] * (growth[i] - mean), 2);
    for (const double repeat : means) between_repeats += (repeat - mean) * (repeat - mean);
    const auto n_repeats = static_cast<double>(means.size());
    if (means.size() > 1) between_repeats /= n_repeats * (n_repeats - 1);
    const double half = std::numbers::sqrt2 * boost::math::erf_inv(options_.confidence) * std::sqrt(between_rows + between_repeats);
    return {mean, mean - half, mean + half};
  }

  const Model& model_;
  const TrainingSet& rows_;
  RowLoss loss_;
  const PermutationOptions& options_;
  const FitContext& context_;
  std::vector<double> weights_;  // which sum to 1
  std::vector<double> losses_;   // of the rows as they are
};

}  // namespace

void describe(Fields<PermutationOptions>& f) {
  f.add("loss", &PermutationOptions::loss, "Loss of a row whose growth is measured; auto: log_loss for classes, squared otherwise.");
  f.add("n_repeats", &PermutationOptions::n_repeats, "How often the values of each feature are dealt out anew.").min(1).max(1000000);
  f.add("confidence", &PermutationOptions::confidence, "Share of intervals that hold the true importance.").above(0).max(0.999999);
}

std::vector<PermutationImportance> permutation_importance(const Model& model, const TrainingSet& rows, const PermutationOptions& options,
                                                          const FitContext& context) {
  check_training_set(rows);
  if (model.n_features() != rows.x.n_features() || model.n_outputs() != rows.target.n_outputs())
    throw Error(ErrorCode::FeatureMismatch, "the rows and their target are not of the kind that the model was trained on");
  const Permuting permuting(model, rows, options, context);
  std::vector<PermutationImportance> importance(rows.x.n_features());
  context.threads->parallel_each(importance.size(), [&](size_t feature) {
    if (!context.should_stop()) importance[feature] = permuting.of(feature);
  });
  context.check();
  return importance;
}

}  // namespace kolosal
