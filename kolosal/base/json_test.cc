#include "kolosal/base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace kolosal {
namespace {

// The message of the error that parsing `text` gives; "" where it parses.
std::string parse_error(std::string_view text) {
  try {
    parse_json(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadFile);
    return error.message();
  }
  return "";
}

std::string random_text() {
  std::string text;
  const int length = *rc::gen::inRange(0, 6);
  for (int i = 0; i < length; ++i)
    text += *rc::gen::element<std::string>("a", "\"", "\\", "/", "\n", "\x01", "\x7f", "é", "日", "🎲", " ", std::string(1, '\0'));
  return text;
}

Value random_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0: return Value();
    case 1: return Value(*rc::gen::arbitrary<bool>());
    case 2: return Value(*rc::gen::arbitrary<int64_t>());
    case 3:
      return Value(
          *rc::gen::suchThat(rc::gen::map(rc::gen::arbitrary<uint64_t>(), [](uint64_t bits) { return std::bit_cast<double>(bits); }),
                             [](double number) { return std::isfinite(number); }));
    case 4: return Value(random_text());
    case 5: {
      Value::List list;
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i) list.push_back(random_value(depth - 1));
      return Value(std::move(list));
    }
    default: {
      Value object{Value::Object()};
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i) object.set(random_text(), random_value(depth - 1));
      return object;
    }
  }
}

RC_GTEST_PROP(Json, ReadsBackEveryTreeItWrote, ()) {
  const Value value = random_value(4);
  RC_ASSERT(parse_json(to_json(value)) == value);
  RC_ASSERT(parse_json(to_json(value, 2)) == value);
}

RC_GTEST_PROP(Json, NeverCrashesOnMangledText, ()) {
  std::string text = to_json(random_value(3));
  for (int i = *rc::gen::inRange(1, 4); i > 0 && !text.empty(); --i) {
    const size_t at = *rc::gen::inRange<size_t>(0, text.size());
    if (*rc::gen::arbitrary<bool>()) text.erase(at, 1);
    else text[at] = *rc::gen::arbitrary<char>();
  }
  try {
    parse_json(text);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::BadFile);
  }
}

