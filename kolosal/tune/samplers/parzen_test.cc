#include "kolosal/tune/samplers/parzen.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kolosal {
namespace {

// The six parameters, and 40 observations of each, for which Optuna 5.0.0 gave the log densities below.
struct Observed {
  Observed() {
    const std::vector<std::pair<std::string, Distribution>> named = {
        {"x", Distribution::real("x", -3, 3)},      {"lr", Distribution::real("lr", 1e-4, 1e-1, 0, true)},
        {"k", Distribution::integer("k", 1, 9)},    {"m", Distribution::integer("m", 1, 64, 1, true)},
        {"q", Distribution::real("q", 0, 2, 0.25)}, {"c", Distribution::categorical("c", {"a", "b", "c"})}};
    for (const auto& [name, distribution] : named) {
      const uint32_t index = history.parameter(name, distribution);
      all.emplace_back(index, history.parameters()[index].latest);
    }
    for (int i = 0; i < 40; ++i) {
      history.add();
      const double taken[] = {-3 + (i * 7 % 40) * 0.15, std::pow(10, -4 + (i * 11 % 40) * 0.07),
                              1.0 + i * 13 % 9,         1.0 + i * 17 % 60,
                              0.25 * (i * 3 % 9),       static_cast<double>(i % 3)};
      for (uint32_t p = 0; p < 6; ++p) history.set_place(p, static_cast<size_t>(i), all[p].second->place(taken[p]));
    }
    columns.resize(6);
    for (uint32_t p = 0; p < 6; ++p) columns[p].update(history.parameters()[p], all[p].second->scaled_low(), all[p].second->scaled_high());
  }

  std::vector<double> densities(const Subspace& space, size_t n_rows, std::span<const double> points) {
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < n_rows; ++row) rows.push_back(row);
    std::vector<double> weights(n_rows, 1.0);
    for (size_t i = 0; n_rows == 40 && i < 15; ++i) weights[i] = 1 / 40.0 + (1 - 1 / 40.0) * static_cast<double>(i) / 14;
    return ParzenMixture(history, space, rows, weights, 1, columns, buffers).log_density(points);
  }

  History history{{Direction::Minimize}};
  Subspace all;
  std::vector<SortedColumn> columns;
  MixtureBuffers buffers;
};

constexpr double kPoints[3][6] = {{-2.9, 2e-4, 1, 1, 0, 0}, {0.1, 3e-3, 5, 10, 1.25, 1}, {2.5, 9e-2, 9, 64, 2, 2}};

TEST(ParzenMixture, HasTheDensitiesOfOptuna) {
  struct Recorded {
    size_t n_rows;
    size_t parameter;  // 6: all; 7: x, lr and c
    double densities[3];
  };
  const Recorded recorded[] = {{0, 0, {-1.867587224292661, -1.7509205576259943, -1.837587224292661}},
                               {0, 1, {-1.9715296596083112, -1.8916960132576495, -2.0091570043284706}},
                               {0, 3, {-1.5226561808409118, -3.8485383010373564, -5.823082587934066}},
                               {0, 6, {-10.971235232903506, -12.909455800665516, -15.27928898471682}},
                               {1, 0, {-1.7450902761140994, -1.760071966519974, -1.9408310750567552}},
                               {1, 2, {-2.14809199176719, -2.159262344041808, -2.3674236609443633}},
                               {1, 5, {-0.7621400520468968, -1.3217558399823193, -1.3217558399823193}},
                               {6, 1, {-1.400421268496629, -2.0024259084894993, -2.931722432162146}},
                               {6, 3, {-2.2932350595425643, -3.9267739316435257, -5.31578745099936}},
                               {6, 4, {-1.8830210566445058, -2.1369301530980715, -2.847985540397831}},
                               {6, 6, {-5.734332333220276, -13.356265322458617, -17.07571857534899}},
                               {40, 0, {-2.148255294971384, -1.9377280967668926, -1.7362218689009656}},
                               {24, 2, {-2.071305518522789, -2.1055124921157993, -2.047998181599363}},
                               {40, 3, {-4.387044110101243, -4.872954256113223, -5.000866724099133}},
                               {24, 4, {-1.2741234537906965, -3.1182112123737618, -4.337705261197276}},
                               {40, 5, {-1.07252961773515, -1.126662699672318, -1.0973781999761685}},
                               {40, 7, {-8.445339823808713, -6.0132648528933865, -8.462483365958457}}};
  Observed observed;
  for (const Recorded& r : recorded) {
    std::vector<size_t> members = {r.parameter};
    if (r.parameter == 6) members = {0, 1, 2, 3, 4, 5};
    if (r.parameter == 7) members = {0, 1, 5};
    Subspace space;
    std::vector<double> points;
    for (const size_t member : members) space.push_back(observed.all[member]);
    for (const auto& point : kPoints)
      for (const size_t member : members) points.push_back(point[member]);
    const auto densities = observed.densities(space, r.n_rows, points);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(densities[i], r.densities[i], 1e-9) << r.n_rows << " rows, parameter " << r.parameter << ", point " << i;
  }
}

TEST(ParzenMixture, DrawsAsOftenAsItsDensitySays) {
  Observed observed;
  const std::vector<uint32_t> rows = {0, 1, 2, 3, 4};
  const ParzenMixture mixture(observed.history, observed.all, rows, std::vector<double>(5, 1.0), 1, observed.columns, observed.buffers);
  RandomStream stream(0, "draws");
  constexpr size_t kDraws = 40000;
  const auto points = mixture.sample(stream, kDraws);
  for (const size_t p : {size_t{2}, size_t{4}, size_t{5}}) {
    const Distribution& distribution = *observed.all[p].second;
    MixtureBuffers buffers;
    const ParzenMixture marginal(observed.history, {observed.all[p]}, rows, std::vector<double>(5, 1.0), 1, observed.columns, buffers);
    for (double k = 0; k < distribution.n_values(); ++k) {
      const double x = distribution.low + k * distribution.step;
      double n = 0;
      for (size_t i = 0; i < kDraws; ++i) n += points[i * 6 + p] == x ? 1 : 0;
      EXPECT_NEAR(n / kDraws, std::exp(marginal.log_density({&x, 1})[0]), 0.01) << "parameter " << p << " at " << x;
    }
  }
  for (size_t i = 0; i < kDraws; ++i)
    for (size_t p = 0; p < 6; ++p) ASSERT_TRUE(observed.all[p].second->contains(points[i * 6 + p]));
}

TEST(LogNormalMass, IsExactInTheTails) {
  EXPECT_NEAR(log_normal_mass(-1, 1), std::log(0.6826894921370859), 1e-14);
  EXPECT_NEAR(log_normal_mass(-40, 40), 0, 1e-15);
  EXPECT_NEAR(log_normal_mass(20, 30), -203.91715537109726, 1e-9);    // log of the upper tail beyond 20
  EXPECT_NEAR(log_normal_mass(-51, -50), -1254.8313611394201, 1e-8);  // beyond the range of erfc
  EXPECT_EQ(log_normal_mass(3, 4), log_normal_mass(-4, -3));
}

}  // namespace
}  // namespace kolosal
