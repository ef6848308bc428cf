#include "kolosal/base/fields.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

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
  return std::string(value.kind_name());
}

void check_number(const FieldSpec& field, double number, std::string_view where) {
  const bool too_low = field.min && (field.min_excluded ? number <= *field.min : number < *field.min);
  const bool too_high = field.max && number > *field.max;
  if (too_low || too_high || std::isnan(number))
    throw Error(ErrorCode::BadValue, std::string(where) + " is " + number_text(number) + ", which is out of bounds",
                "Allowed: " + allowed_text(field) + ".");
}

[[noreturn]] void cannot_parse(const FieldSpec& field, std::string_view text, std::string_view where) {
  throw Error(ErrorCode::BadValue, std::string(where) + " cannot be '" + std::string(text) + "'",
              "Allowed: " + allowed_text(field) + ".");
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
  if (field.type == FieldType::Choice) text += " " + joined(field.choices);
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
  if (field.type == FieldType::Integer || field.type == FieldType::Real) {
    if (!value.is_number()) cannot_parse(field, scalar_text(value), where);
    check_number(field, value.as_real(), where);
  } else if (field.type == FieldType::Bool) {
    if (!value.is_bool()) cannot_parse(field, scalar_text(value), where);
  } else if (field.type == FieldType::Text) {
    if (!value.is_text()) cannot_parse(field, scalar_text(value), where);
  } else if (field.type == FieldType::Choice) {
    if (!value.is_text()) cannot_parse(field, scalar_text(value), where);
    if (std::ranges::find(field.choices, value.as_text()) == field.choices.end())
      throw Error(ErrorCode::BadValue,
                  std::string(where) + " cannot be '" + value.as_text() + "'" + did_you_mean(value.as_text(), field.choices),
                  "Allowed: " + allowed_text(field) + ".");
  } else if (field.type == FieldType::List && value.is_list()) {
    for (const Value& element : value.as_list())
      if (element.is_number()) check_number(field, element.as_real(), where);
  }
}

Value parse_field_text(const FieldSpec& field, std::string_view text, std::string_view where) {
  if (field.nullable && (text == "none" || text == "null" || text.empty())) return Value();
  Value value;
  const char* end = text.data() + text.size();
  if (field.type == FieldType::Bool) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") value = Value(true);
    else if (text == "false" || text == "0" || text == "no" || text == "off") value = Value(false);
    else cannot_parse(field, text, where);
  } else if (field.type == FieldType::Integer) {
    int64_t number = 0;
    const auto [stop, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc() || stop != end) cannot_parse(field, text, where);
    value = Value(number);
  } else if (field.type == FieldType::Real) {
    double number = 0;
    const auto [stop, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc() || stop != end) cannot_parse(field, text, where);
    value = Value(number);
  } else if (field.type == FieldType::Text || field.type == FieldType::Choice) {
    value = Value(text);
  } else if (field.type == FieldType::List) {
    Value::List list;
    for (size_t begin = 0; begin <= text.size() && !text.empty();) {
      const size_t comma = std::min(text.find(',', begin), text.size());
      list.emplace_back(text.substr(begin, comma - begin));
      begin = comma + 1;
    }
    value = Value(std::move(list));
  } else {
    cannot_parse(field, text, where);
  }
  check_field(field, value, where);
  return value;
}

}  // namespace kolosal
