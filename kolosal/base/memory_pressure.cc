// Memory as Linux tells it: /proc/self/statm, /proc/self/status, /proc/meminfo and the control group's limit.
//
// Cost     four small files and those of the control group, some tens of microseconds a look. Checked: memory_pressure_test.cc.
#include "kolosal/base/memory_pressure.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include "kolosal/base/control_group.h"
#include "kolosal/base/error.h"
#include "kolosal/base/file.h"

namespace kolosal {
namespace {

std::string contents(const std::string& path) {
  try {
    return read_file(path);
  } catch (const Error&) {
    return {};
  }
}

/// Of a text of lines "key:  number kB".
size_t bytes_called(const std::string& key, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    size_t kibibytes = 0;
    if (words >> name >> kibibytes && name == key + ":") return kibibytes << 10;
  }
  return 0;
}

}  // namespace

MemoryState read_memory_state(const std::string& root) {
  MemoryState state;
  std::istringstream pages(contents(root + "/proc/self/statm"));
  size_t total = 0, resident = 0;
  if (pages >> total >> resident) state.process_bytes = resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  state.peak_bytes = bytes_called("VmHWM", contents(root + "/proc/self/status"));
  const std::string meminfo = contents(root + "/proc/meminfo");
  state.limit_bytes = bytes_called("MemTotal", meminfo);
  state.available_bytes = bytes_called("MemAvailable", meminfo);
  const ControlGroupLimits group = read_control_group_limits(root);
  if (group.memory_bytes < state.limit_bytes) {
    state.limit_bytes = group.memory_bytes;
    const size_t left = group.memory_bytes - std::min(group.memory_bytes, group.memory_used_bytes);
    state.available_bytes = std::min(state.available_bytes, left);
  }
  return state;
}

MemoryPressure memory_pressure(const MemoryState& state, const MemoryThresholds& thresholds) noexcept {
  if (state.limit_bytes == 0) return MemoryPressure::Normal;  // nothing is known
  const double left = static_cast<double>(state.available_bytes) / static_cast<double>(state.limit_bytes);
  if (left < thresholds.critical_below) return MemoryPressure::Critical;
  return left < thresholds.high_below ? MemoryPressure::High : MemoryPressure::Normal;
}

MemoryMonitor::MemoryMonitor(OnChange on_change, MemoryThresholds thresholds, double poll_seconds, std::function<MemoryState()> read)
    : on_change_(std::move(on_change)), thresholds_(thresholds), read_(std::move(read)) {
  thread_ = std::jthread([this, poll_seconds](const std::stop_token& stop) { run(stop, poll_seconds); });
}

MemoryMonitor::~MemoryMonitor() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

MemoryPressure MemoryMonitor::pressure() const {
  const std::lock_guard lock(mutex_);
  return pressure_;
}

void MemoryMonitor::look() {
  try {
    const MemoryState state = read_();
    const MemoryPressure now = memory_pressure(state, thresholds_);
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(pressure_, now) == now) return;
    }
    if (on_change_) on_change_(now, state);
  } catch (...) {  // the next look may go better; a monitor must not end the program
  }
}

void MemoryMonitor::run(const std::stop_token& stop, double poll_seconds) {
  std::unique_lock lock(sleep_mutex_);
  const auto pause = std::chrono::duration<double>(std::clamp(poll_seconds, 0.001, 3600.0));
  while (!stop.stop_requested()) {
    look();
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace kolosal
