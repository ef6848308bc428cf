// Dropping of constant columns: those in which one value, or its absence, has all of the weight, or at least the share asked for.
//
// Cost     O(n_rows) a column.
// Checked  select_test.cc.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct DropConstantParams {
  std::vector<std::string> columns;
  double max_share = 1;
  bool ignore_missing = false;
};

void describe(Fields<DropConstantParams>& f) {
  using P = DropConstantParams;
  f.add("columns", &P::columns, "Columns to look at; empty means all.");
  f.add("max_share", &P::max_share, "Share of the rows that one value may have below which a column stays; 1 drops only constant ones.")
      .above(0)
      .max(1)
      .search(0.9, 1);
  f.add("ignore_missing", &P::ignore_missing, "Whether missing values are left out of the count; else they are a value of their own.");
}

/// The value as it is told apart from others and shown: equal numbers alike, texts with their blanks.
std::string value_text(const Column& column, size_t row) { return is_level(column.kind()) ? column.display(row) : level_text(column, row); }

/// The weight of each value of a column that comes in chunks, in the order in which they first occur.
class ValueWeights {
 public:
  /// Without `all`, further values are left out once there are two: these tell already that a column is not constant.
  explicit ValueWeights(bool all) : all_(all) {}

  void add(const Column& column, std::span<const double> weights, const FitContext& context) {
    if (is_enough()) return;
    const std::vector<uint32_t> rows = weighted_rows(column.size(), weights);
    const CellCodes cells = cell_codes(column, rows);
    std::vector<size_t> places;
    for (const uint32_t row : cells.first_rows) {
      if (is_enough()) break;
      const auto [found, is_new] = place_of_.try_emplace(value_text(column, row), weights_.size());
      places.push_back(found->second);
      if (!is_new) continue;
      weights_.push_back(0);
      texts_.push_back(&found->first);
      bytes_ += found->first.size() + kEntryBytes;
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const int32_t code = cells.codes[i];
      if (code >= static_cast<int32_t>(places.size())) continue;
      (code < 0 ? missing_ : weights_[places[static_cast<size_t>(code)]]) += weights.empty() ? 1.0 : weights[rows[i]];
    }
    lease_.grow(context.memory, bytes_, distinct_values_of(column));
  }

  const std::vector<double>& weights() const { return weights_; }
  double missing() const { return missing_; }
  const std::string& text(size_t value) const { return *texts_[value]; }

 private:
  static constexpr size_t kEntryBytes = 96;  // of the map and the lists, beside the text

  bool is_enough() const { return !all_ && weights_.size() > 1; }

  bool all_;
  std::unordered_map<std::string, size_t> place_of_;
  std::vector<const std::string*> texts_;
  std::vector<double> weights_;
  double missing_ = 0;
  size_t bytes_ = 0;
  GrowingLease lease_;
};

class DropConstant : public Transformer {
 public:
  explicit DropConstant(DropConstantParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    const std::vector<uint32_t> rows = weighted_rows(input.table.n_rows(), input.weights);
    std::vector<std::optional<std::string>> reasons(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      reasons[i] = reason_to_drop(*columns[i], rows, input.weights);
    });
    return drop_columns(input.table, columns, std::move(reasons));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return std::make_unique<ColumnsInChunks<ValueWeights>>(
        "drop_constant", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Table& like, std::span<const Column* const> columns, const std::vector<ValueWeights>& statistics) {
          std::vector<std::optional<std::string>> reasons;
          for (const ValueWeights& found : statistics)
            reasons.push_back(reason_to_drop(found.weights(), found.missing(), [&](size_t value) { return found.text(value); }));
          return drop_columns(like, columns, std::move(reasons));
        },
        [all = params_.max_share < 1] { return ValueWeights(all); });
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(
        input, params_.columns, [](ColumnKind) { return true; }, "drop_constant");
  }

  std::optional<std::string> reason_to_drop(const Column& column, std::span<const uint32_t> rows, std::span<const double> weights) const {
    const CellCodes cells = cell_codes(column, rows);
    std::vector<double> of_value(cells.first_rows.size());
    double missing = 0;
    for (size_t i = 0; i < rows.size(); ++i)
      (cells.codes[i] < 0 ? missing : of_value[static_cast<size_t>(cells.codes[i])]) += weights.empty() ? 1.0 : weights[rows[i]];
    return reason_to_drop(std::move(of_value), missing, [&](size_t value) { return value_text(column, cells.first_rows[value]); });
  }

  /// `text_of` gives a value as it is shown, by its place in `of_value`, the weights.
  template <class TextOf>
  std::optional<std::string> reason_to_drop(std::vector<double> of_value, double missing, const TextOf& text_of) const {
    of_value.push_back(params_.ignore_missing ? 0 : missing);
    const auto most = std::ranges::max_element(of_value);
    if (*most == 0) return "no row has a value";
    const auto value = static_cast<size_t>(most - of_value.begin());
    const std::string shown = value + 1 == of_value.size() ? "missing" : "'" + text_of(value) + "'";
    const auto n_values = std::ranges::count_if(of_value, [](double weight) { return weight > 0; });
    if (n_values == 1) return "every value is " + shown;
    const double share = *most / std::accumulate(of_value.begin(), of_value.end(), 0.0);
    if (params_.max_share == 1 || share < params_.max_share) return std::nullopt;
    return "a share of " + short_number(share) + " of the rows is " + shown;
  }

  DropConstantParams params_;
};

}  // namespace

void register_drop_constant(Catalog<Transformer>& catalog) {
  catalog.add<DropConstant, DropConstantParams>("drop_constant", "Columns that hold one value alone are left out.");
}

}  // namespace kolosal
