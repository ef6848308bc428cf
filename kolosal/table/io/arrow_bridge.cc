// Tables to and from Arrow.
//
// Checked  arrow_bridge_test.cc: every type in, every kind out and back, slices, chunks, no copy where none is promised.
#include "kolosal/table/io/arrow_bridge.h"

#include <arrow/api.h>
#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/c/helpers.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "kolosal/base/array.h"
#include "kolosal/base/threads.h"
#include "kolosal/table/io/arrow_status.h"

namespace kolosal {
namespace {

using Chunks = arrow::ArrayVector;

constexpr int64_t kMillisecondsADay = 86'400'000;

/// The validity of an array of one chunk, without copying where its bitmap starts at a byte.
Validity validity_of(const std::shared_ptr<arrow::Array>& array) {
  if (array->null_count() == 0 || array->null_bitmap_data() == nullptr) return {};
  if (array->offset() % 8 == 0) return {array, array->null_bitmap_data() + array->offset() / 8};
  std::vector<uint8_t> there(static_cast<size_t>(array->length()));
  for (int64_t i = 0; i < array->length(); ++i) there[static_cast<size_t>(i)] = array->IsValid(i);
  return Validity::from_bytes(there);
}

size_t length_of(const Chunks& chunks) {
  size_t length = 0;
  for (const auto& chunk : chunks) length += static_cast<size_t>(chunk->length());
  return length;
}

Validity validity_of(const Chunks& chunks) {
  if (chunks.size() == 1) return validity_of(chunks[0]);
  std::vector<uint8_t> there;
  there.reserve(length_of(chunks));
  for (const auto& chunk : chunks)
    for (int64_t i = 0; i < chunk->length(); ++i) there.push_back(chunk->IsValid(i));
  return Validity::from_bytes(there);
}

/// value_of(chunk, i) of every row that is there; T{} elsewhere.
template <class ArrayType, class T, class ValueOf>
std::vector<T> gather(const Chunks& chunks, const ValueOf& value_of) {
  std::vector<T> values;
  values.reserve(length_of(chunks));
  for (const auto& chunk : chunks) {
    const auto& typed = static_cast<const ArrayType&>(*chunk);
    for (int64_t i = 0; i < typed.length(); ++i) values.push_back(typed.IsValid(i) ? value_of(typed, i) : T{});
  }
  return values;
}

template <class ArrayType>
Column from_integers(const std::string& name, const Chunks& chunks) {
  return Column::integer(
      name, gather<ArrayType, int64_t>(chunks, [](const ArrayType& array, int64_t i) { return static_cast<int64_t>(array.Value(i)); }),
      validity_of(chunks));
}

Column from_uint64(const std::string& name, const Chunks& chunks) {
  bool fits = true;
  for (const auto& chunk : chunks) {
    const auto& typed = static_cast<const arrow::UInt64Array&>(*chunk);
    for (int64_t i = 0; i < typed.length(); ++i)
      fits &= !typed.IsValid(i) || typed.Value(i) <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  }
  if (fits) return from_integers<arrow::UInt64Array>(name, chunks);
  return Column::numeric(
      name, gather<arrow::UInt64Array, double>(chunks, [](const auto& array, int64_t i) { return static_cast<double>(array.Value(i)); }),
      validity_of(chunks));
}

template <class ArrayType, class T>
Column from_reals(const std::string& name, const Chunks& chunks) {
  if (chunks.size() == 1) {
    const auto& typed = static_cast<const ArrayType&>(*chunks[0]);
    return Column::view_numeric(name, std::span<const T>(typed.raw_values(), static_cast<size_t>(typed.length())), chunks[0],
                                validity_of(chunks));
  }
  return Column::numeric(name, gather<ArrayType, T>(chunks, [](const ArrayType& array, int64_t i) { return array.Value(i); }),
                         validity_of(chunks));
}

Column from_int64(const std::string& name, const Chunks& chunks) {
  if (chunks.size() != 1) return from_integers<arrow::Int64Array>(name, chunks);
  const auto& typed = static_cast<const arrow::Int64Array&>(*chunks[0]);
  return Column::view_int64(name, ColumnKind::Integer, {typed.raw_values(), static_cast<size_t>(typed.length())}, chunks[0],
                            validity_of(chunks));
}

int64_t units_a_second(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return 1;
    case arrow::TimeUnit::MILLI: return 1000;
    case arrow::TimeUnit::MICRO: return 1'000'000;
    case arrow::TimeUnit::NANO: return 1'000'000'000;
  }
  return 1;
}

int64_t divide_down(int64_t number, int64_t by) { return number / by - (number % by < 0 ? 1 : 0); }

Column from_timestamps(const std::string& name, const arrow::DataType& type, const Chunks& chunks) {
  const int64_t units = units_a_second(static_cast<const arrow::TimestampType&>(type).unit());
  if (units == 1'000'000 && chunks.size() == 1) {
    const auto& typed = static_cast<const arrow::TimestampArray&>(*chunks[0]);
    return Column::view_int64(name, ColumnKind::Timestamp, {typed.raw_values(), static_cast<size_t>(typed.length())}, chunks[0],
                              validity_of(chunks));
  }
  std::vector<uint8_t> there;
  auto values = gather<arrow::TimestampArray, int64_t>(chunks, [&](const arrow::TimestampArray& array, int64_t i) {
    const int64_t value = array.Value(i);
    if (units > 1'000'000) return divide_down(value, units / 1'000'000);
    const int64_t factor = 1'000'000 / units;
    if (std::abs(value / 2) > std::numeric_limits<int64_t>::max() / factor / 2 - 1)
      throw Error(ErrorCode::BadValue, "column '" + name + "' holds a timestamp that is too far from 1970 for microseconds",
                  "Drop the column or the row.");
    return value * factor;
  });
  return Column::timestamp(name, std::move(values), validity_of(chunks));
}

template <class ArrayType>
Column from_seconds(const std::string& name, arrow::TimeUnit::type unit, const Chunks& chunks) {
  const auto units = static_cast<double>(units_a_second(unit));
  return Column::numeric(
      name,
      gather<ArrayType, double>(chunks, [&](const ArrayType& array, int64_t i) { return static_cast<double>(array.Value(i)) / units; }),
      validity_of(chunks));
}

template <class ArrayType, class Decimal>
Column from_decimals(const std::string& name, const arrow::DataType& type, const Chunks& chunks) {
  const int32_t scale = static_cast<const arrow::DecimalType&>(type).scale();
  return Column::numeric(
      name,
      gather<ArrayType, double>(chunks, [&](const ArrayType& array, int64_t i) { return Decimal(array.GetValue(i)).ToDouble(scale); }),
      validity_of(chunks));
}

/// Views of texts put one behind the other: pieces of rows are measured, then written at their places; several on so many threads.
Column from_text_views(const std::string& name, const Chunks& chunks, std::optional<int> n_threads) {
  constexpr int64_t kRowsAPiece = 1 << 16;
  struct Piece {
    const arrow::StringViewArray& chunk;
    const arrow::StringViewType::c_type* views;
    bool all_there;
    int64_t begin, end;
    size_t row, start = 0, n_bytes = 0;
  };
  std::vector<Piece> pieces;
  size_t n_rows = 0;
  for (const auto& chunk : chunks) {
    const auto& typed = static_cast<const arrow::StringViewArray&>(*chunk);
    for (int64_t begin = 0; begin < typed.length(); begin += kRowsAPiece) {
      const int64_t end = std::min(typed.length(), begin + kRowsAPiece);
      pieces.push_back({typed, typed.raw_values(), typed.null_count() == 0, begin, end, n_rows});
      n_rows += static_cast<size_t>(end - begin);
    }
  }
  std::optional<Threads> threads;
  if (n_threads && pieces.size() > 1) threads.emplace(*n_threads);
  const auto for_each_piece = [&](const auto& body) {
    if (threads) return threads->parallel_each(pieces.size(), [&](size_t i) { body(pieces[i]); });
    for (Piece& piece : pieces) body(piece);
  };
  const auto length_of_row = [](const Piece& piece, int64_t i) {
    return piece.all_there || piece.chunk.IsValid(i) ? static_cast<size_t>(piece.views[i].size()) : 0;
  };
  for_each_piece([&](Piece& piece) {
    for (int64_t i = piece.begin; i < piece.end; ++i) piece.n_bytes += length_of_row(piece, i);
  });
  size_t n_bytes = 0;
  for (Piece& piece : pieces) piece.start = std::exchange(n_bytes, n_bytes + piece.n_bytes);

  struct Owner {
    ArrayBytes offsets, bytes;
  };
  auto owner = std::make_shared<Owner>(Owner{ArrayBytes::unset((n_rows + 1) * sizeof(int64_t)), ArrayBytes::unset(n_bytes)});
  const std::span<int64_t> offsets(reinterpret_cast<int64_t*>(owner->offsets.begin_writing()), n_rows + 1);
  auto* const bytes = reinterpret_cast<char*>(owner->bytes.begin_writing());
  for_each_piece([&](const Piece& piece) {
    size_t place = piece.start, row = piece.row;
    const size_t past = piece.start + piece.n_bytes;
    for (int64_t i = piece.begin; i < piece.end; ++i) {
      const size_t length = length_of_row(piece, i);
      offsets[row++] = static_cast<int64_t>(place);
      // What a view holds itself is copied as a whole: the texts after it overwrite what is too much.
      if (length <= arrow::StringViewType::kInlineSize && past - place >= arrow::StringViewType::kInlineSize)
        std::memcpy(bytes + place, piece.views[i].inlined.data.data(), arrow::StringViewType::kInlineSize);
      else if (length > 0) std::memcpy(bytes + place, piece.chunk.GetView(i).data(), length);
      place += length;
    }
  });
  offsets[n_rows] = static_cast<int64_t>(n_bytes);
  return Column::view_text(name, offsets, bytes, owner, validity_of(chunks));
}

/// Offsets are widened; the bytes of a single chunk are shared, those of several are put together.
template <class ArrayType>
Column from_texts(const std::string& name, const Chunks& chunks) {
  struct Owner {
    ArrayBytes offsets;
    std::string bytes;
    std::shared_ptr<arrow::Array> chunk;
  };
  const size_t n_rows = length_of(chunks);
  auto owner = std::make_shared<Owner>();
  owner->offsets = ArrayBytes::unset((n_rows + 1) * sizeof(int64_t));
  const std::span<int64_t> offsets(reinterpret_cast<int64_t*>(owner->offsets.begin_writing()), n_rows + 1);
  const bool is_single = chunks.size() == 1;
  const char* bytes = "";
  size_t row = 0;
  offsets[0] = 0;
  for (const auto& chunk : chunks) {
    const auto& typed = static_cast<const ArrayType&>(*chunk);
    const auto* from = typed.raw_value_offsets();
    const auto n = static_cast<size_t>(typed.length());
    const int64_t shift = is_single ? 0 : static_cast<int64_t>(owner->bytes.size()) - static_cast<int64_t>(from[0]);
    for (size_t i = 0; i <= n; ++i) offsets[row + i] = static_cast<int64_t>(from[i]) + shift;
    row += n;
    if (typed.value_data() == nullptr) continue;
    const auto* data = reinterpret_cast<const char*>(typed.value_data()->data());
    if (is_single) bytes = data;
    else owner->bytes.append(data + from[0], static_cast<size_t>(from[n] - from[0]));
  }
  if (is_single) owner->chunk = chunks[0];
  else bytes = owner->bytes.data();
  return Column::view_text(name, offsets, bytes, owner, validity_of(chunks));
}

Column from_large_texts(const std::string& name, const Chunks& chunks) {
  if (chunks.size() != 1 || chunks[0]->length() == 0) return from_texts<arrow::LargeStringArray>(name, chunks);
  const auto& typed = static_cast<const arrow::LargeStringArray&>(*chunks[0]);
  const auto* bytes = typed.value_data() == nullptr ? "" : reinterpret_cast<const char*>(typed.value_data()->data());
  return Column::view_text(name, {typed.raw_value_offsets(), static_cast<size_t>(typed.length()) + 1}, bytes, chunks[0],
                           validity_of(chunks));
}

Column from_booleans(const std::string& name, const Chunks& chunks) {
  return Column::boolean(name,
                         gather<arrow::BooleanArray, uint8_t>(
                             chunks, [](const arrow::BooleanArray& array, int64_t i) { return static_cast<uint8_t>(array.Value(i)); }),
                         validity_of(chunks));
}

std::optional<Column> from_chunks(const std::string& name, const arrow::DataType& type, const Chunks& chunks, std::optional<int> n_threads);

/// Chunks may have dictionaries of their own: levels are gathered by their text, in order of appearance.
std::optional<Column> from_dictionaries(const std::string& name, const Chunks& chunks) {
  std::vector<std::string> levels;
  std::unordered_map<std::string, int32_t> codes_by_level;
  std::vector<int32_t> codes;
  codes.reserve(length_of(chunks));
  for (const auto& chunk : chunks) {
    const auto& typed = static_cast<const arrow::DictionaryArray&>(*chunk);
    const auto values = from_chunks(name, *typed.dictionary()->type(), {typed.dictionary()}, std::nullopt);
    if (!values) return std::nullopt;
    std::vector<int32_t> translated;
    for (size_t i = 0; i < values->size(); ++i) {
      if (values->is_missing(i)) {
        translated.push_back(-1);
        continue;
      }
      const auto [place, is_new] = codes_by_level.emplace(values->display(i), static_cast<int32_t>(levels.size()));
      if (is_new) levels.push_back(place->first);
      translated.push_back(place->second);
    }
    for (int64_t i = 0; i < typed.length(); ++i) {
      const int64_t index = typed.IsValid(i) ? typed.GetValueIndex(i) : -1;
      codes.push_back(index < 0 || index >= static_cast<int64_t>(translated.size()) ? -1 : translated[static_cast<size_t>(index)]);
    }
  }
  return Column::categorical(name, std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)));
}

