#include "kolosal/automl/training_table.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "kolosal/base/checksum.h"
#include "kolosal/table/findings.h"

namespace kolosal {
namespace {

const Column* role_column(const Table& table, const Schema& schema, ColumnRole role) {
  const auto columns = schema.with_role(role);
  return columns.empty() ? nullptr : &table.column(columns.front()->name);
}

std::vector<uint32_t> group_numbers(const Column& column) {
  std::unordered_map<std::string, uint32_t> numbers;
  std::vector<uint32_t> groups(column.size());
  for (size_t row = 0; row < column.size(); ++row)
    groups[row] = numbers.try_emplace(column.display(row), static_cast<uint32_t>(numbers.size())).first->second;
  return groups;
}

std::vector<double> row_weights(const Column& column) {
  std::vector<double> weights = column.numbers();
  for (size_t row = 0; row < weights.size(); ++row)
    if (!(weights[row] >= 0) || weights[row] > 1e300)
      throw Error(ErrorCode::BadValue,
                  "row " + std::to_string(row + 1) + ": weight column '" + column.name() + "' is '" + column.display(row) + "'",
                  "Weights are numbers of at least 0.");
  return weights;
}

std::vector<int64_t> fold_numbers(const Column& column) {
  std::vector<int64_t> folds(column.size());
  for (size_t row = 0; row < folds.size(); ++row) {
    if (column.is_missing(row))
      throw Error(ErrorCode::BadValue, "row " + std::to_string(row + 1) + ": fold column '" + column.name() + "' is missing");
    folds[row] = static_cast<int64_t>(column.number(row));
  }
  return folds;
}

void find_in_schema(const Schema& schema, size_t n_rows, std::vector<std::string>& findings) {
  for (const ColumnSchema& column : schema.columns) {
    if (column.role == ColumnRole::Ignored) findings.push_back("Column '" + column.name + "' is left out: " + column.reason);
    else if (column.role == ColumnRole::Feature && 2 * static_cast<size_t>(column.n_missing) > n_rows)
      findings.push_back("Column '" + column.name + "' is missing in " +
                         std::to_string(100 * static_cast<size_t>(column.n_missing) / n_rows) + " % of the rows.");
  }
}

void find_in_target(const TrainingTable& training, std::vector<std::string>& findings) {
  if (!is_classification(training.task)) return;
  const TableSize size = training.size();
  if (size.smallest_class * 50 < size.n_rows)
    findings.push_back("The rarest class has " + std::to_string(size.smallest_class) + " of " + std::to_string(size.n_rows) + " rows.");
}

// Rows whose values are all equal to an earlier row's, by hash: a share that matters can leak between folds.
size_t count_duplicates(const Table& table) {
  if (table.n_columns() == 0) return 0;
  std::vector<uint64_t> hashes(table.n_rows(), 0x9e3779b97f4a7c15ULL);
  for (const Column& column : table.columns())
    for (size_t row = 0; row < table.n_rows(); ++row)
      hashes[row] = (hashes[row] ^ std::hash<std::string>()(column.display(row))) * 0x100000001b3ULL + 0x9e3779b97f4a7c15ULL;
  std::ranges::sort(hashes);
  return hashes.size() - static_cast<size_t>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
}

}  // namespace

TableSize TrainingTable::size() const {
  TableSize size;
  size.n_rows = rows.target.n_rows;
  size.n_features = rows.features.n_columns();
  size.n_classes = rows.target.n_classes();
  size.task = task;
  if (is_classification(task)) {
    std::vector<size_t> counts(size.n_classes);
    for (const double value : rows.target.values) ++counts[static_cast<size_t>(value)];
    size.smallest_class = *std::ranges::min_element(counts);
  }
  return size;
}

std::vector<Fold> TrainingTable::make_splits(const SplitPlan& plan, uint64_t seed) const {
  FoldRows split{rows.target.n_rows, {}, groups, time, fold};
  if (is_classification(task)) split.classes = rows.target.values;
  std::vector<Fold> folds = make_folds(split, plan.options, seed);
  if (plan.n_used > 0 && folds.size() > static_cast<size_t>(plan.n_used) && plan.n_used == 1) {
    // The holdout of a time series is its last block, so that all earlier rows are learnt from.
    const Fold chosen = plan.options.strategy == FoldStrategy::TimeSeries ? folds.back() : folds.front();
    folds.assign(1, chosen);
  }
  return folds;
}

TrainingTable make_training_table(const Table& table, const TrainOptions& options) {
  if (options.target.empty())
    throw Error(ErrorCode::BadValue, "no target column is named", "Name the column to predict, with --target COLUMN or target=.");
  if (table.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the table has no rows (empty input)");
  const SchemaOptions columns = schema_options(options);
  TrainingTable training;
  training.schema = infer_schema(table, columns);
  const std::vector<uint32_t> with_target = rows_with_target(table, training.schema);
  training.n_rows_without_target = table.n_rows() - with_target.size();
  if (with_target.empty()) throw Error(ErrorCode::EmptyInput, "the target '" + options.target.front() + "' is missing in every row");
  if (with_target.size() == 1)
    throw Error(ErrorCode::EmptyInput, "one row with a target is too few to learn from and be judged on", "Give at least 2 rows.");
  Table kept = table;
  if (training.n_rows_without_target > 0) {
    kept = table.take(with_target);
    training.schema = infer_schema(kept, columns);
    training.findings.push_back(std::to_string(training.n_rows_without_target) + " rows are left out because their target is missing.");
  }
  if (training.schema.with_role(ColumnRole::Feature).empty())
    throw Error(ErrorCode::BadValue, "no column is left to learn from: every one is the target, constant, missing or id-like",
                "Set the kind of a column to keep it, with --kind COLUMN=KIND.");
  const Table conformed = conform(kept, training.schema, Conform::Training);
  if (options.task) {
    training.task = *options.task;
    training.task_reason = "as asked";
  } else {
    training.task = infer_task(conformed, training.schema, &training.task_reason);
  }
  if (training.task == Task::Ranking && !options.group)
    throw Error(ErrorCode::BadValue, "a ranking task needs a group column", "Name the column of the query, with --group COLUMN.");
  training.rows.target = make_target(conformed, training.schema, training.task);
  training.rows.features = conform(kept, training.schema, Conform::Features);
  if (const Column* column = role_column(conformed, training.schema, ColumnRole::Weight)) training.rows.weights = row_weights(*column);
  if (const Column* column = role_column(conformed, training.schema, ColumnRole::Group)) training.groups = group_numbers(*column);
  if (const Column* column = role_column(conformed, training.schema, ColumnRole::Time)) training.time = column->numbers();
  if (const Column* column = role_column(conformed, training.schema, ColumnRole::Fold)) training.fold = fold_numbers(*column);
  find_in_schema(training.schema, kept.n_rows(), training.findings);
  find_in_target(training, training.findings);
  for (Finding& finding : find_in_columns(training.rows.features, &training.rows.target))
    training.findings.push_back(std::move(finding.message));
  if (kept.n_rows() <= 100'000)
    if (const size_t duplicates = count_duplicates(training.rows.features); duplicates * 100 > kept.n_rows())
      training.findings.push_back(std::to_string(duplicates) + " rows repeat the features of another row.");
  return training;
}

uint32_t table_checksum(const Table& table) {
  uint32_t checksum = 0;
  const auto add = [&](std::string_view text) { checksum = crc32c(std::as_bytes(std::span(text.data(), text.size())), checksum); };
  for (const Column& column : table.columns()) {
    add(column.name());
    add(enum_name(column.kind()));
    for (size_t row = 0; row < column.size(); ++row) {
      if (column.is_missing(row)) {
        add("\1");
      } else if (column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical) {
        add(column.kind() == ColumnKind::Text ? column.text(row)
                                              : std::string_view((*column.dictionary())[static_cast<size_t>(column.codes()[row])]));
        add(std::string_view("\0", 1));
      } else {
        const double number = column.number(row);
        add({reinterpret_cast<const char*>(&number), sizeof number});
      }
    }
  }
  return checksum;
}

}  // namespace kolosal
