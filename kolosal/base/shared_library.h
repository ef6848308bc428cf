// SharedLibrary: a library of another project, loaded at run time from where its Python package or the system has it.
#pragma once

#include <string>
#include <vector>

namespace kolosal {

/// What a library is called, where it is looked for and what to do where it is not there.
struct LibraryPlaces {
  std::string title;               ///< "LightGBM"
  std::vector<std::string> paths;  ///< in the order in which they are tried; a bare file name is looked for by the system
  std::string remedy;              ///< "Install it (pip install lightgbm)."
};

/// A loaded library; it stays loaded as long as the program runs.
class SharedLibrary {
 public:
  /// Loads the first of the files that can be loaded. Throws Error(Unsupported), with the first reason, where none can.
  explicit SharedLibrary(const LibraryPlaces& places);

  /// The function of that name and type. Throws Error(Unsupported) where the library has none.
  template <class F>
  F* function(const char* symbol) const {
    return reinterpret_cast<F*>(address(symbol));
  }

 private:
  void* address(const char* symbol) const;

  std::string title_;
  void* handle_ = nullptr;
};

/// The folders where Python packages may lie: beside the one that this code is part of, and those of the installation that has the program.
std::vector<std::string> package_folders();

}  // namespace kolosal
