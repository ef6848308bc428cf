// Time limits and cancellation. Both are values passed down to every inner loop; nothing reads a global.
#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>

namespace kolosal {

using Clock = std::chrono::steady_clock;

/// A point in time by which work must be over; never by default.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(Clock::time_point when) : when_(when) {}
  /// `seconds` from now; infinity means never.
  static Deadline after(double seconds) {
    if (!(seconds < 1e9)) return Deadline();
    return Deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
  }

  /// Whether there is no limit, and whether the time is over.
  bool is_never() const noexcept { return when_ == Clock::time_point::max(); }
  bool passed() const noexcept { return !is_never() && Clock::now() >= when_; }
  /// Seconds left: negative when passed, infinity for never.
  double remaining_seconds() const noexcept {
    if (is_never()) return std::numeric_limits<double>::infinity();
    return std::chrono::duration<double>(when_ - Clock::now()).count();
  }
  /// The earlier of the two.
  Deadline earlier(Deadline other) const noexcept { return other.when_ < when_ ? other : *this; }
  /// The point in time; the clock's last where there is no limit.
  Clock::time_point when() const noexcept { return when_; }

 private:
  Clock::time_point when_ = Clock::time_point::max();
};

/// Measures elapsed time from its construction.
class Stopwatch {
 public:
  /// Seconds since construction.
  double seconds() const noexcept { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  Clock::time_point start_ = Clock::now();
};

/// A flag shared by who may ask to stop and who must listen. Copies share the flag. Setting it is async-signal-safe.
class CancelToken {
 public:
  /// Asks to stop, for all copies of the token; and whether anyone has.
  void cancel() const noexcept { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace kolosal
