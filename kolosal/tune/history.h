// History: the trials of a study as samplers see them: row by row, and a column of places for each parameter.
//
// Row i is trial number i. A place is a value in the scale of its parameter (its logarithm where the range is logarithmic).
// A parameter keeps its kind, its scale and its choices for the whole study; its range may change from trial to trial.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kolosal/tune/search_space.h"
#include "kolosal/tune/trial.h"

namespace kolosal {

/// A parameter of the study and where each trial has it.
struct ParameterColumn {
  std::string name;
  std::shared_ptr<const Distribution> latest;  ///< what was allowed when it was last suggested
  std::vector<double> places;                  ///< by row, NaN where a trial has it not; may be shorter than there are trials
  std::vector<uint32_t> changes;               ///< rows in the order in which their places were set: what a cache has still to take in
};

/// Whether a parameter that was `had` may be `now` in the same study: kind, scale and choices stay, the range may change. The other throws
/// Error(BadValue) that names the parameter where it may not.
bool is_same_parameter(const Distribution& had, const Distribution& now);
void check_same_parameter(std::string_view name, const Distribution& had, const Distribution& now);

/// A part of a search space: parameters, in order of index, each with what is allowed.
using Subspace = std::vector<std::pair<uint32_t, std::shared_ptr<const Distribution>>>;

/// A declared space that forbids combinations, and the index in the history of each of its parameters.
struct RestrictedSpace {
  SearchSpace space;
  std::vector<uint32_t> parameters;
};

/// See the top of the file. Not safe for use by several threads: the study locks.
class History {
 public:
  explicit History(std::vector<Direction> directions) : directions_(std::move(directions)) {}

  /// The objectives, the trials, and the parameters that any trial has had.
  const std::vector<Direction>& directions() const noexcept { return directions_; }
  size_t n_trials() const noexcept { return trials_.size(); }
  const TrialRecord& trial(size_t row) const { return *trials_[row]; }
  const std::vector<ParameterColumn>& parameters() const noexcept { return columns_; }
  /// Rows of complete and pruned trials, in the order in which they ended.
  const std::vector<uint32_t>& finished() const noexcept { return finished_; }
  /// Rows of failed trials, in the order in which they ended.
  const std::vector<uint32_t>& failed() const noexcept { return failed_; }
  /// Rows of running trials, in order.
  const std::vector<uint32_t>& running() const noexcept { return running_; }
  /// The row of the eligible trial with the least loss, the first of equals; none where there is none, or are several objectives.
  std::optional<uint32_t> best() const noexcept { return best_; }
  /// Objective values of a complete trial as losses: turned round where more is better.
  std::vector<double> losses(const TrialRecord& trial) const;
  double loss(const TrialRecord& trial) const { return directions_[0] == Direction::Minimize ? trial.values[0] : -trial.values[0]; }

  /// Parameters that every finished trial with any has had with one and the same range; those with one value only are left out.
  const Subspace& intersection() const noexcept { return intersection_; }
  /// A partition of all parameters: two are in one part where every finished trial that had one had the other as well.
  const std::vector<Subspace>& groups() const noexcept { return groups_; }

  /// The space that forbids combinations and that parameters were last asked for of; null where none was.
  const RestrictedSpace* restricted() const noexcept { return restricted_ ? &*restricted_ : nullptr; }

  /// Adds a trial; the pointer stays valid.
  TrialRecord& add();
  /// The index of a parameter, which is new, or has the kind, scale and choices it had where any trial has it. Throws Error(BadValue)
  /// otherwise.
  uint32_t parameter(std::string_view name, const Distribution& distribution);
  /// Whether `parameter` would give an index.
  bool accepts(std::string_view name, const Distribution& distribution) const;
  /// Sets the place of a parameter in a row (NaN: takes it away).
  void set_place(uint32_t parameter, size_t row, double place);
  /// Takes note of a space that parameters are asked for of, each with its index.
  void restrict_to(const SearchSpace& space, const std::vector<uint32_t>& parameters);
  /// Takes note that a trial runs, and that it has ended.
  void start(size_t row);
  void finish(size_t row);

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  void narrow(const TrialRecord& trial);
  bool is_better(uint32_t row, uint32_t than) const;

  std::vector<Direction> directions_;
  std::vector<std::unique_ptr<TrialRecord>> trials_;
  std::vector<ParameterColumn> columns_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> by_name_;
  std::vector<uint32_t> finished_, failed_, running_;
  std::optional<uint32_t> best_;
  std::optional<RestrictedSpace> restricted_;
  Subspace intersection_;
  std::vector<Subspace> groups_;
};

}  // namespace kolosal
