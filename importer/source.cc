#include "importer/source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sardonyx {
namespace {

Status EndsBefore(int64_t offset, int64_t count, int64_t size) {
  return InvalidArgument("the data end at byte ", size, ", before ", count, " bytes at ", offset);
}

}  // namespace

Status MemorySource::Read(int64_t offset, int64_t count, char* to) const {
  if (offset < 0 || count < 0 || offset > size() || count > size() - offset) {
    return EndsBefore(offset, count, size());
  }
  if (count > 0) std::memcpy(to, bytes_.data() + offset, static_cast<size_t>(count));
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<FileSource>> FileSource::Open(const std::string& path, int64_t limit) {
  // Without O_NONBLOCK a pipe that nobody writes to would hold us here for ever.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int error = errno;
    if (error == ENOENT) return absl::NotFoundError(absl::StrCat("there is no file '", path, "'"));
    return InvalidArgument("cannot open '", path, "': ", std::strerror(error));
  }
  return Adopt(descriptor, path, limit);
}

StatusOr<std::unique_ptr<FileSource>> FileSource::Adopt(int descriptor, std::string path,
                                                        int64_t limit, bool shares) {
  std::unique_ptr<FileSource> file(new FileSource(descriptor, std::move(path), shares));
  struct stat info;
  if (fstat(descriptor, &info) != 0) {
    return InvalidArgument("cannot read '", file->path_, "': ", std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgument("'", file->path_, "' is ", S_ISDIR(info.st_mode) ? "a folder, " : "",
                           "not a regular file");
  }
  if (info.st_size > limit) {
    return LimitExceeded("'", file->path_, "' has ", info.st_size,
                         " bytes, the limit file_bytes is ", limit);
  }
  file->size_ = info.st_size;
  return file;
}

FileSource::~FileSource() { close(descriptor_); }

Status FileSource::Read(int64_t offset, int64_t count, char* to) const {
  if (offset < 0 || count < 0 || offset > size_ || count > size_ - offset) {
    return EndsBefore(offset, count, size_);
  }
  while (count > 0) {
    // The kernel takes at most 2 GiB at a time.
    const auto wanted = static_cast<size_t>(std::min<int64_t>(count, int64_t{1} << 30));
    const ssize_t got = pread(descriptor_, to, wanted, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return InvalidArgument("cannot read '", path_, "': ", std::strerror(errno));
    if (got == 0) return InvalidArgument("'", path_, "' became shorter while it was read");
    offset += got;
    count -= got;
    to += got;
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<void>> FileSource::Map() const {
  if (mapping_ != nullptr) return mapping_;
  if (size_ == 0) return InvalidArgument("'", path_, "' is empty");
  const auto bytes = static_cast<size_t>(size_);
  void* start = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (start == MAP_FAILED) {
    return LimitExceeded("cannot map '", path_, "': ", std::strerror(errno));
  }
  mapping_ = std::shared_ptr<void>(start, [bytes](void* p) { munmap(p, bytes); });
  return mapping_;
}

}  // namespace sardonyx
