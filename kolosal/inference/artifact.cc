// Artifacts: writing and checking the file format of docs/artifact-format.md.
//
// Every byte of a file is under one of three checksums: the preamble under its own, each section under the one in its table
// entry, and everything else (summary, content, table, padding) under the file checksum, which also covers the preamble. A reader
// looks at each section byte once, and at nothing that a checksum or a comparison with the real size has not confirmed first.
//
// Shapes   n_sections number arrays; lengths and offsets in bytes, 64 bits.
// Cost     O(bytes) time; reading copies nothing but the JSON, sections stay in the mapped file.
// Checked  artifact_test.cc: every bit flipped, every length cut, random trees, golden files; fuzz/artifact_fuzz.cc.
#include "kolosal/inference/artifact.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/checksum.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

static_assert(std::endian::native == std::endian::little, "sections are mapped as they lie in the file, which is little-endian");
static_assert(static_cast<int>(NumberType::Float32) == 0 && static_cast<int>(NumberType::UInt64) == 9, "codes of the file format");

constexpr std::string_view kMagic("KOLOSAL\x1a", 8);
constexpr uint32_t kVersion = 1;
constexpr size_t kPreambleBytes = 56;
constexpr size_t kTableEntryBytes = 32;
constexpr size_t kChecksumBytes = 4;
constexpr size_t kAlignment = 64;
constexpr std::string_view kSectionKey = "$section";
constexpr std::string_view kTextKey = "$text";

using Bytes = std::span<const std::byte>;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

uint64_t aligned(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

template <class T>
void append_number(std::string& out, T number) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((number >> (8 * i)) & 0xff);
}

template <class T>
T number_at(Bytes bytes, size_t offset) {
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) number = static_cast<T>(number | static_cast<T>(static_cast<T>(bytes[offset + i]) << (8 * i)));
  return number;
}

// An object of one member whose key begins with '$' means something to the format, so a user's own gets one more '$'.
bool is_marked(const Value::Object& members) { return members.size() == 1 && members[0].first.starts_with('$'); }

// Whether JSON can hold the text: pure ASCII, or UTF-8 that comes back as it was.
bool is_json_text(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return true;
  return parse_json(to_json(Value(text))).as_text() == text;
}

// Takes the NumberArrays out of a tree, and what JSON cannot hold.
class Encoder {
 public:
  std::vector<NumberArray> sections;

  // `path` leads to `value`, for messages.
  Value encode(const Value& value, std::string& path) {
    if (value.is_numbers()) return section(kSectionKey, value.as_numbers());
    if (value.is_text() && !is_json_text(value.as_text())) return section(kTextKey, bytes_as_numbers(value.as_text()));
    if (value.is_real() && !std::isfinite(value.as_real()))
      refuse(path, "is not a finite number, which a file keeps only in a NumberArray");
    if (value.is_list()) return encode_list(value.as_list(), path);
    if (value.is_object()) return encode_object(value.as_object(), path);
    return value;
  }

  [[noreturn]] static void refuse(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::Internal, "an artifact cannot be written: " + path + " " + why);
  }

 private:
  static NumberArray bytes_as_numbers(const std::string& text) { return NumberArray::from(std::vector<uint8_t>(text.begin(), text.end())); }

  Value section(std::string_view key, NumberArray numbers) {
    sections.push_back(std::move(numbers));
    return Value(Value::Object{{std::string(key), Value(sections.size() - 1)}});
  }

  Value encode_list(const Value::List& list, std::string& path) {
    const size_t length = path.size();
    Value::List encoded;
    encoded.reserve(list.size());
    for (const Value& element : list) {
      path += "[" + std::to_string(encoded.size()) + "]";
      encoded.push_back(encode(element, path));
      path.resize(length);
    }
    return Value(std::move(encoded));
  }

  Value encode_object(const Value::Object& members, std::string& path) {
    const size_t length = path.size();
    Value::Object encoded;
    encoded.reserve(members.size());
    for (const auto& [key, member] : members) {
      path += "." + key;
      encoded.emplace_back(is_marked(members) ? "$" + key : key, encode(member, path));
      path.resize(length);
    }
    return Value(std::move(encoded));
  }
};

