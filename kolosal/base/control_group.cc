// Reads the limits of Linux control groups, versions 1 and 2.
//
// /proc/self/cgroup names the group of each hierarchy ("0::/a/b" is version 2); a limit of any group on the way up holds. Inside
// a container the path may not exist under the mount, where the container's own group is the root; that is read too.
//
// Cost     a few small reads. Source: the kernel's admin-guide/cgroup-v1 and cgroup-v2. Checked: threads_test.cc, memory_pressure_test.cc.
#include "kolosal/base/control_group.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/file.h"

namespace kolosal {
namespace {

std::optional<std::string> contents(const std::string& path) {
  try {
    return read_file(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || stop == text.data()) return std::nullopt;  // "max"
  return number;
}

std::optional<double> number_in(const std::string& path) {
  const auto text = contents(path);
  return text ? number_of(*text) : std::nullopt;
}

// The number that follows `key` in lines of "key number".
double member_of(const std::string& path, const std::string& key) {
  const auto text = contents(path);
  if (!text) return 0;
  std::istringstream lines(*text);
  for (std::string name, number; lines >> name >> number;)
    if (name == key) return number_of(number).value_or(0);
  return 0;
}

// The folders of a group and of those above it, from the group up to the mount.
std::vector<std::string> folders_of(const std::string& mount, std::string group) {
  std::vector<std::string> folders;
  for (; group.size() > 1; group = group.substr(0, group.rfind('/'))) folders.push_back(mount + group);
  folders.push_back(mount);
  return folders;
}

void add_memory(ControlGroupLimits& limits, std::optional<double> limit, std::optional<double> used, double reclaimable) {
  if (!limit || *limit <= 0 || *limit >= 9e18 || *limit >= static_cast<double>(limits.memory_bytes)) return;
  limits.memory_bytes = static_cast<size_t>(*limit);
  limits.memory_used_bytes = static_cast<size_t>(std::max(0.0, used.value_or(0) - reclaimable));
}

void add_cpus(ControlGroupLimits& limits, std::optional<double> quota, std::optional<double> period) {
  if (quota && period && *quota > 0 && *period > 0) limits.n_cpus = std::min(limits.n_cpus, *quota / *period);
}

void add_version_2(ControlGroupLimits& limits, const std::string& folder) {
  if (const auto text = contents(folder + "/cpu.max")) {
    const size_t space = std::min(text->find(' '), text->size());
    add_cpus(limits, number_of(std::string_view(*text).substr(0, space)),
             space < text->size() ? number_of(std::string_view(*text).substr(space + 1)) : std::nullopt);
  }
  add_memory(limits, number_in(folder + "/memory.max"), number_in(folder + "/memory.current"),
             member_of(folder + "/memory.stat", "inactive_file"));
}

}  // namespace

ControlGroupLimits read_control_group_limits(const std::string& root) {
  ControlGroupLimits limits;
  const std::string mount = root + "/sys/fs/cgroup";
  std::istringstream lines(contents(root + "/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      for (const std::string& folder : folders_of(mount, group)) add_version_2(limits, folder);
      for (const std::string& folder : folders_of(mount + "/unified", group)) add_version_2(limits, folder);
    }
    if (controllers.find(",cpu,") != std::string::npos)
      for (const std::string& folder : folders_of(mount + "/cpu", group))
        add_cpus(limits, number_in(folder + "/cpu.cfs_quota_us"), number_in(folder + "/cpu.cfs_period_us"));
    if (controllers.find(",memory,") != std::string::npos)
      for (const std::string& folder : folders_of(mount + "/memory", group))
        add_memory(limits, number_in(folder + "/memory.limit_in_bytes"), number_in(folder + "/memory.usage_in_bytes"),
                   member_of(folder + "/memory.stat", "total_inactive_file"));
  }
  return limits;
}

}  // namespace kolosal
