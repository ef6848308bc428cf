#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels_test_rows.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"
#include "kolosal/models/neural/fit_inputs.h"
#include "kolosal/models/neural/network.h"

namespace kolosal {
namespace {

using kernels_test::for_each_target;
using models_test::predict;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// Two numbers, one category of 12 levels, and a target of each kind.
struct Problem {
  Problem(size_t n, bool classes, uint64_t seed = 5) : x({{"a", 0}, {"b", 0}, {"town", 12}}, n) {
    target.task = classes ? Task::Multiclass : Task::Regression;
    target.n_rows = n;
    if (classes) target.class_names = {"x", "y", "z"};
    RandomStream random(seed, "neural test");
    for (size_t i = 0; i < n; ++i) {
      const double a = random.normal(), b = random.normal(), town = static_cast<double>(random.below(12));
      x.column(0)[i] = static_cast<float>(a);
      x.column(1)[i] = static_cast<float>(100 * b);
      x.column(2)[i] = static_cast<float>(town);
      const double signal = a * b + (town > 5 ? 1.0 : -1.0);
      target.values.push_back(classes ? (signal > 1 ? 2 : signal > -1) : 1e6 + 1000 * signal);
    }
  }
  FeatureMatrix x;
  Target target;
};

// A trainer of a small network on all kinds of inputs, in one batch.
struct SmallNetwork {
  SmallNetwork(bool classes, double epsilon, ProductPrecision precision = ProductPrecision::Float32) : problem(40, classes) {
    inputs = fit_neural_inputs(problem.x, InputScaling::Robust, 3, 9, context);
    rows.n_rows = 40;
    rows.columns.resize(40 * inputs.n_columns());
    inputs.encode(problem.x, 0, 40, rows.columns.data(), inputs.n_columns());
    for (size_t i = 0; i < 40; ++i) {
      rows.codes.push_back(inputs.code(problem.x.at(i, 2), 0));
      if (classes) rows.classes.push_back(static_cast<uint32_t>(problem.target.values[i]));
      else rows.numbers.push_back(static_cast<float>((problem.target.values[i] - 1e6) / 1000));
      rows.weights.push_back(0.5F + static_cast<float>(i % 3) / 2);
      batch.push_back(static_cast<uint32_t>(i));
    }
    NetworkOptions options;
    options.hidden_sizes = {9, 7};
    options.activation = classes ? Activation::Tanh : Activation::Mish;  // without a bend, which numeric derivatives do not see
    options.waves = {4, 2};
    options.wave_spread = 0.3;
    options.vector_size = 3;
    options.precision = precision;
    options.initialization = Initialization::Glorot;
    options.label_smoothing = classes ? 0.1 : 0;
    options.epsilon = epsilon;
    trainer.emplace(inputs, rows, classes ? 3 : 1, options, 40, context);
  }
  FitContext context;
  Problem problem;
  NeuralInputs inputs;
  NetworkRows rows;
  std::vector<uint32_t> batch;
  std::optional<NetworkTrainer> trainer;
};

TEST(Neural, StepsAlongTheNumericDerivativeOfTheLossByEveryParameter) {
  // With a huge epsilon a first step of Adam is the derivative times rate / epsilon, but for the factors of the rates.
  constexpr double kEpsilon = 1e4, kStep = 1e-3;
  for (const bool classes : {false, true}) {
    SmallNetwork small(classes, kEpsilon);
    NetworkTrainer& trainer = *small.trainer;
    const std::vector<float> before(trainer.parameters().begin(), trainer.parameters().end());
    std::vector<double> slopes;
    for (size_t i = 0; i < before.size(); ++i) {
      const auto loss_at = [&](float by) {
        trainer.parameters()[i] = before[i] + by;
        return trainer.loss(small.batch);
      };
      const double up = loss_at(5e-3F), down = loss_at(-5e-3F);
      trainer.parameters()[i] = before[i];
      slopes.push_back((up - down) / 1e-2);
    }
    trainer.step(small.batch, {kStep * kEpsilon, 0, 0});
    std::map<double, int> factors;
    int n_moved = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      const double moved = (static_cast<double>(before[i]) - static_cast<double>(trainer.parameters()[i])) / kStep;
      if (std::abs(slopes[i]) < 1e-3 && std::abs(moved) < 1e-2) continue;
      ++n_moved;
      double nearest = 1;
      for (const double factor : {0.1, 1.0, 6.0})
        if (std::abs(moved - factor * slopes[i]) < std::abs(moved - nearest * slopes[i])) nearest = factor;
      ++factors[nearest];
      EXPECT_NEAR(moved, nearest * slopes[i], 0.02 * nearest * std::abs(slopes[i]) + 1e-3) << "parameter " << i;
    }
    EXPECT_GT(n_moved, 150);
    EXPECT_EQ(factors.size(), 3U);  // waves and mixes, weights, the scale of inputs
  }
}

// The parameters after a step, which with a huge epsilon is along the derivative, with each instruction set.
TEST(Neural, ABfloat16StepIsThatOfFloat32ButForRounding) {
  for (const bool classes : {false, true}) {
    SmallNetwork exact(classes, 1e4);
    const std::vector<float> before(exact.trainer->parameters().begin(), exact.trainer->parameters().end());
    const double loss = exact.trainer->step(exact.batch, {1e3, 0, 0});
    for_each_target([&] {
      SmallNetwork rounded(classes, 1e4, ProductPrecision::Bfloat16);
      EXPECT_TRUE(std::ranges::equal(rounded.trainer->parameters(), before));
      EXPECT_NEAR(rounded.trainer->step(rounded.batch, {1e3, 0, 0}), loss, 0.01 * loss);
      double apart = 0, moved = 0;
      for (size_t i = 0; i < before.size(); ++i) {
        apart += std::pow(static_cast<double>(rounded.trainer->parameters()[i] - exact.trainer->parameters()[i]), 2);
        moved += std::pow(static_cast<double>(exact.trainer->parameters()[i] - before[i]), 2);
      }
      EXPECT_GT(apart, 1e-10 * moved);
      EXPECT_LT(apart, 1e-4 * moved);
    });
  }
}

TEST(Neural, Bfloat16ModelsAreAsGoodWithEachInstructionSetAndTheSameOnAnyNumberOfThreads) {
  const Problem train(400, false), test(500, false, 6);
  const auto fitted = [&](const char* precision, int n_threads) {
    FitContext context;
    context.threads = std::make_shared<const Threads>(n_threads);
    return learners()
        .make("mlp", Value(Value::Object{{"n_epochs", 12}, {"hidden_sizes", Value::List{40, 24}}, {"precision", precision}}))
        ->fit({train.x, train.target}, nullptr, context);
  };
  const auto error_of = [&](const Model& model) {
    const std::vector<double> predicted = predict(model, test.x);
    double wrong = 0;
    for (size_t i = 0; i < predicted.size(); ++i) wrong += std::pow((predicted[i] - test.target.values[i]) / 1000, 2) / 500;
    return wrong;
  };
  const double exact = error_of(*fitted("float32", 1));
  for_each_target([&] {
    const auto model = fitted("bfloat16", 1);
    EXPECT_EQ(dynamic_cast<const NeuralModel&>(*model).parts().fit_precision, ProductPrecision::Bfloat16);
    EXPECT_EQ(model_to_value(*model), model_to_value(*fitted("bfloat16", 8)));
    EXPECT_NEAR(error_of(*model), exact, 0.2 * exact + 0.01);
  });
}

TEST(Neural, OfOneClassNoPassIsMadeAndTheClassIsCertain) {
  Problem train(300, true);
  train.target.class_names = {"only"};
  std::ranges::fill(train.target.values, 0.0);
  FitContext context;
  context.on_iteration = [](const FitProgress&) {
    ADD_FAILURE() << "a pass";
    return true;
  };
  const auto model = learners().make("mlp")->fit({train.x, train.target}, nullptr, context);
  EXPECT_EQ(model->n_iterations(), 0U);
  EXPECT_EQ(predict(*model, train.x), std::vector<double>(300, 1.0));
}

TEST(Neural, TheFormPredictsWhatTheTrainerReckons) {
  SmallNetwork small(false, 1e-8);
  for (int i = 0; i < 20; ++i) small.trainer->step(small.batch, {0.01, 0.1, 0.1});
  const NeuralModel model(small.trainer->form(3));
  const std::vector<double> predicted = predict(model, small.problem.x);
  double loss = 0;
  for (size_t i = 0; i < 40; ++i)
    loss += static_cast<double>(small.rows.weights[i]) * std::pow(predicted[i] - static_cast<double>(small.rows.numbers[i]), 2) / 40;
  EXPECT_NEAR(loss, small.trainer->loss(small.batch), 1e-5);
}

TEST(Neural, ColumnsAreScaledByMedianAndQuartilesAndDrawnSoftly) {
  FeatureMatrix x({{"n", 0}, {"same", 0}, {"rare", 0}, {"two", 2}, {"three", 3}, {"many", 30}}, 5);
  const float numbers[5] = {1, 2, 3, 4, kMissing}, rare[5] = {0, 0, 0, 0, 8}, codes[5] = {0, 1, 1, kMissing, 0};
  for (size_t i = 0; i < 5; ++i) {
    x.column(0)[i] = numbers[i];
    x.column(1)[i] = 7;
    x.column(2)[i] = rare[i];
    x.column(3)[i] = codes[i];
    x.column(4)[i] = static_cast<float>(i % 2);
    x.column(5)[i] = static_cast<float>(i);
  }
  const NeuralInputs inputs = fit_neural_inputs(x, InputScaling::Robust, 3, 9, {});
  // Numbers, the flag of n, the sign of two, two of the levels of three; nothing of what is constant.
  EXPECT_EQ(inputs.features, (std::vector<int32_t>{0, 2, 0, 3, 4, 4}));
  EXPECT_EQ(inputs.categories, std::vector<int32_t>{5});
  std::vector<float> row(6);
  const auto soft = [](double value) { return static_cast<float>(value / std::sqrt(1 + value * value / 9)); };
  inputs.encode(x, 3, 1, row.data(), 6);
  EXPECT_FLOAT_EQ(row[0], soft((4 - 2.5) / 1.5));
  EXPECT_FLOAT_EQ(row[1], 0);
  inputs.encode(x, 4, 1, row.data(), 6);
  EXPECT_EQ(row[0], 0);
  EXPECT_FLOAT_EQ(row[1], soft(2));  // by the range, as the quartiles are equal
  EXPECT_FLOAT_EQ(row[2], soft(2));
}

TEST(Neural, LearnsProductsOfFeaturesAndLevelsOfCategories) {
  const Problem train(3000, false), test(500, false, 6);
  const auto model = learners().make("mlp", Value(Value::Object{{"n_epochs", 20}}))->fit({train.x, train.target}, nullptr, FitContext{});
  const std::vector<double> predicted = predict(*model, test.x);
  double wrong = 0, spread = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    wrong += std::pow(predicted[i] - test.target.values[i], 2);
    spread += std::pow(test.target.values[i] - 1e6, 2);
  }
  EXPECT_LT(wrong, 0.02 * spread);
}

