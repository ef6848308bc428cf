// Transformers of the catalog for Python, each by name; and row-major NumPy arrays in and out of them.
//
// Rows are brought to columns and back in blocks that fit a core's cache, on threads. An affine form (every scaler of columns) is
// applied to the rows as they lie, with the arithmetic of forms/affine.cc.
//
// Shapes   rows (n_rows, n_columns) float32 or float64 in any layout; a column that lies in one piece is seen without copying.
// Cost     one pass over the rows in, one over those out.
// Checked  python/tests/test_transformers.py.

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/preprocess/forms/affine.h"
#include "kolosal/preprocess/forms/indicators.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal::python {
namespace {

using Weights = nb::ndarray<const double, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using Fitted = std::unique_ptr<FittedTransformer>;

FitContext context_of(int n_threads, int64_t seed) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = static_cast<uint64_t>(seed);
  return context;
}

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

/// Centre, scale and offset of each cell of some whole rows, so that the loop over cells has no inner loop over columns.
struct AffineRows {
  std::vector<double> center, scale, offset;
  bool may_overflow = false;  ///< some centre is so far from 0 that a difference from it can be too large for float64

  AffineRows(const std::vector<AffineColumn>& columns, size_t n_cells) {
    for (size_t cell = 0; cell < n_cells; ++cell) {
      const AffineColumn& column = columns[cell % columns.size()];
      center.push_back(column.center);
      scale.push_back(column.scale);
      offset.push_back(column.offset);
      may_overflow |= std::abs(column.center) > 1e290;
    }
  }

  template <class T>
  void apply(const T* from, T* to, size_t n_cells) const {
    const double *centers = center.data(), *scales = scale.data(), *offsets = offset.data();
    for (size_t i = 0; i < n_cells; ++i) to[i] = static_cast<T>((static_cast<double>(from[i]) - centers[i]) / scales[i] + offsets[i]);
    if (!may_overflow) return;
    for (size_t i = 0; i < n_cells; ++i) {
      const auto value = static_cast<double>(from[i]);
      if (std::isfinite(value) && std::isinf(value - centers[i]))
        to[i] = static_cast<T>(value / scales[i] - centers[i] / scales[i] + offsets[i]);
    }
  }
};

