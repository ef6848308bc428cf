// Target encoding: a category becomes the smoothed mean of the target over its rows.
//
// The encoding of level l is  (sum of the target over l + smoothing * mean) / (rows of l + smoothing),  weighted; levels with
// fewer than `min_rows` rows, unknown and missing ones get the mean. A binary target gives one column (of class 1), several
// classes one a class, numbers one a target. In fit_transform each row is encoded from the rows of other folds alone.
//
// Source   Micci-Barreca, SIGKDD Explorations 3(1), 2001; Pargent et al., Computational Statistics 37, 2022 (out of fold).
// Checked  target_encode_test.cc: a row's own target never changes its encoding.

#include <algorithm>
#include <limits>

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/categories.h"
#include "kolosal/table/folds.h"

namespace kolosal {
namespace {

struct TargetEncodeParams {
  std::vector<std::string> columns;
  double smoothing = 10;
  double min_rows = 1;
  int32_t n_folds = 5;
  bool keep_source = false;
};

void describe(Fields<TargetEncodeParams>& f) {
  f.add("columns", &TargetEncodeParams::columns, "Columns to encode; all categories where empty.");
  f.add("smoothing", &TargetEncodeParams::smoothing, "Rows of weight that the overall mean counts for.").min(0);
  f.add("min_rows", &TargetEncodeParams::min_rows, "Levels with fewer rows get the overall mean.").min(0).alias("min_samples");
  f.add("n_folds", &TargetEncodeParams::n_folds, "Folds in which training rows are encoded.").min(2);
  f.add("keep_source", &TargetEncodeParams::keep_source, "Whether the category stays beside its encoding.");
}

bool is_category(ColumnKind kind) { return kind == ColumnKind::Categorical; }

// The k-th number that the target of a row stands for.
double part(const Target& target, size_t row, size_t k) {
  if (target.task == Task::Binary) return target.values[row];
  if (target.task == Task::Multiclass) return target.values[row] == static_cast<double>(k) ? 1.0 : 0.0;
  return target.values[row * target.n_targets + k];
}

size_t n_parts(const Target& target) { return target.task == Task::Multiclass ? target.n_classes() : target.n_targets; }

class TargetEncode : public Transformer {
 public:
  explicit TargetEncode(TargetEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    return make_lookup({lookups(input, {}), params_.keep_source});
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input, const FitContext& context) const override {
    auto fitted = fit(input, context);
    const size_t n_rows = input.table.n_rows();
    Table encoded = fitted->transform(input.table);
    if (n_rows < 2) return {std::move(fitted), std::move(encoded)};
    FoldOptions options;
    options.n_folds = static_cast<int32_t>(std::min<size_t>(static_cast<size_t>(params_.n_folds), n_rows));
    const std::vector<Fold> folds = make_folds({n_rows, {}, {}, {}, {}}, options, context.seed);
    std::vector<std::vector<double>> out_of_fold;
    std::vector<std::string> outputs;
    for (const Fold& fold : folds) {
      context.check();
      size_t at = 0;
      for (const LookupColumn& lookup : lookups(input, fold.train)) {
        const std::vector<Column> columns = looked_up(lookup, input.table.column(lookup.name).take(fold.valid));
        for (size_t k = 0; k < columns.size(); ++k, ++at) {
          if (at == out_of_fold.size()) {
            out_of_fold.emplace_back(n_rows, std::numeric_limits<double>::quiet_NaN());
            outputs.push_back(lookup.outputs[k]);
          }
          for (size_t i = 0; i < fold.valid.size(); ++i) out_of_fold[at][fold.valid[i]] = columns[k].number(i);
        }
      }
    }
    for (size_t at = 0; at < outputs.size(); ++at) encoded = replaced(encoded, Column::numeric(outputs[at], std::move(out_of_fold[at])));
    return {std::move(fitted), std::move(encoded)};
  }

 private:
  // The tables learnt from the rows listed, all where none is.
  std::vector<LookupColumn> lookups(const TransformerInput& input, std::span<const uint32_t> rows) const {
    if (input.target == nullptr)
      throw Error(ErrorCode::BadValue, "target_encode needs a target", "Fit it with the target, or encode without one (frequency, ordinal).");
    std::vector<uint32_t> all;
    if (rows.empty()) {
      for (uint32_t row = 0; row < input.table.n_rows(); ++row) all.push_back(row);
      rows = all;
    }
    const Target& target = *input.target;
    const size_t width = n_parts(target);
    const auto weight_of = [&](uint32_t row) { return input.weights.empty() ? 1.0 : input.weights[row]; };
    std::vector<double> mean(width);
    double total = 0;
    for (const uint32_t row : rows) {
      total += weight_of(row);
      for (size_t k = 0; k < width; ++k) mean[k] += weight_of(row) * part(target, row, k);
    }
    for (double& m : mean) m = total > 0 ? m / total : 0;
    std::vector<LookupColumn> made;
    for (const std::string& name : chosen_columns(input.table, params_.columns, is_category, "target_encode"))
      made.push_back(lookup(name, input.table.column(name), target, rows, weight_of, mean));
    return made;
  }

  template <class WeightOf>
  LookupColumn lookup(const std::string& name, const Column& column, const Target& target, std::span<const uint32_t> rows, const WeightOf& weight_of,
                      const std::vector<double>& mean) const {
    const size_t width = mean.size(), n_levels = column.dictionary()->size();
    std::vector<double> weights(n_levels), sums(n_levels * width);
    const auto codes = column.codes();
    for (const uint32_t row : rows) {
      if (codes[row] < 0) continue;
      const auto level = static_cast<size_t>(codes[row]);
      weights[level] += weight_of(row);
      for (size_t k = 0; k < width; ++k) sums[level * width + k] += weight_of(row) * part(target, row, k);
    }
    LookupColumn made{name, *column.dictionary(), static_cast<int64_t>(width), {}, mean, mean, {}};
    for (size_t level = 0; level < n_levels; ++level)
      for (size_t k = 0; k < width; ++k) {
        const bool known = weights[level] > 0 && weights[level] >= params_.min_rows;
        made.numbers.push_back(known ? (sums[level * width + k] + params_.smoothing * mean[k]) / (weights[level] + params_.smoothing) : mean[k]);
      }
    for (size_t k = 0; k < width; ++k) made.outputs.push_back(name + "__target" + (width > 1 ? std::to_string(k) : std::string()));
    return made;
  }

  TargetEncodeParams params_;
};

}  // namespace

void register_target_encode(Catalog<Transformer>& catalog) {
  catalog.add<TargetEncode, TargetEncodeParams>("target_encode", "Categories become the smoothed mean of the target, out of fold in training.");
}

}  // namespace kolosal