TEST(Neural, KeepsTheBestPassOfHeldOutRowsAndEndsAfterPatience) {
  const Problem train(200, true), held_out(100, true, 6);
  const TrainingSet validation{held_out.x, held_out.target};
  std::vector<double> losses;
  FitContext context;
  context.on_iteration = [&](const FitProgress& progress) {
    losses.push_back(progress.validation_loss);
    return true;
  };
  const auto model = learners()
                         .make("mlp", Value(Value::Object{{"n_epochs", 200}, {"patience", 15}, {"hidden_sizes", Value::List{64}}}))
                         ->fit({train.x, train.target}, &validation, context);
  const auto best = std::ranges::min_element(losses) - losses.begin();
  EXPECT_EQ(model->n_iterations(), static_cast<size_t>(best) + 1);
  EXPECT_EQ(losses.size(), static_cast<size_t>(best) + 16);
  const std::vector<double> predicted = predict(*model, held_out.x);
  double loss = 0;
  for (size_t i = 0; i < 100; ++i) loss -= std::log(predicted[i * 3 + static_cast<size_t>(held_out.target.values[i])]) / 100;
  EXPECT_NEAR(loss, losses[static_cast<size_t>(best)], 1e-12);
}

TEST(Neural, SaysThatItDivergedAndWhatToDo) {
  const Problem train(300, false);
  const Value wild(Value::Object{{"learning_rate", 100},
                                 {"n_epochs", 30},
                                 {"schedule", "constant"},
                                 {"activation", "identity"},
                                 {"weight_decay", 0},
                                 {"hidden_sizes", Value(Value::List(14, Value(16)))}});
  try {
    learners().make("mlp", wild)->fit({train.x, train.target}, nullptr, FitContext{});
    FAIL() << "converged";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_NE(error.remedy().find("learning_rate"), std::string::npos);
  }
}

