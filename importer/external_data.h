// Files beside a model that hold its weights.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "importer/importer.h"
#include "importer/source.h"

namespace sardonyx {

/// Opens files strictly beneath one folder, each once, unless they are in memory. A name that
/// leaves the folder, whether by "..", as an absolute path or through a symbolic link, is refused.
class ExternalFiles {
 public:
  /// `folder` "" has no files at all. Of `options` files and limits count.
  ExternalFiles(std::string folder, const ImportOptions& options);

  /// The file of that name, which lives as long as this object.
  StatusOr<const ByteSource*> Get(const std::string& location);

 private:
  std::string folder_;
  Limits limits_;
  std::map<std::string, std::unique_ptr<ByteSource>> files_;
};

}  // namespace sardonyx