/// The column of one type; nothing where the type has no kind.
std::optional<Column> from_chunks(const std::string& name, const arrow::DataType& type, const Chunks& chunks,
                                  std::optional<int> n_threads) {
  switch (type.id()) {
    case arrow::Type::DOUBLE: return from_reals<arrow::DoubleArray, double>(name, chunks);
    case arrow::Type::FLOAT: return from_reals<arrow::FloatArray, float>(name, chunks);
    case arrow::Type::HALF_FLOAT:
      return Column::numeric(
          name,
          gather<arrow::HalfFloatArray, float>(
              chunks, [](const auto& array, int64_t i) { return arrow::util::Float16::FromBits(array.Value(i)).ToFloat(); }),
          validity_of(chunks));
    case arrow::Type::INT64: return from_int64(name, chunks);
    case arrow::Type::INT32: return from_integers<arrow::Int32Array>(name, chunks);
    case arrow::Type::INT16: return from_integers<arrow::Int16Array>(name, chunks);
    case arrow::Type::INT8: return from_integers<arrow::Int8Array>(name, chunks);
    case arrow::Type::UINT64: return from_uint64(name, chunks);
    case arrow::Type::UINT32: return from_integers<arrow::UInt32Array>(name, chunks);
    case arrow::Type::UINT16: return from_integers<arrow::UInt16Array>(name, chunks);
    case arrow::Type::UINT8: return from_integers<arrow::UInt8Array>(name, chunks);
    case arrow::Type::BOOL: return from_booleans(name, chunks);
    case arrow::Type::STRING: return from_texts<arrow::StringArray>(name, chunks);
    case arrow::Type::STRING_VIEW: return from_text_views(name, chunks, n_threads);
    case arrow::Type::LARGE_STRING: return from_large_texts(name, chunks);
    case arrow::Type::TIMESTAMP: return from_timestamps(name, type, chunks);
    case arrow::Type::DATE32:
      return Column::date(
          name,
          gather<arrow::Date32Array, int64_t>(chunks, [](const auto& array, int64_t i) { return static_cast<int64_t>(array.Value(i)); }),
          validity_of(chunks));
    case arrow::Type::DATE64:
      return Column::date(name,
                          gather<arrow::Date64Array, int64_t>(
                              chunks, [](const auto& array, int64_t i) { return divide_down(array.Value(i), kMillisecondsADay); }),
                          validity_of(chunks));
    case arrow::Type::TIME32: return from_seconds<arrow::Time32Array>(name, static_cast<const arrow::Time32Type&>(type).unit(), chunks);
    case arrow::Type::TIME64: return from_seconds<arrow::Time64Array>(name, static_cast<const arrow::Time64Type&>(type).unit(), chunks);
    case arrow::Type::DURATION:
      return from_seconds<arrow::DurationArray>(name, static_cast<const arrow::DurationType&>(type).unit(), chunks);
    case arrow::Type::DECIMAL32: return from_decimals<arrow::Decimal32Array, arrow::Decimal32>(name, type, chunks);
    case arrow::Type::DECIMAL64: return from_decimals<arrow::Decimal64Array, arrow::Decimal64>(name, type, chunks);
    case arrow::Type::DECIMAL128: return from_decimals<arrow::Decimal128Array, arrow::Decimal128>(name, type, chunks);
    case arrow::Type::DECIMAL256: return from_decimals<arrow::Decimal256Array, arrow::Decimal256>(name, type, chunks);
    case arrow::Type::NA: {
      const std::vector<uint8_t> there(length_of(chunks), 0);
      return Column::numeric(name, std::vector<double>(there.size()), Validity::from_bytes(there));
    }
    case arrow::Type::DICTIONARY: return from_dictionaries(name, chunks);
    case arrow::Type::EXTENSION: {
      Chunks storage;
      for (const auto& chunk : chunks) storage.push_back(static_cast<const arrow::ExtensionArray&>(*chunk).storage());
      return from_chunks(name, *static_cast<const arrow::ExtensionType&>(type).storage_type(), storage, n_threads);
    }
    default: return std::nullopt;
  }
}

