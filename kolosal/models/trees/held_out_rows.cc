#include "kolosal/models/trees/held_out_rows.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr size_t kFewestRows = 20, kFewestGroups = 2;

// Places of a list of n, of which one in 1 / fraction is taken, evenly from a random start on.
std::vector<size_t> even_places(size_t n, double fraction, RandomStream& stream) {
  std::vector<size_t> places;
  const double start = stream.uniform();
  for (size_t i = 0; i < n; ++i) {
    const double before = start + static_cast<double>(i) * fraction;
    if (std::floor(before + fraction) > std::floor(before)) places.push_back(i);
  }
  return places;
}

// The rows of weight above 0 in random order.
std::vector<uint32_t> shuffled_rows(const TrainingSet& set, RandomStream& stream) {
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < set.target.n_rows; ++i)
    if (set.weights.empty() || set.weights[i] > 0) rows.push_back(static_cast<uint32_t>(i));
  stream.shuffle(std::span(rows));
  return rows;
}

// The rows of whole groups.
std::vector<uint32_t> draw_groups(const std::vector<uint32_t>& rows, const std::vector<uint32_t>& group_of, double fraction,
                                  RandomStream& stream) {
  std::map<uint32_t, std::vector<uint32_t>> groups;
  for (const uint32_t row : rows) groups[group_of[row]].push_back(row);
  std::vector<const std::vector<uint32_t>*> listed;
  for (const auto& [number, members] : groups) listed.push_back(&members);
  stream.shuffle(std::span(listed));
  const std::vector<size_t> places = even_places(listed.size(), fraction, stream);
  std::vector<uint32_t> drawn;
  if (places.size() < kFewestGroups || listed.size() - places.size() < kFewestGroups) return drawn;
  for (const size_t place : places) drawn.insert(drawn.end(), listed[place]->begin(), listed[place]->end());
  return drawn;
}

// Rows spread evenly over the sorted targets.
std::vector<uint32_t> draw_by_target(std::vector<uint32_t> rows, const Target& target, double fraction, RandomStream& stream) {
  const auto value_of = [&](uint32_t row) { return target.values[row * target.n_targets]; };
  if (is_classification(target.task)) {
    std::vector<size_t> n_of(target.n_classes(), 0);
    for (const uint32_t row : rows) ++n_of[static_cast<size_t>(value_of(row))];
    std::erase_if(rows, [&](uint32_t row) { return n_of[static_cast<size_t>(value_of(row))] < 2; });
  }
  std::ranges::stable_sort(rows, {}, value_of);
  std::vector<uint32_t> drawn;
  for (const size_t place : even_places(rows.size(), fraction, stream)) drawn.push_back(rows[place]);
  return drawn;
}

}  // namespace

std::optional<HeldOutRows> hold_out_rows(const TrainingSet& set, double fraction, uint64_t seed) {
  RandomStream stream(seed, "held-out rows");
  std::vector<uint32_t> rows = shuffled_rows(set, stream);
  const std::vector<uint32_t> drawn = set.target.group.empty() ? draw_by_target(std::move(rows), set.target, fraction, stream)
                                                               : draw_groups(rows, set.target.group, fraction, stream);
  if (drawn.size() < kFewestRows) return std::nullopt;
  HeldOutRows parts{std::vector<double>(set.weights.begin(), set.weights.end()), std::vector<double>(set.target.n_rows, 0.0)};
  if (parts.learnt.empty()) parts.learnt.assign(set.target.n_rows, 1.0);
  for (const uint32_t row : drawn) std::swap(parts.learnt[row], parts.held_out[row]);
  return parts;
}

}  // namespace kolosal
