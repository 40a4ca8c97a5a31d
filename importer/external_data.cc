#include "importer/external_data.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace sardonyx {
namespace {

constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// Opens folder by folder, following no links: for kernels without openat2 (before Linux 5.6).
int OpenStepByStep(int folder, const std::vector<std::string>& parts) {
  int at = dup(folder);
  for (size_t i = 0; i < parts.size() && at >= 0; ++i) {
    const int directory = i + 1 < parts.size() ? O_DIRECTORY : 0;
    const int next = openat(at, parts[i].c_str(), kFlags | O_NOFOLLOW | directory);
    const int error = errno;
    close(at);
    errno = error;
    at = next;
  }
  return at;
}

int OpenBeneath(int folder, const std::string& location, const std::vector<std::string>& parts) {
  struct open_how how = {};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long descriptor = syscall(SYS_openat2, folder, location.c_str(), &how, sizeof(how));
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM)) return OpenStepByStep(folder, parts);
  return static_cast<int>(descriptor);
}

}  // namespace

ExternalFiles::ExternalFiles(std::string folder, const ImportOptions& options)
    : folder_(std::move(folder)), limits_(options.limits) {
  for (const auto& [location, file] : options.files) {
    files_[location] = std::make_unique<MemorySource>(file.bytes, file.owner, file.stays);
  }
}

StatusOr<const ByteSource*> ExternalFiles::Get(const std::string& location) {
  if (const auto known = files_.find(location); known != files_.end()) return known->second.get();
  if (folder_.empty()) {
    return InvalidArgument("it refers to the file '", location,
                           "', but a model in memory has no folder to look in");
  }
  if (location.empty() || location.find('\0') != std::string::npos) {
    return InvalidArgument("its external data have no valid location");
  }
  const std::vector<std::string> parts = absl::StrSplit(location, '/', absl::SkipEmpty());
  bool leaves = location[0] == '/';
  for (const std::string& part : parts) leaves |= part == "..";
  if (leaves || parts.empty()) {
    return InvalidArgument("its external file '", location, "' is outside the model's folder");
  }
  const int folder = open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    return InvalidArgument("cannot open the model's folder '", folder_,
                           "': ", std::strerror(errno));
  }
  const int descriptor = OpenBeneath(folder, location, parts);
  const int error = errno;
  close(folder);
  if (descriptor < 0) {
    if (error == ENOENT) {
      return absl::NotFoundError(
          absl::StrCat("its external file '", location, "' is not in the model's folder"));
    }
    if (error == EXDEV || error == ELOOP) {
      return InvalidArgument("its external file '", location, "' is outside the model's folder");
    }
    return InvalidArgument("cannot open its external file '", location,
                           "': ", std::strerror(error));
  }
  SX_ASSIGN_OR_RETURN(std::unique_ptr<FileSource> file,
                      FileSource::Adopt(descriptor, location, limits_.file_bytes,
                                        /*shares=*/true));
  const ByteSource* result = file.get();
  files_[location] = std::move(file);
  return result;
}

}  // namespace sardonyx