/// Memory of a column as an Arrow buffer that keeps the column alive.
class ColumnBuffer final : public arrow::Buffer {
 public:
  ColumnBuffer(std::shared_ptr<const Column> column, const void* bytes, size_t size)
      : Buffer(static_cast<const uint8_t*>(bytes), static_cast<int64_t>(size)), column_(std::move(column)) {}

 private:
  std::shared_ptr<const Column> column_;
};

using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

std::shared_ptr<arrow::Array> make_array(const std::shared_ptr<arrow::DataType>& type, const Column& column, Buffers buffers) {
  const int64_t null_count = buffers[0] == nullptr ? 0 : arrow::kUnknownNullCount;
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(column.size()), std::move(buffers), null_count));
}

std::shared_ptr<arrow::Array> categories_to_arrow(const Column& column) {
  arrow::Int32Builder codes;
  arrow::StringBuilder levels;
  check_arrow(codes.Reserve(static_cast<int64_t>(column.size())));
  for (const int32_t code : column.codes()) {
    if (code < 0) codes.UnsafeAppendNull();
    else codes.UnsafeAppend(code);
  }
  for (const std::string& level : *column.dictionary()) check_arrow(levels.Append(level));
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  return arrow_value(arrow::DictionaryArray::FromArrays(type, arrow_value(codes.Finish()), arrow_value(levels.Finish())));
}

