// Leave-one-out and ordered target encoding: a row's encoding is the smoothed mean target of other rows of its level,
//
//   (sum of w y over those rows + smoothing * prior) / (sum of w over them + smoothing),  prior = weighted mean of y over all rows
//
// Leave-one-out takes all other rows of the level, ordered the rows that stand before it: in a random order, or where `shuffle` is off
// in that of the table (rows in order of time). A row without such rows, with smoothing 0, gets the prior. New rows, and rows of weight 0,
// get the encoding by all rows of the level, as in target encoding.
//
// The prior is that of all rows, the row's own among them. A mean over the others alone would be one number for each value of the target:
// a level of a single row would then tell its target exactly. That of all rows is one number for everyone.
// Left one out, the rows of a level still differ by their own targets alone, the other way round; where that misleads a learner, as it does
// trees, ordered or target encoding is the better choice.
//
// Cost     O(n_rows n_outputs) a column; the ordered pass runs on one thread a column.
// Source   Zhang, Kaggle "Amazon employee access", 2013 (leave-one-out); Prokhorenkova et al., "CatBoost: unbiased boosting with
//          categorical features", NeurIPS 2018, section 3.2 (ordered).
// Checked  target_encode_test.cc: by hand.

#include <algorithm>
#include <functional>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/encode/target_sums.h"

namespace kolosal {
namespace {

constexpr size_t kRowsACheck = size_t{1} << 16;

struct LeaveOneOutParams {
  std::vector<std::string> columns;
  double smoothing = 1;
  UnknownLevel unknown = UnknownLevel::Default;
  bool keep = false;
};

struct OrderedParams : LeaveOneOutParams {
  bool shuffle = true;
};

template <class P>
void describe_common(Fields<P>& f) {
  f.add("columns", static_cast<std::vector<std::string> P::*>(&P::columns), "Columns to encode; empty means all categorical ones.");
  f.add("smoothing", static_cast<double P::*>(&P::smoothing),
        "Rows of prior: how much the mean of all rows counts against that of a level's rows.")
      .min(0)
      .search_log(0.1, 100);
  f.add("unknown", static_cast<UnknownLevel P::*>(&P::unknown),
        "What a level not seen in fitting gives: an error, a missing value, or the mean of all rows (default).")
      .choices({"error", "missing", "default"});
  f.add("keep", static_cast<bool P::*>(&P::keep), "Whether the column itself stays, before those made of it.");
}

void describe(Fields<LeaveOneOutParams>& f) { describe_common(f); }

void describe(Fields<OrderedParams>& f) {
  describe_common(f);
  f.add("shuffle", &OrderedParams::shuffle, "Whether rows come in a random order; else in that of the table.");
}

/// One column of training rows while it is encoded.
struct TrainingRows {
  const Goals& goals;
  std::span<const double> weights;
  std::vector<uint32_t> levels;  // of each row; the last is that of missing values
  std::vector<double> priors;
  double smoothing;

  double weight(size_t row) const { return weights.empty() ? 1.0 : weights[row]; }
  double encoding(double sum, double weight, size_t output) const {
    return weight + smoothing > 0 ? (sum + smoothing * priors[output]) / (weight + smoothing) : priors[output];
  }
};

/// Encodes training rows of weight: sets encoded[output][row].
using EncodeRows = std::function<void(const TrainingRows& rows, const LevelSums& all, const FitContext& context,
                                      const std::vector<std::span<double>>& encoded)>;

void leave_one_out(const TrainingRows& rows, const LevelSums& all, const FitContext& context,
                   const std::vector<std::span<double>>& encoded) {
  context.threads->parallel_for(rows.levels.size(), kRowsACheck, [&](size_t begin, size_t end) {
    context.check();
    for (size_t row = begin; row < end; ++row) {
      const double weight = rows.weight(row), others = all.weight(rows.levels[row]) - weight;
      if (weight == 0) continue;
      for (size_t k = 0; k < encoded.size(); ++k) {
        const double own = weight * rows.goals.of(row, k), sum = all.sum(rows.levels[row], k) - own;
        // What is left of a level of this row alone may be a rounding error.
        encoded[k][row] = others > 1e-12 * weight ? rows.encoding(sum, others, k) : rows.priors[k];
      }
    }
  });
}

void ordered(const TrainingRows& rows, std::span<const uint32_t> order, const LevelSums& all, const FitContext& context,
             const std::vector<std::span<double>>& encoded) {
  LevelSums before(all.n_levels(), encoded.size(), false);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i % kRowsACheck == 0) context.check();
    const size_t row = order[i], level = rows.levels[row];
    if (rows.weight(row) == 0) continue;
    for (size_t k = 0; k < encoded.size(); ++k) encoded[k][row] = rows.encoding(before.sum(level, k), before.weight(level), k);
    before.add(level, rows.goals, row, rows.weight(row));
  }
}

/// Both transformers: they differ in how training rows are encoded.
class OrderedEncode : public Transformer {
 public:
  OrderedEncode(LeaveOneOutParams params, std::string name) : params_(std::move(params)), name_(std::move(name)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_columns(input, context, nullptr);
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    std::vector<std::vector<Column>> encoded(input.table.n_columns());
    auto fitted = fit_columns(input, context, &encoded);
    return {std::move(fitted), with_encoded(input.table, std::move(encoded), params_.keep)};
  }

