// The look-up form.
//
// Shapes   a column of n_rows gives n_outputs columns of n_rows float64.
// Cost     one hash look-up a row, or a dictionary entry where the column is categorical.
// Checked  encoders_test.cc.
#include "kolosal/preprocess/forms/lookup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace kolosal {
namespace {

constexpr size_t kRowsABlock = size_t{1} << 15;

std::vector<double> numbers_of(const LookupColumn& spec, size_t level) {
  const size_t width = spec.outputs.size();
  const auto first = spec.values.begin() + static_cast<std::ptrdiff_t>(level * width);
  return {first, first + static_cast<std::ptrdiff_t>(width)};
}

/// Whether no two levels share their numbers.
bool is_one_to_one(const LookupColumn& spec) {
  if (spec.keep) return false;
  const size_t width = spec.outputs.size();
  const auto numbers_at = [&](uint32_t level) { return std::span(spec.values).subspan(level * width, width); };
  std::vector<uint32_t> order(spec.levels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return std::ranges::lexicographical_compare(numbers_at(a), numbers_at(b)); });
  return std::ranges::adjacent_find(order, [&](uint32_t a, uint32_t b) { return std::ranges::equal(numbers_at(a), numbers_at(b)); }) ==
         order.end();
}

class Lookup : public PerColumnForm<LookupColumn> {
 public:
  explicit Lookup(std::vector<LookupColumn> columns) : PerColumnForm(std::move(columns)) {
    for (const LookupColumn& spec : specs()) codes_.push_back(LevelCodes::over(spec.levels));
    invertible_ = std::ranges::all_of(specs(), is_one_to_one);
  }
  std::string_view form() const override { return "lookup"; }
  bool invertible() const override { return invertible_; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(double) * specs()[i].outputs.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    static const Threads alone(1);
    const LookupColumn& spec = specs()[i];
    const Array<uint32_t> slots = codes_[i].find_slots(column);
    if (spec.unknown == UnknownLevel::Error) refuse_unknown_levels(column, slots.view(), spec.levels.size(), "missing or default");
    std::vector<Column> made = looked_up(spec, slots.view(), alone);
    if (spec.keep) made.insert(made.begin(), column);
    return made;
  }

  std::vector<std::string> outputs(size_t i) const override { return specs()[i].outputs; }

  /// The level whose numbers they are; missing where there is none.
  Column undo(size_t i, const std::vector<Column>& made) const override {
    const LookupColumn& spec = specs()[i];
    std::map<std::vector<double>, int32_t> level_of;
    for (size_t level = 0; level < spec.levels.size(); ++level) level_of.emplace(numbers_of(spec, level), static_cast<int32_t>(level));
    for (size_t slot = spec.levels.size(); slot < spec.levels.size() + 2; ++slot) level_of.emplace(numbers_of(spec, slot), -1);
    std::vector<int32_t> codes(made.front().size(), -1);
    std::vector<double> numbers(made.size());
    for (size_t row = 0; row < codes.size(); ++row) {
      for (size_t k = 0; k < made.size(); ++k) numbers[k] = made[k].number(row);
      if (std::ranges::any_of(numbers, [](double number) { return std::isnan(number); })) continue;
      const auto found = level_of.find(numbers);
      if (found == level_of.end())
        throw Error(ErrorCode::BadValue,
                    "column '" + made.front().name() + "' holds " + std::to_string(numbers.front()) + ", which no level of '" + spec.name +
                        "' became",
                    "Undo rows as transform gave them; training rows that were encoded out of fold tell no level.");
      codes[row] = found->second;
    }
    return Column::categorical(spec.name, std::move(codes), std::make_shared<const std::vector<std::string>>(spec.levels));
  }

 private:
  std::vector<LevelCodes> codes_;
  bool invertible_ = false;
};

