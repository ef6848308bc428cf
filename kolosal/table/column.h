// Column: one named, typed, immutable column of a table. Copies share the memory.
//
// Missing values are kept apart from NaN: a validity bitmap (one bit a row, least significant first, 1 = there) says what
// is missing, and a Numeric column may also hold NaN that its source wrote. Nothing here knows Arrow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {

/// What a column means.
enum class ColumnKind {
  Numeric,      ///< float64 or float32
  Integer,      ///< int64
  Boolean,      ///< one byte a row, 0 or 1
  Categorical,  ///< int32 codes into a dictionary of texts; code -1 where missing
  Text,         ///< UTF-8
  Timestamp,    ///< int64 microseconds since 1970-01-01 UTC
  Date,         ///< int64 days since 1970-01-01
};

constexpr auto enum_names(ColumnKind) {
  return std::to_array<std::pair<ColumnKind, std::string_view>>({{ColumnKind::Numeric, "numeric"},
                                                                 {ColumnKind::Integer, "integer"},
                                                                 {ColumnKind::Boolean, "boolean"},
                                                                 {ColumnKind::Categorical, "categorical"},
                                                                 {ColumnKind::Text, "text"},
                                                                 {ColumnKind::Timestamp, "timestamp"},
                                                                 {ColumnKind::Date, "date"}});
}

/// The texts that categorical codes stand for, in order of code. Shared and immutable.
using Dictionary = std::shared_ptr<const std::vector<std::string>>;

/// Which rows are there: least significant bit first, 1 = there. Null bits mean all rows are there.
struct Validity {
  std::shared_ptr<const void> owner;
  const uint8_t* bits = nullptr;

  /// Whether the row is there.
  bool is_valid(size_t row) const noexcept { return bits == nullptr || ((bits[row >> 3] >> (row & 7)) & 1) != 0; }
  /// From one byte a row (0 = missing). All ones give null bits.
  static Validity from_bytes(std::span<const uint8_t> there);
  /// That of rows [begin, begin + n_rows), which are there; shares the bits where `begin` is a multiple of eight.
  Validity slice(size_t begin, size_t n_rows) const;
};

/// Microseconds since 1970-01-01 at the start of a day given as days since then; of a day beyond the years that int64 holds the last such.
int64_t microseconds_of_day(int64_t days) noexcept;

class Column {
 public:
  Column(const Column& other);
  Column(Column&& other) noexcept;
  Column& operator=(const Column& other);
  Column& operator=(Column&& other) noexcept;
  ~Column();

  /// Builders from values that the column takes over. Sizes of values and validity must agree.
  static Column numeric(std::string name, std::vector<double> values, Validity validity = {});
  static Column numeric(std::string name, std::vector<float> values, Validity validity = {});
  /// `n_rows` numbers that `write` sets, in memory that is not zeroed first.
  static Column written(std::string name, size_t n_rows, const std::function<void(std::span<double>)>& write, Validity validity = {});
  static Column written(std::string name, size_t n_rows, const std::function<void(std::span<float>)>& write, Validity validity = {});
  static Column integer(std::string name, std::vector<int64_t> values, Validity validity = {});
  static Column boolean(std::string name, std::vector<uint8_t> values, Validity validity = {});
  /// Codes of -1 are missing. Throws Error(BadValue) where a code is outside the dictionary.
  static Column categorical(std::string name, std::vector<int32_t> codes, Dictionary dictionary);
  static Column text(std::string name, std::span<const std::string> values, Validity validity = {});
  /// Microseconds since 1970-01-01 UTC.
  static Column timestamp(std::string name, std::vector<int64_t> microseconds, Validity validity = {});
  /// Days since 1970-01-01.
  static Column date(std::string name, std::vector<int64_t> days, Validity validity = {});

  /// Builders over memory that `owner` keeps alive, without copying.
  static Column view_numeric(std::string name, std::span<const double> values, std::shared_ptr<const void> owner, Validity validity = {});
  static Column view_numeric(std::string name, std::span<const float> values, std::shared_ptr<const void> owner, Validity validity = {});
  static Column view_int64(std::string name, ColumnKind kind, std::span<const int64_t> values, std::shared_ptr<const void> owner,
                           Validity validity = {});
  /// Codes are -1 where missing, else below the number of levels: that is not checked.
  static Column view_categorical(std::string name, std::span<const int32_t> codes, Dictionary dictionary,
                                 std::shared_ptr<const void> owner);
  /// Text row i is bytes [offsets[i], offsets[i + 1]); offsets has n_rows + 1 entries.
  static Column view_text(std::string name, std::span<const int64_t> offsets, const char* bytes, std::shared_ptr<const void> owner,
                          Validity validity = {});

  /// Name, kind, and number of rows.
  const std::string& name() const noexcept { return name_; }
  ColumnKind kind() const noexcept { return kind_; }
  size_t size() const noexcept { return size_; }
  /// True for a Numeric column that holds float32.
  bool is_float32() const noexcept { return float32_; }

  /// Whether the row has no value.
  bool is_missing(size_t row) const noexcept {
    return kind_ == ColumnKind::Categorical ? static_cast<const int32_t*>(values_)[row] < 0 : !validity_.is_valid(row);
  }
  /// Number of rows without a value, and which they are (codes of -1 are not in it).
  size_t n_missing() const noexcept;
  const Validity& validity() const noexcept { return validity_; }

  /// The stored values. Each throws Error(BadValue) where the column holds something else. Values of missing rows are arbitrary.
  std::span<const double> float64() const;
  std::span<const float> float32() const;
  std::span<const int64_t> int64() const;  ///< Integer, Timestamp, Date
  std::span<const uint8_t> boolean() const;
  std::span<const int32_t> codes() const;
  const Dictionary& dictionary() const;
  std::string_view text(size_t row) const;
  /// Text row i is bytes [offsets[i], offsets[i + 1]) of text_bytes().
  std::span<const int64_t> text_offsets() const;
  const char* text_bytes() const;

  /// The value as a double: numbers as they are, booleans 0/1, codes, days, microseconds; NaN where missing. Not for Text.
  double number(size_t row) const;
  /// All rows as doubles, NaN where missing. Not for Text.
  std::vector<double> numbers() const;
  /// The value as a person would write it; "" where missing. Numbers are written so that they read back the same.
  std::string display(size_t row) const;

  /// The same values under another name.
  Column renamed(std::string name) const;
  /// The rows listed, in that order (a row may repeat).
  Column take(std::span<const uint32_t> rows) const;
  /// Rows [begin, begin + n_rows), which are there: a view that shares the values.
  Column slice(size_t begin, size_t n_rows) const;

 private:
  Column(std::string name, ColumnKind kind, size_t size, const void* values, std::shared_ptr<const void> owner, Validity validity);
  [[noreturn]] void wrong_kind(std::string_view wanted) const;

  std::string name_;
  ColumnKind kind_;
  bool float32_ = false;
  size_t size_ = 0;
  const void* values_ = nullptr;  // numbers, codes, or the bytes of texts
  const int64_t* offsets_ = nullptr;
  std::shared_ptr<const void> owner_;
  Validity validity_;
  Dictionary dictionary_;
};

/// "2024-02-29" of days since 1970-01-01, and "2024-02-29T12:30:00" (with microseconds where not zero) of microseconds.
std::string date_text(int64_t days);
std::string timestamp_text(int64_t microseconds);

}  // namespace kolosal
