// Writing .npz archives, array by array.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// A zip file of stored entries (PKWARE's APPNOTE 6.3, with its 64-bit sizes); holds one array in
/// memory at a time.
class NpzWriter {
 public:
  explicit NpzWriter(std::string path);
  /// Appends an array under that key. Errors: a type that NumPy lacks, the file cannot be written.
  Status Add(const std::string& key, const Tensor& tensor);
  /// Ends the archive; without it the file is none. Errors: it cannot be written.
  Status Finish();

 private:
  struct Entry {
    std::string name;
    uint32_t crc;
    uint64_t size, offset;
  };
  Status Check() const;

  std::string path_;
  std::ofstream file_;
  uint64_t offset_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace sardonyx
