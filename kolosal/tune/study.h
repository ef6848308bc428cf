// Study: trials of an objective over parameters, proposed by a sampler.
//
//   Study study({.sampler = samplers().make("tpe")});
//   for (int i = 0; i < 100; ++i) {
//     const int64_t trial = study.ask();
//     const double x = study.suggest(trial, "x", Distribution::real("x", -10, 10)).as_real();
//     study.tell(trial, {{x * x}});
//   }
//   study.best().values[0];
//
// A trial is waiting (enqueued), running (asked), then complete, pruned or failed, and then never changes. Safe for use by several threads.
//
// With a storage every change is written at once, and trials of other studies on the same storage, of this process or others, appear when a
// trial is asked for, when the pruner is asked, and at refresh(). The history is then what was last read.
//
// A process that fork made may go on with a study; trials that ran then are its parent's, which beats for them.
// Checked  study_test.cc; tests/contracts/storage_contract_test.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "kolosal/tune/pruner.h"
#include "kolosal/tune/sampler.h"
#include "kolosal/tune/search_space.h"
#include "kolosal/tune/storage.h"
#include "kolosal/tune/storages/opened_storages.h"

namespace kolosal {

/// What is to be done about a study of the same name in the storage.
enum class StudyOpening { Create, CreateOrLoad, Load };
inline const auto& enum_names(StudyOpening) {
  static constexpr std::pair<StudyOpening, std::string_view> names[] = {
      {StudyOpening::Create, "create"}, {StudyOpening::CreateOrLoad, "create_or_load"}, {StudyOpening::Load, "load"}};
  return names;
}

/// What a study is made of.
struct StudyOptions {
  std::string name = "study";
  std::vector<Direction> directions = {Direction::Minimize};
  std::shared_ptr<const Sampler> sampler;
  std::shared_ptr<const Pruner> pruner;  ///< none: no trial is ever to be stopped
  std::shared_ptr<Storage> storage;      ///< none: the study ends with the object
  StudyOpening opening = StudyOpening::Create;
};

/// See the top of the file. Functions that take a trial's number throw Error(BadValue) where there is no such trial, and those that
/// change it where it does not run.
class Study : private OpenedStorages::Member {
 public:
  /// Throws Error(BadValue) where there is no direction or no sampler, where the storage has the name and the study is to be made, and
  /// where it has it not and the study is to be loaded. A study that is loaded has the directions it was made with.
  explicit Study(StudyOptions options);
  ~Study() override;

  /// Lets another sampler propose the trials that are asked for from now on, and another pruner (none: no trial is to be stopped) be asked.
  /// Throws Error(BadValue) where the sampler is none.
  void set_sampler(std::shared_ptr<const Sampler> sampler);
  void set_pruner(std::shared_ptr<const Pruner> pruner);

  /// What the study was made of.
  const std::string& name() const noexcept { return options_.name; }
  const std::vector<Direction>& directions() const noexcept { return options_.directions; }
  bool has_storage() const noexcept { return options_.storage != nullptr; }
  /// Whether another thread is at work in the study, so that a call would wait for it.
  bool is_busy() const {
    const std::unique_lock lock(mutex, std::try_to_lock);
    return !lock.owns_lock();
  }

  /// Starts a trial, the longest waiting first, and gives its number. Where it throws once the trial runs, as where the sampler cannot
  /// propose, the trial has failed with the reason. Throws Error(UnknownParameter) where the sampler was given a value by a name that is
  /// none of the declared space's, once a trial has ended.
  int64_t ask();
  /// The value of a parameter for a running trial: what it already has, what was enqueued, what the sampler was given, else what that
  /// proposes. An enqueued value that is not allowed is left to the sampler where the trial has the user attribute "warm_start"; otherwise
  /// a number that was given is taken nevertheless, and what is none throws Error(BadValue). Where what is given is not allowed, a sentence
  /// that says so is added to `findings`.
  Value suggest(int64_t trial, std::string_view name, const Distribution& distribution, std::vector<std::string>* findings = nullptr) {
    return distribution.outside(suggest_inside(trial, name, distribution, findings));
  }
  double suggest_inside(int64_t trial, std::string_view name, const Distribution& distribution,
                        std::vector<std::string>* findings = nullptr);
  /// The values of all parameters of the space that are there, by name. Throws Error(BadValue) where only forbidden combinations are met.
  Value::Object suggest(int64_t trial, const SearchSpace& space, std::vector<std::string>* findings = nullptr);
  /// Notes an intermediate value; a second report of a step is passed over. Steps are at least 0.
  void report(int64_t trial, double value, int64_t step);
  /// Whether the pruner would stop the trial after its last report. Throws Error(BadValue) where there are several objectives.
  bool should_prune(int64_t trial);
  /// Notes a constraint: it holds where the value is at most 0. The first value of a name stays. NaN is an error.
  void set_constraint(int64_t trial, std::string_view name, double value);
  /// Notes anything else about a trial, also after its end.
  void set_user_attribute(int64_t trial, std::string_view name, Value value);

  /// Notes JSON about a running trial for what belongs to the tuner; a later one of the same name takes its place.
  void set_system_attribute(int64_t trial, std::string_view name, std::string json);

  /// Ends a trial with one value for each objective; it fails, with the reason kept, where their number is wrong or one is NaN. Gives the
  /// state it is in then.
  TrialState tell(int64_t trial, std::vector<double> values);
  /// Ends a trial that stopped early; its value is the last reported.
  void tell_pruned(int64_t trial);
  /// Ends a trial that has no value.
  void tell_failed(int64_t trial, std::string reason);

