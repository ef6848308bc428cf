#include "kolosal/preprocess/encode/target_chunks.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/encode/fold_dealer.h"

namespace kolosal {
namespace {

constexpr std::string_view kName = "target_encode";
constexpr size_t kFittedBytes = 196;  // of a level beside its text and numbers, once it is fitted

/// What the sums of a level and its encodings take.
size_t bytes_of_sums(size_t n_levels, size_t n_outputs, bool with_squares) {
  return (n_levels + 2) * sizeof(double) * (1 + n_outputs * (with_squares ? 3 : 2));
}

/// The levels of a column in the order in which they were first seen, and where each stands among the fitted ones.
struct SeenLevels {
  TextWeights texts;
  std::vector<size_t> order;     // of the fitted ones
  std::vector<uint32_t> places;  // of the seen ones, in that order

  void settle(ColumnKind kind) {
    std::vector<std::string_view> views(texts.size());
    for (size_t level = 0; level < views.size(); ++level) views[level] = texts.text(level);
    std::vector<size_t> all(views.size());
    std::iota(all.begin(), all.end(), size_t{0});
    order = order_of_levels(views, std::move(all), kind == ColumnKind::Integer || kind == ColumnKind::Numeric);
    places.resize(order.size());
    for (size_t place = 0; place < order.size(); ++place) places[order[place]] = static_cast<uint32_t>(place);
  }
};

/// One column and what is summed of it.
struct TargetColumn {
  TargetColumn(LookupColumn encoded, size_t where, size_t n_outputs, bool with_squares)
      : spec(std::move(encoded)), place(where), levels(std::make_shared<SeenLevels>()), sums(0, n_outputs, with_squares) {}

  LookupColumn spec;  // without levels and values
  size_t place;       // in the table
  std::shared_ptr<SeenLevels> levels;
  LevelSums sums;
  GrowingLease lease;
};

/// What a target must be like in every chunk.
struct TargetKind {
  explicit TargetKind(const Target& target) : task(target.task), class_names(target.class_names), n_targets(target.n_targets) {}
  bool operator==(const TargetKind&) const = default;

  Task task;
  std::vector<std::string> class_names;
  size_t n_targets;
};

/// The class of a row for dealing: rows of regression have one.
size_t class_of(const Target& target, size_t row) { return is_classification(target.task) ? static_cast<size_t>(target.values[row]) : 0; }

/// Training rows out of fold: sums by fold, and then the encodings of each row by those of the other folds.
class FoldedRows final : public OutOfFoldRows {
 public:
  struct Of {
    LookupColumn spec;  // without levels
    std::shared_ptr<const SeenLevels> levels;
    std::vector<LevelSums> sums;              // of each fold, until the tables are made
    std::vector<std::vector<double>> tables;  // of each fold, and of none
    GrowingLease lease;
  };

  FoldedRows(TargetEncoding encoding, std::vector<size_t> n_of_class, std::vector<Of> columns)
      : encoding_(std::move(encoding)), n_of_class_(std::move(n_of_class)), columns_(std::move(columns)) {}

  void add(const TransformerInput& chunk, const FitContext& context) override {
    if (chunk.table.n_rows() == 0) return;
    const std::vector<uint8_t> folds = deal(chunk, context);
    const Goals goals(*chunk.target);
    const bool with_squares = !encoding_.smoothing.rows.has_value();
    context.threads->parallel_each(columns_.size(), [&](size_t i) {
      context.check();
      Of& of = columns_[i];
      const ColumnLevels found = column_levels(chunk.table.column(of.spec.name), chunk.weights);
      const size_t n_levels = of.levels->texts.size();
      if (of.sums.empty()) {
        of.lease.grow(context.memory, 2 * encoding_.n_folds * bytes_of_sums(n_levels, goals.n_outputs(), with_squares),
                      "the sums by fold of column '" + of.spec.name + "'");
        of.sums.assign(encoding_.n_folds, LevelSums(n_levels, goals.n_outputs(), with_squares));
      }
      const auto by_fold =
          sums_by_fold(found.codes, folds, encoding_.n_folds, goals, chunk.weights, found.levels.size(), with_squares, context);
      std::vector<uint32_t> numbers;
      for (const std::string& level : found.levels) {
        const size_t number = of.levels->texts.find(level);
        if (number == TextWeights::kNone)
          throw Error(ErrorCode::BadValue,
                      std::string(kName) + ": column '" + of.spec.name + "' holds '" + level + "', which the pass before did not",
                      "Give the same rows in each pass.");
        numbers.push_back(static_cast<uint32_t>(number));
      }
      for (size_t fold = 0; fold < encoding_.n_folds; ++fold) of.sums[fold].merge(by_fold[fold], numbers);
    });
    of_no_rows_ = goals.of_no_rows();
  }