TEST(Json, KeepsIntegersAndRealsApart) {
  EXPECT_TRUE(parse_json("12").is_integer());
  EXPECT_TRUE(parse_json("12.0").is_real());
  EXPECT_TRUE(parse_json("12e0").is_real());
  EXPECT_EQ(to_json(Value(12.0)), "12.0");
  EXPECT_EQ(to_json(Value(12)), "12");
  EXPECT_EQ(parse_json("9223372036854775807").as_integer(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808").as_integer(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(parse_json("9223372036854775808").as_real(), 9223372036854775808.0);
  EXPECT_EQ(parse_json("123456789012345678901234567890").as_real(), 123456789012345678901234567890.0);
}

TEST(Json, RoundsRealsCorrectly) {
  // Values that parsers which multiply by a power of ten get wrong.
  EXPECT_EQ(parse_json("0.1").as_real(), 0.1);
  EXPECT_EQ(parse_json("2.2250738585072012e-308").as_real(), 2.2250738585072014e-308);
  EXPECT_EQ(parse_json("9007199254740993.0").as_real(), 9007199254740992.0);
  EXPECT_EQ(parse_json("1.7976931348623157e308").as_real(), std::numeric_limits<double>::max());
  EXPECT_EQ(parse_json("5e-324").as_real(), 5e-324);
  EXPECT_EQ(parse_json("1e-400").as_real(), 0.0);
  EXPECT_TRUE(std::signbit(parse_json("-0.0").as_real()));
}

TEST(Json, WritesTheShortestRealThatReadsBack) {
  EXPECT_EQ(to_json(Value(0.1)), "0.1");
  EXPECT_EQ(to_json(Value(1e22)), "1e+22");
  EXPECT_EQ(to_json(Value(-0.0)), "-0.0");
  EXPECT_EQ(to_json(Value(std::nan(""))), "null");
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(to_json(Value(NumberArray::from(std::vector<float>{0.1f, 2.0f}))), "[0.1,2.0]");
  EXPECT_EQ(to_json(Value(NumberArray::from(std::vector<uint64_t>{18446744073709551615u}))), "[18446744073709551615]");
  EXPECT_EQ(to_json(Value(NumberArray::from(std::vector<int8_t>{-3, 65}))), "[-3,65]");
}

TEST(Json, WritesOneMemberALineWhereIndented) {
  const Value value = parse_json(R"({"a":1,"b":[1,2],"c":[{"d":[]}],"e":{}})");
  EXPECT_EQ(to_json(value, 2), "{\n  \"a\": 1,\n  \"b\": [1, 2],\n  \"c\": [\n    {\n      \"d\": []\n    }\n  ],\n  \"e\": {}\n}");
  EXPECT_EQ(to_json(value), R"({"a":1,"b":[1,2],"c":[{"d":[]}],"e":{}})");
}

TEST(Json, EscapesWhatMustBeAndReplacesBrokenUtf8) {
  EXPECT_EQ(to_json(Value("a\"\\\n\x01")), "\"a\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(to_json(Value("\xff\xc3(")), "\"\xef\xbf\xbd\xef\xbf\xbd(\"");
  EXPECT_EQ(to_json(Value("\xed\xa0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(parse_json(R"("\u00e9\ud83c\udfb2")").as_text(), "é🎲");
}

TEST(Json, KeepsTheOrderOfKeys) {
  const Value value = parse_json(R"({"z":1,"a":2,"m":3})");
  EXPECT_EQ(to_json(value), R"({"z":1,"a":2,"m":3})");
}

TEST(Json, SaysWhereTheTextIsWrong) {
  EXPECT_EQ(parse_error("{\n  \"a\": 1,\n  \"b\": ?\n}"), "JSON, line 3, column 8: not valid JSON: found '?'");
  EXPECT_EQ(parse_error("{\"é\": ]"), "JSON, line 1, column 7: not valid JSON: found ']'");
  EXPECT_EQ(parse_error("[1, 2"), "JSON, line 1, column 6: the text ends too early");
  EXPECT_EQ(parse_error(""), "JSON, line 1, column 1: the text ends too early");
  EXPECT_EQ(parse_error("1 2"), "JSON, line 1, column 3: something follows the end of the document: found '2'");
  EXPECT_EQ(parse_error("[1,]"), "JSON, line 1, column 4: not valid JSON: found ']'");
  EXPECT_EQ(parse_error("tru"), "JSON, line 1, column 4: the text ends too early");
  EXPECT_EQ(parse_error("[\"a\nb\"]"), "JSON, line 1, column 4: not valid JSON: the line ends too early");
  EXPECT_EQ(parse_error("\"\xff\""), "JSON, line 1, column 2: not valid JSON: found a byte that is not UTF-8");
  EXPECT_EQ(parse_error("[01]"), "JSON, line 1, column 3: not valid JSON: found '1'");
  EXPECT_NE(parse_error("NaN"), "");
  EXPECT_NE(parse_error("1e999").find("too large"), std::string::npos);
}

TEST(Json, RefusesTheSameKeyTwice) {
  EXPECT_NE(parse_error(R"({"a":1,"b":2,"a":3})").find("the key 'a' is there twice"), std::string::npos);
}

TEST(Json, RefusesNestingDeeperThan64) {
  EXPECT_EQ(parse_error(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_NE(parse_error(std::string(65, '[') + std::string(65, ']')).find("64 levels of nesting"), std::string::npos);
  EXPECT_NE(parse_error(std::string(1000000, '[')).find("64 levels of nesting"), std::string::npos);
}

TEST(Json, SkipsAByteOrderMark) { EXPECT_EQ(parse_json("\xef\xbb\xbf{\"a\":1}").at("a").as_integer(), 1); }

}  // namespace
}  // namespace kolosal
