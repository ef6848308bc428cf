#include "kolosal/preprocess/forms/categories.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <unordered_map>

#include "kolosal/preprocess/columns.h"

namespace kolosal {

void describe(Fields<LookupColumn>& f) {
  f.add("name", &LookupColumn::name, "Source column.");
  f.add("levels", &LookupColumn::levels, "Known levels.");
  f.add("width", &LookupColumn::width, "Numbers that a level becomes.");
  f.add("numbers", &LookupColumn::numbers, "Numbers of each level.");
  f.add("unknown", &LookupColumn::unknown, "Numbers of a level that is not known.");
  f.add("missing", &LookupColumn::missing, "Numbers of a missing value.");
  f.add("outputs", &LookupColumn::outputs, "Names of the columns it becomes.");
}

void describe(Fields<LookupForm>& f) {
  f.add("columns", &LookupForm::columns, "Table of each column.");
  f.add("keep_source", &LookupForm::keep_source, "Whether the category stays.");
}

void describe(Fields<OneHotColumn>& f) {
  f.add("name", &OneHotColumn::name, "Source column.");
  f.add("levels", &OneHotColumn::levels, "Levels with an indicator of their own.");
  f.add("rare", &OneHotColumn::rare, "Levels that share one indicator.");
  f.add("dropped", &OneHotColumn::dropped, "Level without an indicator.");
  f.add("drops", &OneHotColumn::drops, "Whether a level has no indicator.");
}

void describe(Fields<OneHotForm>& f) { f.add("columns", &OneHotForm::columns, "Indicators of each column."); }

namespace {

const Column& needed_category(const Table& table, const std::string& name) {
  const Column& column = needed_column(table, name);
  if (column.kind() != ColumnKind::Categorical)
    throw Error(ErrorCode::FeatureMismatch, "the feature '" + name + "' is " + std::string(enum_name(column.kind())) + " where categories are needed");
  return column;
}

// For each code of the column's dictionary, where its level stands in `levels`; -1 where it is not there.
std::vector<int32_t> positions(const Column& column, const std::vector<std::string>& levels) {
  std::unordered_map<std::string_view, int32_t> known;
  for (size_t i = 0; i < levels.size(); ++i) known.emplace(levels[i], static_cast<int32_t>(i));
  std::vector<int32_t> found;
  for (const std::string& level : *column.dictionary()) {
    const auto at = known.find(level);
    found.push_back(at == known.end() ? -1 : at->second);
  }
  return found;
}

// The table with each column named by `source(i)` replaced, in place, by `made[i]`.
Table with_replaced(const Table& table, const std::vector<std::string>& sources, std::vector<std::vector<Column>> made) {
  std::vector<Column> columns;
  for (const Column& column : table.columns()) {
    const auto at = std::ranges::find(sources, column.name());
    if (at == sources.end()) columns.push_back(column);
    else
      for (Column& replacement : made[static_cast<size_t>(at - sources.begin())]) columns.push_back(std::move(replacement));
  }
  return Table(std::move(columns));
}

class Lookup : public FittedTransformer {
 public:
  explicit Lookup(LookupForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "lookup"; }

  Table transform(const Table& table) const override {
    std::vector<std::string> sources;
    std::vector<std::vector<Column>> made;
    for (const LookupColumn& lookup : form_.columns) {
      const Column& column = needed_category(table, lookup.name);
      sources.push_back(lookup.name);
      made.push_back(looked_up(lookup, column));
      if (form_.keep_source) made.back().insert(made.back().begin(), column);
    }
    return with_replaced(table, sources, std::move(made));
  }

  /// Works where every level has one number of its own.
  bool invertible() const override {
    return std::ranges::all_of(form_.columns, [](const LookupColumn& lookup) {
      std::vector<double> numbers = lookup.numbers;
      std::ranges::sort(numbers);
      return lookup.width == 1 && std::ranges::adjacent_find(numbers) == numbers.end();
    });
  }

  Table inverse_transform(const Table& table) const override {
    if (!invertible()) return FittedTransformer::inverse_transform(table);
    if (form_.keep_source) {
      std::vector<std::string> outputs;
      for (const LookupColumn& lookup : form_.columns) outputs.push_back(lookup.outputs.front());
      return table.drop(outputs);
    }
    std::vector<std::string> sources;
    std::vector<std::vector<Column>> made;
    for (const LookupColumn& lookup : form_.columns) {
      const Column& column = needed_column(table, lookup.outputs.front());
      std::vector<int32_t> codes(column.size(), -1);
      for (size_t row = 0; row < codes.size(); ++row) {
        const auto at = std::ranges::find(lookup.numbers, column.number(row));
        if (at != lookup.numbers.end()) codes[row] = static_cast<int32_t>(at - lookup.numbers.begin());
      }
      sources.push_back(lookup.outputs.front());
      made.push_back({Column::categorical(lookup.name, std::move(codes), std::make_shared<const std::vector<std::string>>(lookup.levels))});
    }
    return with_replaced(table, sources, std::move(made));
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  LookupForm form_;
};

class OneHot : public FittedTransformer {
 public:
  explicit OneHot(OneHotForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "one_hot"; }
  bool invertible() const override {
    return std::ranges::all_of(form_.columns, [](const OneHotColumn& one) { return one.rare.empty(); });
  }

