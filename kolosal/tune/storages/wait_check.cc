#include "kolosal/tune/storages/wait_check.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace kolosal {
namespace {

constexpr int kAsked = 8;  // every so manieth attempt asks

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

bool goes_on_waiting(int attempt) {
  if (attempt % kAsked == kAsked - 1 && gives_up_waiting()) return false;
  thread_local std::minstd_rand random(static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count()));
  const int most = std::min(10000, 200 << std::min(attempt, 6));
  std::this_thread::sleep_for(std::chrono::microseconds(50 + static_cast<int>(random() % static_cast<unsigned>(most))));
  return true;
}

}  // namespace kolosal
