// Files beside a model that hold its weights.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "importer/source.h"
#include "runtime/base/limits.h"

namespace sardonyx {

/// Opens files strictly beneath one folder, each once. A name that leaves the folder, whether by
/// "..", as an absolute path or through a symbolic link, is refused.
class ExternalFiles {
 public:
  /// `folder` "" has no files at all.
  ExternalFiles(std::string folder, const Limits& limits)
      : folder_(std::move(folder)), limits_(limits) {}

  /// The file of that name, which lives as long as this object.
  StatusOr<FileSource*> Get(const std::string& location);

 private:
  std::string folder_;
  Limits limits_;
  std::map<std::string, std::unique_ptr<FileSource>> files_;
};

}  // namespace sardonyx