template <class T>
void apply_affine(const std::vector<AffineColumn>& columns, const T* from, T* to, size_t n_rows, const Threads& threads) {
  const size_t n_columns = columns.size();
  const size_t rows_at_once = std::max<size_t>(1, 512 / n_columns);
  const AffineRows cells(columns, rows_at_once * n_columns);
  threads.parallel_for(n_rows, rows_at_once * std::max<size_t>(1, (size_t{1} << 16) / (rows_at_once * n_columns)),
                       [&](size_t begin, size_t end) {
                         for (size_t row = begin; row < end; row += rows_at_once)
                           cells.apply(from + row * n_columns, to + row * n_columns, std::min(rows_at_once, end - row) * n_columns);
                       });
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

/// What rows become, as rows.
nb::object transform_rows(const FittedTransformer& fitted, const Rows& rows, const std::vector<std::string>& names, int n_threads) {
  const size_t n_rows = rows.shape(0), n_columns = rows.shape(1);
  const auto columns = affine_columns(fitted, names);
  const bool row_major = (n_columns == 1 || rows.stride(1) == 1) && rows.stride(0) == static_cast<int64_t>(n_columns);
  if (columns.size() == n_columns && n_columns > 0 && row_major) {
    const bool float32 = is_float32(rows);
    nb::object made = empty_rows(n_rows, n_columns, float32);
    float* const singles = float32 ? values_of<float>(made) : nullptr;
    double* const doubles = float32 ? nullptr : values_of<double>(made);
    const nb::gil_scoped_release released;
    const Threads threads(n_threads);
    if (float32) apply_affine(columns, static_cast<const float*>(rows.data()), singles, n_rows, threads);
    else apply_affine(columns, static_cast<const double*>(rows.data()), doubles, n_rows, threads);
    return made;
  }
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

Fitted fit_form(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  const nb::gil_scoped_release released;
  const auto transformer = transformers().make(name, parse_json(parameters));
  std::optional<Target> known;
  if (target != nullptr) known = target_of(*target);
  TransformerInput input{table, known ? &*known : nullptr};
  if (weights) input.weights = {weights->data(), weights->size()};
  return transformer->fit(input, context_of(n_threads, seed));
}

/// What a scaler needs of the columns.
enum class Wanted { Sums, Extremes };

/// What scalers need of each column of some rows: the mean and the sum of squared distances from it, or the extremes.
struct Summary {
  std::vector<double> smallest, largest, mean, squares;

  explicit Summary(size_t n_columns) : smallest(n_columns), largest(n_columns), mean(n_columns), squares(n_columns) {}

  /// Of `n_rows` rows; false where a cell or a sum is not finite. The squares are taken from the mean while the rows are in cache.
  template <Wanted kWanted, class T>
  bool take(const T* rows, size_t n_rows) {
    const size_t n_columns = mean.size(), at_once = std::min(n_rows, std::max<size_t>(1, 64 / n_columns)), n_cells = at_once * n_columns;
    const size_t n_whole = n_rows / at_once * at_once;
    std::vector<double> low(n_cells), high(n_cells), sum(n_cells), center(n_cells);
    for (size_t i = 0; i < n_cells; ++i) low[i] = high[i] = static_cast<double>(rows[i]);
    const auto each_cell = [&](auto&& see) {
      for (size_t row = 0; row < n_whole; row += at_once) see(rows + row * n_columns, n_cells);
      if (n_whole < n_rows) see(rows + n_whole * n_columns, (n_rows - n_whole) * n_columns);
    };
    each_cell([&](const T* cells, size_t n) {
      for (size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(cells[i]);
        sum[i] += value;
        if constexpr (kWanted == Wanted::Sums) continue;
        low[i] = value < low[i] ? value : low[i];
        high[i] = value > high[i] ? value : high[i];
      }
    });
    for (size_t j = 0; j < n_columns; ++j) {
      double total = 0;
      smallest[j] = low[j];
      largest[j] = high[j];
      for (size_t i = j; i < n_cells; i += n_columns) {
        total += sum[i];
        smallest[j] = std::min(smallest[j], low[i]);
        largest[j] = std::max(largest[j], high[i]);
      }
      mean[j] = total / static_cast<double>(n_rows);
    }
    if (kWanted == Wanted::Extremes) return std::ranges::all_of(mean, [](double value) { return std::isfinite(value); });
    for (size_t i = 0; i < n_cells; ++i) center[i] = mean[i % n_columns];
    std::ranges::fill(sum, 0.0);
    each_cell([&](const T* cells, size_t n) {
      for (size_t i = 0; i < n; ++i) {
        const double gap = static_cast<double>(cells[i]) - center[i];
        sum[i] += gap * gap;
      }
    });
    for (size_t i = 0; i < n_cells; ++i) squares[i % n_columns] += sum[i];
    return std::ranges::all_of(squares, [](double square) { return std::isfinite(square); });
  }

  /// With `n_more` rows summarised by `more` added to the `n` summarised here (Chan, Golub and LeVeque, 1979).
  void add(const Summary& more, double n, double n_more) {
    for (size_t j = 0; j < mean.size(); ++j) {
      const double gap = more.mean[j] - mean[j];
      mean[j] += gap * (n_more / (n + n_more));
      squares[j] += more.squares[j] + gap * gap * (n * n_more / (n + n_more));
      smallest[j] = std::min(smallest[j], more.smallest[j]);
      largest[j] = std::max(largest[j], more.largest[j]);
    }
  }
};

/// Of row-major rows, in blocks added in order; nothing where a value is missing or infinite or a sum overflows.
template <Wanted kWanted, class T>
std::optional<Summary> summary_of(const T* rows, size_t n_rows, size_t n_columns, const Threads& threads) {
  const size_t n_blocks = (n_rows + kRowsABlock - 1) / kRowsABlock;
  std::vector<Summary> blocks(n_blocks, Summary(n_columns));
  std::vector<uint8_t> finite(n_blocks);
  threads.parallel_for(n_blocks, 8, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b)
      finite[b] = blocks[b].take<kWanted>(rows + b * kRowsABlock * n_columns, std::min(kRowsABlock, n_rows - b * kRowsABlock));
  });
  if (n_blocks == 0 || std::ranges::count(finite, uint8_t{0}) > 0) return std::nullopt;
  for (size_t b = 1; b < n_blocks; ++b)
    blocks[0].add(blocks[b], static_cast<double>(b * kRowsABlock), static_cast<double>(std::min(kRowsABlock, n_rows - b * kRowsABlock)));
  if (!std::ranges::all_of(blocks[0].squares, [](double square) { return std::isfinite(square); })) return std::nullopt;
  return blocks[0];
}

template <Wanted kWanted>
std::optional<Summary> summary_of_rows(const Rows& rows, const Threads& threads) {
  const size_t n_rows = rows.shape(0), n_columns = rows.shape(1);
  if (is_float32(rows)) return summary_of<kWanted>(static_cast<const float*>(rows.data()), n_rows, n_columns, threads);
  return summary_of<kWanted>(static_cast<const double*>(rows.data()), n_rows, n_columns, threads);
}

