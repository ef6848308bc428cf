#include "kolosal/tune/samplers/parzen.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kolosal/kernels/mixture.h"

namespace kolosal {
namespace {

constexpr double kFar = 9;       // standard deviations beyond which a cell adds nothing that float64 sees beside the prior
constexpr size_t kFewRows = 64;  // up to here sorting the rows is cheaper than walking the whole column
constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
const double kLogRoot2Pi = 0.5 * std::log(2 * std::numbers::pi);

double log_cdf(double x) noexcept {
  if (x > -37) return std::log(0.5 * std::erfc(-x * std::numbers::sqrt2 / 2));
  const double t = 1 / (x * x);
  return -0.5 * x * x - kLogRoot2Pi - std::log(-x) + std::log1p(-t * (1 - 3 * t * (1 - 5 * t)));
}

}  // namespace

double log_normal_mass(double a, double b) noexcept {
  if (a > 0) return log_normal_mass(-b, -a);
  if (b > 0) return std::log1p(-0.5 * (std::erfc(b * std::numbers::sqrt2 / 2) + std::erfc(-a * std::numbers::sqrt2 / 2)));
  const double upper = log_cdf(b);
  return upper + std::log1p(-std::exp(log_cdf(a) - upper));
}

void SortedColumn::update(const ParameterColumn& column, double low, double high) {
  const size_t before = entries_.size();
  for (; consumed_ < column.changes.size(); ++consumed_) {
    const uint32_t row = column.changes[consumed_];
    if (!std::isnan(column.places[row])) entries_.push_back({column.places[row], row});
  }
  const auto same = [](const Entry& a, const Entry& b) { return a.place == b.place && a.row == b.row; };
  if (entries_.size() == before + 1) {
    const Entry last = entries_.back();
    entries_.pop_back();
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), last);
    if (at == entries_.end() || !same(*at, last)) entries_.insert(at, last);
  } else if (entries_.size() > before) {
    std::sort(entries_.begin(), entries_.end());
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  }
  if (low == low_ && high == high_) return;
  low_ = low;
  high_ = high;
  for (Entry& entry : entries_) entry.sigma = -1;
}

double SortedColumn::fresh_norm(double place, double sigma) const {
  return std::log(sigma) + log_normal_mass((low_ - place) / sigma, (high_ - place) / sigma);
}

ParzenMixture::ParzenMixture(const History& history, const Subspace& space, std::span<const uint32_t> rows, std::vector<double> weights,
                             double prior_weight, std::vector<SortedColumn>& columns, MixtureBuffers& buffers)
    : space_(space),
      n_kernels_(rows.size() + 1),
      prior_weight_(prior_weight),
      weights_(std::move(weights)),
      buffers_(buffers),
      place_of_(space.size()) {
  weights_.push_back(rows.empty() ? 1.0 : prior_weight);
  double total = 0;
  for (const double weight : weights_) total += weight;
  double cumulated = 0;
  base_.reserve(n_kernels_);
  for (double& weight : weights_) {
    base_.push_back(std::log(std::max(weight / total, 1e-300)));
    weight = cumulated += weight / total;
  }
  std::vector<uint32_t> kernel_of;
  if (!rows.empty()) kernel_of.assign(rows.back() + 1, kNone);
  for (size_t i = 0; i < rows.size(); ++i) kernel_of[rows[i]] = static_cast<uint32_t>(i);
  size_t n_smooth = 0;
  for (const auto& [parameter, distribution] : space) n_smooth += distribution->step == 0 ? 1 : 0;
  buffers_.centers.resize(n_smooth * n_kernels_);
  buffers_.scales.resize(n_smooth * n_kernels_);
  for (size_t d = 0; d < space.size(); ++d) {
    const auto& [parameter, distribution] = space[d];
    const ParameterColumn& column = history.parameters()[parameter];
    if (distribution->is_unordered()) add_choices(d, column, rows);
    else add_numeric(d, column, columns[parameter], rows, kernel_of);
  }
}

void ParzenMixture::add_choices(size_t dimension, const ParameterColumn& column, std::span<const uint32_t> rows) {
  Discrete made{dimension, {}, {}};
  const auto n_choices = static_cast<uint32_t>(space_[dimension].second->n_values());
  for (uint32_t choice = 0; choice <= n_choices; ++choice) made.kernels.emplace_back(choice, 0);
  made.codes.reserve(n_kernels_);
  for (const uint32_t row : rows) made.codes.push_back(static_cast<uint32_t>(column.places[row]));
  made.codes.push_back(n_choices);
  place_of_[dimension] = static_cast<uint32_t>(discrete_.size());
  discrete_.push_back(std::move(made));
}

