// Artifacts: what is written comes back, and nothing else does. The two files of tests/golden come from another writer of the
// same format (tests/golden/make_artifacts.py); the example of docs/artifact-format.md is read from the page.
#include "kolosal/inference/artifact.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "kolosal/base/file.h"
#include "kolosal/inference/testing/reseal.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A folder that is gone with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "kolosal-artifact-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  size_t n_files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator())); }

 private:
  fs::path path_;
};

std::string source_path(const std::string& name) { return std::string(KOLOSAL_SOURCE_DIR) + "/" + name; }

void write_bytes(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

Value read_bytes(const std::string& bytes) {
  auto owner = std::make_shared<const std::string>(bytes);
  return read_artifact_bytes(std::as_bytes(std::span(owner->data(), owner->size())), owner);
}

// The code of the error that reading gives; no value where there is none.
std::optional<ErrorCode> reading_error(const std::string& bytes) {
  try {
    (void)read_bytes(bytes);
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

template <class Call>
std::optional<Error> error_of(Call call) {
  try {
    call();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

template <class T>
Value numbers(std::vector<T> values) {
  return Value(NumberArray::from(std::move(values)));
}

Value object(Value::Object members) { return Value(std::move(members)); }
Value list(Value::List elements) { return Value(std::move(elements)); }

Value small_summary() { return object({{"rows", 3}}); }

Value small_content() { return object({{"weights", numbers<double>({0.5, -2.0})}, {"name", "x"}, {"codes", numbers<uint8_t>({1, 2, 3})}}); }

std::string with_byte(std::string bytes, size_t at, char byte) {
  bytes[at] = byte;
  return bytes;
}

// Replaces the first `from` by `to` of the same length.
std::string with_text(std::string bytes, std::string_view from, std::string_view to) {
  const size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos);
  EXPECT_EQ(from.size(), to.size());
  return bytes.replace(at, from.size(), to);
}

std::string random_text() {
  std::string text;
  const int length = *rc::gen::inRange(0, 5);
  for (int i = 0; i < length; ++i)
    text += *rc::gen::element<std::string>("a", "$", "\"", "\\", "\n", "é", "日", std::string(1, '\0'), "$section");
  return text;
}

template <class T>
Value random_numbers() {
  return numbers<T>(*rc::gen::arbitrary<std::vector<T>>());
}

Value random_array() {
  switch (*rc::gen::inRange(0, 10)) {
    case 0: return random_numbers<float>();
    case 1: return random_numbers<double>();
    case 2: return random_numbers<int8_t>();
    case 3: return random_numbers<uint8_t>();
    case 4: return random_numbers<int16_t>();
    case 5: return random_numbers<uint16_t>();
    case 6: return random_numbers<int32_t>();
    case 7: return random_numbers<uint32_t>();
    case 8: return random_numbers<int64_t>();
    default: return random_numbers<uint64_t>();
  }
}

Value random_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 9 : 7)) {
    case 0: return Value();
    case 1: return Value(*rc::gen::arbitrary<bool>());
    case 2: return Value(*rc::gen::arbitrary<int64_t>());
    case 3:
      return Value(
          *rc::gen::suchThat(rc::gen::map(rc::gen::arbitrary<uint64_t>(), [](uint64_t bits) { return std::bit_cast<double>(bits); }),
                             [](double number) { return std::isfinite(number); }));
    case 4: return Value(random_text());
    case 5: return Value(*rc::gen::container<std::string>(rc::gen::arbitrary<char>()));  // any bytes
    case 6: return random_array();
    case 7: {
      Value::List elements;
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i) elements.push_back(random_value(depth - 1));
      return list(std::move(elements));
    }
    default: {
      Value members{Value::Object()};
      const int n = *rc::gen::inRange(0, 4);
      for (int i = 0; i < n; ++i) members.set(random_text(), random_value(depth - 1));
      return members;
    }
  }
}

RC_GTEST_PROP(Artifact, GivesBackEveryTreeItWasMadeOf, ()) {
  const Value content = random_value(4);
  const std::string bytes = artifact_bytes(small_summary(), content);
  RC_ASSERT(read_bytes(bytes) == content);
  RC_ASSERT(artifact_bytes(small_summary(), read_bytes(bytes)) == bytes);
}

RC_GTEST_PROP(Artifact, RefusesAnyChangeOfItsBytes, (size_t at_seed, uint8_t change, bool cut, const std::string& tail)) {
  const std::string whole = artifact_bytes(small_summary(), random_value(3));
  const size_t at = at_seed % whole.size();
  const std::string changed =
      cut ? whole.substr(0, at) + tail : with_byte(whole, at, static_cast<char>(static_cast<uint8_t>(whole[at]) ^ change));
  RC_PRE(changed != whole);
  RC_ASSERT(reading_error(changed) == ErrorCode::CorruptArtifact);
}

