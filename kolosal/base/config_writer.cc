// Writes config files: JSON through to_json, YAML in block style, TOML with a table for each nested object.
//
// Texts are quoted unless they cannot be read as anything else, so what is written reads back as it was.
//
// Checked  config_test.cc: what is written reads back equal, for random trees.
#include <cmath>
#include <string>
#include <utility>

#include "kolosal/base/config.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

bool is_container(const Value& value) { return value.is_list() || value.is_object(); }

// NumberArrays as lists of plain numbers.
Value plain(const Value& value) {
  Value::List list;
  const auto add_all = [&]<class T>(std::span<const T> numbers) {
    for (const T number : numbers) list.emplace_back(number);
  };
  const NumberArray& numbers = value.as_numbers();
  switch (numbers.type) {
    case NumberType::Float32: add_all(numbers.as<float>()); break;
    case NumberType::Float64: add_all(numbers.as<double>()); break;
    case NumberType::Int8: add_all(numbers.as<int8_t>()); break;
    case NumberType::UInt8: add_all(numbers.as<uint8_t>()); break;
    case NumberType::Int16: add_all(numbers.as<int16_t>()); break;
    case NumberType::UInt16: add_all(numbers.as<uint16_t>()); break;
    case NumberType::Int32: add_all(numbers.as<int32_t>()); break;
    case NumberType::UInt32: add_all(numbers.as<uint32_t>()); break;
    case NumberType::Int64: add_all(numbers.as<int64_t>()); break;
    case NumberType::UInt64: add_all(numbers.as<uint64_t>()); break;
  }
  return Value(std::move(list));
}

// A JSON text with the one character escaped that JSON allows and YAML and TOML do not.
std::string quoted(const std::string& text) {
  std::string out = to_json(Value(text));
  for (size_t at = 0; (at = out.find('\x7f', at)) != std::string::npos; at += 6) out.replace(at, 1, "\\u007f");
  return out;
}

bool is_plain_word(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !is_letter(text[0])) return false;
  for (const char c : text)
    if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.' && c != '/') return false;
  const Value read = parse_config(text, ConfigFormat::Yaml);
  // Words that older readers of YAML take for booleans are quoted too.
  for (const char* word : {"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N"})
    if (text == word) return false;
  return read.is_text() && read.as_text() == text;
}

void write_comment(std::string& out, const ParameterTable* table, const std::string& key, const std::string& indent) {
  const FieldSpec* field = table == nullptr ? nullptr : table->find(key);
  if (field == nullptr || field->doc.empty()) return;
  out += indent + "# ";
  for (const char c : field->doc) out += c == '\n' ? ' ' : c;
  out += '\n';
}

class YamlWriter {
 public:
  std::string out;

  void object(const Value::Object& members, int depth, const ParameterTable* table) {
    const std::string indent(static_cast<size_t>(depth) * 2, ' ');
    for (const auto& [key, member] : members) {
      write_comment(out, table, key, indent);
      out += indent + (is_plain_word(key) ? key : quoted(key)) + ":";
      below(member, depth);
    }
  }

 private:
  static std::string scalar(const Value& value) {
    if (value.is_text()) return is_plain_word(value.as_text()) ? value.as_text() : quoted(value.as_text());
    if (value.is_real() && std::isnan(value.as_real())) return ".nan";
    if (value.is_real() && std::isinf(value.as_real())) return value.as_real() > 0 ? ".inf" : "-.inf";
    return to_json(value);
  }

  // What follows "key:" or "-": a scalar on the same line, or a block further in.
  void below(const Value& value, int depth) {
    if (value.is_numbers()) return below(plain(value), depth);
    if (!is_container(value)) {
      out += " " + scalar(value) + "\n";
    } else if (value.is_object()) {
      if (value.as_object().empty()) {
        out += " {}\n";
        return;
      }
      out += "\n";
      object(value.as_object(), depth + 1, nullptr);
    } else {
      list(value.as_list(), depth);
    }
  }

  void list(const Value::List& elements, int depth) {
    bool nested = false;
    for (const Value& element : elements) nested = nested || is_container(element) || element.is_numbers();
    if (!nested) {
      out += " [";
      for (size_t i = 0; i < elements.size(); ++i) out += (i > 0 ? ", " : "") + scalar(elements[i]);
      out += "]\n";
      return;
    }
    out += "\n";
    for (const Value& element : elements) {
      out += std::string(static_cast<size_t>(depth + 1) * 2, ' ') + "-";
      below(element, depth + 1);
    }
  }
};

class TomlWriter {
 public:
  std::string out;

  void table(const Value::Object& members, const std::string& name, const ParameterTable* docs) {
    for (const auto& [key, member] : members) {
      if (member.is_null() || member.is_object()) continue;
      write_comment(out, docs, key, "");
      out += bare(key) + " = " + text(member) + "\n";
    }
    for (const auto& [key, member] : members) {
      if (!member.is_object()) continue;
      const std::string path = name.empty() ? bare(key) : name + "." + bare(key);
      if (!out.empty()) out += "\n";
      write_comment(out, docs, key, "");
      out += "[" + path + "]\n";
      table(member.as_object(), path, nullptr);
    }
  }

 private:
  static std::string bare(const std::string& key) {
    static constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return !key.empty() && key.find_first_not_of(kAllowed) == std::string::npos ? key : quoted(key);
  }

  static std::string text(const Value& value) {
    if (value.is_null()) throw Error(ErrorCode::Unsupported, "TOML cannot hold a null in a list", "Write JSON or YAML instead.");
    if (value.is_text()) return quoted(value.as_text());
    if (value.is_real() && std::isnan(value.as_real())) return "nan";
    if (value.is_real() && std::isinf(value.as_real())) return value.as_real() > 0 ? "inf" : "-inf";
    if (value.is_numbers()) return text(plain(value));
    if (!is_container(value)) return to_json(value);
    std::string out;
    if (value.is_list()) {
      for (const Value& element : value.as_list()) out += (out.empty() ? "" : ", ") + text(element);
      return "[" + out + "]";
    }
    for (const auto& [key, member] : value.as_object())
      if (!member.is_null()) out += (out.empty() ? "" : ", ") + bare(key) + " = " + text(member);
    return out.empty() ? "{}" : "{ " + out + " }";
  }
};

}  // namespace

std::string write_config(const Value& value, ConfigFormat format, const ParameterTable* table) {
  const Value::Object& members = value.as_object();
  if (format == ConfigFormat::Json) return to_json(value, 2) + "\n";
  if (format == ConfigFormat::Toml) {
    TomlWriter writer;
    writer.table(members, "", table);
    return writer.out;
  }
  YamlWriter writer;
  writer.object(members, 0, table);
  return members.empty() ? "{}\n" : writer.out;
}

}  // namespace kolosal
