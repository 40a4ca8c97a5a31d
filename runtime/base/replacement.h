// Files that appear whole or not at all.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "runtime/base/status.h"

namespace sardonyx {

/// A file that takes the place of `path` once it is whole. Until then it is written as temporary(),
/// beside it, which goes when this object does. What is no regular file (a pipe, /dev/stdout)
/// cannot be replaced: it is written as it is.
class Replacement {
 public:
  explicit Replacement(std::string path);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  const std::string& temporary() const { return temporary_; }
  Status Keep();

 private:
  std::string path_, temporary_;
  bool kept_ = false;
};

/// Writes a file, in the place of what it held. Errors: it cannot be written.
Status WriteFile(const std::string& path, absl::string_view bytes);

}  // namespace sardonyx
