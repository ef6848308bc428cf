// The indicators form.
//
// Shapes   a column of n_rows gives n_outputs Boolean columns of n_rows (one byte a row each).
// Cost     O(n_rows n_outputs).
// Checked  encoders_test.cc.
#include "kolosal/preprocess/forms/indicators.h"

#include <algorithm>
#include <atomic>

#include "kolosal/kernels/mark_equal.h"

namespace kolosal {
namespace {

constexpr size_t kRowsABlock = size_t{1} << 15;
constexpr size_t kBytesInCaches = size_t{4} << 20;
constexpr size_t kZeroedBytes = size_t{512} << 10;  // stay in a core's second-level cache until their ones are set

/// The level that is meant where column k alone is set (last entry: where none is), -1 where that is missing or unknown; and
/// whether no two levels are meant by the same.
bool levels_by_output(const IndicatorsColumn& spec, std::vector<int32_t>& level_of) {
  level_of.assign(spec.outputs.size() + 1, -1);
  for (size_t level = 0; level < spec.levels.size(); ++level) {
    int32_t& place = level_of[spec.output_of[level] < 0 ? spec.outputs.size() : static_cast<size_t>(spec.output_of[level])];
    if (place >= 0) return false;
    place = static_cast<int32_t>(level);
  }
  return !spec.outputs.empty();
}

class Indicators : public PerColumnForm<IndicatorsColumn> {
 public:
  explicit Indicators(std::vector<IndicatorsColumn> columns) : PerColumnForm(std::move(columns)) {
    std::vector<int32_t> level_of;
    for (const IndicatorsColumn& spec : specs()) {
      codes_.push_back(LevelCodes::over(spec.levels));
      invertible_ = invertible_ && levels_by_output(spec, level_of);
    }
  }
  std::string_view form() const override { return "indicators"; }
  bool invertible() const override { return invertible_; }

  /// For each row the column of spec i that it sets, -1 for none.
  Array<int32_t> set_by_rows(size_t i, const Column& column, const Threads& threads) const {
    const IndicatorsColumn& spec = specs()[i];
    const Array<uint32_t> found = codes_[i].find_slots(column, &threads);
    const std::span<const uint32_t> slots = found.view();
    std::vector<int32_t> output_of = spec.output_of;
    if (spec.unknown != UnknownLevel::Infrequent) output_of[spec.levels.size()] = -1;
    const size_t first_refused = spec.unknown == UnknownLevel::Error ? spec.levels.size() : spec.levels.size() + 2;
    std::atomic<bool> any_refused = false;
    Array<int32_t> set = Array<int32_t>::unset(slots.size());
    const std::span<int32_t> to = set.write();
    threads.parallel_for(slots.size(), kRowsABlock, [&](size_t begin, size_t end) {
      uint32_t last = 0;
      for (size_t row = begin; row < end; ++row) {
        to[row] = output_of[slots[row]];
        last = std::max(last, slots[row]);
      }
      if (last >= first_refused) any_refused = true;
    });
    if (any_refused) {
      refuse_unknown_levels(column, slots, spec.levels.size(), "ignore or infrequent");
      if (spec.missing_is_unknown) refuse_unknown_levels(column, slots, spec.levels.size() + 1, "ignore or infrequent");
    }
    return set;
  }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    static const Threads alone(1);
    const IndicatorsColumn& spec = specs()[i];
    const Array<int32_t> set_of = set_by_rows(i, column, alone);
    const std::span<const int32_t> set = set_of.view();
    std::vector<std::vector<uint8_t>> flags(spec.outputs.size(), std::vector<uint8_t>(set.size()));
    for (size_t row = 0; row < set.size(); ++row)
      if (set[row] >= 0) flags[static_cast<size_t>(set[row])][row] = 1;
    std::vector<Column> made;
    for (size_t k = 0; k < flags.size(); ++k) made.push_back(Column::boolean(spec.outputs[k], std::move(flags[k])));
    return made;
  }

