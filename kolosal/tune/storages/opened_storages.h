// What must be ready before a process goes on after fork: SQLite counts the locks of a process, and the child has none of those that it
// was told of; a connection to a server has one end. A fork waits for the calls that other threads are in, so no transaction is cut in two
// and no lock stays held.
#pragma once

#include <mutex>
#include <vector>

namespace kolosal {

/// All that is open in this process.
class OpenedStorages {
 public:
  /// Who calls whom: a study calls its storage while it is in a call itself.
  enum class Rank { Study, Storage };

  /// One that is open. Its mutex is held while it is in a call.
  class Member {
   public:
    explicit Member(Rank rank = Rank::Storage) : rank_(rank) {}
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() { leave(); }
    /// Called in a process that fork made.
    virtual void close() = 0;
    mutable std::mutex mutex;
    Rank rank() const noexcept { return rank_; }

   protected:
    void enter() { all().add(this); }              // called at the end of construction, so that close() finds all of it
    void leave() noexcept { all().remove(this); }  // called at the begin of destruction, for the same reason

   private:
    Rank rank_;
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
