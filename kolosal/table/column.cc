#include "kolosal/table/column.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "kolosal/base/array.h"
#include "kolosal/base/fields.h"

namespace kolosal {
namespace {

std::string shortest(auto number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return std::string(text, end);
}

template <class T>
Validity taken_validity(const Validity& validity, std::span<const T> rows) {
  if (validity.bits == nullptr) return {};
  std::vector<uint8_t> there(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) there[i] = validity.is_valid(rows[i]);
  return Validity::from_bytes(there);
}

template <class T>
std::vector<T> taken(std::span<const T> values, std::span<const uint32_t> rows) {
  std::vector<T> out(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) out[i] = values[rows[i]];
  return out;
}

struct TextStorage {
  std::vector<int64_t> offsets;
  std::string bytes;
};

}  // namespace

Validity Validity::from_bytes(std::span<const uint8_t> there) {
  if (std::ranges::find(there, uint8_t{0}) == there.end()) return {};
  auto bits = std::make_shared<std::vector<uint8_t>>((there.size() + 7) / 8, uint8_t{0});
  size_t row = 0;
  for (uint8_t& byte : *bits)
    for (unsigned bit = 0; bit < 8 && row < there.size(); ++bit, ++row) byte |= static_cast<uint8_t>((there[row] != 0) << bit);
  const uint8_t* start = bits->data();
  return {std::move(bits), start};
}

Validity Validity::slice(size_t begin, size_t n_rows) const {
  if (bits == nullptr) return {};
  if (begin % 8 == 0) return {owner, bits + begin / 8};
  std::vector<uint8_t> there(n_rows);
  for (size_t row = 0; row < n_rows; ++row) there[row] = is_valid(begin + row);
  return from_bytes(there);
}

Column::Column(const Column& other) = default;
Column::Column(Column&& other) noexcept = default;
Column& Column::operator=(const Column& other) = default;
Column& Column::operator=(Column&& other) noexcept = default;
Column::~Column() = default;

Column::Column(std::string name, ColumnKind kind, size_t size, const void* values, std::shared_ptr<const void> owner, Validity validity)
    : name_(std::move(name)), kind_(kind), size_(size), values_(values), owner_(std::move(owner)), validity_(std::move(validity)) {}

Column Column::numeric(std::string name, std::vector<double> values, Validity validity) {
  auto owner = std::make_shared<const std::vector<double>>(std::move(values));
  return view_numeric(std::move(name), std::span<const double>(*owner), owner, std::move(validity));
}

Column Column::numeric(std::string name, std::vector<float> values, Validity validity) {
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  return view_numeric(std::move(name), std::span<const float>(*owner), owner, std::move(validity));
}

namespace {

template <class T>
Column written_column(std::string name, size_t n_rows, const std::function<void(std::span<T>)>& write, Validity validity) {
  ArrayBytes bytes = ArrayBytes::unset(n_rows * sizeof(T));
  const std::span<T> values(reinterpret_cast<T*>(bytes.begin_writing()), n_rows);
  write(values);
  return Column::view_numeric(std::move(name), std::span<const T>(values), bytes.owner(), std::move(validity));
}

}  // namespace

Column Column::written(std::string name, size_t n_rows, const std::function<void(std::span<double>)>& write, Validity validity) {
  return written_column(std::move(name), n_rows, write, std::move(validity));
}

Column Column::written(std::string name, size_t n_rows, const std::function<void(std::span<float>)>& write, Validity validity) {
  return written_column(std::move(name), n_rows, write, std::move(validity));
}

Column Column::integer(std::string name, std::vector<int64_t> values, Validity validity) {
  auto owner = std::make_shared<const std::vector<int64_t>>(std::move(values));
  return view_int64(std::move(name), ColumnKind::Integer, *owner, owner, std::move(validity));
}

Column Column::timestamp(std::string name, std::vector<int64_t> microseconds, Validity validity) {
  auto owner = std::make_shared<const std::vector<int64_t>>(std::move(microseconds));
  return view_int64(std::move(name), ColumnKind::Timestamp, *owner, owner, std::move(validity));
}

Column Column::date(std::string name, std::vector<int64_t> days, Validity validity) {
  auto owner = std::make_shared<const std::vector<int64_t>>(std::move(days));
  return view_int64(std::move(name), ColumnKind::Date, *owner, owner, std::move(validity));
}

Column Column::boolean(std::string name, std::vector<uint8_t> values, Validity validity) {
  auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(values));
  return Column(std::move(name), ColumnKind::Boolean, owner->size(), owner->data(), owner, std::move(validity));
}

