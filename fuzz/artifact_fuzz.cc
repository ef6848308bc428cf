// Any bytes are read as an artifact, and its content as a predictor, or refused with an Error. The checksums are put right first, so
// that changed bytes get past them; the bytes are also read as they are.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "kolosal/base/error.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/inference/predictor.h"
#include "kolosal/inference/testing/reseal.h"

namespace {

void read(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  try {
    const kolosal::Value content = kolosal::read_artifact_bytes(std::as_bytes(std::span(owner->data(), owner->size())), owner);
    (void)kolosal::Predictor::from_value(content);
  } catch (const kolosal::Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string given(reinterpret_cast<const char*>(bytes), size);
  read(given);
  read(kolosal::resealed(given));
  return 0;
}