  Table transform(const TransformerInput& chunk, const FitContext& context) override {
    if (!is_encoding_) make_tables(context);
    const std::vector<uint8_t> folds = deal(chunk, context);
    std::vector<std::vector<Column>> encoded(chunk.table.n_columns());
    context.threads->parallel_each(columns_.size(), [&](size_t i) {
      const Of& of = columns_[i];
      const Column& column = chunk.table.column(of.spec.name);  // steps before this one may have moved it since it was fitted
      const auto place = static_cast<size_t>(&column - chunk.table.columns().data());
      encoded[place] = encode_by_fold(slots_of(of, column), folds, of.tables, of.spec, *context.threads);
    });
    return with_encoded(chunk.table, std::move(encoded), encoding_.keep);
  }

 private:
  /// The folds of the next rows.
  std::vector<uint8_t> deal(const TransformerInput& chunk, const FitContext& context) {
    if (!dealer_) dealer_.emplace(n_of_class_, encoding_.n_folds, context.seed);
    std::vector<uint8_t> folds(chunk.table.n_rows(), static_cast<uint8_t>(encoding_.n_folds));
    for (size_t row = 0; row < folds.size(); ++row)
      if (chunk.weights.empty() || chunk.weights[row] != 0) folds[row] = dealer_->next(class_of(*chunk.target, row));
    return folds;
  }

  void make_tables(const FitContext& context) {
    is_encoding_ = true;
    dealer_.reset();
    context.threads->parallel_each(columns_.size(), [&](size_t i) {
      Of& of = columns_[i];
      std::vector<std::vector<double>> tables;
      for (size_t fold = 0; fold < encoding_.n_folds; ++fold) {
        LevelSums others = of.sums[fold == 0 ? 1 : 0];
        for (size_t other = fold == 0 ? 2 : 1; other < encoding_.n_folds; ++other)
          if (other != fold) others.merge(of.sums[other]);
        tables.push_back(others.take(of.levels->order).encodings(encoding_.smoothing, of_no_rows_));
      }
      tables.push_back(std::move(of.spec.values));
      of.tables = std::move(tables);
      of.sums.clear();
    });
  }

  /// As slots_of_rows.
  static std::vector<uint32_t> slots_of(const Of& of, const Column& column) {
    const ColumnLevels found = column_levels(column, {});
    const auto unknown = static_cast<uint32_t>(of.levels->order.size());
    std::vector<uint32_t> slot_of;
    for (const std::string& level : found.levels) {
      const size_t number = of.levels->texts.find(level);
      slot_of.push_back(number == TextWeights::kNone ? unknown : of.levels->places[number]);
    }
    std::vector<uint32_t> slots(column.size(), unknown + 1);
    for (size_t row = 0; row < slots.size(); ++row)
      if (found.codes[row] >= 0) slots[row] = slot_of[static_cast<size_t>(found.codes[row])];
    return slots;
  }

  TargetEncoding encoding_;
  std::vector<size_t> n_of_class_;
  std::vector<Of> columns_;
  std::optional<FoldDealer> dealer_;
  double of_no_rows_ = 0;
  bool is_encoding_ = false;
};

class TargetChunks final : public ChunkFit {
 public:
  explicit TargetChunks(TargetEncoding encoding) : encoding_(std::move(encoding)) {}

  void add(const TransformerInput& chunk, const FitContext& context) override {
    if (chunk.table.n_rows() == 0) return;
    if (!like_) start(chunk);
    check_chunk(*like_, chunk.table, kName);
    if (columns_.empty()) return;
    if (chunk.target == nullptr || chunk.target->n_rows != chunk.table.n_rows() || TargetKind(*chunk.target) != *kind_)
      throw Error(ErrorCode::BadValue, std::string(kName) + ": a later chunk has another target than the first",
                  "Give every chunk the task and the classes of the first, and a value for each row.");
    for (size_t row = 0; row < chunk.table.n_rows(); ++row)
      if (chunk.weights.empty() || chunk.weights[row] != 0) ++n_of_class_[class_of(*chunk.target, row)];
    context.threads->parallel_each(columns_.size(), [&](size_t i) {
      context.check();
      add_column(columns_[i], chunk, context);
    });
  }

