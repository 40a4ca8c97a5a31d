// Where a file's bytes are read from.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/base/status.h"

namespace sardonyx {

/// Random access to bytes. Not for several threads at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual int64_t size() const = 0;
  /// Copies `count` bytes from `offset`. Errors: they are not all there, or cannot be read.
  virtual Status Read(int64_t offset, int64_t count, char* to) const = 0;
};

/// Bytes in memory, which must outlive the source.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : bytes_(bytes) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status Read(int64_t offset, int64_t count, char* to) const override;

 private:
  absl::string_view bytes_;
};

/// A regular file, read piece by piece, and mapped where that is asked for.
class FileSource : public ByteSource {
 public:
  /// Errors: no such file, no regular file, not readable, above `limit` bytes.
  static StatusOr<std::unique_ptr<FileSource>> Open(const std::string& path, int64_t limit);
  /// Takes over an open file, whose name in messages is `path`.
  static StatusOr<std::unique_ptr<FileSource>> Adopt(int descriptor, std::string path,
                                                     int64_t limit);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  int64_t size() const override { return size_; }
  Status Read(int64_t offset, int64_t count, char* to) const override;

  /// The whole file, private and read-only; all callers share one mapping, which lives as long as
  /// anyone holds it. Whoever shortens the file meanwhile takes its readers down.
  StatusOr<std::shared_ptr<void>> Map();

 private:
  FileSource(int descriptor, std::string path, int64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}

  int descriptor_;
  std::string path_;
  int64_t size_;
  std::shared_ptr<void> mapping_;
};

}  // namespace sardonyx
