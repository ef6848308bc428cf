#include "kolosal/tune/storages/opened_storages.h"

#include <pthread.h>

#include <algorithm>

namespace kolosal {

OpenedStorages::OpenedStorages() { pthread_atfork(before, in_parent, in_child); }

OpenedStorages& OpenedStorages::all() {
  static OpenedStorages opened;
  return opened;
}

void OpenedStorages::add(Member* member) {
  const std::lock_guard lock(mutex_);
  // In order of rank, in which a fork locks them: as calls do.
  members_.insert(std::ranges::upper_bound(members_, member->rank(), {}, &Member::rank), member);
}

void OpenedStorages::remove(Member* member) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(members_, member);
}

void OpenedStorages::before() {
  all().mutex_.lock();
  for (Member* member : all().members_) member->mutex.lock();
}

void OpenedStorages::in_parent() {
  for (Member* member : all().members_) member->mutex.unlock();
  all().mutex_.unlock();
}

void OpenedStorages::in_child() {
  for (Member* member : all().members_) member->close();
  in_parent();
}

}  // namespace kolosal
