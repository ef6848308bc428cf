// The journal storage: a file to which records are appended, in the form that Optuna's journal has, so that Optuna reads it as well.
//
// A record is a line of JSON. Ours ends in a checksum of what is before it, which Optuna passes over; a line without one is taken as it is.
// Who writes holds a lock of the operating system on the file (flock), which goes with the process that had it; who reads needs none. A
// last line without an end is what a killed writer left: readers leave it, and the next writer cuts it off. What one call writes goes out
// at once, a trial's state last, so a call that a kill cuts short leaves a running trial that has some of what it was to have.
//
// Limits   Written to by Kolosal alone while it runs: Optuna's lock is another. On a file system of several machines its locks must hold.
// Cost     A record is one write to the file; `durable` waits for the disk as well, some milliseconds. Opening replays the whole file.
// Source   Optuna 5, its journal's operations 0 to 9.
// Checked  tests/contracts/storage_contract_test.cc; python/tests/test_tune_storages.py kills writers and lets Optuna read.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <mutex>

#include "kolosal/base/checksum.h"
#include "kolosal/base/json.h"
#include "kolosal/tune/storages/opened_storages.h"
#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/storages/storage_file.h"
#include "kolosal/tune/storages/stored_studies.h"
#include "kolosal/tune/storages/wait_check.h"

namespace kolosal {
namespace {

constexpr std::string_view kChecksum = ",\"crc32c\":\"";  // and eight digits, a quote and a brace
constexpr size_t kChecksumBytes = kChecksum.size() + 10;
constexpr std::string_view kBeat = "kolosal:heartbeat";

enum Operation {
  kCreateStudy,
  kDeleteStudy,
  kStudyUser,
  kStudySystem,
  kCreateTrial,
  kParameter,
  kState,
  kReport,
  kUser,
  kSystem,
  kDiscard
};

std::string text_of(std::string_view text) { return to_json(Value(text)); }

// Optuna numbers the states.
int code_of(TrialState state) {
  switch (state) {
    case TrialState::Running: return 0;
    case TrialState::Complete: return 1;
    case TrialState::Pruned: return 2;
    case TrialState::Failed: return 3;
    default: return 4;
  }
}
TrialState state_of(int64_t code) {
  for (const TrialState state : {TrialState::Running, TrialState::Complete, TrialState::Pruned, TrialState::Failed, TrialState::Waiting})
    if (code_of(state) == code) return state;
  throw Error(ErrorCode::BadFile, "the state " + std::to_string(code) + " is not known");
}

std::string list_of(const std::vector<double>& numbers) {
  if (numbers.empty()) return "null";
  std::string text = "[";
  for (const double number : numbers) text += (text.size() > 1 ? "," : "") + number_text(number);
  return text + "]";
}

std::string moment(double seconds) { return std::isnan(seconds) ? "null" : "\"" + time_text(seconds, true) + "\""; }

template <class Pairs, class Key, class Text>
std::string object_of(const Pairs& pairs, Key key, Text text) {
  std::string made = "{";
  for (const auto& pair : pairs) made += (made.size() > 1 ? "," : "") + text_of(key(pair)) + ":" + text(pair);
  return made + "}";
}

std::string object_of(const Attributes& attributes) {
  return object_of(
      attributes, [](const auto& pair) { return pair.first; }, [](const auto& pair) { return pair.second; });
}

double time_or_nan(const Value& record, const char* key) {
  const Value* found = record.find(key);
  return found == nullptr || found->is_null() ? std::nan("") : time_from_text(found->as_text());
}

Attributes attributes_of(const Value& record, const char* key) {
  Attributes attributes;
  if (const Value* found = record.find(key); found != nullptr && !found->is_null())
    for (const auto& [name, value] : found->as_object()) attributes.emplace_back(name, python_json(value));
  return attributes;
}

std::vector<double> numbers_of(const Value& record) {
  std::vector<double> numbers;
  if (const Value* several = record.find("values"); several != nullptr && !several->is_null())
    for (const Value& value : several->as_list()) numbers.push_back(number_from(value));
  else if (const Value* one = record.find("value"); one != nullptr && !one->is_null()) numbers.push_back(number_from(*one));
  return numbers;
}

// Adds the parameter to a trial or a change, or why it cannot be held.
void put_parameter(const std::string& name, const std::string& distribution, double value, auto& to) {
  try {
    to.parameters.push_back({name, distribution_from_text(name, distribution), value});
  } catch (const Error& error) {
    to.unreadable.emplace_back(name, error.message());
  }
}

StoredTrial trial_of(const Value& record) {
  StoredTrial trial;
  if (const Value* state = record.find("state")) trial.state = state_of(state->as_integer());
  trial.started = time_or_nan(record, "datetime_start");
  trial.ended = time_or_nan(record, "datetime_complete");
  trial.values = numbers_of(record);
  if (const Value* params = record.find("params"))
    for (const auto& [name, value] : params->as_object())
      put_parameter(name, record.at("distributions").at(name).as_text(), number_from(value), trial);
  if (const Value* reports = record.find("intermediate_values"))
    for (const auto& [step, value] : reports->as_object()) {
      TrialChange change;
      change.intermediate.emplace_back(step_from_text(step), number_from(value));
      apply(change, trial);
    }
  trial.user_attributes = attributes_of(record, "user_attrs");
  trial.system_attributes = attributes_of(record, "system_attrs");
  return trial;
}

class JournalStorage final : public Storage, private OpenedStorages::Member {
  // First, since what they give is deduced from the body.
  auto reading(const auto& read) {
    const std::lock_guard lock(mutex);
    own();
    sync();
    return read();
  }

