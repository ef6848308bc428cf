// Files: read whole, mapped, or written so that a reader never sees half of one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kolosal {

/// The whole file. Throws Error(Io) that names the path and the reason.
std::string read_file(const std::string& path);

/// Writes to a temporary name beside `path`, syncs, and renames over it. `write` is given a sink to call with the bytes in
/// order. On any failure (also a full disk) the old file stays as it was, the temporary is removed, and Error(Io) is thrown.
void write_file_atomically(const std::string& path, const std::function<void(const std::function<void(std::string_view)>& sink)>& write);

/// A read-only memory map of a file, unmapped with the last copy of `owner`.
struct MappedFile {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
};

/// Throws Error(Io). An empty file gives an empty span.
MappedFile map_file(const std::string& path);

}  // namespace kolosal
