#include "kolosal/models/neighbors/build_hnsw.h"

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr int32_t kHighest = 30;
// Rows of a turn: few beside those that are linked already, so that they seldom miss each other.
constexpr size_t kRowsPerTurn = 16, kMostTurnRows = 512, kSearchesAtOnce = 16;

class Builder {
 public:
  Builder(std::span<const float> rows, size_t n_columns, size_t n_links, size_t build_width, const FitContext& context)
      : graph_(empty_graph(rows.size() / n_columns, n_links, context)),
        hnsw_(rows, n_columns, graph_),
        n_links_(n_links),
        width_(build_width),
        context_(context) {}

  HnswGraph build() {
    const size_t n = hnsw_.n_rows();
    std::vector<Hnsw::Scratch> scratch(kSearchesAtOnce);
    hnsw_.enter_at(0);
    for (size_t begin = 1; begin < n;) {
      context_.check();
      const size_t size = std::min({std::clamp<size_t>(begin / kRowsPerTurn, 1, kMostTurnRows), n - begin});
      std::vector<std::vector<std::vector<Neighbor>>> found(size);
      context_.threads->parallel_each(kSearchesAtOnce, [&](size_t part) {
        for (size_t i = part; i < size; i += kSearchesAtOnce) found[i] = look(static_cast<uint32_t>(begin + i), scratch[part]);
      });
      for (size_t i = 0; i < size; ++i) link(static_cast<uint32_t>(begin + i), found[i]);
      begin += size;
    }
    return std::move(graph_);
  }

 private:
  static HnswGraph empty_graph(size_t n, size_t n_links, const FitContext& context) {
    HnswGraph graph;
    graph.n_links = static_cast<int64_t>(n_links);
    size_t n_lists = 2 * n;
    for (size_t i = 0; i < n; ++i) {
      const double chance = 1 - RandomStream(context.seed, "hnsw level", i).uniform();
      graph.levels.push_back(std::min(static_cast<int32_t>(-std::log(chance) / std::log(static_cast<double>(n_links))), kHighest));
      n_lists += static_cast<size_t>(graph.levels.back());
    }
    graph.links.assign(n_lists * n_links, HnswGraph::kNoLink);
    return graph;
  }

  // The nearest rows on each level that a row and the graph so far have, from level 0 on.
  std::vector<std::vector<Neighbor>> look(uint32_t row, Hnsw::Scratch& scratch) const {
    const float* query = hnsw_.row(row);
    const uint32_t entry = hnsw_.entry();
    const int top = std::min(hnsw_.level(row), hnsw_.level(entry));
    Neighbor from = hnsw_.descend(query, {hnsw_.distance(query, hnsw_.row(entry)), entry}, hnsw_.level(entry), top);
    std::vector<std::vector<Neighbor>> found(static_cast<size_t>(top) + 1);
    for (int level = top; level >= 0; --level) {
      found[static_cast<size_t>(level)] = hnsw_.search(query, from, width_, level, scratch);
      from = found[static_cast<size_t>(level)].front();
    }
    return found;
  }

  // At most `most` of the candidates, nearest first: those nearer to the row than to any chosen before, then the nearest of the rest.
  std::vector<Neighbor> choose(const std::vector<Neighbor>& candidates, size_t most) const {
    std::vector<Neighbor> chosen, rest;
    for (const Neighbor& candidate : candidates) {
      if (chosen.size() == most) break;
      const bool is_apart = std::ranges::all_of(chosen, [&](const Neighbor& other) {
        return candidate.distance < hnsw_.distance(hnsw_.row(candidate.row), hnsw_.row(other.row));
      });
      (is_apart ? chosen : rest).push_back(candidate);
    }
    for (size_t i = 0; i < rest.size() && chosen.size() < most; ++i) chosen.push_back(rest[i]);
    return chosen;
  }

  void write(std::span<uint32_t> links, const std::vector<Neighbor>& chosen) const {
    std::ranges::fill(links, HnswGraph::kNoLink);
    for (size_t i = 0; i < chosen.size(); ++i) links[i] = chosen[i].row;
  }

  void link(uint32_t row, const std::vector<std::vector<Neighbor>>& found) {
    for (size_t level = 0; level < found.size(); ++level) {
      const std::vector<Neighbor> chosen = choose(found[level], n_links_);
      write(hnsw_.links(row, static_cast<int>(level)), chosen);
      for (const Neighbor& neighbor : chosen) link_back(neighbor, row, static_cast<int>(level));
    }
    if (hnsw_.level(row) > hnsw_.level(hnsw_.entry())) hnsw_.enter_at(row);
  }

  void link_back(const Neighbor& of, uint32_t to, int level) {
    const std::span<uint32_t> links = hnsw_.links(of.row, level);
    const auto free = std::ranges::find(links, HnswGraph::kNoLink);
    if (free != links.end()) {
      *free = to;
      return;
    }
    std::vector<Neighbor> candidates{{of.distance, to}};
    for (const uint32_t other : links) candidates.push_back({hnsw_.distance(hnsw_.row(of.row), hnsw_.row(other)), other});
    std::ranges::sort(candidates, [](const Neighbor& a, const Neighbor& b) { return a < b; });
    write(links, choose(candidates, links.size()));
  }

  HnswGraph graph_;
  Hnsw hnsw_;
  size_t n_links_, width_;
  const FitContext& context_;
};

}  // namespace

HnswGraph build_hnsw(std::span<const float> rows, size_t n_columns, size_t n_links, size_t build_width, const FitContext& context) {
  return Builder(rows, n_columns, n_links, build_width, context).build();
}

}  // namespace kolosal
