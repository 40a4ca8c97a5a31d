// Shared libraries of other runtimes, wherever their packages have been installed.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace sardonyx {

/// A package that brings a library along.
struct LibraryPackage {
  std::string name;                    // "onnxruntime", as it is installed and shown
  std::string option;                  // "--onnxruntime", which names a path instead
  std::string file;                    // how the library's name begins: "libonnxruntime.so"
  std::vector<std::string> in_python;  // its folders below site-packages
  std::vector<std::string> in_node;    // its folders below node_modules
};

/// The library at `path` (a file, or a folder that holds it), or where `path` is "" the first in
/// the active virtual environment, PYTHONPATH, build/python and build/peers, the user's and the
/// system's Python packages, node_modules here and above, and the system's folders for libraries.
/// No Python is run. Errors: nothing there; the message says where it was looked for.
StatusOr<std::string> FindLibrary(const LibraryPackage& package, const std::string& path);

}  // namespace sardonyx
