#include "kolosal/base/reference.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

struct Inner {
  bool fast = true;
};
void describe(Fields<Inner>& f) { f.add("fast", &Inner::fast, "Whether speed matters."); }

struct Params {
  double learning_rate = 0.1;
  std::optional<int> max_depth;
  std::string mode = "a|b";
  std::string metric = "auc";
  std::vector<std::string> columns;
  double ceiling = std::numeric_limits<double>::infinity();
  Inner inner;
};
void describe(Fields<Params>& f) {
  f.add("learning_rate", &Params::learning_rate, "Step.").above(0).max(1).alias("eta");
  f.add("max_depth", &Params::max_depth, "Depth.").min(1);
  f.add("mode", &Params::mode, "Mode | kind.");
  f.add("metric", &Params::metric, "Score.").choices({"auc", "f1"});
  f.add("columns", &Params::columns, "Columns to use, a sentence that is so long that it has to be broken into two lines of the help.");
  f.add("ceiling", &Params::ceiling, "Cap.");
  f.add("inner", &Params::inner, "Nested.");
}

const ParameterTable& table() { return parameter_table<Params>(); }

TEST(Reference, HelpNamesFlagTypeDefaultBoundsVariableAndAliases) {
  const std::string help = help_text(table(), 80);
  EXPECT_NE(help.find("  --learning-rate NUMBER\n      Step. [number, above 0, at most 1; default: 0.1; env:\n"
                      "      KOLOSAL_LEARNING_RATE; also: eta]\n"),
            std::string::npos)
      << help;
  EXPECT_NE(help.find("  --metric auc|f1\n"), std::string::npos);
  EXPECT_NE(help.find("  --columns TEXT,...\n"), std::string::npos);
  EXPECT_NE(help.find("  --inner.fast BOOL\n"), std::string::npos);
  EXPECT_NE(help.find("env: KOLOSAL_INNER__FAST"), std::string::npos);
  for (size_t begin = 0; begin < help.size();) {
    const size_t end = help.find('\n', begin);
    EXPECT_LE(end - begin, 80u);
    begin = end + 1;
  }
}

TEST(Reference, MarkdownHasARowForEachFieldAndEscapesBars) {
  const std::string page = reference_markdown(table());
  EXPECT_NE(page.find("| `learning_rate` | number | `0.1` | number, above 0, at most 1 | Step. Also: `eta`. |\n"), std::string::npos)
      << page;
  EXPECT_NE(page.find("| `mode` | text | `a\\|b` | text | Mode \\| kind. |\n"), std::string::npos) << page;
  EXPECT_NE(page.find("| `inner.fast` | boolean | `true` |"), std::string::npos);
}

TEST(Reference, PythonTypesAndDefaultsAreValidPython) {
  EXPECT_EQ(python_signature(table()),
            "learning_rate: float = 0.1, max_depth: int | None = None, mode: str = 'a|b', metric: Literal['auc', 'f1'] = 'auc', "
            "columns: list[str] | None = None, ceiling: float = float('inf'), inner: dict[str, Any] | None = None");
  EXPECT_EQ(python_literal(Value("it's")), "\"it's\"");
  EXPECT_EQ(python_literal(parse_json(R"({"a": [true, null, 1.5]})")), "{'a': [True, None, 1.5]}");
  EXPECT_NE(python_parameter_docs(table()).find(
                "learning_rate : float, default 0.1\n    Step. Allowed: number, above 0, at most 1. Also accepted as eta.\n"),
            std::string::npos)
      << python_parameter_docs(table());
}

TEST(Reference, TheSchemaHoldsTypesBoundsChoicesAndMembers) {
  const Value schema = parameter_schema(table());
  const Value& properties = schema.at("properties");
  EXPECT_EQ(to_json(properties.at("learning_rate")),
            R"({"type":"number","exclusiveMinimum":0.0,"maximum":1.0,"description":"Step.","default":0.1})");
  EXPECT_EQ(to_json(properties.at("max_depth").at("type")), R"(["integer","null"])");
  EXPECT_EQ(to_json(properties.at("metric").at("enum")), R"(["auc","f1"])");
  EXPECT_EQ(to_json(properties.at("columns").at("items")), R"({"type":"string"})");
  EXPECT_EQ(properties.at("inner").at("properties").at("fast").at("type"), Value("boolean"));
  EXPECT_EQ(schema.at("additionalProperties"), Value(false));
}

}  // namespace
}  // namespace kolosal