Column Column::categorical(std::string name, std::vector<int32_t> codes, Dictionary dictionary) {
  const auto n_levels = static_cast<int64_t>(dictionary->size());
  for (const int32_t code : codes)
    if (code < -1 || code >= n_levels)
      throw Error(ErrorCode::BadValue, "column '" + name + "': code " + std::to_string(code) + " is outside its dictionary of " +
                                           std::to_string(n_levels) + " levels");
  auto owner = std::make_shared<const std::vector<int32_t>>(std::move(codes));
  Column column(std::move(name), ColumnKind::Categorical, owner->size(), owner->data(), owner, {});
  column.dictionary_ = std::move(dictionary);
  return column;
}

Column Column::view_categorical(std::string name, std::span<const int32_t> codes, Dictionary dictionary,
                                std::shared_ptr<const void> owner) {
  Column column(std::move(name), ColumnKind::Categorical, codes.size(), codes.data(), std::move(owner), {});
  column.dictionary_ = std::move(dictionary);
  return column;
}

Column Column::text(std::string name, std::span<const std::string> values, Validity validity) {
  auto storage = std::make_shared<TextStorage>();
  storage->offsets.reserve(values.size() + 1);
  storage->offsets.push_back(0);
  for (const std::string& value : values) {
    storage->bytes += value;
    storage->offsets.push_back(static_cast<int64_t>(storage->bytes.size()));
  }
  return view_text(std::move(name), storage->offsets, storage->bytes.data(), storage, std::move(validity));
}

Column Column::view_numeric(std::string name, std::span<const double> values, std::shared_ptr<const void> owner, Validity validity) {
  return Column(std::move(name), ColumnKind::Numeric, values.size(), values.data(), std::move(owner), std::move(validity));
}

Column Column::view_numeric(std::string name, std::span<const float> values, std::shared_ptr<const void> owner, Validity validity) {
  Column column(std::move(name), ColumnKind::Numeric, values.size(), values.data(), std::move(owner), std::move(validity));
  column.float32_ = true;
  return column;
}

Column Column::view_int64(std::string name, ColumnKind kind, std::span<const int64_t> values, std::shared_ptr<const void> owner,
                          Validity validity) {
  return Column(std::move(name), kind, values.size(), values.data(), std::move(owner), std::move(validity));
}

Column Column::view_text(std::string name, std::span<const int64_t> offsets, const char* bytes, std::shared_ptr<const void> owner,
                         Validity validity) {
  Column column(std::move(name), ColumnKind::Text, offsets.size() - 1, bytes, std::move(owner), std::move(validity));
  column.offsets_ = offsets.data();
  return column;
}

size_t Column::n_missing() const noexcept {
  size_t missing = 0;
  for (size_t row = 0; row < size_; ++row) missing += is_missing(row);
  return missing;
}

int64_t microseconds_of_day(int64_t days) noexcept {
  constexpr int64_t kDay = 86'400'000'000, kFarthest = std::numeric_limits<int64_t>::max() / kDay;
  return std::clamp(days, -kFarthest, kFarthest) * kDay;
}

void Column::wrong_kind(std::string_view wanted) const {
  throw Error(ErrorCode::BadValue,
              "column '" + name_ + "' is " + std::string(enum_name(kind_)) + " where " + std::string(wanted) + " is needed",
              "Give a column of that kind, or another transformer.");
}

std::span<const double> Column::float64() const {
  if (kind_ != ColumnKind::Numeric || float32_) wrong_kind("float64");
  return {static_cast<const double*>(values_), size_};
}

std::span<const float> Column::float32() const {
  if (kind_ != ColumnKind::Numeric || !float32_) wrong_kind("float32");
  return {static_cast<const float*>(values_), size_};
}

std::span<const int64_t> Column::int64() const {
  if (kind_ != ColumnKind::Integer && kind_ != ColumnKind::Timestamp && kind_ != ColumnKind::Date) wrong_kind("integer, timestamp or date");
  return {static_cast<const int64_t*>(values_), size_};
}

std::span<const uint8_t> Column::boolean() const {
  if (kind_ != ColumnKind::Boolean) wrong_kind("boolean");
  return {static_cast<const uint8_t*>(values_), size_};
}

std::span<const int32_t> Column::codes() const {
  if (kind_ != ColumnKind::Categorical) wrong_kind("categorical");
  return {static_cast<const int32_t*>(values_), size_};
}

const Dictionary& Column::dictionary() const {
  if (kind_ != ColumnKind::Categorical) wrong_kind("categorical");
  return dictionary_;
}

std::string_view Column::text(size_t row) const {
  if (kind_ != ColumnKind::Text) wrong_kind("text");
  return {static_cast<const char*>(values_) + offsets_[row], static_cast<size_t>(offsets_[row + 1] - offsets_[row])};
}

std::span<const int64_t> Column::text_offsets() const {
  if (kind_ != ColumnKind::Text) wrong_kind("text");
  return {offsets_, size_ + 1};
}

const char* Column::text_bytes() const {
  if (kind_ != ColumnKind::Text) wrong_kind("text");
  return static_cast<const char*>(values_);
}

