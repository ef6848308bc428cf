#include "kolosal/preprocess/scale/row_major.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/preprocess/scale/standard_scale.h"

namespace kolosal {
namespace {

constexpr size_t kRowsABlock = 2048;

/// Centre, scale and offset of each cell of some whole rows, so that the loop over cells has no inner loop over columns.
struct AffineRows {
  std::vector<double> center, scale, offset;
  bool may_overflow = false;  ///< some centre is so far from 0 that a difference from it can be too large for float64

  AffineRows(const std::vector<AffineColumn>& columns, size_t n_cells) {
    for (size_t cell = 0; cell < n_cells; ++cell) {
      const AffineColumn& column = columns[cell % columns.size()];
      center.push_back(column.center);
      scale.push_back(column.scale);
      offset.push_back(column.offset);
      may_overflow |= std::abs(column.center) > 1e290;
    }
  }

  template <class T>
  void apply(const T* from, T* to, size_t n_cells) const {
    const double *centers = center.data(), *scales = scale.data(), *offsets = offset.data();
    for (size_t i = 0; i < n_cells; ++i) to[i] = static_cast<T>((static_cast<double>(from[i]) - centers[i]) / scales[i] + offsets[i]);
    if (!may_overflow) return;
    for (size_t i = 0; i < n_cells; ++i) {
      const auto value = static_cast<double>(from[i]);
      if (std::isfinite(value) && std::isinf(value - centers[i]))
        to[i] = static_cast<T>(value / scales[i] - centers[i] / scales[i] + offsets[i]);
    }
  }
};

template <class T>
void apply_to(const std::vector<AffineColumn>& columns, const RowMajor<T>& rows, T* to, const Threads& threads) {
  const size_t n_columns = columns.size();
  const T* from = rows.values;
  const size_t rows_at_once = std::max<size_t>(1, 512 / n_columns);
  const AffineRows cells(columns, rows_at_once * n_columns);
  threads.parallel_for(rows.n_rows, rows_at_once * std::max<size_t>(1, (size_t{1} << 16) / (rows_at_once * n_columns)),
                       [&](size_t begin, size_t end) {
                         for (size_t row = begin; row < end; row += rows_at_once)
                           cells.apply(from + row * n_columns, to + row * n_columns, std::min(rows_at_once, end - row) * n_columns);
                       });
}

/// What a scaler needs of the columns.
enum class Wanted { Sums, Extremes };

/// What scalers need of each column of some rows: the mean and the sum of squared distances from it, or the extremes.
struct Summary {
  std::vector<double> smallest, largest, mean, squares;

  explicit Summary(size_t n_columns) : smallest(n_columns), largest(n_columns), mean(n_columns), squares(n_columns) {}

  /// Of `n_rows` rows; false where a cell or a sum is not finite. The squares are taken from the mean while the rows are in cache.
  template <Wanted kWanted, class T>
  bool take(const T* rows, size_t n_rows) {
    const size_t n_columns = mean.size(), at_once = std::min(n_rows, std::max<size_t>(1, 64 / n_columns)), n_cells = at_once * n_columns;
    const size_t n_whole = n_rows / at_once * at_once;
    std::vector<double> low(n_cells), high(n_cells), sum(n_cells), center(n_cells);
    for (size_t i = 0; i < n_cells; ++i) low[i] = high[i] = static_cast<double>(rows[i]);
    const auto each_cell = [&](auto&& see) {
      for (size_t row = 0; row < n_whole; row += at_once) see(rows + row * n_columns, n_cells);
      if (n_whole < n_rows) see(rows + n_whole * n_columns, (n_rows - n_whole) * n_columns);
    };
    each_cell([&](const T* cells, size_t n) {
      for (size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(cells[i]);
        sum[i] += value;
        if constexpr (kWanted == Wanted::Sums) continue;
        low[i] = value < low[i] ? value : low[i];
        high[i] = value > high[i] ? value : high[i];
      }
    });
    for (size_t j = 0; j < n_columns; ++j) {
      double total = 0;
      smallest[j] = low[j];
      largest[j] = high[j];
      for (size_t i = j; i < n_cells; i += n_columns) {
        total += sum[i];
        smallest[j] = std::min(smallest[j], low[i]);
        largest[j] = std::max(largest[j], high[i]);
      }
      mean[j] = total / static_cast<double>(n_rows);
    }
    if (kWanted == Wanted::Extremes) return std::ranges::all_of(mean, [](double value) { return std::isfinite(value); });
    for (size_t i = 0; i < n_cells; ++i) center[i] = mean[i % n_columns];
    std::ranges::fill(sum, 0.0);
    each_cell([&](const T* cells, size_t n) {
      for (size_t i = 0; i < n; ++i) {
        const double gap = static_cast<double>(cells[i]) - center[i];
        sum[i] += gap * gap;
      }
    });
    for (size_t i = 0; i < n_cells; ++i) squares[i % n_columns] += sum[i];
    return std::ranges::all_of(squares, [](double square) { return std::isfinite(square); });
  }

