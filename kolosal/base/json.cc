// JSON text to and from Value: a handler on Boost.JSON's push parser builds the tree; a small writer prints it.
//
// Numbers keep their kind: digits alone are an integer (a real where 64 bits do not hold it), a '.' or an exponent makes
// a real. Reals are read correctly rounded and written with the fewest digits that read back the same, so a Value without NaN,
// infinities, NumberArrays and broken UTF-8 survives the round trip unchanged. Bytes that are not UTF-8 are written as U+FFFD.
//
// Cost     O(text) time and memory; nesting deeper than 64 is refused, so the parser's stack is bounded.
// Source   RFC 8259.
// Checked  json_test.cc: the round trip of random trees, malformed inputs with their positions.
#include "kolosal/base/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kolosal {
namespace {

constexpr size_t kMaxDepth = 64;

// Receives the events of the push parser and builds the tree. `problem` is set where the text is JSON but not accepted here.
struct TreeBuilder {
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;
  static constexpr size_t max_object_size = ~size_t{0};
  static constexpr size_t max_array_size = ~size_t{0};
  static constexpr size_t max_key_size = ~size_t{0};
  static constexpr size_t max_string_size = ~size_t{0};

  struct Open {
    Value container;
    std::string key;  // of the member that comes next
  };

  Value root;
  std::vector<Open> open;
  std::string text;  // parts of a text, key or number seen so far
  std::string problem;

  void put(Value value) {
    if (open.empty()) root = std::move(value);
    else if (open.back().container.is_list()) open.back().container.as_list().push_back(std::move(value));
    else open.back().container.as_object().emplace_back(std::move(open.back().key), std::move(value));
  }

  bool close() {
    Value done = std::move(open.back().container);
    open.pop_back();
    put(std::move(done));
    return true;
  }

  bool refuse(std::string why, error_code& ec) {
    problem = std::move(why);
    ec = boost::json::error::syntax;
    return false;
  }

  bool append(string_view part) {
    text.append(part.data(), part.size());
    return true;
  }

  std::string taken(string_view last) {
    append(last);
    return std::exchange(text, {});
  }

