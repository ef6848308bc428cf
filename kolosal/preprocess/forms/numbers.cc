#include "kolosal/preprocess/forms/numbers.h"

#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/columns.h"

namespace kolosal {

void describe(Fields<AffineForm>& f) {
  f.add("columns", &AffineForm::columns, "Columns it applies to.");
  f.add("center", &AffineForm::center, "Taken off first.");
  f.add("divisor", &AffineForm::divisor, "Divided by then.");
  f.add("offset", &AffineForm::offset, "Added last.");
}

void describe(Fields<ClipForm>& f) {
  f.add("columns", &ClipForm::columns, "Columns it applies to.");
  f.add("low", &ClipForm::low, "Least value.");
  f.add("high", &ClipForm::high, "Largest value.");
}

void describe(Fields<FillForm>& f) {
  f.add("columns", &FillForm::columns, "Columns it applies to.");
  f.add("number", &FillForm::number, "What a missing number becomes.");
  f.add("level", &FillForm::level, "What a missing category becomes.");
  f.add("indicate", &FillForm::indicate, "Whether a column tells what was missing.");
}

void describe(Fields<RowNormForm>& f) {
  f.add("columns", &RowNormForm::columns, "Columns that make a row.");
  f.add("norm", &RowNormForm::norm, "l1, l2 or max.");
}

namespace {

[[noreturn]] void corrupt(const char* form) {
  throw Error(ErrorCode::CorruptArtifact, std::string("the sizes of a fitted '") + form + "' transformation do not agree");
}

// The table with `change(i, x)` in place of every number x of the i-th column; NaN is missing.
template <class Change>
Table change_numbers(const Table& table, const std::vector<std::string>& columns, const Change& change) {
  Table changed = table;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = needed_column(table, columns[i]);
    if (!holds_numbers(column.kind()))
      throw Error(ErrorCode::FeatureMismatch, "the feature '" + columns[i] + "' is " + std::string(enum_name(column.kind())) + " where numbers are needed");
    std::vector<double> values = column.numbers();
    for (double& value : values) value = change(i, value);
    changed = replaced(changed, numbers_like(column, std::move(values)));
  }
  return changed;
}

class Affine : public FittedTransformer {
 public:
  explicit Affine(AffineForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "affine"; }
  Table transform(const Table& table) const override {
    return change_numbers(table, form_.columns, [&](size_t i, double x) { return (x - form_.center[i]) / form_.divisor[i] + form_.offset[i]; });
  }
  bool invertible() const override { return true; }
  Table inverse_transform(const Table& table) const override {
    return change_numbers(table, form_.columns, [&](size_t i, double y) { return (y - form_.offset[i]) * form_.divisor[i] + form_.center[i]; });
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  AffineForm form_;
};

class Clip : public FittedTransformer {
 public:
  explicit Clip(ClipForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "clip"; }
  Table transform(const Table& table) const override {
    return change_numbers(table, form_.columns, [&](size_t i, double x) { return std::isnan(x) ? x : std::clamp(x, form_.low[i], form_.high[i]); });
  }
  /// What was clipped is lost; everything else is as it was.
  bool invertible() const override { return true; }
  Table inverse_transform(const Table& table) const override { return table; }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  ClipForm form_;
};

class Fill : public FittedTransformer {
 public:
  explicit Fill(FillForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "fill"; }
  bool invertible() const override { return true; }

  Table transform(const Table& table) const override {
    Table changed = table;
    std::vector<Column> indicators;
    for (size_t i = 0; i < form_.columns.size(); ++i) {
      const Column& column = needed_column(table, form_.columns[i]);
      if (form_.indicate[i] != 0) {
        std::vector<double> missing(column.size());
        for (size_t row = 0; row < missing.size(); ++row) missing[row] = is_gone(column, row);
        indicators.push_back(Column::numeric(column.name() + "__missing", std::move(missing)));
      }
      changed = replaced(changed, column.kind() == ColumnKind::Categorical ? filled_category(column, form_.level[i]) : filled_numbers(column, i));
    }
    for (Column& indicator : indicators) changed = changed.with_column(std::move(indicator));
    return changed;
  }

