// Memory of the process and the machine, and a watch that tells when it runs short.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace kolosal {

/// What is used and what is left, in bytes.
struct MemoryState {
  size_t process_bytes = 0;    ///< resident memory of this process
  size_t available_bytes = 0;  ///< what can still be taken: of the machine or of the control group, whichever is less
  size_t limit_bytes = 0;      ///< all that there is for this process: of the machine or of the control group
  size_t peak_bytes = 0;       ///< the most that it was
};

/// Reads /proc and the control group. `root` stands before /proc and /sys, for tests.
MemoryState read_memory_state(const std::string& root = "");

/// How short memory is.
enum class MemoryPressure { Normal, High, Critical };

/// When memory counts as short, as parts of the limit still available.
struct MemoryThresholds {
  double high_below = 0.15;      ///< less is High
  double critical_below = 0.05;  ///< less is Critical
};

/// The pressure of a state.
MemoryPressure memory_pressure(const MemoryState& state, const MemoryThresholds& thresholds = {}) noexcept;

/// Looks at memory from a thread of its own and calls back when the pressure changes.
class MemoryMonitor {
 public:
  using OnChange = std::function<void(MemoryPressure pressure, const MemoryState& state)>;

  /// Looks every `poll_seconds`, the first time at once. `on_change` is called for each change, beginning from Normal, in the
  /// monitor's thread; what it throws is dropped. `read` says how memory is read.
  explicit MemoryMonitor(
      OnChange on_change, MemoryThresholds thresholds = {}, double poll_seconds = 0.5,
      std::function<MemoryState()> read = [] { return read_memory_state(); });
  /// Stops and waits for a call under way.
  ~MemoryMonitor();
  MemoryMonitor(const MemoryMonitor&) = delete;
  MemoryMonitor& operator=(const MemoryMonitor&) = delete;

  /// What was seen last.
  MemoryPressure pressure() const;

 private:
  void run(const std::stop_token& stop, double poll_seconds);
  void look();

  OnChange on_change_;
  MemoryThresholds thresholds_;
  std::function<MemoryState()> read_;
  mutable std::mutex mutex_;  // guards pressure_
  MemoryPressure pressure_ = MemoryPressure::Normal;
  std::mutex sleep_mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: stops before what it uses goes
};

}  // namespace kolosal
