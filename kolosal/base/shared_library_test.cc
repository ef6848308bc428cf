#include "kolosal/base/shared_library.h"

#include <gtest/gtest.h>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

TEST(SharedLibrary, IsTheFirstThatCanBeLoaded) {
  const SharedLibrary library({"The C library", {"/none/there.so", "libc.so.6"}, ""});
  ASSERT_NE(library.function<int(int)>("abs"), nullptr);
  EXPECT_EQ(library.function<int(int)>("abs")(-3), 3);
}

TEST(SharedLibrary, SaysWhichFunctionItLacks) {
  const SharedLibrary library({"The C library", {"libc.so.6"}, ""});
  try {
    (void)library.function<int(int)>("there_is_no_such_function");
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    EXPECT_NE(error.message().find("there_is_no_such_function"), std::string::npos) << error.message();
  }
}

TEST(SharedLibrary, SaysWhyTheFirstCannotBeLoadedAndWhatToDo) {
  try {
    const SharedLibrary library({"Theirs", {"/none/first.so", "/none/second.so"}, "Install it."});
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    EXPECT_NE(error.message().find("Theirs is not there: /none/first.so"), std::string::npos) << error.message();
    EXPECT_EQ(error.remedy(), "Install it.");
  }
}

}  // namespace
}  // namespace kolosal
