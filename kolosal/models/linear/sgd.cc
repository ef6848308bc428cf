// Linear models by stochastic gradient descent: a step for each row, in an order drawn anew each pass.
//
// Goes down  mean_i s_i loss(y_i, x_i.w + b) + alpha (l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|^2);  s are the row weights, b is not penalised.
// Of more than two classes each has a boundary between itself and all others. The L1 penalty is taken cumulatively, which leaves weights at
// 0. Averaged, the weights are the mean of those after all steps from a given one on. Probabilities of losses other than log_loss of two
// classes are sharpened as those of the linear support vector machine.
//
// Shapes   features (n_rows, n_features) float32, kept once more row by row, or sparse; classes or (n_rows, n_targets) numbers.
// Cost     O(n_features) a row and pass, of sparse rows as many as are not 0; boundaries, or targets, are learnt side by side.
// Source   Bottou, COMPSTAT 2010; Tsuruoka, Tsujii and Ananiadou, ACL 2009 (L1); Polyak and Juditsky, SIAM J. Control 30(4), 1992
// (averages). Checked  sgd_test.cc; scikit-learn, step for step, in tests/parity.

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/models/linear/sgd_loss.h"
#include "kolosal/models/linear/sharpness.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {
namespace {

enum class SgdSchedule { Default, Optimal, Constant, Invscaling, Adaptive };
constexpr auto enum_names(SgdSchedule) {
  return std::to_array<std::pair<SgdSchedule, std::string_view>>({{SgdSchedule::Default, "default"},
                                                                  {SgdSchedule::Optimal, "optimal"},
                                                                  {SgdSchedule::Constant, "constant"},
                                                                  {SgdSchedule::Invscaling, "invscaling"},
                                                                  {SgdSchedule::Adaptive, "adaptive"}});
}

struct SgdParams {
  SgdLoss loss = SgdLoss::Default;
  double alpha = 1e-4;
  double l1_ratio = 0;
  double epsilon = 0.1;
  bool fit_intercept = true;
  SgdSchedule schedule = SgdSchedule::Default;
  double learning_rate = 0.01;
  double power_t = 0.25;
  std::optional<int64_t> average_from;
  int32_t n_epochs = 1000;
  std::optional<double> tolerance = 1e-3;
  int32_t patience = 5;
  bool shuffle = true;
  ClassWeight class_weight = ClassWeight::None;
};

void describe(Fields<SgdParams>& f) {
  using P = SgdParams;
  f.add("loss", &P::loss, "What a row costs; default: log_loss of classes, squared_error of numbers.");
  f.add("alpha", &P::alpha, "Strength of the penalty on the weights, beside the mean loss.").min(0).search_log(1e-7, 1);
  f.add("l1_ratio", &P::l1_ratio, "Share of the absolute weights in the penalty; their squares have the rest.").min(0).max(1).search(0, 1);
  f.add("epsilon", &P::epsilon, "From which error on huber grows linearly, and errors cost of the insensitive losses.").min(0);
  f.add("fit_intercept", &P::fit_intercept, "Whether a constant is added to each sum.");
  f.add("schedule", &P::schedule,
        "How the rate falls: optimal by 1 / (alpha (t + t0)), invscaling by learning_rate / t^power_t, constant, or adaptive to a fifth "
        "where "
        "the loss no longer falls; default: optimal of classes, invscaling of numbers.");
  f.add("learning_rate", &P::learning_rate, "The first learning rate, of all schedules but optimal.")
      .above(0)
      .search_log(1e-4, 1)
      .alias("eta0");
  f.add("power_t", &P::power_t, "Power of the steps by which invscaling divides.").min(0).max(10);
  f.add("average_from", &P::average_from, "Step from which on weights are averaged; null for the last weights.").min(1);
  f.add("n_epochs", &P::n_epochs, "Most passes over the rows.").min(1).max(1'000'000).alias("max_iter").alias("epochs");
  f.add("tolerance", &P::tolerance, "By how much the mean loss must fall for a pass to count as better; null to go on for all passes.")
      .min(0)
      .alias("tol");
  f.add("patience", &P::patience, "Passes that are no better after which it ends.").min(1).alias("n_iter_no_change");
  f.add("shuffle", &P::shuffle, "Whether rows are put into a new order before each pass.");
  f.add("class_weight", &P::class_weight, "Whether classes count the same in sum, however many rows they have.");
}

// A row as a step sees it: all its numbers, or those that are not 0 with the features that they are of.
struct DenseRow {
  static constexpr bool kIsWhole = true;
  std::span<const float> values;

