// From target columns to the task and the Target that learners see.
//
// The task of one target column: two distinct values are two classes, whatever their kind; categories, texts and booleans are
// classes; whole numbers are classes where there are at most 15 of them and at least 10 rows a value; all else is regression.
//
// Checked  schema_test.cc.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "kolosal/table/cell_text.h"
#include "kolosal/table/level_text.h"
#include "kolosal/table/schema.h"
#include "kolosal/table/text_weights.h"

namespace kolosal {
namespace {

constexpr size_t kMostNumberClasses = 15;
constexpr size_t kFewestRowsAClass = 10;

const ColumnSchema& only_target(const Schema& schema) {
  const auto targets = schema.with_role(ColumnRole::Target);
  if (targets.empty()) throw Error(ErrorCode::BadValue, "the schema has no target column", "Name the column to predict.");
  return *targets.front();
}

/// The distinct levels of a column, in order of class: numbers by value where all are numbers, else texts alphabetically.
std::vector<std::string> sorted_levels(const Column& column) {
  const WrittenLevels written(column);
  std::vector<uint8_t> has_rows(written.texts().size());
  for (const int32_t code : written.codes())
    if (code >= 0) has_rows[static_cast<size_t>(code)] = 1;
  std::vector<std::string> levels;
  for (size_t text = 0; text < has_rows.size(); ++text)
    if (has_rows[text] != 0 && !written.texts()[text].empty()) levels.emplace_back(written.texts()[text]);
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  std::vector<double> values;
  for (const std::string& level : levels)
    if (const auto number = parse_number(level); number && !std::isnan(*number)) values.push_back(*number);
  if (values.size() != levels.size()) return levels;
  std::vector<size_t> order(levels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<std::string> sorted;
  for (const size_t i : order) sorted.push_back(levels[i]);
  return sorted;
}

/// What infer_task asks about a numeric target: distinct values, as far as they matter, and whether all are whole.
struct NumberFacts {
  size_t n_rows = 0;
  std::vector<double> distinct;  // stops growing beyond kMostNumberClasses
  bool whole = true;
};

/// Looks at further numbers.
void look_at(const Column& column, NumberFacts& facts) {
  for (size_t row = 0; row < column.size(); ++row) {
    const double number = column.number(row);
    if (std::isnan(number)) continue;
    ++facts.n_rows;
    facts.whole &= number == std::trunc(number) && std::isfinite(number);
    if (facts.distinct.size() > kMostNumberClasses) break;  // too many for classes, whatever follows
    bool is_known = false;                                  // without a branch: which of few values comes next is chance
    for (const double known : facts.distinct) is_known |= known == number;
    if (!is_known) facts.distinct.push_back(number);
  }
}

std::pair<Task, std::string> task_of_numbers(const NumberFacts& facts) {
  const std::string n = std::to_string(facts.distinct.size());
  if (facts.distinct.size() == 2) return {Task::Binary, "holds two distinct numbers"};
  if (facts.distinct.size() > kMostNumberClasses)
    return {Task::Regression, "holds numbers, more than " + std::to_string(kMostNumberClasses) + " distinct ones"};
  if (!facts.whole) return {Task::Regression, "holds numbers with fractions"};
  if (facts.distinct.size() > 2 && facts.n_rows >= kFewestRowsAClass * facts.distinct.size())
    return {Task::Multiclass, "holds only " + n + " distinct whole numbers in " + std::to_string(facts.n_rows) + " rows"};
  return {Task::Regression,
          "holds " + n + " distinct whole numbers in " + std::to_string(facts.n_rows) + " rows, too few rows for classes"};
}

[[noreturn]] void bad_target(const Column& column, size_t row, const std::string& what, std::string remedy) {
  throw Error(ErrorCode::BadValue, "target '" + column.name() + "', row " + std::to_string(row + 1) + ": " + what, std::move(remedy));
}

void fill_classes(const Column& column, const std::vector<std::string>& class_names, Target& target) {
  target.class_names = class_names.empty() ? sorted_levels(column) : class_names;
  if (class_names.empty() && target.class_names.size() < 2)
    throw Error(ErrorCode::BadValue,
                "target '" + column.name() + "' has " +
                    (target.class_names.empty() ? std::string("no class") : "only one class, '" + target.class_names[0] + "'") +
                    "; at least two are needed",
                "Give rows of every class.");
  if (target.task == Task::Binary && target.class_names.size() != 2)
    throw Error(ErrorCode::BadValue,
                "target '" + column.name() + "' has " + std::to_string(target.class_names.size()) + " classes where a binary task has two",
                "Use the task multiclass.");
  const std::vector<int32_t> codes = LevelCodes(target.class_names).find_all(column);
  target.values.assign(codes.begin(), codes.end());
  for (size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] >= 0) continue;
    const std::string text = level_text(column, row);
    if (text.empty()) bad_target(column, row, "is missing", "Remove the row.");
    bad_target(column, row, "'" + text + "' is not a class that was trained on", "Remove the row, or train with rows of this class.");
  }
}

void fill_numbers(const Column& column, size_t k, Target& target) {
  if (column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical) {
    for (size_t row = 0; row < column.size(); ++row) {
      const std::string text = level_text(column, row);
      if (!parse_number(text))
        bad_target(column, row, text.empty() ? "is missing" : "'" + text + "' is not a number",
                   "Choose a classification task, or another target.");
      target.values[row * target.n_targets + k] = *parse_number(text);
    }
  } else if (target.n_targets == 1) {
    target.values = column.numbers();
  } else {
    for (size_t row = 0; row < column.size(); ++row) target.values[row * target.n_targets + k] = column.number(row);
  }
  for (size_t row = 0; row < column.size(); ++row) {
    const double number = target.values[row * target.n_targets + k];
    if (std::isnan(number)) bad_target(column, row, "is missing", "Remove the row.");
    if (std::isinf(number)) bad_target(column, row, "is infinite", "Remove the row, or replace the value by a finite one.");
  }
}

void fill_groups(const Table& table, const Schema& schema, Target& target) {
  const auto groups = schema.with_role(ColumnRole::Group);
  if (groups.empty())
    throw Error(ErrorCode::BadValue, "a ranking task needs a group column", "Name the column that tells which rows are ranked together.");
  const Column& column = table.column(groups.front()->name);
  std::unordered_map<std::string, uint32_t> numbers;
  for (size_t row = 0; row < column.size(); ++row) {
    const std::string text = level_text(column, row);
    if (text.empty())
      throw Error(ErrorCode::BadValue, "group '" + column.name() + "', row " + std::to_string(row + 1) + ": is missing", "Remove the row.");
    target.group.push_back(numbers.emplace(text, static_cast<uint32_t>(numbers.size())).first->second);
  }
}

}  // namespace

