// NeighborsModel: the stored training rows; a prediction is the mean of the targets of the nearest, or the shares of their classes.
//
// Distance is Euclidean; of rows at equal distance the one stored first is nearer. Exact, see NeighborSearch, or by a graph, see Hnsw.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/models/forms/hnsw.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// What a NeighborsModel is made of.
struct NeighborsForm {
  int64_t n_features = 0;
  int64_t n_outputs = 0;
  int64_t k = 1;
  bool by_distance = false;       ///< nearer rows count more: by the inverse of their distance
  std::vector<float> rows;        ///< (n_stored, n_features) row-major
  std::vector<double> targets;    ///< (n_stored, n_outputs) row-major; empty where there are classes
  std::vector<float> weights;     ///< (n_stored,), above 0
  HnswGraph graph{};              ///< of the stored rows; without rows where the search is exact
  int64_t search_width = 0;       ///< of the search in the graph
  std::vector<uint32_t> classes;  ///< (n_stored,) class numbers below n_outputs; empty where there are targets
};
void describe(Fields<NeighborsForm>& fields);

class NeighborsModel : public Model {
 public:
  explicit NeighborsModel(NeighborsForm form);
  std::string_view form() const override { return "neighbors"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return static_cast<size_t>(form_.n_outputs); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  void average(std::span<const Neighbor> nearest, std::span<double> out) const;

  NeighborsForm form_;
  std::optional<NeighborSearch> search_;  ///< exact
  std::optional<Hnsw> walk_;              ///< or by the graph
};

}  // namespace kolosal
