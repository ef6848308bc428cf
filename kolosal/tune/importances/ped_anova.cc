// PED-ANOVA: a parameter is important where its density among the best trials differs from its density among all.
//
// Rules    Of the trials of a region (all, or the best share) those of the best `target_quantile` are compared with the rest: by value, or
//          with several objectives by layers of domination, the last cut to the subset that keeps most hypervolume. A density is a sum of
//          kernels over a grid of at most 50 cells, one for each occupied cell, with the width of Scott's rule, and a wide one of weight 1.
//          The importance is the Pearson divergence of the two densities. A parameter that trials have with different ranges, or that
//          some have not, is compared range by range; its parts count by the share a of the best and b of all trials, a^2 / b. Parameters
//          without a name in the question: all that a complete trial has.
// Cost     O(n) for a parameter, and n log n once (n^2 with several objectives).
// Source   Watanabe et al., arXiv:2304.10255; arXiv:2601.20800 (conditional parameters); the constants of Optuna 5.
// Checked  tests/parity/test_importances.py: Optuna 5 to 1e-9.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/tune/importance.h"
#include "kolosal/tune/samplers/parzen.h"

namespace kolosal {
namespace {

constexpr size_t kCells = 50;    // of the grid over a range, at most
constexpr double kTiny = 1e-12;  // keeps densities apart from 0
constexpr double kPriorWeight = 1;
constexpr size_t kFewestInRange = 2;  // trials with one range that say something

struct PedAnovaParams {
  double target_quantile = 0.1;
  double region_quantile = 1;
  bool evaluate_on_local = true;
};
void describe(Fields<PedAnovaParams>& f) {
  f.add("target_quantile", &PedAnovaParams::target_quantile, "Share of the trials that count as the best.").above(0).max(1);
  f.add("region_quantile", &PedAnovaParams::region_quantile, "Share of the trials, from the best, that these are compared with.")
      .above(0)
      .max(1);
  f.add("evaluate_on_local", &PedAnovaParams::evaluate_on_local,
        "Whether the best trials are compared with where the others lie, rather than with the whole range.");
}

using Rows = std::vector<size_t>;

// The best share of the rows, in order.
Rows best_share(const Losses& losses, double share) {
  Rows rows(losses.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  if (share == 1) return rows;
  const auto n = static_cast<size_t>(std::ceil(share * static_cast<double>(losses.size())));
  if (losses[0].size() > 1) {
    rows = best_rows(losses, n);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  std::vector<double> sorted;
  for (const auto& loss : losses) sorted.push_back(loss[0]);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(n - 1), sorted.end());
  std::erase_if(rows, [&](size_t row) { return losses[row][0] > sorted[n - 1]; });
  return rows;
}

size_t n_cells(const Distribution& d) {
  if (d.kind == ParameterKind::Categorical) return d.choices->size();
  if (d.kind == ParameterKind::Int && d.log)
    return std::min(kCells, static_cast<size_t>(std::ceil(std::log(d.high - d.low + 1) / std::log(2.0))) + 1);
  return d.step > 0 ? std::min(kCells, static_cast<size_t>(std::round((d.high - d.low) / d.step)) + 1) : kCells;
}

// The cell of the grid in which a value (inside form) lies.
size_t cell_of(const Distribution& d, double value, size_t n) {
  if (d.kind == ParameterKind::Categorical) return static_cast<size_t>(value);
  const double low = d.place(d.low), width = (d.place(d.high) - low) / static_cast<double>(n - 1);
  return static_cast<size_t>(std::clamp(std::ceil((d.place(value) - low) / width - 0.5), 0.0, static_cast<double>(n - 1)));
}

// Occupied cells with how many trials lie there.
struct Cells {
  std::vector<double> at, counts;
  double n = 0;
};

// The width of all kernels by Scott's rule.
double width_of(const Cells& cells) {
  double mean = 0, spread = 0;
  for (size_t i = 0; i < cells.at.size(); ++i) mean += cells.at[i] * cells.counts[i] / cells.n;
  for (size_t i = 0; i < cells.at.size(); ++i) spread += (cells.at[i] - mean) * (cells.at[i] - mean) * cells.counts[i];
  spread = std::sqrt(spread / std::max(1.0, cells.n - 1));
  std::vector<double> below = cells.counts;
  std::partial_sum(below.begin(), below.end(), below.begin());
  const auto quarter = static_cast<size_t>(std::lower_bound(below.begin(), below.end(), std::floor(cells.n / 4)) - below.begin());
  const auto last = static_cast<size_t>(std::upper_bound(below.begin(), below.end(), std::floor(cells.n * 3 / 4)) - below.begin());
  const double middle = cells.at[std::min(last, cells.at.size() - 1)] - cells.at[quarter];
  return std::max(1.059 * std::min(middle / 1.34, spread) * std::pow(cells.n, -0.2), 0.5 / 1.64);
}

// The share of a normal distribution cut to the n cells that lies in one.
double share_of_cell(size_t cell, double center, double width, size_t n) {
  const auto mass = [&](double low, double high) { return log_normal_mass((low - center) / width, (high - center) / width); };
  const auto at = static_cast<double>(cell);
  return std::exp(mass(at - 0.5, at + 0.5) - mass(-0.5, static_cast<double>(n) - 0.5));
}

// The density over the n cells, given in which the trials lie.
std::vector<double> density_of(const std::vector<size_t>& lying, size_t n, bool is_choice) {
  std::vector<double> counts(n, 0.0), density(n, kTiny);
  for (const size_t cell : lying) ++counts[cell];
  Cells cells;
  for (size_t cell = 0; cell < n; ++cell) {
    if (counts[cell] == 0) continue;
    cells.at.push_back(static_cast<double>(cell));
    cells.counts.push_back(counts[cell]);
    cells.n += counts[cell];
  }
  const auto width_of_all = static_cast<double>(n);
  const double whole = cells.n + kPriorWeight, width = is_choice ? 0 : width_of(cells);
  const double smooth = kPriorWeight / static_cast<double>(cells.at.size() + 1);  // of a choice's kernel, for each choice
  for (size_t cell = 0; cell < n; ++cell) {
    double sum = 0;
    for (size_t i = 0; i < cells.at.size(); ++i) {
      const double share = is_choice ? (smooth + (cells.at[i] == static_cast<double>(cell) ? 1 : 0)) / (1 + smooth * width_of_all)
                                     : share_of_cell(cell, cells.at[i], width, n);
      sum += cells.counts[i] * share;
    }
    sum += kPriorWeight * (is_choice ? 1 / width_of_all : share_of_cell(cell, (width_of_all - 1) / 2, width_of_all, n));
    density[cell] += sum / whole;
  }
  return density;
}

// Trials that have a parameter with one range.
struct Range {
  std::shared_ptr<const Distribution> distribution;
  std::vector<double> best, all;  // values
};

// The ranges of a parameter.
std::vector<Range> ranges_of(uint32_t parameter, const ImportanceInput& input, const Rows& region, const std::vector<uint8_t>& is_best) {
  std::vector<Range> ranges;
  for (const size_t row : region) {
    const auto& had = input.trials[row].parameters;
    const auto it = std::find_if(had.begin(), had.end(), [&](const TrialParameter& p) { return p.parameter == parameter; });
    if (it == had.end()) continue;
    auto range = std::find_if(ranges.begin(), ranges.end(), [&](const Range& known) {
      return known.distribution == it->distribution || *known.distribution == *it->distribution;
    });
    if (range == ranges.end()) range = ranges.insert(range, Range{it->distribution, {}, {}});
    range->all.push_back(it->value);
    if (is_best[row] != 0) range->best.push_back(it->value);
  }
  return ranges;
}

class PedAnova final : public Importance {
 public:
  explicit PedAnova(PedAnovaParams params) : params_(params) {
    if (params_.target_quantile >= params_.region_quantile)
      throw Error(ErrorCode::BadValue, "ped_anova: target_quantile is " + std::to_string(params_.target_quantile) +
                                           "; it must be below region_quantile, " + std::to_string(params_.region_quantile));
  }

  Importances evaluate(const ImportanceInput& input) const override {
    Importances found;
    const std::vector<uint32_t> assessed = parameters_of(input);
    Rows best, region;
    std::vector<uint8_t> is_best(input.trials.size(), 0);
    if (input.trials.size() > 1) {
      best = best_share(input.losses, params_.target_quantile);
      region = best_share(input.losses, params_.region_quantile);
      for (const size_t row : best) is_best[row] = 1;
    }
    const auto n_best = static_cast<double>(best.size()), n_region = static_cast<double>(region.size());
    for (const uint32_t parameter : assessed) {
      double sum = 0;
      for (const Range& range : ranges_of(parameter, input, region, is_best)) {
        if (range.all.size() < kFewestInRange || range.best.empty() || range.distribution->is_single()) continue;
        const double a = static_cast<double>(range.best.size()) / n_best, b = static_cast<double>(range.all.size()) / n_region;
        sum += a * a / b * divergence(range);
      }
      found.emplace_back(input.names[parameter], best.empty() ? 0 : sum * (n_best / n_region) * (n_best / n_region));
    }
    return found;
  }

 private:
  static std::vector<uint32_t> parameters_of(const ImportanceInput& input) {
    std::vector<uint8_t> is_there(input.names.size(), 0);
    for (const TrialRecord& trial : input.trials)
      for (const TrialParameter& had : trial.parameters) is_there[had.parameter] = 1;
    std::vector<uint32_t> assessed;
    if (!input.parameters) {
      for (uint32_t i = 0; i < is_there.size(); ++i)
        if (is_there[i] != 0) assessed.push_back(i);
      return assessed;
    }
    for (const std::string& name : *input.parameters) {
      const auto at = std::find(input.names.begin(), input.names.end(), name);
      if (at == input.names.end() || is_there[static_cast<size_t>(at - input.names.begin())] == 0)
        throw Error(ErrorCode::BadValue,
                    "importance: no complete trial has the parameter '" + name + "'" + did_you_mean(name, input.names));
      assessed.push_back(static_cast<uint32_t>(at - input.names.begin()));
    }
    return assessed;
  }

  double divergence(const Range& range) const {
    const Distribution& d = *range.distribution;
    const size_t n = n_cells(d);
    const auto density = [&](const std::vector<double>& values) {
      std::vector<size_t> lying;
      for (const double value : values) lying.push_back(cell_of(d, value, n));
      return density_of(lying, n, d.kind == ParameterKind::Categorical);
    };
    const std::vector<double> best = density(range.best);
    const std::vector<double> all = params_.evaluate_on_local ? density(range.all) : std::vector<double>(n, 1 / static_cast<double>(n));
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += all[i] * (best[i] / all[i] - 1) * (best[i] / all[i] - 1);
    return sum;
  }

  PedAnovaParams params_;
};

}  // namespace

void register_ped_anova(Catalog<Importance>& catalog) {
  catalog.add<PedAnova, PedAnovaParams>(
      "ped_anova",
      "How far the density of a parameter among the best trials is from that among all: quick, and for conditional parameters too.");
}

}  // namespace kolosal