Task infer_task(const Table& table, const Schema& schema, std::string* why) {
  const ColumnSchema& first = only_target(schema);
  const auto targets = schema.with_role(ColumnRole::Target);
  std::pair<Task, std::string> found;
  if (targets.size() > 1) {
    found = {Task::MultiRegression, "there are " + std::to_string(targets.size()) + " target columns"};
  } else {
    const Column& column = table.column(first.name);
    if (column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer) {
      NumberFacts facts;
      look_at(column, facts);
      found = task_of_numbers(facts);
    } else {
      const size_t n_classes = sorted_levels(column).size();
      found = {n_classes <= 2 ? Task::Binary : Task::Multiclass, "is " + std::string(enum_name(column.kind())) + " with " +
                                                                     std::to_string(n_classes) + (n_classes == 1 ? " class" : " classes")};
    }
    found.second = "target '" + first.name + "' " + found.second;
  }
  if (why != nullptr) *why = found.second;
  return found.first;
}

struct TargetSurvey::Seen {
  explicit Seen(std::string target) : name(std::move(target)) {}

  std::string name;
  bool is_number = false;
  NumberFacts numbers;
  TextWeights levels;

  /// A column that has each class once.
  Column classes() const {
    if (is_number) return Column::numeric(name, numbers.distinct);
    std::vector<std::string> texts;
    for (size_t level = 0; level < levels.size(); ++level) texts.emplace_back(levels.text(level));
    return Column::text(name, texts);
  }
};

TargetSurvey::TargetSurvey(const Schema& schema) : seen_(std::make_unique<Seen>(only_target(schema).name)) {}
TargetSurvey::~TargetSurvey() = default;

void TargetSurvey::add(const Table& chunk) {
  const Column& column = chunk.column(seen_->name);
  seen_->is_number = column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer;
  if (seen_->is_number) return look_at(column, seen_->numbers);
  for (const std::string& level : sorted_levels(column)) seen_->levels.add(level, 1);
}

Task TargetSurvey::task() const {
  if (seen_->is_number) return task_of_numbers(seen_->numbers).first;
  return seen_->levels.size() <= 2 ? Task::Binary : Task::Multiclass;
}

std::vector<std::string> TargetSurvey::class_names() const {
  return is_classification(task()) ? sorted_levels(seen_->classes()) : std::vector<std::string>();
}

Target make_target(const Table& table, const Schema& schema, Task task, const std::vector<std::string>& class_names) {
  const auto targets = schema.with_role(ColumnRole::Target);
  const Column& first = table.column(only_target(schema).name);
  if (targets.size() > 1 && task != Task::MultiRegression)
    throw Error(ErrorCode::BadValue,
                std::to_string(targets.size()) + " target columns are named, a " + std::string(enum_name(task)) + " task has one",
                "Name one target, or use the task multi_regression.");
  Target target{task, table.n_rows(), targets.size(), {}, {}, {}};
  if (is_classification(task)) {
    fill_classes(first, class_names, target);
    return target;
  }
  target.values.resize(target.n_rows * target.n_targets);
  for (size_t k = 0; k < targets.size(); ++k) fill_numbers(table.column(targets[k]->name), k, target);
  if (task == Task::Ranking) fill_groups(table, schema, target);
  return target;
}

}  // namespace kolosal