template <class Builder, class Values>
std::shared_ptr<arrow::Array> built_array(const Column& column, const Values& values) {
  Builder builder;
  check_arrow(builder.Reserve(static_cast<int64_t>(column.size())));
  for (size_t i = 0; i < column.size(); ++i) {
    if (column.is_missing(i)) builder.UnsafeAppendNull();
    else builder.UnsafeAppend(static_cast<typename Builder::value_type>(values[i]));
  }
  return arrow_value(builder.Finish());
}

std::shared_ptr<arrow::Array> column_to_arrow(const Column& column) {
  const auto shared = std::make_shared<const Column>(column);
  const auto view = [&](const void* bytes, size_t size) { return std::make_shared<ColumnBuffer>(shared, bytes, size); };
  const auto bits = column.validity().bits;
  const std::shared_ptr<arrow::Buffer> validity = bits == nullptr ? nullptr : view(bits, (column.size() + 7) / 8);
  const size_t n = column.size();
  switch (column.kind()) {
    case ColumnKind::Numeric:
      if (column.is_float32()) return make_array(arrow::float32(), column, {validity, view(column.float32().data(), n * 4)});
      return make_array(arrow::float64(), column, {validity, view(column.float64().data(), n * 8)});
    case ColumnKind::Integer: return make_array(arrow::int64(), column, {validity, view(column.int64().data(), n * 8)});
    case ColumnKind::Timestamp:
      return make_array(arrow::timestamp(arrow::TimeUnit::MICRO), column, {validity, view(column.int64().data(), n * 8)});
    case ColumnKind::Date: return built_array<arrow::Date32Builder>(column, column.int64());
    case ColumnKind::Boolean: return built_array<arrow::BooleanBuilder>(column, column.boolean());
    case ColumnKind::Categorical: return categories_to_arrow(column);
    case ColumnKind::Text: break;
  }
  const auto offsets = column.text_offsets();
  return make_array(arrow::large_utf8(), column,
                    {validity, view(offsets.data(), offsets.size() * 8), view(column.text_bytes(), static_cast<size_t>(offsets.back()))});
}

}  // namespace

