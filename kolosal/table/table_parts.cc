#include "kolosal/table/table_parts.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "kolosal/base/fields.h"

namespace kolosal {
namespace {

using Parts = std::span<const Column* const>;

size_t total_rows(Parts parts) {
  size_t n = 0;
  for (const Column* part : parts) n += part->size();
  return n;
}

Validity joined_validity(Parts parts) {
  if (std::ranges::none_of(parts, [](const Column* part) { return part->validity().bits != nullptr; })) return {};
  std::vector<uint8_t> there;
  there.reserve(total_rows(parts));
  for (const Column* part : parts)
    for (size_t row = 0; row < part->size(); ++row) there.push_back(part->validity().is_valid(row) ? 1 : 0);
  return Validity::from_bytes(there);
}

template <class T, class Values>
std::vector<T> joined(Parts parts, Values values) {
  std::vector<T> all;
  all.reserve(total_rows(parts));
  for (const Column* part : parts) {
    const auto more = values(*part);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

Column joined_numbers(Parts parts, Validity validity) {
  const std::string& name = parts.front()->name();
  if (std::ranges::all_of(parts, &Column::is_float32))
    return Column::numeric(name, joined<float>(parts, [](const Column& part) { return part.float32(); }), std::move(validity));
  std::vector<double> all;
  all.reserve(total_rows(parts));
  for (const Column* part : parts) {
    if (part->is_float32()) all.insert(all.end(), part->float32().begin(), part->float32().end());
    else all.insert(all.end(), part->float64().begin(), part->float64().end());
  }
  return Column::numeric(name, std::move(all), std::move(validity));
}

Column joined_texts(Parts parts, Validity validity) {
  struct Texts {
    std::vector<int64_t> offsets;
    std::string bytes;
  };
  auto texts = std::make_shared<Texts>();
  texts->offsets.reserve(total_rows(parts) + 1);
  texts->offsets.push_back(0);
  for (const Column* part : parts) {
    const std::span<const int64_t> offsets = part->text_offsets();
    const int64_t shift = static_cast<int64_t>(texts->bytes.size()) - offsets.front();
    texts->bytes.append(part->text_bytes() + offsets.front(), static_cast<size_t>(offsets.back() - offsets.front()));
    for (const int64_t offset : offsets.subspan(1)) texts->offsets.push_back(offset + shift);
  }
  return Column::view_text(parts.front()->name(), texts->offsets, texts->bytes.data(), texts, std::move(validity));
}

Column joined_categories(Parts parts) {
  const std::string& name = parts.front()->name();
  const Dictionary& first = parts.front()->dictionary();
  if (std::ranges::all_of(parts, [&](const Column* part) { return part->dictionary() == first || *part->dictionary() == *first; }))
    return Column::categorical(name, joined<int32_t>(parts, [](const Column& part) { return part.codes(); }), first);
  auto levels = std::make_shared<std::vector<std::string>>();
  std::unordered_map<std::string, int32_t> code_of;
  std::vector<int32_t> codes;
  codes.reserve(total_rows(parts));
  for (const Column* part : parts) {
    std::vector<int32_t> renumbered;
    for (const std::string& level : *part->dictionary()) {
      const auto [place, is_new] = code_of.try_emplace(level, static_cast<int32_t>(levels->size()));
      if (is_new) levels->push_back(level);
      renumbered.push_back(place->second);
    }
    for (const int32_t code : part->codes()) codes.push_back(code < 0 ? -1 : renumbered[static_cast<size_t>(code)]);
  }
  return Column::categorical(name, std::move(codes), std::move(levels));
}

Column joined_column(Parts parts) {
  const Column& first = *parts.front();
  if (first.kind() == ColumnKind::Categorical) return joined_categories(parts);
  Validity validity = joined_validity(parts);
  switch (first.kind()) {
    case ColumnKind::Numeric: return joined_numbers(parts, std::move(validity));
    case ColumnKind::Text: return joined_texts(parts, std::move(validity));
    case ColumnKind::Boolean:
      return Column::boolean(first.name(), joined<uint8_t>(parts, [](const Column& part) { return part.boolean(); }), std::move(validity));
    default: break;
  }
  auto values = std::make_shared<const std::vector<int64_t>>(joined<int64_t>(parts, [](const Column& part) { return part.int64(); }));
  return Column::view_int64(first.name(), first.kind(), *values, values, std::move(validity));
}

}  // namespace

void check_same_columns(const Table& first, const Table& later, const std::string& what) {
  const auto differs = [&](const std::string& how) {
    throw Error(ErrorCode::FeatureMismatch, "feature mismatch: " + what + " " + how,
                "Give all of them the columns and kinds of the first.");
  };
  if (later.n_columns() != first.n_columns())
    differs("has " + std::to_string(later.n_columns()) + " columns where the first has " + std::to_string(first.n_columns()));
  for (size_t j = 0; j < first.n_columns(); ++j) {
    const Column &wanted = first.column(j), &found = later.column(j);
    if (found.name() != wanted.name()) differs("has a column '" + found.name() + "' where the first has '" + wanted.name() + "'");
    if (found.kind() != wanted.kind())
      differs("has " + std::string(enum_name(found.kind())) + " values in '" + wanted.name() + "' where the first has " +
              std::string(enum_name(wanted.kind())));
  }
}

Table concatenate(std::span<const Table> tables) {
  if (tables.empty()) throw Error(ErrorCode::EmptyInput, "there are no tables to put together (empty)", "Give at least one table.");
  const Table& first = tables.front();
  if (tables.size() == 1) return first;
  for (size_t i = 1; i < tables.size(); ++i)
    check_same_columns(first, tables[i], "table " + std::to_string(i + 1) + " of those put together");
  if (first.n_columns() == 0) {
    size_t n_rows = 0;
    for (const Table& table : tables) n_rows += table.n_rows();
    return first.slice(0, n_rows);
  }
  std::vector<Column> columns;
  columns.reserve(first.n_columns());
  for (size_t j = 0; j < first.n_columns(); ++j) {
    std::vector<const Column*> parts;
    for (const Table& table : tables) parts.push_back(&table.column(j));
    columns.push_back(joined_column(parts));
  }
  return Table(std::move(columns));
}

size_t n_bytes(const Column& column) {
  const size_t n = column.size(), bits = column.validity().bits == nullptr ? 0 : (n + 7) / 8;
  switch (column.kind()) {
    case ColumnKind::Numeric: return bits + n * (column.is_float32() ? sizeof(float) : sizeof(double));
    case ColumnKind::Boolean: return bits + n;
    case ColumnKind::Categorical: return n * sizeof(int32_t);
    case ColumnKind::Text: {
      const std::span<const int64_t> offsets = column.text_offsets();
      return bits + offsets.size_bytes() + static_cast<size_t>(offsets.back() - offsets.front());
    }
    default: return bits + n * sizeof(int64_t);
  }
}

size_t n_bytes(const Table& table) {
  size_t bytes = 0;
  for (const Column& column : table.columns()) bytes += n_bytes(column);
  return bytes;
}

}  // namespace kolosal