  auto writing(const auto& write) {
    const std::lock_guard lock(mutex);
    own();
    if (params_.read_only) throw Error(ErrorCode::Io, "journal '" + params_.path + "' is open for reading alone");
    lock_file();
    struct Unlock {
      int file;
      ~Unlock() { ::flock(file, LOCK_UN); }
    } const unlock{file_};
    sync();
    cut_torn_end();
    return write();
  }

 public:
  explicit JournalStorage(StorageFileParams params) : params_(std::move(params)) {
    check_storage_file("journal", params_.path);
    if (params_.grace_seconds == 0) params_.grace_seconds = 2 * params_.heartbeat_seconds;
    worker_ = text_of("kolosal-" + std::to_string(::getpid()));
    open();
    enter();
    const std::lock_guard lock(mutex);
    sync();
  }
  JournalStorage(const JournalStorage&) = delete;
  JournalStorage& operator=(const JournalStorage&) = delete;
  ~JournalStorage() override {
    leave();
    ::close(file_);
  }

  int64_t create_study(const std::string& name, const std::vector<Direction>& directions) override {
    return writing([&] {
      if (held_.find_study(name)) refuse_taken(name);
      std::string listed;
      for (const Direction direction : directions)
        listed += std::string(listed.empty() ? "" : ",") + (direction == Direction::Minimize ? "1" : "2");
      append(record(kCreateStudy, "\"study_name\":" + text_of(name) + ",\"directions\":[" + listed + "]"));
      return held_.find_study(name).value();
    });
  }
  std::optional<int64_t> find_study(const std::string& name) override {
    return reading([&] { return held_.find_study(name); });
  }
  std::vector<StoredStudy> studies() override {
    return reading([&] { return held_.studies(); });
  }
  StoredStudy study(int64_t study) override {
    return reading([&] { return held_.study(study); });
  }
  void delete_study(int64_t study) override {
    writing([&] {
      held_.study(study);
      append(record(kDeleteStudy, "\"study_id\":" + std::to_string(study)));
      return 0;
    });
  }
  void set_study_attribute(int64_t study, AttributeOwner owner, const std::string& key, const std::string& json) override {
    const bool user = owner == AttributeOwner::User;
    writing([&] {
      held_.study(study);
      append(record(user ? kStudyUser : kStudySystem, "\"study_id\":" + std::to_string(study) + (user ? ",\"user" : ",\"system") +
                                                          "_attr\":" + object_of(Attributes{{key, json}})));
      return 0;
    });
  }

