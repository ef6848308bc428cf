#include "kolosal/table/schema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "kolosal/base/json.h"
#include "kolosal/table/level_text.h"

namespace kolosal {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

using Texts = std::vector<std::string>;

Validity there(const std::vector<uint8_t>& flags) { return Validity::from_bytes(flags); }

Column text(const std::string& name, const Texts& values) {
  std::vector<uint8_t> flags;
  for (const std::string& value : values) flags.push_back(!value.empty());
  return Column::text(name, values, there(flags));
}

/// n texts made by `make`.
Column texts(const std::string& name, size_t n, const std::function<std::string(size_t)>& make) {
  Texts values;
  for (size_t i = 0; i < n; ++i) values.push_back(make(i));
  return text(name, values);
}

Column integers(const std::string& name, size_t n, const std::function<int64_t(size_t)>& make) {
  std::vector<int64_t> values;
  for (size_t i = 0; i < n; ++i) values.push_back(make(i));
  return Column::integer(name, values);
}

ColumnSchema inferred(const Column& column, SchemaOptions options = {}) {
  const Table table({integers("other", column.size(), [](size_t i) { return static_cast<int64_t>(i % 3); }), column});
  return *infer_schema(table, options).find(column.name());
}

Texts cells(const Column& column) {
  Texts shown;
  for (size_t row = 0; row < column.size(); ++row) shown.push_back(column.is_missing(row) ? "-" : column.display(row));
  return shown;
}

std::string failure(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_FALSE(error.remedy().empty()) << error.message();
    return std::string(error_code_name(error.code())) + ": " + error.message();
  }
  return "no error";
}

TEST(InferSchema, TextsThatRepeatAreCategoriesInOrderOfFrequency) {
  const ColumnSchema column = inferred(text("c", {"b", " a ", "c", "a", "c", "", "c"}));
  EXPECT_EQ(column.kind, ColumnKind::Categorical);
  EXPECT_EQ(column.categories, (Texts{"c", "a", "b"}));
  EXPECT_EQ(column.n_missing, 1);
  EXPECT_EQ(column.n_unique, 3);
  EXPECT_FALSE(column.reason.empty());
}

TEST(InferSchema, ThresholdsOnDistinctTextsSeparateCategoriesFromText) {
  const Column many = texts("c", 300, [](size_t i) { return "some words " + std::to_string(i / 3); });
  EXPECT_EQ(inferred(many).kind, ColumnKind::Categorical);
  EXPECT_EQ(inferred(many, {.max_categories = 99}).kind, ColumnKind::Text);
  EXPECT_EQ(inferred(many, {.max_unique_share = 0.3}).kind, ColumnKind::Text);
  EXPECT_EQ(inferred(many, {.max_categories = 100, .max_unique_share = 0.34}).kind, ColumnKind::Categorical);
}

TEST(InferSchema, OneWordThatIsDifferentInEveryRowIsAnIdAndSeveralWordsAreText) {
  const ColumnSchema id = inferred(texts("code", 50, [](size_t i) { return "7590-" + std::to_string(i) + "VHVEG"; }));
  EXPECT_EQ(id.role, ColumnRole::Ignored);
  EXPECT_NE(id.reason.find("id"), std::string::npos);
  const ColumnSchema name = inferred(texts("name", 50, [](size_t i) { return "Braund, Mr. Owen " + std::to_string(i); }));
  EXPECT_EQ(name.role, ColumnRole::Feature);
  EXPECT_EQ(name.kind, ColumnKind::Text);
}