TEST(Artifact, HasTheSameBytesInAFileAsInMemory) {
  const Folder folder;
  write_artifact(folder.file("a"), small_summary(), small_content());
  EXPECT_EQ(read_file(folder.file("a")), artifact_bytes(small_summary(), small_content()));
}

TEST(Artifact, RefusesEveryFlippedBit) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  ASSERT_EQ(reading_error(bytes), std::nullopt);
  for (size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit)
      EXPECT_EQ(reading_error(with_byte(bytes, at, static_cast<char>(bytes[at] ^ (1 << bit)))), ErrorCode::CorruptArtifact)
          << "byte " << at << ", bit " << bit;
}

TEST(Artifact, ForgedBytesUnderFittingChecksumsNeverBreakTheReader) {
  // What is resealed may be another artifact; it must never be a crash, nor any other error.
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  for (size_t at = 0; at < bytes.size(); ++at)
    for (int change = 1; change < 256; ++change) {
      const auto code = reading_error(resealed(with_byte(bytes, at, static_cast<char>(bytes[at] ^ change))));
      EXPECT_TRUE(!code || code == ErrorCode::CorruptArtifact || code == ErrorCode::UnsupportedVersion)
          << "byte " << at << ", change " << change;
    }
}

TEST(Artifact, RefusesEveryTruncation) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(reading_error(bytes.substr(0, length)), ErrorCode::CorruptArtifact) << length << " bytes";
}

TEST(Artifact, RefusesBytesBehindItsEnd) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  EXPECT_EQ(reading_error(bytes + '\0'), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(bytes + bytes), ErrorCode::CorruptArtifact);
}

TEST(Artifact, TheSummaryIsRefusedWhereItsOwnBytesOrTheLengthAreWrong) {
  const Folder folder;
  const std::string path = folder.file("a"), bytes = artifact_bytes(small_summary(), small_content());
  const size_t summary_end = 56 + std::string_view("{\"rows\":3}").size();
  for (size_t at = 0; at < summary_end; ++at) {
    write_bytes(path, with_byte(bytes, at, static_cast<char>(bytes[at] ^ 4)));
    EXPECT_EQ(error_of([&] { read_artifact_summary(path); }).value().code(), ErrorCode::CorruptArtifact) << "byte " << at;
  }
  write_bytes(path, bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(error_of([&] { read_artifact_summary(path); }).value().code(), ErrorCode::CorruptArtifact);
  write_bytes(path, with_byte(bytes, bytes.size() - 1, static_cast<char>(bytes.back() ^ 4)));  // not read
  EXPECT_EQ(read_artifact_summary(path), small_summary());
}

TEST(Artifact, ANewerFormatIsToldApartFromABrokenFile) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  EXPECT_EQ(reading_error(resealed(with_byte(bytes, 8, 2))), ErrorCode::UnsupportedVersion);
  EXPECT_EQ(reading_error(resealed(with_byte(bytes, 12, 1))), ErrorCode::UnsupportedVersion);
  EXPECT_EQ(reading_error(resealed(with_byte(bytes, 8, 0))), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(resealed(bytes)), std::nullopt);
}

TEST(Artifact, RefusesForgedLengthsBeforeItUsesThem) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  const size_t table = 56 + std::string_view("{\"rows\":3}").size() +
                       std::string_view("{\"weights\":{\"$section\":0},\"name\":\"x\",\"codes\":{\"$section\":1}}").size();
  for (const size_t field :
       {size_t{16}, size_t{24}, size_t{32}, size_t{40}, table, table + 8, table + 16, table + 32, table + 40, table + 48})
    for (const char high : {'\x01', '\x7f', '\xff'})
      for (const size_t byte : {0, 1, 3, 6, 7})
        EXPECT_EQ(reading_error(resealed(with_byte(bytes, field + byte, high == bytes[field + byte] ? '\x02' : high))),
                  ErrorCode::CorruptArtifact)
            << "field at " << field << ", byte " << byte;
  EXPECT_EQ(reading_error(resealed(with_byte(bytes, table + 24, 10))), ErrorCode::CorruptArtifact);  // no such type
  std::string shorter = bytes;                                                                       // the last byte belongs to no section
  shorter[table + 40] = shorter[table + 48] = 2;
  EXPECT_EQ(reading_error(resealed(shorter)), ErrorCode::CorruptArtifact);
  std::string overlapping = bytes;  // section 1 begins where section 0 does
  overlapping[table + 32] = bytes[table], overlapping[table + 33] = bytes[table + 1];
  overlapping[table + 40] = overlapping[table + 48] = 67;
  EXPECT_EQ(reading_error(resealed(overlapping)), ErrorCode::CorruptArtifact);
}

