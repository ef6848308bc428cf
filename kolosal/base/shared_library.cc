#include "kolosal/base/shared_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

#include "kolosal/base/error.h"

namespace kolosal {

namespace fs = std::filesystem;

SharedLibrary::SharedLibrary(const LibraryPlaces& places) : title_(places.title) {
  std::string why;
  for (const std::string& path : places.paths) {
    handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    if (const char* said = dlerror(); said != nullptr && why.empty()) why = said;
  }
  throw Error(ErrorCode::Unsupported, title_ + " is not there" + (why.empty() ? "" : ": " + why), places.remedy);
}

void* SharedLibrary::address(const char* symbol) const {
  void* found = dlsym(handle_, symbol);
  if (found == nullptr)
    throw Error(ErrorCode::Unsupported, "the library of " + title_ + " has no function " + symbol, "Install a newer version of it.");
  return found;
}

std::vector<std::string> package_folders() {
  std::vector<fs::path> roots;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&package_folders), &info) != 0 && info.dli_fname != nullptr)
    roots.push_back(fs::path(info.dli_fname).parent_path() / "..");
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) roots.push_back(program.parent_path() / "..");
  std::vector<std::string> folders;
  for (const fs::path& root : roots) {
    folders.push_back(root.lexically_normal().string());
    std::vector<std::string> installed;
    for (const auto& entry : fs::directory_iterator(root / "lib", failed))
      if (entry.path().filename().string().starts_with("python3"))
        installed.push_back((entry.path() / "site-packages").lexically_normal().string());
    std::ranges::sort(installed);
    folders.insert(folders.end(), installed.begin(), installed.end());
  }
  return folders;
}

}  // namespace kolosal
