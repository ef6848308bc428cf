// Any text is parsed or refused with an Error; what was parsed is written as JSON that reads back as the same value.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kolosal/base/error.h"
#include "kolosal/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  kolosal::Value value;
  try {
    value = kolosal::parse_json({reinterpret_cast<const char*>(bytes), size});
  } catch (const kolosal::Error&) {
    return 0;
  }
  const std::string text = kolosal::to_json(value);
  if (kolosal::parse_json(text) != value || kolosal::parse_json(kolosal::to_json(value, 2)) != value) std::abort();
  return 0;
}
