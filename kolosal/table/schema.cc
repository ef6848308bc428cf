// What each column of a table means, and why.
//
// The rules, in order, for a column that the user says nothing about:
//   one value or none                                          ignored (one value and missing cells are two: kept)
//   whole numbers that count 0, 1, 2 ... or 1, 2, 3 ..., in
//     the first column or named like an id                     ignored: a row number
//   other whole numbers named like an id                       integer: ids given in order often tell how old a row is
//   texts of which 95 % are numbers and the rest at most
//     five spellings ("-", "unknown")                          numeric, the spellings missing
//   texts with at most max_categories distinct values and at
//     most max_unique_share of the rows, or at most 20
//     distinct values that repeat                              categorical
//   texts nearly all distinct (95 %), short, of one word       ignored: an id
//   other texts                                                text
// A table is never left without features by a guess: where all would go as ids, they stay.
//
// Cost     O(n_rows) a column: one hash table of its values.
// Checked  schema_test.cc.
#include "kolosal/table/schema.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "kolosal/base/growing_lease.h"
#include "kolosal/table/cell_text.h"
#include "kolosal/table/level_text.h"
#include "kolosal/table/table_parts.h"
#include "kolosal/table/text_weights.h"

namespace kolosal {
namespace {

constexpr int64_t kFewLevels = 20;
constexpr double kNearlyAll = 0.95;
constexpr size_t kMostMarkers = 5;
constexpr double kShortText = 64;        // mean bytes of an id, at most
constexpr int64_t kFewestIds = 20;       // fewer distinct values prove nothing
constexpr size_t kAddedTogether = 4096;  // texts that memory is taken for at a time
constexpr size_t kStringBytes = 48;      // of a string, beside its bytes

/// Counts distinct 64-bit patterns. Beyond `most` it keeps only those of every second, fourth ... hash, and estimates (Wegman's adaptive
/// sampling; Flajolet, Computing 43, 1990): off by about 1.2 / sqrt(most).
class DistinctCounter {
 public:
  explicit DistinctCounter(size_t most) : most_(most) {}

  void add(uint64_t pattern) {
    if (pattern == 0) {
      zero_ = true;
      return;
    }
    if (is_left_out(pattern)) return;
    if ((n_ + 1) * 2 > slots_.size()) place_anew(std::max<size_t>(slots_.size() * 2, 64));
    place(pattern);
    while (n_ > most_) {
      ++level_;
      place_anew(slots_.size());
    }
  }
  int64_t count() const { return static_cast<int64_t>((n_ << level_) + zero_); }

 private:
  bool is_left_out(uint64_t pattern) const {
    if (level_ == 0) return false;
    const uint64_t mixed = (pattern ^ (pattern >> 32)) * 0xD6E8FEB86659FD93U;
    return ((mixed ^ (mixed >> 32)) & ((uint64_t{1} << level_) - 1)) != 0;
  }
  void place(uint64_t pattern) {
    for (size_t at = (pattern * 0x9E3779B97F4A7C15U) >> shift_;; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == pattern) return;
      if (slots_[at] == 0) {
        slots_[at] = pattern;
        ++n_;
        return;
      }
    }
  }
  void place_anew(size_t n_slots) {
    std::vector<uint64_t> old(n_slots);
    old.swap(slots_);
    shift_ = 64 - std::countr_zero(slots_.size());
    n_ = 0;
    for (const uint64_t pattern : old)
      if (pattern != 0 && !is_left_out(pattern)) place(pattern);
  }

  size_t most_;
  std::vector<uint64_t> slots_;
  int shift_ = 64;
  int level_ = 0;
  size_t n_ = 0;
  bool zero_ = false;
};

/// Whether the text is a number; "007" is rather a code.
bool is_number(const std::string& text) {
  const bool padded = text.size() > 1 && text[0] == '0' && std::isdigit(static_cast<unsigned char>(text[1])) != 0;
  return !padded && parse_number(text).has_value();
}

/// What the rules ask about a column.
struct Facts {
  Facts(bool as_texts, size_t most_levels, size_t most_distinct)
      : is_text(as_texts), most(std::max(most_levels, static_cast<size_t>(kFewLevels) + 1)), distinct(most_distinct) {}