  size_t bytes_of(size_t i) const override { return specs()[i].outputs.size(); }
  std::vector<std::string> outputs(size_t i) const override { return specs()[i].outputs; }

  /// The level whose column is largest, where that is more than one half; else the level that sets no column.
  Column undo(size_t i, const std::vector<Column>& made) const override {
    const IndicatorsColumn& spec = specs()[i];
    std::vector<int32_t> level_of;
    (void)levels_by_output(spec, level_of);
    std::vector<int32_t> codes(made.front().size());
    for (size_t row = 0; row < codes.size(); ++row) {
      size_t best = made.size();
      double largest = 0.5;
      for (size_t k = 0; k < made.size(); ++k)
        if (const double value = made[k].number(row); value > largest) {
          largest = value;
          best = k;
        }
      codes[row] = level_of[best];
    }
    return Column::categorical(spec.name, std::move(codes), std::make_shared<const std::vector<std::string>>(spec.levels));
  }

 private:
  std::vector<LevelCodes> codes_;
  bool invertible_ = true;
};

const Indicators& indicators_of(const FittedTransformer& fitted) {
  if (const auto* form = dynamic_cast<const Indicators*>(&fitted)) return *form;
  throw Error(ErrorCode::Unsupported, "the fitted form '" + std::string(fitted.form()) + "' does not make indicators", "Use transform.");
}

/// For each row the columns that it sets, of all specs together.
class SetColumns {
 public:
  static constexpr size_t kColumnsAGroup = 255;
  SetColumns(const Indicators& form, const Table& table, const Threads& threads) {
    int32_t first = 0;
    for (size_t i = 0; i < form.specs().size(); ++i) {
      set_.push_back(form.set_by_rows(i, needed_column(table, form.specs()[i].name), threads));
      first_.push_back(first);
      first += static_cast<int32_t>(form.specs()[i].outputs.size());
    }
  }

  /// Calls take(first, n, codes) for groups of at most kColumnsAGroup columns: n from `first` on, of which each row from `begin` to `end`
  /// sets the one that its code numbers, or none.
  template <class Take>
  void for_groups(size_t begin, size_t end, size_t n_columns, const Take& take) const {
    std::vector<uint8_t> codes(end - begin);
    for (size_t i = 0; i < set_.size(); ++i) {
      const std::span<const int32_t> set = set_[i].view();
      const auto first = static_cast<size_t>(first_[i]);
      const size_t past = i + 1 < set_.size() ? static_cast<size_t>(first_[i + 1]) : n_columns;
      for (size_t group = first; group < past; group += kColumnsAGroup) {
        const auto offset = static_cast<int32_t>(group - first);
        for (size_t row = begin; row < end; ++row) {
          const auto place = static_cast<uint32_t>(set[row] - offset);  // of those that set none, and those before: large
          codes[row - begin] = static_cast<uint8_t>(std::min<uint32_t>(place, kColumnsAGroup));
        }
        take(group, std::min(past - group, kColumnsAGroup), std::span<const uint8_t>(codes));
      }
    }
  }

  template <class Take>
  void for_row(size_t row, const Take& take) const {
    for (size_t i = 0; i < set_.size(); ++i)
      if (set_[i][row] >= 0) take(first_[i] + set_[i][row]);
  }

 private:
  std::vector<Array<int32_t>> set_;
  std::vector<int32_t> first_;
};

class IndicatorsForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<IndicatorsColumn>(value, "indicators");
    for (const IndicatorsColumn& spec : specs) {
      require_fitted(spec.output_of.size() == spec.levels.size() + 2, "indicators",
                     "column '" + spec.name + "' does not have one entry for each level");
      const auto n_outputs = static_cast<int64_t>(spec.outputs.size());
      for (const int32_t output : spec.output_of)
        require_fitted(output >= -1 && output < n_outputs, "indicators", "a level of column '" + spec.name + "' sets a column not there");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "indicators", "a column made has no name");
    }
    return make_indicators(std::move(specs));
  }
};

}  // namespace