// JSON of a tree that must read back the same.
std::string checked_json(const Value& tree, const std::string& what) {
  std::string text = to_json(tree);
  bool same = false;
  try {
    same = parse_json(text) == tree;
  } catch (const Error& error) {
    Encoder::refuse(what, "does not fit into JSON (" + error.message() + ")");
  }
  if (!same) Encoder::refuse(what, "holds a key that is not UTF-8");
  return text;
}

std::string summary_json(const Value& summary) {
  std::string path = "summary";
  if (!summary.is_object()) Encoder::refuse(path, "is not an object but " + std::string(summary.kind_name()));
  Encoder encoder;
  (void)encoder.encode(summary, path);
  if (!encoder.sections.empty()) Encoder::refuse(path, "holds a NumberArray or text that is not UTF-8");
  return checked_json(summary, path);
}

// ---- Reading

struct Preamble {
  uint64_t file_bytes, summary_bytes, content_bytes, n_sections;
  uint32_t summary_checksum;
};

struct Section {
  uint64_t offset, n_bytes, size;
  NumberType type;
  uint32_t checksum;
};

// Reads one artifact; `where` names it in messages.
class Reader {
 public:
  Reader(Bytes bytes, std::string where) : bytes_(bytes), where_(std::move(where)), preamble_(read_preamble()) {}

  Value summary() const {
    const Bytes text = bytes_.subspan(kPreambleBytes, preamble_.summary_bytes);
    if (crc32c(text) != preamble_.summary_checksum) corrupt("the summary does not fit its checksum");
    Value summary = parsed(text, "summary");
    if (!summary.is_object()) corrupt("the summary is not an object");
    return summary;
  }

  Value content(const std::shared_ptr<const void>& owner) {
    sections_ = read_table();
    check_sections();
    (void)summary();
    owner_ = owner;
    Value content = decode(parsed(bytes_.subspan(kPreambleBytes + preamble_.summary_bytes, preamble_.content_bytes), "content"));
    if (n_used_ != sections_.size()) corrupt("a section belongs to nothing");
    return content;
  }

 private:
  [[noreturn]] void corrupt(const std::string& why) const {
    throw Error(ErrorCode::CorruptArtifact, where_ + " is not a whole Kolosal artifact: " + why,
                "Copy the file again from where it came, or train and save again.");
  }

  // The first 56 bytes, and that what they tell fits the size of the file.
  Preamble read_preamble() const {
    const auto known = std::min(bytes_.size(), kMagic.size());
    if (text_of(bytes_.first(known)) != kMagic.substr(0, known)) corrupt("it does not begin like one");
    if (bytes_.size() < kPreambleBytes + kChecksumBytes) corrupt("it ends after " + std::to_string(bytes_.size()) + " bytes");
    if (crc32c(bytes_.first(kPreambleBytes - kChecksumBytes)) != number_at<uint32_t>(bytes_, kPreambleBytes - kChecksumBytes))
      corrupt("its first bytes do not fit their checksum");
    const uint32_t version = number_at<uint32_t>(bytes_, 8), flags = number_at<uint32_t>(bytes_, 12);
    if (version > kVersion || flags != 0)
      throw Error(ErrorCode::UnsupportedVersion,
                  where_ + " has format version " + std::to_string(version) + " (flags " + std::to_string(flags) +
                      "); this Kolosal reads up to version " + std::to_string(kVersion),
                  "Use a newer Kolosal.");
    if (version == 0) corrupt("there is no format version 0");
    const Preamble found{number_at<uint64_t>(bytes_, 16), number_at<uint64_t>(bytes_, 24), number_at<uint64_t>(bytes_, 32),
                         number_at<uint64_t>(bytes_, 40), number_at<uint32_t>(bytes_, 48)};
    if (found.file_bytes != bytes_.size())
      corrupt("it has " + std::to_string(bytes_.size()) + " bytes where " + std::to_string(found.file_bytes) + " were written");
    uint64_t room = bytes_.size() - kPreambleBytes - kChecksumBytes;
    if (found.summary_bytes > room || found.content_bytes > room - found.summary_bytes) corrupt("its parts are longer than the file");
    room -= found.summary_bytes + found.content_bytes;
    if (found.n_sections > room / kTableEntryBytes) corrupt("its section table is longer than the file");
    return found;
  }

  uint64_t table_offset() const { return kPreambleBytes + preamble_.summary_bytes + preamble_.content_bytes; }