  bool is_text;  // the values are looked at as levels
  size_t most;   // levels kept
  DistinctCounter distinct;
  int64_t n_rows = 0, n_there = 0;
  bool counts_rows = false;  // 0, 1, 2 ... or 1, 2, 3 ...
  int64_t first = 0;
  TextWeights levels;                               // how often each
  GrowingLease lease;                               // for them
  bool overflows = false;                           // there are more levels than are kept, of which is known:
  int64_t n_other_numbers = 0;                      //   how many rows hold numbers
  std::unordered_map<std::string, int64_t> others;  //   the texts that are not, no more than tell that they are no markers
  double bytes = 0;
  bool has_blank = false;  // a text of several words

  void add(const Column& column, const std::shared_ptr<MemoryBudget>& memory) {
    is_text ? add_texts(column, memory) : add_values(column);
    n_rows += static_cast<int64_t>(column.size());
  }
  int64_t n_unique() const {
    if (!is_text) return distinct.count();
    return overflows ? std::max(distinct.count(), static_cast<int64_t>(most) + 1) : static_cast<int64_t>(levels.size());
  }
  int64_t n_rows_of(const std::string& level) const {
    const size_t place = levels.find(level);
    return place != TextWeights::kNone ? static_cast<int64_t>(levels.weight(place)) : others.at(level);
  }
  double mean_bytes() const { return n_there > 0 ? bytes / static_cast<double>(n_there) : 0; }

 private:
  void add_texts(const Column& column, const std::shared_ptr<MemoryBudget>& memory) {
    const WrittenLevels written(column);
    std::vector<int64_t> counts(written.texts().size());
    for (const int32_t code : written.codes())
      if (code >= 0) ++counts[static_cast<size_t>(code)];
    for (size_t i = 0; i < counts.size(); ++i) {
      if (i % kAddedTogether == 0) make_room(written.texts(), i, column, memory);
      const std::string_view text = written.texts()[i];
      if (counts[i] == 0 || text.empty()) continue;
      n_there += counts[i];
      bytes += static_cast<double>(text.size()) * static_cast<double>(counts[i]);
      has_blank |= text.find_first_of(" \t\n") != std::string_view::npos;
      if (levels.size() < most || levels.find(text) != TextWeights::kNone) levels.add(text, static_cast<double>(counts[i]));
      else add_other(std::string(text), counts[i]);
    }
  }
  /// Takes memory for the next texts, were all of them new, and for the schema's copy of all levels.
  void make_room(const std::vector<std::string_view>& texts, size_t begin, const Column& column,
                 const std::shared_ptr<MemoryBudget>& memory) {
    if (memory == nullptr || levels.size() == most) return;
    const size_t end = std::min(begin + kAddedTogether, texts.size());
    size_t n_bytes = 0;
    for (size_t i = begin; i < end; ++i) n_bytes += texts[i].size();
    lease.grow(memory,
               levels.bytes_with(end - begin, n_bytes) + levels.text_bytes() + n_bytes + kStringBytes * (levels.size() + end - begin),
               "the distinct texts of column '" + column.name() + "'");
  }
  void add_other(const std::string& text, int64_t count) {
    const auto hash = [](const std::string& level) { return static_cast<uint64_t>(std::hash<std::string>()(level)); };
    if (!overflows)
      for (size_t level = 0; level < levels.size(); ++level) distinct.add(hash(std::string(levels.text(level))));
    overflows = true;
    distinct.add(hash(text));
    if (others.size() > kMostMarkers) return;
    if (is_number(text)) n_other_numbers += count;
    else others[text] += count;
  }
  void add_values(const Column& column) {
    const bool integer = column.kind() == ColumnKind::Integer;
    if (n_rows == 0) {
      counts_rows = integer;
      if (integer && column.size() > 0) first = column.int64()[0];
    }
    for (size_t row = 0; row < column.size(); ++row) {
      const double number = column.number(row);
      if (std::isnan(number)) {
        counts_rows = false;
        continue;
      }
      ++n_there;
      const bool whole = column.kind() != ColumnKind::Numeric && column.kind() != ColumnKind::Boolean;
      distinct.add(whole ? static_cast<uint64_t>(column.int64()[row]) : std::bit_cast<uint64_t>(number == 0 ? 0.0 : number));
      if (integer) counts_rows &= (first == 0 || first == 1) && column.int64()[row] == first + n_rows + static_cast<int64_t>(row);
    }
  }
};

/// "id", "ID", "customerID", "page_id", "row id", "PassengerId", "index", "uuid", "Unnamed: 0".
bool is_named_like_id(const std::string& name) {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "index" || lower == "idx" || lower == "uuid" || lower == "guid" || lower.starts_with("unnamed") || lower == "rownum" ||
      lower == "row_number" || lower == "rownames")
    return true;
  if (!lower.ends_with("id")) return false;
  if (name.size() == 2) return true;
  const char before = name[name.size() - 3];
  const char i = name[name.size() - 2];
  return std::isalnum(static_cast<unsigned char>(before)) == 0 || (i == 'I' && std::islower(static_cast<unsigned char>(before)) != 0);
}