  /// With `n_more` rows summarised by `more` added to the `n` summarised here (Chan, Golub and LeVeque, 1979).
  void add(const Summary& more, double n, double n_more) {
    for (size_t j = 0; j < mean.size(); ++j) {
      const double gap = more.mean[j] - mean[j];
      mean[j] += gap * (n_more / (n + n_more));
      squares[j] += more.squares[j] + gap * gap * (n * n_more / (n + n_more));
      smallest[j] = std::min(smallest[j], more.smallest[j]);
      largest[j] = std::max(largest[j], more.largest[j]);
    }
  }
};

/// Of row-major rows, in blocks added in order; nothing where a value is missing or infinite or a sum overflows.
template <Wanted kWanted, class T>
std::optional<Summary> summary_of(const RowMajor<T>& given, const Threads& threads) {
  const T* const rows = given.values;
  const size_t n_rows = given.n_rows, n_columns = given.n_columns;
  const size_t n_blocks = (n_rows + kRowsABlock - 1) / kRowsABlock;
  std::vector<Summary> blocks(n_blocks, Summary(n_columns));
  std::vector<uint8_t> finite(n_blocks);
  threads.parallel_for(n_blocks, 8, [&](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b)
      finite[b] = blocks[b].take<kWanted>(rows + b * kRowsABlock * n_columns, std::min(kRowsABlock, n_rows - b * kRowsABlock));
  });
  if (n_blocks == 0 || std::ranges::count(finite, uint8_t{0}) > 0) return std::nullopt;
  for (size_t b = 1; b < n_blocks; ++b)
    blocks[0].add(blocks[b], static_cast<double>(b * kRowsABlock), static_cast<double>(std::min(kRowsABlock, n_rows - b * kRowsABlock)));
  if (!std::ranges::all_of(blocks[0].squares, [](double square) { return std::isfinite(square); })) return std::nullopt;
  return blocks[0];
}

/// The extremes of summarised rows as a table of two rows, which has the same extremes.
Table extremes(const Summary& of, const std::vector<std::string>& names) {
  std::vector<Column> columns;
  for (size_t j = 0; j < names.size(); ++j)
    columns.push_back(Column::numeric(names[j], std::vector<double>{of.smallest[j], of.largest[j]}));
  return Table(std::move(columns));
}

/// A row a standard deviation below the mean of summarised rows and one above it, which together have the same moments.
FewRows deviations(const Summary& of, size_t n_rows, const std::vector<std::string>& names) {
  const auto n = static_cast<double>(n_rows);
  std::vector<Column> columns;
  for (size_t j = 0; j < names.size(); ++j) {
    const double deviation = std::sqrt(of.squares[j] / n);
    columns.push_back(Column::numeric(names[j], std::vector<double>{of.mean[j] - deviation, of.mean[j] + deviation}));
  }
  return {Table(std::move(columns)), {n / 2, n / 2}};
}

/// The standard scaler of summarised rows.
std::unique_ptr<FittedTransformer> standard_scaler(const Summary& of, size_t n_rows, const std::vector<std::string>& names,
                                                   const StandardScaleParams& params) {
  std::vector<AffineColumn> columns;
  for (size_t j = 0; j < names.size(); ++j) {
    columns.push_back(standard_column({static_cast<double>(n_rows), of.mean[j], of.squares[j]}, params));
    columns.back().name = names[j];
  }
  return make_affine(std::move(columns));
}

template <class T>
std::unique_ptr<FittedTransformer> fit_rows(std::string_view transformer, const Value& parameters, const RowMajor<T>& rows,
                                            const std::vector<std::string>& names, const FitContext& context, FewRows* few) {
  const bool ends = transformer == "min_max_scale" || transformer == "max_abs_scale";
  const Value* chosen = parameters.is_null() ? nullptr : parameters.find("columns");
  const bool whole = chosen == nullptr || chosen->as_list().empty() || chosen->as_list().size() == rows.n_columns;
  if (names.size() != rows.n_columns || rows.n_columns == 0 || !whole || (!ends && transformer != "standard_scale")) return nullptr;
  if (ends) {
    const auto summary = summary_of<Wanted::Extremes>(rows, *context.threads);
    if (!summary) return nullptr;
    const Table rows_of_extremes = extremes(*summary, names);
    if (few != nullptr) *few = {rows_of_extremes, {}};
    return transformers().make(std::string(transformer), parameters)->fit({rows_of_extremes}, context);
  }
  const auto params = parameters.is_null() ? StandardScaleParams() : from_value<StandardScaleParams>(parameters);
  const auto summary = summary_of<Wanted::Sums>(rows, *context.threads);
  if (!summary) return nullptr;
  if (few != nullptr) *few = deviations(*summary, rows.n_rows, names);
  return standard_scaler(*summary, rows.n_rows, names, params);
}

}  // namespace

std::unique_ptr<FittedTransformer> fit_scaler_rows(std::string_view transformer, const Value& parameters, const RowMajor<float>& rows,
                                                   const std::vector<std::string>& names, const FitContext& context, FewRows* few) {
  return fit_rows(transformer, parameters, rows, names, context, few);
}
std::unique_ptr<FittedTransformer> fit_scaler_rows(std::string_view transformer, const Value& parameters, const RowMajor<double>& rows,
                                                   const std::vector<std::string>& names, const FitContext& context, FewRows* few) {
  return fit_rows(transformer, parameters, rows, names, context, few);
}

void apply_affine(const std::vector<AffineColumn>& columns, const RowMajor<float>& rows, float* to, const Threads& threads) {
  apply_to(columns, rows, to, threads);
}
void apply_affine(const std::vector<AffineColumn>& columns, const RowMajor<double>& rows, double* to, const Threads& threads) {
  apply_to(columns, rows, to, threads);
}

}  // namespace kolosal