TEST(Artifact, RefusesForgedReferencesAndPadding) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "section\":0", "section\":1"))), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "section\":1", "section\":0"))), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "section\":1", "section\":7"))), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "$section\":1", " section\":1"))), ErrorCode::CorruptArtifact);  // belongs to nothing
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "$section\":1", "$sektion\":1"))), ErrorCode::CorruptArtifact);
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "{\"$section\":0}", "{\"$text\":0}   "))), ErrorCode::CorruptArtifact);  // float64
  EXPECT_EQ(reading_error(resealed(with_text(bytes, "\"name\"", "\"name}"))), ErrorCode::CorruptArtifact);
  const size_t padding = bytes.size() - 3 - 4 - 1;
  ASSERT_EQ(bytes[padding], '\0');
  EXPECT_EQ(reading_error(resealed(with_byte(bytes, padding, 1))), ErrorCode::CorruptArtifact);
}

TEST(Artifact, AUsersOwnDollarKeysAreNotReferences) {
  const Value content = list({object({{"$section", 0}}), object({{"$text", 1}}), object({{"$", 1}}), object({{"$$section", "x"}}),
                              object({{"$section", 1}, {"b", 2}}), numbers<int8_t>({1})});
  EXPECT_EQ(read_bytes(artifact_bytes(small_summary(), content)), content);
}

TEST(Artifact, KeepsTextThatIsNotUtf8) {
  const Value content = list({"caf\xe9", std::string("\xff\x00", 2), "\xed\xa0\x80", "café"});
  EXPECT_EQ(read_bytes(artifact_bytes(small_summary(), content)), content);
}

TEST(Artifact, KeepsNanAndInfinityInsideNumberArrays) {
  const Value content = numbers<double>({std::nan(""), kInfinity, -kInfinity, -0.0});
  EXPECT_EQ(read_bytes(artifact_bytes(small_summary(), content)), content);
}

TEST(Artifact, RefusesToWriteWhatWouldComeBackDifferent) {
  const Folder folder;
  const auto refused = [&](const Value& summary, const Value& content) {
    const auto error = error_of([&] { write_artifact(folder.file("a"), summary, content); });
    EXPECT_TRUE(error && error->code() == ErrorCode::Internal);
    return error ? error->message() : "";
  };
  EXPECT_NE(refused(small_summary(), object({{"a", list({1, std::nan("")})}})).find("content.a[1]"), std::string::npos);
  EXPECT_NE(refused(object({{"score", kInfinity}}), Value()).find("summary.score"), std::string::npos);
  refused(small_summary(), object({{"a", 1}, {"a", 2}}));
  refused(small_summary(), object({{"\xff", 1}}));
  refused(object({{"a", numbers<double>({1})}}), Value());
  refused(list({}), Value());
  Value deep = 1;
  for (int i = 0; i < 70; ++i) deep = list({deep});
  refused(small_summary(), deep);
  EXPECT_EQ(folder.n_files(), 0u);
}

TEST(Artifact, HoldsItsNumbersAlignedInTheMappedFileForAsLongAsTheyAreUsed) {
  const Folder folder;
  std::vector<float> many(100000);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i);
  const Value content =
      object({{"a", numbers<uint8_t>({7})}, {"b", numbers(many)}, {"c", numbers<double>({})}, {"d", numbers<int16_t>({-5})}});
  write_artifact(folder.file("a"), small_summary(), content);
  NumberArray b;
  {
    const Value read = read_artifact(folder.file("a"));
    EXPECT_EQ(read, content);
    for (const auto& [name, member] : read.as_object()) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(member.as_numbers().bytes) % 64, 0u) << name;
      EXPECT_EQ(member.as_numbers().owner, read.at("a").as_numbers().owner);
    }
    b = read.at("b").as_numbers();
  }
  fs::remove(folder.file("a"));
  EXPECT_EQ(b.as<float>()[99999], 99999.0f);
}

TEST(Artifact, ReadsMemoryThatIsNotAligned) {
  const std::string bytes = artifact_bytes(small_summary(), small_content());
  for (size_t shift = 0; shift < 65; ++shift) {
    auto owner = std::make_shared<const std::string>(std::string(shift, 'x') + bytes);
    const Value read = read_artifact_bytes(std::as_bytes(std::span(owner->data() + shift, bytes.size())), owner);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read.at("weights").as_numbers().bytes) % 64, 0u);
    owner.reset();
    EXPECT_EQ(read, small_content());
  }
}