  std::vector<const Column*> columns(const TransformerInput& chunk) const override {
    return level_columns(chunk, encoding_.columns, kName);
  }

  std::unique_ptr<FittedTransformer> finish() const override {
    if (!like_) throw_no_chunk(kName);
    std::vector<LookupColumn> specs;
    for (const TargetColumn& column : columns_) {
      column.levels->settle(like_->column(column.place).kind());
      LookupColumn spec = column.spec;
      spec.values = column.sums.take(column.levels->order).encodings(encoding_.smoothing, of_no_rows_);
      spec.levels.reserve(column.levels->order.size());
      for (const size_t level : column.levels->order) spec.levels.emplace_back(column.levels->texts.text(level));
      specs.push_back(std::move(spec));
    }
    return make_lookup(std::move(specs));
  }

  std::unique_ptr<OutOfFoldRows> start_training_rows() const override {
    if (columns_.empty()) return nullptr;
    if (kind_->task == Task::Ranking)
      throw Error(ErrorCode::Unsupported, std::string(kName) + " encodes training rows out of fold, and those of a ranking group together",
                  "Encode all rows at once, or use frequency_encode.");
    std::vector<FoldedRows::Of> folded;
    for (const TargetColumn& column : columns_) {
      column.levels->settle(like_->column(column.place).kind());
      folded.push_back({column.spec, column.levels, {}, {}, {}});
      folded.back().spec.values = column.sums.take(column.levels->order).encodings(encoding_.smoothing, of_no_rows_);
    }
    return std::make_unique<FoldedRows>(encoding_, n_of_class_, std::move(folded));
  }

 private:
  void start(const TransformerInput& chunk) {
    TargetColumns chosen = target_columns(chunk, encoding_.columns, encoding_.unknown, encoding_.keep, kName);
    like_ = chunk.table.slice(0, 0);
    if (chosen.columns.empty()) return;
    kind_.emplace(*chunk.target);
    n_of_class_.resize(std::max<size_t>(kind_->class_names.size(), 1));
    const Goals goals(*chunk.target);
    of_no_rows_ = goals.of_no_rows();
    for (size_t i = 0; i < chosen.columns.size(); ++i)
      columns_.emplace_back(std::move(chosen.specs[i]), static_cast<size_t>(chosen.columns[i] - chunk.table.columns().data()),
                            goals.n_outputs(), !encoding_.smoothing.rows.has_value());
  }

  void add_column(TargetColumn& column, const TransformerInput& chunk, const FitContext& context) const {
    const Goals goals(*chunk.target);
    const bool with_squares = !encoding_.smoothing.rows.has_value();
    const ColumnLevels found = column_levels(chunk.table.column(column.place), chunk.weights);
    TextWeights& texts = column.levels->texts;
    size_t n_bytes = 0;
    for (const std::string& level : found.levels) n_bytes += level.size();
    const size_t n_levels = texts.size() + found.levels.size();
    column.lease.grow(context.memory,
                      texts.bytes_with(found.levels.size(), n_bytes) + texts.text_bytes() + n_bytes + kFittedBytes * n_levels +
                          2 * bytes_of_sums(n_levels, goals.n_outputs(), with_squares),
                      distinct_values_of(chunk.table.column(column.place)));
    std::vector<uint8_t> folds(chunk.table.n_rows(), 0);
    for (size_t row = 0; row < chunk.weights.size(); ++row) folds[row] = chunk.weights[row] == 0 ? 1 : 0;
    const auto sums = sums_by_fold(found.codes, folds, 1, goals, chunk.weights, found.levels.size(), with_squares, context);
    std::vector<uint32_t> numbers;
    for (size_t i = 0; i < found.levels.size(); ++i) numbers.push_back(static_cast<uint32_t>(texts.add(found.levels[i], found.weights[i])));
    column.sums.grow(texts.size());
    column.sums.merge(sums.front(), numbers);
  }

  TargetEncoding encoding_;
  std::optional<Table> like_;
  std::optional<TargetKind> kind_;
  double of_no_rows_ = 0;
  std::vector<size_t> n_of_class_;
  std::vector<TargetColumn> columns_;
};

}  // namespace

std::unique_ptr<ChunkFit> encode_target_in_chunks(TargetEncoding encoding) { return std::make_unique<TargetChunks>(std::move(encoding)); }

}  // namespace kolosal
