// Reads /sys/devices/system/node: "online" lists the nodes, nodeN/cpulist the CPUs of each, both as "0-3,8".
//
// oneTBB would tell the same through its hwloc binding, which frees with the C library what another allocator gave and so ends a program
// that is linked with one.
//
// Source   the kernel's ABI/stable/sysfs-devices-node. Checked: numa_test.cc.
#include "kolosal/base/numa.h"

#include <charconv>
#include <string_view>

#include "kolosal/base/error.h"
#include "kolosal/base/file.h"

namespace kolosal {
namespace {

constexpr int kMost = 1 << 16;  // more than any system's CPUs or nodes

// The numbers of "0-3,8"; none where the text is written otherwise or the file cannot be read.
std::vector<int> numbers_in(const std::string& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const Error&) {
    return {};
  }
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto read = [&](int& number) {
    const auto [stop, status] = std::from_chars(at, end, number);
    at = stop;
    return status == std::errc() && number >= 0 && number < kMost;
  };
  while (at < end && *at != '\n') {
    int first = 0, last = 0;
    if (!read(first)) return {};
    last = first;
    if (at < end && *at == '-' && (++at, !read(last))) return {};
    for (int number = first; number <= last; ++number) numbers.push_back(number);
    if (at < end && *at == ',') ++at;
  }
  return numbers;
}

}  // namespace

std::vector<std::vector<int>> numa_node_cpus(const std::string& root) {
  const std::string folder = root + "/sys/devices/system/node/";
  std::vector<std::vector<int>> cpus;
  for (const int node : numbers_in(folder + "online")) {
    if (static_cast<size_t>(node) >= cpus.size()) cpus.resize(static_cast<size_t>(node) + 1);
    cpus[static_cast<size_t>(node)] = numbers_in(folder + "node" + std::to_string(node) + "/cpulist");
  }
  return cpus;
}

}  // namespace kolosal
