// Schema: what each column of a table means and which part it plays, and why that was concluded.
//
// Readers give raw columns (numbers, booleans, dates and texts). `infer_schema` decides the kind of each: a text column with
// few distinct values is Categorical, one whose values are nearly all distinct and word-like is an id, and so on. `conform`
// then brings any table, the training one or one that comes later, to exactly the kinds the schema tells.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/memory_budget.h"
#include "kolosal/table/table.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// The part a column plays.
enum class ColumnRole { Feature, Target, Weight, Group, Time, Fold, Ignored };

constexpr auto enum_names(ColumnRole) {
  return std::to_array<std::pair<ColumnRole, std::string_view>>({{ColumnRole::Feature, "feature"},
                                                                 {ColumnRole::Target, "target"},
                                                                 {ColumnRole::Weight, "weight"},
                                                                 {ColumnRole::Group, "group"},
                                                                 {ColumnRole::Time, "time"},
                                                                 {ColumnRole::Fold, "fold"},
                                                                 {ColumnRole::Ignored, "ignored"}});
}

/// One column of a schema.
struct ColumnSchema {
  std::string name;
  ColumnKind kind = ColumnKind::Numeric;
  ColumnRole role = ColumnRole::Feature;
  std::string reason;                      ///< why this kind and role, in a sentence for users
  int64_t n_missing = 0;                   ///< in the training table
  int64_t n_unique = 0;                    ///< distinct values there, missing not counted
  std::vector<std::string> categories;     ///< Categorical: levels in order of code (most frequent first, ties by text)
  std::vector<std::string> missing_texts;  ///< Numeric that came as text: the texts that mean missing there
};
void describe(Fields<ColumnSchema>& fields);

struct Schema {
  std::vector<ColumnSchema> columns;

  /// nullptr where there is no such column.
  const ColumnSchema* find(std::string_view name) const;
  /// The columns with this role, in order.
  std::vector<const ColumnSchema*> with_role(ColumnRole role) const;
};
void describe(Fields<Schema>& fields);

/// For each feature of numbers that came as texts, a sentence that names the texts taken for missing there, for users to object.
std::vector<std::string> marker_notes(const Schema& schema);

/// What the user says about columns; everything else is inferred.
struct SchemaOptions {
  std::vector<std::string> target;  ///< one, or several for multi-output regression
  std::optional<std::string> weight, group, time, fold;
  std::vector<std::string> drop;            ///< columns to ignore
  std::map<std::string, ColumnKind> kinds;  ///< kinds that the user fixes
  int64_t max_categories = 1000;            ///< a text column with more distinct values is Text
  double max_unique_share = 0.5;            ///< a text column with a larger share of distinct values is Text
};

/// Decides kind and role of every column. Throws Error(UnknownColumn) where the options name a column that is not there.
/// Features that are constant, all missing or id-like become Ignored, with the reason.
Schema infer_schema(const Table& table, const SchemaOptions& options);

/// infer_schema of rows that come in chunks, and so of more than fit into memory.
class SchemaSurvey {
 public:
  /// Columns `as_levels` may be asked for as Categorical although they hold numbers. Of a column of texts `max_levels` levels, and at least
  /// 21, are kept: one with more cannot be Categorical. Beyond `max_distinct` distinct values their number is an estimate.
  explicit SchemaSurvey(std::vector<std::string> as_levels = {}, size_t max_levels = ~size_t{0} >> 1,
                        size_t max_distinct = ~size_t{0} >> 1);
  ~SchemaSurvey();

  /// Looks at further rows; every chunk has the columns and kinds of the first, else Error(FeatureMismatch). Levels are taken from the
  /// budget, with what the schema will need for them; throws Error(OutOfMemory) where they exceed it.
  void add(const Table& chunk, const std::shared_ptr<MemoryBudget>& memory = nullptr);
  /// What infer_schema says of all rows so far. Throws as it does, and Error(Unsupported) where a Categorical column has more than
  /// `max_levels` levels.
  Schema infer(const SchemaOptions& options) const;

 private:
  struct Columns;
  std::vector<std::string> as_levels_;
  size_t max_levels_, max_distinct_;
  std::unique_ptr<Columns> columns_;
};

/// Which columns `conform` gives.
enum class Conform {
  Training,      ///< all columns of the schema that are not Ignored; features and targets must be there, the others where they are
  Features,      ///< features only, which must be there: target, weight, group and so on are left out
  OpenFeatures,  ///< the same, and a category that the schema does not know stays, as a further level
};

/// The table's columns brought to the schema's kinds, in the schema's order, without Ignored columns. Columns that the schema
/// does not have are left out. A category of a feature that the schema does not know becomes missing (but for OpenFeatures); a target
/// keeps it, as a further level. The one liberty with kinds: an Integer column that comes with fractions stays Numeric. Throws
/// Error(FeatureMismatch), whose message contains "feature", where a column is missing or cannot be read as its kind: the
/// message names column, row (the first row is 1) and value.
Table conform(const Table& table, const Schema& schema, Conform which);

/// A table without rows whose kinds are those in which `conform` best takes the columns: what `open_table` is to be given as
/// `like` when a file is read for prediction, so that each chunk has the same kinds and no text loses its spelling.
Table reading_kinds(const Schema& schema);

/// Decides the task from the target column(s), as conformed or as read: two distinct values are Binary, a text, boolean or few-valued
/// integer target is Multiclass, several targets MultiRegression, a group role with Ranking asked for is Ranking, else Regression. `why`
/// (may be null) is set to the reason.
Task infer_task(const Table& table, const Schema& schema, std::string* why);

/// What infer_task says of one target column, and its classes, where the rows come in chunks.
class TargetSurvey {
 public:
  explicit TargetSurvey(const Schema& schema);
  ~TargetSurvey();

  /// Looks at further rows, which have a target, as conform(…, Training) or the reader gave them.
  void add(const Table& chunk);
  Task task() const;
  /// As make_target names them; empty unless classification.
  std::vector<std::string> class_names() const;

 private:
  struct Seen;
  std::unique_ptr<Seen> seen_;
};

/// The target of a table that conform(…, Training) returned. Class names are sorted: numbers by value, texts alphabetically.
/// `class_names` (from training) fixes the classes where given. Throws Error(BadValue) where a target is missing, a class
/// is unknown, or there is only one class; rows with a missing target must be removed before (see rows_with_target).
Target make_target(const Table& table, const Schema& schema, Task task, const std::vector<std::string>& class_names = {});

/// Rows whose target columns are all there, in order.
std::vector<uint32_t> rows_with_target(const Table& table, const Schema& schema);

}  // namespace kolosal
