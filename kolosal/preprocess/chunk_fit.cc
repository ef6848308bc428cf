#include "kolosal/preprocess/chunk_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

constexpr size_t kAddedTogether = 4096;  // values that room is made for at a time
/// What an encoder takes for a level beside its text: a string, a number, a place in an index, and two words to put them in order.
constexpr size_t kFittedBytes = 196;

/// Nothing but the columns and their kinds.
class FirstChunkFit final : public ChunkFit {
 public:
  FirstChunkFit(std::string_view name, const Transformer& transformer, bool removes_rows)
      : name_(name), transformer_(transformer), removes_rows_(removes_rows) {}

  void add(const TransformerInput& chunk, const FitContext& context) override {
    if (chunk.table.n_rows() == 0) return;
    if (!like_) {
      like_ = chunk.table.slice(0, 0);
      first_ = transformer_to_value(*transformer_.fit(chunk, context));
    }
    check_chunk(*like_, chunk.table, name_);
  }
  std::unique_ptr<FittedTransformer> finish() const override {
    if (!like_) throw_no_chunk(name_);
    return transformer_from_value(first_);
  }
  bool needs_all_rows() const override { return false; }
  std::vector<const Column*> columns(const TransformerInput& chunk) const override {
    std::vector<const Column*> all;
    for (const Column& column : chunk.table.columns()) all.push_back(&column);
    return all;
  }
  bool removes_rows() const override { return removes_rows_; }
  std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& chunk, const FitContext& context) const override {
    if (!removes_rows_) return std::nullopt;
    return transformer_.training_rows(chunk, context);
  }

 private:
  std::string name_;
  const Transformer& transformer_;
  bool removes_rows_;
  std::optional<Table> like_;
  Value first_;
};

}  // namespace

void check_chunk(const Table& like, const Table& chunk, std::string_view transformer) {
  check_same_columns(like, chunk, std::string(transformer) + ": a later chunk");
}

void throw_no_chunk(std::string_view transformer) {
  throw Error(ErrorCode::EmptyInput, std::string(transformer) + " cannot be fitted: the table is empty (0 rows)", "Give at least one row.");
}

std::unique_ptr<ChunkFit> fit_first_chunk(std::string_view name, const Transformer& transformer, bool removes_rows) {
  return std::make_unique<FirstChunkFit>(name, transformer, removes_rows);
}

std::string distinct_values_of(const Column& column) { return "the distinct values of column '" + column.name() + "'"; }

void ChunkMoments::add(const Sample& sample) {
  if (sample.values.empty()) return;
  Moments more;
  if (telling_weights(sample.weights).empty()) {
    more = moments(sample.values);
  } else {
    for (const double weight : sample.weights) more.n += weight;
    more.mean = sample_mean(sample);
    more.m2 = sample_variance(sample, more.mean) * more.n;
  }
  n_values_ += static_cast<double>(sample.values.size());
  weighted_ = weighted_.merged(more);
}

void ChunkMoments::add(const Column& column, std::span<const double> weights, const FitContext&) {
  if (!weights.empty()) return add(finite_sample(column, weights));
  const Moments more = column_moments(column, {});
  n_values_ += more.n;
  weighted_ = weighted_.merged(more);
}

void ChunkMoments::merge(const ChunkMoments& other) {
  n_values_ += other.n_values_;
  weighted_ = weighted_.merged(other.weighted_);
}

Moments ChunkMoments::found() const {
  if (weighted_.n == 0) return {};
  if (weighted_.n == n_values_) return weighted_;
  return {n_values_, weighted_.mean, weighted_.m2 / weighted_.n * n_values_};
}

void ChunkMean::add(const Column& column, std::span<const double> weights, const FitContext&) {
  const Sample sample = finite_sample(column, weights);
  for (size_t i = 0; i < sample.values.size(); ++i) {
    const double weight = sample.weight(i), term = weight * sample.values[i];
    const double sum = sum_ + term, part = sum - sum_;
    rest_ += (sum_ - (sum - part)) + (term - part) + std::fma(weight, sample.values[i], -term);  // what rounding lost (Knuth)
    sum_ = sum;
    weight_ += weight;
  }
}

