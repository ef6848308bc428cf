// Bins around the centres of a column's clusters: a number is in the bin of the centre nearest to it.
//
// Lloyd's iteration on the sorted values, from the middles of bins of equal width, until no value changes its cluster; a cluster
// without values takes the value farthest from its centre.
//
// Cost     O(n_rows log n_rows) a column for sorting, then O(n_bins log n_rows) an iteration.
// Source   Lloyd, IEEE Transactions on Information Theory 28(2), 1982.
// Checked  bin_test.cc; scikit-learn's KBinsDiscretizer (strategy "kmeans") in tests/parity.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

struct KmeansBinParams {
  std::vector<std::string> columns;
  int n_bins = 5;
  BinEncode encode = BinEncode::Ordinal;
  int max_iter = 300;
};
void describe(Fields<KmeansBinParams>& f) {
  describe_bins(f);
  f.add("max_iter", &KmeansBinParams::max_iter, "Most iterations.").min(1);
}

/// The clusters of sorted values: where each begins, and its centre.
class Clusters {
 public:
  Clusters(const Sample& sorted, std::vector<double> centers) : values_(sorted.values), centers_(std::move(centers)) {
    weight_.push_back(0);
    sum_.push_back(0);
    for (size_t i = 0; i < values_.size(); ++i) {
      weight_.push_back(weight_.back() + sorted.weight(i));
      sum_.push_back(sum_.back() + sorted.weight(i) * (values_[i] - values_.front()));
    }
    assign();
  }

  /// Moves the centres into the middle of their values. Whether a value changed its cluster.
  bool step() {
    const std::vector<size_t> before = begins_;
    for (size_t k = 0; k < centers_.size(); ++k)
      if (begins_[k] < begins_[k + 1])
        centers_[k] = values_.front() + (sum_[begins_[k + 1]] - sum_[begins_[k]]) / (weight_[begins_[k + 1]] - weight_[begins_[k]]);
    for (size_t k = 0; k < centers_.size(); ++k)
      if (begins_[k] == begins_[k + 1]) centers_[k] = farthest();
    std::ranges::sort(centers_);
    assign();
    return begins_ != before;
  }

  /// Halfway between neighbouring centres; the least and the largest value at the ends.
  std::vector<double> edges() const {
    std::vector<double> edges{values_.front()};
    for (size_t k = 0; k + 1 < centers_.size(); ++k) edges.push_back(std::midpoint(centers_[k], centers_[k + 1]));
    edges.push_back(values_.back());
    return edges;
  }

 private:
  void assign() {
    begins_.assign(1, 0);
    for (size_t k = 0; k + 1 < centers_.size(); ++k)
      begins_.push_back(
          static_cast<size_t>(std::ranges::lower_bound(values_, std::midpoint(centers_[k], centers_[k + 1])) - values_.begin()));
    begins_.push_back(values_.size());
  }

  /// The value farthest from the centre of its cluster, which is at an end of it.
  double farthest() const {
    double most = -1, found = values_.front();
    for (size_t k = 0; k < centers_.size(); ++k) {
      if (begins_[k] == begins_[k + 1]) continue;
      for (const double end : {values_[begins_[k]], values_[begins_[k + 1] - 1]}) {
        if (std::ranges::find(centers_, end) != centers_.end() || std::abs(end - centers_[k]) <= most) continue;
        most = std::abs(end - centers_[k]);
        found = end;
      }
    }
    return found;
  }

  const std::vector<double>& values_;
  std::vector<double> centers_, weight_, sum_;
  std::vector<size_t> begins_;
};

/// A power of two by which sums of the values are multiplied to be finite.
double unit_of(const Sample& sorted) {
  constexpr double kSumsAreFinite = 1e290;
  return std::max(-sorted.values.front(), sorted.values.back()) < kSumsAreFinite ? 1 : kReduced;
}

class KmeansBin : public Transformer {
 public:
  explicit KmeansBin(KmeansBinParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_bins(input, context, params_.columns, params_.encode, "kmeans_bin",
                    [&](const Column& column, std::span<const double> weights) {
                      Sample sample = finite_sample(column, weights);
                      sort_sample(sample);
                      const double unit = unit_of(sample);
                      for (double& value : sample.values) value *= unit;
                      std::vector<double> centers = equal_widths({sample.values.front(), sample.values.back()}, n_bins());
                      for (size_t k = 0; k + 1 < centers.size(); ++k) centers[k] = std::midpoint(centers[k], centers[k + 1]);
                      centers.pop_back();
                      Clusters clusters(sample, std::move(centers));
                      for (int i = 0; i < params_.max_iter && clusters.step(); ++i) context.check();
                      std::vector<double> edges = clusters.edges();
                      for (double& edge : edges) edge /= unit;
                      return edges;
                    });
  }

 private:
  size_t n_bins() const { return static_cast<size_t>(params_.n_bins); }

  KmeansBinParams params_;
};

}  // namespace

void register_kmeans_bin(Catalog<Transformer>& catalog) {
  catalog.add<KmeansBin, KmeansBinParams>("kmeans_bin", "Each column is cut halfway between the centres of its clusters.");
}

}  // namespace kolosal
