#include "kolosal/base/fields.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <span>
#include <utility>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string scalar_text(const Value& value) {
  if (value.is_null()) return "none";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.as_integer());
  if (value.is_real()) return number_text(value.as_real());
  if (value.is_text()) return value.as_text();
  const std::string json = to_json(value);
  return json.size() <= 60 ? json : std::string(value.kind_name());
}

std::string element_name(FieldType element) {
  switch (element) {
    case FieldType::Bool: return "booleans";
    case FieldType::Integer: return "integers";
    case FieldType::Real: return "numbers";
    case FieldType::Text: return "texts";
    case FieldType::Choice: return "names out of";
    case FieldType::List: return "lists";
    case FieldType::Object: return "objects";
  }
  return "values";
}

void check_number(const FieldSpec& field, double number, std::string_view where) {
  const bool too_low = field.min && (field.min_excluded ? number <= *field.min : number < *field.min);
  const bool too_high = field.max && number > *field.max;
  const bool endless = std::isinf(number) && (field.min || field.max);
  if (too_low || too_high || endless || std::isnan(number))
    throw Error(ErrorCode::BadValue, std::string(where) + " is " + number_text(number) + ", which is out of bounds",
                "Allowed: " + allowed_text(field) + ".");
}

[[noreturn]] void cannot_parse(const FieldSpec& field, std::string_view text, std::string_view where) {
  throw Error(ErrorCode::BadValue, std::string(where) + " cannot be '" + std::string(text) + "'", "Allowed: " + allowed_text(field) + ".");
}

void check_choice(const FieldSpec& field, const std::string& text, std::string_view where) {
  if (std::ranges::find(field.choices, text) != field.choices.end()) return;
  throw Error(ErrorCode::BadValue, std::string(where) + " cannot be '" + text + "'" + did_you_mean(text, field.choices),
              "Allowed: " + allowed_text(field) + ".");
}

// Checks a value, or one element of a list, that has to be of `type`.
void check_scalar(const FieldSpec& field, FieldType type, const Value& value, std::string_view where) {
  bool fits = true;
  if (type == FieldType::Bool) fits = value.is_bool();
  else if (type == FieldType::Integer || type == FieldType::Real) fits = value.is_number();
  else if (type == FieldType::Text || type == FieldType::Choice) fits = value.is_text();
  if (!fits) cannot_parse(field, scalar_text(value), where);
  if (type == FieldType::Integer || type == FieldType::Real) check_number(field, value.as_real(), where);
  if (type == FieldType::Choice) check_choice(field, value.as_text(), where);
}

template <class T>
void check_span(const FieldSpec& field, std::span<const T> numbers, std::string_view where) {
  for (const T number : numbers) check_number(field, static_cast<double>(number), where);
}

void check_numbers(const FieldSpec& field, const NumberArray& numbers, std::string_view where) {
  switch (numbers.type) {
    case NumberType::Float32: return check_span(field, numbers.as<float>(), where);
    case NumberType::Float64: return check_span(field, numbers.as<double>(), where);
    case NumberType::Int8: return check_span(field, numbers.as<int8_t>(), where);
    case NumberType::UInt8: return check_span(field, numbers.as<uint8_t>(), where);
    case NumberType::Int16: return check_span(field, numbers.as<int16_t>(), where);
    case NumberType::UInt16: return check_span(field, numbers.as<uint16_t>(), where);
    case NumberType::Int32: return check_span(field, numbers.as<int32_t>(), where);
    case NumberType::UInt32: return check_span(field, numbers.as<uint32_t>(), where);
    case NumberType::Int64: return check_span(field, numbers.as<int64_t>(), where);
    case NumberType::UInt64: return check_span(field, numbers.as<uint64_t>(), where);
  }
}

// A saved model's numbers may be NaN (a missing value's place); only declared bounds are looked at there.
void check_list(const FieldSpec& field, const Value& value, std::string_view where) {
  if (value.is_numbers()) {
    if (field.min || field.max) check_numbers(field, value.as_numbers(), where);
    return;
  }
  if (!value.is_list()) cannot_parse(field, scalar_text(value), where);
  if (!field.element || *field.element == FieldType::Object || *field.element == FieldType::List) return;
  for (const Value& element : value.as_list()) check_scalar(field, *field.element, element, where);
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

template <class T>
T number_of(const FieldSpec& field, std::string_view text, std::string_view where) {
  T number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc() || stop != end) cannot_parse(field, text, where);
  return number;
}

Value json_or(const FieldSpec& field, std::string_view text, std::string_view where) {
  try {
    return parse_json(text);
  } catch (const Error& error) {
    throw Error(ErrorCode::BadValue, std::string(where) + " cannot be '" + std::string(text) + "': " + error.message(),
                "Allowed: " + allowed_text(field) + ".");
  }
}

Value scalar_of(const FieldSpec& field, FieldType type, std::string_view text, std::string_view where) {
  if (type == FieldType::Text || type == FieldType::Choice) return Value(text);
  text = trimmed(text);
  if (type == FieldType::Integer) return Value(number_of<int64_t>(field, text, where));
  if (type == FieldType::Real) return Value(number_of<double>(field, text, where));
  if (type == FieldType::Bool) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return Value(true);
    if (text == "false" || text == "0" || text == "no" || text == "off") return Value(false);
    cannot_parse(field, text, where);
  }
  return json_or(field, text, where);
}

