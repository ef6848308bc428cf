// One-hot encoding: a Boolean column for each level.
//
// Levels of fewer rows than `min_frequency`, and beyond `max_levels` columns the least frequent, share one column NAME__other, the last;
// under unknown 'infrequent' it takes levels never seen too. As in scikit-learn, a `max_levels` that is not more than the number of
// levels always leaves a place for that column.
//
// Cost     O(n_rows n_columns_made).
// Checked  encoders_test.cc, against scikit-learn's OneHotEncoder.
#include <algorithm>
#include <numeric>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/encode/given_levels.h"
#include "kolosal/preprocess/encode/one_hot_drop.h"
#include "kolosal/preprocess/forms/indicators.h"

namespace kolosal {
namespace {

enum class OneHotMissing { Ignore, Indicator, Level };
constexpr auto enum_names(OneHotMissing) {
  return std::to_array<std::pair<OneHotMissing, std::string_view>>(
      {{OneHotMissing::Ignore, "ignore"}, {OneHotMissing::Indicator, "indicator"}, {OneHotMissing::Level, "level"}});
}

struct OneHotParams {
  std::vector<std::string> columns;
  std::optional<int> max_levels;
  double min_frequency = 1;
  OneHotDrop drop = OneHotDrop::None;
  UnknownLevel unknown = UnknownLevel::Infrequent;
  OneHotMissing missing = OneHotMissing::Ignore;
  Value levels = Value(Value::Object{});
};

void describe(Fields<OneHotParams>& f) {
  using P = OneHotParams;
  f.add("columns", &P::columns, "Columns to encode; empty means all categorical ones.");
  f.add("max_levels", &P::max_levels, "Most columns made of one, the one for rare levels included; null means no limit.")
      .min(1)
      .alias("max_categories");
  f.add("min_frequency", &P::min_frequency,
        "Levels of fewer rows (by weight), or below 1 of a smaller share of the rows, are rare: they are merged into one column.")
      .min(0)
      .alias("min_rows");
  f.add("drop", &P::drop, "Whether the first column made is left out: none, first, or where there are two columns.");
  f.add("unknown", &P::unknown,
        "What a level not seen in fitting gives: an error, no column, or that of the rare levels (no column where there is none).")
      .choices({"error", "ignore", "infrequent"});
  f.add("missing", &P::missing,
        "What missing values give: no column; where there are some in fitting a column of their own beside the others; or a level as "
        "others are, the last in order, which is unknown where fitting saw none.");
  describe_given_levels(f);
}

class OneHot : public Transformer {
 public:
  explicit OneHot(OneHotParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_levels(input, context, chosen(input), column_fit(), make_indicators);
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "one_hot", [this](const TransformerInput& chunk) { return chosen(chunk); }, column_fit(), make_indicators);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const { return level_columns(input, params_.columns, "one_hot"); }

  /// Whether each level is merged with other rare ones. Of levels alike in weight the first are.
  std::vector<bool> rare_levels(const std::vector<double>& weights, double total_weight) const {
    const size_t n = weights.size();
    const double least = params_.min_frequency < 1 ? params_.min_frequency * total_weight : params_.min_frequency;
    std::vector<bool> rare(n);
    size_t n_frequent = 0;
    for (size_t i = 0; i < n; ++i) n_frequent += (rare[i] = weights[i] < least) ? 0 : 1;
    const size_t most = params_.max_levels ? static_cast<size_t>(*params_.max_levels) : n + 1;
    if (n_frequent + 1 <= most) return rare;
    std::vector<size_t> by_weight(n);
    std::iota(by_weight.begin(), by_weight.end(), size_t{0});
    std::ranges::stable_sort(by_weight, [&](size_t a, size_t b) { return weights[a] < weights[b]; });
    for (size_t place = 0; place + most < n + 1; ++place) rare[by_weight[place]] = true;
    return rare;
  }

  std::function<IndicatorsColumn(const Column&, ColumnLevels, FreeNames&)> column_fit() const {
    return [this](const Column& column, ColumnLevels found, FreeNames& names) { return fit_column(column, std::move(found), names); };
  }

  IndicatorsColumn fit_column(const Column& column, ColumnLevels found, FreeNames& names) const {
    const GivenLevels given = take_given_levels(params_.levels, column, params_.unknown == UnknownLevel::Error, "one_hot", found);
    const size_t n_levels = found.levels.size();
    const bool has_missing = given.has_missing.value_or(found.missing_weight > 0);
    const bool as_level = has_missing && params_.missing == OneHotMissing::Level;
    std::vector<double> weights = found.weights;
    if (as_level) weights.push_back(found.missing_weight);
    const std::vector<bool> rare = rare_levels(weights, found.total_weight);
    const std::string start = column.name() + "__";
    std::vector<std::string> wanted;
    std::vector<int32_t> output_of(n_levels + 2, -1);
    const auto place_of = [&](size_t level) { return level < n_levels ? level : n_levels + 1; };
    for (size_t level = 0; level < rare.size(); ++level)
      if (!rare[level]) {
        output_of[place_of(level)] = static_cast<int32_t>(wanted.size());
        wanted.push_back(start + (level < n_levels ? found.levels[level] : "missing"));
      }
    if (std::ranges::find(rare, true) != rare.end()) {
      output_of[n_levels] = static_cast<int32_t>(wanted.size());
      wanted.push_back(start + "other");
      for (size_t level = 0; level < rare.size(); ++level)
        if (rare[level]) output_of[place_of(level)] = output_of[n_levels];
    }
    if (!wanted.empty() && (params_.drop == OneHotDrop::First || (params_.drop == OneHotDrop::IfBinary && wanted.size() == 2))) {
      wanted.erase(wanted.begin());
      for (int32_t& output : output_of)
        if (output >= 0) --output;
    }
    // A missing value where fitting saw none is a level that it did not see.
    if (!has_missing && params_.missing == OneHotMissing::Level && params_.unknown == UnknownLevel::Infrequent)
      output_of[n_levels + 1] = output_of[n_levels];
    if (has_missing && params_.missing == OneHotMissing::Indicator) {
      output_of[n_levels + 1] = static_cast<int32_t>(wanted.size());
      wanted.push_back(start + "missing");
    }
    IndicatorsColumn fitted{.name = column.name(), .levels = std::move(found.levels), .output_of = std::move(output_of)};
    for (std::string& name : wanted) fitted.outputs.push_back(names.claim(std::move(name)));
    fitted.unknown = params_.unknown;
    fitted.missing_is_unknown = !has_missing && params_.missing == OneHotMissing::Level;
    return fitted;
  }

  OneHotParams params_;
};

}  // namespace

void register_one_hot(Catalog<Transformer>& catalog) {
  catalog.add<OneHot, OneHotParams>("one_hot", "A column for each level of a category; rare levels share one.", {"one_hot_encoder"});
}

}  // namespace kolosal
