#include "kolosal/base/value.h"

#include <array>
#include <cmath>
#include <cstring>

namespace kolosal {
namespace {

[[noreturn]] void wrong_kind(std::string_view wanted, const Value& found) {
  throw Error(ErrorCode::BadValue, "expected " + std::string(wanted) + ", found " + std::string(found.kind_name()));
}

}  // namespace

Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;
bool Value::operator==(const Value& other) const { return node_ == other.node_; }

size_t number_size(NumberType type) noexcept {
  static constexpr std::array<uint8_t, 10> kSizes = {4, 8, 1, 1, 2, 2, 4, 4, 8, 8};
  return kSizes[static_cast<size_t>(type)];
}

std::string_view number_type_name(NumberType type) noexcept {
  static constexpr std::array<std::string_view, 10> kNames = {"float32", "float64", "int8",   "uint8", "int16",
                                                              "uint16",  "int32",   "uint32", "int64", "uint64"};
  return kNames[static_cast<size_t>(type)];
}

bool NumberArray::operator==(const NumberArray& other) const noexcept {
  return type == other.type && size == other.size && (size == 0 || std::memcmp(bytes, other.bytes, n_bytes()) == 0);
}

std::string_view Value::kind_name() const noexcept {
  static constexpr std::array<std::string_view, 8> kNames = {"null", "boolean", "integer", "real", "text", "list", "object", "numbers"};
  return kNames[node_.index()];
}

bool Value::as_bool() const {
  if (const bool* flag = std::get_if<bool>(&node_)) return *flag;
  wrong_kind("a boolean (true or false)", *this);
}

int64_t Value::as_integer() const {
  if (const int64_t* number = std::get_if<int64_t>(&node_)) return *number;
  if (const double* number = std::get_if<double>(&node_); number && std::trunc(*number) == *number && std::abs(*number) < 9e15)
    return static_cast<int64_t>(*number);
  wrong_kind("an integer", *this);
}

double Value::as_real() const {
  if (const double* number = std::get_if<double>(&node_)) return *number;
  if (const int64_t* number = std::get_if<int64_t>(&node_)) return static_cast<double>(*number);
  wrong_kind("a number", *this);
}

const std::string& Value::as_text() const {
  if (const std::string* text = std::get_if<std::string>(&node_)) return *text;
  wrong_kind("text", *this);
}

const Value::List& Value::as_list() const {
  if (const List* list = std::get_if<List>(&node_)) return *list;
  wrong_kind("a list", *this);
}

Value::List& Value::as_list() {
  if (List* list = std::get_if<List>(&node_)) return *list;
  wrong_kind("a list", *this);
}

const Value::Object& Value::as_object() const {
  if (const Object* object = std::get_if<Object>(&node_)) return *object;
  wrong_kind("an object", *this);
}

Value::Object& Value::as_object() {
  if (Object* object = std::get_if<Object>(&node_)) return *object;
  wrong_kind("an object", *this);
}

const NumberArray& Value::as_numbers() const {
  if (const NumberArray* numbers = std::get_if<NumberArray>(&node_)) return *numbers;
  wrong_kind("an array of numbers", *this);
}

const Value* Value::find(std::string_view key) const {
  for (const auto& [name, member] : as_object())
    if (name == key) return &member;
  return nullptr;
}

const Value& Value::at(std::string_view key) const {
  if (const Value* member = find(key)) return *member;
  throw Error(ErrorCode::BadValue, "the member '" + std::string(key) + "' is not there");
}

Value& Value::set(std::string key, Value member) {
  if (is_null()) node_ = Object();
  for (auto& [name, old] : as_object())
    if (name == key) {
      old = std::move(member);
      return *this;
    }
  as_object().emplace_back(std::move(key), std::move(member));
  return *this;
}

}  // namespace kolosal
