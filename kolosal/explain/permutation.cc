#include "kolosal/explain/permutation.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

constexpr double kLeastChance = 1e-15;  // that a logarithm is taken of

/// The losses that suit a task, or predictions of several quantiles; the first is the usual one.
std::vector<RowLoss> losses_of(Task task, bool quantiles) {
  if (quantiles) return {RowLoss::Pinball};
  if (is_classification(task)) return {RowLoss::LogLoss, RowLoss::ZeroOne};
  if (task == Task::Ranking) return {RowLoss::Ndcg};
  return {RowLoss::Squared, RowLoss::Absolute};
}

RowLoss loss_for(const PermutationOptions& options, Task task) {
  const RowLoss asked = options.loss;
  const std::vector<RowLoss> suited = losses_of(task, !options.quantiles.empty());
  if (asked == RowLoss::Auto) return suited.front();
  if (std::ranges::find(suited, asked) != suited.end()) return asked;
  std::string names;
  for (const RowLoss loss : suited) names += (names.empty() ? "" : " or ") + std::string(enum_name(loss));
  throw Error(ErrorCode::BadValue,
              "the loss '" + std::string(enum_name(asked)) + "' does not suit " +
                  (options.quantiles.empty() ? "a task of kind " + std::string(enum_name(task)) : "quantiles"),
              "Use " + names + ".");
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

/// The mean over quantiles, of which a column each is predicted.
double pinball_loss(std::span<const double> quantiles, double target, std::span<const double> predicted) {
  double sum = 0;
  for (size_t k = 0; k < quantiles.size(); ++k) {
    const double error = target - predicted[k];
    sum += error > 0 ? quantiles[k] * error : (quantiles[k] - 1) * error;
  }
  return sum / static_cast<double>(quantiles.size());
}

/// The rows of groups, side by side, and what they teach.
struct Groups {
  std::vector<uint32_t> rows;     ///< those of weight above 0, by group
  std::vector<size_t> starts;     ///< (n_groups + 1,) the first of each in rows
  std::vector<double> relevance;  ///< of each of rows
  std::vector<double> weights;    ///< of each of rows

  explicit Groups(const TrainingSet& set) {
    for (uint32_t row = 0; row < set.target.n_rows; ++row)
      if (set.weights.empty() || set.weights[row] > 0) rows.push_back(row);
    std::ranges::stable_sort(rows, {}, [&](uint32_t row) { return set.target.group[row]; });
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i == 0 || set.target.group[rows[i]] != set.target.group[rows[i - 1]]) starts.push_back(i);
      relevance.push_back(set.target.values[rows[i]]);
      weights.push_back(set.weights.empty() ? 1.0 : set.weights[rows[i]]);
    }
    starts.push_back(rows.size());
  }

  size_t size() const { return starts.size() - 1; }
  /// The part of `numbers`, which go with rows, that is of a group.
  std::span<const double> of(size_t group, const std::vector<double>& numbers) const {
    return std::span(numbers).subspan(starts[group], starts[group + 1] - starts[group]);
  }
};

