#include "kolosal/models/forms/neighbors.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

void describe(Fields<NeighborsForm>& f) {
  f.add("n_features", &NeighborsForm::n_features, "Columns seen in training.");
  f.add("n_outputs", &NeighborsForm::n_outputs, "Columns of a prediction.");
  f.add("k", &NeighborsForm::k, "Rows that are averaged.");
  f.add("by_distance", &NeighborsForm::by_distance, "Whether nearer rows count more.");
  f.add("rows", &NeighborsForm::rows, "The stored rows.");
  f.add("targets", &NeighborsForm::targets, "Their targets, where these are numbers.");
  f.add("weights", &NeighborsForm::weights, "Their weights.");
  f.add("graph", &NeighborsForm::graph, "Which of them are linked; none where the search is exact.");
  f.add("search_width", &NeighborsForm::search_width, "Rows that a search in the graph keeps.");
  f.add("classes", &NeighborsForm::classes, "Their classes, where the target is one of classes.");
}

NeighborsModel::NeighborsModel(NeighborsForm form) : form_(std::move(form)) {
  if (form_.graph.levels.empty()) search_.emplace(form_.rows, form_.weights.size(), n_features());
  else walk_.emplace(form_.rows, n_features(), form_.graph);
}

void NeighborsModel::average(std::span<const Neighbor> nearest, std::span<double> out) const {
  // Rows at distance zero decide alone where nearness counts; where all are infinitely far none is nearer.
  const bool exact = form_.by_distance && nearest.front().distance == 0;
  const bool by_distance = form_.by_distance && !exact && !std::isinf(nearest.front().distance);
  std::ranges::fill(out, 0.0);
  double total = 0;
  for (const auto& [distance, row] : nearest) {
    if (exact && distance > 0) break;
    double weight = static_cast<double>(form_.weights[row]);
    if (by_distance) weight /= std::sqrt(static_cast<double>(distance));
    total += weight;
    if (!form_.classes.empty()) out[form_.classes[row]] += weight;
    else
      for (size_t c = 0; c < out.size(); ++c) out[c] += weight * form_.targets[row * out.size() + c];
  }
  for (double& value : out) value /= total;
}

void NeighborsModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  std::vector<float> queries(x.n_rows() * n_features());
  for (size_t j = 0; j < n_features(); ++j) {
    const auto column = x.column(j);
    for (size_t row = 0; row < x.n_rows(); ++row) queries[row * n_features() + j] = column[row];
  }
  const auto k = static_cast<size_t>(form_.k);
  const auto found = [&](size_t row, std::span<const Neighbor> nearest) { average(nearest, out.subspan(row * n_outputs(), n_outputs())); };
  if (search_) {
    search_->find(queries, x.n_rows(), k, found);
    return;
  }
  Hnsw::Scratch scratch;
  for (size_t row = 0; row < x.n_rows(); ++row)
    found(row, walk_->find(queries.data() + row * n_features(), k, static_cast<size_t>(form_.search_width), scratch));
}

namespace {

// Whether size = n * width, for any width that was read.
bool is_product(size_t size, size_t n, int64_t width) { return width >= 0 && size % n == 0 && size / n == static_cast<size_t>(width); }

// The form with its targets in double precision: files may hold them in single precision, with a column for each class.
Value with_wide_targets(const Value& value) {
  const Value* targets = value.find("targets");
  if (targets == nullptr || !targets->is_numbers() || targets->as_numbers().type != NumberType::Float32) return value;
  const auto narrow = targets->as_numbers().as<float>();
  Value wide = value;
  wide.set("targets", Value(NumberArray::from(std::vector<double>(narrow.begin(), narrow.end()))));
  return wide;
}

// Whether there is a class number, or a target for each output, for each of n rows.
bool targets_fit(const NeighborsForm& form, size_t n) {
  if (form.classes.empty()) return is_product(form.targets.size(), n, form.n_outputs);
  return form.targets.empty() && form.classes.size() == n &&
         std::ranges::all_of(form.classes, [&](uint32_t number) { return number < form.n_outputs; });
}

class NeighborsReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<NeighborsForm>(with_wide_targets(value));
    const size_t n = form.weights.size();
    const bool sizes_agree = n > 0 && form.k > 0 && static_cast<size_t>(form.k) <= n && form.n_outputs > 0 &&
                             is_product(form.rows.size(), n, form.n_features) && targets_fit(form, n);
    if (!sizes_agree) throw Error(ErrorCode::CorruptArtifact, "the sizes of a neighbours model do not agree");
    const auto is_finite = [](auto number) { return std::isfinite(number); };
    const bool is_usable = std::ranges::all_of(form.rows, is_finite) && std::ranges::all_of(form.targets, is_finite) &&
                           std::ranges::all_of(form.weights, [](float weight) { return weight > 0 && std::isfinite(weight); });
    if (!is_usable)
      throw Error(ErrorCode::CorruptArtifact, "a neighbours model has a number that is not finite, or a weight that is not above 0");
    if (!form.graph.levels.empty()) check_graph(form.graph, n);
    if (form.search_width < 0 || form.search_width > (int64_t{1} << 32) || (!form.graph.levels.empty() && form.n_features == 0))
      throw Error(ErrorCode::CorruptArtifact, "a neighbours model has a graph that cannot be searched");
    return std::make_unique<NeighborsModel>(std::move(form));
  }
};

}  // namespace

void register_neighbors_form(Catalog<ModelForm>& catalog) {
  catalog.add<NeighborsReader>("neighbors", "The stored training rows, of which the nearest are averaged.");
}

}  // namespace kolosal