// The kernels in order of place. Few are looked up one by one, many met on a walk over the whole column.
std::vector<ParzenMixture::Placed> ParzenMixture::in_order(const ParameterColumn& column, SortedColumn& sorted,
                                                           std::span<const uint32_t> rows, const std::vector<uint32_t>& kernel_of) {
  std::vector<Placed> order;
  order.reserve(rows.size());
  auto& entries = sorted.entries();
  if (rows.size() <= kFewRows) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto at = std::lower_bound(entries.begin(), entries.end(), SortedColumn::Entry{column.places[rows[i]], rows[i]});
      order.push_back({&*at, static_cast<uint32_t>(i)});
    }
    std::sort(order.begin(), order.end(), [](const Placed& a, const Placed& b) { return a.entry < b.entry; });
    return order;
  }
  for (SortedColumn::Entry& entry : entries)
    if (entry.row < kernel_of.size() && kernel_of[entry.row] != kNone && column.places[entry.row] == entry.place)
      order.push_back({&entry, kernel_of[entry.row]});
  return order;
}

void ParzenMixture::add_smooth(size_t dimension, SortedColumn& sorted, const std::vector<Placed>& order,
                               const std::vector<double>& sigmas) {
  const Distribution& distribution = *space_[dimension].second;
  const double low = distribution.scaled_low(), high = distribution.scaled_high(), range = high - low;
  const size_t n = order.size();
  double* centers = buffers_.centers.data() + smooth_.size() * n_kernels_;
  double* scales = buffers_.scales.data() + smooth_.size() * n_kernels_;
  place_of_[dimension] = static_cast<uint32_t>(smooth_.size());
  smooth_.push_back(dimension);
  for (size_t i = 0; i < n; ++i) {
    const auto& [entry, kernel] = order[i];
    centers[kernel] = entry->place;
    scales[kernel] = std::numbers::sqrt2 / 2 / sigmas[i];
    base_[kernel] -= sorted.log_norm(*entry, sigmas[i]) + kLogRoot2Pi;
  }
  centers[n] = low + 0.5 * range;
  scales[n] = std::numbers::sqrt2 / 2 / range;
  base_[n] -= std::log(range) + log_normal_mass(-0.5, 0.5) + kLogRoot2Pi;
}

void ParzenMixture::add_numeric(size_t dimension, const ParameterColumn& column, SortedColumn& sorted, std::span<const uint32_t> rows,
                                const std::vector<uint32_t>& kernel_of) {
  const Distribution& distribution = *space_[dimension].second;
  const double low = distribution.scaled_low(), high = distribution.scaled_high(), range = high - low;
  const size_t n = rows.size();
  const auto order = in_order(column, sorted, rows, kernel_of);
  const double least = range / std::min(100.0, static_cast<double>(n) + 2);
  std::vector<double> sigmas(n);
  for (size_t i = 0; i < n; ++i) {
    const double place = order[i].entry->place;
    const double left = place - (i > 0 ? order[i - 1].entry->place : low), right = (i + 1 < n ? order[i + 1].entry->place : high) - place;
    // The outermost of several look inwards only.
    const double gap = n >= 2 && i == 0 ? right : n >= 2 && i + 1 == n ? left : std::max(left, right);
    sigmas[i] = std::clamp(gap, least, range);
  }
  if (distribution.step == 0) return add_smooth(dimension, sorted, order, sigmas);
  Discrete made{dimension, std::vector<uint32_t>(n_kernels_), {}};
  for (size_t i = 0; i < n; ++i) {
    const std::pair<double, double> kernel{order[i].entry->place, sigmas[i]};
    if (made.kernels.empty() || made.kernels.back() != kernel) made.kernels.push_back(kernel);
    made.codes[order[i].kernel] = static_cast<uint32_t>(made.kernels.size() - 1);
  }
  made.kernels.emplace_back(low + 0.5 * range, range);
  made.codes[n] = static_cast<uint32_t>(made.kernels.size() - 1);
  place_of_[dimension] = static_cast<uint32_t>(discrete_.size());
  discrete_.push_back(std::move(made));
}

