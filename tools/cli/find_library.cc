#include "tools/cli/find_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sardonyx {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// What the folder holds, sorted; nothing where it cannot be read.
Paths Entries(const fs::path& folder) {
  Paths entries;
  std::error_code error;
  auto walk = fs::directory_iterator(folder, error);
  for (; !error && walk != fs::directory_iterator(); walk.increment(error)) {
    entries.push_back(walk->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// LIB/pythonX.Y/PACKAGES, whichever versions there are.
void AddPythons(const fs::path& lib, const char* packages, Paths& folders) {
  for (const fs::path& entry : Entries(lib)) {
    if (absl::StartsWith(entry.filename().string(), "python3")) folders.push_back(entry / packages);
  }
}

/// Folders that hold Python packages.
Paths SitePackages() {
  Paths folders;
  for (const std::string& environment : {Variable("VIRTUAL_ENV"), Variable("CONDA_PREFIX")}) {
    if (!environment.empty()) {
      AddPythons(fs::path(environment) / "lib", "site-packages", folders);
    }
  }
  const std::string python_path = Variable("PYTHONPATH");
  for (const auto part : absl::StrSplit(python_path, ':', absl::SkipEmpty())) {
    folders.emplace_back(std::string(part));
  }
  for (const char* environment : {"build/python", "build/peers"}) {
    AddPythons(fs::path(environment) / "lib", "site-packages", folders);
  }
  if (const std::string home = Variable("HOME"); !home.empty()) {
    AddPythons(fs::path(home) / ".local/lib", "site-packages", folders);
  }
  AddPythons("/usr/local/lib", "dist-packages", folders);
  AddPythons("/usr/local/lib", "site-packages", folders);
  folders.emplace_back("/usr/lib/python3/dist-packages");
  return folders;
}

/// node_modules of this folder and of those above it.
Paths NodeModules() {
  Paths folders;
  std::error_code error;
  for (fs::path at = fs::current_path(error); !error; at = at.parent_path()) {
    folders.push_back(at / "node_modules");
    if (at == at.root_path()) break;
  }
  return folders;
}

/// The library in that folder; empty where there is none.
std::string InFolder(const fs::path& folder, const std::string& file) {
  for (const fs::path& entry : Entries(folder)) {
    const std::string name = entry.filename().string();
    if (name == file || absl::StartsWith(name, file + ".")) return entry.string();
  }
  return "";
}

std::string InFolders(const Paths& folders, const std::vector<std::string>& below,
                      const std::string& file) {
  for (const fs::path& folder : folders) {
    for (const std::string& inner : below) {
      if (std::string found = InFolder(folder / inner, file); !found.empty()) return found;
    }
  }
  return "";
}

}  // namespace

StatusOr<std::string> FindLibrary(const LibraryPackage& package, const std::string& path) {
  if (!path.empty()) {
    std::error_code error;
    if (fs::is_regular_file(path, error)) return fs::absolute(path, error).string();
    if (std::string found = InFolder(path, package.file); !found.empty()) return found;
    return absl::NotFoundError(
        absl::StrCat(package.option, ": there is no ", package.file, " at '", path, "'"));
  }
  std::string found = InFolders(SitePackages(), package.in_python, package.file);
  if (found.empty()) found = InFolders(NodeModules(), package.in_node, package.file);
  if (found.empty()) {
    found = InFolders({"/usr/local/lib", "/usr/lib", "/usr/lib64"}, {"", "x86_64-linux-gnu"},
                      package.file);
  }
  if (!found.empty()) return found;
  return absl::NotFoundError(absl::StrCat(
      package.name, " is not installed here: no ", package.file,
      " in the active virtual environment, in Python's or Node's packages or with the system's "
      "libraries; ",
      package.option, " PATH says where it is"));
}

}  // namespace sardonyx
