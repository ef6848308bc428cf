// Value: a JSON-like tree, with typed number arrays as leaves. What describes parameters, saved models and reports.
//
// Plain JSON kinds are null, boolean, integer, real, text, list and object (keys keep their order). A NumberArray is a
// leaf that holds many numbers of one type; an artifact stores it as an aligned binary section, JSON as a list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {

/// Element type of a NumberArray.
enum class NumberType : uint8_t { Float32, Float64, Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64 };

/// Bytes that one element takes.
size_t number_size(NumberType type) noexcept;
/// "float32", "int64", ...
std::string_view number_type_name(NumberType type) noexcept;

/// The NumberType of a C++ arithmetic type.
template <class T>
constexpr NumberType number_type_of() {
  if constexpr (std::is_same_v<T, float>) return NumberType::Float32;
  else if constexpr (std::is_same_v<T, double>) return NumberType::Float64;
  else if constexpr (std::is_same_v<T, int8_t>) return NumberType::Int8;
  else if constexpr (std::is_same_v<T, uint8_t>) return NumberType::UInt8;
  else if constexpr (std::is_same_v<T, int16_t>) return NumberType::Int16;
  else if constexpr (std::is_same_v<T, uint16_t>) return NumberType::UInt16;
  else if constexpr (std::is_same_v<T, int32_t>) return NumberType::Int32;
  else if constexpr (std::is_same_v<T, uint32_t>) return NumberType::UInt32;
  else if constexpr (std::is_same_v<T, int64_t>) return NumberType::Int64;
  else {
    static_assert(std::is_same_v<T, uint64_t>, "no NumberType for this type");
    return NumberType::UInt64;
  }
}

/// Immutable numbers of one type; copies share the memory, which `owner` keeps alive (a vector, a memory map, ...).
struct NumberArray {
  NumberType type = NumberType::Float64;
  std::shared_ptr<const void> owner;
  const std::byte* bytes = nullptr;
  size_t size = 0;  ///< number of elements

  /// Bytes that all elements take.
  size_t n_bytes() const noexcept { return size * number_size(type); }

  /// The numbers. Throws Error(BadValue) where T is not the element type.
  template <class T>
  std::span<const T> as() const {
    if (type != number_type_of<T>())
      throw Error(ErrorCode::BadValue, "expected numbers of type " + std::string(number_type_name(number_type_of<T>())) + ", found " +
                                           std::string(number_type_name(type)));
    return {reinterpret_cast<const T*>(bytes), size};
  }

  /// Takes over the numbers of a vector.
  template <class T>
  static NumberArray from(std::vector<T> numbers) {
    auto owner = std::make_shared<const std::vector<T>>(std::move(numbers));
    return {number_type_of<T>(), owner, reinterpret_cast<const std::byte*>(owner->data()), owner->size()};
  }

  bool operator==(const NumberArray& other) const noexcept;
};

/// A node of the tree. The `as_*` readers throw Error(BadValue) that names the kind found.
class Value {
 public:
  using List = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;

  Value() = default;
  // Defined in value.cc: inline, the compiler would write out every alternative wherever a Value is copied.
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  Value(std::nullptr_t) {}
  Value(bool flag) : node_(flag) {}
  template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Value(T number) : node_(static_cast<int64_t>(number)) {}
  Value(double number) : node_(number) {}
  Value(float number) : node_(static_cast<double>(number)) {}
  Value(const char* text) : node_(std::string(text)) {}
  Value(std::string_view text) : node_(std::string(text)) {}
  Value(std::string text) : node_(std::move(text)) {}
  Value(List list) : node_(std::move(list)) {}
  Value(Object object) : node_(std::move(object)) {}
  Value(NumberArray numbers) : node_(std::move(numbers)) {}

  /// What the node holds.
  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(node_); }
  bool is_bool() const noexcept { return std::holds_alternative<bool>(node_); }
  bool is_integer() const noexcept { return std::holds_alternative<int64_t>(node_); }
  bool is_real() const noexcept { return std::holds_alternative<double>(node_); }
  bool is_number() const noexcept { return is_integer() || is_real(); }
  bool is_text() const noexcept { return std::holds_alternative<std::string>(node_); }
  bool is_list() const noexcept { return std::holds_alternative<List>(node_); }
  bool is_object() const noexcept { return std::holds_alternative<Object>(node_); }
  bool is_numbers() const noexcept { return std::holds_alternative<NumberArray>(node_); }
  /// "null", "boolean", "integer", "real", "text", "list", "object" or "numbers".
  std::string_view kind_name() const noexcept;

  /// The content; Error(BadValue) where the node holds something else.
  bool as_bool() const;
  int64_t as_integer() const;  ///< a real that is a whole number is accepted
  double as_real() const;
  const std::string& as_text() const;
  const List& as_list() const;
  List& as_list();
  const Object& as_object() const;
  Object& as_object();
  const NumberArray& as_numbers() const;

  /// The member `key` of an object, or nullptr where there is none.
  const Value* find(std::string_view key) const;
  /// The member `key` of an object; throws Error(BadValue) where there is none.
  const Value& at(std::string_view key) const;
  /// Sets or adds a member; a null Value becomes an object first.
  Value& set(std::string key, Value member);

  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Object, NumberArray> node_;
};

}  // namespace kolosal
