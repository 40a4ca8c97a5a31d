#include "runtime/base/replacement.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

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

Status WriteFile(const std::string& path, absl::string_view bytes) {
  Replacement replacement(path);
  std::ofstream file(replacement.temporary(), std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file) return InvalidArgument("cannot write '", path, "'");
  return replacement.Keep();
}

}  // namespace sardonyx
