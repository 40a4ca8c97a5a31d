#include "runtime/base/replacement.h"

#include <cstdio>
#include <filesystem>

namespace sardonyx {

Replacement::Replacement(std::string path) : path_(std::move(path)) {
  std::error_code none;
  const bool replaceable =
      !std::filesystem::exists(path_, none) || std::filesystem::is_regular_file(path_, none);
  temporary_ = replaceable ? absl::StrCat(path_, ".part") : path_;
}

Replacement::~Replacement() {
  if (!kept_ && temporary_ != path_) std::remove(temporary_.c_str());
}

Status Replacement::Keep() {
  kept_ = temporary_ == path_ || std::rename(temporary_.c_str(), path_.c_str()) == 0;
  return kept_ ? absl::OkStatus() : InvalidArgument("cannot write '", path_, "'");
}

}  // namespace sardonyx
