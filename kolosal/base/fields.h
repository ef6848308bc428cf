// Parameter tables: a struct's fields declared once, and everything else made from the declaration.
//
//   struct RidgeParams { double l2 = 1.0; bool fit_intercept = true; };
//   inline void describe(Fields<RidgeParams>& f) {
//     f.add("l2", &RidgeParams::l2, "Strength of the squared penalty on the weights.").min(0).search_log(1e-4, 1e4).alias("alpha");
//     f.add("fit_intercept", &RidgeParams::fit_intercept, "Whether a constant is added to the prediction.");
//   }
//
// From `describe` come: to_value / from_value (JSON, YAML, TOML, artifacts), validation that names the field, its bound and
// the remedy, environment variables, command-line flags, help, Python signatures, reference pages and default search ranges.
// A field may be a bool, an integer, a real, text, an enum with `enum_names`, an optional, a vector of numbers (kept as
// a NumberArray), of bool-free scalars or of described structs, a Value, or another described struct.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/value.h"

namespace kolosal {

/// What a field holds, as users write it.
enum class FieldType { Bool, Integer, Real, Text, Choice, List, Object };

/// "boolean", "integer", "number", "text", "one of", "list", "object".
std::string_view field_type_name(FieldType type) noexcept;

/// The default range in which a tuner looks for a good value.
struct SearchRange {
  double low = 0;
  double high = 0;
  bool log = false;
};

/// One field of a parameter table without its C++ type: what help, docs, validation and search spaces need.
struct FieldSpec {
  FieldSpec();
  FieldSpec(const FieldSpec& other);
  FieldSpec(FieldSpec&& other) noexcept;
  FieldSpec& operator=(const FieldSpec& other);
  FieldSpec& operator=(FieldSpec&& other) noexcept;
  ~FieldSpec();

  std::string name;
  std::string doc;
  std::vector<std::string> aliases;  ///< names from elsewhere, accepted on input and never stored
  FieldType type = FieldType::Object;
  bool nullable = false;  ///< null is allowed and means "not set"
  Value default_value;
  std::optional<double> min, max;    ///< bounds of a number
  bool min_excluded = false;         ///< true where the lower bound itself is not allowed
  std::vector<std::string> choices;  ///< allowed texts of a Choice
  std::optional<SearchRange> search;
  std::optional<FieldType> element;                ///< what the elements of a List are
  const struct ParameterTable* members = nullptr;  ///< the fields of an Object that is itself described
};

/// The fields of one struct, in order of declaration.
struct ParameterTable {
  std::vector<FieldSpec> fields;

  /// The field called `name` or having it as an alias; nullptr where there is none.
  const FieldSpec* find(std::string_view name) const;
  /// Names of all fields.
  std::vector<std::string> names() const;
};

/// Throws Error(BadValue) where `value` is out of the bounds or choices of `field`. `where` begins the message ("ridge.l2").
void check_field(const FieldSpec& field, const Value& value, std::string_view where);

/// "field_name (type, default X, at least A, at most B)": what is allowed, in words.
std::string allowed_text(const FieldSpec& field);

/// Turns text as typed by a person ("0.1", "true", "mean", "1,2" or "[1, 2]", a JSON object) into a Value of the field's type.
/// Throws Error(BadValue) that names the field and what it allows.
Value parse_field_text(const FieldSpec& field, std::string_view text, std::string_view where);

template <class T>
class Fields;

/// A struct with a `describe` function.
template <class T>
concept Described = std::is_class_v<T> && requires(Fields<T>& fields) {
  describe(fields);
};

/// An enum with an `enum_names` list.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) {
  enum_names(e);
};

/// Name of an enumerator by its `enum_names` list.
template <NamedEnum E>
std::string_view enum_name(E value) {
  for (const auto& [candidate, name] : enum_names(value))
    if (candidate == value) return name;
  return "?";
}

/// The enumerator called `name`; throws Error(BadValue) that lists the names allowed.
template <NamedEnum E>
E enum_from_name(std::string_view name) {
  std::string allowed;
  for (const auto& [candidate, candidate_name] : enum_names(E{})) {
    if (candidate_name == name) return candidate;
    allowed += (allowed.empty() ? "" : ", ") + std::string(candidate_name);
  }
  throw Error(ErrorCode::BadValue, "'" + std::string(name) + "' is not one of " + allowed);
}