 protected:
  /// How the training rows of all columns are encoded.
  virtual EncodeRows encoder(const FitContext& context, size_t n_rows) const = 0;

 private:
  std::unique_ptr<FittedTransformer> fit_columns(const TransformerInput& input, const FitContext& context,
                                                 std::vector<std::vector<Column>>* encoded) const {
    TargetColumns chosen = target_columns(input, params_.columns, params_.unknown, params_.keep, name_);
    if (chosen.columns.empty()) return make_lookup({});
    if (!input.target->group.empty())
      throw Error(ErrorCode::Unsupported, name_ + " does not keep the rows of a ranking group out of each other's encoding",
                  "Use target_encode.");
    const MemoryLease lease(context.memory, encoded == nullptr ? 0 : chosen.bytes_made(input.table.n_rows()),
                            "the columns that " + name_ + " makes");
    const EncodeRows encode = encoded == nullptr ? EncodeRows() : encoder(context, input.table.n_rows());
    context.threads->parallel_each(chosen.columns.size(), [&](size_t i) {
      context.check();
      const auto place = static_cast<size_t>(chosen.columns[i] - input.table.columns().data());
      fit_column(*chosen.columns[i], input, context, chosen.specs[i], encode, encoded == nullptr ? nullptr : &(*encoded)[place]);
    });
    return make_lookup(std::move(chosen.specs));
  }

  void fit_column(const Column& column, const TransformerInput& input, const FitContext& context, LookupColumn& fitted,
                  const EncodeRows& encode, std::vector<Column>* encoded) const {
    const Goals goals(*input.target);
    ColumnLevels found = column_levels(column, input.weights, context.threads.get());
    const size_t n_levels = found.levels.size();
    std::vector<uint8_t> folds(column.size());  // one fold of the rows of weight
    for (size_t row = 0; row < folds.size(); ++row) folds[row] = !input.weights.empty() && input.weights[row] == 0 ? 1 : 0;
    const LevelSums all = sums_by_fold(found.codes, folds, 1, goals, input.weights, n_levels, false, context).front();
    fitted.values = all.encodings({params_.smoothing, 0}, goals.of_no_rows());
    if (encoded != nullptr) {
      TrainingRows rows{goals, input.weights, {}, all.priors(goals.of_no_rows()), params_.smoothing};
      for (const int32_t code : found.codes)
        rows.levels.push_back(code < 0 ? static_cast<uint32_t>(n_levels) : static_cast<uint32_t>(code));
      const auto slots = slots_of_rows(column, found, input.weights, *context.threads);
      *encoded = encode_rows(rows, slots.view(), all, fitted, encode, context);
    }
    fitted.levels = std::move(found.levels);
  }

  /// First all rows as new ones are, then those of weight anew.
  static std::vector<Column> encode_rows(const TrainingRows& rows, std::span<const uint32_t> slots, const LevelSums& all,
                                         const LookupColumn& spec, const EncodeRows& encode, const FitContext& context) {
    const size_t width = spec.outputs.size();
    std::vector<std::vector<double>> values(width, std::vector<double>(slots.size()));
    for (size_t k = 0; k < width; ++k)
      for (size_t row = 0; row < slots.size(); ++row) values[k][row] = spec.values[slots[row] * width + k];
    encode(rows, all, context, {values.begin(), values.end()});
    std::vector<Column> made;
    for (size_t k = 0; k < width; ++k) made.push_back(Column::numeric(spec.outputs[k], std::move(values[k])));
    return made;
  }

  LeaveOneOutParams params_;
  std::string name_;
};

class LeaveOneOutEncode : public OrderedEncode {
 public:
  explicit LeaveOneOutEncode(LeaveOneOutParams params) : OrderedEncode(std::move(params), "leave_one_out_encode") {}

 protected:
  EncodeRows encoder(const FitContext&, size_t) const override { return leave_one_out; }
};

class OrderedTargetEncode : public OrderedEncode {
 public:
  explicit OrderedTargetEncode(const OrderedParams& params) : OrderedEncode(params, "ordered_target_encode"), shuffle_(params.shuffle) {}

 protected:
  /// One order for all columns.
  EncodeRows encoder(const FitContext& context, size_t n_rows) const override {
    std::vector<uint32_t> order(n_rows);
    std::iota(order.begin(), order.end(), 0U);
    if (shuffle_) RandomStream(context.seed, "ordered_target_encode.order").shuffle(std::span(order));
    return [order = std::move(order)](const TrainingRows& rows, const LevelSums& all, const FitContext& fit_context,
                                      const std::vector<std::span<double>>& encoded) { ordered(rows, order, all, fit_context, encoded); };
  }

 private:
  bool shuffle_;
};

}  // namespace

void register_ordered_encode(Catalog<Transformer>& catalog) {
  catalog.add<LeaveOneOutEncode, LeaveOneOutParams>("leave_one_out_encode",
                                                    "Each row gets the smoothed mean target of the other rows of its level.",
                                                    {"leave_one_out", "leave_one_out_encoder"});
  catalog.add<OrderedTargetEncode, OrderedParams>("ordered_target_encode",
                                                  "Each row gets the smoothed mean target of the rows of its level that come before it.",
                                                  {"ordered_target", "catboost_encoder"});
}

}  // namespace kolosal
