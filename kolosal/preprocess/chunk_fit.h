// What fits by chunks are made of: statistics of a column that grow with each chunk, and a ChunkFit that keeps one for each column.
//
// Sums are merged as Chan's, so they differ from those of all rows at once by rounding alone; ranges, counts and quantile sketches do
// not depend on where chunks end.
//
// Cost     O(n_rows) a column; memory as the statistic says.
// Source   Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979.
// Checked  chunk_fit_test.cc: a fit by chunks equals the fit of all rows.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/growing_lease.h"
#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/quantile_sketch.h"
#include "kolosal/table/text_weights.h"

namespace kolosal {

/// Moments of the finite numbers; a few bytes.
class ChunkMoments {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// Learns from further numbers.
  void add(const Sample& sample);
  /// Learns from the rows that the other has learnt from.
  void merge(const ChunkMoments& other);
  /// As column_moments gives them of all rows.
  Moments found() const;
  /// The weight of the numbers: their number, where they have none.
  double weight() const { return weighted_.n; }

 private:
  double n_values_ = 0;
  Moments weighted_;
};

/// Mean of the finite numbers, summed with twice the digits of float64 so that where chunks end does not change it; a few bytes.
class ChunkMean {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// As column_mean gives it of all rows.
  double found() const;

 private:
  double sum_ = 0, rest_ = 0, weight_ = 0;
};

/// Least and largest finite number; a few bytes.
class ChunkRange {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// Learns from the rows that the other has learnt from.
  void merge(const ChunkRange& other);
  /// As column_range gives it of all rows.
  Range found() const { return range_; }
  /// The same for people.
  Value seen() const { return Value(Value::Object{{"min", Value(range_.min)}, {"max", Value(range_.max)}}); }

 private:
  Range range_{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
};

/// Moments up to the third of the finite numbers; a few bytes.
class ChunkSkewness {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// The third moment of the numbers less their mean, divided by their deviation; 0 where they are all equal.
  double found() const;

 private:
  double n_ = 0, mean_ = 0, second_ = 0, third_ = 0;  // sums of powers of the differences from the mean
};

/// Quantiles of the finite numbers, by sketch.
class ChunkQuantiles {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// The sketch of all rows so far.
  const QuantileSketch& found() const { return sketch_; }

 private:
  QuantileSketch sketch_;
  GrowingLease lease_;
};

/// What a GrowingLease calls the values of a column.
std::string distinct_values_of(const Column& column);

/// The levels and their weights; memory grows with the number of levels.
class ChunkLevels {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// As column_levels gives them of all rows, without codes.
  ColumnLevels found() const;

 private:
  TextWeights weights_;
  double missing_weight_ = 0, total_weight_ = 0;
  ColumnKind kind_ = ColumnKind::Text;
  GrowingLease lease_;
};

/// Values known by 64 bits each, and their weights: open addressing, at most three quarters of the slots in use.
class BitWeights {
 public:
  /// Adds to the weight of a value, which is more than 0; what it is then.
  double add(uint64_t bits, double weight);
  /// Bytes that it takes while `n` values are added that are all new.
  size_t bytes_with(size_t n) const;

 private:
  struct Slot {
    uint64_t bits;
    double weight;  // 0 where the slot is empty
  };
  Slot& slot_of(uint64_t bits);

  std::vector<Slot> slots_;
  size_t n_ = 0;
};

/// The most frequent number or text, known at any time: a value can only come to be the most frequent when its own weight grows. Takes up
/// to 32 bytes a distinct value, however long; texts are told apart by a hash of 64 bits.
class ChunkMode {
 public:
  /// Learns from further rows; no weights mean that each is one.
  void add(const Column& column, std::span<const double> weights, const FitContext& context);
  /// The smallest of the most frequent; 0 and "missing" of none.
  double number() const;
  std::string text() const;
  /// The number of a column of integers or dates, to the last digit; nothing of any other, or without a value.
  std::optional<int64_t> whole_number() const;

 private:
  void make_room(const Column& column, const FitContext& context);
  void add_texts(const Column& column, std::span<const double> weights, const FitContext& context);
  /// Adds to the weight of a value; `best` is the smallest of the heaviest so far.
  template <class Value, class Seen>
  void add_weight(uint64_t bits, const Seen& value, double weight, std::optional<Value>& best);