double Column::number(size_t row) const {
  if (is_missing(row)) return std::numeric_limits<double>::quiet_NaN();
  switch (kind_) {
    case ColumnKind::Numeric: return float32_ ? static_cast<double>(float32()[row]) : float64()[row];
    case ColumnKind::Boolean: return boolean()[row];
    case ColumnKind::Categorical: return codes()[row];
    case ColumnKind::Integer:
    case ColumnKind::Timestamp:
    case ColumnKind::Date: return static_cast<double>(int64()[row]);
    case ColumnKind::Text: break;
  }
  wrong_kind("a number");
}

std::vector<double> Column::numbers() const {
  if (kind_ == ColumnKind::Text) wrong_kind("a number");
  const auto with_gaps = [this](const auto values) {
    std::vector<double> out(values.begin(), values.end());
    if (validity_.bits != nullptr)
      for (size_t row = 0; row < size_; ++row) out[row] = validity_.is_valid(row) ? out[row] : std::numeric_limits<double>::quiet_NaN();
    return out;
  };
  switch (kind_) {
    case ColumnKind::Numeric: return float32_ ? with_gaps(float32()) : with_gaps(float64());
    case ColumnKind::Boolean: return with_gaps(boolean());
    case ColumnKind::Categorical: break;
    default: return with_gaps(int64());
  }
  std::vector<double> out(size_);
  for (size_t row = 0; row < size_; ++row) out[row] = number(row);
  return out;
}

std::string Column::display(size_t row) const {
  if (is_missing(row)) return {};
  switch (kind_) {
    case ColumnKind::Numeric: return float32_ ? shortest(float32()[row]) : shortest(float64()[row]);
    case ColumnKind::Integer: return shortest(int64()[row]);
    case ColumnKind::Boolean: return boolean()[row] != 0 ? "true" : "false";
    case ColumnKind::Categorical: return (*dictionary_)[static_cast<size_t>(codes()[row])];
    case ColumnKind::Text: return std::string(text(row));
    case ColumnKind::Timestamp: return timestamp_text(int64()[row]);
    case ColumnKind::Date: return date_text(int64()[row]);
  }
  return {};
}

Column Column::renamed(std::string name) const {
  Column copy = *this;
  copy.name_ = std::move(name);
  return copy;
}

Column Column::take(std::span<const uint32_t> rows) const {
  Validity validity = taken_validity(validity_, rows);
  switch (kind_) {
    case ColumnKind::Numeric:
      return float32_ ? numeric(name_, taken(float32(), rows), std::move(validity))
                      : numeric(name_, taken(float64(), rows), std::move(validity));
    case ColumnKind::Boolean: return boolean(name_, taken(boolean(), rows), std::move(validity));
    case ColumnKind::Categorical: return categorical(name_, taken(codes(), rows), dictionary_);
    case ColumnKind::Text: {
      auto storage = std::make_shared<TextStorage>();
      storage->offsets.push_back(0);
      for (const uint32_t row : rows) {
        storage->bytes += text(row);
        storage->offsets.push_back(static_cast<int64_t>(storage->bytes.size()));
      }
      return view_text(name_, storage->offsets, storage->bytes.data(), storage, std::move(validity));
    }
    case ColumnKind::Integer:
    case ColumnKind::Timestamp:
    case ColumnKind::Date: break;
  }
  auto owner = std::make_shared<const std::vector<int64_t>>(taken(int64(), rows));
  return view_int64(name_, kind_, *owner, owner, std::move(validity));
}

Column Column::slice(size_t begin, size_t n_rows) const {
  Column part = *this;
  part.size_ = n_rows;
  switch (kind_) {
    case ColumnKind::Text: part.offsets_ += begin; break;
    case ColumnKind::Boolean: part.values_ = boolean().data() + begin; break;
    case ColumnKind::Categorical: part.values_ = codes().data() + begin; break;
    case ColumnKind::Numeric:
      if (float32_) part.values_ = float32().data() + begin;
      else part.values_ = float64().data() + begin;
      break;
    default: part.values_ = int64().data() + begin;
  }
  part.validity_ = validity_.slice(begin, n_rows);
  return part;
}

std::string date_text(int64_t days) {
  const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(days))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

std::string timestamp_text(int64_t microseconds) {
  constexpr int64_t kDay = 86'400'000'000;
  int64_t days = microseconds / kDay;
  int64_t rest = microseconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  char text[32];
  std::snprintf(text, sizeof text, "T%02d:%02d:%02d", static_cast<int>(rest / 3'600'000'000), static_cast<int>(rest / 60'000'000 % 60),
                static_cast<int>(rest / 1'000'000 % 60));
  std::string out = date_text(days) + text;
  if (const int64_t fraction = rest % 1'000'000; fraction != 0) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(fraction));
    out += text;
  }
  return out;
}

}  // namespace kolosal
