#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

TEST(QmcSampler, EveryBoxOfAPowerOfTwoHoldsItsShareOfPoints) {
  for (const std::string seed : {"0", "1", "77"}) {
    Study study = study_with("qmc", "{\"seed\": " + seed + "}");
    std::vector<std::vector<double>> points;
    for (int i = 0; i < 64; ++i) {
      const int64_t trial = study.ask();
      points.emplace_back();
      for (int p = 0; p < 20; ++p)
        points.back().push_back(study.suggest(trial, "x" + std::to_string(p), Distribution::real("x", 0, 1)).as_real());
      study.tell(trial, {0});
    }
    for (size_t p = 0; p < 20; ++p) {
      std::set<int> cells;
      for (const auto& point : points) cells.insert(static_cast<int>(point[p] * 64));
      EXPECT_EQ(cells.size(), 64) << "dimension " << p;
    }
    std::set<std::pair<int, int>> boxes;
    for (const auto& point : points) boxes.emplace(static_cast<int>(point[0] * 8), static_cast<int>(point[1] * 8));
    EXPECT_EQ(boxes.size(), 64);
  }
}

}  // namespace
}  // namespace kolosal
