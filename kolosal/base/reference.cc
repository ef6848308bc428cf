// Texts made from a parameter table. Nothing here knows a particular struct, so help, docs and stubs cannot drift from the code.
//
// Checked  reference_test.cc.
#include "kolosal/base/reference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kolosal/base/config.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

std::string element_text(const FieldSpec& field) {
  switch (field.element.value_or(FieldType::Object)) {
    case FieldType::Bool: return "BOOL";
    case FieldType::Integer: return "INT";
    case FieldType::Real: return "NUMBER";
    case FieldType::Text: return "TEXT";
    case FieldType::Choice: return "NAME";
    default: return "JSON";
  }
}

// What stands after the flag: "NUMBER", "mean|median".
std::string argument_text(const FieldSpec& field) {
  if (field.type == FieldType::Choice) {
    std::string text;
    for (const std::string& choice : field.choices) text += (text.empty() ? "" : "|") + choice;
    return text;
  }
  if (field.type == FieldType::List) return element_text(field) + ",...";
  FieldSpec single = field;
  single.element = field.type;
  return element_text(single);
}

// `text` in lines of at most `width`, each after `indent` spaces.
std::string wrapped(const std::string& text, size_t indent, size_t width) {
  std::string out, line;
  const auto end_line = [&] {
    if (!line.empty()) out += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  for (size_t begin = 0; begin < text.size();) {
    const size_t space = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, space - begin);
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) end_line();
    line += (line.empty() ? "" : " ") + word;
    begin = space + 1;
  }
  end_line();
  return out;
}

std::string without_default(const FieldSpec& field) {
  std::string text = allowed_text(field);
  return text.substr(0, text.rfind(" (default "));
}

std::string default_text(const FieldSpec& field) {
  if (field.members != nullptr) return "";
  if (field.default_value.is_null()) return "none";
  if (field.default_value.is_text()) return field.default_value.as_text().empty() ? "\"\"" : field.default_value.as_text();
  if (field.default_value.is_real() && std::isnan(field.default_value.as_real())) return "nan";
  if (field.default_value.is_real() && std::isinf(field.default_value.as_real())) return field.default_value.as_real() > 0 ? "inf" : "-inf";
  return to_json(field.default_value);
}

void add_help(std::string& out, const ParameterTable& table, const std::string& flag_prefix, const std::string& variable_prefix,
              size_t width) {
  for (const FieldSpec& field : table.fields) {
    if (field.members != nullptr) {
      add_help(out, *field.members, flag_prefix + field.name + ".", environment_name(field.name, variable_prefix) + "__", width);
      continue;
    }
    out += "  " + flag_name(flag_prefix + field.name) + " " + argument_text(field) + "\n";
    std::string text = field.doc + (field.doc.empty() ? "[" : " [") + without_default(field) + "; default: " + default_text(field) +
                       "; env: " + environment_name(field.name, variable_prefix);
    for (size_t i = 0; i < field.aliases.size(); ++i) text += (i == 0 ? "; also: " : ", ") + field.aliases[i];
    out += wrapped(text + "]", 6, width);
  }
}

std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  std::ranges::replace(text, '\n', ' ');
  return text;
}

void add_rows(std::string& out, const ParameterTable& table, const std::string& prefix) {
  for (const FieldSpec& field : table.fields) {
    std::string meaning = field.doc;
    for (size_t i = 0; i < field.aliases.size(); ++i) meaning += (i == 0 ? " Also: `" : ", `") + field.aliases[i] + "`";
    if (!field.aliases.empty()) meaning += ".";
    if (field.members != nullptr) {
      out += "| `" + prefix + field.name + "` | object | | | " + cell(meaning) + " |\n";
      add_rows(out, *field.members, prefix + field.name + ".");
      continue;
    }
    out += "| `" + prefix + field.name + "` | " + std::string(field_type_name(field.type)) + " | `" + cell(default_text(field)) + "` | " +
           cell(without_default(field)) + " | " + cell(meaning) + " |\n";
  }
}

std::string python_type_name(FieldType type, const FieldSpec& field) {
  switch (type) {
    case FieldType::Bool: return "bool";
    case FieldType::Integer: return "int";
    case FieldType::Real: return "float";
    case FieldType::Text: return "str";
    case FieldType::Choice: {
      std::string names;
      for (const std::string& choice : field.choices) names += (names.empty() ? "" : ", ") + python_literal(Value(choice));
      return "Literal[" + names + "]";
    }
    case FieldType::List: {
      const FieldType element = field.element.value_or(FieldType::Object);
      return "list[" + (element == FieldType::List ? "Any" : python_type_name(element, field)) + "]";
    }
    case FieldType::Object: return "dict[str, Any]";
  }
  return "Any";
}

