// Hnsw: nearly the nearest of stored rows, by walking a graph of them whose upper levels are sparse.
//
// Every row is in level 0, and in higher ones with falling chance. A search walks from level to level to the row that is nearest there, and
// on level 0 keeps the `width` nearest that it has met: the wider, the surer.
//
// Cost     a query, about width links log n distances; 4 (2 links + links / (links - 1)) bytes a row.
// Source   Malkov and Yashunin, IEEE PAMI 42(4), 2020.
// Checked  neighbors_test.cc: recall against the exact search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/forms/neighbor_search.h"

namespace kolosal {

/// Who is linked to whom. Lists that are not full end with kNoLink.
struct HnswGraph {
  static constexpr uint32_t kNoLink = ~uint32_t{0};

  int64_t n_links = 0;          ///< of a row on a level above 0; twice as many on level 0
  int64_t entry = 0;            ///< a row of the highest level
  std::vector<int32_t> levels;  ///< (n_rows,) highest level of each row
  std::vector<uint32_t> links;  ///< level 0 of all rows, (n_rows, 2 n_links); then the upper levels of each row, (level, n_links)
};
void describe(Fields<HnswGraph>& fields);

/// Walks a graph over rows.
class Hnsw {
 public:
  /// What one search has met; to be used again by the next.
  struct Scratch {
    std::vector<uint64_t> met;
    std::vector<uint32_t> touched;
  };

  /// Over rows (n_rows, n_columns) row-major and their graph, which must both outlive it.
  Hnsw(std::span<const float> rows, size_t n_columns, HnswGraph& graph);

  /// Rows, and a squared distance: infinite where it is no number.
  size_t n_rows() const noexcept { return graph_.levels.size(); }
  const float* row(size_t i) const noexcept { return rows_.data() + i * n_columns_; }
  float distance(const float* a, const float* b) const noexcept;

  /// Links of a row on a level that it is on.
  std::span<const uint32_t> links(uint32_t row, int level) const noexcept;
  std::span<uint32_t> links(uint32_t row, int level) noexcept;
  /// Where searches begin: the row and its level.
  uint32_t entry() const noexcept { return static_cast<uint32_t>(graph_.entry); }
  int level(uint32_t row) const noexcept { return graph_.levels[row]; }
  /// Makes searches begin at a row.
  void enter_at(uint32_t row) noexcept { graph_.entry = row; }

  /// The nearest row on `level` that walking from `from` downhill on the levels above leads to.
  Neighbor descend(const float* query, Neighbor from, int from_level, int level) const noexcept;
  /// The `width` nearest rows that are met on a level from `from` on, the nearest first.
  std::vector<Neighbor> search(const float* query, Neighbor from, size_t width, int level, Scratch& scratch) const;
  /// The k nearest rows of a search of this width, which is taken as k where it is less; exactly k, the nearest first. k <= n_rows.
  std::vector<Neighbor> find(const float* query, size_t k, size_t width, Scratch& scratch) const;

 private:
  std::span<const float> rows_;
  size_t n_columns_;
  HnswGraph& graph_;
  std::vector<size_t> upper_;  ///< where the upper levels of each row begin
};

/// Throws Error(CorruptArtifact) where the graph is none of n_rows rows: every link is checked.
void check_graph(const HnswGraph& graph, size_t n_rows);

}  // namespace kolosal
