#include "kolosal/kernels/mark_equal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

// Whether every length, start and code gives what a plain loop gives, and leaves what lies beside it alone.
template <class T>
void check(const std::string& target) {
  std::vector<uint8_t> codes(500);
  RandomStream stream(0, "codes");
  for (uint8_t& code : codes) code = static_cast<uint8_t>(stream.below(3) == 0 ? 255 : stream.below(4));
  for (const bool past_caches : {false, true})
    for (const size_t begin : {0, 1, 7, 63})
      for (const size_t n : {0, 1, 5, 16, 64, 65, 200, 437})
        for (const uint8_t code : {uint8_t{0}, uint8_t{3}, uint8_t{255}}) {
          std::vector<T> out(codes.size() + 1, T{9}), wanted = out;
          for (size_t i = 0; i < n; ++i) wanted[begin + i] = codes[begin + i] == code ? T{1} : T{0};
          mark_equal(std::span(codes).subspan(begin, n), code, past_caches, std::span(out).subspan(begin, n));
          ASSERT_EQ(out, wanted) << target << ' ' << begin << ' ' << n << ' ' << int{code};
        }
}

TEST(MarkEqual, GivesOnesWhereTheCodeIsAndZerosElsewhereWithEveryInstructionSet) {
  const std::string before = simd_target();
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    check<uint8_t>(target);
    check<float>(target);
    check<double>(target);
  }
  set_simd_target(before);
}

}  // namespace
}  // namespace kolosal