class Permuting {
 public:
  Permuting(const Model& model, const TrainingSet& rows, const PermutationOptions& options, const FitContext& context)
      : model_(model), rows_(rows), loss_(loss_for(options, rows.target.task)), options_(options), context_(context) {
    if (loss_ == RowLoss::Ndcg) {
      groups_.emplace(rows);
      for (size_t g = 0; g < groups_->size(); ++g) {
        const std::span<const double> weights = groups_->of(g, groups_->weights);
        weights_.push_back(std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size()));
      }
    } else if (rows.weights.empty()) {
      weights_.assign(rows.x.n_rows(), 1.0);
    } else {
      weights_.assign(rows.weights.begin(), rows.weights.end());
    }
    const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) weight /= total;
    losses_ = losses(rows.x);
  }

  /// Of a feature; x is a copy of the rows, and is one again afterwards.
  PermutationImportance of(size_t feature, FeatureMatrix& x) const {
    const size_t n = rows_.x.n_rows();
    const auto n_repeats = static_cast<size_t>(options_.n_repeats);
    std::vector<uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0U);
    const auto from = rows_.x.column(feature);
    const auto to = x.column(feature);
    std::vector<double> growth(losses_.size()), means(n_repeats);
    for (size_t repeat = 0; repeat < n_repeats && !context_.should_stop(); ++repeat) {
      RandomStream(derive_seed(context_.seed, "permuted feature", feature), "permutation", repeat).shuffle(std::span(all));
      for (size_t i = 0; i < n; ++i) to[i] = from[all[i]];
      const std::vector<double> grown = losses(x);
      for (size_t i = 0; i < growth.size(); ++i) {
        growth[i] += (grown[i] - losses_[i]) / static_cast<double>(n_repeats);
        means[repeat] += weights_[i] * (grown[i] - losses_[i]);
      }
    }
    std::ranges::copy(from, to.begin());
    return interval(growth, means);
  }

 private:
  /// Of each row, or each group.
  std::vector<double> losses(const FeatureMatrix& x) const {
    const size_t width = model_.n_outputs(), n_targets = rows_.target.n_targets;
    std::vector<double> predicted(x.n_rows() * width), made(x.n_rows());
    model_.predict(x, predicted);
    if (groups_) return losses_of_groups(predicted);
    for (size_t i = 0; i < made.size(); ++i) {
      const auto target = std::span(rows_.target.values).subspan(i * n_targets, n_targets);
      const auto of_row = std::span<const double>(predicted).subspan(i * width, width);
      made[i] = loss_ == RowLoss::Pinball ? pinball_loss(options_.quantiles, target[0], of_row) : row_loss(loss_, target, of_row);
    }
    return made;
  }

  std::vector<double> losses_of_groups(const std::vector<double>& predicted) const {
    std::vector<double> scores, made;
    for (const uint32_t row : groups_->rows) scores.push_back(predicted[row]);
    for (size_t g = 0; g < groups_->size(); ++g)
      made.push_back(1 - ndcg_->score({Task::Ranking, groups_->of(g, groups_->relevance), groups_->of(g, scores), 1, {}, {}, 0}));
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
  std::optional<Groups> groups_;  // of rankings
  std::unique_ptr<Metric> ndcg_ = metrics().make("ndcg");
  std::vector<double> weights_;  // of rows, or groups, which sum to 1
  std::vector<double> losses_;   // of the rows, or groups, as they are
};

}  // namespace

void describe(Fields<PermutationOptions>& f) {
  f.add("loss", &PermutationOptions::loss,
        "Loss of a row whose growth is measured; auto: log_loss for classes, squared for numbers, pinball for several quantiles of one, "
        "ndcg (of groups) for rankings.");
  f.add("n_repeats", &PermutationOptions::n_repeats, "How often the values of each feature are dealt out anew.").min(1).max(1000000);
  f.add("confidence", &PermutationOptions::confidence, "Share of intervals that hold the true importance.").above(0).max(0.999999);
  f.add("quantiles", &PermutationOptions::quantiles, "The quantiles that the columns of a prediction of one number are; empty: none.");
}

std::vector<PermutationImportance> permutation_importance(const Model& model, const TrainingSet& rows, const PermutationOptions& options,
                                                          const FitContext& context) {
  check_training_set(rows);
  if (model.n_features() != rows.x.n_features() ||
      model.n_outputs() != (options.quantiles.empty() ? rows.target.n_outputs() : options.quantiles.size()) ||
      (!options.quantiles.empty() && rows.target.task != Task::Regression))
    throw Error(ErrorCode::FeatureMismatch, "the rows and their target are not of the kind that the model was trained on");
  const Permuting permuting(model, rows, options, context);
  std::vector<PermutationImportance> importance(rows.x.n_features());
  std::vector<uint32_t> all(rows.x.n_rows());
  std::iota(all.begin(), all.end(), 0U);
  // Blocks of features share a copy of the rows; a feature's importance does not depend on its block.
  const size_t n_copies = 4 * static_cast<size_t>(context.threads->size());
  context.threads->parallel_for(importance.size(), (importance.size() + n_copies - 1) / n_copies, [&](size_t begin, size_t end) {
    FeatureMatrix x = rows.x.take(all);
    for (size_t feature = begin; feature < end && !context.should_stop(); ++feature) importance[feature] = permuting.of(feature, x);
  });
  context.check();
  return importance;
}

}  // namespace kolosal