/// Levels, the most frequent first, ties by text.
std::vector<std::string> ordered_levels(const ColumnSchema& column, const Facts& facts) {
  if (facts.overflows)
    throw Error(ErrorCode::Unsupported,
                "column '" + column.name + "' has more than " + std::to_string(facts.most) + " levels, which are too many for categories",
                "Let it be a text, or raise the number of levels allowed.");
  std::vector<uint32_t> order(facts.levels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&levels = facts.levels](uint32_t a, uint32_t b) {
    return levels.weight(a) != levels.weight(b) ? levels.weight(a) > levels.weight(b) : levels.text(a) < levels.text(b);
  });
  std::vector<std::string> levels;
  levels.reserve(order.size());
  for (const uint32_t level : order) levels.emplace_back(facts.levels.text(level));
  return levels;
}

void ignore(ColumnSchema& column, std::string reason) {
  column.role = ColumnRole::Ignored;
  column.reason = std::move(reason);
}

/// The texts that are not numbers, where they are so few that the column is numbers with markers of what is missing.
bool find_markers(const Facts& facts, std::vector<std::string>& markers) {
  int64_t n_numbers = 0;
  std::vector<std::string> others;
  for (size_t level = 0; level < facts.levels.size(); ++level) {
    std::string text(facts.levels.text(level));
    if (is_number(text)) n_numbers += static_cast<int64_t>(facts.levels.weight(level));
    else if (others.size() == kMostMarkers) return false;
    else others.push_back(std::move(text));
  }
  for (const auto& [text, count] : facts.others) {
    if (others.size() == kMostMarkers) return false;
    others.push_back(text);
  }
  n_numbers += facts.n_other_numbers;
  if (static_cast<double>(n_numbers) < kNearlyAll * static_cast<double>(facts.n_there) || n_numbers == 0) return false;
  std::ranges::sort(others);
  markers = std::move(others);
  return true;
}

