// The ranks form.
//
// Shapes   a column of n_rows numbers gives one of n_rows numbers, float32 where it was float32.
// Cost     log2(n_quantiles) steps of a search without branches a number.
// Checked  quantile_transform_test.cc; scikit-learn's QuantileTransformer in tests/parity.
#include "kolosal/preprocess/forms/ranks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "kolosal/kernels/normal.h"

namespace kolosal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastShare = 1e-7;  // shares nearer to 0 or 1 than this give the deviate of this

double to_deviate(double share) noexcept { return normal_quantile(std::clamp(share, kLeastShare, 1 - kLeastShare)); }

/// The curve through distinct quantiles. Immutable.
class RankCurve {
 public:
  explicit RankCurve(const RanksColumn& spec) {
    const auto n = spec.quantiles.size();
    const auto share = [&](size_t i) { return n == 1 ? 0 : static_cast<double>(i) / static_cast<double>(n - 1); };
    for (size_t first = 0, next = 0; first < n; first = next) {
      const double knot = spec.quantiles[first];
      while (next < n && spec.quantiles[next] == knot) ++next;
      if (!pieces_.empty()) pieces_.back().slope = (share(first) - pieces_.back().from) / (knot - knots_.back());
      const double middle = (share(first) + share(next - 1)) / 2;
      pieces_.push_back({.knot = knot, .at = first == 0 ? 0 : next == n ? 1 : middle, .from = share(next - 1), .slope = 0});
      knots_.push_back(knot);
    }
    last_ = knots_.size() - 1;
    knots_.resize(std::bit_ceil(knots_.size()), kInfinity);
  }

  /// Shares of up to kBlock numbers.
  static constexpr size_t kBlock = 16;
  void shares(const double* x, size_t n, double* out) const noexcept {
    std::array<size_t, kBlock> place{};
    for (size_t half = knots_.size() / 2; half > 0; half /= 2)
      for (size_t i = 0; i < n; ++i) place[i] += knots_[place[i] + half] <= x[i] ? half : 0;
    for (size_t i = 0; i < n; ++i) {
      const Piece& piece = pieces_[std::min(place[i], last_)];
      const double gap = x[i] - piece.knot;
      const double share = gap == 0 ? piece.at : piece.from + piece.slope * gap;
      out[i] = gap < 0 ? 0 : gap > 0 && place[i] >= last_ ? 1 : share;
    }
  }

 private:
  struct Piece {
    double knot, at, from, slope;  ///< share at the knot itself, and from it on
  };
  std::vector<double> knots_;  ///< a power of two of them, infinity after the last
  std::vector<Piece> pieces_;
  size_t last_;
};

class Ranks : public PerColumnForm<RanksColumn> {
 public:
  explicit Ranks(std::vector<RanksColumn> columns) : PerColumnForm(std::move(columns)) {
    for (const RanksColumn& spec : specs()) curves_.emplace_back(spec);
  }
  std::string_view form() const override { return "ranks"; }
  bool invertible() const override { return true; }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    if (column.is_float32()) return {made<float>(i, column, column.float32())};
    if (column.kind() == ColumnKind::Numeric) return {made<double>(i, column, column.float64())};
    return {made<double>(i, column, std::span<const double>(column.numbers()))};
  }

  Column undo(size_t i, const std::vector<Column>& made) const override {
    const std::vector<double>& quantiles = specs()[i].quantiles;
    const auto steps = static_cast<double>(quantiles.size() - 1);
    std::vector<double> values = made.front().numbers();
    for (double& value : values) {
      if (std::isnan(value)) continue;
      const double share = specs()[i].normal ? normal_cdf(value) : value;
      const bool is_end = specs()[i].normal && std::min(share, 1 - share) < 1.0001 * kLeastShare;
      const double place = std::clamp(is_end ? std::round(share) : share, 0.0, 1.0) * steps;
      const auto low = static_cast<size_t>(place);
      const double rest = place - static_cast<double>(low);
      value = rest == 0 ? quantiles[low] : quantiles[low] + rest * (quantiles[low + 1] - quantiles[low]);
    }
    return number_column(specs()[i].name, std::move(values), made.front(), made.front().validity());
  }

 private:
  template <class T>
  Column made(size_t i, const Column& column, std::span<const T> x) const {
    const auto write = [&](std::span<T> out) {
      constexpr size_t kBlock = RankCurve::kBlock;
      std::array<double, kBlock> from, share;
      for (size_t begin = 0; begin < x.size(); begin += kBlock) {
        const size_t n = std::min(kBlock, x.size() - begin);
        for (size_t k = 0; k < n; ++k) from[k] = static_cast<double>(x[begin + k]);
        curves_[i].shares(from.data(), n, share.data());
        for (size_t k = 0; k < n; ++k) {
          const double value = specs()[i].normal ? to_deviate(share[k]) : share[k];
          out[begin + k] = static_cast<T>(std::isnan(from[k]) ? from[k] : value);
        }
      }
    };
    return Column::written(column.name(), x.size(), write, column.validity());
  }

  std::vector<RankCurve> curves_;
};

class RanksForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<RanksColumn>(value, "ranks");
    for (const RanksColumn& spec : specs)
      require_fitted(!spec.quantiles.empty() && std::ranges::is_sorted(spec.quantiles) &&
                         std::ranges::all_of(spec.quantiles, [](double q) { return std::isfinite(q); }),
                     "ranks", "column '" + spec.name + "' has no ascending finite quantiles");
    return make_ranks(std::move(specs));
  }
};

}  // namespace

void describe(Fields<RanksColumn>& fields) {
  fields.add("name", &RanksColumn::name, "The column.");
  fields.add("quantiles", &RanksColumn::quantiles, "Quantiles at equal distances of share, from the least value to the largest.");
  fields.add("normal", &RanksColumn::normal, "Whether shares become normal deviates.");
}

std::unique_ptr<FittedTransformer> make_ranks(std::vector<RanksColumn> columns) { return std::make_unique<Ranks>(std::move(columns)); }

void register_ranks(Catalog<TransformerForm>& catalog) {
  catalog.add<RanksForm>("ranks", "Each number becomes the share of training rows below it, or its normal deviate.");
}

}  // namespace kolosal
