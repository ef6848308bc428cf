#include "kolosal/stream/table_statistics.h"

#include <array>
#include <cmath>

namespace kolosal {
namespace {

constexpr std::array<std::pair<const char*, double>, 7> kTold{
    {{"p01", 0.01}, {"p05", 0.05}, {"p25", 0.25}, {"p50", 0.5}, {"p75", 0.75}, {"p95", 0.95}, {"p99", 0.99}}};
constexpr size_t kMostTold = 20;  // frequent values in to_value

void set_numbers(Value& value, const ColumnStatistics& column) {
  const Moments moments = column.moments();
  value.set("n_not_finite", Value(column.n_not_finite()));
  if (moments.n == 0) return;
  value.set("mean", Value(moments.mean));
  value.set("standard_deviation", Value(std::sqrt(moments.variance())));
  value.set("min", Value(column.range().min));
  value.set("max", Value(column.range().max));
  std::vector<double> wanted;
  for (const auto& [name, q] : kTold) wanted.push_back(q);
  const std::vector<double> found = column.quantiles().quantiles(wanted);
  for (size_t i = 0; i < kTold.size(); ++i) value.set(kTold[i].first, Value(found[i]));
  value.set("rank_error", Value(column.quantiles().rank_error()));
}

Value frequent_value(const HeavyHitters& frequent) {
  Value::List list;
  for (const auto& [text, count] : frequent.most_frequent()) {
    if (list.size() == kMostTold) break;
    list.push_back(Value(Value::Object{{"value", Value(text)}, {"count", Value(count)}}));
  }
  return Value(std::move(list));
}

}  // namespace

void describe(Fields<TableStatisticsOptions>& fields) {
  fields.add("sketch_width", &TableStatisticsOptions::sketch_width, "Numbers kept a level of a column's quantile sketch.")
      .min(2)
      .max(1 << 20);
  fields.add("n_frequent", &TableStatisticsOptions::n_frequent, "Frequent values kept of a column.").min(1).max(1 << 20);
}

ColumnStatistics::ColumnStatistics(const Column& like, const TableStatisticsOptions& options)
    : name_(like.name()),
      kind_(like.kind()),
      sketch_(static_cast<size_t>(options.sketch_width)),
      frequent_(static_cast<size_t>(options.n_frequent)) {}

bool ColumnStatistics::has_numbers() const noexcept {
  return kind_ != ColumnKind::Text && kind_ != ColumnKind::Categorical && kind_ != ColumnKind::Boolean;
}

bool ColumnStatistics::has_frequent() const noexcept { return kind_ != ColumnKind::Numeric && kind_ != ColumnKind::Timestamp; }

void ColumnStatistics::add(const Column& column, const FitContext& context) {
  const auto missing = static_cast<int64_t>(column.n_missing());
  n_rows_ += static_cast<int64_t>(column.size());
  n_missing_ += missing;
  if (has_numbers()) {
    const Sample sample = finite_sample(column, {});
    n_finite_ += static_cast<int64_t>(sample.values.size());
    moments_.add(sample);
    range_.add(column, {}, context);
    for (const double value : sample.values) sketch_.add(value);
  } else {
    n_finite_ += static_cast<int64_t>(column.size()) - missing;
  }
  if (has_frequent()) count_values(column);
}

void ColumnStatistics::count_values(const Column& column) {
  if (kind_ == ColumnKind::Categorical) {
    std::vector<int64_t> counts(column.dictionary()->size());
    for (const int32_t code : column.codes())
      if (code >= 0) ++counts[static_cast<size_t>(code)];
    for (size_t code = 0; code < counts.size(); ++code) frequent_.add((*column.dictionary())[code], counts[code]);
  } else if (kind_ == ColumnKind::Text) {
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row)) frequent_.add(column.text(row));
  } else {
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row)) frequent_.add(column.display(row));
  }
}

void ColumnStatistics::merge(const ColumnStatistics& other) {
  n_rows_ += other.n_rows_;
  n_missing_ += other.n_missing_;
  n_finite_ += other.n_finite_;
  moments_.merge(other.moments_);
  range_.merge(other.range_);
  sketch_.merge(other.sketch_);
  frequent_.merge(other.frequent_);
}

Value ColumnStatistics::to_value() const {
  Value value{Value::Object()};
  value.set("name", Value(name_));
  value.set("kind", Value(enum_name(kind_)));
  value.set("n_rows", Value(n_rows_));
  value.set("n_missing", Value(n_missing_));
  if (has_numbers()) set_numbers(value, *this);
  if (has_frequent()) {
    value.set("frequent", frequent_value(frequent_));
    value.set("frequent_error", Value(frequent_.error()));
  }
  return value;
}

TableStatistics::TableStatistics(const TableStatisticsOptions& options) : options_(options) {
  (void)from_value<TableStatisticsOptions>(kolosal::to_value(options), "table statistics");
}

void TableStatistics::start(const Table& like) {
  like_ = like;
  for (const Column& column : like.columns()) columns_.emplace_back(column, options_);
}

void TableStatistics::add(const Table& table, const FitContext& context) {
  if (!like_) start(table.slice(0, 0));
  check_chunk(*like_, table, "table statistics");
  context.threads->parallel_each(columns_.size(), [&](size_t j) {
    context.check();
    columns_[j].add(table.column(j), context);
  });
  n_rows_ += static_cast<int64_t>(table.n_rows());
}

void TableStatistics::merge(const TableStatistics& other) {
  if (options_.sketch_width != other.options_.sketch_width || options_.n_frequent != other.options_.n_frequent)
    throw Error(ErrorCode::BadValue, "table statistics of different options cannot be merged", "Give both the same options.");
  if (!other.like_) return;
  if (!like_) start(*other.like_);
  check_chunk(*like_, *other.like_, "table statistics");
  for (size_t j = 0; j < columns_.size(); ++j) columns_[j].merge(other.columns_[j]);
  n_rows_ += other.n_rows_;
}

Value TableStatistics::to_value() const {
  Value::List columns;
  for (const ColumnStatistics& column : columns_) columns.push_back(column.to_value());
  return Value(Value::Object{{"n_rows", Value(n_rows_)}, {"columns", Value(std::move(columns))}});
}

}  // namespace kolosal
