// Storage: where studies outlive a process, and where several processes share them.
//
// A storage keeps studies by id, and their trials by number, 0, 1, ... without a gap. Every function may be called
// by several threads and processes at once, and a process that is killed within one leaves what others can go on with: a trial's state is
// the last that changes. A Study holds what it has read and asks for what is new. A finished trial changes no more, its user attributes
// apart.
//
// A file of storages/ adds one: a class, its parameters with `describe`, and register_<stem>(Catalog<Storage>&).
// Checked  tests/contracts/storage_contract_test.cc runs every entry of storages().
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/tune/trial.h"

namespace kolosal {

/// Whose attribute it is: of those who tune, or of the tuner.
enum class AttributeOwner { User, System };

/// Names with JSON text (which may hold NaN and infinities as Python writes them), in order of first writing.
using Attributes = std::vector<std::pair<std::string, std::string>>;

/// A parameter of a stored trial: the value is in inside form.
struct StoredParameter {
  std::string name;
  Distribution distribution;
  double value = 0;
};

/// What is added to a trial; a state with values and the moment of the change, or none.
struct TrialChange {
  std::vector<StoredParameter> parameters;
  std::vector<std::pair<int64_t, double>> intermediate;
  Attributes user_attributes, system_attributes;
  std::optional<TrialState> state;
  std::vector<double> values;
  double at = 0;
  double started = std::numeric_limits<double>::quiet_NaN();  ///< when the trial started, as the caller has read it; NaN: any
  Attributes unreadable;                                      ///< as of StoredTrial; of a journal that is replayed
};

/// Seconds since 1970 now, as the times of trials are stored.
inline double unix_seconds() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// A trial as it is stored. Times are seconds since 1970, NaN where not yet.
struct StoredTrial {
  int64_t number = -1;
  TrialState state = TrialState::Running;
  std::vector<StoredParameter> parameters;
  Attributes unreadable;  ///< parameters by name that another program wrote and no distribution here can hold, with the reason
  std::vector<double> values;
  std::vector<std::pair<int64_t, double>> intermediate;
  Attributes user_attributes, system_attributes;
  double started = std::numeric_limits<double>::quiet_NaN();
  double ended = std::numeric_limits<double>::quiet_NaN();
};

/// A study as it is stored, without its trials.
struct StoredStudy {
  int64_t id = 0;
  std::string name;
  std::vector<Direction> directions;
  Attributes user_attributes, system_attributes;
  int64_t n_trials = 0;
};

/// See the top of the file. Functions that are given a study's id or a trial's number throw Error(BadValue) where there is none such.
class Storage {
 public:
  virtual ~Storage() = default;

  /// Adds a study and gives its id. Throws Error(BadValue) where the name is taken.
  virtual int64_t create_study(const std::string& name, const std::vector<Direction>& directions) = 0;
  /// The id of the study of this name; none where there is none.
  virtual std::optional<int64_t> find_study(const std::string& name) = 0;
  /// All studies, in order of creation, and one of them.
  virtual std::vector<StoredStudy> studies() = 0;
  virtual StoredStudy study(int64_t study) = 0;
  /// Removes a study and its trials.
  virtual void delete_study(int64_t study) = 0;
  /// Sets an attribute of a study.
  virtual void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) = 0;

  /// Adds a trial as it is, its number apart, and gives its number. Throws Error(BadValue) where a parameter has another kind, scale or
  /// choices than in a trial before.
  virtual int64_t add_trial(int64_t study, const StoredTrial& trial) = 0;
  /// Starts the longest waiting trial, or a new one where none waits, and gives its number. No two callers are given the same.
  virtual int64_t start_trial(int64_t study, double now) = 0;
  /// Adds to a trial. Of a parameter and a step the first value stays, of an attribute the last. Throws Error(BadValue) where the trial is
  /// finished and more than user attributes is to change, where it is another than the one that started then, and where add_trial would
  /// refuse a parameter; then nothing is written.
  virtual void write(int64_t study, int64_t number, const TrialChange& change) = 0;
  /// The trials from number `first`, and before them those of `known` that may differ from what the caller knows: number and known state.
  virtual std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) = 0;

  /// Seconds between two beats of a running trial; 0 where the storage asks for none.
  virtual double heartbeat_seconds() const { return 0; }
  /// Notes that the trials still run.
  virtual void beat(int64_t study, std::span<const int64_t> numbers) = 0;
  /// Fails running trials that beat before and have not for longer than is allowed; gives those that this call has failed.
  virtual std::vector<int64_t> fail_stale(int64_t study, double now) = 0;
};

/// All storages.
const Catalog<Storage>& storages();

/// What the storages say where something is not there or may not change.
[[noreturn]] void refuse_study(int64_t study);
[[noreturn]] void refuse_taken(const std::string& name);
[[noreturn]] void refuse_trial(int64_t number, int64_t n_trials);
[[noreturn]] void refuse_finished(int64_t number, TrialState state);
[[noreturn]] void refuse_unreadable(const std::string& why);

}  // namespace kolosal
