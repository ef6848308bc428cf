#include "kolosal/tune/storages/wait_check.h"

#include <mutex>
#include <utility>

namespace kolosal {
namespace {

struct Held {
  std::mutex mutex;
  std::function<bool()> check;
};

// Never destroyed: threads may wait while the program ends.
Held& held() {
  static auto* const made = new Held;
  return *made;
}

}  // namespace

void set_wait_check(std::function<bool()> gives_up) {
  const std::lock_guard lock(held().mutex);
  held().check = std::move(gives_up);
}

bool gives_up_waiting() {
  std::function<bool()> check;
  {
    const std::lock_guard lock(held().mutex);
    check = held().check;
  }
  return check && check();
}

}  // namespace kolosal