TEST(InferSchema, WholeNumbersThatCountTheRowsAreIgnoredWhereTheyStandFirstOrAreNamedLikeAnId) {
  const auto scattered = [](size_t i) { return static_cast<int64_t>(i * 7919 % 1009); };
  const auto counting = [](size_t i) { return static_cast<int64_t>(i + 1); };
  for (const auto name : {"id", "ID", "PassengerId", "customerID", "page_id", "Unnamed: 0", "index"}) {
    const Table table({integers("x", 100, scattered), integers(name, 100, counting)});
    EXPECT_EQ(infer_schema(table, {}).find(name)->role, ColumnRole::Ignored) << name;
    EXPECT_EQ(inferred(integers(name, 100, scattered)).role, ColumnRole::Feature) << name;
    EXPECT_NE(inferred(integers(name, 100, scattered)).reason.find("id"), std::string::npos) << name;
  }
  for (const auto name : {"paid", "humid", "Grid", "price"})
    EXPECT_EQ(inferred(integers(name, 100, scattered)).reason.find("looks like an id"), std::string::npos) << name;
  EXPECT_EQ(inferred(integers("x", 100, counting)).role, ColumnRole::Feature);
  const Table table({integers("x", 100, counting), integers("y", 100, scattered)});
  EXPECT_EQ(infer_schema(table, {}).find("x")->role, ColumnRole::Ignored);
}

TEST(InferSchema, TheOnlyFeatureIsNeverIgnoredByAGuess) {
  const Table table({integers("x", 100, [](size_t i) { return static_cast<int64_t>(i); }),
                     integers("y", 100, [](size_t i) { return static_cast<int64_t>(3 * i); })});
  EXPECT_EQ(infer_schema(table, {.target = {"y"}}).find("x")->role, ColumnRole::Feature);
}

TEST(InferSchema, NumbersWithAFewMarkersAreNumbersWithThoseMissing) {
  const Column column = texts("charges", 200, [](size_t i) {
    return i % 50 == 0 ? "unknown" : i % 67 == 1 ? "-" : std::to_string(i) + ".5";
  });
  const ColumnSchema schema = inferred(column);
  EXPECT_EQ(schema.kind, ColumnKind::Numeric);
  EXPECT_EQ(schema.missing_texts, (Texts{"-", "unknown"}));
  EXPECT_EQ(schema.n_missing, 7);
  EXPECT_NE(schema.reason.find("'unknown'"), std::string::npos);
  const Column conformed = conform(Table({column}), Schema{{schema}}, Conform::Features).column("charges");
  EXPECT_TRUE(conformed.is_missing(0));
  EXPECT_EQ(conformed.number(2), 2.5);
  EXPECT_EQ(inferred(texts("c", 200, [](size_t i) { return i % 10 == 0 ? "x" : std::to_string(i); })).kind, ColumnKind::Text);
}

TEST(InferSchema, ConstantAndEmptyColumnsAreIgnoredAndOneValueWithGapsIsNot) {
  EXPECT_EQ(inferred(integers("c", 9, [](size_t) { return 4; })).role, ColumnRole::Ignored);
  EXPECT_EQ(inferred(Column::numeric("c", std::vector<double>(9, kNaN))).role, ColumnRole::Ignored);
  EXPECT_EQ(inferred(text("c", Texts(9))).role, ColumnRole::Ignored);
  EXPECT_EQ(inferred(text("c", {"yes", "", "yes", ""})).role, ColumnRole::Feature);
}

TEST(InferSchema, WhatTheUserSaysOverridesEveryGuess) {
  const Table table({integers("id", 30, [](size_t i) { return static_cast<int64_t>(i); }),
                     integers("w", 30, [](size_t i) { return static_cast<int64_t>(i % 4); }),
                     integers("x", 30, [](size_t i) { return static_cast<int64_t>(i % 5); }),
                     integers("y", 30, [](size_t i) { return static_cast<int64_t>(i % 2); })});
  const Schema schema = infer_schema(table, {.target = {"y"}, .weight = "w", .drop = {"x"}, .kinds = {{"id", ColumnKind::Categorical}}});
  EXPECT_EQ(schema.find("id")->role, ColumnRole::Feature);
  EXPECT_EQ(schema.find("id")->categories.size(), 30U);
  EXPECT_EQ(schema.find("w")->role, ColumnRole::Weight);
  EXPECT_EQ(schema.find("x")->role, ColumnRole::Ignored);
  EXPECT_EQ(schema.find("y")->role, ColumnRole::Target);
}