Value schema_of_type(FieldType type, const FieldSpec& field) {
  Value schema{Value::Object()};
  static constexpr const char* kNames[] = {"boolean", "integer", "number", "string", "string", "array", "object"};
  if (type != FieldType::Object || field.members != nullptr) schema.set("type", kNames[static_cast<size_t>(type)]);
  if (type == FieldType::Choice) {
    Value::List names(field.choices.begin(), field.choices.end());
    schema.set("enum", Value(std::move(names)));
  }
  if (type == FieldType::Integer || type == FieldType::Real) {
    if (field.min) schema.set(field.min_excluded ? "exclusiveMinimum" : "minimum", *field.min);
    if (field.max) schema.set("maximum", *field.max);
  }
  if (type == FieldType::List && field.element && *field.element != FieldType::List)
    schema.set("items", schema_of_type(*field.element, field));
  return schema;
}

}  // namespace

std::string flag_name(std::string_view field_name) {
  std::string name = "--";
  for (const char c : field_name) name += c == '_' ? '-' : c;
  return name;
}

std::string help_text(const ParameterTable& table, size_t width) {
  std::string out;
  add_help(out, table, "", "KOLOSAL_", width);
  return out;
}

std::string reference_markdown(const ParameterTable& table) {
  std::string out = "| name | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  add_rows(out, table, "");
  return out;
}

std::string python_type(const FieldSpec& field) {
  if (field.type == FieldType::Object && field.members == nullptr) return "Any";
  return python_type_name(field.type, field) + (field.nullable ? " | None" : "");
}

std::string python_literal(const Value& value) {
  if (value.is_null()) return "None";
  if (value.is_bool()) return value.as_bool() ? "True" : "False";
  if (value.is_real() && std::isnan(value.as_real())) return "float('nan')";
  if (value.is_real() && std::isinf(value.as_real())) return value.as_real() > 0 ? "float('inf')" : "-float('inf')";
  if (value.is_text()) {
    std::string json = to_json(value);
    if (json.find_first_of("'\\") != std::string::npos) return json;  // JSON's escapes mean the same in Python
    return "'" + json.substr(1, json.size() - 2) + "'";
  }
  std::string out;
  if (value.is_list()) {
    for (const Value& element : value.as_list()) out += (out.empty() ? "" : ", ") + python_literal(element);
    return "[" + out + "]";
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object())
      out += (out.empty() ? "" : ", ") + python_literal(Value(key)) + ": " + python_literal(member);
    return "{" + out + "}";
  }
  return to_json(value);
}

std::string python_signature(const ParameterTable& table) {
  std::string out;
  for (const FieldSpec& field : table.fields) {
    // A mutable default would be shared between calls; None stands for it.
    const bool is_mutable = field.type == FieldType::List || field.type == FieldType::Object;
    const std::string type = python_type(field) + (is_mutable && !field.nullable && field.type == FieldType::List ? " | None" : "");
    const std::string hint = field.members != nullptr && !field.nullable ? type + " | None" : type;
    out += (out.empty() ? "" : ", ") + field.name + ": " + hint + " = " + (is_mutable ? "None" : python_literal(field.default_value));
  }
  return out;
}

std::string python_parameter_docs(const ParameterTable& table) {
  std::string out;
  for (const FieldSpec& field : table.fields) {
    out += field.name + " : " + python_type(field) + (field.members != nullptr ? "" : ", default " + python_literal(field.default_value)) +
           "\n";
    std::string text = field.doc;
    if (field.min || field.max) text += (text.empty() ? "" : " ") + std::string("Allowed: ") + without_default(field) + ".";
    for (size_t i = 0; i < field.aliases.size(); ++i) text += (i == 0 ? " Also accepted as " : ", ") + field.aliases[i];
    if (!field.aliases.empty()) text += ".";
    out += wrapped(text, 4, 100);
  }
  return out;
}

Value parameter_schema(const ParameterTable& table) {
  Value properties{Value::Object()};
  for (const FieldSpec& field : table.fields) {
    Value schema = field.members != nullptr ? parameter_schema(*field.members) : schema_of_type(field.type, field);
    if (field.nullable && schema.find("type") != nullptr) {
      schema.set("type", Value(Value::List{schema.at("type"), Value("null")}));
      if (const Value* names = schema.find("enum")) {
        Value::List with_null = names->as_list();
        with_null.emplace_back();
        schema.set("enum", Value(std::move(with_null)));
      }
    }
    if (!field.doc.empty()) schema.set("description", field.doc);
    if (field.members == nullptr) schema.set("default", field.default_value);
    properties.set(field.name, std::move(schema));
  }
  Value schema{Value::Object()};
  schema.set("type", "object").set("properties", std::move(properties)).set("additionalProperties", false);
  return schema;
}

}  // namespace kolosal