  int64_t add_trial(int64_t study, const StoredTrial& trial) override {
    return writing([&] { return add(study, trial); });
  }
  int64_t start_trial(int64_t study, double now) override {
    return writing([&] {
      const auto number = held_.waiting(study);
      if (!number) {
        held_.study(study);
        append(record(kCreateTrial, "\"study_id\":" + std::to_string(study) + ",\"datetime_start\":" + moment(now)));
        return held_.study(study).n_trials - 1;
      }
      append(state_record(id_of(study, *number), {.state = TrialState::Running, .at = now}));
      return *number;
    });
  }
  void write(int64_t study, int64_t number, const TrialChange& change) override {
    writing([&] {
      held_.check_write(study, number, change);
      append(records(id_of(study, number), change));
      return 0;
    });
  }
  std::vector<StoredTrial> read(int64_t study, int64_t first, std::span<const std::pair<int64_t, TrialState>> known) override {
    return reading([&] { return held_.read(study, first, known); });
  }

  double heartbeat_seconds() const override { return params_.heartbeat_seconds; }
  void beat(int64_t study, std::span<const int64_t> numbers) override {
    const double now = unix_seconds();
    writing([&] {
      std::string all;
      for (const int64_t number : numbers)
        if (held_.running(study).contains(number))
          all += records(id_of(study, number), {.system_attributes = {{std::string(kBeat), number_text(now)}}});
      append(all);
      return 0;
    });
  }
  std::vector<int64_t> fail_stale(int64_t study, double now) override {
    return writing([&] {
      std::vector<int64_t> failed;
      for (const int64_t number : held_.running(study))
        for (const auto& [key, json] : held_.trial(study, number).system_attributes)
          if (key == kBeat && now - number_from(value_from_python_json(json)) > params_.grace_seconds) failed.push_back(number);
      std::string all;
      for (const int64_t number : failed) all += state_record(id_of(study, number), {.state = TrialState::Failed, .at = now});
      append(all);
      return failed;
    });
  }

 private:
  void close() override {}  // own() opens the file anew

  [[noreturn]] void refuse_io(const char* what) const {
    throw Error(ErrorCode::Io, "journal '" + params_.path + "' cannot be " + what + ": " + std::strerror(errno));
  }

  // Waits for as long as another has it, or until the wait check gives up.
  void lock_file() const {
    for (int attempt = 0; ::flock(file_, LOCK_EX | LOCK_NB) != 0; ++attempt) {
      if (errno != EINTR && errno != EWOULDBLOCK) refuse_io("locked");
      if (!goes_on_waiting(attempt))
        throw Error(ErrorCode::Cancelled,
                    "stopped on request while waiting for journal '" + params_.path + "', which another process holds");
    }
  }

  void open() {
    const int flags = params_.read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;
    file_ = ::open(params_.path.c_str(), flags, 0644);
    if (file_ < 0) refuse_io("opened");
    process_ = ::getpid();
  }

  // A process made by fork shares the lock of the one that opened the file: it opens the file anew.
  void own() {
    if (process_ == ::getpid()) return;
    worker_ = text_of("kolosal-" + std::to_string(::getpid()));
    ::close(file_);
    open();
  }

  // Takes in whole lines that were appended since.
  void sync() {
    std::string text;
    std::array<char, 1 << 16> piece{};
    for (off_t at = end_;;) {
      const ssize_t n = ::pread(file_, piece.data(), piece.size(), at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) refuse_io("read");
      if (n == 0) break;
      text.append(piece.data(), static_cast<size_t>(n));
      at += n;
    }
    for (size_t begin = 0;;) {
      const size_t end = text.find('\n', begin);
      if (end == std::string::npos) break;
      take(std::string_view(text).substr(begin, end - begin));
      end_ += static_cast<off_t>(end + 1 - begin);
      ++line_;
      begin = end + 1;
    }
  }

  void cut_torn_end() const {
    struct stat about {};
    if (::fstat(file_, &about) != 0) refuse_io("looked at");
    if (about.st_size > end_ && ::ftruncate(file_, end_) != 0) refuse_io("cut to its last whole record");
  }