  bool put_real(string_view last, error_code& ec) {
    const std::string digits = taken(last);
    double number = 0;
    const auto [stop, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (status == std::errc() && stop == digits.data() + digits.size()) {
      put(Value(number));
      return true;
    }
    // Too small for a double is zero; too large is refused.
    const double rounded = std::strtod(digits.c_str(), nullptr);
    if (std::isinf(rounded)) return refuse("the number " + digits + " is too large", ec);
    put(Value(rounded));
    return true;
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return open.push_back({Value(Value::List()), {}}), true; }
  bool on_array_end(size_t, error_code&) { return close(); }
  bool on_object_begin(error_code&) { return open.push_back({Value(Value::Object()), {}}), true; }
  bool on_object_end(size_t, error_code& ec) {
    const Value::Object& members = open.back().container.as_object();
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& [key, member] : members) keys.push_back(key);
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    if (twice != keys.end()) return refuse("the key '" + std::string(*twice) + "' is there twice in one object", ec);
    return close();
  }
  bool on_key_part(string_view part, size_t, error_code&) { return append(part); }
  bool on_key(string_view last, size_t, error_code&) { return open.back().key = taken(last), true; }
  bool on_string_part(string_view part, size_t, error_code&) { return append(part); }
  bool on_string(string_view last, size_t, error_code&) { return put(Value(taken(last))), true; }
  bool on_number_part(string_view part, error_code&) { return append(part); }
  bool on_int64(int64_t number, string_view, error_code&) { return text.clear(), put(Value(number)), true; }
  bool on_uint64(uint64_t, string_view last, error_code& ec) { return put_real(last, ec); }
  bool on_double(double, string_view last, error_code& ec) { return put_real(last, ec); }
  bool on_bool(bool flag, error_code&) { return put(Value(flag)), true; }
  bool on_null(error_code&) { return put(Value()), true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

std::string found_text(std::string_view text, size_t offset) {
  if (offset >= text.size()) return "the text ends too early";
  const unsigned char c = static_cast<unsigned char>(text[offset]);
  if (c == '\n') return "the line ends too early";
  if (c < 0x20 || c == 0x7f) return "found the control character " + std::to_string(c);
  size_t length = 1;  // a whole UTF-8 character
  while (c >= 0x80 && offset + length < text.size() && (static_cast<unsigned char>(text[offset + length]) & 0xc0) == 0x80) ++length;
  if (c >= 0x80 && (length == 1 || length > 4)) return "found a byte that is not UTF-8";
  return "found '" + std::string(text.substr(offset, length)) + "'";
}

// Lines and columns count from 1; a column is one character, not one byte.
std::string position_text(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const size_t line = 1 + static_cast<size_t>(std::ranges::count(before, '\n'));
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  const size_t column = 1 + static_cast<size_t>(std::ranges::count_if(in_line, is_first_byte));
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string reason_text(const boost::json::error_code& ec, std::string_view text, size_t offset) {
  namespace json = boost::json;
  const std::string found = found_text(text, offset);
  if (ec == json::error::too_deep) return "more than " + std::to_string(kMaxDepth) + " levels of nesting";
  if (ec == json::error::incomplete) return "the text ends too early";
  if (ec == json::error::extra_data) return "something follows the end of the document: " + found;
  if (ec == json::error::expected_hex_digit) return "\\u needs four hexadecimal digits: " + found;
  if (ec == json::error::illegal_leading_surrogate || ec == json::error::illegal_trailing_surrogate ||
      ec == json::error::expected_utf16_escape)
    return "half of a surrogate pair stands alone";
  if (ec == json::error::exponent_overflow) return "the exponent of a number is too large";
  return "not valid JSON: " + found;
}

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}
  std::string take() { return std::move(out_); }

  void write(const Value& value, int depth = 0) {
    if (value.is_null()) out_ += "null";
    else if (value.is_bool()) out_ += value.as_bool() ? "true" : "false";
    else if (value.is_integer()) write_number(value.as_integer());
    else if (value.is_real()) write_number(value.as_real());
    else if (value.is_text()) write_text(value.as_text());
    else if (value.is_list()) write_list(value.as_list(), depth);
    else if (value.is_object()) write_object(value.as_object(), depth);
    else write_numbers(value.as_numbers());
  }

 private:
  void new_line(int depth) {
    out_ += '\n';
    out_.append(static_cast<size_t>(indent_) * static_cast<size_t>(depth), ' ');
  }

  template <class T>
  void write_number(T number) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(number)) {
        out_ += "null";
        return;
      }
    }
    char digits[40];
    const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string_view written(digits, static_cast<size_t>(end - digits));
    out_ += written;
    if (std::is_floating_point_v<T> && written.find_first_of(".e") == std::string_view::npos) out_ += ".0";
  }

  // The length of the UTF-8 character at `at`, or 0 where the bytes there are not one (RFC 3629).
  static size_t utf8_length(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [&](size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    const unsigned first = byte(at), second = byte(at + 1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(at + 1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
      const bool allowed = !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f);
      return allowed && follows(at + 1) && follows(at + 2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
      const bool allowed = !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
      return allowed && follows(at + 1) && follows(at + 2) && follows(at + 3) ? 4 : 0;
    }
    return 0;
  }

  void write_text(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += '"';
    for (size_t i = 0; i < text.size();) {
      const char c = text[i];
      const size_t length = utf8_length(text, i);
      if (length != 1) out_ += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(i, length);
      else if (c == '"' || c == '\\') (out_ += '\\') += c;
      else if (c == '\n') out_ += "\\n";
      else if (c == '\t') out_ += "\\t";
      else if (c == '\r') out_ += "\\r";
      else if (static_cast<unsigned char>(c) < 0x20) ((out_ += "\\u00") += kHex[c >> 4]) += kHex[c & 15];
      else out_ += c;
      i += std::max<size_t>(length, 1);
    }
    out_ += '"';
  }

  void write_list(const Value::List& list, int depth) {
    const bool broken = indent_ > 0 && std::ranges::any_of(list, [](const Value& v) { return v.is_list() || v.is_object(); });
    out_ += '[';
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += broken || indent_ == 0 ? "," : ", ";
      if (broken) new_line(depth + 1);
      write(list[i], depth + 1);
    }
    if (broken) new_line(depth);
    out_ += ']';
  }

  void write_object(const Value::Object& members, int depth) {
    out_ += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out_ += ',';
      if (indent_ > 0) new_line(depth + 1);
      write_text(members[i].first);
      out_ += indent_ > 0 ? ": " : ":";
      write(members[i].second, depth + 1);
    }
    if (indent_ > 0 && !members.empty()) new_line(depth);
    out_ += '}';
  }

  template <class T>
  void write_all(const NumberArray& numbers) {
    const auto span = numbers.as<T>();
    for (size_t i = 0; i < span.size(); ++i) {
      if (i > 0) out_ += indent_ > 0 ? ", " : ",";
      if constexpr (sizeof(T) == 1) write_number(static_cast<int>(span[i]));
      else write_number(span[i]);
    }
  }

  void write_numbers(const NumberArray& numbers) {
    out_ += '[';
    switch (numbers.type) {
      case NumberType::Float32: write_all<float>(numbers); break;
      case NumberType::Float64: write_all<double>(numbers); break;
      case NumberType::Int8: write_all<int8_t>(numbers); break;
      case NumberType::UInt8: write_all<uint8_t>(numbers); break;
      case NumberType::Int16: write_all<int16_t>(numbers); break;
      case NumberType::UInt16: write_all<uint16_t>(numbers); break;
      case NumberType::Int32: write_all<int32_t>(numbers); break;
      case NumberType::UInt32: write_all<uint32_t>(numbers); break;
      case NumberType::Int64: write_all<int64_t>(numbers); break;
      case NumberType::UInt64: write_all<uint64_t>(numbers); break;
    }
    out_ += ']';
  }

  int indent_;
  std::string out_;
};

}  // namespace

Value parse_json(std::string_view text) {
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<TreeBuilder> parser(options);
  boost::json::error_code ec;
  size_t offset = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && offset < text.size()) ec = boost::json::error::extra_data;
  if (!ec) return std::move(parser.handler().root);
  if (ec == boost::json::error::incomplete) offset = text.size();
  const std::string& problem = parser.handler().problem;
  throw Error(ErrorCode::BadFile,
              "JSON, " + position_text(text, offset) + ": " + (problem.empty() ? reason_text(ec, text, offset) : problem));
}

std::string to_json(const Value& value, int indent) {
  Writer writer(indent);
  writer.write(value);
  return writer.take();
}

}  // namespace kolosal
