// One-hot encoding: a Boolean column for each level.
//
// Levels with fewer rows than `min_rows`, and beyond `max_categories` columns the least frequent, share one column NAME__other, which also
// takes levels never seen. Without such a column an unknown level sets none.
//
// Cost     O(n_rows n_columns_made).
// Checked  encoders_test.cc, against scikit-learn's OneHotEncoder.
#include <algorithm>
#include <numeric>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/indicators.h"

namespace kolosal {
namespace {

enum class OneHotDrop { None, First, IfBinary };
constexpr auto enum_names(OneHotDrop) {
  return std::to_array<std::pair<OneHotDrop, std::string_view>>(
      {{OneHotDrop::None, "none"}, {OneHotDrop::First, "first"}, {OneHotDrop::IfBinary, "if_binary"}});
}

struct OneHotParams {
  std::vector<std::string> columns;
  std::optional<int> max_categories;
  double min_rows = 1;
  OneHotDrop drop = OneHotDrop::None;
  bool add_indicator = false;
};

void describe(Fields<OneHotParams>& f) {
  using P = OneHotParams;
  f.add("columns", &P::columns, "Columns to encode; empty means all categorical ones.");
  f.add("max_categories", &P::max_categories, "Most columns made of one, the one for rare levels included; null means no limit.").min(2);
  f.add("min_rows", &P::min_rows, "Levels with fewer rows (by weight) are merged into one column.").min(0).alias("min_frequency");
  f.add("drop", &P::drop, "Whether the first column made is left out: none, first, or where there are two levels.");
  f.add("add_indicator", &P::add_indicator, "Whether missing values get a column where there were some in fitting.");
}

class OneHot : public Transformer {
 public:
  explicit OneHot(OneHotParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    FreeNames names(input.table);
    std::vector<IndicatorsColumn> fitted;
    for (const Column* column : columns) {
      context.check();
      fitted.push_back(fit_column(*column, column_levels(*column, input.weights), names));
    }
    return make_indicators(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "one_hot", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Column& column, ColumnLevels found, FreeNames& names) { return fit_column(column, std::move(found), names); },
        make_indicators);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    const auto fits = [this](ColumnKind kind) { return kind == ColumnKind::Categorical || !params_.columns.empty(); };
    return choose_columns(input, params_.columns, fits, "one_hot");
  }

  /// Whether each level is merged with other rare ones.
  std::vector<bool> rare_levels(const ColumnLevels& found) const {
    const size_t n = found.levels.size();
    std::vector<bool> rare(n);
    std::vector<size_t> by_weight(n);
    std::iota(by_weight.begin(), by_weight.end(), size_t{0});
    std::ranges::stable_sort(by_weight, [&](size_t a, size_t b) { return found.weights[a] > found.weights[b]; });
    size_t n_rare = 0;
    for (size_t i = 0; i < n; ++i) n_rare += rare[i] = found.weights[i] < params_.min_rows;
    const size_t most = params_.max_categories ? static_cast<size_t>(*params_.max_categories) : n;
    if (n - n_rare + (n_rare > 0 ? 1 : 0) > most)
      for (size_t place = most - 1; place < n; ++place) rare[by_weight[place]] = true;
    return rare;
  }

  IndicatorsColumn fit_column(const Column& column, ColumnLevels found, FreeNames& names) const {
    const std::vector<bool> rare = rare_levels(found);
    IndicatorsColumn fitted{.name = column.name()};
    std::vector<std::string> wanted;
    for (size_t level = 0; level < rare.size(); ++level) {
      fitted.output_of.push_back(rare[level] ? -1 : static_cast<int32_t>(wanted.size()));
      if (!rare[level]) wanted.push_back(column.name() + "__" + found.levels[level]);
    }
    int32_t rare_output = -1;
    if (std::ranges::count(rare, true) > 0) {
      rare_output = static_cast<int32_t>(wanted.size());
      wanted.push_back(column.name() + "__other");
      for (size_t level = 0; level < rare.size(); ++level)
        if (rare[level]) fitted.output_of[level] = rare_output;
    }
    fitted.output_of.push_back(rare_output);  // unknown levels
    if (params_.drop == OneHotDrop::First || (params_.drop == OneHotDrop::IfBinary && wanted.size() == 2)) {
      if (!wanted.empty()) wanted.erase(wanted.begin());
      for (int32_t& output : fitted.output_of)
        if (output >= 0) --output;
    }
    const bool indicates = params_.add_indicator && found.missing_weight > 0;
    fitted.output_of.push_back(indicates ? static_cast<int32_t>(wanted.size()) : -1);
    if (indicates) wanted.push_back(column.name() + "__missing");
    for (std::string& name : wanted) fitted.outputs.push_back(names.claim(std::move(name)));
    fitted.levels = std::move(found.levels);
    return fitted;
  }

  OneHotParams params_;
};

}  // namespace

void register_one_hot(Catalog<Transformer>& catalog) {
  catalog.add<OneHot, OneHotParams>("one_hot", "A column for each level of a category; rare levels share one.", {"one_hot_encoder"});
}

}  // namespace kolosal
