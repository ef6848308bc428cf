// Studies and trials held in memory, with the rules of a storage: what the memory storage is, and what a journal is replayed into.
//
// Not safe for use by several threads.
#pragma once

#include <map>
#include <set>

#include "kolosal/tune/storage.h"

namespace kolosal {

/// Adds a change to a trial, by the rules of Storage::write.
void apply(const TrialChange& change, StoredTrial& trial);

/// See the top of the file. Functions are those of Storage.
class StoredStudies {
 public:
  /// Studies, as Storage has them.
  int64_t create_study(const std::string& name, const std::vector<Direction>& directions);
  std::optional<int64_t> find_study(const std::string& name) const;
  std::vector<StoredStudy> studies() const;
  StoredStudy study(int64_t study) const;
  void delete_study(int64_t study);
  void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json);

  /// Trials, as Storage has them.
  int64_t add_trial(int64_t study, StoredTrial trial);
  /// The trial that waits longest; none where none waits.
  std::optional<int64_t> waiting(int64_t study) const;
  /// Throws where a parameter is something else than in a trial before, or the change is not allowed otherwise.
  void check_parameters(int64_t study, std::span<const StoredParameter> parameters) const;
  void check_write(int64_t study, int64_t number, const TrialChange& change) const;
  void write(int64_t study, int64_t number, const TrialChange& change);
  std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) const;
  const StoredTrial& trial(int64_t study, int64_t number) const;
  /// Numbers of the trials that run.
  const std::set<int64_t>& running(int64_t study) const { return known(study).running; }

 private:
  struct Held {
    StoredStudy study;
    std::vector<StoredTrial> trials;
    std::set<int64_t> waiting, running;
    std::map<std::string, Distribution, std::less<>> parameters;  // as the first trial that has each has it
    std::map<std::string, std::string, std::less<>> unreadable;   // why a parameter that some trial has cannot be held
  };

  const Held& known(int64_t study) const;
  static void note(Held& held, std::span<const StoredParameter> parameters, const Attributes& unreadable);
  Held& known(int64_t study) { return const_cast<Held&>(std::as_const(*this).known(study)); }

  std::map<int64_t, Held> held_;
  int64_t next_ = 0;
};

}  // namespace kolosal
