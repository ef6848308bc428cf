// Scaling of numbers: standard (mean 0, variance 1), min-max (a range), robust (median 0, a quantile range 1), max-abs
// (largest size 1), and the normalizer (each row's norm 1). Missing values are passed over and stay missing.
//
// A column that does not vary is only shifted, as in scikit-learn. Means, variances and quantiles are weighted.
// Checked  scale_test.cc; scikit-learn's scalers to 1e-10 in python/tests.

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/numbers.h"

namespace kolosal {
namespace {

struct Shift {
  double center, divisor, offset;
};

// A divisor near zero means that the column does not vary.
double usable(double divisor) { return divisor > 0 && std::isfinite(divisor) ? divisor : 1.0; }

// Fits every chosen column with `shift_of(numbers)`.
template <class ShiftOf>
std::unique_ptr<FittedTransformer> fit_affine(const TransformerInput& input, const std::vector<std::string>& named, const char* what,
                                              const FitContext& context, const ShiftOf& shift_of) {
  AffineForm form;
  form.columns = chosen_columns(input.table, named, holds_numbers, what);
  for (const std::string& name : form.columns) {
    context.check();
    const WeightedNumbers numbers = weighted_numbers(input.table.column(name), input.weights);
    const Shift shift = numbers.values.empty() ? Shift{0, 1, 0} : shift_of(numbers);
    form.center.push_back(shift.center);
    form.divisor.push_back(shift.divisor);
    form.offset.push_back(shift.offset);
  }
  return make_affine(std::move(form));
}

struct StandardParams {
  std::vector<std::string> columns;
  bool with_mean = true;
  bool with_std = true;
};

void describe(Fields<StandardParams>& f) {
  f.add("columns", &StandardParams::columns, "Columns to scale; all numbers where empty.");
  f.add("with_mean", &StandardParams::with_mean, "Whether the mean becomes 0.");
  f.add("with_std", &StandardParams::with_std, "Whether the variance becomes 1.");
}

class StandardScale : public Transformer {
 public:
  explicit StandardScale(StandardParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_affine(input, params_.columns, "standard_scale", context, [&](const WeightedNumbers& numbers) {
      double sum = 0, squares = 0;
      for (size_t i = 0; i < numbers.values.size(); ++i) sum += numbers.weights[i] * numbers.values[i];
      const double mean = sum / numbers.total;
      for (size_t i = 0; i < numbers.values.size(); ++i) squares += numbers.weights[i] * (numbers.values[i] - mean) * (numbers.values[i] - mean);
      const double deviation = std::sqrt(squares / numbers.total);
      // What is left of a constant column is rounding: it does not vary.
      const bool varies = deviation > 10 * std::numeric_limits<double>::epsilon() * std::abs(mean);
      return Shift{params_.with_mean ? mean : 0, params_.with_std && varies ? usable(deviation) : 1, 0};
    });
  }

 private:
  StandardParams params_;
};

struct MinMaxParams {
  std::vector<std::string> columns;
  double low = 0;
  double high = 1;
};

void describe(Fields<MinMaxParams>& f) {
  f.add("columns", &MinMaxParams::columns, "Columns to scale; all numbers where empty.");
  f.add("low", &MinMaxParams::low, "What the least value becomes.");
  f.add("high", &MinMaxParams::high, "What the largest value becomes.");
}

class MinMaxScale : public Transformer {
 public:
  explicit MinMaxScale(MinMaxParams params) : params_(std::move(params)) {
    if (!(params_.low < params_.high))
      throw Error(ErrorCode::BadValue, "min_max_scale.low is not below min_max_scale.high", "Give a range such as 0 to 1.");
  }
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_affine(input, params_.columns, "min_max_scale", context, [&](const WeightedNumbers& numbers) {
      const auto [least, most] = std::ranges::minmax(numbers.values);
      return Shift{least, usable(most - least) / (params_.high - params_.low), params_.low};
    });
  }

 private:
  MinMaxParams params_;
};

struct RobustParams {
  std::vector<std::string> columns;
  bool with_centering = true;
  double low_quantile = 0.25;
  double high_quantile = 0.75;
};

void describe(Fields<RobustParams>& f) {
  f.add("columns", &RobustParams::columns, "Columns to scale; all numbers where empty.");
  f.add("with_centering", &RobustParams::with_centering, "Whether the median becomes 0.");
  f.add("low_quantile", &RobustParams::low_quantile, "Lower end of the range that becomes 1 wide.").min(0).max(1);
  f.add("high_quantile", &RobustParams::high_quantile, "Upper end of it.").min(0).max(1);
}

class RobustScale : public Transformer {
 public:
  explicit RobustScale(RobustParams params) : params_(std::move(params)) {
    if (!(params_.low_quantile < params_.high_quantile))
      throw Error(ErrorCode::BadValue, "robust_scale.low_quantile is not below robust_scale.high_quantile", "Give a range such as 0.25 to 0.75.");
  }
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_affine(input, params_.columns, "robust_scale", context, [&](const WeightedNumbers& numbers) {
      const double shares[] = {params_.low_quantile, params_.high_quantile};
      const double half = 0.5;
      const std::vector<double> ends = quantiles(numbers, shares);
      return Shift{params_.with_centering ? quantiles(numbers, std::span(&half, 1)).front() : 0, usable(ends[1] - ends[0]), 0};
    });
  }

 private:
  RobustParams params_;
};

struct MaxAbsParams {
  std::vector<std::string> columns;
};

void describe(Fields<MaxAbsParams>& f) { f.add("columns", &MaxAbsParams::columns, "Columns to scale; all numbers where empty."); }

class MaxAbsScale : public Transformer {
 public:
  explicit MaxAbsScale(MaxAbsParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_affine(input, params_.columns, "max_abs_scale", context, [](const WeightedNumbers& numbers) {
      double size = 0;
      for (const double value : numbers.values) size = std::max(size, std::abs(value));
      return Shift{0, usable(size), 0};
    });
  }

 private:
  MaxAbsParams params_;
};

enum class Norm { L1, L2, Max };

constexpr auto enum_names(Norm) {
  return std::to_array<std::pair<Norm, std::string_view>>({{Norm::L1, "l1"}, {Norm::L2, "l2"}, {Norm::Max, "max"}});
}

struct NormalizeParams {
  std::vector<std::string> columns;
  Norm norm = Norm::L2;
};

void describe(Fields<NormalizeParams>& f) {
  f.add("columns", &NormalizeParams::columns, "Columns that make a row; all numbers where empty.");
  f.add("norm", &NormalizeParams::norm, "The norm that becomes 1.");
}

class Normalize : public Transformer {
 public:
  explicit Normalize(NormalizeParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    return make_row_norm({chosen_columns(input.table, params_.columns, holds_numbers, "normalize"), std::string(enum_name(params_.norm))});
  }

 private:
  NormalizeParams params_;
};

}  // namespace

void register_scale(Catalog<Transformer>& catalog) {
  catalog.add<StandardScale, StandardParams>("standard_scale", "Numbers to mean 0 and variance 1.");
  catalog.add<MinMaxScale, MinMaxParams>("min_max_scale", "Numbers to a range.");
  catalog.add<RobustScale, RobustParams>("robust_scale", "Numbers to median 0 and a quantile range of 1.");
  catalog.add<MaxAbsScale, MaxAbsParams>("max_abs_scale", "Numbers to a largest size of 1.");
  catalog.add<Normalize, NormalizeParams>("normalize", "Rows to a norm of 1.");
}

}  // namespace kolosal