double ChunkMean::found() const {
  const double mean = (sum_ + rest_) / weight_;
  return std::isfinite(mean) ? mean : 0;
}

void ChunkRange::add(const Column& column, std::span<const double> weights, const FitContext&) {
  const Range more = column_range(column, weights);
  range_ = {std::min(range_.min, more.min), std::max(range_.max, more.max)};
}

void ChunkRange::merge(const ChunkRange& other) {
  range_ = {std::min(range_.min, other.range_.min), std::max(range_.max, other.range_.max)};
}

void ChunkSkewness::add(const Column& column, std::span<const double> weights, const FitContext&) {
  const Sample sample = finite_sample(column, weights);
  if (sample.values.empty()) return;
  double n = 0, second = 0, third = 0;
  const double mean = sample_mean(sample);
  for (size_t i = 0; i < sample.values.size(); ++i) {
    const double weight = sample.weight(i), gap = sample.values[i] - mean;
    n += weight;
    second += weight * gap * gap;
    third += weight * gap * gap * gap;
  }
  // Pebay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments", 2008.
  const double both = n_ + n, gap = mean - mean_;
  third_ += third + gap * gap * gap * n_ * n * (n_ - n) / (both * both) + 3 * gap * (n_ * second - n * second_) / both;
  second_ += second + gap * gap * n_ * n / both;
  mean_ += gap * n / both;
  n_ = both;
}

double ChunkSkewness::found() const {
  const double spread = n_ > 0 ? std::sqrt(second_ / n_) : 0;
  return spread > 0 ? third_ / n_ / (spread * spread * spread) : 0;
}

void ChunkQuantiles::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  sketch_.add(column, weights);
  lease_.grow(context.memory, sketch_.bytes(), "the quantiles of column '" + column.name() + "'");
}

void ChunkLevels::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  // Several threads would each keep an index of the texts, which memory may be too little for.
  const Threads* threads = column.kind() == ColumnKind::Categorical ? context.threads.get() : nullptr;
  const ColumnLevels more = levels_without_codes(column, weights, threads);
  kind_ = column.kind();
  for (size_t i = 0; i < more.levels.size(); ++i) {
    if (i % kAddedTogether == 0) {
      const size_t end = std::min(i + kAddedTogether, more.levels.size());
      size_t n_bytes = 0;
      for (size_t next = i; next < end; ++next) n_bytes += more.levels[next].size();
      const size_t n_levels = weights_.size() + end - i;
      lease_.grow(context.memory, weights_.bytes_with(end - i, n_bytes) + weights_.text_bytes() + n_bytes + kFittedBytes * n_levels,
                  distinct_values_of(column));
    }
    weights_.add(more.levels[i], more.weights[i]);
  }
  missing_weight_ += more.missing_weight;
  total_weight_ += more.total_weight;
}

ColumnLevels ChunkLevels::found() const {
  std::vector<std::string_view> texts;
  std::vector<size_t> all_levels(weights_.size());
  std::iota(all_levels.begin(), all_levels.end(), size_t{0});
  for (const size_t level : all_levels) texts.push_back(weights_.text(level));
  ColumnLevels all;
  all.levels.reserve(texts.size());
  all.weights.reserve(texts.size());
  for (const size_t level : order_of_levels(texts, std::move(all_levels), kind_ == ColumnKind::Integer || kind_ == ColumnKind::Numeric)) {
    all.levels.emplace_back(texts[level]);
    all.weights.push_back(weights_.weight(level));
  }
  all.missing_weight = missing_weight_;
  all.total_weight = total_weight_;
  return all;
}

