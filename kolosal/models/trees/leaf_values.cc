#include "kolosal/models/trees/leaf_values.h"

#include <algorithm>
#include <string_view>

namespace kolosal {
namespace {

constexpr size_t kFirstLeaves = 16;  // that there is room for at first

std::string_view bytes_of(const Forest& tree, int32_t leaf) noexcept {
  const float* numbers = tree.leaf_values.data() + static_cast<size_t>(leaf) * tree.leaf_width;
  return {reinterpret_cast<const char*>(numbers), tree.leaf_width * sizeof(float)};
}

}  // namespace

size_t LeafValues::Hash::operator()(int32_t leaf) const noexcept { return std::hash<std::string_view>()(bytes_of(*tree, leaf)); }
bool LeafValues::Equal::operator()(int32_t a, int32_t b) const noexcept { return bytes_of(*tree, a) == bytes_of(*tree, b); }

LeafValues::LeafValues(Forest& tree, std::shared_ptr<MemoryBudget> memory)
    : tree_(tree), memory_(std::move(memory)), different_(0, Hash{&tree}, Equal{&tree}) {}

// While leaves move to a larger place, there are two.
bool LeafValues::make_room() {
  const size_t n = tree_.leaf_values.size(), wanted = std::max(n + n / 2, n + kFirstLeaves * tree_.leaf_width);
  try {
    MemoryLease more(memory_, wanted * sizeof(float), "leaves of a tree");
    tree_.leaf_values.reserve(wanted);
    lease_.emplace(std::move(more));
  } catch (const Error&) {
    full_ = true;
  }
  return !full_;
}

int32_t LeafValues::add(std::span<const float> numbers) {
  std::vector<float>& values = tree_.leaf_values;
  const size_t n = values.size();
  if (n + numbers.size() > values.capacity() && !make_room()) return 0;
  values.insert(values.end(), numbers.begin(), numbers.end());
  const auto number = static_cast<int32_t>(n / tree_.leaf_width);
  if (tree_.leaf_width == 1) return number;
  const auto [at, is_new] = different_.insert(number);
  if (!is_new) values.resize(n);
  return *at;
}

}  // namespace kolosal
