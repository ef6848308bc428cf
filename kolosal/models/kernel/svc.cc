// Support vector classification: between each two classes the boundary with the widest margin in the space of a kernel.
//
// Minimises  1/2 |w|^2 + c sum_i s_i max(0, 1 - t_i f(x_i))  for each pair of classes, t = -1 or 1; s are the row weights. Probabilities of
// a pair are a sigmoid of its decision, fitted to decisions of rows that were held out; those of several pairs are brought together.
//
// Shapes   features (n_rows, n_features) float32, of like size; classes.
// Cost     see smo.h: for each pair about n_rows^2 n_features, and probability_folds times more for probabilities.
// Source   Cortes and Vapnik, Machine Learning 20, 1995; Platt 1999; Lin, Lin and Weng, Machine Learning 68, 2007 (the sigmoid).
// Checked  kernel_test.cc; scikit-learn in tests/parity.

#include <algorithm>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/kernel.h"
#include "kolosal/models/kernel/svm_params.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {
namespace {

constexpr size_t kMostClasses = 100;  // beyond, pairs are too many

struct SvcParams : SvmParams {
  ClassWeight class_weight = ClassWeight::None;
  int32_t probability_folds = 5;
};

void describe(Fields<SvcParams>& f) {
  add_svm_fields(f);
  f.add("class_weight", &SvcParams::class_weight, "Whether classes count the same in sum, however many rows they have.");
  f.add("probability_folds", &SvcParams::probability_folds, "Folds whose held-out decisions probabilities are fitted to.").min(2).max(100);
}

// The rows of two classes: their places among all, signs (1: the second class) and costs.
struct Pair {
  std::vector<uint32_t> places;
  std::vector<double> signs, costs;

  size_t n_of(double sign) const { return static_cast<size_t>(std::ranges::count(signs, sign)); }
  // The rows at these indices.
  Pair take(const std::vector<uint32_t>& indices) const {
    Pair taken;
    for (const uint32_t i : indices) {
      taken.places.push_back(places[i]);
      taken.signs.push_back(signs[i]);
      taken.costs.push_back(costs[i]);
    }
    return taken;
  }
};

// A boundary: shares of rows by their places, and the constant.
struct Boundary {
  std::vector<double> shares;
  double bias = 0;
};

// slope f + shift are log-odds of the second class.
struct Sigmoid {
  double slope = 1, shift = 0;
};

// The likeliest sigmoid of decisions of weighted rows, whose truths are drawn in a little from 0 and 1.
class SigmoidFit {
 public:
  SigmoidFit(const std::vector<double>& decisions, const Pair& pair) : decisions_(decisions), pair_(pair) {
    const auto n = static_cast<double>(pair.costs.size());
    const double largest = std::ranges::max(pair.costs);
    double total = 0;
    for (const double cost : pair.costs) total += cost / largest;
    for (const double cost : pair.costs) weights_.push_back(cost / largest / total * n);
    for (size_t i = 0; i < weights_.size(); ++i) (pair.signs[i] > 0 ? n_second_ : n_first_) += weights_[i];
    high_ = (n_second_ + 1) / (n_second_ + 2);
    low_ = 1 / (n_first_ + 2);
  }

  // By Newton's steps with halving. The slope is above 0, so that the order of rows is that of their decisions.
  Sigmoid best() const {
    Sigmoid at{0, std::log((n_second_ + 1) / (n_first_ + 1))};
    double loss = loss_at(at);
    for (int step = 0; step < 100 && descend(at, loss); ++step) continue;
    constexpr double kLeastSlope = 1e-6;
    return at.slope > kLeastSlope ? at : Sigmoid{kLeastSlope, std::log((n_second_ + 1) / (n_first_ + 1))};
  }

 private:
  double truth(size_t i) const { return pair_.signs[i] > 0 ? high_ : low_; }

  double loss_at(const Sigmoid& at) const {
    double loss = 0;
    for (size_t i = 0; i < decisions_.size(); ++i) {
      const double z = at.slope * decisions_[i] + at.shift;
      loss += weights_[i] * (std::log1p(std::exp(-std::abs(z))) + std::max(z, 0.0) - truth(i) * z);
    }
    return loss;
  }

  // One step; false where there is none left.
  bool descend(Sigmoid& at, double& loss) const {
    double by_slope = 0, by_shift = 0, aa = 1e-12, ab = 0, bb = 1e-12;
    for (size_t i = 0; i < decisions_.size(); ++i) {
      const double p = 1 / (1 + std::exp(-(at.slope * decisions_[i] + at.shift))), curve = weights_[i] * p * (1 - p);
      by_slope += weights_[i] * (p - truth(i)) * decisions_[i];
      by_shift += weights_[i] * (p - truth(i));
      aa += decisions_[i] * decisions_[i] * curve;
      ab += decisions_[i] * curve;
      bb += curve;
    }
    if (std::abs(by_slope) < 1e-5 && std::abs(by_shift) < 1e-5) return false;
    const double determinant = aa * bb - ab * ab;
    const double to_slope = -(bb * by_slope - ab * by_shift) / determinant, to_shift = -(aa * by_shift - ab * by_slope) / determinant;
    const double fall = by_slope * to_slope + by_shift * to_shift;
    for (double length = 1; length > 1e-10; length /= 2) {
      const Sigmoid next{at.slope + length * to_slope, at.shift + length * to_shift};
      const double next_loss = loss_at(next);
      if (!(next_loss < loss + 1e-4 * length * fall)) continue;
      at = next;
      loss = next_loss;
      return true;
    }
    return false;
  }

