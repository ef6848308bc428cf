#include "kolosal/base/version.h"

namespace kolosal {

const char* version() noexcept { return KOLOSAL_VERSION; }

}  // namespace kolosal