  // The table; every section lies where the one before it ends, so none can overlap another or leave the file.
  std::vector<Section> read_table() const {
    std::vector<Section> table;
    table.reserve(preamble_.n_sections);
    const uint64_t last = bytes_.size() - kChecksumBytes;
    uint64_t end = table_offset() + preamble_.n_sections * kTableEntryBytes;
    for (uint64_t k = 0; k < preamble_.n_sections; ++k) {
      const size_t at = table_offset() + k * kTableEntryBytes;
      const uint64_t offset = number_at<uint64_t>(bytes_, at), n_bytes = number_at<uint64_t>(bytes_, at + 8),
                     size = number_at<uint64_t>(bytes_, at + 16);
      const uint32_t type = number_at<uint32_t>(bytes_, at + 24), checksum = number_at<uint32_t>(bytes_, at + 28);
      const std::string name = "section " + std::to_string(k);
      if (offset != aligned(end)) corrupt(name + " does not begin where it must");
      if (offset > last || n_bytes > last - offset) corrupt(name + " is longer than the file");
      if (type > static_cast<uint32_t>(NumberType::UInt64)) corrupt(name + " holds numbers of an unknown type");
      const auto number_type = static_cast<NumberType>(type);
      if (n_bytes % number_size(number_type) != 0 || n_bytes / number_size(number_type) != size)
        corrupt(name + " does not have the length of its numbers");
      table.push_back({offset, n_bytes, size, number_type, checksum});
      end = offset + n_bytes;
    }
    if (end != last) corrupt("bytes belong to no section");
    return table;
  }

  // The checksums of the sections, and the file checksum over all that lies outside them.
  void check_sections() const {
    uint64_t end = 0;
    uint32_t outside = 0;
    for (const Section& section : sections_) {
      const Bytes between = bytes_.subspan(end, section.offset - end);
      outside = crc32c(between, outside);
      end = section.offset + section.n_bytes;
    }
    outside = crc32c(bytes_.subspan(end, bytes_.size() - kChecksumBytes - end), outside);
    if (outside != number_at<uint32_t>(bytes_, bytes_.size() - kChecksumBytes)) corrupt("it does not fit its checksum");
    check_padding();
    for (const Section& section : sections_)
      if (crc32c(bytes_.subspan(section.offset, section.n_bytes)) != section.checksum)
        corrupt("section " + std::to_string(&section - sections_.data()) + " does not fit its checksum");
  }

  void check_padding() const {
    uint64_t end = table_offset() + preamble_.n_sections * kTableEntryBytes;
    for (const Section& section : sections_) {
      const Bytes padding = bytes_.subspan(end, section.offset - end);
      if (std::ranges::any_of(padding, [](std::byte byte) { return byte != std::byte{0}; })) corrupt("its padding is not zero");
      end = section.offset + section.n_bytes;
    }
  }

  Value parsed(Bytes text, const std::string& what) const {
    try {
      return parse_json(text_of(text));
    } catch (const Error& error) {
      corrupt("the " + what + " cannot be read: " + error.message());
    }
  }

  // The reverse of Encoder. References stand in the order of their sections.
  Value decode(Value value) {
    if (value.is_list())
      for (Value& element : value.as_list()) element = decode(std::move(element));
    if (!value.is_object()) return value;
    Value::Object& members = value.as_object();
    const bool marked = is_marked(members);
    if (marked && !members[0].first.starts_with("$$")) return decode_reference(members[0].first, members[0].second);
    if (marked) members[0].first.erase(0, 1);
    for (auto& [key, member] : members) member = decode(std::move(member));
    return value;
  }

  Value decode_reference(const std::string& key, const Value& number) {
    if (key != kSectionKey && key != kTextKey) corrupt("'" + key + "' means nothing in this format");
    if (n_used_ == sections_.size() || !number.is_integer() || number.as_integer() != static_cast<int64_t>(n_used_))
      corrupt("a reference to a section leads to another one or to none");
    const Section& section = sections_[n_used_++];
    const std::byte* start = bytes_.data() + section.offset;
    if (key == kSectionKey) return Value(NumberArray{section.type, owner_, start, section.size});
    if (section.type != NumberType::UInt8) corrupt("a text is not made of bytes");
    return Value(std::string(text_of({start, section.size})));
  }

  Bytes bytes_;
  std::string where_;
  Preamble preamble_;
  std::vector<Section> sections_;
  std::shared_ptr<const void> owner_;
  size_t n_used_ = 0;
};

