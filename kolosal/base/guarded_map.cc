#include "kolosal/base/guarded_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "kolosal/base/error.h"

namespace kolosal {

/// The addresses of a map, in a list that the handler walks. Entries are used again, never freed.
struct GuardedMap::Guarded {
  std::atomic<uintptr_t> begin{0}, end{0};  // none: the entry is free
  std::atomic<bool> cut{false};             // a page was gone
  Guarded* next = nullptr;

  static std::atomic<Guarded*> first;
  static std::mutex changing;

  static Guarded* add(uintptr_t begin, uintptr_t end);
  static bool replace_page(uintptr_t address) noexcept;
  static void on_fault(int signal, siginfo_t* fault, void* context);
  static void install();
};

std::atomic<GuardedMap::Guarded*> GuardedMap::Guarded::first{nullptr};
std::mutex GuardedMap::Guarded::changing;

namespace {

struct sigaction before {};  // what handled the signal
uintptr_t page_size = 4096;

[[noreturn]] void fail(const std::string& path, int code) {
  throw Error(ErrorCode::Io, "cannot read '" + path + "': " + std::strerror(code), "Check the path and its permissions.");
}

}  // namespace

GuardedMap::Guarded* GuardedMap::Guarded::add(uintptr_t begin, uintptr_t end) {
  const std::lock_guard lock(changing);
  Guarded* entry = first.load();
  while (entry != nullptr && entry->end.load() != 0) entry = entry->next;
  if (entry == nullptr) {
    entry = new Guarded;
    entry->next = first.load();
    first.store(entry);
  }
  entry->cut.store(false);
  entry->begin.store(begin);
  entry->end.store(end);
  return entry;
}

/// Puts zeros where a page of a guarded map is gone. Calls what a signal handler may.
bool GuardedMap::Guarded::replace_page(uintptr_t address) noexcept {
  for (Guarded* entry = first.load(); entry != nullptr; entry = entry->next) {
    if (address < entry->begin.load() || address >= entry->end.load()) continue;
    entry->cut.store(true);
    void* page = reinterpret_cast<void*>(address / page_size * page_size);
    return ::mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;
  }
  return false;
}

void GuardedMap::Guarded::on_fault(int signal, siginfo_t* fault, void* context) {
  const int error = errno;
  const bool replaced = fault->si_code == BUS_ADRERR && replace_page(reinterpret_cast<uintptr_t>(fault->si_addr));
  errno = error;
  if (replaced) return;
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, fault, context);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(signal);
  ::sigaction(signal, &before, nullptr);  // the access is made again, and ends as it would have
  if (fault->si_code <= 0) (void)::raise(signal);
}

void GuardedMap::Guarded::install() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &before);
  });
}

GuardedMap::GuardedMap(const std::string& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(path, errno);
  struct stat status {};
  void* start = MAP_FAILED;
  if (::fstat(descriptor_, &status) == 0)
    start = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (start == MAP_FAILED) {
    const int code = errno;
    ::close(descriptor_);
    fail(path, code);
  }
  start_ = static_cast<const char*>(start);
  size_ = static_cast<size_t>(status.st_size);
  seconds_ = status.st_mtim.tv_sec;
  nanoseconds_ = status.st_mtim.tv_nsec;
  Guarded::install();
  const auto begin = reinterpret_cast<uintptr_t>(start);
  guarded_ = Guarded::add(begin, begin + (size_ + page_size - 1) / page_size * page_size);
}

GuardedMap::~GuardedMap() {
  guarded_->begin.store(0);
  guarded_->end.store(0);
  ::munmap(const_cast<char*>(start_), size_);
  ::close(descriptor_);
}

void GuardedMap::check_unchanged(const std::string& name) const {
  struct stat status {};
  const bool same = ::fstat(descriptor_, &status) == 0 && static_cast<size_t>(status.st_size) == size_ &&
                    status.st_mtim.tv_sec == seconds_ && status.st_mtim.tv_nsec == nanoseconds_;
  if (same && !guarded_->cut.load()) return;
  const bool is_short = guarded_->cut.load() || static_cast<size_t>(status.st_size) < size_;
  throw Error(ErrorCode::BadFile, name + " was " + (is_short ? "cut short" : "changed") + " while it was read",
              "Run again when nothing writes to it, or on a copy.");
}

}  // namespace kolosal
