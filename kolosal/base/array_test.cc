#include "kolosal/base/array.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/file.h"
#include "kolosal/base/memory_pressure.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

TEST(Array, StartsAsAlignedZeros) {
  const Array<double> array(1001);
  EXPECT_EQ(array.size(), 1001u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array.view().data()) % 64, 0u);
  for (const double number : array.view()) ASSERT_EQ(number, 0.0);
  EXPECT_EQ(Array<int>().size(), 0u);
  EXPECT_EQ(Array<int>(0).write().size(), 0u);
}

TEST(Array, CopiesShareUntilOneIsWritten) {
  Array<int> a = Array<int>::from(std::vector<int>{1, 2, 3});
  Array<int> b = a;
  EXPECT_EQ(a.view().data(), b.view().data());
  b.write()[0] = 9;
  EXPECT_NE(a.view().data(), b.view().data());
  EXPECT_EQ(a[0], 1);
  EXPECT_EQ(b[0], 9);
  EXPECT_EQ(b[2], 3);
  const int* before = b.view().data();
  b.write()[1] = 8;
  EXPECT_EQ(b.view().data(), before) << "what is not shared is not copied";
}

TEST(Array, GivesTheMemoryOfThoseThatAreGoneBackOnRequest) {
  constexpr size_t kBytes = size_t{64} << 20;
  release_idle_arrays();
  const size_t before = read_memory_state().process_bytes;
  Array<std::byte>(kBytes).write()[0] = std::byte{1};
  EXPECT_GT(read_memory_state().process_bytes, before + kBytes / 2);
  release_idle_arrays();
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  EXPECT_LT(read_memory_state().process_bytes, before + kBytes / 2);
#endif
}

TEST(Array, NumbersTakenFromItStayAsTheyWere) {
  Array<float> array = Array<float>::from(std::vector<float>{1, 2});
  const NumberArray numbers = array.to_numbers();
  array.write()[0] = 5;
  EXPECT_EQ(numbers.as<float>()[0], 1.0f);
  EXPECT_EQ(numbers, NumberArray::from(std::vector<float>{1, 2}));
}

class MappedArray : public testing::Test {
 protected:
  MappedArray() : path_((fs::temp_directory_path() / ("kolosal_array_test_" + std::to_string(getpid()))).string()) {
    std::vector<int32_t> numbers(5000);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int32_t>(i);
    write_file_atomically(path_, [&](const auto& sink) { sink({reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4}); });
  }
  ~MappedArray() override { fs::remove(path_); }
  std::string path_;
};

TEST_F(MappedArray, ReadsAPieceOfAFileFromAnyAlignedOffset) {
  const auto array = Array<int32_t>::map(path_, 4 * 1234, 2000);
  EXPECT_EQ(array.size(), 2000u);
  for (size_t i = 0; i < array.size(); ++i) ASSERT_EQ(array[i], static_cast<int32_t>(i + 1234));
}

TEST_F(MappedArray, WritingChangesNeitherTheFileNorACopy) {
  const std::string before = read_file(path_);
  auto array = Array<int32_t>::map(path_, 0, 5000);
  const auto copy = array;
  array.write()[10] = -1;
  auto alone = Array<int32_t>::map(path_, 0, 5000);
  const int32_t* start = alone.view().data();
  alone.write()[11] = -2;
  EXPECT_EQ(alone.view().data(), start) << "the pages are private already";
  EXPECT_EQ(array[10], -1);
  EXPECT_EQ(copy[10], 10);
  EXPECT_TRUE(read_file(path_) == before);
}

TEST_F(MappedArray, RefusesWhatTheFileDoesNotHold) {
  EXPECT_THROW(Array<int32_t>::map(path_, 0, 5001), Error);
  EXPECT_THROW(Array<int32_t>::map(path_, 20004, 0), Error);
  EXPECT_THROW(Array<int32_t>::map(path_, 2, 1), Error);
  EXPECT_THROW(Array<int32_t>::map(path_ + ".absent", 0, 1), Error);
  EXPECT_THROW(Array<int32_t>::map("/tmp", 0, 1), Error);
  EXPECT_EQ(Array<int32_t>::map(path_, 20000, 0).size(), 0u);
  EXPECT_THROW(Array<double>(~size_t{0} / 8), Error);
}

}  // namespace
}  // namespace kolosal
