#include "kolosal/kernels/neural_layers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kolosal/kernels/kernels_test_rows.h"

namespace kolosal {
namespace {

using kernels_test::farthest;
using kernels_test::for_each_target;
using kernels_test::normals;

// f(z) by its formula, in float64.
double curve(Activation kind, double z) {
  switch (kind) {
    case Activation::Identity: return z;
    case Activation::Relu: return std::max(z, 0.0);
    case Activation::Tanh: return std::tanh(z);
    case Activation::Selu: return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * std::expm1(z));
    case Activation::Mish: return z * std::tanh(std::log1p(std::exp(z)));
  }
  return 0;
}

TEST(NeuralLayers, ActivationsAndTheirSlopesAreThoseOfTheFormulas) {
  const size_t n_rows = 5, width = 32;
  std::vector<float> z = normals(n_rows * width, 1);
  for (size_t i = 0; i < z.size(); i += 7) z[i] *= 30;
  const std::vector<float> bias = normals(width, 2), mix = normals(width, 3);
  for_each_target([&] {
    for (const auto& [kind, name] : enum_names(Activation{}))
      for (const bool has_mix : {false, true}) {
        SCOPED_TRACE(name);
        const ActivationLayer layer{kind, bias.data(), has_mix ? mix.data() : nullptr, width};
        std::vector<float> outputs = z, values = z, slopes(z.size()), mix_slopes(z.size()), expected(z.size()), expected_slopes(z.size()),
                           expected_mix(z.size());
        for (size_t i = 0; i < z.size(); ++i) {
          const double sum = static_cast<double>(z[i] + bias[i % width]), a = has_mix ? static_cast<double>(mix[i % width]) : 1;
          const double slope = (curve(kind, sum + 1e-5) - curve(kind, sum - 1e-5)) / 2e-5;
          expected[i] = static_cast<float>(sum + (curve(kind, sum) - sum) * a);
          expected_slopes[i] = static_cast<float>(1 + (slope - 1) * a);
          expected_mix[i] = static_cast<float>(has_mix ? curve(kind, sum) - sum : 0);
        }
        activate(layer, n_rows, values.data());
        activate_with_slopes(layer, {}, 0, n_rows, outputs.data(), slopes.data(), mix_slopes.data());
        EXPECT_LT(farthest(values, expected), 1e-5);
        EXPECT_EQ(values, outputs);
        EXPECT_LT(farthest(slopes, expected_slopes), 1e-4);
        EXPECT_LT(farthest(mix_slopes, expected_mix), 1e-5);
      }
  });
}

TEST(NeuralLayers, DropoutKeepsItsShareAndTheSameOnesInAnyBlockAndAnyVector) {
  const size_t n_rows = 64, width = 512;
  const std::vector<float> ones(n_rows * width, 1.0F), none(width, 0.0F);
  std::vector<float> first;
  for_each_target([&] {
    std::vector<float> together = ones, slopes(ones.size()), parts = ones;
    const ActivationLayer layer{Activation::Identity, none.data(), nullptr, width};
    activate_with_slopes(layer, {0.25F, 99}, 0, n_rows, together.data(), slopes.data(), nullptr);
    for (size_t row = 0; row < n_rows; row += 16)
      activate_with_slopes(layer, {0.25F, 99}, row, 16, parts.data() + row * width, slopes.data() + row * width, nullptr);
    EXPECT_EQ(together, parts);
    EXPECT_EQ(together, slopes);
    const auto dropped = static_cast<double>(std::ranges::count(together, 0.0F));
    EXPECT_NEAR(dropped / static_cast<double>(ones.size()), 0.25, 0.01);
    EXPECT_FLOAT_EQ(std::ranges::max(together), 1 / 0.75F);
    if (first.empty()) first = together;
    EXPECT_EQ(together, first);
  });
}

TEST(NeuralLayers, DerivativesArePulledBackAndSummed) {
  const size_t n_rows = 7, width = 48;
  const std::vector<float> slopes = normals(n_rows * width, 4), mix_slopes = normals(n_rows * width, 5),
                           by_outputs = normals(n_rows * width, 6);
  std::vector<float> by_sums(by_outputs.size()), bias_sums(width, 0.5F), mix_sums(width, 0.25F);
  for (size_t i = 0; i < by_outputs.size(); ++i) {
    by_sums[i] = by_outputs[i] * slopes[i];
    bias_sums[i % width] += by_sums[i];
    mix_sums[i % width] += by_outputs[i] * mix_slopes[i];
  }
  for_each_target([&] {
    std::vector<float> found = by_outputs, bias(width, 0.5F), mix(width, 0.25F);
    pull_back(slopes.data(), mix_slopes.data(), n_rows, width, found.data(), bias.data(), mix.data());
    EXPECT_LT(farthest(found, by_sums), 1e-6);
    EXPECT_LT(farthest(bias, bias_sums), 1e-5);
    EXPECT_LT(farthest(mix, mix_sums), 1e-5);
  });
}

TEST(NeuralLayers, AStepOfAdamIsThatOfItsFormulas) {
  const size_t n = 32;
  const AdamStep step{0.01F, 0.99F, 0.9F, 0.95F, 1.3F, 1e-3F};
  const std::vector<float> g = normals(n, 7), w = normals(n, 8), m = normals(n, 9);
  std::vector<float> v = normals(n, 10), weights(n), means(n), squares(n);
  for (float& number : v) number = std::abs(number);
  for (size_t i = 0; i < n; ++i) {
    means[i] = 0.9F * m[i] + 0.1F * g[i];
    squares[i] = 0.95F * v[i] + 0.05F * g[i] * g[i];
    weights[i] = 0.99F * w[i] - 0.01F * means[i] / (std::sqrt(squares[i]) * 1.3F + 1e-3F);
  }
  for_each_target([&] {
    std::vector<float> found = w, found_means = m, found_squares = v;
    adam_step(step, g.data(), n, found.data(), found_means.data(), found_squares.data());
    EXPECT_LT(farthest(found, weights), 1e-6);
    EXPECT_LT(farthest(found_means, means), 1e-6);
    EXPECT_LT(farthest(found_squares, squares), 1e-6);
  });
}

TEST(NeuralLayers, WavesAndTheirDerivativesAreThoseOfTheFormula) {
  const Waves waves{5, 3};
  std::vector<float> parameters = normals(waves.size(), 11);
  const std::vector<float> x = normals(kWidthStep, 12), by_outputs = normals(3 * kWidthStep, 13);
  // The sum of outputs times their derivatives, whose derivatives by the parameters are the sums wanted.
  const auto total = [&](const std::vector<float>& p) {
    double sum = 0;
    for (size_t i = 0; i < kWidthStep; ++i)
      for (size_t k = 0; k < 3; ++k) {
        auto value = static_cast<double>(p[(2 + 3) * 5 + k]);
        for (size_t f = 0; f < 5; ++f)
          value += static_cast<double>(p[10 + k * 5 + f]) *
                   std::cos(2 * M_PI * static_cast<double>(p[f]) * static_cast<double>(x[i]) + static_cast<double>(p[5 + f]));
        sum += value * static_cast<double>(by_outputs[k * kWidthStep + i]);
      }
    return sum;
  };
  for_each_target([&] {
    std::vector<float> outputs(3 * kWidthStep), sums(waves.size(), 0.0F);
    make_waves(waves, parameters.data(), x.data(), outputs.data());
    double found = 0;
    for (size_t i = 0; i < outputs.size(); ++i) found += static_cast<double>(outputs[i]) * static_cast<double>(by_outputs[i]);
    EXPECT_NEAR(found, total(parameters), 1e-4);
    pull_waves_back(waves, parameters.data(), x.data(), by_outputs.data(), sums.data());
    for (size_t i = 0; i < waves.size(); ++i) {
      std::vector<float> up = parameters, down = parameters;
      up[i] += 1e-3F;
      down[i] -= 1e-3F;
      const double step = static_cast<double>(up[i]) - static_cast<double>(down[i]);
      EXPECT_NEAR(static_cast<double>(sums[i]), (total(up) - total(down)) / step, 2e-2) << "parameter " << i;
    }
  });
}

TEST(NeuralLayers, ATransposeOfATransposeIsTheMatrix) {
  const std::vector<float> from = normals(35 * 20, 14);
  std::vector<float> across(20 * 40), back(35 * 20);
  transpose(from.data(), 35, 20, 20, across.data(), 40);
  transpose(across.data(), 20, 40, 35, back.data(), 20);
  EXPECT_EQ(across[3 * 40 + 7], from[7 * 20 + 3]);
  EXPECT_EQ(back, from);
}

}  // namespace
}  // namespace kolosal
