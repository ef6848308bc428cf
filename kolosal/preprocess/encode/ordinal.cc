// Ordinal (label) encoding: each level becomes its number, 0, 1, ... in order of text (numbers by value) or of frequency.
//
// Cost     O(n_rows) a column.
// Checked  encoders_test.cc, against scikit-learn's LabelEncoder.
#include <algorithm>
#include <numeric>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/encode/given_levels.h"
#include "kolosal/preprocess/encode/level_order.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {
namespace {

struct OrdinalParams {
  std::vector<std::string> columns;
  LevelOrder order = LevelOrder::Alphabetical;
  UnknownLevel unknown = UnknownLevel::Missing;
  std::optional<double> unknown_value;
  std::optional<double> missing_value;
  Value levels = Value(Value::Object{});
};

void describe(Fields<OrdinalParams>& f) {
  f.add("columns", &OrdinalParams::columns, "Columns to encode; empty means all categorical ones.");
  f.add("order", &OrdinalParams::order, "Order of the levels: of their texts, or the most frequent first.");
  f.add("unknown", &OrdinalParams::unknown, "What a level not seen in fitting gives: an error, a missing value, or unknown_value.")
      .choices({"error", "missing", "default"});
  f.add("unknown_value", &OrdinalParams::unknown_value, "The number for such levels under unknown 'default'; null means -1.");
  f.add("missing_value", &OrdinalParams::missing_value, "The number for missing values; null leaves them missing.");
  describe_given_levels(f);
}

class Ordinal : public Transformer {
 public:
  explicit Ordinal(OrdinalParams params) : params_(std::move(params)) {
    if (params_.unknown_value && params_.unknown != UnknownLevel::Default)
      throw Error(ErrorCode::BadValue,
                  "ordinal.unknown_value is set where unknown is '" + std::string(enum_name(params_.unknown)) + "', which does not use it",
                  "Set unknown to default.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_columns(input, context, nullptr);
  }

  /// The codes that fitting found are those that the training rows get: they are not looked up again.
  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    const bool codes_hold = std::ranges::find(input.weights, 0.0) == input.weights.end() && params_.levels.as_object().empty();
    if (!codes_hold) return Transformer::fit_transform(input, context);
    std::vector<Column> made = input.table.columns();
    auto fitted = fit_columns(input, context, &made);
    return {std::move(fitted), Table(std::move(made))};
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "ordinal", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Column& column, ColumnLevels found, FreeNames&) {
          take_levels(column, found);
          return spec_of(column, found, order_of(found));
        },
        make_lookup);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const { return level_columns(input, params_.columns, "ordinal"); }

  /// Fits; where `made` is given it holds the columns of the table, of which the encoded ones are replaced.
  std::unique_ptr<FittedTransformer> fit_columns(const TransformerInput& input, const FitContext& context,
                                                 std::vector<Column>* made) const {
    const auto columns = chosen(input);
    const size_t bytes = made == nullptr ? 0 : input.table.n_rows() * columns.size() * sizeof(double);
    const MemoryLease lease(context.memory, bytes, "the columns that ordinal makes");
    std::vector<LookupColumn> fitted(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      ColumnLevels found = column_levels(*columns[i], input.weights, context.threads.get());
      take_levels(*columns[i], found);
      const std::vector<size_t> order = order_of(found);
      fitted[i] = spec_of(*columns[i], found, order);
      if (made == nullptr) return;
      auto& place = (*made)[static_cast<size_t>(columns[i] - input.table.columns().data())];
      place = numbered(fitted[i], found, order, *context.threads);
    });
    return make_lookup(std::move(fitted));
  }

  void take_levels(const Column& column, ColumnLevels& found) const {
    take_given_levels(params_.levels, column, params_.unknown == UnknownLevel::Error, "ordinal", found);
  }

  std::vector<size_t> order_of(const ColumnLevels& found) const {
    std::vector<size_t> order(found.levels.size());
    std::iota(order.begin(), order.end(), size_t{0});
    if (params_.order == LevelOrder::Frequency)
      std::ranges::stable_sort(order, [&](size_t a, size_t b) { return found.weights[a] > found.weights[b]; });
    return order;
  }

  /// The training rows by the codes that fitting found.
  static Column numbered(const LookupColumn& spec, const ColumnLevels& found, const std::vector<size_t>& order, const Threads& threads) {
    std::vector<double> numbers(order.size() + 1, spec.values.back());  // missing first, then by code
    for (size_t i = 0; i < order.size(); ++i) numbers[order[i] + 1] = static_cast<double>(i);
    const auto codes = found.codes;
    Validity validity;
    if (spec.leave_missing && found.missing_weight > 0) {
      std::vector<uint8_t> there(codes.size());
      for (size_t row = 0; row < codes.size(); ++row) there[row] = codes[row] >= 0;
      validity = Validity::from_bytes(there);
    }
    const auto write = [&](std::span<double> to) {
      threads.parallel_for(to.size(), size_t{1} << 15, [&](size_t begin, size_t end) {
        for (size_t row = begin; row < end; ++row) to[row] = numbers[static_cast<size_t>(codes[row] + 1)];
      });
    };
    return Column::written(spec.outputs.front(), codes.size(), write, validity);
  }

  LookupColumn spec_of(const Column& column, const ColumnLevels& found, const std::vector<size_t>& order) const {
    LookupColumn fitted{.name = column.name(), .outputs = {column.name()}};
    for (size_t i = 0; i < order.size(); ++i) {
      fitted.levels.push_back(found.levels[order[i]]);
      fitted.values.push_back(static_cast<double>(i));
    }
    fitted.unknown = params_.unknown;
    fitted.leave_missing = !params_.missing_value;
    fitted.values.push_back(params_.unknown == UnknownLevel::Default ? params_.unknown_value.value_or(-1) : 0);
    fitted.values.push_back(params_.missing_value.value_or(0));
    return fitted;
  }

  OrdinalParams params_;
};

}  // namespace

void register_ordinal(Catalog<Transformer>& catalog) {
  catalog.add<Ordinal, OrdinalParams>("ordinal", "Each level becomes its number in order of text or frequency.",
                                      {"label", "ordinal_encoder", "label_encoder"});
}

}  // namespace kolosal
