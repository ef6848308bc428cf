#include "kolosal/models/trees/histogram_tile.h"

#include <gtest/gtest.h>

#include <numeric>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr size_t kRows = 3000;

// Rows of n features, every third of them, with steps of their own.
struct Cells {
  explicit Cells(size_t n_features)
      : features(n_features),
        all(kRows),
        matrix(make_matrix(n_features)),
        bins(make_bins(matrix, all, {}, nullptr, 255, {})),
        x(matrix, all, bins, {}) {
    RandomStream random(3, "steps");
    for (uint32_t row = 0; row < kRows; row += 3)
      rows.push_back({row, static_cast<int16_t>(static_cast<int>(random.below(4095)) - 2047), static_cast<uint16_t>(random.below(1024))});
  }

  FeatureMatrix make_matrix(size_t n_features) {
    std::iota(features.begin(), features.end(), 0U);
    std::iota(all.begin(), all.end(), 0U);
    FeatureMatrix made(std::vector<Feature>(n_features), kRows);
    RandomStream random(2, "cells");
    for (size_t f = 0; f < n_features; ++f)
      for (float& cell : made.column(f)) cell = static_cast<float>(random.normal());
    return made;
  }

  uint8_t bin(size_t row, size_t feature) const { return x.column(feature)[row * x.stride()]; }

  std::vector<uint32_t> features, all;
  FeatureMatrix matrix;
  std::vector<FeatureBins> bins;
  BinnedMatrix x;
  std::vector<GradientRow> rows;
};

TEST(HistogramTile, AddsEachRowToTheBinOfEachFeatureForEveryWidth) {
  for (size_t width = 1; width <= HistogramTile::kWidth; ++width) {
    const Cells cells(width);
    std::vector<int64_t> packed(width * HistogramTile::kHistogram), expected(packed.size());
    HistogramTile(cells.x, cells.features).add(cells.rows, packed.data());
    for (const GradientRow& row : cells.rows)
      for (size_t f = 0; f < width; ++f) expected[f * HistogramTile::kHistogram + cells.bin(row.row, f)] += PackedSum::of(row);
    EXPECT_EQ(packed, expected) << width;
  }
}

TEST(HistogramTile, AddsTheFeaturesListedWhereTheyDoNotLieSideBySide) {
  const Cells cells(20);
  const std::vector<uint32_t> listed = {1, 2, 17, 9};
  std::vector<int64_t> packed(listed.size() * HistogramTile::kHistogram), expected(packed.size());
  HistogramTile(cells.x, listed).add(cells.rows, packed.data());
  for (const GradientRow& row : cells.rows)
    for (size_t j = 0; j < listed.size(); ++j)
      expected[j * HistogramTile::kHistogram + cells.bin(row.row, listed[j])] += PackedSum::of(row);
  EXPECT_EQ(packed, expected);
}

TEST(HistogramTile, AddsTheFineWordsOfRowsForEveryWidthAndForListedFeatures) {
  const Cells cells(20);
  std::vector<GradientSum> sums(kRows);
  for (size_t i = 0; i < kRows; ++i) sums[i] = GradientSum{static_cast<int64_t>(i * i), static_cast<int64_t>(7 * i + 1)};
  for (const std::vector<uint32_t>& listed : {std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}, std::vector<uint32_t>{4}, {3, 1, 19}}) {
    std::vector<std::array<GradientSum, 256>> found(listed.size()), expected(listed.size());
    std::vector<GradientSum*> histograms;
    for (size_t j = 0; j < listed.size(); ++j) {
      found[j].fill(GradientSum{});
      expected[j].fill(GradientSum{});
      histograms.push_back(found[j].data());
    }
    std::vector<SummedRow> summed;
    for (const GradientRow& row : cells.rows) summed.push_back({sums[row.row], row.row});
    HistogramTile(cells.x, listed).add(cells.rows, sums.data(), histograms);
    HistogramTile(cells.x, listed).add(summed, histograms);
    for (const GradientRow& row : cells.rows)
      for (size_t j = 0; j < listed.size(); ++j) expected[j][cells.bin(row.row, listed[j])] += 2 * sums[row.row];
    for (size_t j = 0; j < listed.size(); ++j)
      for (size_t b = 0; b < 256; ++b) {
        EXPECT_EQ(found[j][b][0], expected[j][b][0]);
        EXPECT_EQ(found[j][b][1], expected[j][b][1]);
      }
  }
}

}  // namespace
}  // namespace kolosal