TEST(Neural, TakesItsRowsFromTheMemoryBudget) {
  const Problem train(3000, false);
  FitContext context;
  context.memory = std::make_shared<MemoryBudget>(size_t{1} << 20);
  try {
    learners().make("mlp")->fit({train.x, train.target}, nullptr, context);
    FAIL() << "fitted in a megabyte";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
  }
  EXPECT_EQ(context.memory->used(), 0U);
}

TEST(Neural, RefusesAFormWhosePartsDoNotAgree) {
  SmallNetwork small(true, 1e-8);
  NeuralForm form = small.trainer->form(3);
  form.link = Link::Softmax;
  const auto is_refused = [](const NeuralForm& changed) {
    try {
      model_from_value(Value(Value::Object{{"form", "neural"}, {"model", to_value(changed)}}));
    } catch (const Error& error) {
      return error.code() == ErrorCode::CorruptArtifact;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(form));
  const std::vector<std::function<void(NeuralForm&)>> changes = {[](NeuralForm& f) { f.inputs.features[0] = 3; },
                                                                 [](NeuralForm& f) { f.inputs.kinds[0] = 4; },
                                                                 [](NeuralForm& f) { f.inputs.centers.pop_back(); },
                                                                 [](NeuralForm& f) { f.inputs.n_levels[0] = 13; },
                                                                 [](NeuralForm& f) { f.waves.pop_back(); },
                                                                 [](NeuralForm& f) { f.vectors.pop_back(); },
                                                                 [](NeuralForm& f) { f.layers[1].weights.pop_back(); },
                                                                 [](NeuralForm& f) { f.layers[0].mix.pop_back(); },
                                                                 [](NeuralForm& f) { f.layers.clear(); },
                                                                 [](NeuralForm& f) { f.layers[2].bias[0] = kMissing; },
                                                                 [](NeuralForm& f) { f.lows = {1}; },
                                                                 [](NeuralForm& f) { f.scales = {1}; },
                                                                 [](NeuralForm& f) { f.n_wave_outputs = 65; },
                                                                 [](NeuralForm& f) { f.link = Link::Sigmoid; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    NeuralForm changed = form;
    changes[i](changed);
    EXPECT_TRUE(is_refused(changed)) << "change " << i;
  }
}

}  // namespace
}  // namespace kolosal
