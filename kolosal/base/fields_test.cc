#include "kolosal/base/fields.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

enum class Kernel { Linear, Radial };
constexpr std::array<std::pair<Kernel, std::string_view>, 2> enum_names(Kernel) {
  return {{{Kernel::Linear, "linear"}, {Kernel::Radial, "radial"}}};
}

struct Stage {
  int rounds = 3;
  double rate = 0.5;
  bool operator==(const Stage&) const = default;
};
void describe(Fields<Stage>& f) {
  f.add("rounds", &Stage::rounds, "How many rounds.").min(1).max(100);
  f.add("rate", &Stage::rate, "Step.").above(0).max(1).alias("eta");
}

struct Params {
  bool verbose = false;
  int depth = 6;
  uint8_t small = 7;
  double l2 = 1.0;
  std::string name = "x";
  Kernel kernel = Kernel::Radial;
  std::optional<int> limit;
  std::vector<double> steps = {1, 2};
  std::vector<int> sizes;
  std::vector<std::string> columns;
  std::vector<Kernel> kernels;
  std::vector<Stage> stages;
  Stage stage{5, 0.25};
  Value extra;
  std::string mode = "fast";
  bool operator==(const Params&) const = default;
};
void describe(Fields<Params>& f) {
  f.add("verbose", &Params::verbose, "Talk.");
  f.add("depth", &Params::depth, "Depth of a tree.").min(1).max(64).alias("max_depth").alias("levels");
  f.add("small", &Params::small, "A byte.");
  f.add("l2", &Params::l2, "Penalty.").min(0).search_log(1e-4, 1e4);
  f.add("name", &Params::name, "A name.");
  f.add("kernel", &Params::kernel, "Which kernel.");
  f.add("limit", &Params::limit, "A limit.").min(0);
  f.add("steps", &Params::steps, "Steps.").min(0);
  f.add("sizes", &Params::sizes, "Sizes.").min(1);
  f.add("columns", &Params::columns, "Columns.");
  f.add("kernels", &Params::kernels, "Kernels.");
  f.add("stages", &Params::stages, "Stages.");
  f.add("stage", &Params::stage, "One stage.");
  f.add("extra", &Params::extra, "Anything.");
  f.add("mode", &Params::mode, "Speed.").choices({"fast", "best"});
}

template <class Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::Internal, "none");
}

Error error_of_json(const std::string& json) {
  return error_of([&] { from_value<Params>(parse_json(json), "train"); });
}

const FieldSpec& spec(std::string_view name) { return *parameter_table<Params>().find(name); }

Value parsed(std::string_view name, std::string_view text) { return parse_field_text(spec(name), text, "--x"); }

Params random_params() {
  Params p;
  p.verbose = *rc::gen::arbitrary<bool>();
  p.depth = *rc::gen::inRange(1, 65);
  p.small = *rc::gen::arbitrary<uint8_t>();
  p.l2 = std::abs(*rc::gen::arbitrary<double>());
  p.name = *rc::gen::string<std::string>();
  for (char& c : p.name) c = static_cast<char>(c & 0x7f);
  p.kernel = *rc::gen::element(Kernel::Linear, Kernel::Radial);
  if (*rc::gen::arbitrary<bool>()) p.limit = *rc::gen::inRange(0, 1000);
  p.steps = *rc::gen::container<std::vector<double>>(rc::gen::map(rc::gen::arbitrary<int>(), [](int i) { return std::abs(i / 7.0); }));
  p.sizes = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 99));
  p.columns = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b,c", "", "é"));
  p.kernels = *rc::gen::container<std::vector<Kernel>>(rc::gen::element(Kernel::Linear, Kernel::Radial));
  p.stages = *rc::gen::container<std::vector<Stage>>(rc::gen::map(rc::gen::inRange(1, 101), [](int i) { return Stage{i, i / 100.0}; }));
  p.stage.rounds = *rc::gen::inRange(1, 101);
  p.mode = *rc::gen::element<std::string>("fast", "best");
  return p;
}

RC_GTEST_PROP(Fields, AStructSurvivesValueAndJson, ()) {
  const Params params = random_params();
  RC_ASSERT(from_value<Params>(to_value(params)) == params);
  RC_ASSERT(from_value<Params>(parse_json(to_json(to_value(params)))) == params);
}

TEST(Fields, DefaultsAreWhatAFreshStructHolds) {
  EXPECT_EQ(spec("depth").default_value, Value(6));
  EXPECT_EQ(spec("kernel").default_value, Value("radial"));
  EXPECT_TRUE(spec("limit").default_value.is_null());
  EXPECT_EQ(spec("stage").default_value.at("rounds"), Value(5));
  EXPECT_EQ(from_value<Params>(Value(Value::Object())), Params());
}

