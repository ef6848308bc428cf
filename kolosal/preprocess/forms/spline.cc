// The spline form. Beyond the knots of a column there are as many further ones as the degree, at the distance of the last two.
//
// Shapes   a column of n_rows numbers gives n_knots + degree - 1 of n_rows, float32 where it was float32; missing stays missing.
// Cost     O(n_rows (degree^2 + n_knots)).
// Source   de Boor, A Practical Guide to Splines, 1978.
// Checked  spline_test.cc; scikit-learn's SplineTransformer in tests/parity.
#include "kolosal/preprocess/forms/spline.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kMostDegree = 10;

/// The splines of one column.
class Basis {
 public:
  explicit Basis(const SplineColumn& spec) : inner_(spec.knots), degree_(static_cast<size_t>(spec.degree)), beyond_(spec.beyond) {
    const double first = inner_[1] - inner_[0], last = inner_[inner_.size() - 1] - inner_[inner_.size() - 2];
    for (size_t k = degree_; k > 0; --k) knots_.push_back(inner_.front() - static_cast<double>(k) * first);
    knots_.insert(knots_.end(), inner_.begin(), inner_.end());
    for (size_t k = 1; k <= degree_; ++k) knots_.push_back(inner_.back() + static_cast<double>(k) * last);
  }

  size_t size() const noexcept { return inner_.size() + degree_ - 1; }

  /// Calls take(k, value) for each spline that is not 0 at x, a finite number.
  template <class Take>
  void at(double x, const Take& take) const {
    const double bound = std::clamp(x, inner_.front(), inner_.back()), off = x - bound;
    const auto above = std::ranges::upper_bound(inner_, bound) - inner_.begin();
    const auto piece = std::min(static_cast<size_t>(std::max<ptrdiff_t>(above, 1)) - 1, inner_.size() - 2);
    std::array<double, kMostDegree + 1> values{};
    evaluate(piece, beyond_ == SplineBeyond::Continue ? x : bound, degree_, values);
    if (off != 0 && beyond_ == SplineBeyond::Linear) {
      std::array<double, kMostDegree + 1> lower{};
      evaluate(piece, bound, degree_ - 1, lower);
      const size_t place = piece + degree_;  // of the knot at or below the bound
      for (size_t k = 0; k <= degree_; ++k) {
        const size_t from = place - degree_ + k;  // the first knot of this spline
        double slope = 0;
        if (k > 0) slope += lower[k - 1] / (knots_[from + degree_] - knots_[from]);
        if (k < degree_) slope -= lower[k] / (knots_[from + degree_ + 1] - knots_[from + 1]);
        values[k] += off * static_cast<double>(degree_) * slope;
      }
    }
    for (size_t k = 0; k <= degree_; ++k) take(piece + k, values[k]);
  }

 private:
  /// The splines of a degree whose pieces on [inner_[piece], inner_[piece + 1]] are not 0.
  void evaluate(size_t piece, double x, size_t degree, std::array<double, kMostDegree + 1>& values) const {
    const size_t place = piece + degree_;
    values[0] = 1;
    for (size_t k = 1; k <= degree; ++k) {
      double kept = 0;
      for (size_t r = 0; r < k; ++r) {
        const double right = knots_[place + r + 1] - x, left = x - knots_[place + 1 + r - k], share = values[r] / (right + left);
        values[r] = kept + right * share;
        kept = left * share;
      }
      values[k] = kept;
    }
  }

  std::vector<double> inner_, knots_;
  size_t degree_;
  SplineBeyond beyond_;
};

class Splines : public PerColumnForm<SplineColumn> {
 public:
  explicit Splines(std::vector<SplineColumn> columns) : PerColumnForm(std::move(columns)) {
    for (const SplineColumn& spec : specs()) bases_.emplace_back(spec);
  }
  std::string_view form() const override { return "spline"; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(double) * specs()[i].outputs.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    const std::vector<double> x = column.numbers();
    const size_t n_outputs = specs()[i].outputs.size();
    std::vector<std::vector<double>> values(n_outputs, std::vector<double>(x.size(), 0.0));
    for (size_t row = 0; row < x.size(); ++row) {
      if (std::isfinite(x[row])) {
        bases_[i].at(x[row], [&](size_t k, double value) {
          if (k < n_outputs) values[k][row] = value;
        });
      } else {
        for (std::vector<double>& of_output : values) of_output[row] = std::nan("");
      }
    }
    std::vector<Column> made;
    for (size_t k = 0; k < n_outputs; ++k)
      made.push_back(number_column(specs()[i].outputs[k], std::move(values[k]), column, column.validity()));
    return made;
  }

 private:
  std::vector<Basis> bases_;
};

class SplineForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<SplineColumn>(value, "spline");
    for (const SplineColumn& spec : specs) {
      const auto rises = [&](size_t k) { return std::isfinite(spec.knots[k]) && spec.knots[k] > spec.knots[k - 1]; };
      bool ascending = spec.knots.size() >= 2 && std::isfinite(spec.knots[0]);
      for (size_t k = 1; ascending && k < spec.knots.size(); ++k) ascending = rises(k);
      require_fitted(ascending, "spline", "column '" + spec.name + "' has no ascending finite knots");
      require_fitted(spec.degree >= 1 && spec.degree <= static_cast<int64_t>(kMostDegree), "spline", "a degree is not between 1 and 10");
      const size_t size = spec.knots.size() + static_cast<size_t>(spec.degree) - 1;
      require_fitted(spec.outputs.size() == size || spec.outputs.size() + 1 == size, "spline",
                     "column '" + spec.name + "' has splines without a name");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "spline", "a column made has no name");
    }
    return make_spline(std::move(specs));
  }
};

}  // namespace

void describe(Fields<SplineColumn>& fields) {
  fields.add("name", &SplineColumn::name, "The column.");
  fields.add("knots", &SplineColumn::knots, "Where its pieces meet, ascending.");
  fields.add("degree", &SplineColumn::degree, "Degree of the pieces.");
  fields.add("beyond", &SplineColumn::beyond, "What splines are beyond the outermost knots.");
  fields.add("outputs", &SplineColumn::outputs, "Names of the columns made, one a spline.");
}

std::unique_ptr<FittedTransformer> make_spline(std::vector<SplineColumn> columns) { return std::make_unique<Splines>(std::move(columns)); }

void register_spline_form(Catalog<TransformerForm>& catalog) {
  catalog.add<SplineForm>("spline", "Each number becomes the values of the B-splines there.");
}

}  // namespace kolosal