template <Described T>
Value to_value(const T& object);
template <Described T>
T from_value(const Value& value, std::string_view where = {});
template <Described T>
void update_from_value(T& object, const Value& value, std::string_view where = {});
template <Described T>
const Fields<T>& fields_of();
template <Described T>
const ParameterTable& parameter_table();

namespace detail {

template <class M>
struct IsOptional : std::false_type {};
template <class M>
struct IsOptional<std::optional<M>> : std::true_type {};
template <class M>
struct IsVector : std::false_type {};
template <class M>
struct IsVector<std::vector<M>> : std::true_type {};

template <class M>
constexpr bool is_number_element = std::is_arithmetic_v<M> && !std::is_same_v<M, bool>;

template <class M>
constexpr FieldType field_type() {
  if constexpr (std::is_same_v<M, bool>) return FieldType::Bool;
  else if constexpr (std::is_integral_v<M>) return FieldType::Integer;
  else if constexpr (std::is_floating_point_v<M>) return FieldType::Real;
  else if constexpr (std::is_same_v<M, std::string>) return FieldType::Text;
  else if constexpr (NamedEnum<M>) return FieldType::Choice;
  else if constexpr (IsOptional<M>::value) return field_type<typename M::value_type>();
  else if constexpr (IsVector<M>::value) return FieldType::List;
  else return FieldType::Object;
}

// The type of a list's elements; none where M is not a list.
template <class M>
constexpr std::optional<FieldType> element_type() {
  if constexpr (IsOptional<M>::value) return element_type<typename M::value_type>();
  else if constexpr (IsVector<M>::value) return field_type<typename M::value_type>();
  else return std::nullopt;
}

template <class M>
Value member_to_value(const M& member) {
  if constexpr (IsOptional<M>::value) return member ? member_to_value(*member) : Value();
  else if constexpr (NamedEnum<M>) return Value(enum_name(member));
  else if constexpr (Described<M>) return to_value(member);
  else if constexpr (IsVector<M>::value) {
    using E = typename M::value_type;
    if constexpr (is_number_element<E>) return Value(NumberArray::from(member));
    else {
      Value::List list;
      list.reserve(member.size());
      for (const E& element : member) list.push_back(member_to_value(element));
      return Value(std::move(list));
    }
  } else return Value(member);
}

template <class M>
M member_from_value(const Value& value, std::string_view where) {
  if constexpr (IsOptional<M>::value) {
    if (value.is_null()) return std::nullopt;
    return member_from_value<typename M::value_type>(value, where);
  } else if constexpr (std::is_same_v<M, Value>) return value;
  else if constexpr (std::is_same_v<M, bool>) return value.as_bool();
  else if constexpr (std::is_integral_v<M>) {
    const int64_t number = value.as_integer();
    if constexpr (sizeof(M) < sizeof(int64_t) || std::is_unsigned_v<M>)
      if (number < static_cast<int64_t>(std::numeric_limits<M>::min()) ||
          (sizeof(M) < sizeof(int64_t) && number > static_cast<int64_t>(std::numeric_limits<M>::max())))
        throw Error(ErrorCode::BadValue, std::to_string(number) + " is out of range");
    return static_cast<M>(number);
  } else if constexpr (std::is_floating_point_v<M>) return static_cast<M>(value.as_real());
  else if constexpr (std::is_same_v<M, std::string>) return value.as_text();
  else if constexpr (NamedEnum<M>) return enum_from_name<M>(value.as_text());
  else if constexpr (Described<M>) return from_value<M>(value, where);
  else {
    static_assert(IsVector<M>::value, "a field of this type cannot be described");
    using E = typename M::value_type;
    M members;
    if constexpr (is_number_element<E>) {
      if (value.is_numbers()) {
        const auto numbers = value.as_numbers().as<E>();
        members.assign(numbers.begin(), numbers.end());
        return members;
      }
    }
    members.reserve(value.as_list().size());
    for (const Value& element : value.as_list()) members.push_back(member_from_value<E>(element, where));
    return members;
  }
}

/// The fields of one struct behind pointers to it: what need not be compiled again for each struct.
class UntypedFields {
 public:
  using Get = std::function<Value(const void* object)>;
  using Set = std::function<void(void* object, const Value& value, std::string_view where)>;