TEST(InferSchema, OptionsThatDoNotFitTheTableAreErrors) {
  const Table table({text("income", {"a", "b", "a"}), text("name", {"x", "y", "z"}), Column::date("day", {1, 2, 3})});
  EXPECT_EQ(failure([&] { infer_schema(table, {.target = {"incme"}}); }),
            "unknown_column: target 'incme' is not a column of the table (3 columns); did you mean 'income'?");
  EXPECT_NE(failure([&] { infer_schema(table, {.kinds = {{"nme", ColumnKind::Text}}}); }).find("unknown_column"), std::string::npos);
  EXPECT_NE(failure([&] { infer_schema(table, {.target = {"income"}, .drop = {"income"}}); }).find("named as target and as ignored"),
            std::string::npos);
  EXPECT_NE(failure([&] { infer_schema(table, {.target = {"name"}}); }).find("different text in each"), std::string::npos);
  EXPECT_NE(failure([&] { infer_schema(table, {.target = {"day"}}); }).find("dates"), std::string::npos);
  EXPECT_NE(failure([&] { infer_schema(table, {.weight = "name"}); }).find("cannot serve as weight"), std::string::npos);
}

TEST(InferSchema, ASchemaIsTheSameAfterGoingThroughAValue) {
  const Table table({text("c", {"b", "a", "b"}), Column::numeric("x", std::vector<double>{1, 2, 3.5}), text("y", {"p", "q", "p"})});
  const Schema schema = infer_schema(table, {.target = {"y"}});
  EXPECT_EQ(to_value(from_value<Schema>(to_value(schema))), to_value(schema));
}

ColumnSchema categories(const std::string& name, const Texts& levels, ColumnRole role = ColumnRole::Feature) {
  return {name, ColumnKind::Categorical, role, {}, 0, 0, levels, {}};
}

TEST(Conform, ACategoryIsFoundHoweverItsColumnWasRead) {
  const auto codes = [](const Column& column, const Texts& levels) {
    const Column conformed = conform(Table({column}), Schema{{categories("c", levels)}}, Conform::Features).column("c");
    return std::vector<int32_t>(conformed.codes().begin(), conformed.codes().end());
  };
  using Codes = std::vector<int32_t>;
  EXPECT_EQ(codes(text("c", {"x", " 1 ", "new", ""}), {"1", "x"}), (Codes{1, 0, -1, -1}));
  EXPECT_EQ(codes(Column::integer("c", {1, 2, 3}), {"1", "2", "x"}), (Codes{0, 1, -1}));
  EXPECT_EQ(codes(Column::integer("c", {1, 10}), {"01", "10", "x"}), (Codes{0, 1}));
  EXPECT_EQ(codes(Column::numeric("c", std::vector<double>{1, 2.5, kNaN}), {"1", "2.50", "x"}), (Codes{0, 1, -1}));
  EXPECT_EQ(codes(Column::numeric("c", std::vector<float>{0.1F}), {"0.1"}), (Codes{0}));
  EXPECT_EQ(codes(Column::boolean("c", {1, 0}), {"True", "maybe", "False"}), (Codes{0, 2}));
  EXPECT_EQ(codes(Column::date("c", {0, 1}), {"never", "1970-01-01", "02.01.1970"}), (Codes{1, 2}));
  EXPECT_EQ(codes(Column::categorical("c", {1, 0, -1, 1}, std::make_shared<const Texts>(Texts{"new", "x"})), {"1", "x"}),
            (Codes{1, -1, -1, 1}));
}

TEST(Conform, NumbersAreReadFromAnyKindTheyComeIn) {
  const Schema schema{{{"x", ColumnKind::Numeric}}};
  const auto conformed = [&](const Column& column) { return cells(conform(Table({column}), schema, Conform::Features).column("x")); };
  EXPECT_EQ(conformed(text("x", {"1.5", " -2 ", ""})), (Texts{"1.5", "-2", "-"}));
  EXPECT_EQ(conformed(Column::integer("x", {3, 4}, there({1, 0}))), (Texts{"3", "-"}));
  EXPECT_EQ(conformed(Column::boolean("x", {1, 0})), (Texts{"1", "0"}));
  EXPECT_EQ(conformed(Column::categorical("x", {0, -1}, std::make_shared<const Texts>(Texts{"7"}))), (Texts{"7", "-"}));
}

