#include "kolosal/preprocess/run_steps.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
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

size_t bytes_a_value(const Column& column) {
  switch (column.kind()) {
    case ColumnKind::Boolean: return sizeof(uint8_t);
    case ColumnKind::Categorical: return sizeof(int32_t);
    default: return column.is_float32() ? sizeof(float) : sizeof(double);
  }
}

/// Numbers, codes, or where texts begin.
const void* values_of(const Column& column) {
  switch (column.kind()) {
    case ColumnKind::Text: return column.text_offsets().data();
    case ColumnKind::Categorical: return column.codes().data();
    case ColumnKind::Boolean: return column.boolean().data();
    case ColumnKind::Numeric:
      if (column.is_float32()) return column.float32().data();
      return column.float64().data();
    default: return column.int64().data();
  }
}

bool have_same_levels(const Column& a, const Column& b) { return a.dictionary() == b.dictionary() || *a.dictionary() == *b.dictionary(); }

/// Whether no step changed a column: whether the block is `whole`, from row `begin` on.
bool is_part(const Column& block, const Column& whole, size_t begin) {
  if (block.name() != whole.name() || block.kind() != whole.kind() || block.is_float32() != whole.is_float32()) return false;
  if (block.kind() == ColumnKind::Text && block.text_bytes() != whole.text_bytes()) return false;
  if (block.kind() == ColumnKind::Categorical && block.dictionary() != whole.dictionary()) return false;
  const uint8_t* bits = whole.validity().bits;
  return values_of(block) == static_cast<const std::byte*>(values_of(whole)) + begin * bytes_a_value(whole) &&
         block.validity().bits == (bits == nullptr ? nullptr : bits + begin / 8);
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
    if (block.name() != like_.name() || block.kind() != like_.kind() || block.is_float32() != like_.is_float32()) return false;
    return like_.kind() != ColumnKind::Categorical || have_same_levels(block, like_);
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
      case ColumnKind::Categorical: {
        const auto codes = view(static_cast<const int32_t*>(nullptr));
        return Column::categorical(like_.name(), {codes.begin(), codes.end()}, like_.dictionary());
      }
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

/// The blocks' results put together. Columns that no step changes are those of the table.
class Results {
 public:
  Results(const Table& table, const Table& first, size_t n_blocks) : has_missing_(n_blocks * first.n_columns()) {
    for (const Column& column : first.columns()) {
      const Column* whole = table.find(column.name());
      const bool passes = whole != nullptr && is_part(column, *whole, 0);
      passed_.push_back(passes ? whole : nullptr);
      written_.push_back(passes || column.kind() == ColumnKind::Text ? std::nullopt
                                                                     : std::optional<Whole>(std::in_place, column, table.n_rows()));
    }
  }

  /// False where blocks cannot be put together: a step changes texts, or has other columns or levels for these rows than for the first.
  bool write(const Table& made, size_t block, size_t begin) {
    if (made.n_columns() != passed_.size()) return false;
    for (size_t j = 0; j < passed_.size(); ++j) {
      const Column& column = made.column(j);
      if (passed_[j] != nullptr ? !is_part(column, *passed_[j], begin) : !written_[j] || !written_[j]->takes(column)) return false;
      if (!written_[j]) continue;
      written_[j]->write(column, begin);
      has_missing_[block * passed_.size() + j] = column.validity().bits != nullptr;
    }
    return true;
  }

  Table finish() const {
    std::vector<Column> columns;
    for (size_t j = 0; j < passed_.size(); ++j) {
      bool all_there = true;
      for (size_t at = j; at < has_missing_.size(); at += passed_.size()) all_there &= has_missing_[at] == 0;
      columns.push_back(passed_[j] != nullptr ? *passed_[j] : written_[j]->finish(all_there));
    }
    return Table(std::move(columns));
  }

 private:
  std::vector<const Column*> passed_;          // nullptr where it is written
  std::vector<std::optional<Whole>> written_;  // nothing where it passes
  std::vector<uint8_t> has_missing_;           // (n_blocks, n_columns)
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
  Results results(table, first, n_blocks);
  if (!results.write(first, 0, 0)) return one_after_the_other(steps, table, threads);
  std::vector<uint8_t> fits(n_blocks, 1);
  threads.parallel_each(n_blocks - 1, [&](size_t i) { fits[i + 1] = results.write(run_block(i + 1), i + 1, (i + 1) * size); });
  if (std::ranges::count(fits, uint8_t{0}) > 0) return one_after_the_other(steps, table, threads);
  return results.finish();
}

void run_steps_by_block(std::span<const FittedTransformer* const> steps, const Table& table, const Threads& threads,
                        const std::function<void(const Table& rows, size_t begin)>& take) {
  const size_t n_rows = table.n_rows(), size = rows_a_block(table);
  if (n_rows <= size) return take(one_after_the_other(steps, table, threads), 0);
  const Threads alone(1);
  threads.parallel_for(n_rows, size,
                       [&](size_t begin, size_t end) { take(one_after_the_other(steps, table.slice(begin, end - begin), alone), begin); });
}

}  // namespace kolosal
