// Files that appear whole or not at all.
#pragma once

#include <string>

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

}  // namespace sardonyx