/// The standard scaler of summarised rows, by the rules of scale/standard_scale.cc.
Fitted standard_scaler(const Summary& of, size_t n_rows, const std::vector<std::string>& names, const Value& parameters) {
  const auto wanted = [&](const char* name) {
    const Value* found = parameters.find(name);
    return found == nullptr || found->as_bool();
  };
  const double rounding = static_cast<double>(n_rows) * std::numeric_limits<double>::epsilon();
  std::vector<AffineColumn> columns;
  for (size_t j = 0; j < names.size(); ++j) {
    AffineColumn column{.name = names[j]};
    const double mean = of.mean[j], variance = of.squares[j] / static_cast<double>(n_rows);
    if (wanted("with_mean")) column.center = mean;
    if (wanted("with_std") && variance > rounding * variance + rounding * mean * rounding * mean) column.scale = std::sqrt(variance);
    columns.push_back(std::move(column));
  }
  return make_affine(std::move(columns));
}

/// The extremes of summarised rows as a table of two rows, which has the same extremes.
Table extremes(const Summary& of, const std::vector<std::string>& names) {
  std::vector<Column> columns;
  for (size_t j = 0; j < names.size(); ++j)
    columns.push_back(Column::numeric(names[j], std::vector<double>{of.smallest[j], of.largest[j]}));
  return Table(std::move(columns));
}

/// Fits to an array without weights or target. Scalers that need only sums or extremes see row-major rows as they lie.
Fitted fit_rows(const std::string& name, const std::string& parameters, const Rows& rows, const std::vector<std::string>& names,
                int n_threads, int64_t seed) {
  const nb::gil_scoped_release released;
  const Value given = parse_json(parameters);
  const auto transformer = transformers().make(name, given);
  const FitContext context = context_of(n_threads, seed);
  const size_t n_rows = rows.shape(0), n_columns = rows.shape(1);
  const bool sums = name == "standard_scale", ends = name == "min_max_scale" || name == "max_abs_scale";
  const bool row_major =
      (n_columns == 1 || rows.stride(1) == 1) && rows.stride(0) == static_cast<int64_t>(n_columns) && names.size() == n_columns;
  const Value* chosen = given.find("columns");
  const bool whole = n_columns > 0 && (chosen == nullptr || chosen->as_list().empty() || chosen->as_list().size() == n_columns);
  if ((sums || ends) && row_major && whole) {
    const auto summary =
        sums ? summary_of_rows<Wanted::Sums>(rows, *context.threads) : summary_of_rows<Wanted::Extremes>(rows, *context.threads);
    if (summary && sums) return standard_scaler(*summary, n_rows, names, given);
    if (summary) return transformer->fit({extremes(*summary, names)}, context);
  }
  return transformer->fit({table_of_rows(rows, names, *context.threads)}, context);
}

std::pair<Fitted, Table> fit_transformer(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                                         const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  const nb::gil_scoped_release released;
  const auto transformer = transformers().make(name, parse_json(parameters));
  std::optional<Target> known;
  if (target != nullptr) known = target_of(*target);
  TransformerInput input{table, known ? &*known : nullptr};
  if (weights) input.weights = {weights->data(), weights->size()};
  return transformer->fit_transform(input, context_of(n_threads, seed));
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
      .def("inverse_transform", &FittedTransformer::inverse_transform, nb::arg("table"), nb::call_guard<nb::gil_scoped_release>(),
           "Undoes transform.")
      .def_prop_ro("invertible", &FittedTransformer::invertible, "Whether inverse_transform works.")
      .def(
          "to_json", [](const FittedTransformer& fitted) { return to_json(transformer_to_value(fitted)); }, "JSON of everything it learnt.")
      .def_static(
          "from_json", [](const std::string& text) { return transformer_from_value(parse_json(text)); }, nb::arg("text"),
          "The transformer that to_json described.");
  module.def(
      "distinct_objects", &distinct_objects, nb::arg("objects"),
      "For a one-dimensional array of objects, told apart by identity: the number of each row's object, and the first row of each object.");
  module.def("fit_transformer", &fit_transformer, nb::arg("name"), nb::arg("parameters"), nb::arg("table"),
             nb::arg("target").none() = nb::none(), nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON; gives it and what the training rows become.");
  module.def("fit_form", &fit_form, nb::arg("name"), nb::arg("parameters"), nb::arg("table"), nb::arg("target").none() = nb::none(),
             nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON.");
  module.def("fit_rows", &fit_rows, nb::arg("name"), nb::arg("parameters"), nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
             nb::arg("seed") = 0, "Fits a transformer of the catalog to a float32 or float64 array whose columns have these names.");
  module.def("table_from_rows", &table_from_rows, nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
             "A native table of a float32 or float64 array; columns that lie in one piece are not copied.");
  module.def("rows_from_table", &rows_from_table, nb::arg("table"), nb::arg("n_threads") = 0,
             "A row-major array of a native table of numbers; NaN where missing.");
}

}  // namespace kolosal::python
