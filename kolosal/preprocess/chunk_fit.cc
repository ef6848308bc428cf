#include "kolosal/preprocess/chunk_fit.h"

#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

constexpr size_t kNodeBytes = 96;  // of a map's entry, beside its text

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

void GrowingLease::grow(const FitContext& context, size_t bytes, const Column& column) {
  if (bytes <= bytes_) return;
  const size_t step = std::max(bytes - bytes_, bytes_ / 4);  // few leases, whatever the number of chunks
  leases_.emplace_back(context.memory, step, "the distinct values of column '" + column.name() + "'");
  bytes_ += step;
}

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

void ChunkQuantiles::add(const Column& column, std::span<const double> weights, const FitContext&) { sketch_.add(column, weights); }

void ChunkLevels::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  const ColumnLevels more = column_levels(column, weights);
  kind_ = column.kind();
  for (size_t i = 0; i < more.levels.size(); ++i) {
    const auto [place, is_new] = weights_.try_emplace(more.levels[i], 0.0);
    place->second += more.weights[i];
    if (is_new) bytes_ += more.levels[i].size() + kNodeBytes;
  }
  missing_weight_ += more.missing_weight;
  total_weight_ += more.total_weight;
  lease_.grow(context, bytes_, column);
}

ColumnLevels ChunkLevels::found() const {
  // The levels as a column of one row each are put in order as those of any column are.
  std::vector<double> weights;
  std::vector<std::string> texts;
  for (const auto& [text, weight] : weights_) {
    texts.push_back(text);
    weights.push_back(weight);
  }
  const auto column = [&] {
    if (kind_ == ColumnKind::Integer) {
      std::vector<int64_t> numbers;
      for (const std::string& text : texts) numbers.push_back(parse_integer(text).value());
      return Column::integer("levels", std::move(numbers));
    }
    if (kind_ == ColumnKind::Numeric) {
      std::vector<double> numbers;
      for (const std::string& text : texts) numbers.push_back(parse_number(text).value());
      return Column::numeric("levels", std::move(numbers));
    }
    return Column::text("levels", texts);
  }();
  ColumnLevels all = column_levels(column, weights);
  all.codes = {};
  all.missing_weight = missing_weight_;
  all.total_weight = total_weight_;
  return all;
}

namespace {

/// Adds weights to those known of each value; by how many bytes these grow. `more` is in ascending order of value.
template <class Key>
size_t add_weights(std::map<Key, double>& known, const std::vector<std::pair<Key, double>>& more) {
  size_t bytes = 0;
  auto place = known.begin();
  for (const auto& [value, weight] : more) {
    if (weight == 0) continue;
    if (place != known.end() && place->first == value) {
      place->second += weight;
      continue;
    }
    const size_t before = known.size();
    place = known.try_emplace(place == known.end() ? place : std::next(place), value, 0.0);
    place->second += weight;
    if (known.size() == before) continue;
    bytes += kNodeBytes;
    if constexpr (std::is_same_v<Key, std::string>) bytes += value.size();
  }
  return bytes;
}

/// The weights of a column's texts, each text once.
std::vector<std::pair<std::string, double>> text_weights(const Column& column, std::span<const double> weights) {
  std::map<std::string_view, double> weight_of;
  std::vector<double> by_code(column.kind() == ColumnKind::Categorical ? column.dictionary()->size() : 0);
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    const double weight = weights.empty() ? 1.0 : weights[row];
    if (column.kind() == ColumnKind::Categorical) by_code[static_cast<size_t>(column.codes()[row])] += weight;
    else weight_of[column.text(row)] += weight;
  }
  for (size_t code = 0; code < by_code.size(); ++code) weight_of[(*column.dictionary())[code]] += by_code[code];
  return {weight_of.begin(), weight_of.end()};
}

std::vector<std::pair<int64_t, double>> whole_weights(const Column& column, std::span<const double> weights) {
  std::vector<std::pair<int64_t, double>> found;
  found.reserve(column.size());
  for (size_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row)) found.emplace_back(column.int64()[row], weights.empty() ? 1.0 : weights[row]);
  std::ranges::sort(found);
  return found;
}

std::vector<std::pair<double, double>> number_weights(const Column& column, std::span<const double> weights) {
  Sample sample = finite_sample(column, weights);
  sort_sample(sample);
  std::vector<std::pair<double, double>> found(sample.values.size());
  for (size_t i = 0; i < found.size(); ++i) found[i] = {sample.values[i], sample.weight(i)};
  return found;
}

/// The first of the heaviest; `none` of none.
template <class Key>
Key heaviest(const std::map<Key, double>& weights, Key none) {
  const auto by_weight = [](const auto& a, const auto& b) { return a.second < b.second; };
  return weights.empty() ? none : std::ranges::max_element(weights, by_weight)->first;
}

}  // namespace

void ChunkMode::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  const ColumnKind kind = column.kind();
  if (is_level(kind)) bytes_ += add_weights(texts_, text_weights(column, weights));
  else if (is_moment(kind) || kind == ColumnKind::Integer) bytes_ += add_weights(wholes_, whole_weights(column, weights));
  else bytes_ += add_weights(numbers_, number_weights(column, weights));
  lease_.grow(context, bytes_, column);
}

double ChunkMode::number() const {
  const auto whole = whole_number();
  return whole ? static_cast<double>(*whole) : heaviest(numbers_, 0.0);
}

std::optional<int64_t> ChunkMode::whole_number() const {
  if (wholes_.empty()) return std::nullopt;
  return heaviest(wholes_, int64_t{0});
}

std::string ChunkMode::text() const { return heaviest<std::string>(texts_, "missing"); }

}  // namespace kolosal