void infer_text(ColumnSchema& column, const Facts& facts, const SchemaOptions& options) {
  const std::string distinct = std::to_string(facts.n_unique()) + " distinct texts in " + std::to_string(facts.n_there) + " rows";
  if (find_markers(facts, column.missing_texts)) {
    column.kind = ColumnKind::Numeric;
    std::string listed;
    for (const std::string& marker : column.missing_texts) {
      listed += (listed.empty() ? "'" : ", '") + marker + "'";
      column.n_missing += facts.n_rows_of(marker);
      --column.n_unique;
    }
    column.reason = listed.empty() ? "all texts are numbers" : "numbers but for " + listed + ", which is taken for missing";
    return;
  }
  const double share = facts.n_there == 0 ? 1 : static_cast<double>(facts.n_unique()) / static_cast<double>(facts.n_there);
  const bool few = facts.n_unique() <= kFewLevels && facts.n_unique() < facts.n_there;
  if (few || (facts.n_unique() <= options.max_categories && share <= options.max_unique_share)) {
    column.kind = ColumnKind::Categorical;
    column.categories = ordered_levels(column, facts);
    column.reason = distinct;
    return;
  }
  column.kind = ColumnKind::Text;
  const bool one_word = !facts.has_blank && facts.mean_bytes() <= kShortText;
  const bool distinct_enough = facts.n_there >= kFewestIds && share >= kNearlyAll;
  if (one_word && (distinct_enough || (share == 1 && is_named_like_id(column.name))))
    ignore(column, "looks like an id: " + distinct + ", each one word");
  else column.reason = distinct + ", too many for categories";
}

void infer_feature(ColumnSchema& column, ColumnKind kind, const Facts& facts, const SchemaOptions& options, bool is_first) {
  if (facts.n_there == 0) return ignore(column, "is missing in every row");
  if (facts.n_unique() == 1 && facts.n_there == facts.n_rows) return ignore(column, "has the same value in every row");
  switch (kind) {
    case ColumnKind::Text: return infer_text(column, facts, options);
    case ColumnKind::Categorical:
      column.categories = ordered_levels(column, facts);
      column.reason = "comes as categories: " + std::to_string(facts.n_unique()) + " levels";
      return;
    case ColumnKind::Integer:
      column.reason = "whole numbers, " + std::to_string(facts.n_unique()) + " distinct";
      if (facts.counts_rows && (is_first || is_named_like_id(column.name)) && facts.n_rows > 2)
        ignore(column, "is a row number: it counts the rows");
      else if (facts.n_unique() == facts.n_there && facts.n_there > 1 && is_named_like_id(column.name))
        column.reason += "; looks like an id, kept since its order may tell something";
      return;
    case ColumnKind::Numeric: column.reason = "numbers"; return;
    case ColumnKind::Boolean: column.reason = "true and false"; return;
    case ColumnKind::Timestamp: column.reason = "dates with a time of day"; return;
    case ColumnKind::Date: column.reason = "dates"; return;
  }
}

void infer_target(ColumnSchema& column, ColumnKind kind, const Facts& facts) {
  column.reason = "the target";
  if (kind == ColumnKind::Timestamp || kind == ColumnKind::Date)
    throw Error(ErrorCode::BadValue, "target '" + column.name + "' holds dates, which cannot be predicted",
                "Turn it into a number, such as days since a start, or fix its kind.");
  if (kind != ColumnKind::Text && kind != ColumnKind::Categorical) return;
  if (kind == ColumnKind::Text && find_markers(facts, column.missing_texts)) {
    column.kind = ColumnKind::Numeric;
    for (const std::string& marker : column.missing_texts) column.n_missing += facts.n_rows_of(marker);
    column.n_unique -= static_cast<int64_t>(column.missing_texts.size());
    column.reason = "the target: numbers with " + std::to_string(column.missing_texts.size()) + " texts taken for missing";
    return;
  }
  if (facts.n_there > 2 && facts.n_unique() == facts.n_there)
    throw Error(ErrorCode::BadValue,
                "target '" + column.name + "' holds a different text in each of its " + std::to_string(facts.n_there) +
                    " rows, so there are no classes to learn",
                "Name another target, or correct the texts if they should be numbers.");
  column.kind = ColumnKind::Categorical;
  column.categories = ordered_levels(column, facts);
}