TEST(Artifact, TheOldFileStaysWhereWritingFails) {
  const Folder folder;
  const std::string path = folder.file("a");
  write_artifact(path, small_summary(), small_content());
  EXPECT_THROW(write_artifact(path, small_summary(), Value(kInfinity)), Error);
  EXPECT_EQ(read_artifact(path), small_content());

  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const rlimit limit{100000, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto error = error_of([&] { write_artifact(path, small_summary(), numbers(std::vector<double>(100000))); });
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), ErrorCode::Io);
  EXPECT_EQ(read_artifact(path), small_content());
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST(Artifact, AFileThatIsNotThereOrIsSomethingElseIsNamedInTheError) {
  const Folder folder;
  EXPECT_EQ(error_of([&] { read_artifact(folder.file("none")); }).value().code(), ErrorCode::Io);
  for (const std::string& bytes : {std::string(), std::string("species,island\n1,2\n"), std::string("KOLO"), std::string(100000, '\0')}) {
    write_bytes(folder.file("b.csv"), bytes);
    for (const auto& read : {read_artifact, read_artifact_summary}) {
      const auto error = error_of([&] { read(folder.file("b.csv")); });
      ASSERT_TRUE(error.has_value());
      EXPECT_EQ(error->code(), ErrorCode::CorruptArtifact);
      EXPECT_NE(error->message().find("b.csv"), std::string::npos);
    }
  }
}

// What tests/golden/make_artifacts.py put into everything-v1.kolosal.
Value everything() {
  constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  return object({{"null", nullptr},
                 {"flags", list({true, false})},
                 {"integers", list({0, -1, std::numeric_limits<int64_t>::max(), kLow})},
                 {"reals", list({0.5, -0.0, 1.5e300, 5e-324})},
                 {"text", "quote \" backslash \\ newline \n café 日本"},
                 {"broken text", "caf\xe9"},
                 {"empty", list({"", list({}), object({}), numbers<double>({})})},
                 {"escaped", list({object({{"$section", 0}}), object({{"$$", 1}}), object({{"$a", 1}, {"$section", 2}})})},
                 {"float32", numbers<float>({1.5f, kFloatInfinity})},
                 {"float64", numbers<double>({0.1, -kInfinity, -0.0})},
                 {"int8", numbers<int8_t>({-128, 127})},
                 {"uint8", numbers<uint8_t>({0, 255, 7})},
                 {"int16", numbers<int16_t>({-32768, 32767})},
                 {"uint16", numbers<uint16_t>({65535})},
                 {"int32", numbers<int32_t>({std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()})},
                 {"uint32", numbers<uint32_t>({4294967295u})},
                 {"int64", numbers<int64_t>({kLow})},
                 {"uint64", numbers<uint64_t>({std::numeric_limits<uint64_t>::max()})},
                 {"nested", list({object({{"deep", list({numbers<uint8_t>({1})})}})})}});
}

TEST(Artifact, FilesOfVersionOneLoadForever) {
  EXPECT_EQ(read_artifact(source_path("tests/golden/everything-v1.kolosal")), everything());
  EXPECT_EQ(read_artifact_summary(source_path("tests/golden/everything-v1.kolosal")),
            object({{"title", "every kind of value"}, {"rows", 3}}));
  EXPECT_EQ(read_artifact(source_path("tests/golden/example-v1.kolosal")), object({{"weights", numbers<double>({0.5, -2.0})}}));
}

TEST(Artifact, TwoWritersOfTheFormatGiveTheSameBytes) {
  EXPECT_EQ(artifact_bytes(object({{"title", "every kind of value"}, {"rows", 3}}), everything()),
            read_file(source_path("tests/golden/everything-v1.kolosal")));
  EXPECT_EQ(artifact_bytes(small_summary(), object({{"weights", numbers<double>({0.5, -2.0})}})),
            read_file(source_path("tests/golden/example-v1.kolosal")));
}

// The bytes of the hex dump between ```hex and ```: lines of an offset, two spaces and up to 16 bytes.
std::string documented_example() {
  std::ifstream page(source_path("docs/artifact-format.md"));
  std::string line, bytes;
  while (std::getline(page, line) && line != "```hex") continue;
  while (std::getline(page, line) && line != "```") {
    EXPECT_EQ(std::stoul(line.substr(0, 4), nullptr, 16), bytes.size());
    for (size_t at = 6; at + 2 <= line.size(); at += 3) bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

TEST(Artifact, TheExampleOfTheFormatsPageIsAnArtifact) {
  EXPECT_EQ(documented_example(), read_file(source_path("tests/golden/example-v1.kolosal")));
  EXPECT_EQ(read_bytes(documented_example()), object({{"weights", numbers<double>({0.5, -2.0})}}));
}

}  // namespace
}  // namespace kolosal
