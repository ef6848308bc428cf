#include "kolosal/kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/array.h"
#include "kolosal/base/error.h"
#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels_scalar.h"

namespace kolosal {
namespace {

// Every test runs once with each instruction set that the processor has.
class Kernels : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_simd_target(GetParam()); }
  void TearDown() override { set_simd_target(simd_targets().front()); }
};

template <class T>
std::vector<T> numbers(size_t n, uint64_t seed, double center = 0) {
  RandomStream random(seed, "kernels");
  std::vector<T> made(n);
  for (T& number : made) number = static_cast<T>(center + random.normal());
  return made;
}

// Spans of every length around the vector widths, from places that are aligned to nothing.
template <class T, class Check>
void for_every_span(const Check& check) {
  const std::vector<T> a = numbers<T>(200, 1), b = numbers<T>(200, 2);
  for (size_t n = 0; n <= 130; ++n)
    for (const size_t from : {size_t{0}, size_t{1}, size_t{3}}) check(std::span(a).subspan(from, n), std::span(b).subspan(from, n));
}

template <class T>
void agrees_with_scalar(double tolerance) {
  for_every_span<T>([&](std::span<const T> a, std::span<const T> b) {
    const auto n = static_cast<double>(a.size());
    EXPECT_NEAR(sum(a), scalar::sum(a), 1e-13 * (n + 1));
    EXPECT_NEAR(dot(a, b), scalar::dot(a, b), 1e-13 * (n + 1));
    EXPECT_NEAR(squared_distance(a, b), scalar::squared_distance(a, b), tolerance * (n + 1));
    const Moments found = moments(a), known = scalar::moments(a);
    EXPECT_EQ(found.n, known.n);
    EXPECT_NEAR(found.mean, known.mean, 1e-13);
    EXPECT_NEAR(found.m2, known.m2, 1e-12 * (n + 1));
    EXPECT_NEAR(variance(a), known.variance(), 1e-12);
    EXPECT_EQ(min_max(a).min, scalar::min_max(a).min);
    EXPECT_EQ(min_max(a).max, scalar::min_max(a).max);
    std::vector<T> scaled(a.size()), expected(a.size());
    affine(a, 0.3, 1.7, -2, scaled);
    scalar::affine<T>(a, 0.3, 1.7, -2, expected);
    EXPECT_EQ(scaled, expected);
  });
}

// Large results pass the caches by.
TEST_P(Kernels, AgreeWithTheScalarLoopsOnLargeAlignedSpans) {
  const size_t n = (size_t{1} << 19) + 5;
  const std::vector<double> x = numbers<double>(n, 9);
  std::vector<uint8_t> there(n / 8 + 1, 0xb7);
  ArrayBytes made = ArrayBytes::unset(n * sizeof(double));
  const std::span<double> out(reinterpret_cast<double*>(made.begin_writing()), n);
  std::vector<double> expected(n);
  affine(std::span<const double>(x), 0.3, 1.7, -2, out);
  scalar::affine<double>(x, 0.3, 1.7, -2, expected);
  EXPECT_TRUE(std::ranges::equal(out, expected));
  fill_missing(std::span<const double>(x), there.data(), 4.5, out);
  scalar::fill_missing<double>(x, there.data(), 4.5, expected);
  EXPECT_TRUE(std::ranges::equal(out, expected));
}

TEST_P(Kernels, AgreeWithTheScalarLoopsOnFloat64) { agrees_with_scalar<double>(1e-13); }

TEST_P(Kernels, AgreeWithTheScalarLoopsOnFloat32) { agrees_with_scalar<float>(1e-5); }

template <class T>
void fills_as_the_scalar_loop() {
  std::vector<T> x = numbers<T>(131, 4);
  for (size_t i = 3; i < x.size(); i += 5) x[i] = std::numeric_limits<T>::quiet_NaN();
  std::vector<uint8_t> bits(17);
  for (size_t byte = 0; byte < bits.size(); ++byte) bits[byte] = static_cast<uint8_t>(byte * 37 + 91);
  for (size_t n = 0; n <= x.size(); ++n)
    for (const uint8_t* there : {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(bits.data())}) {
      std::vector<T> filled(n), expected(n);
      fill_missing(std::span<const T>(x).first(n), there, T{7}, filled);
      scalar::fill_missing<T>(std::span<const T>(x).first(n), there, T{7}, expected);
      ASSERT_EQ(filled, expected) << n;
    }
}

TEST_P(Kernels, FillWhatIsMissingOrNoNumber) {
  fills_as_the_scalar_loop<float>();
  fills_as_the_scalar_loop<double>();
}

TEST_P(Kernels, SumOnlyTheDifferencesThatAreThere) {
  const std::vector<double> x = numbers<double>(131, 5);
  std::vector<uint8_t> bits(17);
  for (size_t byte = 0; byte < bits.size(); ++byte) bits[byte] = static_cast<uint8_t>(byte * 37 + 91);
  for (size_t n = 0; n <= x.size(); ++n)
    for (const uint8_t* there : {static_cast<const uint8_t*>(nullptr), static_cast<const uint8_t*>(bits.data())})
      ASSERT_NEAR(sum_of_differences(std::span(x).first(n), there, 0.5), scalar::sum_of_differences(std::span(x).first(n), there, 0.5),
                  1e-11);
}

TEST_P(Kernels, VarianceIsStableFarFromZero) {
  const std::vector<double> far = numbers<double>(10'000, 3, 1e9), near = numbers<double>(10'000, 3);
  EXPECT_NEAR(variance(far), variance(near), 1e-6);
}

TEST_P(Kernels, MinMaxPassesOverWhatIsNoNumber) {
  std::vector<double> x(37, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(min_max(x).min, std::numeric_limits<double>::infinity());
  EXPECT_EQ(min_max(x).max, -std::numeric_limits<double>::infinity());
  x[5] = 2;
  x[36] = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(min_max(x).min, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(min_max(x).max, 2);
}

TEST_P(Kernels, ANumberThatIsNoneSpreadsIntoSums) {
  std::vector<float> x(50, 1.0F);
  x[20] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(sum(x)));
  EXPECT_TRUE(std::isnan(mean(x)));
  EXPECT_TRUE(std::isnan(dot(x, x)));
}

TEST_P(Kernels, TheTargetInUseIsTheOneThatWasSet) {
  EXPECT_EQ(simd_target(), GetParam());
  EXPECT_NO_THROW((void)simd_targets());
  EXPECT_EQ(simd_target(), GetParam());
  EXPECT_THROW(set_simd_target("abacus"), Error);
  EXPECT_EQ(simd_target(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Kernels, testing::ValuesIn(simd_targets()), [](const auto& target) { return target.param; });

TEST(Moments, OfTwoPartsAreThoseOfTheWhole) {
  const std::vector<double> x = numbers<double>(100, 4, 5);
  const Moments whole = moments(std::span<const double>(x));
  const Moments parts = moments(std::span<const double>(x).first(30)).merged(moments(std::span<const double>(x).last(70)));
  EXPECT_NEAR(parts.mean, whole.mean, 1e-13);
  EXPECT_NEAR(parts.m2, whole.m2, 1e-10);
  EXPECT_EQ(Moments().merged(whole).n, 100);
}

}  // namespace
}  // namespace kolosal
