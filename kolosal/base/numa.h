// Which CPUs belong to which NUMA node.
#pragma once

#include <string>
#include <vector>

namespace kolosal {

/// The CPUs of each NUMA node, by number of the node; none for a number that no node has. Nothing at all where the system does not tell.
/// `root` stands before /sys, for tests.
std::vector<std::vector<int>> numa_node_cpus(const std::string& root = "");

}  // namespace kolosal