/// Which rows have a result.
Validity results_there(const LookupColumn& spec, std::span<const uint32_t> slots) {
  const size_t n_levels = spec.levels.size();
  std::array<uint8_t, 2> beyond{spec.unknown != UnknownLevel::Missing, !spec.leave_missing};
  if (beyond[0] != 0 && beyond[1] != 0) return {};
  uint32_t largest = 0;
  for (const uint32_t slot : slots) largest = std::max(largest, slot);
  if (largest < n_levels) return {};
  std::vector<uint8_t> there(slots.size());
  for (size_t row = 0; row < slots.size(); ++row) there[row] = slots[row] < n_levels || beyond[slots[row] - n_levels] != 0;
  return Validity::from_bytes(there);
}

/// The column as an older version wrote it, which said with `leave_unknown` whether unknown levels become missing.
Value with_unknown(const Value& column) {
  const Value* leave = column.find("leave_unknown");
  if (leave == nullptr) return column;
  Value::Object members;
  for (const auto& [name, member] : column.as_object())
    if (name == "leave_unknown") members.emplace_back("unknown", leave->as_bool() ? "missing" : "default");
    else members.emplace_back(name, member);
  return Value(std::move(members));
}

Value with_unknown_levels(const Value& value) {
  const Value* columns = value.is_object() ? value.find("columns") : nullptr;
  if (columns == nullptr || !columns->is_list()) return value;
  Value::List changed;
  for (const Value& column : columns->as_list()) changed.push_back(column.is_object() ? with_unknown(column) : column);
  return Value(Value::Object{{"columns", Value(std::move(changed))}});
}

class LookupForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<LookupColumn>(with_unknown_levels(value), "lookup");
    for (const LookupColumn& spec : specs) {
      require_fitted(!spec.outputs.empty() && spec.values.size() % spec.outputs.size() == 0 &&
                         spec.values.size() / spec.outputs.size() == spec.levels.size() + 2,
                     "lookup", "column '" + spec.name + "' does not have one row of numbers for each level");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "lookup", "a column made has no name");
      for (const double number : spec.values)
        require_fitted(std::isfinite(number), "lookup", "a level of column '" + spec.name + "' has no finite number");
    }
    return make_lookup(std::move(specs));
  }
};

}  // namespace

void describe(Fields<LookupColumn>& fields) {
  fields.add("name", &LookupColumn::name, "The column.");
  fields.add("levels", &LookupColumn::levels, "The levels seen in fitting.");
  fields.add("outputs", &LookupColumn::outputs, "Names of the columns made.");
  fields.add("values", &LookupColumn::values, "Numbers of each level, then of unknown levels and of missing values, row by row.");
  fields.add("unknown", &LookupColumn::unknown, "What unknown levels give: an error, missing values, or their row of numbers.")
      .choices({"error", "missing", "default"});
  fields.add("leave_missing", &LookupColumn::leave_missing, "Whether missing values stay missing.");
  fields.add("keep", &LookupColumn::keep, "Whether the column itself stays.");
}

std::vector<Column> looked_up(const LookupColumn& spec, std::span<const uint32_t> slots, const Threads& threads) {
  const Validity validity = results_there(spec, slots);
  const size_t width = spec.outputs.size();
  std::vector<Column> made;
  for (size_t k = 0; k < width; ++k) {
    const double* from = spec.values.data() + k;
    const auto write = [&](std::span<double> to) {
      threads.parallel_for(to.size(), kRowsABlock, [&](size_t begin, size_t end) {
        for (size_t row = begin; row < end; ++row) to[row] = from[slots[row] * width];
      });
    };
    made.push_back(Column::written(spec.outputs[k], slots.size(), write, validity));
  }
  return made;
}

std::unique_ptr<FittedTransformer> make_lookup(std::vector<LookupColumn> columns) { return std::make_unique<Lookup>(std::move(columns)); }

void register_lookup(Catalog<TransformerForm>& catalog) { catalog.add<LookupForm>("lookup", "Each level becomes one or several numbers."); }

}  // namespace kolosal
