#include "kolosal/models/adapters/library_calls.h"

#include <filesystem>

#include "kolosal/base/error.h"

namespace kolosal {

LibraryPlaces places_of(const LibraryName& name, const std::string& path) {
  LibraryPlaces places{
      name.title, {}, "Install it (pip install " + std::string(name.package) + "), or give the path of " + name.file + " as `library`."};
  if (!path.empty()) {
    places.paths.push_back(path);
    return places;
  }
  std::error_code failed;
  for (const std::string& folder : package_folders())
    if (const auto file = std::filesystem::path(folder) / name.package / "lib" / name.file; std::filesystem::exists(file, failed))
      places.paths.push_back(file.string());
  places.paths.emplace_back(name.file);
  return places;
}

std::string why_unavailable(const LibraryName& name, const std::string& path) {
  try {
    const SharedLibrary library(places_of(name, path));
  } catch (const Error& error) {
    return error.message() + ". " + error.remedy();
  }
  return {};
}

void LibraryCalls::fail() const {
  const std::string why = library_.function<const char*()>(last_error_)();
  throw Error(ErrorCode::BadValue, title_ + ": " + why.substr(0, why.find("\nStack trace")),
              "See the documentation of " + title_ + "'s parameters.");
}

LibraryHandle::~LibraryHandle() {
  if (handle == nullptr) return;
  using Free = int(void*);
  try {
    api_.call<Free>(free_, handle);
  } catch (const Error&) {  // nothing can be done about it
  }
}

}  // namespace kolosal