TEST(Fields, TheTableTellsTypesElementsAndMembers) {
  EXPECT_EQ(spec("verbose").type, FieldType::Bool);
  EXPECT_EQ(spec("limit").type, FieldType::Integer);
  EXPECT_TRUE(spec("limit").nullable);
  EXPECT_EQ(spec("kernel").choices, (std::vector<std::string>{"linear", "radial"}));
  EXPECT_EQ(spec("kernels").element, FieldType::Choice);
  EXPECT_EQ(spec("kernels").choices.size(), 2u);
  EXPECT_EQ(spec("sizes").element, FieldType::Integer);
  EXPECT_EQ(spec("stages").element, FieldType::Object);
  EXPECT_EQ(spec("stage").members, &parameter_table<Stage>());
  EXPECT_EQ(spec("extra").members, nullptr);
  EXPECT_TRUE(spec("l2").search->log);
  EXPECT_EQ(parameter_table<Params>().names().size(), 15u);
}

TEST(Fields, AliasesAreAcceptedAndNeverStored) {
  EXPECT_EQ(from_value<Params>(parse_json(R"({"levels": 3})")).depth, 3);
  EXPECT_EQ(to_value(Params()).find("levels"), nullptr);
  const Error error = error_of_json(R"({"levels": 3, "depth": 4})");
  EXPECT_EQ(error.message(), "train.depth is given twice, as 'levels' and as 'depth'");
}

TEST(Fields, ErrorsNameTheFieldTheBoundAndWhatIsAllowed) {
  const Error low = error_of_json(R"({"depth": 0})");
  EXPECT_EQ(low.code(), ErrorCode::BadValue);
  EXPECT_EQ(low.message(), "train.depth is 0, which is out of bounds");
  EXPECT_EQ(low.remedy(), "Allowed: integer, at least 1, at most 64 (default 6).");
  EXPECT_EQ(error_of_json(R"({"max_depth": 65})").message(), "train.depth is 65, which is out of bounds");
  EXPECT_EQ(error_of_json(R"({"stage": {"eta": 0}})").message(), "train.stage.rate is 0, which is out of bounds");
  const Value endless(Value::Object{{"l2", Value(std::numeric_limits<double>::infinity())}});
  EXPECT_EQ(error_of([&] { (void)from_value<Params>(endless, "train"); }).message(), "train.l2 is inf, which is out of bounds");
  EXPECT_NE(error_of_json(R"({"stage": {"eta": 0}})").remedy().find("above 0, at most 1"), std::string::npos);
  EXPECT_EQ(error_of_json(R"({"stages": [{"rounds": 0}]})").message(), "train.stages.rounds is 0, which is out of bounds");
}

TEST(Fields, EachBoundRejectsItsNeighbourAndTakesItself) {
  for (const char* good : {R"({"depth": 1})", R"({"depth": 64})", R"({"l2": 0})", R"({"stage": {"rate": 1}})", R"({"sizes": [1]})"})
    EXPECT_NO_THROW(from_value<Params>(parse_json(good))) << good;
  for (const char* bad : {R"({"depth": 0})", R"({"depth": 65})", R"({"l2": -5e-324})", R"({"stage": {"rate": 0}})",
                          R"({"stage": {"rate": 1.0000001}})", R"({"sizes": [1, 0]})", R"({"small": 256})", R"({"small": -1})"})
    EXPECT_EQ(error_of_json(bad).code(), ErrorCode::BadValue) << bad;
}

TEST(Fields, BoundsHoldForArraysOfNumbersToo) {
  Value value{Value::Object()};
  value.set("steps", NumberArray::from(std::vector<double>{1, -1}));
  EXPECT_EQ(error_of([&] { from_value<Params>(value); }).code(), ErrorCode::BadValue);
}

TEST(Fields, WrongKindsAreRefusedWithTheKindWanted) {
  for (const char* bad :
       {R"({"verbose": 1})", R"({"depth": "6"})", R"({"depth": 1.5})", R"({"name": 3})", R"({"kernel": 1})", R"({"sizes": 3})",
        R"({"sizes": ["a"]})", R"({"columns": [1]})", R"({"stage": 3})", R"({"stages": [3]})", R"({"depth": null})", R"([1])"})
    EXPECT_EQ(error_of_json(bad).code(), ErrorCode::BadValue) << bad;
  EXPECT_EQ(from_value<Params>(parse_json(R"({"depth": 6.0})")).depth, 6);
  EXPECT_DOUBLE_EQ(from_value<Params>(parse_json(R"({"l2": 6})")).l2, 6.0);
  EXPECT_EQ(error_of_json(R"({"l2": null})").code(), ErrorCode::BadValue);
}