/// Weight, group, time and fold keep the kind that they are read in, where that kind will do.
void check_part(const ColumnSchema& column, ColumnKind kind) {
  const bool text = kind == ColumnKind::Text || kind == ColumnKind::Categorical;
  const bool number = kind == ColumnKind::Numeric || kind == ColumnKind::Integer;
  const bool wrong = (column.role == ColumnRole::Weight && !number) || (column.role == ColumnRole::Time && text) ||
                     (column.role == ColumnRole::Fold && !number);
  if (wrong)
    throw Error(ErrorCode::BadValue,
                "column '" + column.name + "' is " + std::string(enum_name(kind)) + ", which cannot serve as " +
                    std::string(enum_name(column.role)),
                column.role == ColumnRole::Time ? "Name a column of dates or numbers." : "Name a column of numbers.");
}

/// The kind that the user fixed.
void fix_kind(ColumnSchema& column, const Facts& facts, ColumnKind kind) {
  column.kind = kind;
  column.reason = "the kind was given";
  if (kind != ColumnKind::Categorical) return;
  if (!facts.is_text) throw Error(ErrorCode::Internal, "the levels of column '" + column.name + "' were not counted");
  column.categories = ordered_levels(column, facts);
}

/// The part each column plays by the options; throws where a column is named that is not there, or twice.
std::unordered_map<std::string, ColumnRole> named_roles(const Table& table, const SchemaOptions& options) {
  std::unordered_map<std::string, ColumnRole> roles;
  const auto name = [&](const std::string& column, ColumnRole role) {
    const std::vector<std::string> known = table.names();
    if (table.find(column) == nullptr)
      throw Error(ErrorCode::UnknownColumn,
                  std::string(enum_name(role)) + " '" + column + "' is not a column of the table (" + std::to_string(known.size()) +
                      " columns)" + did_you_mean(column, known),
                  "Check the name; upper and lower case differ.");
    const auto [place, is_new] = roles.emplace(column, role);
    if (!is_new && place->second != role)
      throw Error(
          ErrorCode::BadValue,
          "column '" + column + "' is named as " + std::string(enum_name(place->second)) + " and as " + std::string(enum_name(role)),
          "Name it once.");
  };
  for (const std::string& column : options.target) name(column, ColumnRole::Target);
  if (options.weight) name(*options.weight, ColumnRole::Weight);
  if (options.group) name(*options.group, ColumnRole::Group);
  if (options.time) name(*options.time, ColumnRole::Time);
  if (options.fold) name(*options.fold, ColumnRole::Fold);
  for (const std::string& column : options.drop) name(column, ColumnRole::Ignored);
  for (const auto& [column, kind] : options.kinds)
    if (table.find(column) == nullptr) name(column, ColumnRole::Feature);
  return roles;
}

ColumnSchema infer_column(const Column& like, const Facts& facts, ColumnRole role, const SchemaOptions& options, bool is_first) {
  ColumnSchema column{like.name(), like.kind(), role, {}, facts.n_rows - facts.n_there, facts.n_unique(), {}, {}};
  const auto fixed = options.kinds.find(like.name());
  if (role == ColumnRole::Ignored) column.reason = "dropped as asked";
  else if (fixed != options.kinds.end()) fix_kind(column, facts, fixed->second);
  else if (role == ColumnRole::Target) infer_target(column, like.kind(), facts);
  else if (role == ColumnRole::Feature) infer_feature(column, like.kind(), facts, options, is_first);
  else {
    check_part(column, like.kind());
    column.reason = "named as " + std::string(enum_name(role));
    if (like.kind() == ColumnKind::Categorical) column.kind = ColumnKind::Text;  // groups are open: a new one is no missing one
  }
  return column;
}

}  // namespace

