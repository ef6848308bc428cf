# Headers that most sources include are compiled once and not with every source: half of the time a source takes is theirs.
#
# precompile(TARGET library|program|test): libraries and programs differ in how their code is position-independent, and tests also
# include GoogleTest and RapidCheck, so each of the three has precompiled headers of its own. A source still includes what it uses:
# clang-tidy reads it without them.

set(STANDARD_HEADERS <algorithm> <array> <atomic> <chrono> <cmath> <cstdint> <cstring> <fstream> <functional> <limits> <map> <memory> <mutex>
  <numeric> <optional> <set> <span> <sstream> <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant> <vector>)

set(nothing ${PROJECT_BINARY_DIR}/generated/precompiled.cc)
file(CONFIGURE OUTPUT ${nothing} CONTENT "int main() { return 0; }\n")
add_library(precompiled_library OBJECT EXCLUDE_FROM_ALL ${nothing})
add_executable(precompiled_program EXCLUDE_FROM_ALL ${nothing})
target_precompile_headers(precompiled_library PRIVATE ${STANDARD_HEADERS})
target_precompile_headers(precompiled_program PRIVATE ${STANDARD_HEADERS})
# Optimising a test takes twice as long as running it; what it tests is optimised, and sanitized, in its library.
set(TEST_OPTIONS -O0 -fno-sanitize=undefined)
if(KOLOSAL_TESTS)
  add_executable(precompiled_test EXCLUDE_FROM_ALL ${nothing})
  target_link_libraries(precompiled_test PRIVATE GTest::gtest rapidcheck)
  target_compile_options(precompiled_test PRIVATE ${TEST_OPTIONS})
  target_precompile_headers(precompiled_test PRIVATE ${STANDARD_HEADERS} <gtest/gtest.h> <rapidcheck.h>)
endif()

# What g++ 12 warns of in code inlined from the standard library it takes for ours where the header came precompiled.
function(precompile target kind)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
  if(kind STREQUAL test)
    target_compile_options(${target} PRIVATE ${TEST_OPTIONS})
  endif()
  target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
endfunction()
