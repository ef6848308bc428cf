#include "kolosal/tune/storages/storage_file.h"

#include <filesystem>
#include <system_error>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

std::string kind_of(std::filesystem::file_type type) {
  switch (type) {
    case std::filesystem::file_type::directory: return "a folder";
    case std::filesystem::file_type::fifo: return "a pipe";
    case std::filesystem::file_type::socket: return "a socket";
    default: return "a device";
  }
}

}  // namespace

void describe(Fields<StorageFileParams>& f) {
  using P = StorageFileParams;
  f.add("path", &P::path, "The file, which is made where it is not there.");
  f.add("durable", &P::durable,
        "Whether a call returns only when the disk has what was written; without, a power cut, but no kill, may lose the last seconds.");
  f.add("heartbeat_seconds", &P::heartbeat_seconds, "Seconds between two beats of a running trial; 0: none.").min(0);
  f.add("grace_seconds", &P::grace_seconds, "Seconds without a beat after which a trial has failed; 0: twice the beat.").min(0);
  f.add("read_only", &P::read_only, "Whether nothing is made or written; the file must be there and hold studies.");
}

void check_storage_file(const std::string& storage, const std::string& path) {
  if (path.empty()) throw Error(ErrorCode::BadValue, storage + ".path: it is empty", "Name the file.");
  std::error_code ignored;  // what cannot be looked at cannot be opened either, which says why
  const std::filesystem::file_type type = std::filesystem::status(path, ignored).type();
  using enum std::filesystem::file_type;
  if (type == regular || type == not_found || type == none || type == unknown) return;
  throw Error(ErrorCode::BadValue, storage + " '" + path + "' is " + kind_of(type) + "; it must be a regular file",
              "Name a file, or one that is to be made.");
}

}  // namespace kolosal
