// K nearest neighbours: predicts the mean target of the k stored rows that are nearest.
//
// Shapes   features (n_rows, n_features) float32, of like size (the pipeline scales them); any target.
// Cost     a copy of the rows, and a tree of them on few features or a graph; see NeighborSearch and Hnsw for predictions.
// Source   Cover and Hart, IEEE Transactions on Information Theory 13(1), 1967.
// Checked  by hand in neighbors_test.cc; scikit-learn in tests/parity.

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "kolosal/models/forms/neighbors.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/neighbors/build_hnsw.h"

namespace kolosal {
namespace {

enum class NeighborWeights { Uniform, Distance };

constexpr auto enum_names(NeighborWeights) {
  return std::to_array<std::pair<NeighborWeights, std::string_view>>(
      {{NeighborWeights::Uniform, "uniform"}, {NeighborWeights::Distance, "distance"}});
}

enum class NeighborAlgorithm { Exact, Hnsw };

constexpr auto enum_names(NeighborAlgorithm) {
  return std::to_array<std::pair<NeighborAlgorithm, std::string_view>>(
      {{NeighborAlgorithm::Exact, "exact"}, {NeighborAlgorithm::Hnsw, "hnsw"}});
}

struct KNearestParams {
  std::optional<int32_t> k;
  NeighborWeights weighting = NeighborWeights::Distance;
  NeighborAlgorithm algorithm = NeighborAlgorithm::Exact;
  int32_t n_links = 16;
  int32_t build_width = 128;
  int32_t search_width = 64;
};

void describe(Fields<KNearestParams>& f) {
  f.add("k", &KNearestParams::k, "Rows that are averaged; the square root of the rows, at least 5 and at most 50, where not given.")
      .min(1)
      .search_log(1, 100)
      .alias("n_neighbors");
  f.add("weighting", &KNearestParams::weighting, "Whether nearer rows count more.");
  f.add("algorithm", &KNearestParams::algorithm,
        "How neighbours are found: exactly, by a tree or by comparing all rows, or nearly always, by walking a graph (hnsw), which is "
        "faster on "
        "many rows of many features.");
  f.add("n_links", &KNearestParams::n_links, "Links of a row of the graph on a level.").min(2).max(256);
  f.add("build_width", &KNearestParams::build_width, "Rows that searches keep while the graph is built: the more, the better it is.")
      .min(1)
      .max(100'000);
  f.add("search_width", &KNearestParams::search_width, "Rows that searches in the graph keep, at least k: the more, the surer.")
      .min(1)
      .max(1'000'000);
}

class KNearest : public Learner {
 public:
  explicit KNearest(KNearestParams params) : params_(params) {}
  bool supports(Task task) const override { return task != Task::Ranking; }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    context.check();
    const size_t p = train.x.n_features();
    const Target& target = train.target;
    const bool has_classes = is_classification(target.task);
    const size_t target_bytes = has_classes ? sizeof(uint32_t) : target.n_targets * sizeof(double);
    const MemoryLease lease(context.memory, train.x.n_rows() * ((p + 1) * sizeof(float) + target_bytes), "k nearest neighbours");
    NeighborsForm form;
    form.n_features = static_cast<int64_t>(p);
    form.n_outputs = static_cast<int64_t>(target.n_outputs());
    form.by_distance = params_.weighting == NeighborWeights::Distance;
    // Weights in units of a power of two near the largest: they fit float32, and those too small for it do not count.
    const int unit = train.weights.empty() ? 0 : std::ilogb(std::ranges::max(train.weights));
    for (size_t row = 0; row < train.x.n_rows(); ++row) {
      const auto weight = static_cast<float>(train.weights.empty() ? 1.0 : std::ldexp(train.weights[row], -unit));
      if (weight <= 0) continue;
      form.weights.push_back(weight);
      for (size_t j = 0; j < p; ++j) {
        const float value = train.x.at(row, j);
        if (!std::isfinite(value))
          throw Error(ErrorCode::BadValue, "feature '" + train.x.features()[j].name + "' has a value that is missing or not finite",
                      "Impute it first: this learner takes numbers only.");
        form.rows.push_back(value);
      }
      const auto values = std::span(target.values).subspan(row * target.n_targets, target.n_targets);
      if (has_classes) form.classes.push_back(static_cast<uint32_t>(values[0]));
      else form.targets.insert(form.targets.end(), values.begin(), values.end());
    }
    const auto n = static_cast<double>(form.weights.size());
    const int64_t k = params_.k ? *params_.k : static_cast<int64_t>(std::clamp(std::sqrt(n), 5.0, 50.0));
    form.k = std::min<int64_t>(k, static_cast<int64_t>(form.weights.size()));
    if (params_.algorithm == NeighborAlgorithm::Hnsw && p > 0) {
      const auto n_links = static_cast<size_t>(params_.n_links);
      const MemoryLease of_graph(context.memory, form.weights.size() * 3 * n_links * sizeof(uint32_t), "a graph of neighbours");
      form.graph = build_hnsw(form.rows, p, n_links, static_cast<size_t>(params_.build_width), context);
      form.search_width = params_.search_width;
    }
    return std::make_unique<NeighborsModel>(std::move(form));
  }

 private:
  KNearestParams params_;
};

}  // namespace

void register_k_nearest(Catalog<Learner>& catalog) {
  catalog.add<KNearest, KNearestParams>("k_nearest", "Mean target of the nearest training rows.", {"knn"});
}

}  // namespace kolosal
