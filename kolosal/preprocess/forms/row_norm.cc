// The row norm form. A row of zeros stays; missing values count as 0 in the norm and stay missing.
//
// Cost     O(n_rows n_columns).
// Checked  scalers_test.cc.
#include "kolosal/preprocess/forms/row_norm.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

// Whether a sum of squares neither ran over nor lost digits to underflow.
bool is_exact_square(double sum) { return sum > 1e-280 && sum < 1e300; }

void add_to(RowNorm norm, double value, double& sum) {
  switch (norm) {
    case RowNorm::L1: sum += std::abs(value); break;
    case RowNorm::L2: sum += value * value; break;
    case RowNorm::Max: sum = std::max(sum, std::abs(value)); break;
  }
}

class RowNorms : public FittedTransformer {
 public:
  explicit RowNorms(RowNormColumns columns) : fitted_(std::move(columns)) {}
  std::string_view form() const override { return "row_norm"; }

  Table transform(const Table& table, const Threads& /*threads*/) const override {
    std::vector<double> norms(table.n_rows());
    for (const std::string& name : fitted_.columns) add_to_norms(needed_column(table, name), norms);
    for (size_t row = 0; row < norms.size(); ++row) {
      if (fitted_.norm == RowNorm::L2) norms[row] = is_exact_square(norms[row]) ? std::sqrt(norms[row]) : length_of(table, row);
      if (norms[row] == 0) norms[row] = 1;
    }
    Table normed = table;
    for (const std::string& name : fitted_.columns) {
      const Column& column = table.column(name);
      std::vector<double> values = column.numbers();
      for (size_t row = 0; row < values.size(); ++row) values[row] /= norms[row];
      normed = normed.with_column(number_column(name, std::move(values), column, column.validity()));
    }
    return normed;
  }

  size_t bytes_a_row() const override { return sizeof(double) * fitted_.columns.size(); }
  Value to_value() const override { return kolosal::to_value(fitted_); }

 private:
  // Euclidean length of a row, without squaring its numbers.
  double length_of(const Table& table, size_t row) const {
    double length = 0;
    for (const std::string& name : fitted_.columns)
      if (const double value = table.column(name).number(row); !std::isnan(value)) length = std::hypot(length, value);
    return length;
  }

  void add_to_norms(const Column& column, std::vector<double>& norms) const {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    for (size_t row = 0; row < norms.size(); ++row) {
      const double value = column.number(row);
      if (std::isnan(value)) continue;
      add_to(fitted_.norm, value, norms[row]);
    }
  }

  RowNormColumns fitted_;
};

class RowNormForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    RowNormColumns columns;
    try {
      columns = kolosal::from_value<RowNormColumns>(value, "row_norm");
    } catch (const Error& error) {
      require_fitted(false, "row_norm", error.message());
    }
    require_fitted(std::ranges::none_of(columns.columns, &std::string::empty), "row_norm", "a column has no name");
    return make_row_norm(std::move(columns));
  }
};

}  // namespace

void describe(Fields<RowNormColumns>& fields) {
  fields.add("columns", &RowNormColumns::columns, "The columns that make up a row.");
  fields.add("norm", &RowNormColumns::norm, "The norm that each row is divided by.");
}

template <class T>
std::vector<T> norm_sparse_rows(RowNorm norm, std::span<const int64_t> starts, std::span<const T> values, const Threads& threads) {
  std::vector<T> made(values.size());
  constexpr size_t kRowsABlock = 1024;
  threads.parallel_for(starts.size() - 1, kRowsABlock, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) {
      const auto first = static_cast<size_t>(starts[row]), last = static_cast<size_t>(starts[row + 1]);
      double sum = 0, length = 0;
      for (size_t i = first; i < last; ++i)
        if (!std::isnan(values[i])) add_to(norm, static_cast<double>(values[i]), sum);
      if (norm == RowNorm::L2 && is_exact_square(sum)) sum = std::sqrt(sum);
      else if (norm == RowNorm::L2) {
        for (size_t i = first; i < last; ++i)
          if (!std::isnan(values[i])) length = std::hypot(length, static_cast<double>(values[i]));
        sum = length;
      }
      for (size_t i = first; i < last; ++i) made[i] = static_cast<T>(static_cast<double>(values[i]) / (sum == 0 ? 1 : sum));
    }
  });
  return made;
}

template std::vector<float> norm_sparse_rows(RowNorm, std::span<const int64_t>, std::span<const float>, const Threads&);
template std::vector<double> norm_sparse_rows(RowNorm, std::span<const int64_t>, std::span<const double>, const Threads&);

std::unique_ptr<FittedTransformer> make_row_norm(RowNormColumns columns) { return std::make_unique<RowNorms>(std::move(columns)); }

void register_row_norm(Catalog<TransformerForm>& catalog) {
  catalog.add<RowNormForm>("row_norm", "The numbers of each row are divided by their norm.");
}

}  // namespace kolosal
