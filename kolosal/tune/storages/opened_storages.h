// What must be closed before a process goes on after fork: SQLite counts the locks of a process, and the child has none of those that it
// was told of; a connection to a server has one end. A fork waits for the calls that other threads are in, so no transaction is cut in two.
#pragma once

#include <mutex>
#include <vector>

namespace kolosal {

/// All that is open in this process.
class OpenedStorages {
 public:
  /// One that is open. Its mutex is held while it is in a call.
  class Member {
   public:
    Member() { all().add(this); }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() { leave(); }
    /// Called in a process that fork made.
    virtual void close() = 0;
    std::mutex mutex;

   protected:
    void leave() noexcept { all().remove(this); }  // called by what is destroyed first as well, so that close() finds all of it
  };

 private:
  OpenedStorages();
  static OpenedStorages& all();
  void add(Member* member);
  void remove(Member* member) noexcept;
  static void before();
  static void in_parent();
  static void in_child();

  std::mutex mutex_;
  std::vector<Member*> members_;
};

}  // namespace kolosal
