#include "kolosal/models/forms/quantile_forest.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

constexpr double kSlack = 1e-9;  // of a sum of weights that is 1 but for rounding

void require(bool holds, const char* what) {
  if (!holds)
    throw Error(ErrorCode::CorruptArtifact, std::string("quantile forest: ") + what, "Make the model again, or use an undamaged copy.");
}

void check(const Forest& forest, const QuantileForest& p) {
  require(forest.leaf_width == 1 && forest.n_raw() == 1, "its leaves have several numbers");
  require(!forest.roots.empty() && !p.targets.empty() && !p.quantiles.empty(), "it has no trees, targets or quantiles");
  for (const double quantile : p.quantiles) require(quantile > 0 && quantile < 1, "a quantile is not between 0 and 1");
  for (size_t i = 0; i < p.targets.size(); ++i)
    require(std::isfinite(p.targets[i]) && (i == 0 || p.targets[i] > p.targets[i - 1]), "its targets do not ascend");
  require(p.leaf_starts.size() == forest.leaf_values.size() + 1 && p.leaf_starts.front() == 0 &&
              p.leaf_starts.back() == p.leaf_targets.size() && std::ranges::is_sorted(p.leaf_starts),
          "its leaves are cut short");
  for (const uint32_t target : p.leaf_targets) require(target < p.targets.size(), "a target is not there");
  require(p.leaf_weights.empty() || p.leaf_weights.size() == p.leaf_targets.size(), "its weights are cut short");
  for (const float weight : p.leaf_weights) require(std::isfinite(weight) && weight > 0, "a weight is not a number above 0");
}

template <class T>
std::vector<T> numbers_of(const Value& value, std::string_view key) {
  const auto numbers = value.at(key).as_numbers().as<T>();
  return {numbers.begin(), numbers.end()};
}

class QuantileForestForm : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    QuantileForest parts;
    std::unique_ptr<Model> forest;
    try {
      forest = model_forms().make("forest")->from_value(value.at("forest"));
      parts.quantiles = numbers_of<double>(value, "quantiles");
      parts.targets = numbers_of<double>(value, "targets");
      parts.leaf_starts = numbers_of<uint32_t>(value, "leaf_starts");
      parts.leaf_targets = numbers_of<uint32_t>(value, "leaf_targets");
      parts.leaf_weights = numbers_of<float>(value, "leaf_weights");
    } catch (const Error& error) {
      if (error.code() == ErrorCode::CorruptArtifact) throw;
      throw Error(ErrorCode::CorruptArtifact, "quantile forest: " + error.message());
    }
    return std::make_unique<QuantileForestModel>(dynamic_cast<const ForestModel&>(*forest), std::move(parts));
  }
};

}  // namespace

QuantileForestModel::QuantileForestModel(ForestModel forest, QuantileForest parts) : forest_(std::move(forest)), parts_(std::move(parts)) {
  check(forest_.forest(), parts_);
}

void QuantileForestModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  const Forest& f = forest_.forest();
  std::vector<std::pair<uint32_t, double>> shares;  // numbers of targets and what they weigh
  for (size_t row = 0; row < x.n_rows(); ++row) {
    shares.clear();
    double whole = 0;
    for (const int32_t root : f.roots) {
      const auto leaf = static_cast<size_t>(f.nodes[static_cast<size_t>(leaf_of(f, root, x, row))].left);
      const size_t begin = parts_.leaf_starts[leaf], end = parts_.leaf_starts[leaf + 1];
      if (begin == end) continue;
      double total = static_cast<double>(end - begin);
      if (!parts_.leaf_weights.empty()) {
        total = 0;
        for (size_t i = begin; i < end; ++i) total += static_cast<double>(parts_.leaf_weights[i]);
      }
      for (size_t i = begin; i < end; ++i)
        shares.emplace_back(parts_.leaf_targets[i],
                            (parts_.leaf_weights.empty() ? 1.0 : static_cast<double>(parts_.leaf_weights[i])) / total);
      whole += 1;
    }
    std::ranges::sort(shares);
    double* to = out.data() + row * n_outputs();
    for (size_t k = 0; k < n_outputs(); ++k) {
      const double wanted = parts_.quantiles[k] * whole * (1 - kSlack);
      double below = 0;
      to[k] = shares.empty() ? parts_.targets[parts_.targets.size() / 2] : parts_.targets[shares.back().first];
      for (const auto& [target, share] : shares)
        if ((below += share) >= wanted) {
          to[k] = parts_.targets[target];
          break;
        }
    }
  }
}

Value QuantileForestModel::to_value() const {
  return Value(Value::Object{{"forest", forest_.to_value()},
                             {"quantiles", Value(NumberArray::from(parts_.quantiles))},
                             {"targets", Value(NumberArray::from(parts_.targets))},
                             {"leaf_starts", Value(NumberArray::from(parts_.leaf_starts))},
                             {"leaf_targets", Value(NumberArray::from(parts_.leaf_targets))},
                             {"leaf_weights", Value(NumberArray::from(parts_.leaf_weights))}});
}

const ForestModel* trees_of(const Model& model) {
  if (const auto* quantiles = dynamic_cast<const QuantileForestModel*>(&model)) return &quantiles->forest();
  return dynamic_cast<const ForestModel*>(&model);
}

void register_quantile_forest_form(Catalog<ModelForm>& catalog) {
  catalog.add<QuantileForestForm>("quantile_forest", "A forest that knows the targets in its leaves, and predicts quantiles.");
}

}  // namespace kolosal
