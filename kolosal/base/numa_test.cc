#include "kolosal/base/numa.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kolosal {
namespace {

namespace fs = std::filesystem;
using Nodes = std::vector<std::vector<int>>;

TEST(NumaNodeCpus, AreThoseOfTheNodesThatAreOnline) {
  const fs::path root = fs::temp_directory_path() / ("kolosal_numa_test_" + std::to_string(getpid()));
  const auto put = [&](const std::string& name, const std::string& text) {
    const fs::path path = root / "sys/devices/system/node" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  };
  EXPECT_EQ(numa_node_cpus(root), Nodes());
  put("online", "0,2-3\n");
  put("node0/cpulist", "0-2,8\n");
  put("node2/cpulist", "\n");  // memory alone
  EXPECT_EQ(numa_node_cpus(root), (Nodes{{0, 1, 2, 8}, {}, {}, {}}));
  put("node3/cpulist", "5\n");
  EXPECT_EQ(numa_node_cpus(root), (Nodes{{0, 1, 2, 8}, {}, {}, {5}}));
  put("node0/cpulist", "0-99999999\n");
  EXPECT_EQ(numa_node_cpus(root), (Nodes{{}, {}, {}, {5}}));
  put("online", "zero\n");
  EXPECT_EQ(numa_node_cpus(root), Nodes());
  fs::remove_all(root);
}

}  // namespace
}  // namespace kolosal
