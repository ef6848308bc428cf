// The parameters of storages in one file that processes share.
#pragma once

#include <string>

#include "kolosal/base/fields.h"

namespace kolosal {

/// Where the file is, how surely it is written if at all, and when a silent worker counts as gone.
struct StorageFileParams {
  std::string path;
  bool durable = false;
  double heartbeat_seconds = 0;
  double grace_seconds = 0;
  bool read_only = false;
};

inline void describe(Fields<StorageFileParams>& f) {
  using P = StorageFileParams;
  f.add("path", &P::path, "The file, which is made where it is not there.");
  f.add("durable", &P::durable,
        "Whether a call returns only when the disk has what was written; without, a power cut, but no kill, may lose the last seconds.");
  f.add("heartbeat_seconds", &P::heartbeat_seconds, "Seconds between two beats of a running trial; 0: none.").min(0);
  f.add("grace_seconds", &P::grace_seconds, "Seconds without a beat after which a trial has failed; 0: twice the beat.").min(0);
  f.add("read_only", &P::read_only, "Whether nothing is made or written; the file must be there and hold studies.");
}

}  // namespace kolosal