  Table inverse_transform(const Table& table) const override {
    std::vector<std::string> indicators;
    for (size_t i = 0; i < form_.columns.size(); ++i)
      if (form_.indicate[i] != 0 && table.find(form_.columns[i] + "__missing") != nullptr) indicators.push_back(form_.columns[i] + "__missing");
    return table.drop(indicators);
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  static bool is_gone(const Column& column, size_t row) {
    return column.is_missing(row) || (column.kind() == ColumnKind::Numeric && std::isnan(column.number(row)));
  }

  Column filled_numbers(const Column& column, size_t i) const {
    if (!holds_numbers(column.kind()))
      throw Error(ErrorCode::FeatureMismatch, "the feature '" + column.name() + "' is " + std::string(enum_name(column.kind())) + " where numbers are needed");
    std::vector<double> values = column.numbers();
    for (double& value : values)
      if (std::isnan(value)) value = form_.number[i];
    return numbers_like(column, std::move(values));
  }

  static Column filled_category(const Column& column, const std::string& level) {
    const auto& levels = *column.dictionary();
    auto code = static_cast<int32_t>(std::ranges::find(levels, level) - levels.begin());
    Dictionary dictionary = column.dictionary();
    if (code == static_cast<int32_t>(levels.size())) {
      auto longer = std::make_shared<std::vector<std::string>>(levels);
      longer->push_back(level);
      dictionary = std::move(longer);
    }
    std::vector<int32_t> codes(column.codes().begin(), column.codes().end());
    for (int32_t& c : codes)
      if (c < 0) c = code;
    return Column::categorical(column.name(), std::move(codes), std::move(dictionary));
  }

  FillForm form_;
};

class RowNorm : public FittedTransformer {
 public:
  explicit RowNorm(RowNormForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "row_norm"; }
  Table transform(const Table& table) const override {
    std::vector<double> norms(table.n_rows());
    for (const std::string& name : form_.columns) {
      const std::vector<double> values = needed_column(table, name).numbers();
      for (size_t row = 0; row < norms.size(); ++row) {
        const double size = std::abs(values[row]);
        if (std::isnan(size)) continue;
        if (form_.norm == "max") norms[row] = std::max(norms[row], size);
        else norms[row] += form_.norm == "l1" ? size : size * size;
      }
    }
    if (form_.norm == "l2")
      for (double& norm : norms) norm = std::sqrt(norm);
    Table changed = table;
    for (const std::string& name : form_.columns) {
      const Column& column = table.column(name);
      std::vector<double> values = column.numbers();
      for (size_t row = 0; row < norms.size(); ++row)
        if (norms[row] > 0) values[row] /= norms[row];
      changed = replaced(changed, numbers_like(column, std::move(values)));
    }
    return changed;
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  RowNormForm form_;
};

class AffineReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<AffineForm>(value);
    const size_t n = form.columns.size();
    if (form.center.size() != n || form.divisor.size() != n || form.offset.size() != n || std::ranges::find(form.divisor, 0.0) != form.divisor.end())
      corrupt("affine");
    return make_affine(std::move(form));
  }
};

class ClipReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<ClipForm>(value);
    if (form.low.size() != form.columns.size() || form.high.size() != form.columns.size()) corrupt("clip");
    for (size_t i = 0; i < form.low.size(); ++i)
      if (!(form.low[i] <= form.high[i])) corrupt("clip");
    return make_clip(std::move(form));
  }
};

class FillReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<FillForm>(value);
    const size_t n = form.columns.size();
    if (form.number.size() != n || form.level.size() != n || form.indicate.size() != n) corrupt("fill");
    return make_fill(std::move(form));
  }
};

class RowNormReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<RowNormForm>(value);
    if (form.norm != "l1" && form.norm != "l2" && form.norm != "max") corrupt("row_norm");
    return make_row_norm(std::move(form));
  }
};

}  // namespace

std::unique_ptr<FittedTransformer> make_affine(AffineForm form) { return std::make_unique<Affine>(std::move(form)); }
std::unique_ptr<FittedTransformer> make_clip(ClipForm form) { return std::make_unique<Clip>(std::move(form)); }
std::unique_ptr<FittedTransformer> make_fill(FillForm form) { return std::make_unique<Fill>(std::move(form)); }
std::unique_ptr<FittedTransformer> make_row_norm(RowNormForm form) { return std::make_unique<RowNorm>(std::move(form)); }

void register_number_forms(Catalog<TransformerForm>& catalog) {
  catalog.add<AffineReader>("affine", "Numbers shifted and scaled.");
  catalog.add<ClipReader>("clip", "Numbers brought into a range.");
  catalog.add<FillReader>("fill", "Missing values filled.");
  catalog.add<RowNormReader>("row_norm", "Rows divided by their norm.");
}

}  // namespace kolosal