void describe(Fields<ColumnSchema>& fields) {
  fields.add("name", &ColumnSchema::name, "Name of the column.");
  fields.add("kind", &ColumnSchema::kind, "What its values mean.");
  fields.add("role", &ColumnSchema::role, "The part it plays.");
  fields.add("reason", &ColumnSchema::reason, "Why this kind and role.");
  fields.add("n_missing", &ColumnSchema::n_missing, "Missing cells in the training table.");
  fields.add("n_unique", &ColumnSchema::n_unique, "Distinct values in the training table.");
  fields.add("categories", &ColumnSchema::categories, "Levels in order of code.");
  fields.add("missing_texts", &ColumnSchema::missing_texts, "Texts that mean missing in a numeric column.");
}

void describe(Fields<Schema>& fields) { fields.add("columns", &Schema::columns, "The columns, in order."); }

const ColumnSchema* Schema::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &ColumnSchema::name);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<const ColumnSchema*> Schema::with_role(ColumnRole role) const {
  std::vector<const ColumnSchema*> found;
  for (const ColumnSchema& column : columns)
    if (column.role == role) found.push_back(&column);
  return found;
}

struct SchemaSurvey::Columns {
  std::optional<Table> like;
  std::vector<Facts> facts;
};

SchemaSurvey::SchemaSurvey(std::vector<std::string> as_levels, size_t max_levels, size_t max_distinct)
    : as_levels_(std::move(as_levels)), max_levels_(max_levels), max_distinct_(max_distinct), columns_(std::make_unique<Columns>()) {}
SchemaSurvey::~SchemaSurvey() = default;

void SchemaSurvey::add(const Table& chunk, const std::shared_ptr<MemoryBudget>& memory) {
  if (!columns_->like) {
    columns_->like = chunk.slice(0, 0);
    for (const Column& column : chunk.columns()) {
      const bool is_text = column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical ||
                           std::ranges::find(as_levels_, column.name()) != as_levels_.end();
      columns_->facts.emplace_back(is_text, max_levels_, max_distinct_);
    }
  }
  check_same_columns(*columns_->like, chunk, "a later chunk");
  for (size_t i = 0; i < chunk.n_columns(); ++i) columns_->facts[i].add(chunk.column(i), memory);
}

Schema SchemaSurvey::infer(const SchemaOptions& options) const {
  const Table table = columns_->like.value_or(Table());
  const auto roles = named_roles(table, options);
  Schema schema;
  schema.columns.reserve(table.n_columns());
  for (size_t i = 0; i < table.n_columns(); ++i) {
    const auto named = roles.find(table.column(i).name());
    const ColumnRole role = named == roles.end() ? ColumnRole::Feature : named->second;
    schema.columns.push_back(infer_column(table.column(i), columns_->facts[i], role, options, i == 0));
  }
  if (!schema.with_role(ColumnRole::Feature).empty()) return schema;
  for (ColumnSchema& column : schema.columns) {
    const bool guessed = column.role == ColumnRole::Ignored && !roles.contains(column.name) && column.n_unique > 1;
    if (!guessed) continue;
    column.role = ColumnRole::Feature;
    column.reason = "kept, as there is no other feature, though it " + column.reason;
  }
  return schema;
}

std::vector<std::string> marker_notes(const Schema& schema) {
  std::vector<std::string> notes;
  for (const ColumnSchema& column : schema.columns) {
    if (column.missing_texts.empty()) continue;
    std::string texts;
    for (const std::string& text : column.missing_texts) texts += (texts.empty() ? "'" : ", '") + text + "'";
    notes.push_back("column '" + column.name + "' holds numbers but for " + texts + ", taken for missing");
  }
  return notes;
}

Schema infer_schema(const Table& table, const SchemaOptions& options) {
  std::vector<std::string> as_levels;
  for (const auto& [column, kind] : options.kinds)
    if (kind == ColumnKind::Categorical) as_levels.push_back(column);
  SchemaSurvey survey(std::move(as_levels));
  survey.add(table);
  return survey.infer(options);
}

}  // namespace kolosal