  template <class Visit>
  void visit(const Visit& take) const {
    for (size_t j = 0; j < values.size(); ++j) take(j, static_cast<double>(values[j]));
  }
  double product(const std::vector<double>& weights) const {
    // Four sums, as one waits for itself.
    const size_t n = weights.size();
    double sums[4] = {};
    size_t j = 0;
    for (; j + 4 <= n; j += 4)
      for (size_t k = 0; k < 4; ++k) sums[k] += weights[j + k] * static_cast<double>(values[j + k]);
    for (; j < n; ++j) sums[0] += weights[j] * static_cast<double>(values[j]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
};
struct SparseRow {
  static constexpr bool kIsWhole = false;
  std::span<const uint32_t> features;
  std::span<const float> values;

  template <class Visit>
  void visit(const Visit& take) const {
    for (size_t e = 0; e < values.size(); ++e) take(features[e], static_cast<double>(values[e]));
  }
  double product(const std::vector<double>& weights) const {
    double sum = 0;
    visit([&](size_t j, double value) { sum += weights[j] * value; });
    return sum;
  }
};

// Rows one after the other.
struct DenseRows {
  size_t n_features = 0;
  std::vector<float> values{};  // (n_rows, n_features)

  DenseRow row(size_t i) const { return {{values.data() + i * n_features, n_features}}; }
};
struct SparseRowsOf {
  const SparseRows& all;
  const std::vector<uint32_t>& rows;  // which of them

  SparseRow row(size_t i) const { return {all.features_of(rows[i]), all.values_of(rows[i])}; }
};

// Where the descent of one sum is: weights are `scale` times `weights`, so that shrinking them costs one product.
struct Descent {
  std::vector<double> weights, mean_weights, penalised;
  double scale = 1, squared_norm = 0, bias = 0, mean_bias = 0, cumulated_l1 = 0, rate = 0;
  int64_t t = 1;  // of the next step
  int n_epochs = 0, n_poor = 0;
  double objective = 0, best = std::numeric_limits<double>::infinity();  // of the last pass, and of all
  bool diverged = false, ended = false, tracks_absolute = false;

  void shrink(double factor) {
    scale *= factor;
    squared_norm *= factor * factor;
    if (scale < 1e-9) settle();
  }
  template <class Row>
  void add(const Row& x, double squared, double product, double step) {
    const double inner = step / scale;
    if (tracks_absolute) x.visit([&](size_t j, double value) { change(j, weights[j] + inner * value); });
    else x.visit([&](size_t j, double value) { weights[j] += inner * value; });
    squared_norm += squared * step * step + 2 * product * step;
  }
  void settle() {
    for (double& weight : weights) weight *= scale;
    absolute *= scale;
    scale = 1;
  }
  void average(double n) {
    for (size_t j = 0; j < weights.size(); ++j) mean_weights[j] += (scale * weights[j] - mean_weights[j]) / n;
    mean_bias += (bias - mean_bias) / n;
  }
  // Takes from a weight what its penalty has summed up to, but not beyond 0.
  void penalise(size_t j) {
    const double before = weights[j];
    if (scale * before > 0) change(j, std::max(0.0, before - (cumulated_l1 + penalised[j]) / scale));
    else if (scale * before < 0) change(j, std::min(0.0, before + (cumulated_l1 - penalised[j]) / scale));
    penalised[j] += scale * (weights[j] - before);
  }
  void penalise_all() {
    for (size_t j = 0; j < weights.size(); ++j) penalise(j);
  }
  double absolute_sum() const { return scale * absolute; }
  void sum_absolute() {
    absolute = 0;
    for (const double weight : weights) absolute += std::abs(weight);
  }

 private:
  void change(size_t j, double to) {
    absolute += std::abs(to) - std::abs(weights[j]);
    weights[j] = to;
  }

  double absolute = 0;  // sum of |weights|, kept up as they change where it is tracked
};

class SgdFit {
 public:
  SgdFit(const SgdParams& params, const TrainingSet& train, const FitContext& context)
      : params_(params),
        context_(context),
        classes_(is_classification(train.target.task)),
        training_(train, params.class_weight),
        p_(train.x.n_features()),
        n_sums_(classes_ ? (train.target.n_classes() == 2 ? 1 : train.target.n_classes()) : train.target.n_targets) {
    loss_ = params.loss != SgdLoss::Default ? params.loss : classes_ ? SgdLoss::LogLoss : SgdLoss::SquaredError;
    schedule_ = params.schedule != SgdSchedule::Default ? params.schedule : classes_ ? SgdSchedule::Optimal : SgdSchedule::Invscaling;
    const bool is_of_classes =
        loss_ == SgdLoss::LogLoss || loss_ == SgdLoss::Hinge || loss_ == SgdLoss::SquaredHinge || loss_ == SgdLoss::ModifiedHuber;
    if (is_of_classes && !classes_)
      throw Error(ErrorCode::BadValue,
                  "sgd.loss is '" + std::string(enum_name(loss_)) + "', which is of classes, but the target has numbers",
                  "Choose squared_error, huber, epsilon_insensitive or squared_epsilon_insensitive.");
    if (schedule_ == SgdSchedule::Optimal && params.alpha == 0)
      throw Error(ErrorCode::BadValue, "sgd.schedule is 'optimal', which divides by alpha, and alpha is 0",
                  "Choose another schedule, or an alpha above 0.");
    lease_.emplace(context.memory, bytes_needed(), "SGD");
    const double largest = training_.weights.empty() ? 1 : std::ranges::max(training_.weights);
    double total = 0;
    for (double& weight : training_.weights) total += weight /= largest;
    if (!training_.weights.empty()) mean_weight_ = total / static_cast<double>(training_.weights.size());
    rows_.n_features = p_;
    if (!train.x.is_sparse()) rows_.values.resize(training_.rows.size() * p_);
    squared_norms_.resize(training_.rows.size());
    context.threads->parallel_for(training_.rows.size(), 1024, [&](size_t begin, size_t end) { read_rows(begin, end); });
    context.check();
    descents_.resize(n_sums_);
    for (Descent& descent : descents_) {
      for (auto* numbers : {&descent.weights, &descent.mean_weights, &descent.penalised}) numbers->assign(p_, 0.0);
      descent.rate = params.learning_rate;
      descent.tracks_absolute = params.l1_ratio > 0;
    }
  }

  // State of each sum, one after the other: t, the rate, the bias, its mean, the cumulated penalty; weights, their means, what they were
  // penalised by.
  void start_from(const std::vector<double>& state) {
    const size_t width = 5 + 3 * p_;
    if (state.size() != n_sums_ * width)
      throw Error(ErrorCode::BadValue, "the model to go on from was not fitted by sgd on these features and classes",
                  "Give one of the same features, classes and learner.");
    auto from = state.begin();
    for (Descent& descent : descents_) {
      descent.t = static_cast<int64_t>(*from++);
      descent.rate = *from++;
      descent.bias = *from++;
      descent.mean_bias = *from++;
      descent.cumulated_l1 = *from++;
      for (auto* numbers : {&descent.weights, &descent.mean_weights, &descent.penalised})
        for (double& number : *numbers) number = *from++;
      for (const double weight : descent.weights) descent.squared_norm += weight * weight;
      descent.sum_absolute();
    }
  }

  std::unique_ptr<Model> run() {
    if (training_.x.is_sparse()) descend(SparseRowsOf{training_.x.sparse(), training_.rows});
    else descend(rows_);
    for (const Descent& descent : descents_) {
      if (descent.diverged)
        throw Error(ErrorCode::BadValue, "stochastic gradient descent diverged: a weight is no longer a number",
                    "Scale the features, or lower learning_rate.");
      if (descent.n_epochs == 0) context_.check();
    }
    LinearForm form{static_cast<int64_t>(p_), {}, {}, Link::Identity};
    if (classes_) form.link = n_sums_ == 1 && training_.target.n_classes() == 2 ? Link::Sigmoid : Link::Softmax;
    for (Descent& descent : descents_) {
      descent.settle();
      const bool averages = params_.average_from && descent.t > *params_.average_from;
      const std::vector<double>& weights = averages ? descent.mean_weights : descent.weights;
      form.weights.insert(form.weights.end(), weights.begin(), weights.end());
      form.bias.push_back(averages ? descent.mean_bias : descent.bias);
      form.state.insert(form.state.end(),
                        {static_cast<double>(descent.t), descent.rate, descent.bias, descent.mean_bias, descent.cumulated_l1});
      for (const auto* numbers : {&descent.weights, &descent.mean_weights, &descent.penalised})
        form.state.insert(form.state.end(), numbers->begin(), numbers->end());
    }
    if (needs_sharpness()) make_probabilities(form);
    return std::make_unique<LinearModel>(std::move(form));
  }

 private:
  bool needs_sharpness() const { return classes_ && !(loss_ == SgdLoss::LogLoss && n_sums_ == 1); }

  // Of rows, of the state of each sum and of the margins whose sharpness is sought.
  size_t bytes_needed() const {
    const size_t values = training_.x.is_sparse() ? 0 : p_ * sizeof(float), margins = needs_sharpness() ? n_sums_ : 0;
    return training_.rows.size() * (values + (3 + margins) * sizeof(double)) + 2 * n_sums_ * (3 * p_ + 5) * sizeof(double);
  }

  void read_rows(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      double squares = 0;
      if (training_.x.is_sparse()) {
        for (const float value : training_.x.sparse().values_of(training_.rows[i]))
          squares += static_cast<double>(value) * static_cast<double>(value);
      } else {
        for (size_t j = 0; j < p_; ++j) {
          const float value = training_.x.at(training_.rows[i], j);
          rows_.values[i * p_ + j] = value;
          squares += static_cast<double>(value) * static_cast<double>(value);
        }
      }
      if (!std::isfinite(squares)) refuse_not_finite(training_.x);
      squared_norms_[i] = squares;
    }
  }

  double truth(size_t row, size_t sum) const {
    if (!classes_) return training_.target.values[row * n_sums_ + sum];
    return training_.target.values[row] == static_cast<double>(n_sums_ == 1 ? 1 : sum) ? 1 : -1;
  }

  // Passes of every sum until each is no better, there have been enough, or the listener wants no more. The listener is told the mean of
  // what the sums make small, each as it was after its last pass.
  template <class Rows>
  void descend(const Rows& rows) {
    for (int epoch = 0; epoch < params_.n_epochs; ++epoch) {
      context_.threads->parallel_each(n_sums_, [&](size_t k) {
        if (!descents_[k].ended) descend_once(k, rows);
      });
      const bool failed = std::ranges::any_of(descents_, [](const Descent& d) { return d.diverged || std::isnan(d.objective); });
      if (failed) return;
      double objective = 0;
      for (const Descent& descent : descents_) objective += descent.objective / static_cast<double>(n_sums_);
      if (context_.on_iteration &&
          !context_.on_iteration({epoch + 1, params_.n_epochs, objective, std::numeric_limits<double>::quiet_NaN()}))
        return;
      if (std::ranges::all_of(descents_, &Descent::ended)) return;
    }
  }

  // A pass of one sum, and whether it was the last.
  template <class Rows>
  void descend_once(size_t k, const Rows& rows) {
    Descent& descent = descents_[k];
    std::vector<uint32_t> order(training_.rows.size());
    std::iota(order.begin(), order.end(), 0U);
    if (params_.shuffle)
      RandomStream(derive_seed(context_.seed, "sgd order", k), "sgd pass", static_cast<uint64_t>(descent.t)).shuffle(std::span(order));
    descent.objective = pass(descent, k, order, rows);
    descent.diverged = !std::isfinite(descent.bias) || !std::ranges::all_of(descent.weights, [](double w) { return std::isfinite(w); });
    if (descent.diverged || std::isnan(descent.objective)) return;
    ++descent.n_epochs;
    descent.n_poor = params_.tolerance && descent.objective > descent.best - *params_.tolerance ? descent.n_poor + 1 : 0;
    descent.best = std::min(descent.best, descent.objective);
    if (descent.n_poor < params_.patience) return;
    descent.ended = schedule_ != SgdSchedule::Adaptive || descent.rate <= 1e-6;
    if (descent.ended) return;
    descent.rate /= 5;
    descent.n_poor = 0;
  }

  // A step for each row. Returns the mean of what is made small; NaN where the context asks to stop.
  template <class Rows>
  double pass(Descent& descent, size_t k, std::span<const uint32_t> order, const Rows& rows) {
    const double alpha = params_.alpha, l1_ratio = params_.l1_ratio, typical = std::sqrt(1 / std::sqrt(std::max(alpha, 1e-300)));
    const double first = typical / std::max(1.0, sgd_loss(loss_, params_.epsilon, 1, -typical).slope), delay = 1 / (first * alpha);
    double objective = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i % 256 == 0 && context_.should_stop()) return std::numeric_limits<double>::quiet_NaN();
      const auto x = rows.row(order[i]);
      if (!x.kIsWhole && l1_ratio > 0) x.visit([&](size_t j, double) { descent.penalise(j); });  // what rows without them left to do
      const auto t = static_cast<double>(descent.t);
      const double product = descent.scale * x.product(descent.weights), y = truth(order[i], k);
      if (schedule_ == SgdSchedule::Optimal) descent.rate = 1 / (alpha * (delay + t - 1));
      else if (schedule_ == SgdSchedule::Invscaling) descent.rate = params_.learning_rate / std::pow(t, params_.power_t);
      const auto [loss, slope] = sgd_loss(loss_, params_.epsilon, y, product + descent.bias);
      const double weight = training_.weights.empty() ? 1 : training_.weights[order[i]] / mean_weight_;
      const double absolute = l1_ratio > 0 ? descent.absolute_sum() : 0;
      objective += weight * loss + alpha * ((1 - l1_ratio) * 0.5 * descent.squared_norm + l1_ratio * absolute);
      const double step = -descent.rate * std::clamp(slope, -1e12, 1e12) * weight;
      const double kept = std::max(0.0, 1 - (1 - l1_ratio) * descent.rate * alpha);
      if (kept != 1) descent.shrink(kept);
      if (step != 0) descent.add(x, squared_norms_[order[i]], product * kept, step);
      if (params_.fit_intercept) descent.bias += step;
      if (params_.average_from && descent.t >= *params_.average_from)
        descent.average(static_cast<double>(descent.t - *params_.average_from + 1));
      if (l1_ratio > 0) {
        descent.cumulated_l1 += l1_ratio * descent.rate * alpha;
        x.visit([&](size_t j, double) { descent.penalise(j); });
      }
      ++descent.t;
    }
    if (l1_ratio > 0) {
      descent.penalise_all();  // what the last rows did not have
      descent.sum_absolute();
    }
    return objective / static_cast<double>(order.size());
  }