  FieldSpec& add(std::string name, std::string doc, Value default_value, Get get, Set set);
  const ParameterTable& table() const { return table_; }
  Value to_value(const void* object) const;
  void update(void* object, const Value& value, std::string_view where) const;

 private:
  ParameterTable table_;
  std::vector<std::pair<Get, Set>> accessors_;
};

}  // namespace detail

/// What `describe` fills: the table of fields, each with the way to read and write it.
template <class T>
class Fields {
 public:
  /// A field under construction; each call adds one fact and returns the field again.
  class Field {
   public:
    explicit Field(FieldSpec& spec) : spec_(spec) {}
    /// Bounds (`above` excludes the bound itself), allowed texts, the range to search, another accepted name.
    Field& min(double bound) {
      spec_.min = bound;
      return *this;
    }
    Field& max(double bound) {
      spec_.max = bound;
      return *this;
    }
    Field& above(double bound) {
      spec_.min = bound;
      spec_.min_excluded = true;
      return *this;
    }
    Field& choices(std::vector<std::string> names) {
      spec_.choices = std::move(names);
      if (spec_.type == FieldType::List) spec_.element = FieldType::Choice;
      else spec_.type = FieldType::Choice;
      return *this;
    }
    Field& search(double low, double high) {
      spec_.search = SearchRange{low, high, false};
      return *this;
    }
    Field& search_log(double low, double high) {
      spec_.search = SearchRange{low, high, true};
      return *this;
    }
    Field& alias(std::string name) {
      spec_.aliases.push_back(std::move(name));
      return *this;
    }

   private:
    FieldSpec& spec_;
  };

  /// Declares the field `name`; `doc` is one sentence. The default is what a fresh T holds.
  template <class M>
  Field add(std::string name, M T::*member, std::string doc = {}) {
    const auto get = [member](const void* object) { return detail::member_to_value(static_cast<const T*>(object)->*member); };
    const auto set = [member](void* object, const Value& value, std::string_view where) {
      M& to = static_cast<T*>(object)->*member;
      if constexpr (Described<M>) update_from_value(to, value, where);
      else to = detail::member_from_value<M>(value, where);
    };
    const T fresh{};
    FieldSpec& spec = untyped_.add(std::move(name), std::move(doc), get(&fresh), get, set);
    spec.type = detail::field_type<M>();
    spec.nullable = detail::IsOptional<M>::value;
    spec.element = detail::element_type<M>();
    if constexpr (Described<M>) spec.members = &parameter_table<M>();
    add_choices<M>(spec);
    return Field(spec);
  }

  /// The table, and every field without T's type.
  const ParameterTable& table() const { return untyped_.table(); }
  const detail::UntypedFields& untyped() const { return untyped_; }

 private:
  template <class M>
  static void add_choices(FieldSpec& spec) {
    if constexpr (NamedEnum<M>) {
      for (const auto& [value, choice] : enum_names(M{})) spec.choices.emplace_back(choice);
    } else if constexpr (detail::IsOptional<M>::value) {
      add_choices<typename M::value_type>(spec);
    } else if constexpr (detail::IsVector<M>::value) {
      add_choices<typename M::value_type>(spec);
    }
  }

  detail::UntypedFields untyped_;
};

/// The fields of T, built once.
template <Described T>
const Fields<T>& fields_of() {
  static const Fields<T> fields = [] {
    Fields<T> built;
    describe(built);
    return built;
  }();
  return fields;
}

/// The parameter table of T.
template <Described T>
const ParameterTable& parameter_table() {
  return fields_of<T>().table();
}

/// All fields of `object`, in order of declaration.
template <Described T>
Value to_value(const T& object) {
  return fields_of<T>().untyped().to_value(&object);
}

/// Sets the fields that `value` (an object) names; the others keep what they hold, also inside described members. Aliases
/// are accepted, but not beside the name they stand for. Throws Error(UnknownParameter) or Error(BadValue) that begin with
/// `where` and name the field. After an error `object` may hold some of the new values.
template <Described T>
void update_from_value(T& object, const Value& value, std::string_view where) {
  fields_of<T>().untyped().update(&object, value, where);
}

/// A T with the fields that `value` names set and the rest at their defaults. Errors as in update_from_value.
template <Described T>
T from_value(const Value& value, std::string_view where) {
  T object{};
  update_from_value(object, value, where);
  return object;
}

}  // namespace kolosal
