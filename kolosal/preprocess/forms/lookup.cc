// The look-up form.
//
// Shapes   a column of n_rows gives n_outputs columns of n_rows float64.
// Cost     one hash look-up a row, or a dictionary entry where the column is categorical.
// Checked  encoders_test.cc.
#include "kolosal/preprocess/forms/lookup.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace kolosal {
namespace {

/// Whether one number stands for each level and no two levels share it.
bool is_one_to_one(const LookupColumn& spec) {
  if (spec.outputs.size() != 1 || spec.keep) return false;
  std::vector<double> values(spec.values.begin(), spec.values.begin() + static_cast<std::ptrdiff_t>(spec.levels.size()));
  std::ranges::sort(values);
  return std::ranges::adjacent_find(values) == values.end();
}

class Lookup : public PerColumnForm<LookupColumn> {
 public:
  explicit Lookup(std::vector<LookupColumn> columns) : PerColumnForm(std::move(columns)) {
    for (const LookupColumn& spec : specs()) slots_.emplace_back(spec.levels);
    invertible_ = std::ranges::all_of(specs(), is_one_to_one);
  }
  std::string_view form() const override { return "lookup"; }
  bool invertible() const override { return invertible_; }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    const LookupColumn& spec = specs()[i];
    const std::vector<uint32_t> slots = slots_[i].find(column);
    const size_t width = spec.outputs.size(), unknown = spec.levels.size();
    std::vector<uint8_t> there(slots.size());
    for (size_t row = 0; row < slots.size(); ++row)
      there[row] = slots[row] < unknown || !(slots[row] == unknown ? spec.leave_unknown : spec.leave_missing);
    const Validity validity = Validity::from_bytes(there);
    std::vector<Column> made;
    if (spec.keep) made.push_back(column);
    for (size_t k = 0; k < width; ++k) {
      std::vector<double> values(slots.size());
      for (size_t row = 0; row < slots.size(); ++row) values[row] = spec.values[slots[row] * width + k];
      made.push_back(Column::numeric(spec.outputs[k], std::move(values), validity));
    }
    return made;
  }

  std::vector<std::string> outputs(size_t i) const override { return specs()[i].outputs; }

  /// The level whose number it is; missing where there is none.
  Column undo(size_t i, const std::vector<Column>& made) const override {
    const LookupColumn& spec = specs()[i];
    std::map<double, int32_t> level_of;
    for (size_t level = 0; level < spec.levels.size(); ++level) level_of.emplace(spec.values[level], static_cast<int32_t>(level));
    std::vector<int32_t> codes(made.front().size(), -1);
    for (size_t row = 0; row < codes.size(); ++row) {
      const double value = made.front().number(row);
      if (std::isnan(value)) continue;
      if (const auto found = level_of.find(value); found != level_of.end()) codes[row] = found->second;
    }
    return Column::categorical(spec.name, std::move(codes), std::make_shared<const std::vector<std::string>>(spec.levels));
  }

 private:
  std::vector<LevelSlots> slots_;
  bool invertible_ = false;
};

class LookupForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<LookupColumn>(value, "lookup");
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
  fields.add("leave_unknown", &LookupColumn::leave_unknown, "Whether unknown levels become missing.");
  fields.add("leave_missing", &LookupColumn::leave_missing, "Whether missing values stay missing.");
  fields.add("keep", &LookupColumn::keep, "Whether the column itself stays.");
}

std::unique_ptr<FittedTransformer> make_lookup(std::vector<LookupColumn> columns) { return std::make_unique<Lookup>(std::move(columns)); }

void register_lookup(Catalog<TransformerForm>& catalog) { catalog.add<LookupForm>("lookup", "Each level becomes one or several numbers."); }

}  // namespace kolosal