std::string preamble_bytes(const Preamble& preamble) {
  std::string out(kMagic);
  append_number(out, kVersion);
  append_number(out, uint32_t{0});
  append_number(out, preamble.file_bytes);
  append_number(out, preamble.summary_bytes);
  append_number(out, preamble.content_bytes);
  append_number(out, preamble.n_sections);
  append_number(out, preamble.summary_checksum);
  append_number(out, crc32c(bytes_of(out)));
  return out;
}

// The table entries of sections that begin behind `end`; moves `end` behind the last of them.
std::string table_bytes(const std::vector<NumberArray>& sections, uint64_t& end) {
  std::string out;
  for (const NumberArray& section : sections) {
    const uint64_t offset = aligned(end);
    append_number(out, offset);
    append_number(out, uint64_t{section.n_bytes()});
    append_number(out, uint64_t{section.size});
    append_number(out, static_cast<uint32_t>(section.type));
    append_number(out, crc32c({section.bytes, section.n_bytes()}));
    end = offset + section.n_bytes();
  }
  return out;
}

// Sections must lie aligned in memory as they do in the file; what is mapped does, other memory may have to be copied.
Value read_content(Bytes bytes, std::shared_ptr<const void> owner, std::string where) {
  if (!bytes.empty() && reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment != 0) {
    auto* copy = static_cast<std::byte*>(std::aligned_alloc(kAlignment, aligned(bytes.size())));
    if (copy == nullptr) throw Error(ErrorCode::OutOfMemory, where + " does not fit into memory");
    owner = std::shared_ptr<const void>(copy, [](const void* memory) { std::free(const_cast<void*>(memory)); });
    std::memcpy(copy, bytes.data(), bytes.size());
    bytes = {copy, bytes.size()};
  }
  return Reader(bytes, std::move(where)).content(owner);
}

using Sink = std::function<void(std::string_view)>;

// The parts of an artifact. What cannot be written down is an error here, before any byte is put anywhere.
class EncodedArtifact {
 public:
  EncodedArtifact(const Value& summary, const Value& content) : summary_(summary_json(summary)) {
    std::string root = "content";
    content_ = checked_json(encoder_.encode(content, root), root);
    begin_ = end_ = kPreambleBytes + summary_.size() + content_.size() + encoder_.sections.size() * kTableEntryBytes;
    table_ = table_bytes(encoder_.sections, end_);
    preamble_ =
        preamble_bytes({end_ + kChecksumBytes, summary_.size(), content_.size(), encoder_.sections.size(), crc32c(bytes_of(summary_))});
  }

  size_t n_bytes() const { return end_ + kChecksumBytes; }

  void put(const Sink& sink) const {
    uint32_t checksum = 0;
    const auto add = [&](std::string_view bytes) {
      checksum = crc32c(bytes_of(bytes), checksum);
      sink(bytes);
    };
    for (const std::string* part : {&preamble_, &summary_, &content_, &table_}) add(*part);
    uint64_t at = begin_;
    for (const NumberArray& section : encoder_.sections) {
      add(std::string(aligned(at) - at, '\0'));
      sink(text_of({section.bytes, section.n_bytes()}));
      at = aligned(at) + section.n_bytes();
    }
    std::string trailer;
    append_number(trailer, checksum);
    sink(trailer);
  }

 private:
  Encoder encoder_;
  std::string summary_, content_, table_, preamble_;
  uint64_t begin_ = 0, end_ = 0;  // of the sections
};

}  // namespace

void write_artifact(const std::string& path, const Value& summary, const Value& content) {
  const EncodedArtifact artifact(summary, content);
  write_file_atomically(path, [&](const Sink& sink) { artifact.put(sink); });
}

std::string artifact_bytes(const Value& summary, const Value& content) {
  const EncodedArtifact artifact(summary, content);
  std::string bytes;
  bytes.reserve(artifact.n_bytes());
  artifact.put([&](std::string_view part) { bytes += part; });
  return bytes;
}

Value read_artifact(const std::string& path) {
  MappedFile file = map_file(path);
  return read_content(file.bytes, std::move(file.owner), "'" + path + "'");
}

Value read_artifact_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  return read_content(bytes, std::move(owner), "what was given");
}

Value read_artifact_summary(const std::string& path) {
  const MappedFile file = map_file(path);
  return Reader(file.bytes, "'" + path + "'").summary();
}

}  // namespace kolosal
