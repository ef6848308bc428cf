#include "kolosal/models/trees/node_histograms.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 512;  // whose words are found at a time
constexpr size_t kRowsPerPoll = size_t{1} << 16;
constexpr size_t kMostBytes = size_t{1} << 18;  // of the histograms filled at a time
constexpr size_t kFewestRows = 128;
constexpr double kRowsPerBin = 0.5;  // at a node that is quicker counted than sorted

// The nearest whole number to one of size below 2^51: behind the sum's point there is no room for a fraction.
int64_t nearest(double number) {
  constexpr double kBig = 0x1.8p52;
  return std::bit_cast<int64_t>(number + kBig) - std::bit_cast<int64_t>(kBig);
}

size_t n_bins_of(const RankedColumn& column) { return size_t{column.missing} + 1; }

size_t n_at_once_for(size_t most_bins, size_t width) {
  return std::clamp<size_t>(kMostBytes / (most_bins * width * sizeof(GradientSum)), 1, HistogramTile::kWidth);
}

}  // namespace

NodeHistograms::NodeHistograms(const TreeColumns& columns, const TreeTargets& targets, const FitContext& context)
    : columns_(columns), targets_(targets), context_(context), width_(targets.width), rows_(kBlockRows), sorted_rows_(kBlockRows) {
  size_t most_bins = 1;
  for (const RankedColumn& column : columns.columns) most_bins = std::max(most_bins, n_bins_of(column));
  least_rows_ = least_rows_for(most_bins, width_);
  n_at_once_ = n_at_once_for(most_bins, width_);
  numbers_.resize(width_);
}

size_t NodeHistograms::least_rows_for(size_t most_bins, size_t width) {
  return std::max(kFewestRows, static_cast<size_t>(kRowsPerBin * static_cast<double>(most_bins * width)));
}

size_t NodeHistograms::bytes_for(size_t n_features, size_t most_bins, size_t width) {
  return std::min(n_features, n_at_once_for(most_bins, width)) * most_bins * width * sizeof(GradientSum) +
         2 * kBlockRows * sizeof(SummedRow);
}

void NodeHistograms::start(const RowsOfNode& all) {
  double most_weight = 0;
  std::vector<double> most(width_, 0.0);
  for (size_t i = 0; i < all.rows.size(); ++i) {
    const double w = all.w[i];
    most_weight = std::max(most_weight, w);
    if (targets_.classes) continue;
    const double* y = width_ == 1 ? all.y + i : targets_.values.data() + all.rows[i] * width_;
    for (size_t k = 0; k < width_; ++k) most[k] = std::max(most[k], std::abs(w * y[k]));
  }
  steps_.clear();
  for (const double each : most) {
    const GradientScale scale = GradientScale::fine(all.rows.size(), each, most_weight);
    steps_.push_back(scale.gradient);
    weight_step_ = scale.hessian;
    count_bits_ = scale.count_bits;
  }
}

void NodeHistograms::fill(const RowsOfNode& node, std::span<const uint32_t> features) {
  start_.assign(1, 0);
  n_bins_.clear();
  for (const uint32_t f : features) {
    n_bins_.push_back(n_bins_of(columns_.columns[f]));
    start_.push_back(start_.back() + n_bins_.back() * width_);
  }
  words_.assign(start_.back(), GradientSum{});
  const HistogramTile tile(*columns_.bins, features);
  for (size_t begin = 0; begin < node.rows.size(); begin += kBlockRows) {
    if (begin % kRowsPerPoll == 0 && begin > 0 && context_.should_stop()) break;
    const size_t n = std::min(kBlockRows, node.rows.size() - begin);
    const RowsOfNode block{node.rows.subspan(begin, n), node.y + begin, node.w + begin};
    if (targets_.classes) add_classes(block, tile);
    else
      for (size_t k = 0; k < width_; ++k) add_numbers(block, k, tile);
  }
  sum_up();
}

std::span<GradientSum* const> NodeHistograms::histograms_of(size_t k) {
  histograms_.clear();
  for (size_t place = 0; place < n_bins_.size(); ++place) histograms_.push_back(words_.data() + start_[place] + k * n_bins_[place]);
  return histograms_;
}

void NodeHistograms::add_numbers(const RowsOfNode& block, size_t k, const HistogramTile& tile) {
  const size_t n = block.rows.size();
  const double per_number = 1 / steps_[k], per_weight = 1 / weight_step_;
  for (size_t i = 0; i < n; ++i) {
    const double y = width_ == 1 ? block.y[i] : targets_.values[block.rows[i] * width_ + k];
    const int64_t weight = std::max<int64_t>(1, nearest(block.w[i] * per_weight));
    rows_[i] = {GradientSum{nearest(block.w[i] * y * per_number), (weight << count_bits_) + 1}, block.rows[i]};
  }
  tile.add(std::span(rows_).first(n), histograms_of(k));
}

// The rows of each class together, so that each class has histograms of its own.
void NodeHistograms::add_classes(const RowsOfNode& block, const HistogramTile& tile) {
  const size_t n = block.rows.size();
  class_start_.assign(width_ + 1, 0);
  for (size_t i = 0; i < n; ++i) ++class_start_[static_cast<size_t>(block.y[i]) + 1];
  for (size_t k = 0; k < width_; ++k) class_start_[k + 1] += class_start_[k];
  const double per_weight = 1 / weight_step_;
  for (size_t i = 0; i < n; ++i) {
    const int64_t weight = std::max<int64_t>(1, nearest(block.w[i] * per_weight));
    sorted_rows_[class_start_[static_cast<size_t>(block.y[i])]++] = {GradientSum{0, (weight << count_bits_) + 1}, block.rows[i]};
  }
  for (size_t k = 0, begin = 0; k < width_; begin = class_start_[k++])
    if (class_start_[k] > begin) tile.add(std::span(sorted_rows_).subspan(begin, class_start_[k] - begin), histograms_of(k));
}

// The rows are the same by every feature.
void NodeHistograms::sum_up() {
  total_.weight = 0;
  total_.sums.assign(width_, 0.0);
  for (size_t k = 0; k < width_; ++k) {
    GradientSum sum{};
    for (size_t bin = 0; bin < n_bins_[0]; ++bin) sum += at(0, k)[bin];
    const double weight = weight_of(sum);
    total_.sums[k] = targets_.classes ? weight : number_of(sum, k);
    if (targets_.classes || k == 0) total_.weight += weight;
  }
}

std::span<FilledBin> NodeHistograms::filled_bins(size_t place) {
  const int64_t mask = (int64_t{1} << count_bits_) - 1;
  const size_t n = n_bins_[place];
  filled_.resize(n);
  size_t n_filled = 0;
  for (size_t bin = 0; bin < n; ++bin) {
    int64_t n_rows = at(place, 0)[bin][1] & mask;
    for (size_t k = 1; targets_.classes && k < width_; ++k) n_rows += at(place, k)[bin][1] & mask;
    filled_[n_filled] = {static_cast<uint16_t>(bin), static_cast<uint32_t>(n_rows)};
    n_filled += n_rows > 0;
  }
  return std::span(filled_).first(n_filled);
}

double NodeHistograms::mean(size_t place, size_t bin, size_t k) const {
  const GradientSum sum = at(place, k)[bin];
  if (!targets_.classes) return number_of(sum, k) / weight_of(sum);
  double weight = 0;
  for (size_t c = 0; c < width_; ++c) weight += weight_of(at(place, c)[bin]);
  return weight_of(sum) / weight;
}

}  // namespace kolosal