  const std::vector<double>& decisions_;
  const Pair& pair_;
  std::vector<double> weights_;  // of mean 1
  double n_first_ = 0, n_second_ = 0, high_ = 0, low_ = 0;
};

class SvcFit {
 public:
  SvcFit(const SvcParams& params, const TrainingSet& train, const FitContext& context)
      : params_(params),
        context_(context),
        training_(train, params.class_weight),
        p_(train.x.n_features()),
        lease_(context.memory, training_.rows.size() * (3 * p_ * sizeof(float) + 8 * sizeof(double)), "rows of support vector machines"),
        values_(rows_of(train.x, training_.rows)),
        kernel_(kernel_of(params, values_, p_, training_.weights)) {}

  std::unique_ptr<Model> run() {
    const size_t k = training_.target.n_classes();
    if (k > kMostClasses)
      throw Error(ErrorCode::Unsupported, "svc has a boundary for each pair of classes, and there are " + std::to_string(k) + " classes",
                  "Choose another learner for more than " + std::to_string(kMostClasses) + " classes.");
    const size_t n_pairs = k * (k - 1) / 2;
    const MemoryLease of_pairs(context_.memory, (2 * n_pairs + 3 * k) * training_.rows.size() * sizeof(double),
                               "boundaries of pairs of classes");
    std::vector<Pair> pairs;
    for (size_t a = 0; a < k; ++a)
      for (size_t b = a + 1; b < k; ++b) pairs.push_back(pair_of(a, b));
    // Of each pair the whole, then all but each fold.
    const size_t n_fits = 1 + static_cast<size_t>(params_.probability_folds), n_tasks = pairs.size() * n_fits;
    std::vector<Boundary> boundaries(pairs.size());
    std::vector<std::vector<double>> decisions(pairs.size());
    for (size_t i = 0; i < pairs.size(); ++i) decisions[i].assign(pairs[i].places.size(), 0.0);
    const size_t cache_bytes = cache_bytes_of(params_, std::max<size_t>(n_tasks, 1), context_);
    context_.threads->parallel_each(n_tasks, [&](size_t task) {
      const size_t i = task / n_fits, fit = task % n_fits;
      if (fit == 0) boundaries[i] = boundary_of(pairs[i], cache_bytes);
      else decide_fold(pairs[i], i, fit - 1, cache_bytes, decisions[i]);
    });
    KernelForm form;
    form.n_features = static_cast<int64_t>(p_);
    form.n_classes = static_cast<int64_t>(k);
    form.kernel = kernel_;
    store(form, boundaries);
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (n_folds(pairs[i]) < 2) decisions[i] = decide(pairs[i], boundaries[i]);
      const Sigmoid sigmoid = pairs[i].places.empty() ? Sigmoid{} : SigmoidFit(decisions[i], pairs[i]).best();
      form.slopes.push_back(sigmoid.slope);
      form.shifts.push_back(sigmoid.shift);
    }
    return std::make_unique<KernelModel>(std::move(form));
  }

 private:
  Pair pair_of(size_t first, size_t second) const {
    Pair pair;
    for (size_t i = 0; i < training_.rows.size(); ++i) {
      const auto label = static_cast<size_t>(training_.target.values[i]);
      if (label != first && label != second) continue;
      pair.places.push_back(static_cast<uint32_t>(i));
      pair.signs.push_back(label == second ? 1 : -1);
      pair.costs.push_back(params_.c * (training_.weights.empty() ? 1 : training_.weights[i]));
    }
    return pair;
  }

  std::vector<float> values_of(const Pair& pair) const {
    std::vector<float> values;
    for (const uint32_t place : pair.places) {
      const auto from = values_.begin() + static_cast<ptrdiff_t>(place * p_);
      values.insert(values.end(), from, from + static_cast<ptrdiff_t>(p_));
    }
    return values;
  }

  Boundary boundary_of(const Pair& pair, size_t cache_bytes) const {
    Boundary boundary{std::vector<double>(pair.places.size(), 0.0), 0};
    if (pair.n_of(1) == 0 || pair.n_of(-1) == 0) {
      boundary.bias = pair.n_of(1) > 0 ? 1 : -1;
      return boundary;
    }
    const KernelRows rows(values_of(pair), p_);
    KernelCache cache(kernel_, rows, cache_bytes, context_);
    const SmoSolution solution = solve_smo(
        {pair.signs, std::vector<double>(pair.signs.size(), -1.0), pair.costs, params_.tolerance, steps_of(params_, rows.n_rows())}, cache,
        context_);
    for (size_t i = 0; i < pair.signs.size(); ++i) boundary.shares[i] = pair.signs[i] * solution.variables[i];
    boundary.bias = -solution.rho;
    return boundary;
  }

