#include "kolosal/models/adapters/shared_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

namespace kolosal {
namespace {

namespace fs = std::filesystem;

// The folders of this code (the program, or the Python module) and of the program.
std::vector<fs::path> own_folders() {
  std::vector<fs::path> folders;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&library_paths), &info) != 0 && info.dli_fname != nullptr)
    folders.push_back(fs::path(info.dli_fname).parent_path());
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) folders.push_back(program.parent_path());
  return folders;
}

}  // namespace

std::vector<std::string> library_paths(const LibraryName& name) {
  std::vector<std::string> paths;
  const fs::path within = fs::path(name.package) / "lib" / name.file;
  std::error_code failed;
  for (const fs::path& folder : own_folders()) {
    paths.push_back((folder / ".." / within).lexically_normal().string());
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder / ".." / "lib", failed))
      if (entry.path().filename().string().starts_with("python3")) found.push_back((entry.path() / "site-packages" / within).string());
    std::ranges::sort(found);
    paths.insert(paths.end(), found.begin(), found.end());
  }
  std::erase_if(paths, [&](const std::string& path) { return !fs::exists(path, failed); });
  paths.emplace_back(name.file);
  return paths;
}

SharedLibrary SharedLibrary::load(const LibraryName& name, const std::string& path) {
  const std::string title = name.title;
  for (const std::string& each : path.empty() ? library_paths(name) : std::vector<std::string>{path})
    if (void* handle = dlopen(each.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr) return {title, handle};
  const char* why = dlerror();
  throw Error(ErrorCode::Unsupported,
              title + " is not there" + (path.empty() ? "" : " as '" + path + "'") + (why != nullptr ? std::string(": ") + why : ""),
              "Install it (pip install " + std::string(name.package) + "), or give the path of " + name.file + " as `library`.");
}

std::string why_unavailable(const LibraryName& name, const std::string& path) {
  try {
    (void)SharedLibrary::load(name, path);
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
    calls_(free_, static_cast<Free*>(nullptr), handle);
  } catch (const Error&) {  // nothing can be done about it
  }
}

void* SharedLibrary::address(const char* symbol) const {
  void* found = dlsym(handle_, symbol);
  if (found == nullptr)
    throw Error(ErrorCode::Unsupported, "the library of " + title_ + " has no function " + symbol, "Install a newer version of it.");
  return found;
}

}  // namespace kolosal
