// The file of a storage: its parameters, and whether it can be one.
//
// A file that is read to its end must have one: a device, a pipe or a folder is refused before it is opened.
// Checked  tests/contracts/storage_contract_test.cc.
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
void describe(Fields<StorageFileParams>& f);

/// Throws Error(BadValue), which calls the storage by its name, where the path is empty or what is there is no regular file.
void check_storage_file(const std::string& storage, const std::string& path);

}  // namespace kolosal
