// What the adapters of other libraries' boosting share: the rows as those libraries take them, and the rounds with early stopping.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/models/adapters/library_calls.h"
#include "kolosal/models/best_round.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/validation_set.h"

namespace kolosal {

/// Rows of weight above 0 in the order and precision that the libraries take; rows of a group lie together.
struct ExternalRows {
  /// Throws Error(BadValue) where a target or weight is not a finite float32.
  explicit ExternalRows(const TrainingSet& set);

  FeatureMatrix x;                   ///< shares memory with the training set where it has the same rows
  std::vector<float> target;         ///< (n_rows,)
  std::vector<float> weights;        ///< (n_rows,), or empty for all ones
  std::vector<int32_t> group_sizes;  ///< of ranking; else empty
  std::vector<float> group_weights;  ///< of ranking with weights: the mean of those of a group's rows; else empty
};

/// Whether all rows of weight above 0 are of one class.
bool has_one_class(const TrainingSet& set);

/// A model of another library while it grows.
class ExternalBooster {
 public:
  virtual ~ExternalBooster() = default;
  /// Adds a round; false where no further one changes anything.
  virtual bool update(int round) = 0;
  /// The loss of the rows held out; 1 less a metric that is better the higher it is.
  virtual double validation_loss(int round) = 0;
  /// The model of the first rounds, as the library writes it.
  virtual std::string written(int n_rounds) = 0;
};

/// Adds rounds until there are `n_trees`, it is over by `best` on the rows held out, or the context asks to stop; returns the number of
/// those to keep, at least 1. Throws Error(Timeout / Cancelled) where there was no time for one.
int run_rounds(ExternalBooster& booster, int n_trees, BestRound best, bool held_out, const FitContext& context);

/// Whether a metric that the libraries name so is better the higher it is; of ranking they give a gain, else a loss.
bool higher_is_better(std::string_view metric);

/// "a=b" settings of `extra` (an object of numbers, texts, booleans) after those of `settings`, which they override.
std::vector<std::pair<std::string, std::string>> merged_settings(std::vector<std::pair<std::string, std::string>> settings,
                                                                 const Value& extra);

/// A learner whose models another library grows. `Booster` is made of `Params` (n_trees, patience, min_delta, library), the rows, those
/// held out or null, and a context; it says which library that is (kLibrary), what to tell who gives several targets (kOneTarget), and
/// gives the library's writing of a model as a model (imported).
template <class Booster, class Params>
class ExternalLearner : public Learner {
 public:
  explicit ExternalLearner(Params params) : params_(std::move(params)) {}

  bool supports(Task task) const override { return task != Task::MultiRegression; }
  std::string unavailable() const override { return why_unavailable(Booster::kLibrary, params_.library.value_or("")); }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool uses_validation() const override { return true; }
  bool tells_progress() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    check_training_set(train);
    if (!supports(train.target.task)) throw Error(ErrorCode::Unsupported, Booster::kOneTarget, "Fit one model for each.");
    validation = checked_validation_set(validation, train);
    if (has_one_class(train)) return learners().make("constant")->fit(train, nullptr, context);
    context.check();
    Booster booster(params_, train, validation, context);
    const int n_rounds =
        run_rounds(booster, params_.n_trees, BestRound(params_.patience, params_.min_delta), validation != nullptr, context);
    return Booster::imported(booster.written(n_rounds));
  }

 private:
  Params params_;
};

}  // namespace kolosal