TEST(Conform, IntegersWithFractionsStayNumericAndOthersKeepTheirKind) {
  const Schema schema{{{"x", ColumnKind::Integer}}};
  EXPECT_EQ(conform(Table({Column::numeric("x", std::vector<double>{1, 2, kNaN})}), schema, Conform::Features).column("x").kind(),
            ColumnKind::Integer);
  EXPECT_EQ(conform(Table({Column::numeric("x", std::vector<double>{1, 2.5})}), schema, Conform::Features).column("x").kind(),
            ColumnKind::Numeric);
  EXPECT_EQ(cells(conform(Table({text("x", {"9007199254740993"})}), schema, Conform::Features).column("x")), (Texts{"9007199254740993"}));
}

TEST(Conform, DatesAndBooleansAreReadFromTextsAndNumbers) {
  const Schema schema{{{"d", ColumnKind::Date}, {"t", ColumnKind::Timestamp}, {"b", ColumnKind::Boolean}}};
  const Table table({text("d", {"31.01.2024", ""}), Column::date("t", {0, 1}), Column::integer("b", {0, 1})});
  const Table conformed = conform(table, schema, Conform::Features);
  EXPECT_EQ(cells(conformed.column("d")), (Texts{"2024-01-31", "-"}));
  EXPECT_EQ(cells(conformed.column("t")), (Texts{"1970-01-01T00:00:00", "1970-01-02T00:00:00"}));
  EXPECT_EQ(cells(conformed.column("b")), (Texts{"false", "true"}));
  EXPECT_EQ(cells(conform(Table({Column::timestamp("d", {-1, 1})}), Schema{{{"d", ColumnKind::Date}}}, Conform::Features).column("d")),
            (Texts{"1969-12-31", "1970-01-01"}));
}

TEST(Conform, ColumnsMayComeInAnyOrderWithOthersBetweenThem) {
  const Schema schema{{{"a", ColumnKind::Numeric},
                       {"id", ColumnKind::Integer, ColumnRole::Ignored},
                       {"b", ColumnKind::Numeric},
                       {"y", ColumnKind::Numeric, ColumnRole::Target},
                       {"w", ColumnKind::Numeric, ColumnRole::Weight}}};
  const auto number = [](const std::string& name) { return Column::numeric(name, std::vector<double>{1}); };
  const Table table({number("extra"), number("b"), number("y"), number("a")});
  EXPECT_EQ(conform(table, schema, Conform::Features).names(), (Texts{"a", "b"}));
  EXPECT_EQ(conform(table, schema, Conform::Training).names(), (Texts{"a", "b", "y"}));
  EXPECT_EQ(conform(table.drop(Texts{"y"}), schema, Conform::Features).names(), (Texts{"a", "b"}));
}

TEST(Conform, WhatDoesNotFitNamesColumnRowAndValue) {
  const Schema schema{{{"age", ColumnKind::Numeric}, {"day", ColumnKind::Date}}};
  const auto number = [](const std::string& name) { return Column::numeric(name, std::vector<double>{1, 2}); };
  EXPECT_EQ(
      failure([&] {
        conform(Table({text("age", {"1", "thirty"}), Column::date("day", {1, 2})}), schema, Conform::Features);
      }),
      "feature_mismatch: feature mismatch: column 'age', row 2: 'thirty' cannot be read as numeric, which the column was in training");
  EXPECT_NE(failure([&] {
              conform(Table({number("age"), number("day")}), schema, Conform::Features);
            }).find("column 'day', row 1: '1'"),
            std::string::npos);
  EXPECT_EQ(failure([&] {
              conform(Table({number("agee"), number("day")}), schema, Conform::Features);
            }),
            "feature_mismatch: feature mismatch: column 'age' is missing; the model was trained on 2 features and the table has 2 columns; "
            "did you mean 'agee'?");
}

/// Schema and conformed table of a single target column and a feature.
struct Trained {
  explicit Trained(const Column& y) {
    const Table raw({integers("x", y.size(), [](size_t i) { return static_cast<int64_t>(i * i % 7); }), y});
    schema = infer_schema(raw, {.target = {y.name()}});
    table = conform(raw, schema, Conform::Training);
  }
  Task task() const { return infer_task(table, schema, nullptr); }
  Schema schema;
  Table table;
};

