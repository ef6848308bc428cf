// LibraryCalls: the C interface of a boosting library that is loaded at run time.
#pragma once

#include <string>

#include "kolosal/base/shared_library.h"

namespace kolosal {

/// What a boosting library is called and where it lies.
struct LibraryName {
  const char* title;    ///< "LightGBM"
  const char* package;  ///< of Python: "lightgbm", whose lib/ has the file
  const char* file;     ///< "lib_lightgbm.so"
};

/// Where it is looked for: at `path`, or, where that is empty, in the Python packages and then where the system has its libraries.
LibraryPlaces places_of(const LibraryName& name, const std::string& path);

/// Why the library cannot be loaded and what to do; empty where it can.
std::string why_unavailable(const LibraryName& name, const std::string& path);

/// Functions of a C interface that return 0, or not 0 where they fail and then tell why.
class LibraryCalls {
 public:
  /// `last_error` names the function that tells. Errors as SharedLibrary.
  LibraryCalls(const LibraryName& name, const std::string& path, const char* last_error)
      : library_(places_of(name, path)), title_(name.title), last_error_(last_error) {}

  /// Calls the function `symbol` of type F. Throws Error(BadValue) with what the library says where it fails.
  template <class F, class... Given>
  void call(const char* symbol, Given... given) const {
    if (library_.function<F>(symbol)(given...) != 0) fail();
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
  LibraryHandle(const LibraryCalls& api, const char* free) : api_(api), free_(free) {}
  ~LibraryHandle();
  LibraryHandle(const LibraryHandle&) = delete;
  LibraryHandle& operator=(const LibraryHandle&) = delete;

  void* handle = nullptr;

 private:
  const LibraryCalls& api_;
  const char* free_;
};

}  // namespace kolosal