void describe(Fields<IndicatorsColumn>& fields) {
  fields.add("name", &IndicatorsColumn::name, "The column.");
  fields.add("levels", &IndicatorsColumn::levels, "The levels seen in fitting.");
  fields.add("outputs", &IndicatorsColumn::outputs, "Names of the columns made.");
  fields.add("output_of", &IndicatorsColumn::output_of,
             "Number of the column that each level sets, then the rare levels together and missing values; -1 for none.");
  fields.add("unknown", &IndicatorsColumn::unknown, "What unknown levels give: an error, no column, or that of the rare levels.")
      .choices({"error", "ignore", "infrequent"});
  fields.add("missing_is_unknown", &IndicatorsColumn::missing_is_unknown,
             "Whether a missing value is a level that fitting did not see, which unknown 'error' refuses.");
}

std::unique_ptr<FittedTransformer> make_indicators(std::vector<IndicatorsColumn> columns) {
  return std::make_unique<Indicators>(std::move(columns));
}

size_t n_indicators(const FittedTransformer& fitted) {
  size_t n = 0;
  for (const IndicatorsColumn& spec : indicators_of(fitted).specs()) n += spec.outputs.size();
  return n;
}

SparseIndicators sparse_indicators(const FittedTransformer& fitted, const Table& table, const Threads& threads) {
  const SetColumns set(indicators_of(fitted), table, threads);
  const size_t n_rows = table.n_rows();
  SparseIndicators made{.n_columns = n_indicators(fitted)};
  made.starts.resize(n_rows + 1);
  for (size_t row = 0; row < n_rows; ++row) {
    made.starts[row + 1] = made.starts[row];
    set.for_row(row, [&](int32_t) { ++made.starts[row + 1]; });
  }
  made.columns.resize(static_cast<size_t>(made.starts.back()));
  threads.parallel_for(n_rows, kRowsABlock, [&](size_t begin, size_t end) {
    auto place = static_cast<size_t>(made.starts[begin]);
    for (size_t row = begin; row < end; ++row) set.for_row(row, [&](int32_t column) { made.columns[place++] = column; });
  });
  return made;
}

template <class T>
Array<T> dense_indicators(const FittedTransformer& fitted, const Table& table, bool by_columns, const Threads& threads) {
  const SetColumns set(indicators_of(fitted), table, threads);
  const size_t n_rows = table.n_rows(), n_columns = n_indicators(fitted);
  Array<T> made = Array<T>::unset(n_rows * n_columns);
  T* const to = made.write().data();
  if (by_columns) {
    const bool past_caches = made.size() * sizeof(T) > kBytesInCaches;
    threads.parallel_for(n_rows, kRowsABlock, [&](size_t begin, size_t end) {
      set.for_groups(begin, end, n_columns, [&](size_t first, size_t n, std::span<const uint8_t> codes) {
        for (size_t k = 0; k < n; ++k)
          mark_equal(codes, static_cast<uint8_t>(k), past_caches, std::span(to + (first + k) * n_rows + begin, end - begin));
      });
    });
    return made;
  }
  const size_t rows_a_block = std::max<size_t>(kZeroedBytes / (sizeof(T) * std::max<size_t>(n_columns, 1)), 64);
  threads.parallel_for(n_rows, rows_a_block, [&](size_t begin, size_t end) {
    std::fill(to + begin * n_columns, to + end * n_columns, T{0});
    for (size_t row = begin; row < end; ++row)
      set.for_row(row, [&](int32_t column) { to[row * n_columns + static_cast<size_t>(column)] = 1; });
  });
  return made;
}
template Array<uint8_t> dense_indicators(const FittedTransformer&, const Table&, bool, const Threads&);
template Array<float> dense_indicators(const FittedTransformer&, const Table&, bool, const Threads&);
template Array<double> dense_indicators(const FittedTransformer&, const Table&, bool, const Threads&);

void register_indicators(Catalog<TransformerForm>& catalog) {
  catalog.add<IndicatorsForm>("indicators", "Each level sets one of several columns.");
}

}  // namespace kolosal