double ParzenMixture::draw(RandomStream& stream, size_t dimension, size_t kernel) const {
  const Distribution& distribution = *space_[dimension].second;
  const double low = distribution.scaled_low(), high = distribution.scaled_high();
  if (distribution.is_unordered()) {
    const Discrete& discrete = discrete_[place_of_[dimension]];
    const auto n_choices = static_cast<uint32_t>(distribution.n_values());
    const uint32_t observed = discrete.codes[kernel];
    const double raised = prior_weight_ / static_cast<double>(n_kernels_);
    // With the share of the raise, any choice; else the observed.
    const double any = raised * n_choices / (1 + raised * n_choices);
    const bool is_any = observed == n_choices || stream.uniform() < any;
    return static_cast<double>(is_any ? stream.below(n_choices) : observed);
  }
  double mu = 0, sigma = 0;
  if (distribution.step == 0) {
    const size_t at = place_of_[dimension] * n_kernels_ + kernel;
    mu = buffers_.centers[at];
    sigma = std::numbers::sqrt2 / 2 / buffers_.scales[at];
  } else {
    const Discrete& discrete = discrete_[place_of_[dimension]];
    std::tie(mu, sigma) = discrete.kernels[discrete.codes[kernel]];
  }
  // Centers lie within the range and it is at least as wide as sigma: a third of all draws or more fall into it.
  double place = mu + sigma * stream.normal();
  while (!(place >= low && place <= high)) place = mu + sigma * stream.normal();
  return distribution.at_place(place);
}

std::vector<double> ParzenMixture::sample(RandomStream& stream, size_t n) const {
  std::vector<double> points(n * space_.size());
  for (size_t i = 0; i < n; ++i) {
    const auto at = std::upper_bound(weights_.begin(), weights_.end() - 1, stream.uniform());
    const auto kernel = static_cast<size_t>(at - weights_.begin());
    for (size_t d = 0; d < space_.size(); ++d) points[i * space_.size() + d] = draw(stream, d, kernel);
  }
  return points;
}

std::vector<double> ParzenMixture::masses(const Discrete& discrete, double point) const {
  const Distribution& distribution = *space_[discrete.dimension].second;
  std::vector<double> masses(discrete.kernels.size());
  if (distribution.is_unordered()) {
    const double n_choices = distribution.n_values();
    const double raised = n_kernels_ > 1 ? prior_weight_ / static_cast<double>(n_kernels_) : 1.0;
    const double other = std::log(std::max(raised, 1e-300) / (1 + raised * n_choices));
    std::fill(masses.begin(), masses.end(), other);
    masses[static_cast<size_t>(point)] = std::log((1 + raised) / (1 + raised * n_choices));
    masses.back() = -std::log(n_choices);
    return masses;
  }
  const double low = distribution.scaled_low(), high = distribution.scaled_high(), half = distribution.step / 2;
  const double left = distribution.place(point - half), right = distribution.place(point + half);
  for (size_t i = 0; i < masses.size(); ++i) {
    const auto& [mu, sigma] = discrete.kernels[i];
    const double a = (left - mu) / sigma, b = (right - mu) / sigma;
    const double nearest = a > 0 ? a : b < 0 ? -b : 0;
    if (nearest > kFar) masses[i] = -0.5 * nearest * nearest;
    else masses[i] = log_normal_mass(a, b) - log_normal_mass((low - mu) / sigma, (high - mu) / sigma);
  }
  return masses;
}

std::vector<double> ParzenMixture::log_density(std::span<const double> points) const {
  const size_t d = space_.size(), n = points.size() / d;
  std::vector<double> densities(n), block(std::max<size_t>(smooth_.size(), 1) * kMixturePoints);
  std::vector<double>& terms = buffers_.terms;
  terms.resize(kMixturePoints * n_kernels_);
  std::vector<std::vector<std::pair<double, std::vector<double>>>> known(discrete_.size());  // masses by point that was met
  for (size_t begin = 0; begin < n; begin += kMixturePoints) {
    for (size_t p = 0; p < kMixturePoints; ++p) {
      const double* point = points.data() + std::min(begin + p, n - 1) * d;
      double* row = terms.data() + p * n_kernels_;
      std::copy(base_.begin(), base_.end(), row);
      for (size_t k = 0; k < smooth_.size(); ++k) block[k * kMixturePoints + p] = space_[smooth_[k]].second->place(point[smooth_[k]]);
      if (begin + p >= n) continue;
      for (size_t k = 0; k < discrete_.size(); ++k) {
        const double x = point[discrete_[k].dimension];
        auto met = std::find_if(known[k].begin(), known[k].end(), [&](const auto& one) { return one.first == x; });
        if (met == known[k].end()) met = known[k].insert(met, {x, masses(discrete_[k], x)});
        for (size_t i = 0; i < n_kernels_; ++i) row[i] += met->second[discrete_[k].codes[i]];
      }
    }
    subtract_squares(buffers_.centers.data(), buffers_.scales.data(), smooth_.size(), n_kernels_, block.data(), terms.data());
    for (size_t p = 0; p < kMixturePoints && begin + p < n; ++p)
      densities[begin + p] = log_sum_exp(std::span(terms).subspan(p * n_kernels_, n_kernels_));
  }
  return densities;
}

}  // namespace kolosal
