#include "kolosal/preprocess/run_steps.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kolosal/base/array.h"

namespace kolosal {
namespace {

constexpr size_t kBlockBytes = size_t{512} << 10;  // of a block's numbers: they stay in a core's second-level cache
constexpr size_t kFewestRows = 1024;

Table one_after_the_other(std::span<const FittedTransformer* const> steps, Table table, const Threads& threads) {
  for (const FittedTransformer* step : steps) table = step->transform(table, threads);
  return table;
}

/// Rows of a block, a multiple of eight: validity is written by whole bytes.
size_t rows_a_block(const Table& table) {
  const size_t wanted = kBlockBytes / (sizeof(double) * std::max<size_t>(table.n_columns(), 1));
  return std::max(wanted, kFewestRows) / 8 * 8;
}

bool holds_numbers(const Column& column) { return column.kind() != ColumnKind::Text && column.kind() != ColumnKind::Categorical; }

size_t bytes_a_value(const Column& column) {
  if (column.kind() == ColumnKind::Boolean) return sizeof(uint8_t);
  return column.is_float32() ? sizeof(float) : sizeof(double);
}

const void* values_of(const Column& column) {
  switch (column.kind()) {
    case ColumnKind::Boolean: return column.boolean().data();
    case ColumnKind::Numeric:
      if (column.is_float32()) return column.float32().data();
      return column.float64().data();
    default: return column.int64().data();
  }
}

/// A column of all rows that blocks are written into, as the first block's column is.
class Whole {
 public:
  Whole(const Column& like, size_t n_rows)
      : like_(like.slice(0, 0)),
        n_rows_(n_rows),
        width_(bytes_a_value(like)),
        values_(ArrayBytes::unset(n_rows * width_)),
        there_(ArrayBytes::unset((n_rows + 7) / 8)),
        to_(values_.begin_writing()),
        bits_(reinterpret_cast<uint8_t*>(there_.begin_writing())) {}

  bool takes(const Column& block) const {
    return block.name() == like_.name() && block.kind() == like_.kind() && block.is_float32() == like_.is_float32();
  }

  void write(const Column& block, size_t begin) {
    std::memcpy(to_ + begin * width_, values_of(block), block.size() * width_);
    const size_t n_bytes = (block.size() + 7) / 8;
    if (block.validity().bits == nullptr) std::memset(bits_ + begin / 8, 0xff, n_bytes);
    else std::memcpy(bits_ + begin / 8, block.validity().bits, n_bytes);
  }

  Column finish(bool all_there) const {
    const Validity validity = all_there ? Validity{} : Validity{there_.owner(), bits_};
    const auto view = [&]<class T>(const T*) { return std::span<const T>(reinterpret_cast<const T*>(to_), n_rows_); };
    switch (like_.kind()) {
      case ColumnKind::Boolean: {
        const auto flags = view(static_cast<const uint8_t*>(nullptr));
        return Column::boolean(like_.name(), {flags.begin(), flags.end()}, validity);
      }
      case ColumnKind::Numeric:
        if (like_.is_float32())
          return Column::view_numeric(like_.name(), view(static_cast<const float*>(nullptr)), values_.owner(), validity);
        return Column::view_numeric(like_.name(), view(static_cast<const double*>(nullptr)), values_.owner(), validity);
      default: return Column::view_int64(like_.name(), like_.kind(), view(static_cast<const int64_t*>(nullptr)), values_.owner(), validity);
    }
  }

 private:
  Column like_;
  size_t n_rows_, width_;
  ArrayBytes values_, there_;
  std::byte* to_;
  uint8_t* bits_;
};

/// The blocks' results put together, or nothing where one has other columns than the first.
class Results {
 public:
  Results(const Table& first, size_t n_rows, size_t n_blocks) : has_missing_(n_blocks * first.n_columns()) {
    for (const Column& column : first.columns()) columns_.emplace_back(column, n_rows);
  }

  bool write(const Table& made, size_t block, size_t begin) {
    if (made.n_columns() != columns_.size()) return false;
    for (size_t j = 0; j < columns_.size(); ++j) {
      if (!columns_[j].takes(made.column(j))) return false;
      columns_[j].write(made.column(j), begin);
      has_missing_[block * columns_.size() + j] = made.column(j).validity().bits != nullptr;
    }
    return true;
  }

  Table finish() const {
    std::vector<Column> columns;
    for (size_t j = 0; j < columns_.size(); ++j) {
      bool all_there = true;
      for (size_t at = j; at < has_missing_.size(); at += columns_.size()) all_there &= has_missing_[at] == 0;
      columns.push_back(columns_[j].finish(all_there));
    }
    return Table(std::move(columns));
  }

 private:
  std::vector<Whole> columns_;
  std::vector<uint8_t> has_missing_;  // (n_blocks, n_columns)
};

}  // namespace

Table run_steps(std::span<const std::unique_ptr<FittedTransformer>> steps, const Table& table, const Threads& threads) {
  std::vector<const FittedTransformer*> seen;
  for (const auto& step : steps) seen.push_back(step.get());
  return run_steps(std::span<const FittedTransformer* const>(seen), table, threads);
}

Table run_steps(std::span<const FittedTransformer* const> steps, const Table& table, const Threads& threads) {
  const size_t n_rows = table.n_rows(), size = rows_a_block(table), n_blocks = (n_rows + size - 1) / size;
  if (n_blocks < 2) return one_after_the_other(steps, table, threads);
  const Threads alone(1);
  const auto run_block = [&](size_t block) {
    return one_after_the_other(steps, table.slice(block * size, std::min(size, n_rows - block * size)), alone);
  };
  const Table first = run_block(0);
  if (!std::ranges::all_of(first.columns(), holds_numbers)) return one_after_the_other(steps, table, threads);
  Results results(first, n_rows, n_blocks);
  std::vector<uint8_t> fits(n_blocks, 1);
  threads.parallel_each(n_blocks,
                        [&](size_t block) { fits[block] = results.write(block == 0 ? first : run_block(block), block, block * size); });
  if (std::ranges::count(fits, uint8_t{0}) > 0) return one_after_the_other(steps, table, threads);
  return results.finish();
}

}  // namespace kolosal
