// SharedLibrary: a library of another project, loaded at run time from where its Python package or the system has it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {

/// What a library is called and where it is looked for.
struct LibraryName {
  const char* title;    ///< "LightGBM"
  const char* package;  ///< of Python: "lightgbm", whose lib/ has the file
  const char* file;     ///< "lib_lightgbm.so"
};

/// A loaded library; it stays loaded as long as the program runs.
class SharedLibrary {
 public:
  /// Loads `path`, or, where it is empty, the first of the files that there is: in the Python package beside this one or beside the
  /// program, or on the system's own search path. Throws Error(Unsupported) that says what to install.
  static SharedLibrary load(const LibraryName& name, const std::string& path);

  /// The function of that name and type. Throws Error(Unsupported) where the library has none.
  template <class F>
  F* function(const char* symbol) const {
    return reinterpret_cast<F*>(address(symbol));
  }

 private:
  SharedLibrary(std::string title, void* handle) noexcept : title_(std::move(title)), handle_(handle) {}
  void* address(const char* symbol) const;

  std::string title_;
  void* handle_;
};

/// Why the library cannot be loaded and what to do; empty where it can.
std::string why_unavailable(const LibraryName& name, const std::string& path);

/// Functions of a C interface that return 0, or not 0 where they fail and then tell why.
class LibraryCalls {
 public:
  /// `last_error` names the function that tells. Errors as SharedLibrary::load.
  LibraryCalls(const LibraryName& name, const std::string& path, const char* last_error)
      : library_(SharedLibrary::load(name, path)), title_(name.title), last_error_(last_error) {}

  /// Calls the function `symbol` of the type of `like`. Throws Error(BadValue) with what the library says where it fails.
  template <class... Wanted, class... Given>
  void operator()(const char* symbol, int (*like)(Wanted...), Given... given) const {
    (void)like;
    if (library_.function<int(Wanted...)>(symbol)(given...) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const;

  SharedLibrary library_;
  std::string title_;
  const char* last_error_;
};

/// Something that a library made, given back to it at the end.
class LibraryHandle {
 public:
  LibraryHandle(const LibraryCalls& calls, const char* free) : calls_(calls), free_(free) {}
  ~LibraryHandle();
  LibraryHandle(const LibraryHandle&) = delete;
  LibraryHandle& operator=(const LibraryHandle&) = delete;

  void* handle = nullptr;

 private:
  const LibraryCalls& calls_;
  const char* free_;
};

/// The paths that are tried, in order.
std::vector<std::string> library_paths(const LibraryName& name);

}  // namespace kolosal