  Table transform(const Table& table) const override {
    std::vector<std::string> sources;
    std::vector<std::vector<Column>> made;
    for (const OneHotColumn& one : form_.columns) {
      sources.push_back(one.name);
      made.push_back(indicators(one, needed_category(table, one.name)));
    }
    return with_replaced(table, sources, std::move(made));
  }

  Table inverse_transform(const Table& table) const override {
    if (!invertible()) return FittedTransformer::inverse_transform(table);
    Table restored = table;
    for (const OneHotColumn& one : form_.columns) {
      std::vector<std::string> levels = one.levels, outputs;
      if (one.drops) levels.push_back(one.dropped);
      std::vector<int32_t> codes(table.n_rows(), one.drops ? static_cast<int32_t>(one.levels.size()) : -1);
      for (size_t k = 0; k < one.levels.size(); ++k) {
        outputs.push_back(one.name + "__" + one.levels[k]);
        const Column& column = needed_column(table, outputs.back());
        for (size_t row = 0; row < codes.size(); ++row)
          if (column.number(row) > 0.5) codes[row] = static_cast<int32_t>(k);
      }
      Column category = Column::categorical(one.name, std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)));
      std::vector<Column> columns;
      bool placed = false;
      for (const Column& column : restored.columns()) {
        if (std::ranges::find(outputs, column.name()) == outputs.end()) columns.push_back(column);
        else if (!std::exchange(placed, true)) columns.push_back(category);
      }
      if (!placed) columns.push_back(category);
      restored = Table(std::move(columns));
    }
    return restored;
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  static std::vector<Column> indicators(const OneHotColumn& one, const Column& column) {
    const size_t n = one.levels.size();
    std::vector<int32_t> at = positions(column, one.levels);
    const std::vector<int32_t> rare = positions(column, one.rare);
    const size_t width = n + (one.rare.empty() ? 0 : 1);
    for (size_t code = 0; code < at.size(); ++code)
      if (at[code] < 0 && rare[code] >= 0) at[code] = static_cast<int32_t>(n);
    std::vector<std::vector<float>> values(width, std::vector<float>(column.size()));
    const auto codes = column.codes();
    for (size_t row = 0; row < codes.size(); ++row)
      if (codes[row] >= 0 && at[static_cast<size_t>(codes[row])] >= 0) values[static_cast<size_t>(at[static_cast<size_t>(codes[row])])][row] = 1;
    std::vector<Column> columns;
    for (size_t k = 0; k < width; ++k) columns.push_back(Column::numeric(one.name + "__" + (k < n ? one.levels[k] : "other"), std::move(values[k])));
    return columns;
  }

  OneHotForm form_;
};

class LookupReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<LookupForm>(value);
    for (const LookupColumn& c : form.columns) {
      const auto width = static_cast<size_t>(c.width);
      if (c.width < 1 || c.numbers.size() != c.levels.size() * width || c.unknown.size() != width || c.missing.size() != width || c.outputs.size() != width)
        throw Error(ErrorCode::CorruptArtifact, "the sizes of a fitted 'lookup' transformation do not agree");
    }
    return make_lookup(std::move(form));
  }
};

class OneHotReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override { return make_one_hot(kolosal::from_value<OneHotForm>(value)); }
};

}  // namespace

std::vector<Column> looked_up(const LookupColumn& lookup, const Column& column) {
  const std::vector<int32_t> at = positions(column, lookup.levels);
  const auto codes = column.codes();
  const auto width = static_cast<size_t>(lookup.width);
  std::vector<Column> columns;
  for (size_t k = 0; k < width; ++k) {
    std::vector<double> values(codes.size());
    for (size_t row = 0; row < codes.size(); ++row) {
      if (codes[row] < 0) values[row] = lookup.missing[k];
      else if (const int32_t level = at[static_cast<size_t>(codes[row])]; level < 0) values[row] = lookup.unknown[k];
      else values[row] = lookup.numbers[static_cast<size_t>(level) * width + k];
    }
    std::vector<uint8_t> there(values.size());
    for (size_t row = 0; row < values.size(); ++row) there[row] = !std::isnan(values[row]);
    columns.push_back(Column::numeric(lookup.outputs[k], std::move(values), Validity::from_bytes(there)));
  }
  return columns;
}

std::unique_ptr<FittedTransformer> make_lookup(LookupForm form) { return std::make_unique<Lookup>(std::move(form)); }
std::unique_ptr<FittedTransformer> make_one_hot(OneHotForm form) { return std::make_unique<OneHot>(std::move(form)); }

void register_category_forms(Catalog<TransformerForm>& catalog) {
  catalog.add<LookupReader>("lookup", "Categories become numbers by a table.");
  catalog.add<OneHotReader>("one_hot", "Categories become indicators.");
}

}  // namespace kolosal
