// Values of a run, kept in a file until another run is compared with them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// Values by name. Elements of tensors lie in a file without a name in the folder for temporary
/// files (TMPDIR), which is gone when the spool or the process ends; strings, sequences and maps
/// stay in memory.
class ValueSpool {
 public:
  /// Errors: no file can be made there.
  static StatusOr<ValueSpool> Create();

  bool Has(const std::string& name) const { return entries_.count(name) > 0; }
  /// Errors: the file cannot take more.
  Status Add(const std::string& name, const Value& value);
  /// What has been added under that name. Errors: nothing has, or the file cannot be read.
  StatusOr<Value> Read(const std::string& name) const;

 private:
  struct Entry {
    DataType type = DataType::kUndefined;  // of a tensor in the file
    Shape shape;
    int64_t offset = 0;
    Value value;  // anything else
  };
  ValueSpool() = default;

  std::shared_ptr<const int> file_;  // a descriptor, closed with its last owner
  int64_t end_ = 0;
  std::map<std::string, Entry> entries_;
};

}  // namespace sardonyx