  void append(const std::string& lines) {
    for (size_t done = 0; done < lines.size();) {
      const ssize_t n = ::write(file_, lines.data() + done, lines.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const int reason = errno;
        cut_torn_end();
        errno = reason;
        refuse_io("written to");
      }
      done += static_cast<size_t>(n);
    }
    if (params_.durable && ::fdatasync(file_) != 0) refuse_io("brought to the disk");
    sync();
  }

  std::string record(Operation operation, const std::string& members) const {
    std::string line = "{\"op_code\":" + std::to_string(operation) + ",\"worker_id\":" + worker_ + "," + members;
    std::array<char, 16> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", crc32c(std::as_bytes(std::span(line))));
    return line.append(kChecksum) + digits.data() + "\"}\n";
  }

  std::string state_record(int64_t id, const TrialChange& change) const {
    return record(kState, "\"trial_id\":" + std::to_string(id) + ",\"state\":" + std::to_string(code_of(*change.state)) +
                              ",\"values\":" + list_of(change.values) +
                              (*change.state == TrialState::Running ? ",\"datetime_start\":" : ",\"datetime_complete\":") +
                              moment(change.at));
  }

  std::string records(int64_t id, const TrialChange& change) const {
    const std::string trial = "\"trial_id\":" + std::to_string(id);
    std::string all;
    for (const StoredParameter& p : change.parameters)
      all += record(kParameter, trial + ",\"param_name\":" + text_of(p.name) + ",\"param_value_internal\":" + number_text(p.value) +
                                    ",\"distribution\":" + text_of(distribution_text(p.distribution)));
    for (const auto& [step, value] : change.intermediate)
      all += record(kReport, trial + ",\"step\":" + std::to_string(step) + ",\"intermediate_value\":" + number_text(value));
    for (const auto& one : change.user_attributes) all += record(kUser, trial + ",\"user_attr\":" + object_of(Attributes{one}));
    for (const auto& one : change.system_attributes) all += record(kSystem, trial + ",\"system_attr\":" + object_of(Attributes{one}));
    if (change.state) all += state_record(id, change);
    return all;
  }

  int64_t add(int64_t study, const StoredTrial& trial) {
    held_.check_parameters(study, trial.parameters);
    const auto name = [](const StoredParameter& p) { return p.name; };
    const bool several = trial.values.size() > 1;
    append(record(kCreateTrial,
                  "\"study_id\":" + std::to_string(study) + ",\"datetime_start\":" + moment(trial.started) +
                      (std::isnan(trial.ended) ? "" : ",\"datetime_complete\":" + moment(trial.ended)) +
                      ",\"state\":" + std::to_string(code_of(trial.state)) +
                      ",\"value\":" + (trial.values.size() == 1 ? number_text(trial.values[0]) : "null") +
                      ",\"values\":" + (several ? list_of(trial.values) : "null") + ",\"distributions\":" +
                      object_of(trial.parameters, name, [](const auto& p) { return text_of(distribution_text(p.distribution)); }) +
                      ",\"params\":" + object_of(trial.parameters, name, [](const auto& p) { return number_text(p.value); }) +
                      ",\"user_attrs\":" + object_of(trial.user_attributes) + ",\"system_attrs\":" + object_of(trial.system_attributes) +
                      ",\"intermediate_values\":" +
                      object_of(
                          trial.intermediate, [](const auto& report) { return std::to_string(report.first); },
                          [](const auto& report) { return number_text(report.second); })));
    return held_.study(study).n_trials - 1;
  }

