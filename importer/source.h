// Where a file's bytes are read from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "runtime/base/memory.h"

namespace sardonyx {

/// Random access to bytes. Not for several threads at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual int64_t size() const = 0;
  /// Copies `count` bytes from `offset`. Errors: they are not all there, or cannot be read.
  virtual Status Read(int64_t offset, int64_t count, char* to) const = 0;
  /// Whether elements from `offset`, of that alignment, may be used where Map shows them.
  virtual bool Shares(int64_t offset, size_t alignment) const = 0;
  /// All the bytes in memory, read-only, as long as anyone holds the result.
  virtual StatusOr<std::shared_ptr<void>> Map() const = 0;
};

/// Bytes in memory, which must outlive the source.
class MemorySource : public ByteSource {
 public:
  /// `stays`: they also outlive what is mapped of them, or `owner` keeps them.
  explicit MemorySource(absl::string_view bytes, std::shared_ptr<void> owner = nullptr,
                        bool stays = false)
      : bytes_(bytes), owner_(std::move(owner)), stays_(stays) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status Read(int64_t offset, int64_t count, char* to) const override;
  bool Shares(int64_t offset, size_t alignment) const override {
    return stays_ && reinterpret_cast<uintptr_t>(bytes_.data() + offset) % alignment == 0;
  }
  StatusOr<std::shared_ptr<void>> Map() const override {
    return std::shared_ptr<void>(owner_, const_cast<char*>(bytes_.data()));
  }

 private:
  absl::string_view bytes_;
  std::shared_ptr<void> owner_;
  bool stays_;
};

/// A regular file, read piece by piece, and mapped where that is asked for.
class FileSource : public ByteSource {
 public:
  /// Errors: no such file, no regular file, not readable, above `limit` bytes.
  static StatusOr<std::unique_ptr<FileSource>> Open(const std::string& path, int64_t limit);
  /// Takes over an open file, whose name in messages is `path`; `shares`: it may be mapped.
  static StatusOr<std::unique_ptr<FileSource>> Adopt(int descriptor, std::string path,
                                                     int64_t limit, bool shares = false);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  int64_t size() const override { return size_; }
  Status Read(int64_t offset, int64_t count, char* to) const override;
  bool Shares(int64_t offset, size_t) const override {
    return shares_ && offset % static_cast<int64_t>(kAlignment) == 0;
  }
  /// A private mapping that all callers share. Whoever shortens the file meanwhile takes its
  /// readers down.
  StatusOr<std::shared_ptr<void>> Map() const override;

 private:
  FileSource(int descriptor, std::string path, bool shares)
      : descriptor_(descriptor), path_(std::move(path)), shares_(shares) {}

  int descriptor_;
  std::string path_;
  bool shares_;
  int64_t size_ = 0;
  mutable std::shared_ptr<void> mapping_;
};

}  // namespace sardonyx
