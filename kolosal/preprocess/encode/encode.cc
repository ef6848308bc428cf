// Encoding of categories without the target: ordinal (a number each), frequency (their share of the rows) and one-hot (an
// indicator each, rare levels together).
//
// Checked  encode_test.cc; scikit-learn's encoders in python/tests.

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/categories.h"

namespace kolosal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_category(ColumnKind kind) { return kind == ColumnKind::Categorical; }

// Weight of each level that occurs, by text.
std::map<std::string, double> level_weights(const Column& column, std::span<const double> weights) {
  std::map<std::string, double> totals;
  const auto codes = column.codes();
  for (size_t row = 0; row < codes.size(); ++row)
    if (const double weight = weights.empty() ? 1.0 : weights[row]; codes[row] >= 0 && weight > 0)
      totals[(*column.dictionary())[static_cast<size_t>(codes[row])]] += weight;
  return totals;
}

// Levels by falling weight, equal ones by text.
std::vector<std::string> by_weight(const std::map<std::string, double>& totals) {
  std::vector<std::string> levels;
  for (const auto& [level, weight] : totals) levels.push_back(level);
  std::ranges::stable_sort(levels, std::greater(), [&](const std::string& level) { return totals.at(level); });
  return levels;
}

enum class LevelOrder { Text, Frequency };

constexpr auto enum_names(LevelOrder) {
  return std::to_array<std::pair<LevelOrder, std::string_view>>({{LevelOrder::Text, "text"}, {LevelOrder::Frequency, "frequency"}});
}

struct OrdinalParams {
  std::vector<std::string> columns;
  LevelOrder order = LevelOrder::Text;
};

void describe(Fields<OrdinalParams>& f) {
  f.add("columns", &OrdinalParams::columns, "Columns to encode; all categories where empty.");
  f.add("order", &OrdinalParams::order, "What gives the numbers 0, 1, ...: the texts' order, or falling frequency.");
}

class Ordinal : public Transformer {
 public:
  explicit Ordinal(OrdinalParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    LookupForm form;
    for (const std::string& name : chosen_columns(input.table, params_.columns, is_category, "ordinal")) {
      const auto totals = level_weights(input.table.column(name), input.weights);
      LookupColumn lookup{name, by_weight(totals), 1, {}, {-1}, {kNaN}, {name}};
      if (params_.order == LevelOrder::Text) std::ranges::sort(lookup.levels);
      for (size_t i = 0; i < lookup.levels.size(); ++i) lookup.numbers.push_back(static_cast<double>(i));
      form.columns.push_back(std::move(lookup));
    }
    return make_lookup(std::move(form));
  }

 private:
  OrdinalParams params_;
};

struct FrequencyParams {
  std::vector<std::string> columns;
  bool keep_source = false;
};

void describe(Fields<FrequencyParams>& f) {
  f.add("columns", &FrequencyParams::columns, "Columns to encode; all categories where empty.");
  f.add("keep_source", &FrequencyParams::keep_source, "Whether the category stays beside its frequency.");
}

class Frequency : public Transformer {
 public:
  explicit Frequency(FrequencyParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    LookupForm form;
    form.keep_source = params_.keep_source;
    for (const std::string& name : chosen_columns(input.table, params_.columns, is_category, "frequency")) {
      const auto totals = level_weights(input.table.column(name), input.weights);
      double total = 0;
      for (const auto& [level, weight] : totals) total += weight;
      LookupColumn lookup{name, {}, 1, {}, {0}, {kNaN}, {name + "__frequency"}};
      for (const auto& [level, weight] : totals) {
        lookup.levels.push_back(level);
        lookup.numbers.push_back(weight / total);
      }
      form.columns.push_back(std::move(lookup));
    }
    return make_lookup(std::move(form));
  }

 private:
  FrequencyParams params_;
};

enum class Drop { None, First, IfBinary };

constexpr auto enum_names(Drop) {
  return std::to_array<std::pair<Drop, std::string_view>>({{Drop::None, "none"}, {Drop::First, "first"}, {Drop::IfBinary, "if_binary"}});
}

struct OneHotParams {
  std::vector<std::string> columns;
  Drop drop = Drop::None;
  std::optional<int32_t> max_levels;
  double min_weight = 0;
};

void describe(Fields<OneHotParams>& f) {
  f.add("columns", &OneHotParams::columns, "Columns to encode; all categories where empty.");
  f.add("drop", &OneHotParams::drop, "Which level has no indicator.");
  f.add("max_levels", &OneHotParams::max_levels, "Most indicators of a column; the rarest levels share one.").min(2).alias("max_categories");
  f.add("min_weight", &OneHotParams::min_weight, "Levels with fewer rows (less weight) share an indicator.").min(0).alias("min_frequency");
}

class OneHotEncode : public Transformer {
 public:
  explicit OneHotEncode(OneHotParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    OneHotForm form;
    for (const std::string& name : chosen_columns(input.table, params_.columns, is_category, "one_hot")) {
      const auto totals = level_weights(input.table.column(name), input.weights);
      OneHotColumn one{name, {}, {}, {}, false};
      for (const std::string& level : by_weight(totals)) {
        const bool fits = !params_.max_levels || one.levels.size() + 1 < static_cast<size_t>(*params_.max_levels) ||
                          (totals.size() <= static_cast<size_t>(*params_.max_levels) && one.rare.empty());
        (fits && totals.at(level) >= params_.min_weight ? one.levels : one.rare).push_back(level);
      }
      std::ranges::sort(one.levels);
      const bool drops = params_.drop == Drop::First || (params_.drop == Drop::IfBinary && totals.size() == 2);
      if (drops && !one.levels.empty()) {
        one.dropped = one.levels.front();
        one.drops = true;
        one.levels.erase(one.levels.begin());
      }
      form.columns.push_back(std::move(one));
    }
    return make_one_hot(std::move(form));
  }

 private:
  OneHotParams params_;
};

}  // namespace

void register_encode(Catalog<Transformer>& catalog) {
  catalog.add<Ordinal, OrdinalParams>("ordinal", "Categories become the numbers 0, 1, ...; unknown ones -1.");
  catalog.add<Frequency, FrequencyParams>("frequency", "Categories become their share of the training rows.");
  catalog.add<OneHotEncode, OneHotParams>("one_hot", "Categories become indicators of 0 and 1.");
}

}  // namespace kolosal
