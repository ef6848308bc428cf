// Target encoding: each level becomes the mean target of its rows, drawn towards the mean of all rows.
//
//   encoding(level) = (sum of w y over its rows + smoothing * prior) / (sum of w + smoothing),  prior = weighted mean of y
//
// y is the target (regression, each target of several, relevance), the indicator of class 1 (binary) or of each class. Missing values
// are a level of their own; a level not seen in fitting gets the prior. The training rows are encoded out of fold: rows are dealt
// into `n_folds` at random (rows of a ranking group together), and a row's encoding, prior included, sums over the other folds only,
// so no row sees its own target.
//
// Shapes   a column gives n_outputs columns: 1, or n_classes in multiclass, or n_targets.
// Cost     O(n_rows n_outputs + n_folds n_levels n_outputs) a column.
// Source   Micci-Barreca, SIGKDD Explorations 3(1), 2001 (the m-estimate).
// Checked  encoders_test.cc: by hand, and that no row sees its own target.
#include <algorithm>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {
namespace {

struct TargetEncodeParams {
  std::vector<std::string> columns;
  double smoothing = 10;
  int n_folds = 5;
  bool keep = false;
};

void describe(Fields<TargetEncodeParams>& f) {
  using P = TargetEncodeParams;
  f.add("columns", &P::columns, "Columns to encode; empty means all categorical ones.");
  f.add("smoothing", &P::smoothing, "Rows of prior: how much the mean of all rows counts against a level's own.").min(0).search_log(1, 100);
  f.add("n_folds", &P::n_folds, "Folds for the out-of-fold encoding of the training rows.").min(2).alias("cv");
  f.add("keep", &P::keep, "Whether the column itself stays, before those made of it.");
}

/// What is averaged: (n_rows, n_outputs) as a function of row and output.
struct Goals {
  const Target& target;
  size_t n_outputs;

  explicit Goals(const Target& from)
      : target(from),
        n_outputs(from.task == Task::Binary       ? 1
                  : from.task == Task::Multiclass ? from.n_classes()
                                                  : from.n_targets) {}
  double at(size_t row, size_t output) const {
    if (target.task == Task::Multiclass) return target.values[row] == static_cast<double>(output) ? 1 : 0;
    return target.values[row * target.n_targets + output];
  }
};

/// Weighted sums of goals and weights for each level (the last: missing), level by level: n_outputs sums, then the weight.
class LevelSums {
 public:
  LevelSums(size_t n_levels, size_t n_outputs) : width_(n_outputs + 1), sums_((n_levels + 1) * width_) {}

  void add(size_t level, const Goals& goals, size_t row, double weight) {
    double* sums = &sums_[level * width_];
    for (size_t k = 0; k + 1 < width_; ++k) sums[k] += weight * goals.at(row, k);
    sums[width_ - 1] += weight;
  }
  void add(const LevelSums& other) {
    for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
  }

  /// (n_levels + 2, n_outputs): each level, unknown levels, missing values.
  std::vector<double> encodings(double smoothing, double no_rows) const {
    const size_t n_levels = sums_.size() / width_ - 1;
    std::vector<double> prior(width_);
    for (size_t i = 0; i < sums_.size(); ++i) prior[i % width_] += sums_[i];
    for (size_t k = 0; k + 1 < width_; ++k) prior[k] = prior.back() > 0 ? prior[k] / prior.back() : no_rows;
    std::vector<double> values;
    const auto append = [&](const double* sums) {
      for (size_t k = 0; k + 1 < width_; ++k) {
        const double weight = sums == nullptr ? 0 : sums[width_ - 1];
        values.push_back(weight > 0 ? (sums[k] + smoothing * prior[k]) / (weight + smoothing) : prior[k]);
      }
    };
    for (size_t level = 0; level < n_levels; ++level) append(&sums_[level * width_]);
    append(nullptr);
    append(&sums_[n_levels * width_]);
    return values;
  }

 private:
  size_t width_;
  std::vector<double> sums_;
};

/// A fold for each row; rows of one ranking group share theirs.
std::vector<uint32_t> deal_folds(const Target& target, int n_folds, uint64_t seed) {
  const bool grouped = !target.group.empty();
  const size_t n_units = grouped ? *std::ranges::max_element(target.group) + size_t{1} : target.n_rows;
  std::vector<uint32_t> order(n_units);
  std::iota(order.begin(), order.end(), 0U);
  RandomStream(seed, "target_encode.folds").shuffle(std::span(order));
  std::vector<uint32_t> fold_of(n_units);
  for (size_t i = 0; i < n_units; ++i) fold_of[order[i]] = static_cast<uint32_t>(i % static_cast<size_t>(n_folds));
  if (!grouped) return fold_of;
  std::vector<uint32_t> folds(target.n_rows);
  for (size_t row = 0; row < folds.size(); ++row) folds[row] = fold_of[target.group[row]];
  return folds;
}

class TargetEncode : public Transformer {
 public:
  explicit TargetEncode(TargetEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_columns(input, context, nullptr);
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    std::vector<std::vector<Column>> encoded;
    auto fitted = fit_columns(input, context, &encoded);
    std::vector<Column> columns;
    for (size_t j = 0; j < input.table.n_columns(); ++j) {
      if (encoded[j].empty() || params_.keep) columns.push_back(input.table.column(j));
      for (Column& made : encoded[j]) columns.push_back(std::move(made));
    }
    return {std::move(fitted), Table(std::move(columns))};
  }

