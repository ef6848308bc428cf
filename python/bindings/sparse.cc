// SciPy's sparse matrices, of which only the numbers that are not 0 are written, through transformers.
//
// Checked  python/tests/test_sparse.py.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <cmath>

#include "fit_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/preprocess/forms/row_norm.h"
#include "kolosal/preprocess/sparse_columns.h"

namespace kolosal::python {
namespace {

using Starts = nb::ndarray<const int64_t, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using Places = nb::ndarray<const int32_t, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using Written = nb::ndarray<nb::ro, nb::shape<-1>, nb::c_contig, nb::device::cpu>;

template <class Array>
auto span_of(const Array& array) {
  return std::span(array.data(), array.size());
}

template <class T>
std::span<const T> numbers_of(const Written& values) {
  return {static_cast<const T*>(values.data()), values.size()};
}

/// What `work` makes of the numbers, which are float32 or float64.
template <class Work>
auto with_numbers(const Written& values, const Work& work) {
  if (values.dtype() == nb::dtype<float>()) return work(numbers_of<float>(values));
  if (values.dtype() == nb::dtype<double>()) return work(numbers_of<double>(values));
  throw Error(ErrorCode::BadValue, "the numbers are neither float32 nor float64", "Convert them to float64.");
}

/// An uninitialised NumPy array of the same type, filled by `work`.
template <class Work>
nb::object changed(const Written& values, const Work& work) {
  return with_numbers(values, [&]<class T>(std::span<const T> numbers) {
    nb::object made = nb::module_::import_("numpy").attr("empty")(numbers.size(), sizeof(T) == sizeof(float) ? "f4" : "f8");
    T* const to = nb::cast<nb::ndarray<T, nb::shape<-1>, nb::c_contig, nb::device::cpu>>(made).data();
    const nb::gil_scoped_release released;
    std::ranges::copy(work(numbers), to);
    return made;
  });
}

std::unique_ptr<FittedTransformer> fit_columns(const std::string& name, const std::string& parameters,
                                               const std::vector<std::string>& names, size_t n_rows, const Starts& starts,
                                               const Places& rows, const Written& values, const std::optional<Weights>& weights,
                                               int n_threads, int64_t seed) {
  const FitContext context = context_of(n_threads, seed);
  const Value given = parse_json(parameters);
  const std::span<const double> known = weights ? span_of(*weights) : std::span<const double>();
  return run_cancellable(context.cancel, [&] {
    return with_numbers(values, [&]<class T>(std::span<const T> numbers) {
      return fit_sparse<T>(name, given, {n_rows, names, span_of(starts), span_of(rows), numbers}, known, context);
    });
  });
}

nb::object transform_columns(const FittedTransformer& fitted, const std::vector<std::string>& names, const Starts& starts,
                             const Places& rows, const Written& values, bool inverse, int n_threads) {
  return changed(values, [&]<class T>(std::span<const T> numbers) {
    const SparseColumns<T> columns{0, names, span_of(starts), span_of(rows), numbers};
    const Threads threads(n_threads);
    return inverse ? inverse_transform_sparse<T>(fitted, columns, threads) : transform_sparse<T>(fitted, columns, threads);
  });
}

nb::object norm_rows(const std::string& norm, const Starts& starts, const Written& values, int n_threads) {
  const auto which = from_value<RowNormColumns>(Value(Value::Object{{"norm", Value(norm)}})).norm;
  return changed(values, [&]<class T>(std::span<const T> numbers) {
    return norm_sparse_rows<T>(which, span_of(starts), numbers, Threads(n_threads));
  });
}

}  // namespace

void bind_sparse(nb::module_& module) {
  module.def("fit_sparse", &fit_columns, nb::arg("name"), nb::arg("parameters"), nb::arg("names"), nb::arg("n_rows"), nb::arg("starts"),
             nb::arg("rows"), nb::arg("values"), nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON, to compressed sparse columns of these names.");
  module.def("transform_sparse", &transform_columns, nb::arg("fitted"), nb::arg("names"), nb::arg("starts"), nb::arg("rows"),
             nb::arg("values"), nb::arg("inverse") = false, nb::arg("n_threads") = 0,
             "What the numbers written of compressed sparse columns become; refuses a transformer that changes 0.");
  module.def("norm_sparse_rows", &norm_rows, nb::arg("norm"), nb::arg("starts"), nb::arg("values"), nb::arg("n_threads") = 0,
             "The numbers written of compressed sparse rows, divided by the norm of their row: l1, l2 or max.");
}

}  // namespace kolosal::python