TEST(InferTask, FollowsFromTheValuesOfTheTarget) {
  EXPECT_EQ(Trained(text("y", {"no", "yes", "no"})).task(), Task::Binary);
  EXPECT_EQ(Trained(text("y", {"a", "b", "c", "a"})).task(), Task::Multiclass);
  EXPECT_EQ(Trained(Column::boolean("y", {0, 1, 1})).task(), Task::Binary);
  EXPECT_EQ(Trained(integers("y", 10, [](size_t i) { return static_cast<int64_t>(i % 2); })).task(), Task::Binary);
  EXPECT_EQ(Trained(integers("y", 60, [](size_t i) { return static_cast<int64_t>(i % 6); })).task(), Task::Multiclass);
  EXPECT_EQ(Trained(integers("y", 59, [](size_t i) { return static_cast<int64_t>(i % 6); })).task(), Task::Regression);
  EXPECT_EQ(Trained(integers("y", 1600, [](size_t i) { return static_cast<int64_t>(i % 16); })).task(), Task::Regression);
  EXPECT_EQ(Trained(Column::numeric("y", std::vector<double>(100, 1.5))).task(), Task::Regression);
  EXPECT_EQ(Trained(Column::numeric("y", std::vector<double>{0, 1, 1, 0})).task(), Task::Binary);
  const Table two({Column::numeric("a", std::vector<double>{1, 2}), Column::numeric("b", std::vector<double>{1, 2}),
                   Column::numeric("x", std::vector<double>{1, 2})});
  const Schema schema = infer_schema(two, {.target = {"a", "b"}});
  std::string why;
  EXPECT_EQ(infer_task(two, schema, &why), Task::MultiRegression);
  EXPECT_EQ(why, "there are 2 target columns");
  EXPECT_EQ(make_target(two, schema, Task::MultiRegression).values, (std::vector<double>{1, 1, 2, 2}));
}

TEST(MakeTarget, ClassesAreSortedByValueOrAlphabetically) {
  const auto names = [](const Column& y, Task task) {
    const Trained trained(y);
    return make_target(trained.table, trained.schema, task).class_names;
  };
  EXPECT_EQ(names(text("y", {">50K", "<=50K", "<=50K"}), Task::Binary), (Texts{"<=50K", ">50K"}));
  EXPECT_EQ(names(Column::integer("y", {10, 9, 2, 10}), Task::Multiclass), (Texts{"2", "9", "10"}));
  EXPECT_EQ(names(Column::boolean("y", {1, 0}), Task::Binary), (Texts{"false", "true"}));
}

TEST(MakeTarget, ClassesOfTrainingAreKeptAndOthersAreErrors) {
  const Trained trained(text("y", {"no", "yes", "no"}));
  const Texts classes = {"no", "yes"};
  const auto judged = [&](const Column& y) {
    const Table table({Column::integer("x", std::vector<int64_t>(y.size(), 1)), y});
    return make_target(conform(table, trained.schema, Conform::Training), trained.schema, Task::Binary, classes).values;
  };
  EXPECT_EQ(judged(text("y", {"yes", "yes"})), (std::vector<double>{1, 1}));
  EXPECT_EQ(failure([&] {
              judged(text("y", {"yes", "perhaps"}));
            }),
            "bad_value: target 'y', row 2: 'perhaps' is not a class that was trained on");
  EXPECT_EQ(failure([&] { judged(text("y", {"", "yes"})); }), "bad_value: target 'y', row 1: is missing");
}

TEST(MakeTarget, OneClassInfinityAndTextInRegressionAreErrors) {
  const auto made = [](const Column& y, Task task) {
    const Trained trained(y);
    return failure([&] { make_target(trained.table, trained.schema, task); });
  };
  EXPECT_NE(made(text("y", {"a", "a", "a"}), Task::Binary).find("only one class, 'a'"), std::string::npos);
  EXPECT_NE(made(text("y", {"a", "b", "c", "c"}), Task::Binary).find("3 classes"), std::string::npos);
  EXPECT_NE(made(Column::numeric("y", std::vector<double>{1, INFINITY}), Task::Regression).find("row 2: is infinite"), std::string::npos);
  EXPECT_NE(made(text("y", {"a", "b", "a"}), Task::Regression).find("row 1: 'a' is not a number"), std::string::npos);
  EXPECT_NE(made(Column::integer("y", {1, 2}), Task::Ranking).find("group column"), std::string::npos);
}

