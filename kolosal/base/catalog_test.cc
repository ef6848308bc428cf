#include "kolosal/base/catalog.h"

#include <gtest/gtest.h>

#include <string>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct SquareParams {
  double side = 2;
};
void describe(Fields<SquareParams>& f) { f.add("side", &SquareParams::side, "Length of a side.").min(0).alias("width"); }
struct Square : Shape {
  explicit Square(SquareParams p) : params(p) {}
  double area() const override { return params.side * params.side; }
  SquareParams params;
};
struct Dot : Shape {
  double area() const override { return 0; }
};

Catalog<Shape> shapes() {
  Catalog<Shape> catalog("shape");
  catalog.add<Square, SquareParams>("square", "Four equal sides.", {"quad"});
  catalog.add<Dot>("dot", "No size.");
  return catalog;
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

TEST(Catalog, MakesByNameOrAliasWithParametersOrDefaults) {
  EXPECT_EQ(shapes().make("square")->area(), 4.0);
  EXPECT_EQ(shapes().make("quad", parse_json(R"({"width": 3})"))->area(), 9.0);
  EXPECT_EQ(shapes().make("dot", Value(Value::Object()))->area(), 0.0);
  EXPECT_EQ(shapes().names(), (std::vector<std::string>{"square", "dot"}));
  EXPECT_EQ(shapes().at("quad").parameters.fields.at(0).name, "side");
}

TEST(Catalog, ErrorsNameTheEntryAndSuggest) {
  const Error unknown = error_of([] { shapes().make("squre"); });
  EXPECT_EQ(unknown.code(), ErrorCode::UnknownName);
  EXPECT_EQ(unknown.message(), "there is no shape 'squre'; did you mean 'square'?");
  EXPECT_EQ(unknown.remedy(), "Known: square, dot.");
  EXPECT_EQ(error_of([] { shapes().make("square", parse_json(R"({"side": -1})")); }).message(),
            "square.side is -1, which is out of bounds");
  EXPECT_EQ(error_of([] { shapes().make("dot", parse_json(R"({"side": 1})")); }).code(), ErrorCode::UnknownParameter);
}

TEST(Catalog, RefusesANameTwice) {
  EXPECT_EQ(error_of([] {
              Catalog<Shape> catalog = shapes();
              catalog.add<Dot>("quad", "Taken as an alias.");
            }).code(),
            ErrorCode::Internal);
}

}  // namespace
}  // namespace kolosal
