// The memory storage: studies that several Study objects of one process share, and that end with it.
//
// Checked  tests/contracts/storage_contract_test.cc.
#include <mutex>

#include "kolosal/tune/storages/opened_storages.h"
#include "kolosal/tune/storages/stored_studies.h"

namespace kolosal {
namespace {

class MemoryStorage final : public Storage, private OpenedStorages::Member {
 public:
  MemoryStorage() { enter(); }
  MemoryStorage(const MemoryStorage&) = delete;
  MemoryStorage& operator=(const MemoryStorage&) = delete;
  ~MemoryStorage() override { leave(); }
  int64_t create_study(const std::string& name, const std::vector<Direction>& directions) override {
    const std::lock_guard lock(mutex);
    return held_.create_study(name, directions);
  }
  std::optional<int64_t> find_study(const std::string& name) override {
    const std::lock_guard lock(mutex);
    return held_.find_study(name);
  }
  std::vector<StoredStudy> studies() override {
    const std::lock_guard lock(mutex);
    return held_.studies();
  }
  StoredStudy study(int64_t study) override {
    const std::lock_guard lock(mutex);
    return held_.study(study);
  }
  void delete_study(int64_t study) override {
    const std::lock_guard lock(mutex);
    held_.delete_study(study);
  }
  void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) override {
    const std::lock_guard lock(mutex);
    held_.set_study_attribute(study, owner, key, json);
  }
  int64_t add_trial(int64_t study, const StoredTrial& trial) override {
    const std::lock_guard lock(mutex);
    held_.check_parameters(study, trial.parameters);
    return held_.add_trial(study, trial);
  }
  int64_t start_trial(int64_t study, double now) override {
    const std::lock_guard lock(mutex);
    if (const auto number = held_.waiting(study)) {
      held_.write(study, *number, {.state = TrialState::Running, .at = now});
      return *number;
    }
    StoredTrial trial;
    trial.started = now;
    return held_.add_trial(study, std::move(trial));
  }
  void write(int64_t study, int64_t number, const TrialChange& change) override {
    const std::lock_guard lock(mutex);
    held_.write(study, number, change);
  }
  std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) override {
    const std::lock_guard lock(mutex);
    return held_.read(study, first, known);
  }
  // Trials end with the process that runs them, and so does the storage.
  void beat(int64_t, std::span<const int64_t>) override {}
  std::vector<int64_t> fail_stale(int64_t, double) override { return {}; }

 private:
  void close() override {}

  StoredStudies held_;
};

}  // namespace

void register_memory(Catalog<Storage>& catalog) { catalog.add<MemoryStorage>("memory", "Studies of one process, which end with it."); }

}  // namespace kolosal