TEST(MakeTarget, RankingNumbersItsGroupsInOrderOfAppearance) {
  const Table table({text("q", {"b", "b", "a"}), Column::integer("y", {2, 0, 1}), Column::integer("x", {1, 2, 3})});
  const Schema schema = infer_schema(table, {.target = {"y"}, .group = "q"});
  EXPECT_EQ(make_target(conform(table, schema, Conform::Training), schema, Task::Ranking).group, (std::vector<uint32_t>{0, 0, 1}));
}

TEST(SchemaSurvey, SaysOfChunksWhatInferSchemaSaysOfAllRows) {
  const size_t n = 5000;
  const Table table({integers("row", n, [](size_t i) { return static_cast<int64_t>(i); }),
                     texts("id", n, [](size_t i) { return "a" + std::to_string(i); }),
                     texts("city", n, [](size_t i) { return "city " + std::to_string(i % 7); }),
                     texts("amount", n, [](size_t i) { return i % 100 == 99 ? "unknown" : std::to_string(i) + ".5"; }),
                     texts("note", n, [](size_t i) { return "a note on " + std::to_string(i * i % 4999); }),
                     Column::numeric("same", std::vector<double>(n, 2.0))});
  const std::string whole = to_json(to_value(infer_schema(table, {.max_categories = 50})));
  for (const size_t n_rows : {1, 7, 1000}) {
    SchemaSurvey survey({}, 50);
    for (size_t begin = 0; begin < n; begin += n_rows) survey.add(table.slice(begin, std::min(n_rows, n - begin)));
    EXPECT_EQ(to_json(to_value(survey.infer({.max_categories = 50}))), whole);
  }
  SchemaSurvey survey({}, 7);
  survey.add(table);
  EXPECT_EQ(survey.infer({.max_categories = 7}).find("city")->categories.size(), 7U);
  EXPECT_THROW((void)SchemaSurvey().infer({.target = {"y"}}), Error);
  EXPECT_THROW(survey.add(table.drop(std::vector<std::string>{"row"})), Error);
}

