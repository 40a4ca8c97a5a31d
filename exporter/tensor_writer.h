// From Tensor to TensorProto.
#pragma once

#include <fstream>
#include <string>

#include "importer/onnx_wire.pb.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// Bytes of the elements as a file has them; of strings their characters.
int64_t FileBytes(const Tensor& tensor);

/// Fills in type, shape and elements (raw_data; string_data for strings).
/// Errors: no tensor, more than a protobuf message may hold.
Status WriteTensor(const Tensor& tensor, wire::TensorProto* proto);

/// The same as a sparse tensor: the elements that have a bit set, by their position.
Status WriteSparse(const Tensor& tensor, wire::SparseTensorProto* proto);

/// A file beside a model, to which weights are appended.
class ExternalWriter {
 public:
  /// Tensors of at least `least_bytes` go to `path`, which models call `location`.
  ExternalWriter(const std::string& path, std::string location, int64_t least_bytes)
      : file_(path, std::ios::binary | std::ios::trunc),
        location_(std::move(location)),
        least_bytes_(least_bytes) {}

  bool Takes(const Tensor& tensor) const;
  /// Appends the elements and writes where they are into `proto`.
  Status Write(const Tensor& tensor, wire::TensorProto* proto);
  bool empty() const { return written_ == 0; }
  /// Whether all that was written is in the file.
  bool Close();

 private:
  std::ofstream file_;
  std::string location_;
  int64_t least_bytes_;
  int64_t written_ = 0;
};

}  // namespace sardonyx
