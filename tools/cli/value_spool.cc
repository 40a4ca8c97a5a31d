#include "tools/cli/value_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace sardonyx {
namespace {

Status FileError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("temporary file in '",
                                             std::filesystem::temp_directory_path().string(),
                                             "' (TMPDIR): ", what, ": ", std::strerror(errno)));
}

/// Moves all `bytes` with `step`, one of pread and pwrite, which may take a part at a time.
template <typename Step, typename Byte>
bool MoveAll(Step step, int file, Byte* data, int64_t bytes, int64_t offset) {
  while (bytes > 0) {
    const ssize_t done = step(file, data, static_cast<size_t>(bytes), offset);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      if (done == 0) errno = EIO;  // shorter than what was written
      return false;
    }
    data += done;
    offset += done;
    bytes -= done;
  }
  return true;
}

}  // namespace

StatusOr<ValueSpool> ValueSpool::Create() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "sardonyx-XXXXXX").string();
  const int file = error ? -1 : mkstemp(path.data());
  if (file < 0) {
    return absl::UnavailableError(absl::StrCat("no temporary file can be made in TMPDIR: ",
                                               error ? error.message() : strerror(errno)));
  }
  unlink(path.c_str());
  ValueSpool spool;
  spool.file_ = std::shared_ptr<const int>(new int(file), [](const int* descriptor) {
    close(*descriptor);
    delete descriptor;
  });
  return spool;
}

Status ValueSpool::Add(const std::string& name, const Value& value) {
  Entry entry;
  if (!value.is_tensor() || value.tensor().type() == DataType::kString) {
    entry.value = value;
    if (value.is_tensor()) {
      SX_ASSIGN_OR_RETURN(entry.value, value.tensor().Clone());
    }
  } else {
    const Tensor& tensor = value.tensor();
    entry.type = tensor.type();
    entry.shape = tensor.shape();
    entry.offset = end_;
    if (!MoveAll(pwrite, *file_, static_cast<const char*>(tensor.raw()), tensor.bytes(), end_)) {
      return FileError(absl::StrCat("cannot hold '", name, "', ", tensor.ToString()));
    }
    end_ += tensor.bytes();
  }
  entries_[name] = std::move(entry);
  return absl::OkStatus();
}

StatusOr<Value> ValueSpool::Read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return absl::NotFoundError(absl::StrCat("no value '", name, "'"));
  const Entry& entry = found->second;
  if (entry.type == DataType::kUndefined) return entry.value;
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::CreateUninitialized(entry.type, entry.shape));
  if (!MoveAll(pread, *file_, static_cast<char*>(tensor.raw()), tensor.bytes(), entry.offset)) {
    return FileError("cannot be read");
  }
  return Value(std::move(tensor));
}

}  // namespace sardonyx
