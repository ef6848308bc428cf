// Whether who waits for a storage that cannot be reached is to go on waiting: what lets Ctrl-C end such a wait.
#pragma once

#include <functional>

namespace kolosal {

/// Sets what is asked, several times a second, by threads that wait: whether they are to give up. It belongs to the whole program, which
/// sets it once, before storages are opened; the core itself asks for nothing.
void set_wait_check(std::function<bool()> gives_up);
/// What it says; false where none is set.
bool gives_up_waiting();

}  // namespace kolosal