  void take(std::string_view line) {
    const std::string place = params_.path + ":" + std::to_string(line_ + 1);
    if (line.size() > kChecksumBytes && line.substr(line.size() - kChecksumBytes).starts_with(kChecksum)) {
      const std::string_view body = line.substr(0, line.size() - kChecksumBytes);
      std::array<char, 16> digits{};
      std::snprintf(digits.data(), digits.size(), "%08x", crc32c(std::as_bytes(std::span(body))));
      if (line.substr(body.size() + kChecksum.size(), 8) != digits.data())
        throw Error(ErrorCode::BadFile, place + ": the record does not have its checksum: the journal is damaged here",
                    "Cut the file before this line to keep what is before it.");
    }
    try {
      replay(value_from_python_json(line));
    } catch (const Error& error) {
      throw Error(ErrorCode::BadFile, place + ": the record cannot be read: " + error.message(),
                  "Cut the file before this line to keep what is before it.");
    }
  }

  // What another's record may not do is passed over, as Optuna does.
  void replay(const Value& record) {
    const int64_t operation = record.at("op_code").as_integer();
    if (operation == kCreateStudy) {
      std::vector<Direction> directions;
      for (const Value& code : record.at("directions").as_list())
        directions.push_back(code.as_integer() == 2 ? Direction::Maximize : Direction::Minimize);
      if (!held_.find_study(record.at("study_name").as_text())) held_.create_study(record.at("study_name").as_text(), directions);
      return;
    }
    if (operation == kDiscard) return;
    if (operation < 0 || operation > kDiscard)
      throw Error(ErrorCode::UnsupportedVersion, "the operation " + std::to_string(operation) + " is not known");
    if (operation <= kCreateTrial) replay_study(operation, record);
    else replay_trial(operation, record);
  }

  void replay_study(int64_t operation, const Value& record) {
    const int64_t study = record.at("study_id").as_integer();
    try {
      held_.study(study);
    } catch (const Error&) {
      return;
    }
    if (operation == kDeleteStudy) held_.delete_study(study);
    else if (operation == kCreateTrial) {
      const int64_t number = held_.add_trial(study, trial_of(record));
      ids_[{study, number}] = static_cast<int64_t>(trials_.size());
      trials_.emplace_back(study, number);
    } else
      for (const auto& [key, json] : attributes_of(record, operation == kStudyUser ? "user_attr" : "system_attr"))
        held_.set_study_attribute(study, operation == kStudyUser ? AttributeOwner::User : AttributeOwner::System, key, json);
  }

  void replay_trial(int64_t operation, const Value& record) {
    const int64_t id = record.at("trial_id").as_integer();
    if (id < 0 || static_cast<size_t>(id) >= trials_.size()) return;
    const auto [study, number] = trials_[static_cast<size_t>(id)];
    TrialChange change;
    if (operation == kParameter) {
      const std::string& name = record.at("param_name").as_text();
      put_parameter(name, record.at("distribution").as_text(), number_from(record.at("param_value_internal")), change);
    } else if (operation == kReport) {
      change.intermediate.emplace_back(record.at("step").as_integer(), number_from(record.at("intermediate_value")));
    } else if (operation == kUser) {
      change.user_attributes = attributes_of(record, "user_attr");
    } else if (operation == kSystem) {
      change.system_attributes = attributes_of(record, "system_attr");
    } else {
      change.state = state_of(record.at("state").as_integer());
      change.values = numbers_of(record);
      change.at = time_or_nan(record, *change.state == TrialState::Running ? "datetime_start" : "datetime_complete");
    }
    try {
      held_.check_write(study, number, change);
    } catch (const Error&) {
      return;
    }
    held_.write(study, number, change);
  }

  StorageFileParams params_;
  std::string worker_;
  int file_ = -1;
  pid_t process_ = 0;
  off_t end_ = 0;     // of what was taken in
  int64_t line_ = 0;  // lines taken in
  StoredStudies held_;
  std::vector<std::pair<int64_t, int64_t>> trials_;  // by Optuna's id of a trial: study and number
  std::map<std::pair<int64_t, int64_t>, int64_t> ids_;

  int64_t id_of(int64_t study, int64_t number) const {
    held_.trial(study, number);
    return ids_.at({study, number});
  }
};

}  // namespace

void register_journal(Catalog<Storage>& catalog) {
  catalog.add<JournalStorage, StorageFileParams>("journal", "A file of appended records, which Optuna reads too; for many processes.");
}

}  // namespace kolosal
