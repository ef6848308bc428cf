// Transformers of the catalog for Python, each by name; and row-major NumPy arrays in and out of them.
//
// Rows are brought to columns and back in blocks that fit a core's cache, on threads; scalers take row-major rows as they lie.
//
// Shapes   rows (n_rows, n_columns) float32 or float64 in any layout; a column that lies in one piece is seen without copying.
// Cost     one pass over the rows in, one over those out.
// Checked  python/tests/test_transformers.py.

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>

#include "fit_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/preprocess/forms/indicators.h"
#include "kolosal/preprocess/forms/term_counts.h"
#include "kolosal/preprocess/pipeline.h"
#include "kolosal/preprocess/run_steps.h"
#include "kolosal/preprocess/scale/row_major.h"
#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/level_text.h"

namespace kolosal::python {
namespace {

using Fitted = std::unique_ptr<FittedTransformer>;

using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
constexpr size_t kRowsABlock = 2048;

/// Keeps a Python object alive from threads that do not hold the interpreter.
std::shared_ptr<const void> kept(const Rows& rows) {
  return {new Rows(rows), [](const Rows* held) {
            const nb::gil_scoped_acquire acquired;
            delete held;
          }};
}

template <class T>
Table columns_of(const Rows& rows, const std::vector<std::string>& names, const Threads& threads) {
  const size_t n_rows = rows.shape(0), n_columns = rows.shape(1);
  const auto* values = static_cast<const T*>(rows.data());
  const int64_t down = rows.stride(0), across = rows.stride(1);
  std::vector<Column> columns;
  columns.reserve(n_columns);
  if (down == 1 || n_rows <= 1) {
    const auto owner = kept(rows);
    for (size_t j = 0; j < n_columns; ++j)
      columns.push_back(Column::view_numeric(names[j], std::span<const T>(values + static_cast<int64_t>(j) * across, n_rows), owner));
    return Table(std::move(columns));
  }
  const std::shared_ptr<T[]> made(new T[n_rows * n_columns]);
  threads.parallel_for(n_rows, kRowsABlock, [&](size_t begin, size_t end) {
    for (size_t j = 0; j < n_columns; ++j) {
      const T* from = values + static_cast<int64_t>(j) * across;
      T* to = made.get() + j * n_rows;
      for (size_t i = begin; i < end; ++i) to[i] = from[static_cast<int64_t>(i) * down];
    }
  });
  for (size_t j = 0; j < n_columns; ++j)
    columns.push_back(Column::view_numeric(names[j], std::span<const T>(made.get() + j * n_rows, n_rows), made));
  return Table(std::move(columns));
}

bool is_float32(const Rows& rows) { return rows.dtype() == nb::dtype<float>(); }

/// The rows as columns of those names. Throws Error(BadValue) where they are not float32 or float64, or are not as many.
Table table_of_rows(const Rows& rows, const std::vector<std::string>& names, const Threads& threads) {
  if (names.size() != rows.shape(1))
    throw Error(ErrorCode::BadValue, std::to_string(names.size()) + " names for " + std::to_string(rows.shape(1)) + " columns of an array");
  if (is_float32(rows)) return columns_of<float>(rows, names, threads);
  if (rows.dtype() == nb::dtype<double>()) return columns_of<double>(rows, names, threads);
  throw Error(ErrorCode::BadValue, "the array is neither float32 nor float64", "Convert it to float64.");
}

Table table_from_rows(const Rows& rows, const std::vector<std::string>& names, int n_threads) {
  const nb::gil_scoped_release released;
  return table_of_rows(rows, names, Threads(n_threads));
}

/// An uninitialised (n_rows, n_columns) NumPy array.
nb::object empty_rows(size_t n_rows, size_t n_columns, bool float32) {
  return nb::module_::import_("numpy").attr("empty")(nb::make_tuple(n_rows, n_columns), float32 ? "f4" : "f8");
}

template <class T>
T* values_of(const nb::object& array) {
  return nb::cast<nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>>(array).data();
}

/// Writes one column to every n_columns-th place from `to` on; NaN where missing.
template <class T>
void write_column(const Column& column, size_t begin, size_t end, T* to, size_t n_columns) {
  const bool plain = column.kind() == ColumnKind::Numeric && column.validity().bits == nullptr;
  if (plain && column.is_float32())
    for (size_t i = begin; i < end; ++i) to[i * n_columns] = static_cast<T>(column.float32()[i]);
  else if (plain)
    for (size_t i = begin; i < end; ++i) to[i * n_columns] = static_cast<T>(column.float64()[i]);
  else
    for (size_t i = begin; i < end; ++i) to[i * n_columns] = static_cast<T>(column.number(i));
}

template <class T>
void write_rows(const Table& table, T* to, const Threads& threads) {
  threads.parallel_for(table.n_rows(), kRowsABlock, [&](size_t begin, size_t end) {
    for (size_t j = 0; j < table.n_columns(); ++j) write_column(table.column(j), begin, end, to + j, table.n_columns());
  });
}

/// A table of numbers as rows: float32 where every column is, else float64; NaN where missing.
nb::object rows_from_table(const Table& table, int n_threads) {
  const auto holds_float32 = [](const Column& column) { return column.is_float32(); };
  const bool float32 = table.n_columns() > 0 && std::ranges::all_of(table.columns(), holds_float32);
  for (const Column& column : table.columns())
    if (column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical)
      throw Error(ErrorCode::BadValue, "column '" + column.name() + "' holds texts, which an array of numbers cannot");
  nb::object made = empty_rows(table.n_rows(), table.n_columns(), float32);
  float* const singles = float32 ? values_of<float>(made) : nullptr;
  double* const doubles = float32 ? nullptr : values_of<double>(made);
  const nb::gil_scoped_release released;
  const Threads threads(n_threads);
  if (float32) write_rows(table, singles, threads);
  else write_rows(table, doubles, threads);
  return made;
}

/// The columns of an affine form in the order of `names`; none where the form is another or is not of exactly those columns.
std::vector<AffineColumn> affine_columns(const FittedTransformer& fitted, const std::vector<std::string>& names) {
  if (fitted.form() != "affine") return {};
  std::vector<AffineColumn> columns;
  const Value written = fitted.to_value();
  for (const Value& column : written.at("columns").as_list()) columns.push_back(from_value<AffineColumn>(column));
  const bool same = std::ranges::equal(columns, names, {}, &AffineColumn::name);
  return same ? columns : std::vector<AffineColumn>{};
}

/// The rows as they lie; null where they do not lie row by row without a gap.
template <class T>
std::optional<RowMajor<T>> row_major(const Rows& rows) {
  const size_t n_columns = rows.shape(1);
  const bool dense = (n_columns == 1 || rows.stride(1) == 1) && rows.stride(0) == static_cast<int64_t>(n_columns);
  if (!dense || n_columns == 0 || rows.dtype() != nb::dtype<T>()) return std::nullopt;
  return RowMajor<T>{static_cast<const T*>(rows.data()), rows.shape(0), n_columns};
}

/// What rows become where an affine form of exactly these columns changes them; null where it does not.
template <class T>
nb::object affine_rows(const FittedTransformer& fitted, const Rows& rows, const std::vector<std::string>& names, int n_threads) {
  const auto lying = row_major<T>(rows);
  const auto columns = lying ? affine_columns(fitted, names) : std::vector<AffineColumn>{};
  if (columns.empty()) return nb::object();
  nb::object made = empty_rows(rows.shape(0), rows.shape(1), is_float32(rows));
  T* const to = values_of<T>(made);
  const nb::gil_scoped_release released;
  apply_affine(columns, *lying, to, Threads(n_threads));
  return made;
}

/// What rows become, as rows.
nb::object transform_rows(const FittedTransformer& fitted, const Rows& rows, const std::vector<std::string>& names, int n_threads) {
  if (nb::object made = affine_rows<float>(fitted, rows, names, n_threads); made.is_valid()) return made;
  if (nb::object made = affine_rows<double>(fitted, rows, names, n_threads); made.is_valid()) return made;
  const Table table = [&] {
    const nb::gil_scoped_release released;
    const Threads threads(n_threads);
    return fitted.transform(table_of_rows(rows, names, threads), threads);
  }();
  return rows_from_table(table, n_threads);
}

/// A vector as a NumPy array that owns it.
template <class T>
nb::object array_of(std::vector<T> values) {
  auto* held = new std::vector<T>(std::move(values));
  const nb::capsule owner(held, [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(held->data(), {held->size()}, owner));
}

/// The rows of indicators as starts and columns of compressed sparse rows, and the number of columns.
nb::tuple sparse_rows(const FittedTransformer& fitted, const Table& table, int n_threads) {
  SparseIndicators made;
  {
    const nb::gil_scoped_release released;
    made = sparse_indicators(fitted, table, Threads(n_threads));
  }
  const size_t n_columns = made.n_columns;
  return nb::make_tuple(array_of(std::move(made.starts)), array_of(std::move(made.columns)), n_columns);
}

/// Rows of weighed terms as starts, columns and numbers of compressed sparse rows, and the number of columns.
nb::tuple sparse_term_rows(const FittedTransformer& fitted, const Table& table, int n_threads) {
  SparseTerms made;
  {
    const nb::gil_scoped_release released;
    made = sparse_terms(fitted, table, Threads(n_threads));
  }
  const size_t n_columns = made.n_columns;
  return nb::make_tuple(array_of(std::move(made.starts)), array_of(std::move(made.columns)), array_of(std::move(made.values)), n_columns);
}

template <class T>
nb::object dense_array(const FittedTransformer& fitted, const Table& table, bool by_columns, int n_threads) {
  Array<T> made;
  {
    const nb::gil_scoped_release released;
    made = dense_indicators<T>(fitted, table, by_columns, Threads(n_threads));
  }
  const auto n_rows = static_cast<int64_t>(table.n_rows()), n_columns = static_cast<int64_t>(n_indicators(fitted));
  T* const start = made.write().data();
  const nb::capsule owner(new Array<T>(std::move(made)), [](void* held) noexcept { delete static_cast<Array<T>*>(held); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<2>>(start, {table.n_rows(), n_indicators(fitted)}, owner,
                                                         {by_columns ? 1 : n_columns, by_columns ? n_rows : 1}),
                  nb::rv_policy::reference);
}

/// Indicators as an array of zeros and ones of that type, row-major or column-major.
nb::object dense_rows(const FittedTransformer& fitted, const Table& table, const std::string& type, bool by_columns, int n_threads) {
  if (type == "u1") return dense_array<uint8_t>(fitted, table, by_columns, n_threads);
  if (type == "f4") return dense_array<float>(fitted, table, by_columns, n_threads);
  if (type == "f8") return dense_array<double>(fitted, table, by_columns, n_threads);
  throw Error(ErrorCode::BadValue, "dense_indicators gives u1, f4 or f8, not '" + type + "'");
}

/// The distinct objects of a NumPy array of objects, told apart by identity: for each row the number of its object, and the first row of
/// each object.
nb::tuple distinct_objects(const nb::object& objects) {
  const auto interface = nb::cast<nb::dict>(objects.attr("__array_interface__"));
  if (nb::cast<std::string>(interface["typestr"]) != "|O" || nb::cast<int>(objects.attr("ndim")) != 1)
    throw Error(ErrorCode::BadValue, "distinct_objects takes an array of objects of one dimension");
  const auto* start = reinterpret_cast<const char*>(nb::cast<uintptr_t>(interface["data"][0]));
  const int64_t stride = nb::cast<int64_t>(objects.attr("strides")[0]);
  const size_t n = nb::len(objects);
  std::vector<int32_t> codes(n);
  std::vector<int64_t> first_rows;
  struct Slot {
    intptr_t address = 0;
    int32_t code = -1;
  };
  std::vector<Slot> slots(1024);
  const auto place_of = [&](intptr_t address) {
    const size_t mask = slots.size() - 1;
    size_t place = (static_cast<uint64_t>(address) * 0x9E3779B97F4A7C15) >> 20 & mask;
    while (slots[place].code >= 0 && slots[place].address != address) place = (place + 1) & mask;
    return place;
  };
  for (size_t row = 0; row < n; ++row) {
    const auto address = *reinterpret_cast<const intptr_t*>(start + static_cast<int64_t>(row) * stride);
    size_t place = place_of(address);
    if (slots[place].code < 0) {
      if (2 * (first_rows.size() + 1) > slots.size()) {
        std::vector<Slot> former(2 * slots.size());
        former.swap(slots);
        for (const Slot& slot : former)
          if (slot.code >= 0) slots[place_of(slot.address)] = slot;
        place = place_of(address);
      }
      slots[place] = {address, static_cast<int32_t>(first_rows.size())};
      first_rows.push_back(static_cast<int64_t>(row));
    }
    codes[row] = slots[place].code;
  }
  return nb::make_tuple(array_of(std::move(codes)), array_of(std::move(first_rows)));
}

/// A scaler fitted to row-major rows as they lie, and rows that go on teaching it the same; null where it cannot be.
Fitted fit_scaler(const std::string& name, const Value& parameters, const Rows& rows, const std::vector<std::string>& names,
                  const FitContext& context, FewRows* few = nullptr) {
  if (const auto singles = row_major<float>(rows)) return fit_scaler_rows(name, parameters, *singles, names, context, few);
  if (const auto doubles = row_major<double>(rows)) return fit_scaler_rows(name, parameters, *doubles, names, context, few);
  return nullptr;
}

/// A transformer and its fit by chunks, which leans on it.
class ChunkedFit {
 public:
  ChunkedFit(std::string name, const std::string& parameters)
      : name_(std::move(name)),
        parameters_(parse_json(parameters)),
        transformer_(transformers().make(name_, parameters_)),
        fit_(transformer_->start_chunks()) {
    if (!fit_)
      throw Error(ErrorCode::Unsupported, name_ + " with these parameters needs all rows at once, and is not fitted in parts", "Use fit.");
  }
  void add(const Table& table, const Table* target, const std::optional<Weights>& weights, int n_threads, int64_t seed) {
    const nb::gil_scoped_release released;
    const FitRows rows(table, target, weights);
    fit_->add(rows.input, context_of(n_threads, seed));
  }
  /// Learns from the first rows; gives what fit_rows gives of them.
  Fitted fit_first_rows(const Rows& rows, const std::vector<std::string>& names, int n_threads, int64_t seed) {
    const nb::gil_scoped_release released;
    const FitContext context = context_of(n_threads, seed);
    FewRows few;
    Fitted fitted = fit_scaler(name_, parameters_, rows, names, context, &few);
    if (!fitted) few = {table_of_rows(rows, names, *context.threads), {}};
    fit_->add({few.table, nullptr, few.weights}, context);
    return fitted ? std::move(fitted) : fit_->finish();
  }
  std::string seen() const { return to_json(fit_->seen()); }
  Fitted finish() const {
    const nb::gil_scoped_release released;
    return fit_->finish();
  }

 private:
  std::string name_;
  Value parameters_;
  std::unique_ptr<Transformer> transformer_;
  std::unique_ptr<ChunkFit> fit_;
};

/// The numbers of the training rows that go on; None where all do.
nb::object training_rows(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                         const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  std::optional<std::vector<uint32_t>> rows;
  {
    const nb::gil_scoped_release released;
    const FitRows given(table, target, weights);
    rows = transformers().make(name, parse_json(parameters))->training_rows(given.input, context_of(n_threads, seed));
  }
  return rows ? array_of(std::move(*rows)) : nb::none();
}

Fitted fit_form(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  const auto transformer = transformers().make(name, parse_json(parameters));
  const FitContext context = context_of(n_threads, seed);
  return run_cancellable(context.cancel, [&] { return transformer->fit(FitRows(table, target, weights).input, context); });
}

/// Fits to an array without weights or target; scalers see row-major rows as they lie.
Fitted fit_rows(const std::string& name, const std::string& parameters, const Rows& rows, const std::vector<std::string>& names,
                int n_threads, int64_t seed) {
  const Value given = parse_json(parameters);
  const FitContext context = context_of(n_threads, seed);
  return run_cancellable(context.cancel, [&] {
    Fitted fitted = fit_scaler(name, given, rows, names, context);
    return fitted ? std::move(fitted) : transformers().make(name, given)->fit({table_of_rows(rows, names, *context.threads)}, context);
  });
}

std::pair<Fitted, Table> fit_transformer(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                                         const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  const auto transformer = transformers().make(name, parse_json(parameters));
  const FitContext context = context_of(n_threads, seed);
  return run_cancellable(context.cancel, [&] { return transformer->fit_transform(FitRows(table, target, weights).input, context); });
}

/// Steps fitted one after the other, what the training rows became, and which of them are left (none: all).
std::tuple<std::vector<Fitted>, Table, std::optional<std::vector<uint32_t>>> fit_steps_of(const std::string& steps, const Table& table,
                                                                                          const Table* target,
                                                                                          const std::optional<Weights>& weights,
                                                                                          int n_threads, int64_t seed) {
  const nb::gil_scoped_release released;
  std::vector<PipelineStep> wanted;
  const Value given = parse_json(steps);
  for (const Value& step : given.as_list()) wanted.push_back(from_value<PipelineStep>(step, "step"));
  FittedSteps fitted = fit_steps(wanted, FitRows(table, target, weights).input, context_of(n_threads, seed), "pipeline");
  return {std::move(fitted.steps), std::move(fitted.table), std::move(fitted.rows)};
}

}  // namespace

void bind_transformers(nb::module_& module) {
  nb::class_<FittedTransformer>(module, "FittedTransformer", "What a transformer of the catalog learnt.")
      .def(
          "transform",
          [](const FittedTransformer& fitted, const Table& table, int n_threads) {
            const nb::gil_scoped_release released;
            return fitted.transform(table, Threads(n_threads));
          },
          nb::arg("table"), nb::arg("n_threads") = 0, "Changes a native table.")
      .def("transform_rows", &transform_rows, nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
           "Changes the rows of a float32 or float64 array whose columns have these names; gives a row-major array.")
      .def("sparse_indicators", &sparse_rows, nb::arg("table"), nb::arg("n_threads") = 0,
           "For indicators: where each row starts (int64), the columns that rows set (int32), and how many columns there are.")
      .def("dense_indicators", &dense_rows, nb::arg("table"), nb::arg("type"), nb::arg("by_columns") = false, nb::arg("n_threads") = 0,
           "For indicators: an array of zeros and ones of type 'u1', 'f4' or 'f8', row-major or column-major.")
      .def("sparse_terms", &sparse_term_rows, nb::arg("table"), nb::arg("n_threads") = 0,
           "For counts of terms: where each row starts (int64), its columns (int32) and numbers, and how many columns there are.")
      .def("inverse_transform", &FittedTransformer::inverse_transform, nb::arg("table"), nb::call_guard<nb::gil_scoped_release>(),
           "Undoes transform.")
      .def_prop_ro("invertible", &FittedTransformer::invertible, "Whether inverse_transform works.")
      .def(
          "to_json", [](const FittedTransformer& fitted) { return to_json(transformer_to_value(fitted)); }, "JSON of everything it learnt.")
      .def_static(
          "from_json", [](const std::string& text) { return transformer_from_value(parse_json(text)); }, nb::arg("text"),
          "The transformer that to_json described.");
  nb::class_<ChunkedFit>(module, "ChunkedFit", "A fit of a transformer of the catalog that is given its rows in parts.")
      .def(nb::init<std::string, const std::string&>(), nb::arg("name"), nb::arg("parameters"),
           "Refuses a transformer that needs all rows at once.")
      .def("add", &ChunkedFit::add, nb::arg("table"), nb::arg("target").none() = nb::none(), nb::arg("weights").none() = nb::none(),
           nb::arg("n_threads") = 0, nb::arg("seed") = 0, "Learns from further rows.")
      .def("fit_first_rows", &ChunkedFit::fit_first_rows, nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
           "Learns from the rows of a float32 or float64 array, the first of all; gives what they teach.")
      .def("seen", &ChunkedFit::seen, "JSON of what is known of each column so far beyond what the transformer keeps; null for nothing.")
      .def("finish", &ChunkedFit::finish, "What the rows so far teach.");
  module.def(
      "distinct_objects", &distinct_objects, nb::arg("objects"),
      "For a one-dimensional array of objects, told apart by identity: the number of each row's object, and the first row of each object.");
  module.def("fit_transformer", &fit_transformer, nb::arg("name"), nb::arg("parameters"), nb::arg("table"),
             nb::arg("target").none() = nb::none(), nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON; gives it and what the training rows become.");
  module.def("fit_form", &fit_form, nb::arg("name"), nb::arg("parameters"), nb::arg("table"), nb::arg("target").none() = nb::none(),
             nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON.");
  module.def(
      "with_levels",
      [](const Table& table, int n_threads) {
        const nb::gil_scoped_release released;
        const Threads threads(n_threads);
        std::vector<Column> columns;
        for (const Column& column : table.columns()) columns.push_back(with_levels(column, &threads));
        return Table(std::move(columns));
      },
      nb::arg("table"), nb::arg("n_threads") = 0, "The table with columns of texts as categorical ones.");
  module.def("training_rows", &training_rows, nb::arg("name"), nb::arg("parameters"), nb::arg("table"),
             nb::arg("target").none() = nb::none(), nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Numbers of the training rows that a transformer, with parameters in JSON, lets go on; None where all do.");
  module.def("fit_rows", &fit_rows, nb::arg("name"), nb::arg("parameters"), nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
             nb::arg("seed") = 0, "Fits a transformer of the catalog to a float32 or float64 array whose columns have these names.");
  module.def("fit_steps", &fit_steps_of, nb::arg("steps"), nb::arg("table"), nb::arg("target").none() = nb::none(),
             nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a JSON list of {transformer, parameters} in order; gives them, the training rows, and which are left (None: all).");
  module.def(
      "run_steps",
      [](const std::vector<const FittedTransformer*>& steps, const Table& table, int n_threads) {
        const nb::gil_scoped_release released;
        return run_steps(std::span<const FittedTransformer* const>(steps), table, Threads(n_threads));
      },
      nb::arg("steps"), nb::arg("table"), nb::arg("n_threads") = 0,
      "What the rows become through fitted transformers, one after the other.");
  module.def(
      "transformer_names", [] { return transformers().names(); }, "Names of the transformers.");
  module.def("table_from_rows", &table_from_rows, nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
             "A native table of a float32 or float64 array; columns that lie in one piece are not copied.");
  module.def("rows_from_table", &rows_from_table, nb::arg("table"), nb::arg("n_threads") = 0,
             "A row-major array of a native table of numbers; NaN where missing.");
}

}  // namespace kolosal::python
