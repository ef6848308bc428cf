// A multilayer perceptron for tables, by default as RealMLP-TD without label smoothing, which makes probabilities and their order better.
//
// Minimises by Adam, in batches of rows drawn anew each pass, the cross-entropy of classes with label smoothing, or the squared error of
// standardised numbers. The learning rate rises and falls in waves that widen ("coslog"); dropout and weight decay end softly in the second
// half. With held-out rows the best pass is kept, the later of equals.
//
// Shapes   features (n_rows, n_features) float32, missing numbers and categories as they are; classes, or (n_rows, n_targets) numbers.
// Cost     six operations for each weight, row and pass; see network.h. Rows are kept once more as scaled columns.
// Source   Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024, and its code pytabkit.
// Checked  neural_test.cc; against scikit-learn's MLP in tests/parity.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/models/best_round.h"
#include "kolosal/models/neural/fit_inputs.h"
#include "kolosal/models/neural/network.h"
#include "kolosal/models/trees/training_rows.h"
#include "kolosal/models/validation_set.h"

namespace kolosal {
namespace {

enum class HiddenActivation { Default, Selu, Mish, Relu, Tanh, Identity };
constexpr auto enum_names(HiddenActivation) {
  return std::to_array<std::pair<HiddenActivation, std::string_view>>({{HiddenActivation::Default, "default"},
                                                                       {HiddenActivation::Selu, "selu"},
                                                                       {HiddenActivation::Mish, "mish"},
                                                                       {HiddenActivation::Relu, "relu"},
                                                                       {HiddenActivation::Tanh, "tanh"},
                                                                       {HiddenActivation::Identity, "identity"}});
}

enum class LearningRateSchedule { Coslog, Constant };
constexpr auto enum_names(LearningRateSchedule) {
  return std::to_array<std::pair<LearningRateSchedule, std::string_view>>(
      {{LearningRateSchedule::Coslog, "coslog"}, {LearningRateSchedule::Constant, "constant"}});
}

enum class SelectBy { Error, Loss };
constexpr auto enum_names(SelectBy) {
  return std::to_array<std::pair<SelectBy, std::string_view>>({{SelectBy::Error, "error"}, {SelectBy::Loss, "loss"}});
}

struct MlpParams {
  std::vector<int32_t> hidden_sizes = {256, 256, 256};
  HiddenActivation activation = HiddenActivation::Default;
  bool parametric_activation = true;
  bool input_weights = true;
  Initialization initialization = Initialization::Data;
  InputScaling scaling = InputScaling::Robust;
  double clip = 3;
  int32_t n_waves = 16;
  int32_t wave_outputs = 3;
  double wave_spread = 0.1;
  int32_t max_one_hot = 9;
  int32_t category_size = 8;
  ProductPrecision precision = ProductPrecision::Float32;
  int32_t n_epochs = 256;
  int32_t batch_rows = 256;
  std::optional<double> learning_rate;
  LearningRateSchedule schedule = LearningRateSchedule::Coslog;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double dropout = 0.15;
  double weight_decay = 0.02;
  double label_smoothing = 0;
  ClassWeight class_weight = ClassWeight::None;
  SelectBy select_by = SelectBy::Loss;
  std::optional<int32_t> patience;
  double min_delta = 0;
};

void describe(Fields<MlpParams>& f) {
  using P = MlpParams;
  f.add("hidden_sizes", &P::hidden_sizes, "Neurons of each hidden layer; none: a linear model.").alias("hidden_layer_sizes");
  f.add("activation", &P::activation, "What neurons make of their sums; default: selu for classes, mish for numbers.");
  f.add("parametric_activation", &P::parametric_activation, "Whether each neuron learns how much of its activation it has.");
  f.add("input_weights", &P::input_weights, "Whether each input is first multiplied by a learnt number.");
  f.add("initialization", &P::initialization,
        "How first weights are drawn: scaled by what they make of the rows, or evenly in Glorot's bounds.");
  f.add("scaling", &P::scaling, "How features come to like size: by median and quartiles, by mean and deviation, or not.");
  f.add("clip", &P::clip, "Bound into which scaled features are drawn softly; 0 for none.").min(0).max(1e6);
  f.add("n_waves", &P::n_waves, "Waves that each number is seen through beside its value; 0 for none.").min(0).max(1024);
  f.add("wave_outputs", &P::wave_outputs, "Numbers made of the waves of a number.").min(1).max(64);
  f.add("wave_spread", &P::wave_spread, "Standard deviation of the first rates of waves.").above(0).max(1e3).search_log(0.02, 5);
  f.add("max_one_hot", &P::max_one_hot, "Largest number of levels, with that of the missing, that become flags; others have vectors.")
      .min(0)
      .max(100'000);
  f.add("category_size", &P::category_size, "Numbers in the vector of a level.").min(1).max(1024);
  f.add("precision", &P::precision,
        "What a fit multiplies; bfloat16 is faster where the processor has AMX, slower on most others. Weights, sums and predictions are "
        "float32.");
  f.add("n_epochs", &P::n_epochs, "Passes over the rows; the schedules are spread over them.")
      .min(1)
      .max(1'000'000)
      .alias("max_iter")
      .alias("epochs");
  f.add("batch_rows", &P::batch_rows, "Rows of a step.").min(1).max(65536).alias("batch_size");
  f.add("learning_rate", &P::learning_rate, "Largest learning rate; 0.04 for classes and 0.2 for numbers where not given.")
      .above(0)
      .max(100)
      .search_log(0.005, 0.5)
      .alias("learning_rate_init");
  f.add("schedule", &P::schedule, "How the learning rate moves over the passes: in four widening waves, or not at all.");
  f.add("beta1", &P::beta1, "Share that Adam keeps of the mean of derivatives.").min(0).max(0.9999).alias("beta_1");
  f.add("beta2", &P::beta2, "Share that Adam keeps of the mean of their squares.").min(0).max(0.99999).alias("beta_2");
  f.add("epsilon", &P::epsilon, "What Adam adds to the root of the mean square.").above(0);
  f.add("dropout", &P::dropout, "Share of neurons dropped in a step, less in the second half.").min(0).max(0.95).search(0, 0.5);
  f.add("weight_decay", &P::weight_decay, "By how much of itself, times the learning rate, a weight shrinks in a step.")
      .min(0)
      .max(100)
      .search_log(1e-4, 0.5);
  f.add("label_smoothing", &P::label_smoothing,
        "Share of the truth that is spread over all classes; 0.1 with select_by = error for the fewest wrong classes.")
      .min(0)
      .max(0.9)
      .search(0, 0.2);
  f.add("class_weight", &P::class_weight, "Whether classes count the same in sum, however many rows they have.");
  f.add("select_by", &P::select_by,
        "By what of the held-out rows the best pass is kept: share of wrong classes (of numbers, the loss) or loss.");
  f.add("patience", &P::patience, "Passes without a better one of held-out rows after which it ends; null for never.")
      .min(1)
      .alias("n_iter_no_change")
      .alias("early_stopping_rounds");
  f.add("min_delta", &P::min_delta, "By how much what passes are chosen by must be lower to be better.").min(0).alias("tol");
}

// Dropout and decay by the share of the work that is done: whole, and from half on falling to 0.
double flat_cosine(double done) { return done < 0.5 ? 1 : 0.5 * (1 + std::cos(M_PI * (2 * done - 1))); }

// The passes of one fit.
class MlpFit {
 public:
  MlpFit(const MlpParams& params, const TrainingSet& train, const TrainingSet* validation, const FitContext& context)
      : params_(params),
        context_(context),
        classes_(is_classification(train.target.task)),
        training_(train, params.class_weight),
        x_(training_.rows.size() == train.x.n_rows() ? train.x : train.x.take(training_.rows)),
        inputs_(fit_neural_inputs(x_, params.scaling, params.clip, params.max_one_hot, context)),
        lease_(context.memory, bytes_of_rows(), "rows of a neural network") {
    if (validation != nullptr) held_out_.emplace(*validation, params.class_weight);
    if (held_out_ && held_out_->rows.size() < held_out_->x.n_rows()) held_out_x_ = held_out_->x.take(held_out_->rows);
    else if (held_out_) held_out_x_ = held_out_->x;
    read_targets();
    read_columns();
  }

  std::unique_ptr<Model> run() {
    const size_t n = rows_.n_rows, batch = std::min(n, static_cast<size_t>(params_.batch_rows)), n_batches = n / batch;
    NetworkTrainer trainer(inputs_, rows_, training_.target.n_outputs(), network_options(), batch, context_);
    const double n_steps = static_cast<double>(n_batches) * params_.n_epochs;
    const int n_epochs = is_certain() ? 0 : params_.n_epochs;
    std::vector<uint32_t> order(n);
    std::unique_ptr<NeuralModel> best;
    BestRound best_epoch(params_.patience, params_.min_delta, BestRound::Of::Later);
    int epoch = 0;
    if (held_out_) {
      best = model_of(trainer, 0);
      best_epoch.note(0, held_out_loss(*best));
    }
    while (epoch < n_epochs) {
      std::iota(order.begin(), order.end(), 0U);
      RandomStream(context_.seed, "neural order", static_cast<uint64_t>(epoch)).shuffle(std::span(order));
      double loss = 0;
      size_t done = 0;
      for (; done < n_batches && !context_.should_stop(); ++done) {
        const double share = (static_cast<double>(epoch) * static_cast<double>(n_batches) + static_cast<double>(done)) / n_steps;
        loss += trainer.step(std::span(order).subspan(done * batch, batch), rates(share));
      }
      if (done < n_batches) break;
      ++epoch;
      if (!std::isfinite(loss)) refuse_divergence(best_epoch.round() > 0);
      if (!std::isfinite(loss)) break;
      double held_out = std::numeric_limits<double>::quiet_NaN();
      if (held_out_) {
        auto model = model_of(trainer, epoch);
        held_out = held_out_loss(*model);
        if (best_epoch.note(epoch, held_out)) best = std::move(model);
      }
      if (context_.on_iteration && !context_.on_iteration({epoch, params_.n_epochs, loss / static_cast<double>(n_batches), held_out}))
        break;
      if (best_epoch.is_over()) break;
    }
    if (epoch == 0) context_.check();
    return best ? std::move(best) : model_of(trainer, epoch);
  }

 private:
  size_t bytes_of_rows() const {
    return x_.n_rows() * (inputs_.n_columns() + inputs_.categories.size() + training_.target.n_targets + 3) * sizeof(float);
  }

  // Targets of mean 0 and deviation 1, or class numbers; weights of mean 1.
  void read_targets() {
    const Target& target = training_.target;
    rows_.n_rows = target.n_rows;
    const std::vector<double>& weights = training_.weights;
    const double largest = weights.empty() ? 1 : std::ranges::max(weights);
    double total = 0;
    for (const double weight : weights) total += weight / largest;
    for (const double weight : weights)
      rows_.weights.push_back(static_cast<float>(weight / largest / total * static_cast<double>(weights.size())));
    if (classes_) {
      for (const double value : target.values) rows_.classes.push_back(static_cast<uint32_t>(value));
      return;
    }
    const size_t k = target.n_targets;
    rows_.numbers.resize(target.values.size());
    for (size_t c = 0; c < k; ++c) {
      const auto value = [&](size_t i) { return target.values[i * k + c]; };
      const auto weight = [&](size_t i) { return weights.empty() ? 1.0 : weights[i] / largest; };
      double sum = 0, weight_sum = 0, squares = 0, low = value(0), high = value(0);
      for (size_t i = 0; i < target.n_rows; ++i) {
        sum += weight(i) * value(i);
        weight_sum += weight(i);
        low = std::min(low, value(i));
        high = std::max(high, value(i));
      }
      const double mean = sum / weight_sum;
      for (size_t i = 0; i < target.n_rows; ++i) squares += weight(i) * (value(i) - mean) * (value(i) - mean);
      const double deviation = squares > 0 ? std::sqrt(squares / weight_sum) : 1;
      if (!std::isfinite(mean) || !std::isfinite(deviation))
        throw Error(ErrorCode::BadValue, "sums of the target are beyond the largest number", "Scale it to numbers of ordinary size.");
      for (size_t i = 0; i < target.n_rows; ++i) rows_.numbers[i * k + c] = static_cast<float>((value(i) - mean) / deviation);
      centers_.push_back(mean);
      scales_.push_back(deviation);
      lows_.push_back(low);
      highs_.push_back(high);
    }
  }

  void read_columns() {
    const size_t n = rows_.n_rows, n_columns = inputs_.n_columns(), n_categories = inputs_.categories.size();
    rows_.columns.resize(n * n_columns);
    rows_.codes.resize(n * n_categories);
    context_.threads->parallel_for(n, 1024, [&](size_t begin, size_t end) {
      inputs_.encode(x_, begin, end - begin, rows_.columns.data() + begin * n_columns, n_columns);
      for (size_t c = 0; c < n_categories; ++c) {
        const auto values = x_.column(static_cast<size_t>(inputs_.categories[c]));
        for (size_t i = begin; i < end; ++i) rows_.codes[i * n_categories + c] = inputs_.code(values[i], c);
      }
    });
    context_.check();
  }

  // Of one class there is nothing to learn: its probability is 1 whatever the network, which then has no hidden layers.
  bool is_certain() const { return classes_ && training_.target.n_outputs() == 1; }

  NetworkOptions network_options() const {
    NetworkOptions options;
    if (!is_certain()) options.hidden_sizes.assign(params_.hidden_sizes.begin(), params_.hidden_sizes.end());
    switch (params_.activation) {
      case HiddenActivation::Default: options.activation = classes_ ? Activation::Selu : Activation::Mish; break;
      case HiddenActivation::Selu: options.activation = Activation::Selu; break;
      case HiddenActivation::Mish: options.activation = Activation::Mish; break;
      case HiddenActivation::Relu: options.activation = Activation::Relu; break;
      case HiddenActivation::Tanh: options.activation = Activation::Tanh; break;
      case HiddenActivation::Identity: options.activation = Activation::Identity; break;
    }
    options.parametric = params_.parametric_activation;
    options.front_scale = params_.input_weights;
    if (params_.n_waves > 0) options.waves = {static_cast<size_t>(params_.n_waves), static_cast<size_t>(params_.wave_outputs)};
    options.wave_spread = params_.wave_spread;
    options.vector_size = static_cast<size_t>(params_.category_size);
    options.initialization = params_.initialization;
    options.precision = params_.precision;
    options.label_smoothing = params_.label_smoothing;
    options.beta1 = params_.beta1;
    options.beta2 = params_.beta2;
    options.epsilon = params_.epsilon;
    return options;
  }

  StepRates rates(double done) const {
    const double base = params_.learning_rate.value_or(classes_ ? 0.04 : 0.2);
    const bool waves = params_.schedule == LearningRateSchedule::Coslog;
    const double rate = waves ? base * 0.5 * (1 - std::cos(2 * M_PI * std::log2(1 + 15 * done))) : base;
    return {rate, params_.weight_decay * flat_cosine(done), params_.dropout * flat_cosine(done)};
  }

  std::unique_ptr<NeuralModel> model_of(const NetworkTrainer& trainer, int epoch) const {
    NeuralForm form = trainer.form(x_.n_features());
    form.link = classes_ ? Link::Softmax : Link::Identity;
    form.centers = centers_;
    form.scales = scales_;
    form.lows = lows_;
    form.highs = highs_;
    form.n_epochs = epoch;
    return std::make_unique<NeuralModel>(std::move(form));
  }

  // The mean over held-out rows of what passes are chosen by; a pass whose predictions are not numbers is never chosen.
  double held_out_loss(const NeuralModel& model) const {
    constexpr size_t kBlock = 512;
    const Target& target = held_out_->target;
    const size_t n = target.n_rows, k = model.n_outputs();
    std::vector<double> losses((n + kBlock - 1) / kBlock), totals(losses.size());
    context_.threads->parallel_for(n, kBlock, [&](size_t begin, size_t end) {
      std::vector<double> out((end - begin) * k);
      model.predict_rows(held_out_x_, begin, end - begin, out);
      for (size_t i = begin; i < end; ++i) {
        const double weight = held_out_->weights.empty() ? 1 : held_out_->weights[i];
        losses[begin / kBlock] += weight * row_loss(std::span<const double>(out).subspan((i - begin) * k, k), target, i);
        totals[begin / kBlock] += weight;
      }
    });
    const double loss = std::accumulate(losses.begin(), losses.end(), 0.0) / std::accumulate(totals.begin(), totals.end(), 0.0);
    return std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss;
  }

  double row_loss(std::span<const double> out, const Target& target, size_t row) const {
    double loss = 0;
    if (!classes_) {
      for (size_t c = 0; c < out.size(); ++c) loss += std::pow((out[c] - target.values[row * out.size() + c]) / scales_[c], 2);
      return loss;
    }
    const auto truth = static_cast<size_t>(target.values[row]);
    if (params_.select_by == SelectBy::Loss) return -std::log(std::max(out[truth], 1e-15));
    return std::max_element(out.begin(), out.end()) - out.begin() == static_cast<ptrdiff_t>(truth) ? 0 : 1;
  }

  static void refuse_divergence(bool has_model) {
    if (!has_model)
      throw Error(ErrorCode::BadValue, "the neural network diverged: its loss is no longer a number",
                  "Lower learning_rate, or scale the features (scaling = robust).");
  }

  const MlpParams& params_;
  const FitContext& context_;
  bool classes_;
  TrainingRows training_;
  FeatureMatrix x_;
  NeuralInputs inputs_;
  MemoryLease lease_;
  NetworkRows rows_;
  std::vector<double> centers_, scales_, lows_, highs_;  // of each target
  std::optional<TrainingRows> held_out_;
  FeatureMatrix held_out_x_;
};

class Mlp : public Learner {
 public:
  explicit Mlp(MlpParams params) : params_(std::move(params)) {
    for (const int32_t size : params_.hidden_sizes)
      if (size < 1 || size > 65536)
        throw Error(ErrorCode::BadValue, "mlp.hidden_sizes holds " + std::to_string(size), "Give each layer 1 to 65536 neurons.");
  }
  bool supports(Task task) const override { return task != Task::Ranking; }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool uses_validation() const override { return true; }
  bool tells_progress() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    check_training_set(train);
    context.check();
    return MlpFit(params_, train, checked_validation_set(validation, train), context).run();
  }

 private:
  MlpParams params_;
};

}  // namespace

void register_mlp(Catalog<Learner>& catalog) {
  catalog.add<Mlp, MlpParams>("mlp", "A neural network of layers, with features scaled robustly and seen through waves.",
                              {"neural_network", "realmlp"});
}

}  // namespace kolosal
