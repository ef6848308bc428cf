#include "kolosal/preprocess/sparse_columns.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "kolosal/base/fields.h"

namespace kolosal {
namespace {

/// The numbers written of a column and, where there are others, one 0 at the end.
template <class T>
std::vector<T> with_a_zero(const SparseColumns<T>& columns, size_t begin, size_t end) {
  std::vector<T> values(columns.values.begin() + static_cast<int64_t>(begin), columns.values.begin() + static_cast<int64_t>(end));
  if (values.size() < columns.n_rows) values.push_back(0);
  return values;
}

/// The weights of those: the 0 has what the numbers written leave of the weights of all rows.
template <class T>
std::vector<double> weights_of(const SparseColumns<T>& columns, std::span<const double> weights, double total, size_t begin, size_t end) {
  std::vector<double> made;
  double rest = total;
  for (size_t i = begin; i < end; ++i) {
    made.push_back(weights.empty() ? 1 : weights[static_cast<size_t>(columns.rows[i])]);
    rest -= made.back();
  }
  if (made.size() < columns.n_rows) made.push_back(std::max(rest, 0.0));
  return made;
}

Value for_column(const Value& parameters, const std::string& name) {
  Value of_column = parameters;
  of_column.set("columns", Value(Value::List{Value(name)}));
  return of_column;
}

[[noreturn]] void throw_dense(const std::string& what) {
  throw Error(ErrorCode::Unsupported, what + ", so a sparse matrix would become dense",
              "Pass a dense array, or a transformer and parameters that leave 0 as it is.");
}

/// What `change` makes of the numbers of each column; 0 has to stay 0.
template <class T>
std::vector<T> changed(const SparseColumns<T>& columns, const Threads& threads, const std::function<Column(const Column&)>& change) {
  std::vector<T> made(columns.values.size());
  threads.parallel_each(columns.names.size(), [&](size_t j) {
    const auto begin = static_cast<size_t>(columns.starts[j]), end = static_cast<size_t>(columns.starts[j + 1]);
    const std::string& name = columns.names[j];
    const Column zero = change(Column::numeric(name, std::vector<T>{0}));
    if (zero.is_missing(0) || zero.number(0) != 0) throw_dense("a 0 in column '" + name + "' becomes something else");
    if (begin == end) return;
    const auto values = columns.values.subspan(begin, end - begin);
    const Column column = change(Column::numeric(name, std::vector<T>(values.begin(), values.end())));
    for (size_t i = 0; i < values.size(); ++i) made[begin + i] = static_cast<T>(column.number(i));
  });
  return made;
}

}  // namespace

template <class T>
std::unique_ptr<FittedTransformer> fit_sparse(const std::string& transformer, const Value& parameters, const SparseColumns<T>& columns,
                                              std::span<const double> weights, const FitContext& context) {
  const double total = weights.empty() ? static_cast<double>(columns.n_rows) : std::accumulate(weights.begin(), weights.end(), 0.0);
  Value of_all = parameters;
  of_all.set("columns", Value(Value::List{}));  // a copy for each column is short
  std::vector<Value> fitted(columns.names.size());
  context.threads->parallel_each(columns.names.size(), [&](size_t j) {
    context.check();
    const auto begin = static_cast<size_t>(columns.starts[j]), end = static_cast<size_t>(columns.starts[j + 1]);
    const Table table({Column::numeric(columns.names[j], with_a_zero(columns, begin, end))});
    const std::vector<double> of_rows = weights_of(columns, weights, total, begin, end);
    const auto made = transformers().make(transformer, for_column(of_all, columns.names[j]))->fit({table, nullptr, of_rows}, context);
    fitted[j] = transformer_to_value(*made);
  });
  Value all = fitted.front();
  Value::List specs;
  for (const Value& of_column : fitted) {
    const Value* columns_of = of_column.at("fitted").find("columns");
    if (columns_of == nullptr || !columns_of->is_list() || columns_of->as_list().size() != 1 || !columns_of->as_list().front().is_object())
      throw Error(ErrorCode::Unsupported, transformer + " does not learn from each column alone, so a sparse matrix would become dense",
                  "Pass a dense array.");
    specs.push_back(columns_of->as_list().front());
  }
  Value merged = all.at("fitted");
  merged.set("columns", Value(std::move(specs)));
  all.set("fitted", std::move(merged));
  return transformer_from_value(all);
}

template <class T>
std::vector<T> transform_sparse(const FittedTransformer& fitted, const SparseColumns<T>& columns, const Threads& threads) {
  return changed(columns, threads, [&](const Column& column) {
    std::vector<Column> made = fitted.transform_column(column);
    if (made.size() != 1) throw_dense("column '" + column.name() + "' becomes " + std::to_string(made.size()) + " columns");
    return std::move(made.front());
  });
}

template <class T>
std::vector<T> inverse_transform_sparse(const FittedTransformer& fitted, const SparseColumns<T>& columns, const Threads& threads) {
  return changed(columns, threads, [&](const Column& column) { return fitted.inverse_transform_column(column); });
}

template std::unique_ptr<FittedTransformer> fit_sparse(const std::string&, const Value&, const SparseColumns<float>&,
                                                       std::span<const double>, const FitContext&);
template std::unique_ptr<FittedTransformer> fit_sparse(const std::string&, const Value&, const SparseColumns<double>&,
                                                       std::span<const double>, const FitContext&);
template std::vector<float> transform_sparse(const FittedTransformer&, const SparseColumns<float>&, const Threads&);
template std::vector<double> transform_sparse(const FittedTransformer&, const SparseColumns<double>&, const Threads&);
template std::vector<float> inverse_transform_sparse(const FittedTransformer&, const SparseColumns<float>&, const Threads&);
template std::vector<double> inverse_transform_sparse(const FittedTransformer&, const SparseColumns<double>&, const Threads&);

}  // namespace kolosal
