#include "kolosal/stream/heavy_hitters.h"

#include <algorithm>
#include <functional>
#include <string>

#include "kolosal/base/error.h"

namespace kolosal {

void HeavyHitters::add(std::string_view text, int64_t n) {
  if (n <= 0) return;
  total_ += n;
  if (const auto known = counts_.find(text); known != counts_.end()) {
    known->second += n;
    return;
  }
  counts_.emplace(text, n);
  if (counts_.size() >= 2 * width_ + 1) cut();
}

void HeavyHitters::cut() {
  if (counts_.size() <= width_) return;
  std::vector<int64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& [text, count] : counts_) counts.push_back(count);
  const auto next = counts.begin() + static_cast<std::ptrdiff_t>(width_);
  std::ranges::nth_element(counts, next, std::greater<>());
  const int64_t taken = *next;
  taken_ += taken;
  for (auto it = counts_.begin(); it != counts_.end();) {
    it->second -= taken;
    it = it->second > 0 ? std::next(it) : counts_.erase(it);
  }
}

void HeavyHitters::merge(const HeavyHitters& other) {
  if (other.width_ != width_)
    throw Error(ErrorCode::BadValue,
                "heavy hitters of width " + std::to_string(other.width_) + " cannot be merged into those of " + std::to_string(width_),
                "Give both the same width.");
  for (const auto& [text, count] : other.counts_) counts_[text] += count;
  total_ += other.total_;
  taken_ += other.taken_;
  if (counts_.size() > 2 * width_) cut();
}

std::vector<std::pair<std::string, int64_t>> HeavyHitters::most_frequent() const {
  std::vector<std::pair<std::string, int64_t>> found(counts_.begin(), counts_.end());
  std::ranges::sort(found, [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (found.size() > width_) found.resize(width_);
  return found;
}

}  // namespace kolosal