  void make_probabilities(LinearForm& form) const {
    const FeatureMatrix x = training_.x.take(training_.rows);
    const WeightedRows rows({x, training_.target, training_.weights}, SparseInput::Taken);
    std::vector<double> margins(x.n_rows() * n_sums_);
    LinearModel(form).predict_scores(x, margins);
    sharpen(form, rows, margins, context_);
  }

  const SgdParams& params_;
  const FitContext& context_;
  bool classes_;
  TrainingRows training_;
  size_t p_;
  std::optional<MemoryLease> lease_;
  size_t n_sums_;
  SgdLoss loss_;
  SgdSchedule schedule_;
  double mean_weight_ = 1;
  DenseRows rows_;  // empty where rows are sparse
  std::vector<double> squared_norms_;
  std::vector<Descent> descents_;
};

class Sgd : public Learner {
 public:
  explicit Sgd(SgdParams params) : params_(params) {}
  bool supports(Task task) const override { return task != Task::Ranking; }
  FeatureNeeds needs() const override { return {.wants_scaling = true, .accepts_sparse = true}; }
  bool tells_progress() const override { return true; }
  bool continues() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train, SparseInput::Taken);
    context.check();
    return SgdFit(params_, train, context).run();
  }

  std::unique_ptr<Model> fit_more(const Model& start, const TrainingSet& train, const TrainingSet*,
                                  const FitContext& context) const override {
    check_training_set(train, SparseInput::Taken);
    context.check();
    SgdFit more(params_, train, context);
    const auto* linear = dynamic_cast<const LinearModel*>(&start);
    more.start_from(linear == nullptr ? std::vector<double>() : linear->parts().state);
    return more.run();
  }

 private:
  SgdParams params_;
};

}  // namespace

void register_sgd(Catalog<Learner>& catalog) {
  catalog.add<Sgd, SgdParams>("sgd", "A linear model by a step of gradient descent for each row, which goes on with more rows.",
                              {"stochastic_gradient_descent"});
}

}  // namespace kolosal