TEST(Fields, NaNIsNotANumberAParameterCanHave) {
  Value value{Value::Object()};
  value.set("l2", std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(error_of([&] { from_value<Params>(value); }).code(), ErrorCode::BadValue);
}

TEST(Fields, AnUnknownNameSuggestsTheNearest) {
  const Error error = error_of_json(R"({"dept": 3})");
  EXPECT_EQ(error.code(), ErrorCode::UnknownParameter);
  EXPECT_EQ(error.message(), "'train.dept' is not a parameter; did you mean 'depth'?");
  EXPECT_NE(error_of_json(R"({"kernel": "radal"})").message().find("did you mean 'radial'?"), std::string::npos);
  EXPECT_NE(error_of_json(R"({"mode": "slow"})").remedy().find("one of fast, best"), std::string::npos);
  EXPECT_EQ(error_of_json(R"({"kernels": ["linear", "x"]})").code(), ErrorCode::BadValue);
}

TEST(Fields, UpdatingKeepsWhatIsNotNamedAlsoInsideMembers) {
  Params params;
  params.stage = {9, 0.125};
  params.l2 = 3;
  update_from_value(params, parse_json(R"({"stage": {"rounds": 2}})"));
  EXPECT_EQ(params.stage, (Stage{2, 0.125}));
  EXPECT_EQ(params.l2, 3);
  EXPECT_EQ(from_value<Params>(parse_json(R"({"stage": {"rounds": 2}})")).stage, (Stage{2, 0.25}));
}

TEST(Fields, TextBecomesAValueOfTheFieldsType) {
  EXPECT_EQ(parsed("verbose", "yes"), Value(true));
  EXPECT_EQ(parsed("verbose", "0"), Value(false));
  EXPECT_EQ(parsed("depth", " 12 "), Value(12));
  EXPECT_EQ(parsed("l2", "1e-3"), Value(1e-3));
  EXPECT_EQ(parsed("name", " 12 "), Value(" 12 "));
  EXPECT_EQ(parsed("kernel", "linear"), Value("linear"));
  EXPECT_TRUE(parsed("limit", "none").is_null());
  EXPECT_EQ(parsed("steps", "1, 2.5"), Value(Value::List{1.0, 2.5}));
  EXPECT_EQ(parsed("sizes", "[1, 2]"), Value(Value::List{1, 2}));
  EXPECT_EQ(parsed("sizes", ""), Value(Value::List{}));
  EXPECT_EQ(parsed("columns", "a,12,c d"), Value(Value::List{"a", "12", "c d"}));
  EXPECT_EQ(parsed("stage", R"({"rounds": 4})").at("rounds"), Value(4));
  EXPECT_EQ(parsed("extra", "7"), Value(7));
  EXPECT_EQ(parsed("extra", "seven"), Value("seven"));
}

TEST(Fields, TextThatDoesNotFitNamesWhereAndWhatIsAllowed) {
  EXPECT_EQ(error_of([] { parsed("depth", "six"); }).message(), "--x cannot be 'six'");
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{{"depth", "6.5"},
                                                                                   {"depth", ""},
                                                                                   {"l2", "0.1x"},
                                                                                   {"verbose", "maybe"},
                                                                                   {"sizes", "1,,2"},
                                                                                   {"sizes", "0"},
                                                                                   {"kernel", "cubic"},
                                                                                   {"stage", "{"},
                                                                                   {"l2", "nan"},
                                                                                   {"sizes", "[1"},
                                                                                   {"kernels", "linear,cubic"}}) {
    const Error error = error_of([&name = name, &text = text] { parsed(name, text); });
    EXPECT_EQ(error.code(), ErrorCode::BadValue) << name << " " << text;
    EXPECT_TRUE(error.message().starts_with("--x ")) << error.message();
    EXPECT_NE(error.remedy().find("Allowed: "), std::string::npos);
  }
}

TEST(Fields, EnumeratorsHaveNames) {
  EXPECT_EQ(enum_name(Kernel::Linear), "linear");
  EXPECT_EQ(enum_from_name<Kernel>("radial"), Kernel::Radial);
  EXPECT_EQ(error_of([] { enum_from_name<Kernel>("cubic"); }).message(), "'cubic' is not one of linear, radial");
}

}  // namespace
}  // namespace kolosal