  BitWeights weights_;
  double most_ = 0;
  std::optional<double> number_;
  std::optional<int64_t> whole_;
  std::optional<std::string> text_;
  GrowingLease lease_;
};

/// Throws Error(FeatureMismatch) where a later chunk has other columns or kinds than the first.
void check_chunk(const Table& like, const Table& chunk, std::string_view transformer);
/// Throws Error(EmptyInput).
[[noreturn]] void throw_no_chunk(std::string_view transformer);

/// A ChunkFit that keeps a Statistic of each column that `choose` picks from a chunk.
template <class Statistic>
class ColumnsInChunks : public ChunkFit {
 public:
  using Choose = std::function<std::vector<const Column*>(const TransformerInput& chunk)>;
  /// `like` has the columns of the chunks and no rows; `columns` are those chosen of it.
  using Finish = std::function<std::unique_ptr<FittedTransformer>(const Table& like, std::span<const Column* const> columns,
                                                                  const std::vector<Statistic>& statistics)>;

  /// `fresh` makes the statistic of a column that no rows have been seen of.
  ColumnsInChunks(
      std::string_view transformer, Choose choose, Finish finish, std::function<Statistic()> fresh = [] { return Statistic(); })
      : transformer_(transformer), choose_(std::move(choose)), finish_(std::move(finish)), fresh_(std::move(fresh)) {}

  void add(const TransformerInput& chunk, const FitContext& context) override {
    if (chunk.table.n_rows() == 0) return;
    const std::vector<const Column*> chosen = choose_(chunk);
    if (!like_) start(chunk.table, chosen);
    check_chunk(*like_, chunk.table, transformer_);
    const std::span<const double> weights = telling_weights(chunk.weights);
    context.threads->parallel_each(chosen.size(), [&](size_t i) {
      context.check();
      statistics_[i].add(*chosen[i], weights, context);
    });
  }

  std::vector<const Column*> columns(const TransformerInput& chunk) const override { return choose_(chunk); }

  std::unique_ptr<FittedTransformer> finish() const override {
    if (!like_) throw_no_chunk(transformer_);
    return finish_(*like_, chosen(), statistics_);
  }

  Value seen() const override {
    if constexpr (requires(const Statistic& statistic) { statistic.seen(); }) {
      Value::List columns;
      for (const Statistic& statistic : statistics_) columns.push_back(statistic.seen());
      return Value(Value::Object{{"columns", Value(std::move(columns))}});
    }
    return {};
  }

 protected:
  /// The columns chosen, without rows, and what was found of each.
  std::vector<const Column*> chosen() const {
    std::vector<const Column*> columns;
    for (const size_t place : places_) columns.push_back(&like_->column(place));
    return columns;
  }
  const std::vector<Statistic>& statistics() const { return statistics_; }

 private:
  void start(const Table& table, const std::vector<const Column*>& chosen) {
    like_ = table.slice(0, 0);
    for (const Column* column : chosen) {
      places_.push_back(static_cast<size_t>(column - table.columns().data()));
      statistics_.push_back(fresh_());
    }
  }

  std::string transformer_;
  Choose choose_;
  Finish finish_;
  std::function<Statistic()> fresh_;
  std::optional<Table> like_;
  std::vector<size_t> places_;
  std::vector<Statistic> statistics_;
};

/// What `make` makes of `fit_column(column, levels, free names)` of each of these columns of a table.
template <class FitColumn, class Spec>
std::unique_ptr<FittedTransformer> fit_levels(const TransformerInput& input, const FitContext& context,
                                              const std::vector<const Column*>& columns, FitColumn fit_column,
                                              std::unique_ptr<FittedTransformer> (*make)(std::vector<Spec> columns)) {
  FreeNames names(input.table);
  std::vector<Spec> fitted;
  for (const Column* column : columns) {
    context.check();
    fitted.push_back(fit_column(*column, levels_without_codes(*column, input.weights, context.threads.get()), names));
  }
  return make(std::move(fitted));
}

/// The same by chunks: a ChunkFit that makes of the columns that `choose` picks what fit_levels makes.
template <class FitColumn, class Spec>
std::unique_ptr<ChunkFit> fit_levels_in_chunks(std::string_view transformer, ColumnsInChunks<ChunkLevels>::Choose choose,
                                               FitColumn fit_column,
                                               std::unique_ptr<FittedTransformer> (*make)(std::vector<Spec> columns)) {
  return std::make_unique<ColumnsInChunks<ChunkLevels>>(
      transformer, std::move(choose),
      [fit_column, make](const Table& like, std::span<const Column* const> chosen, const std::vector<ChunkLevels>& statistics) {
        FreeNames names(like);
        std::vector<Spec> fitted;
        for (size_t i = 0; i < chosen.size(); ++i) fitted.push_back(fit_column(*chosen[i], statistics[i].found(), names));
        return make(std::move(fitted));
      });
}

/// A ChunkFit for a transformer that learns nothing from values: it fits `transformer` on the first chunk, and checks the others. `name`
/// is what messages call it. Where it `removes_rows`, its training_rows looks at each row alone.
std::unique_ptr<ChunkFit> fit_first_chunk(std::string_view name, const Transformer& transformer, bool removes_rows = false);

}  // namespace kolosal