// For a field that takes any Value: JSON where the text is JSON, else the text itself.
Value value_of(std::string_view text) {
  try {
    return parse_json(text);
  } catch (const Error&) {
    return Value(text);
  }
}

Value list_of(const FieldSpec& field, std::string_view text, std::string_view where) {
  if (trimmed(text).starts_with('[')) return json_or(field, text, where);
  Value::List list;
  for (size_t begin = 0; begin <= text.size() && !text.empty();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    list.push_back(scalar_of(field, field.element.value_or(FieldType::Text), trimmed(text.substr(begin, comma - begin)), where));
    begin = comma + 1;
  }
  return Value(std::move(list));
}

}  // namespace

std::string_view field_type_name(FieldType type) noexcept {
  switch (type) {
    case FieldType::Bool: return "boolean";
    case FieldType::Integer: return "integer";
    case FieldType::Real: return "number";
    case FieldType::Text: return "text";
    case FieldType::Choice: return "one of";
    case FieldType::List: return "list";
    case FieldType::Object: return "object";
  }
  return "object";
}

const FieldSpec* ParameterTable::find(std::string_view name) const {
  for (const FieldSpec& field : fields)
    if (field.name == name || std::ranges::find(field.aliases, name) != field.aliases.end()) return &field;
  return nullptr;
}

std::vector<std::string> ParameterTable::names() const {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const FieldSpec& field : fields) names.push_back(field.name);
  return names;
}

std::string allowed_text(const FieldSpec& field) {
  std::string text(field_type_name(field.type));
  if (field.type == FieldType::List && field.element) text += " of " + element_name(*field.element);
  if (field.type == FieldType::Choice || field.element == FieldType::Choice) text += " " + joined(field.choices);
  if (field.min) text += (field.min_excluded ? ", above " : ", at least ") + number_text(*field.min);
  if (field.max) text += ", at most " + number_text(*field.max);
  if (field.nullable) text += ", or none";
  return text + " (default " + scalar_text(field.default_value) + ")";
}

void check_field(const FieldSpec& field, const Value& value, std::string_view where) {
  if (value.is_null()) {
    if (field.nullable || field.type == FieldType::Object) return;
    cannot_parse(field, "none", where);
  }
  if (field.type == FieldType::List) check_list(field, value, where);
  else if (field.type != FieldType::Object) check_scalar(field, field.type, value, where);
}

Value parse_field_text(const FieldSpec& field, std::string_view text, std::string_view where) {
  if (field.nullable && (text == "none" || text == "null" || text.empty())) return Value();
  Value value;
  if (field.type == FieldType::List) value = list_of(field, text, where);
  else if (field.type == FieldType::Object && field.members == nullptr) value = value_of(text);
  else value = scalar_of(field, field.type, text, where);
  check_field(field, value, where);
  return value;
}

FieldSpec::FieldSpec() = default;
FieldSpec::FieldSpec(const FieldSpec& other) = default;
FieldSpec::FieldSpec(FieldSpec&& other) noexcept = default;
FieldSpec& FieldSpec::operator=(const FieldSpec& other) = default;
FieldSpec& FieldSpec::operator=(FieldSpec&& other) noexcept = default;
FieldSpec::~FieldSpec() = default;

namespace detail {

FieldSpec& UntypedFields::add(std::string name, std::string doc, Value default_value, Get get, Set set) {
  FieldSpec& spec = table_.fields.emplace_back();
  spec.name = std::move(name);
  spec.doc = std::move(doc);
  spec.default_value = std::move(default_value);
  accessors_.emplace_back(std::move(get), std::move(set));
  return spec;
}

Value UntypedFields::to_value(const void* object) const {
  Value::Object members;
  for (size_t i = 0; i < accessors_.size(); ++i) members.emplace_back(table_.fields[i].name, accessors_[i].first(object));
  return Value(std::move(members));
}

void UntypedFields::update(void* object, const Value& value, std::string_view where) const {
  const std::string prefix = where.empty() ? std::string() : std::string(where) + ".";
  std::vector<std::string_view> given(table_.fields.size());
  if (!value.is_object())
    throw Error(ErrorCode::BadValue,
                std::string(where.empty() ? "the parameters" : where) + ": expected an object, found " + std::string(value.kind_name()));
  for (const auto& [key, member] : value.as_object()) {
    const FieldSpec* spec = table_.find(key);
    if (spec == nullptr) {
      const std::vector<std::string> names = table_.names();
      throw Error(ErrorCode::UnknownParameter, "'" + prefix + key + "' is not a parameter" + did_you_mean(key, names));
    }
    const auto place = static_cast<size_t>(spec - table_.fields.data());
    if (!given[place].empty())
      throw Error(ErrorCode::BadValue, prefix + spec->name + " is given twice, as '" + std::string(given[place]) + "' and as '" + key + "'",
                  "Keep one of the two.");
    given[place] = key;
    check_field(*spec, member, prefix + spec->name);
    try {
      accessors_[place].second(object, member, prefix + spec->name);
    } catch (const Error& error) {
      if (error.message().starts_with(prefix + spec->name)) throw;
      throw Error(error.code(), prefix + spec->name + ": " + error.message(), error.remedy());
    }
  }
}

}  // namespace detail

}  // namespace kolosal