  int n_folds(const Pair& pair) const {
    return static_cast<int>(std::min({static_cast<size_t>(params_.probability_folds), pair.n_of(1), pair.n_of(-1)}));
  }

  // Which fold each row of a pair is in: the classes are dealt out one after the other.
  std::vector<int> folds_of(const Pair& pair, size_t number) const {
    std::vector<uint32_t> order(pair.places.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    RandomStream(context_.seed, "svc folds", number).shuffle(std::span(order));
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return pair.signs[a] < pair.signs[b]; });
    std::vector<int> folds(order.size());
    for (size_t i = 0; i < order.size(); ++i) folds[order[i]] = static_cast<int>(i % static_cast<size_t>(n_folds(pair)));
    return folds;
  }

  // The decisions of a fold's rows by the boundary of the others.
  void decide_fold(const Pair& pair, size_t number, size_t fold, size_t cache_bytes, std::vector<double>& decisions) const {
    if (n_folds(pair) < 2 || fold >= static_cast<size_t>(n_folds(pair))) return;
    const std::vector<int> folds = folds_of(pair, number);
    std::vector<uint32_t> kept, held_out;
    for (uint32_t i = 0; i < folds.size(); ++i) (folds[i] == static_cast<int>(fold) ? held_out : kept).push_back(i);
    const Pair rest = pair.take(kept), asked = pair.take(held_out);
    const std::vector<double> made = decide(asked, boundary_of(rest, cache_bytes), rest);
    for (size_t i = 0; i < held_out.size(); ++i) decisions[held_out[i]] = made[i];
  }

  // Decisions of the rows of `asked` by a boundary between rows of `rest`, or of `asked`.
  std::vector<double> decide(const Pair& asked, const Boundary& boundary, const Pair& rest) const {
    const KernelRows rows(values_of(rest), p_), queries(values_of(asked), p_);
    std::vector<double> query(p_), values(rows.n_rows()), decisions;
    for (size_t i = 0; i < queries.n_rows(); ++i) {
      context_.check();
      queries.copy_row(i, query.data());
      rows.compare(kernel_, query.data(), queries.square(i), 0, rows.n_rows(), values.data());
      double sum = boundary.bias;
      for (size_t t = 0; t < values.size(); ++t) sum += boundary.shares[t] * values[t];
      decisions.push_back(sum);
    }
    return decisions;
  }
  std::vector<double> decide(const Pair& pair, const Boundary& boundary) const { return decide(pair, boundary, pair); }

  // Rows that any boundary rests on, with their shares in all.
  void store(KernelForm& form, const std::vector<Boundary>& boundaries) const {
    const size_t n = training_.rows.size(), n_sums = boundaries.size(), k = training_.target.n_classes();
    std::vector<std::vector<double>> shares(n_sums, std::vector<double>(n, 0.0));
    size_t sum = 0;
    for (size_t a = 0; a < k; ++a)
      for (size_t b = a + 1; b < k; ++b, ++sum) {
        const Pair pair = pair_of(a, b);
        for (size_t i = 0; i < pair.places.size(); ++i) shares[sum][pair.places[i]] = boundaries[sum].shares[i];
        form.bias.push_back(boundaries[sum].bias);
      }
    std::vector<size_t> kept;
    for (size_t i = 0; i < n; ++i)
      if (std::ranges::any_of(shares, [&](const std::vector<double>& of) { return of[i] != 0; })) kept.push_back(i);
    for (const size_t i : kept) {
      const auto from = values_.begin() + static_cast<ptrdiff_t>(i * p_);
      form.rows.insert(form.rows.end(), from, from + static_cast<ptrdiff_t>(p_));
    }
    for (const std::vector<double>& of : shares)
      for (const size_t i : kept) form.shares.push_back(of[i]);
  }

  const SvcParams& params_;
  const FitContext& context_;
  TrainingRows training_;
  size_t p_;
  MemoryLease lease_;
  std::vector<float> values_;
  KernelFunction kernel_;
};

class Svc : public Learner {
 public:
  explicit Svc(SvcParams params) : params_(params) {}
  bool supports(Task task) const override { return is_classification(task); }
  FeatureNeeds needs() const override { return {false, false, true}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    context.check();
    return SvcFit(params_, train, context).run();
  }

 private:
  SvcParams params_;
};

}  // namespace

void register_svc(Catalog<Learner>& catalog) {
  catalog.add<Svc, SvcParams>("svc", "Support vector classification: the widest margins between classes in the space of a kernel.",
                              {"kernel_svm"});
}

}  // namespace kolosal
