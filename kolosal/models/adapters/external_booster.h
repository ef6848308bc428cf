// What the adapters of other libraries' boosting share: the rows as those libraries take them, and the rounds with early stopping.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/models/learner.h"

namespace kolosal {

/// Rows of weight above 0 in the order and precision that the libraries take; rows of a group lie together.
struct ExternalRows {
  /// Throws Error(BadValue) where a target or weight is not a finite float32.
  explicit ExternalRows(const TrainingSet& set);

  FeatureMatrix x;                   ///< shares memory with the training set where it has the same rows
  std::vector<float> target;         ///< (n_rows,)
  std::vector<float> weights;        ///< (n_rows,), or empty for all ones
  std::vector<int32_t> group_sizes;  ///< of ranking; else empty
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

/// Adds rounds until there are `n_trees`, `patience` of them made nothing better on the rows held out, or the context asks to stop; returns
/// the number of those to keep, at least 1. Throws Error(Timeout / Cancelled) where there was no time for one.
int run_rounds(ExternalBooster& booster, int n_trees, std::optional<int> patience, bool held_out, const FitContext& context);

/// Whether a metric that the libraries name so is better the higher it is; of ranking they give a gain, else a loss.
bool higher_is_better(std::string_view metric);

/// "a=b" settings of `extra` (an object of numbers, texts, booleans) after those of `settings`, which they override.
std::vector<std::pair<std::string, std::string>> merged_settings(std::vector<std::pair<std::string, std::string>> settings,
                                                                 const Value& extra);

}  // namespace kolosal