BitWeights::Slot& BitWeights::slot_of(uint64_t bits) {
  uint64_t mixed = (bits ^ bits >> 32) * 0x9E3779B97F4A7C15;
  mixed ^= mixed >> 32;
  for (size_t place = mixed & (slots_.size() - 1);; place = (place + 1) & (slots_.size() - 1))
    if (slots_[place].weight == 0 || slots_[place].bits == bits) return slots_[place];
}

double BitWeights::add(uint64_t bits, double weight) {
  if (4 * (n_ + 1) > 3 * slots_.size()) {
    std::vector<Slot> former(std::max<size_t>(2 * slots_.size(), 64));
    former.swap(slots_);
    for (const Slot& slot : former)
      if (slot.weight != 0) slot_of(slot.bits) = slot;
  }
  Slot& slot = slot_of(bits);
  n_ += slot.weight == 0 ? 1 : 0;
  slot.bits = bits;
  return slot.weight += weight;
}

size_t BitWeights::bytes_with(size_t n) const {
  size_t n_slots = std::max<size_t>(slots_.size(), 64);
  while (4 * (n_ + n) > 3 * n_slots) n_slots *= 2;
  return (n_slots + (n_slots > slots_.size() ? n_slots / 2 : 0)) * sizeof(Slot);
}

void ChunkMode::make_room(const Column& column, const FitContext& context) {
  lease_.grow(context.memory, weights_.bytes_with(kAddedTogether), distinct_values_of(column));
}

template <class Value, class Seen>
void ChunkMode::add_weight(uint64_t bits, const Seen& value, double weight, std::optional<Value>& best) {
  if (weight == 0) return;
  const double reached = weights_.add(bits, weight);
  if (reached < most_ || (reached == most_ && best && *best <= value)) return;
  most_ = reached;
  best = Value(value);
}

void ChunkMode::add_texts(const Column& column, std::span<const double> weights, const FitContext& context) {
  const auto weight_of = [&weights](size_t row) { return weights.empty() ? 1.0 : weights[row]; };
  const auto add_text = [&](size_t i, std::string_view text, double weight) {
    if (i % kAddedTogether == 0) make_room(column, context);
    add_weight(std::hash<std::string_view>()(text), text, weight, text_);
  };
  if (column.kind() != ColumnKind::Categorical) {
    for (size_t row = 0; row < column.size(); ++row)
      add_text(row, column.is_missing(row) ? "" : column.text(row), column.is_missing(row) ? 0.0 : weight_of(row));
    return;
  }
  std::vector<double> by_code(column.dictionary()->size());
  for (size_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row)) by_code[static_cast<size_t>(column.codes()[row])] += weight_of(row);
  for (size_t code = 0; code < by_code.size(); ++code) add_text(code, (*column.dictionary())[code], by_code[code]);
}

void ChunkMode::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  const ColumnKind kind = column.kind();
  if (is_level(kind)) return add_texts(column, weights, context);
  if (is_moment(kind) || kind == ColumnKind::Integer) {
    for (size_t row = 0; row < column.size(); ++row) {
      if (row % kAddedTogether == 0) make_room(column, context);
      if (column.is_missing(row)) continue;
      const int64_t whole = column.int64()[row];
      add_weight(static_cast<uint64_t>(whole), whole, weights.empty() ? 1.0 : weights[row], whole_);
    }
    return;
  }
  const Sample sample = finite_sample(column, weights);
  for (size_t i = 0; i < sample.values.size(); ++i) {
    if (i % kAddedTogether == 0) make_room(column, context);
    const double number = sample.values[i] == 0 ? 0.0 : sample.values[i];  // -0 is 0
    add_weight(std::bit_cast<uint64_t>(number), number, sample.weight(i), number_);
  }
}

double ChunkMode::number() const { return whole_ ? static_cast<double>(*whole_) : number_.value_or(0.0); }

std::optional<int64_t> ChunkMode::whole_number() const { return whole_; }

std::string ChunkMode::text() const { return text_.value_or("missing"); }

}  // namespace kolosal