TEST(SchemaSurvey, TakesTheMemoryOfLevelsFromTheBudgetAndNamesTheColumn) {
  const Table table({texts("id", 20'000, [](size_t i) { return "a" + std::to_string(i); })});
  const auto budget = std::make_shared<MemoryBudget>(size_t{1} << 20);
  SchemaSurvey few({}, 1000);
  few.add(table, budget);
  EXPECT_GT(budget->used(), 1000 * 4U);
  SchemaSurvey all;
  try {
    all.add(table, budget);
    FAIL() << "20,000 levels in 1 MiB";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    EXPECT_NE(error.message().find("the distinct texts of column 'id'"), std::string::npos) << error.message();
  }
}

TEST(TargetSurvey, SaysOfChunksWhatIsSaidOfAllRows) {
  const size_t n = 300;
  const auto number = [](size_t i) { return static_cast<int64_t>(i); };
  const std::vector<Column> targets{integers("y", n, [](size_t i) { return static_cast<int64_t>(i * 7 % 12) - 3; }),
                                    integers("y", n, [](size_t i) { return static_cast<int64_t>(i % 2); }),
                                    integers("y", n, number),
                                    integers("y", 30, [](size_t i) { return static_cast<int64_t>(i % 5); }),
                                    Column::numeric("y", std::vector<double>(n, 0.5)),
                                    texts("y", n, [](size_t i) { return i % 3 == 0 ? "yes" : "no"; }),
                                    texts("y", n, [](size_t i) { return "level " + std::to_string(i % 13); }),
                                    texts("y", n, [](size_t i) { return i % 50 == 49 ? "-" : std::to_string(i % 2); }),
                                    Column::boolean("y", std::vector<uint8_t>{0, 1, 1})};
  for (const Column& target : targets) {
    const Table table({target, integers("x", target.size(), number)});
    const Schema schema = infer_schema(table, {.target = {"y"}});
    const Table whole = conform(table.take(rows_with_target(table, schema)), schema, Conform::Training);
    const Task task = infer_task(whole, schema, nullptr);
    for (const size_t n_rows : {1, 7, 1000}) {
      TargetSurvey survey(schema);
      for (size_t begin = 0; begin < whole.n_rows(); begin += n_rows)
        survey.add(whole.slice(begin, std::min(n_rows, whole.n_rows() - begin)));
      EXPECT_EQ(survey.task(), task) << target.display(0);
      EXPECT_EQ(survey.class_names(), make_target(whole, schema, task).class_names) << target.display(0);
    }
  }
}

TEST(Conform, HoldsOfVeryManyLevelsThoseOfTheRowsWhereUnknownOnesStay) {
  Schema schema{{categories("c", {})}};
  for (int i = 0; i < 5000; ++i) schema.columns[0].categories.push_back("level " + std::to_string(i));
  const Table table({text("c", {"level 7", "new", "level 7", " level 9 ", ""})});
  const Table open = conform(table, schema, Conform::OpenFeatures), closed = conform(table, schema, Conform::Features);
  EXPECT_EQ(open.column(0).dictionary()->size(), 3U);
  EXPECT_EQ(closed.column(0).dictionary()->size(), 5000U);
  for (const size_t row : {0, 2, 3}) EXPECT_EQ(open.column(0).display(row), closed.column(0).display(row));
  EXPECT_EQ(open.column(0).display(1), "new");
  EXPECT_TRUE(closed.column(0).is_missing(1));
  EXPECT_TRUE(open.column(0).is_missing(4));
}

TEST(SchemaSurvey, EstimatesTheNumberOfManyDistinctValues) {
  SchemaSurvey survey({}, 10, 1000);
  const size_t n = 100'000;
  std::vector<double> halves(n);
  for (size_t i = 0; i < n; ++i) halves[i] = 0.5 * static_cast<double>(i);
  survey.add(Table({Column::numeric("x", halves), texts("t", n, [](size_t i) { return "t " + std::to_string(i / 2); })}));
  const Schema schema = survey.infer({});
  EXPECT_NEAR(static_cast<double>(schema.find("x")->n_unique), 100'000, 12'000);
  EXPECT_NEAR(static_cast<double>(schema.find("t")->n_unique), 50'000, 6'000);
}

TEST(RowsWithTarget, LeavesOutMissingNaNAndMarkers) {
  const Table table({Column::numeric("y", std::vector<double>{1, kNaN, 3}, there({1, 1, 0})), Column::integer("x", {1, 2, 3})});
  EXPECT_EQ(rows_with_target(table, infer_schema(table, {.target = {"y"}})), (std::vector<uint32_t>{0}));
  const Table marked({texts("y", 100, [](size_t i) { return i == 3 ? "-" : std::to_string(i) + ".5"; }),
                      integers("x", 100, [](size_t i) { return static_cast<int64_t>(i % 9); })});
  EXPECT_EQ(rows_with_target(marked, infer_schema(marked, {.target = {"y"}})).size(), 99U);
}

TEST(ReadingKinds, AreThoseThatKeepTheSpellingOfCategoriesAndMarkers) {
  const Schema schema{{categories("c", {"01"}),
                       {"i", ColumnKind::Integer},
                       {"id", ColumnKind::Integer, ColumnRole::Ignored},
                       {"m", ColumnKind::Numeric, ColumnRole::Feature, {}, 0, 0, {}, {"-"}},
                       {"b", ColumnKind::Boolean}}};
  const Table kinds = reading_kinds(schema);
  EXPECT_EQ(kinds.n_rows(), 0U);
  EXPECT_EQ(kinds.column("c").kind(), ColumnKind::Text);
  EXPECT_EQ(kinds.column("i").kind(), ColumnKind::Numeric);
  EXPECT_EQ(kinds.column("id").kind(), ColumnKind::Text);
  EXPECT_EQ(kinds.column("m").kind(), ColumnKind::Text);
  EXPECT_EQ(kinds.column("b").kind(), ColumnKind::Boolean);
}

}  // namespace
}  // namespace kolosal