  /// Notes anything about the study itself, and what was noted.
  void set_study_attribute(std::string_view name, Value value);
  Value study_attributes() const;
  /// The same of JSON for what belongs to the tuner.
  void set_study_system_attribute(std::string_view name, std::string json);
  Attributes study_system_attributes() const;

  /// Takes in what others have written to the storage since.
  void refresh();
  /// Fails running trials whose worker has not been heard of for longer than the storage allows; gives their numbers. Trials of workers
  /// without a heartbeat are left.
  std::vector<int64_t> fail_stale();
  /// Adds a waiting trial with the parameters of a failed one, and with its reports where `with_reports`; gives whether it was tried again
  /// fewer than `max_retries` times before.
  bool retry(int64_t number, int64_t max_retries, bool with_reports);

  /// All of the study, trials included, and adding all trials and attributes of such to this study. A trial that ran then is a failed one.
  /// Throws Error(BadFile) where the value is not of a study, Error(BadValue) where its objectives are others.
  Value to_value() const;
  void add_from_value(const Value& value);

  /// Adds a waiting trial with some values given by name.
  void enqueue(Value::Object fixed, Value user_attributes = Value::Object{});
  /// Adds a finished trial: outside values by name, with what was allowed. Throws Error(BadValue) that names what does not fit. It started
  /// and ended at `times`, in seconds since 1970, and now where they are NaN.
  void add_finished(TrialState state, const std::vector<std::pair<std::string, Distribution>>& parameters, const std::vector<Value>& taken,
                    std::vector<double> values, std::vector<std::pair<int64_t, double>> intermediate = {},
                    std::vector<std::pair<std::string, double>> constraints = {}, Value user_attributes = Value::Object{},
                    Attributes system_attributes = {},
                    std::pair<double, double> times = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()});

  /// How many trials there are, and a copy of one.
  size_t n_trials() const;
  TrialRecord trial(int64_t number) const;
  /// Copies of all trials, in order.
  std::vector<TrialRecord> trials() const;
  /// The name of a parameter by its index, and those of all.
  std::string parameter_name(uint32_t index) const;
  std::vector<std::string> parameter_names() const;
  /// Parameters that another program wrote to the storage and that are left out of their trials, each with the reason.
  Attributes unreadable_parameters() const;
  /// The best eligible trial, the first of equals. Throws Error(BadValue) where there is none or several objectives; the other gives none.
  TrialRecord best() const;
  std::optional<TrialRecord> best_or_none() const;
  /// Eligible trials that no other is better than in all objectives, in order.
  std::vector<int64_t> pareto_front() const;
  /// Whether the sampler has nothing left to try.
  bool is_exhausted() const;

 private:
  TrialRecord& running(int64_t number);
  const TrialRecord& known(int64_t number) const;
  void check_sampler_names() const;
  void begin(TrialRecord& trial);
  void plan(TrialRecord& trial, int attempt);
  void fail_planning(TrialRecord& trial, const std::string& why);
  void forget_plan(const TrialRecord& trial);
  void end(TrialRecord& trial, TrialState state);
  void settle(TrialRecord& trial);
  double take(const TrialRecord& trial, std::string_view name, const Distribution& distribution, uint32_t parameter,
              std::vector<std::string>* findings) const;

  // A sampler with what it keeps, and a proposal with the one that it is of, which may have gone from the study meanwhile.
  struct Proposer {
    std::shared_ptr<const Sampler> sampler;
    std::unique_ptr<SamplerCache> cache;
  };
  struct Proposed {
    std::shared_ptr<const Proposer> of;
    std::unique_ptr<Proposal> proposal;
  };
  static std::shared_ptr<const Proposer> proposer_of(std::shared_ptr<const Sampler> sampler);

  // Beats for running trials. On the heap: a process that fork made has not the thread and must not wait for it.
  struct Heart {
    std::condition_variable stopping;
    bool is_stopping = false;
    std::thread thread;
  };

  // Of study_storage.cc. The lock is held.
  int64_t ask_storage();
  void prepare(int64_t number);
  TrialChange planned_change(const TrialRecord& trial, int known_generation) const;
  void fail_started(int64_t number, const std::string& why);
  void close() override;
  void sync();
  void take_in(StoredTrial stored);
  void fill(TrialRecord& trial, const StoredTrial& stored);
  void add_stored(StoredTrial stored);
  StoredTrial stored(const TrialRecord& trial) const;
  void write(TrialRecord& trial, TrialChange change);
  void take_back(TrialRecord& trial);
  void write_end(TrialRecord& trial, TrialState state);
  void beat(Heart& heart);
  void keep(TrialRecord& trial, uint32_t parameter, const Distribution& distribution, double value);

  std::shared_ptr<const Proposer> proposer_;
  StudyOptions options_;  // without the sampler
  History history_;
  std::unordered_map<int64_t, Proposed> proposals_;  // of running trials
  std::vector<uint32_t> waiting_;
  std::unordered_map<int64_t, std::vector<StoredParameter>> unwritten_;  // parameters of running trials that the storage has not yet
  Value study_attributes_ = Value::Object{};                             // of a study without a storage, as those below
  Attributes study_system_attributes_;
  Attributes unreadable_;
  int64_t n_drawn_ = 0;
  bool is_declared_ = false;  // whether trials of this object ask for the parameters of a declared space

  int64_t study_id_ = 0;          // in the storage
  std::set<int64_t> own_;         // running trials that this object started
  std::set<int64_t> foreign_;     // unfinished trials that others may change
  std::unique_ptr<Heart> heart_;  // none before there is a trial that is to beat
};

}  // namespace kolosal