Table from_arrow(const arrow::Table& table, const std::string& name, std::optional<int> n_threads) {
  const std::string prefix = name.empty() ? "" : name + ": ";
  std::vector<Column> columns;
  for (int i = 0; i < table.num_columns(); ++i) {
    const auto& field = *table.field(i);
    Chunks chunks;
    for (const auto& chunk : table.column(i)->chunks())
      if (chunk->length() > 0) chunks.push_back(chunk);
    auto column = from_chunks(field.name(), *field.type(), chunks, n_threads);
    if (!column)
      throw Error(ErrorCode::Unsupported,
                  prefix + "column '" + field.name() + "' is of type " + field.type()->ToString() +
                      ", which is neither number, text, date nor category",
                  "Drop the column or turn it into columns of such values.");
    columns.push_back(std::move(*column));
  }
  return Table(std::move(columns));
}

std::shared_ptr<arrow::Table> to_arrow(const Table& table) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column : table.columns()) {
    arrays.push_back(column_to_arrow(column));
    fields.push_back(arrow::field(column.name(), arrays.back()->type()));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), arrays, static_cast<int64_t>(table.n_rows()));
}

Table import_arrow_stream(ArrowArrayStream* stream, std::optional<int> n_threads) {
  if (stream == nullptr || ArrowArrayStreamIsReleased(stream))
    throw Error(ErrorCode::BadValue, "the Arrow stream has been used already", "Take a new stream from the table.");
  const auto reader = arrow_value(arrow::ImportRecordBatchReader(stream));
  const auto table = arrow_value(reader->ToTable());
  check_arrow(table->Validate());
  return from_arrow(*table, {}, n_threads);
}

void export_arrow_stream(const Table& table, ArrowArrayStream* stream) {
  const auto whole = to_arrow(table);
  const auto batches = arrow_value(arrow::RecordBatchReader::MakeFromIterator(
      arrow::MakeVectorIterator<std::shared_ptr<arrow::RecordBatch>>({arrow_value(whole->CombineChunksToBatch())}), whole->schema()));
  check_arrow(arrow::ExportRecordBatchReader(batches, stream));
}

ArrowArrayStream* new_arrow_stream(const Table& table) {
  auto stream = std::make_unique<ArrowArrayStream>();
  export_arrow_stream(table, stream.get());
  return stream.release();
}

void delete_arrow_stream(ArrowArrayStream* stream) noexcept {
  if (stream == nullptr) return;
  if (!ArrowArrayStreamIsReleased(stream)) ArrowArrayStreamRelease(stream);
  delete stream;
}

}  // namespace kolosal
