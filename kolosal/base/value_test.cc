#include "kolosal/base/value.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace kolosal {
namespace {

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    return error.message();
  }
  return "";
}

TEST(Value, KeepsItsKind) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(nullptr).is_null());
  EXPECT_TRUE(Value(true).is_bool());
  EXPECT_TRUE(Value(uint8_t{3}).is_integer());
  EXPECT_TRUE(Value(3.0f).is_real());
  EXPECT_TRUE(Value("x").is_text());
  EXPECT_TRUE(Value(Value::List{1, 2}).is_list());
  EXPECT_TRUE(Value(Value::Object{{"a", 1}}).is_object());
  EXPECT_TRUE(Value(NumberArray::from(std::vector<int>{1})).is_numbers());
  EXPECT_FALSE(Value(true).is_number());
}

TEST(Value, ReadingAnotherKindNamesTheKindFound) {
  EXPECT_EQ(error_of([] { Value("x").as_real(); }), "expected a number, found text");
  EXPECT_EQ(error_of([] { Value(1).as_bool(); }), "expected a boolean (true or false), found integer");
  EXPECT_EQ(error_of([] { Value(1.5).as_integer(); }), "expected an integer, found real");
  EXPECT_EQ(error_of([] { Value(true).as_text(); }), "expected text, found boolean");
  EXPECT_EQ(error_of([] { Value().as_list(); }), "expected a list, found null");
  EXPECT_EQ(error_of([] { Value(Value::List()).as_object(); }), "expected an object, found list");
  EXPECT_EQ(error_of([] { Value(Value::Object()).as_numbers(); }), "expected an array of numbers, found object");
}

TEST(Value, ARealThatIsWholeReadsAsAnInteger) {
  EXPECT_EQ(Value(-3.0).as_integer(), -3);
  EXPECT_EQ(Value(7).as_real(), 7.0);
  EXPECT_NE(error_of([] { Value(1e300).as_integer(); }), "");
  EXPECT_NE(error_of([] { Value(std::nan("")).as_integer(); }), "");
}

TEST(Value, MembersKeepTheirOrderAndSettingReplaces) {
  Value object;
  object.set("b", 1).set("a", 2).set("b", 3);
  EXPECT_EQ(object, Value(Value::Object{{"b", 3}, {"a", 2}}));
  EXPECT_NE(object, Value(Value::Object{{"a", 2}, {"b", 3}}));
  EXPECT_EQ(object.find("c"), nullptr);
  EXPECT_EQ(object.at("a"), Value(2));
  EXPECT_EQ(error_of([&] { (void)object.at("c"); }), "the member 'c' is not there");
}

template <class T>
void check_numbers(const char* name) {
  const NumberArray numbers = NumberArray::from(std::vector<T>{T{1}, T{2}, T{3}});
  EXPECT_EQ(number_type_name(numbers.type), name);
  EXPECT_EQ(number_size(numbers.type), sizeof(T));
  EXPECT_EQ(numbers.n_bytes(), 3 * sizeof(T));
  EXPECT_EQ(numbers.as<T>()[2], T{3});
}

TEST(NumberArray, KnowsTypeAndSizeOfItsElements) {
  check_numbers<float>("float32");
  check_numbers<double>("float64");
  check_numbers<int8_t>("int8");
  check_numbers<uint8_t>("uint8");
  check_numbers<int16_t>("int16");
  check_numbers<uint16_t>("uint16");
  check_numbers<int32_t>("int32");
  check_numbers<uint32_t>("uint32");
  check_numbers<int64_t>("int64");
  check_numbers<uint64_t>("uint64");
}

TEST(NumberArray, CopiesShareTheMemoryAndOtherTypesAreRefused) {
  const NumberArray numbers = NumberArray::from(std::vector<float>{1, 2});
  const NumberArray copy = numbers;
  EXPECT_EQ(copy.bytes, numbers.bytes);
  EXPECT_EQ(error_of([&] { numbers.as<double>(); }), "expected numbers of type float64, found float32");
}

RC_GTEST_PROP(NumberArray, IsEqualExactlyWhereTypeAndBytesAre, (const std::vector<int>& a, const std::vector<int>& b)) {
  RC_ASSERT((NumberArray::from(a) == NumberArray::from(b)) == (a == b));
  RC_ASSERT(NumberArray::from(a) == NumberArray::from(std::vector<int>(a)));
  RC_ASSERT(!(NumberArray::from(a) == NumberArray::from(std::vector<uint32_t>(a.begin(), a.end()))));
}

}  // namespace
}  // namespace kolosal