 private:
  /// Fits; where `encoded` is given it gets, for each column of the table, the columns made of it for the training rows.
  std::unique_ptr<FittedTransformer> fit_columns(const TransformerInput& input, const FitContext& context,
                                                 std::vector<std::vector<Column>>* encoded) const {
    const auto fits = [this](ColumnKind kind) { return kind == ColumnKind::Categorical || !params_.columns.empty(); };
    const auto columns = choose_columns(input, params_.columns, fits, "target_encode");
    if (encoded != nullptr) encoded->resize(input.table.n_columns());
    if (columns.empty()) return make_lookup({});
    if (input.target == nullptr || input.target->n_rows != input.table.n_rows())
      throw Error(ErrorCode::BadValue, "target_encode needs a target value for each row", "Fit it with a target, or use frequency_encode.");
    const Goals goals(*input.target);
    FreeNames names(input.table);
    std::vector<LookupColumn> fitted(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      fitted[i].name = columns[i]->name();
      fitted[i].keep = params_.keep;
      fitted[i].outputs = output_names(fitted[i].name, *input.target, goals.n_outputs, names);
    }
    const std::vector<uint32_t> folds = deal_folds(*input.target, params_.n_folds, context.seed);
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      const auto place = static_cast<size_t>(columns[i] - input.table.columns().data());
      fit_column(*columns[i], goals, input.weights, folds, fitted[i], encoded == nullptr ? nullptr : &(*encoded)[place]);
    });
    return make_lookup(std::move(fitted));
  }

  static std::vector<std::string> output_names(const std::string& column, const Target& target, size_t n_outputs, FreeNames& names) {
    std::vector<std::string> outputs;
    for (size_t k = 0; k < n_outputs; ++k) {
      std::string name = column + "__target";
      if (target.task == Task::Multiclass) name += "_" + target.class_names[k];
      else if (n_outputs > 1) name += std::to_string(k);
      outputs.push_back(names.claim(std::move(name)));
    }
    return outputs;
  }

  void fit_column(const Column& column, const Goals& goals, std::span<const double> weights, const std::vector<uint32_t>& folds,
                  LookupColumn& fitted, std::vector<Column>* encoded) const {
    const ColumnLevels found = column_levels(column, weights);
    const size_t n_levels = found.levels.size();
    const auto n_folds = static_cast<size_t>(params_.n_folds);
    std::vector<LevelSums> sums(n_folds, LevelSums(n_levels, goals.n_outputs));
    for (size_t row = 0; row < folds.size(); ++row) {
      const double weight = weights.empty() ? 1.0 : weights[row];
      if (weight == 0) continue;
      sums[folds[row]].add(found.codes[row] < 0 ? n_levels : static_cast<size_t>(found.codes[row]), goals, row, weight);
    }
    const double no_rows = goals.target.task == Task::Multiclass ? 1 / static_cast<double>(goals.n_outputs) : 0;
    LevelSums all(n_levels, goals.n_outputs);
    for (const LevelSums& fold : sums) all.add(fold);
    fitted.levels = found.levels;
    fitted.values = all.encodings(params_.smoothing, no_rows);
    if (encoded == nullptr) return;
    const std::vector<uint32_t> slots = LevelSlots(found.levels).find(column);
    std::vector<std::vector<double>> values(goals.n_outputs, std::vector<double>(folds.size()));
    for (size_t fold = 0; fold < n_folds; ++fold) {
      LevelSums others(n_levels, goals.n_outputs);
      for (size_t other = 0; other < n_folds; ++other)
        if (other != fold) others.add(sums[other]);
      const std::vector<double> encodings = others.encodings(params_.smoothing, no_rows);
      for (size_t row = 0; row < folds.size(); ++row)
        if (folds[row] == fold)
          for (size_t k = 0; k < goals.n_outputs; ++k) values[k][row] = encodings[slots[row] * goals.n_outputs + k];
    }
    for (size_t k = 0; k < goals.n_outputs; ++k) encoded->push_back(Column::numeric(fitted.outputs[k], std::move(values[k])));
  }

  TargetEncodeParams params_;
};

}  // namespace

void register_target_encode(Catalog<Transformer>& catalog) {
  catalog.add<TargetEncode, TargetEncodeParams>("target_encode", "Each level becomes the smoothed mean target of its rows, out of fold.",
                                                {"target", "target_encoder"});
}

}  // namespace kolosal
