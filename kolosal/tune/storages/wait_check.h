// Whether who waits for a storage that cannot be reached is to go on waiting: what lets Ctrl-C end such a wait.
#pragma once

#include <functional>

namespace kolosal {

/// Sets what is asked, several times a second, by threads that wait: whether they are to give up. It belongs to the whole program, which
/// sets it once, before storages are opened; the core itself asks for nothing.
void set_wait_check(std::function<bool()> gives_up);
/// What it says; false where none is set.
bool gives_up_waiting();
/// Sleeps up to 10 ms, longer with every attempt (from 0), for a random time so that waiting processes do not wake together. Gives whether
/// to go on waiting, about which it asks now and then.
bool goes_on_waiting(int attempt);

}  // namespace kolosal
