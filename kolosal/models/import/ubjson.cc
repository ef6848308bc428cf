#include "kolosal/models/import/ubjson.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kolosal/models/import/tree_nodes.h"

namespace kolosal {
namespace {

constexpr int kMostLevels = 64;

[[noreturn]] void refuse(size_t at, const std::string& what) {
  throw Error(ErrorCode::BadFile, "UBJSON, byte " + std::to_string(at) + ": " + what, "Write the file again, or use an undamaged copy.");
}

class UbjsonReader {
 public:
  explicit UbjsonReader(std::string_view bytes) : bytes_(bytes) {}

  Value document() {
    Value value = read(marker(), 0);
    if (at_ != bytes_.size()) refuse(at_, "something follows the document");
    return value;
  }

 private:
  char peek() const {
    if (at_ >= bytes_.size()) refuse(at_, "it ends early");
    return bytes_[at_];
  }
  char marker() {
    while (peek() == 'N') ++at_;  // says nothing
    return bytes_[at_++];
  }

  std::string_view take(size_t n) {
    if (n > bytes_.size() - at_) refuse(at_, "it ends early");
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }

  template <class T>
  static T number_in(std::string_view bytes) {
    char turned[sizeof(T)];
    std::ranges::reverse_copy(bytes, turned);
    T number;
    std::memcpy(&number, turned, sizeof(T));
    return number;
  }
  template <class T>
  T number() {
    return number_in<T>(take(sizeof(T)));
  }

  int64_t integer(char kind) {
    switch (kind) {
      case 'i': return number<int8_t>();
      case 'U': return number<uint8_t>();
      case 'I': return number<int16_t>();
      case 'l': return number<int32_t>();
      case 'L': return number<int64_t>();
      default: refuse(at_ - 1, "a length is no integer");
    }
  }
  size_t length() {
    const int64_t n = integer(marker());
    if (n < 0 || static_cast<uint64_t>(n) > bytes_.size()) refuse(at_, "a length is impossible");
    return static_cast<size_t>(n);
  }
  std::string text() {
    const std::string_view bytes = take(length());
    check_utf8(bytes);
    return std::string(bytes);
  }

  Value read(char kind, int level) {
    switch (kind) {
      case 'Z': return {};
      case 'T': return Value(true);
      case 'F': return Value(false);
      case 'd': return Value(number<float>());
      case 'D': return Value(number<double>());
      case 'S':
      case 'H': return Value(text());
      case '[': return list(level + 1);
      case '{': return object(level + 1);
      default: return Value(integer(kind));
    }
  }

  template <class T>
  Value numbers(size_t n) {
    const std::string_view from = take(n * sizeof(T));
    std::vector<T> made(n);
    for (size_t i = 0; i < n; ++i) made[i] = number_in<T>(from.substr(i * sizeof(T), sizeof(T)));
    return Value(NumberArray::from(std::move(made)));
  }

  Value typed_list(char kind, size_t n, int level) {
    switch (kind) {
      case 'i': return numbers<int8_t>(n);
      case 'U': return numbers<uint8_t>(n);
      case 'I': return numbers<int16_t>(n);
      case 'l': return numbers<int32_t>(n);
      case 'L': return numbers<int64_t>(n);
      case 'd': return numbers<float>(n);
      case 'D': return numbers<double>(n);
      case 'S':
      case 'H':
      case '[':
      case '{': return counted_list(kind, n, level);
      default: refuse(at_, "a list holds things of an unknown type");
    }
  }

  Value counted_list(char kind, size_t n, int level) {
    Value::List made;
    for (size_t i = 0; i < n; ++i) made.push_back(read(kind == 0 ? marker() : kind, level));
    return Value(std::move(made));
  }

  Value list(int level) {
    if (level > kMostLevels) refuse(at_, "it is nested too deeply");
    char kind = 0;
    if (peek() == '$') {
      ++at_;
      kind = marker();
      if (peek() != '#') refuse(at_, "a list of one type has no length");
    }
    if (peek() == '#') {
      ++at_;
      const size_t n = length();
      return kind == 0 ? counted_list(0, n, level) : typed_list(kind, n, level);
    }
    Value::List made;
    while (peek() != ']') made.push_back(read(marker(), level));
    ++at_;
    return Value(std::move(made));
  }

  Value object(int level) {
    if (level > kMostLevels) refuse(at_, "it is nested too deeply");
    if (peek() == '$' || peek() == '#') refuse(at_, "objects of counted members are not read");
    Value::Object made;
    while (peek() != '}') {
      std::string key = text();
      made.emplace_back(std::move(key), read(marker(), level));
    }
    ++at_;
    return Value(std::move(made));
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace

Value parse_ubjson(std::string_view bytes) { return UbjsonReader(bytes).document(); }

}  // namespace kolosal
