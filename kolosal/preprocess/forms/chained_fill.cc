// The chained fill form. Missing is a row without a value or NaN. Infinities stay, and count as missing to the other columns.
//
// Cost     O(n_rounds n_columns) a missing number.
// Checked  iterative_impute_test.cc.
#include "kolosal/preprocess/forms/chained_fill.h"

#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kGrain = 1024;

class ChainedFill : public FittedTransformer {
 public:
  explicit ChainedFill(ChainedModels models) : models_(std::move(models)) {}
  std::string_view form() const override { return "chained_fill"; }
  bool invertible() const override { return true; }

  Table inverse_transform(const Table& table) const override {
    for (const std::string& name : models_.columns) (void)needed_column(table, name);
    return table;
  }

  Table transform(const Table& table, const Threads& threads) const override {
    const size_t n_columns = models_.columns.size();
    std::vector<std::vector<double>> values;
    for (const std::string& name : models_.columns) {
      const Column& column = needed_column(table, name);
      if (!is_number(column.kind())) wrong_column_kind(column, "a number");
      values.push_back(column.numbers());
    }
    threads.parallel_for(table.n_rows(), kGrain, [&](size_t begin, size_t end) {
      std::vector<double> row(n_columns);
      for (size_t i = begin; i < end; ++i) {
        bool wanted = false;
        for (size_t j = 0; j < n_columns; ++j) {
          wanted |= std::isnan(values[j][i]);
          row[j] = std::isfinite(values[j][i]) ? values[j][i] - models_.means[j] : 0;
        }
        if (wanted) fill_row(values, i, row);
      }
    });
    Table filled = table;
    for (size_t j = 0; j < n_columns; ++j) {
      const Column& column = table.column(models_.columns[j]);
      filled = filled.with_column(number_column(column.name(), std::move(values[j]), column, {}));
    }
    return filled;
  }

  size_t bytes_a_row() const override { return sizeof(double) * models_.columns.size(); }
  Value to_value() const override { return kolosal::to_value(models_); }

 private:
  void fill_row(std::vector<std::vector<double>>& values, size_t i, std::vector<double>& row) const {
    const size_t n_columns = row.size();
    for (size_t model = 0; model < models_.intercepts.size(); ++model) {
      const auto j = static_cast<size_t>(models_.order[model % models_.order.size()]);
      if (std::isfinite(values[j][i])) continue;
      double sum = models_.intercepts[model];
      const double* weights = models_.weights.data() + model * n_columns;
      for (size_t k = 0; k < n_columns; ++k) sum += weights[k] * row[k];
      row[j] = std::isfinite(sum) ? sum : 0;
    }
    for (size_t j = 0; j < n_columns; ++j)
      if (std::isnan(values[j][i])) {
        const double value = models_.means[j] + row[j];
        values[j][i] = std::isfinite(value) ? value : models_.means[j];
      }
  }

  ChainedModels models_;
};

class ChainedFillForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    ChainedModels models;
    try {
      models = kolosal::from_value<ChainedModels>(value, "chained_fill");
    } catch (const Error& error) {
      require_fitted(false, "chained_fill", error.message());
    }
    const size_t n_columns = models.columns.size(), n_models = models.intercepts.size();
    const auto finite = [](double number) { return std::isfinite(number); };
    require_fitted(std::ranges::none_of(models.columns, &std::string::empty), "chained_fill", "a column has no name");
    require_fitted(models.means.size() == n_columns && models.weights.size() == n_models * n_columns, "chained_fill",
                   "its parts differ in length");
    require_fitted(n_models == 0 || (!models.order.empty() && n_models % models.order.size() == 0), "chained_fill", "a round is cut off");
    require_fitted(std::ranges::all_of(models.order, [&](int32_t j) { return j >= 0 && static_cast<size_t>(j) < n_columns; }),
                   "chained_fill", "a model is for no column");
    require_fitted(std::ranges::all_of(models.means, finite) && std::ranges::all_of(models.intercepts, finite) &&
                       std::ranges::all_of(models.weights, finite),
                   "chained_fill", "a number is not finite");
    return make_chained_fill(std::move(models));
  }
};

}  // namespace

void describe(Fields<ChainedModels>& fields) {
  using M = ChainedModels;
  fields.add("columns", &M::columns, "The columns filled, which also predict one another.");
  fields.add("means", &M::means, "What a missing number is at first.");
  fields.add("order", &M::order, "The columns that have models, in the order of a round.");
  fields.add("intercepts", &M::intercepts, "The constant of each model, round after round.");
  fields.add("weights", &M::weights, "The weights of each model, one a column.");
}

std::unique_ptr<FittedTransformer> make_chained_fill(ChainedModels models) { return std::make_unique<ChainedFill>(std::move(models)); }

void register_chained_fill(Catalog<TransformerForm>& catalog) {
  catalog.add<ChainedFillForm>("chained_fill", "Missing numbers are predicted from the other columns, in rounds.");
}

}  // namespace kolosal
