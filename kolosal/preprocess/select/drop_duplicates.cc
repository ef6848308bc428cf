// Dropping of duplicates: of columns of one kind with the same value in every row, the first stays.
//
// Missing values are equal to one another, and rows of weight 0 are not looked at. Values are compared themselves: each column's
// values are numbered in the order in which they occur, so equal columns have equal numbers and equal first rows.
//
// Cost     O(n_rows) a column, and O(n_rows) memory for each column of the same digest.
// Checked  select_test.cc.
#include <unordered_map>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct DropDuplicatesParams {
  std::vector<std::string> columns;
};

void describe(Fields<DropDuplicatesParams>& f) { f.add("columns", &DropDuplicatesParams::columns, "Columns to compare; empty means all."); }

/// A number that equal columns share and others hardly ever do.
uint64_t digest(const CellCodes& cells) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const int32_t code : cells.codes) {
    hash = (hash ^ static_cast<uint32_t>(code)) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return hash;
}

/// Whether two columns whose rows group alike also have the same values.
bool same_values(const Column& a, const Column& b, const CellCodes& of_a, const CellCodes& of_b) {
  if (a.kind() != b.kind() || of_a.codes != of_b.codes) return false;
  for (const uint32_t row : of_a.first_rows) {
    if (a.kind() == ColumnKind::Text ? a.text(row) != b.text(row) : false) return false;
    if (a.kind() == ColumnKind::Categorical && a.display(row) != b.display(row)) return false;
    const bool whole = a.kind() == ColumnKind::Integer || a.kind() == ColumnKind::Timestamp || a.kind() == ColumnKind::Date;
    if (whole && a.int64()[row] != b.int64()[row]) return false;
    if (is_number(a.kind()) && !whole && a.number(row) != b.number(row)) return false;
  }
  return true;
}

class DropDuplicates : public Transformer {
 public:
  explicit DropDuplicates(DropDuplicatesParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = choose_columns(
        input, params_.columns, [](ColumnKind) { return true; }, "drop_duplicates");
    const std::vector<uint32_t> rows = weighted_rows(input.table.n_rows(), input.weights);
    std::vector<uint64_t> digests(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      digests[i] = digest(cell_codes(*columns[i], rows));
    });
    std::unordered_map<uint64_t, std::vector<size_t>> kept;  // columns that stay, by digest
    std::vector<std::optional<std::string>> reasons(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      std::vector<size_t>& alike = kept[digests[i]];
      for (const size_t first : alike) {
        context.check();
        if (same_values(*columns[first], *columns[i], cell_codes(*columns[first], rows), cell_codes(*columns[i], rows))) {
          reasons[i] = "every value is that of '" + columns[first]->name() + "'";
          break;
        }
      }
      if (!reasons[i]) alike.push_back(i);
    }
    return drop_columns(input.table, columns, std::move(reasons));
  }

 private:
  DropDuplicatesParams params_;
};

}  // namespace

void register_drop_duplicates(Catalog<Transformer>& catalog) {
  catalog.add<DropDuplicates, DropDuplicatesParams>("drop_duplicates", "Columns that repeat an earlier one in every row are left out.");
}

}  // namespace kolosal
