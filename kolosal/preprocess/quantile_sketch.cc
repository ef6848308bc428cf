#include "kolosal/preprocess/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace kolosal {

void QuantileSketch::sort_and_join(Entries& entries) {
  std::ranges::sort(entries, {}, &Entry::value);
  size_t n = 0;
  for (const Entry& entry : entries) {
    if (n > 0 && entries[n - 1].value == entry.value) entries[n - 1].weight += entry.weight;
    else entries[n++] = entry;
  }
  entries.resize(n);
}

QuantileSketch::Entries QuantileSketch::cut(Entries entries) {
  if (entries.size() <= width_) return entries;
  double weight = 0;
  for (const Entry& entry : entries) weight += entry.weight;
  const double piece = weight / static_cast<double>(width_);
  Entries kept;
  kept.reserve(width_);
  double end = 0;
  size_t at = 0;
  for (size_t i = 0; i < width_; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * piece;
    while (at + 1 < entries.size() && end + entries[at].weight <= middle) end += entries[at++].weight;
    if (!kept.empty() && kept.back().value == entries[at].value) kept.back().weight += piece;
    else kept.push_back({entries[at].value, piece});
  }
  lost_ += piece / 2;
  return kept;
}

void QuantileSketch::close_buffer() {
  sort_and_join(buffer_);
  if (buffer_.size() * 2 <= width_) return;  // many were equal: there is room again
  raise(std::exchange(buffer_, {}), 0);
}

// Puts a summary where its level has none, else joins the two and goes on with the level above.
void QuantileSketch::raise(Entries summary, size_t level) {
  for (;; ++level) {
    if (level >= levels_.size()) levels_.resize(level + 1);
    if (levels_[level].empty()) {
      levels_[level] = std::move(summary);
      break;
    }
    std::ranges::move(levels_[level], std::back_inserter(summary));
    levels_[level] = {};
    sort_and_join(summary);
    summary = cut(std::move(summary));
  }
}

void QuantileSketch::add(double value, double weight) {
  if (total_ == 0) least_ = largest_ = value;
  least_ = std::min(least_, value);
  largest_ = std::max(largest_, value);
  total_ += weight;
  n_ += 1;
  if (buffer_.capacity() < width_) buffer_.reserve(width_);
  buffer_.push_back({value == 0 ? 0.0 : value, weight});
  if (buffer_.size() >= width_) close_buffer();
}

void QuantileSketch::add(const Column& column, std::span<const double> weights) {
  const Sample sample = finite_sample(column, weights);
  for (size_t i = 0; i < sample.values.size(); ++i) add(sample.values[i], sample.weight(i));
}

void QuantileSketch::merge(const QuantileSketch& other) {
  if (other.width_ != width_)
    throw Error(ErrorCode::BadValue,
                "a quantile sketch of width " + std::to_string(other.width_) + " cannot be merged into one of " + std::to_string(width_),
                "Give both the same width.");
  if (other.total_ == 0) return;
  least_ = total_ == 0 ? other.least_ : std::min(least_, other.least_);
  largest_ = total_ == 0 ? other.largest_ : std::max(largest_, other.largest_);
  total_ += other.total_;
  n_ += other.n_;
  lost_ += other.lost_;
  const std::vector<Entries> levels = other.levels_;  // copies: the other may be this one
  const Entries rest = other.buffer_;
  for (size_t level = 0; level < levels.size(); ++level)
    if (!levels[level].empty()) raise(levels[level], level);
  for (const Entry& entry : rest) {
    buffer_.push_back(entry);
    if (buffer_.size() >= width_) close_buffer();
  }
}

Sample QuantileSketch::sample() const {
  Entries all = buffer_;
  for (const Entries& level : levels_) all.insert(all.end(), level.begin(), level.end());
  sort_and_join(all);
  Sample sample;
  if (all.empty()) return sample;
  if (lost_ > 0) {  // the ends are known whatever was lost
    all.front().value = least_;
    all.back().value = largest_;
  }
  // Where numbers weigh less than one on average only ratios count: joined numbers must not look like single ones.
  const double stretch = std::max(1.0, n_ / total_);
  const bool plain = std::ranges::all_of(all, [](const Entry& entry) { return entry.weight == 1; });
  for (const Entry& entry : all) {
    sample.values.push_back(entry.value);
    if (!plain) sample.weights.push_back(entry.weight * stretch);
  }
  return sample;
}

std::vector<double> QuantileSketch::quantiles(std::span<const double> wanted) const {
  const Sample kept = sample();
  return sorted_quantiles(kept.values, kept.weights, wanted);
}

size_t QuantileSketch::bytes() const noexcept {
  size_t n = buffer_.capacity() + 2 * width_;  // two summaries while they are merged
  for (const Entries& summary : levels_) n += summary.capacity();
  return n * sizeof(Entry);
}

}  // namespace kolosal
