// Any text is read as a YAML or TOML configuration or refused with an Error; the first byte chooses the format.
#include <cstdint>
#include <string_view>

#include "kolosal/base/config.h"
#include "kolosal/base/error.h"
#include "kolosal/table/folds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const auto format = bytes[0] == 't' ? kolosal::ConfigFormat::Toml : kolosal::ConfigFormat::Yaml;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    const kolosal::Value value = kolosal::parse_config(text, format);
    kolosal::from_value<kolosal::FoldOptions>(value);
  } catch (const kolosal::Error&) {
  }
  return 0;
}
