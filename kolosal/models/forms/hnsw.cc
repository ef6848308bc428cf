#include "kolosal/models/forms/hnsw.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "kolosal/base/error.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {

namespace {

constexpr int kMostLevels = 64;
constexpr int64_t kMostLinks = 1024;

}  // namespace

void describe(Fields<HnswGraph>& f) {
  f.add("n_links", &HnswGraph::n_links, "Links of a row on a level above 0.");
  f.add("entry", &HnswGraph::entry, "Where searches begin.");
  f.add("levels", &HnswGraph::levels, "Highest level of each row.");
  f.add("links", &HnswGraph::links, "Links of all rows on level 0, then of each on the levels above.");
}

Hnsw::Hnsw(std::span<const float> rows, size_t n_columns, HnswGraph& graph) : rows_(rows), n_columns_(n_columns), graph_(graph) {
  const auto n_links = static_cast<size_t>(graph_.n_links);
  size_t at = n_rows() * 2 * n_links;
  for (const int32_t level : graph_.levels) {
    upper_.push_back(at);
    at += static_cast<size_t>(level) * n_links;
  }
}

float Hnsw::distance(const float* a, const float* b) const noexcept {
  const auto squared = static_cast<float>(squared_distance(std::span(a, n_columns_), std::span(b, n_columns_)));
  return std::isnan(squared) ? std::numeric_limits<float>::infinity() : squared;
}

std::span<const uint32_t> Hnsw::links(uint32_t row, int level) const noexcept {
  const auto n_links = static_cast<size_t>(graph_.n_links);
  if (level == 0) return {graph_.links.data() + row * 2 * n_links, 2 * n_links};
  return {graph_.links.data() + upper_[row] + static_cast<size_t>(level - 1) * n_links, n_links};
}

std::span<uint32_t> Hnsw::links(uint32_t row, int level) noexcept {
  const std::span<const uint32_t> found = std::as_const(*this).links(row, level);
  return {graph_.links.data() + (found.data() - graph_.links.data()), found.size()};
}

Neighbor Hnsw::descend(const float* query, Neighbor from, int from_level, int level) const noexcept {
  for (int at = from_level; at > level; --at)
    for (bool moved = true; moved;) {
      moved = false;
      for (const uint32_t next : links(from.row, at)) {
        if (next == HnswGraph::kNoLink) break;
        const Neighbor neighbor{distance(query, row(next)), next};
        if (!(neighbor < from)) continue;
        from = neighbor;
        moved = true;
      }
    }
  return from;
}

std::vector<Neighbor> Hnsw::search(const float* query, Neighbor from, size_t width, int level, Scratch& scratch) const {
  scratch.met.resize((n_rows() + 63) / 64);
  const auto meet = [&](uint32_t row) {
    uint64_t& word = scratch.met[row / 64];
    const uint64_t bit = uint64_t{1} << (row % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    scratch.touched.push_back(row);
    return true;
  };
  const auto is_farther = [](const Neighbor& a, const Neighbor& b) { return b < a; };
  std::priority_queue<Neighbor, std::vector<Neighbor>, decltype(is_farther)> open(is_farther);  // the nearest first
  std::priority_queue<Neighbor> kept;                                                           // the farthest first
  meet(from.row);
  open.push(from);
  kept.push(from);
  while (!open.empty() && !(kept.size() >= width && kept.top() < open.top())) {
    const uint32_t at = open.top().row;
    open.pop();
    for (const uint32_t next : links(at, level)) {
      if (next == HnswGraph::kNoLink) break;
      if (!meet(next)) continue;
      const Neighbor neighbor{distance(query, row(next)), next};
      if (kept.size() >= width && !(neighbor < kept.top())) continue;
      open.push(neighbor);
      kept.push(neighbor);
      if (kept.size() > width) kept.pop();
    }
  }
  for (const uint32_t row : scratch.touched) scratch.met[row / 64] = 0;
  scratch.touched.clear();
  std::vector<Neighbor> found(kept.size());
  for (size_t i = found.size(); i-- > 0; kept.pop()) found[i] = kept.top();
  return found;
}

std::vector<Neighbor> Hnsw::find(const float* query, size_t k, size_t width, Scratch& scratch) const {
  const Neighbor start = descend(query, {distance(query, row(entry())), entry()}, level(entry()), 0);
  std::vector<Neighbor> found = search(query, start, std::max(width, k), 0, scratch);
  if (found.size() < k) {  // parts of the graph that no link leads to
    found.clear();
    for (uint32_t i = 0; i < n_rows(); ++i) found.push_back({distance(query, row(i)), i});
    std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(k), found.end());
  }
  found.resize(k);
  return found;
}

void check_graph(const HnswGraph& graph, size_t n_rows) {
  const auto refuse = [](bool wrong) {
    if (wrong) throw Error(ErrorCode::CorruptArtifact, "the graph of a neighbours model is none of its rows");
  };
  refuse(graph.levels.size() != n_rows || graph.n_links < 2 || graph.n_links > kMostLinks || graph.entry < 0 ||
         graph.entry >= static_cast<int64_t>(n_rows));
  size_t n_lists = 2 * n_rows;
  int32_t highest = 0;
  for (const int32_t level : graph.levels) {
    refuse(level < 0 || level > kMostLevels);
    n_lists += static_cast<size_t>(level);
    highest = std::max(highest, level);
  }
  const auto n_links = static_cast<size_t>(graph.n_links);
  refuse(graph.links.size() != n_lists * n_links || graph.levels[static_cast<size_t>(graph.entry)] != highest);
  size_t at = 0;
  const auto check_list = [&](size_t size, int level) {
    for (size_t i = 0; i < size; ++i, ++at)
      refuse(graph.links[at] != HnswGraph::kNoLink && (graph.links[at] >= n_rows || graph.levels[graph.links[at]] < level));
  };
  for (size_t i = 0; i < n_rows; ++i) check_list(2 * n_links, 0);
  for (size_t i = 0; i < n_rows; ++i)
    for (int level = 1; level <= graph.levels[i]; ++level) check_list(n_links, level);
}

}  // namespace kolosal
