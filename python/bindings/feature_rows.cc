#include "feature_rows.h"

namespace kolosal::python {
namespace {

constexpr size_t kBlockRows = 1024;

template <class T>
void copy_column(const RowView& rows, size_t feature, size_t begin, size_t end, float* to) {
  const T* from = static_cast<const T*>(rows.values) + static_cast<int64_t>(feature) * rows.across;
  for (size_t i = begin; i < end; ++i) *to++ = static_cast<float>(from[static_cast<int64_t>(i) * rows.down]);
}

}  // namespace

RowView::RowView(const Rows& rows)
    : float32(rows.dtype() == nb::dtype<float>()), values(rows.data()), down(rows.stride(0)), across(rows.stride(1)) {
  if (!float32 && rows.dtype() != nb::dtype<double>())
    throw Error(ErrorCode::BadValue, "the array is neither float32 nor float64", "Convert it to float64.");
}

void copy_rows(const RowView& rows, size_t begin, size_t end, FeatureMatrix& x, size_t at) {
  for (size_t j = 0; j < x.n_features(); ++j) {
    float* to = x.column(j).data() + at;
    if (rows.float32) copy_column<float>(rows, j, begin, end, to);
    else copy_column<double>(rows, j, begin, end, to);
  }
}

std::vector<Feature> features_of(const std::vector<std::string>& names, const std::vector<int32_t>& n_categories) {
  std::vector<Feature> features;
  for (size_t j = 0; j < names.size(); ++j) features.push_back({names[j], n_categories.empty() ? 0 : n_categories[j]});
  return features;
}

FeatureMatrix matrix_of(const Rows& rows, std::vector<Feature> features, const Threads& threads) {
  if (features.size() != rows.shape(1)) throw Error(ErrorCode::BadValue, "there are not as many names as columns");
  const RowView view(rows);
  const size_t n = rows.shape(0);
  if (view.float32 && view.down == 1 && (view.across == static_cast<int64_t>(n) || features.size() == 1)) {
    const std::shared_ptr<const Rows> owner(new Rows(rows), [](const Rows* held) {
      const nb::gil_scoped_acquire acquired;
      delete held;
    });
    return {std::move(features), n, std::shared_ptr<float>(owner, const_cast<float*>(static_cast<const float*>(view.values)))};
  }
  FeatureMatrix x(std::move(features), n);
  threads.parallel_for(n, kBlockRows, [&](size_t begin, size_t end) { copy_rows(view, begin, end, x, begin); });
  return x;
}

SparseRows sparse_rows(const Entries<int64_t>& starts, const Entries<uint32_t>& features, const Entries<float>& values, size_t n_features) {
  const auto refuse = [] { throw Error(ErrorCode::BadValue, "the arrays are no rows of a sparse matrix"); };
  const size_t n = starts.size(), n_entries = features.size();
  if (n == 0 || starts.data()[0] != 0 || values.size() != n_entries || static_cast<size_t>(starts.data()[n - 1]) != n_entries) refuse();
  SparseRows made{n_features, {}, {features.data(), features.data() + n_entries}, {values.data(), values.data() + n_entries}};
  made.starts.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    if (i > 0 && starts.data()[i] < starts.data()[i - 1]) refuse();
    made.starts.push_back(static_cast<size_t>(starts.data()[i]));
  }
  for (size_t row = 0; row < made.n_rows(); ++row)
    for (size_t e = made.starts[row]; e < made.starts[row + 1]; ++e)
      if (made.features[e] >= n_features || (e > made.starts[row] && made.features[e] <= made.features[e - 1])) refuse();
  return made;
}

std::shared_ptr<const std::vector<Feature>> sparse_features(const std::vector<std::string>& names, size_t n_features) {
  auto made = std::make_shared<std::vector<Feature>>();
  made->reserve(n_features);
  for (size_t j = 0; j < n_features; ++j) made->push_back({names.empty() ? "x" + std::to_string(j) : names[j], 0});
  return made;
}

std::pair<nb::object, double*> empty_array(size_t n_rows, size_t width) {
  nb::object made = nb::module_::import_("numpy").attr("empty")(nb::make_tuple(n_rows, width));
  return {made, nb::cast<nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>>(made).data()};
}

}  // namespace kolosal::python
