// From TensorProto to Tensor.
#pragma once

#include <string>
#include <vector>

#include "importer/external_data.h"
#include "importer/importer.h"
#include "importer/onnx_wire.pb.h"
#include "importer/skeleton.h"
#include "importer/source.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// Reads the tensors of one message whose large contents are still in its source. Every size is
/// checked against the data that are there, and against the limits, before memory is asked for.
class TensorReader {
 public:
  /// `source` and `options` must outlive the reader.
  TensorReader(const ByteSource& source, std::vector<Payload> payloads, std::string folder,
               const ImportOptions& options)
      : source_(source),
        payloads_(std::move(payloads)),
        external_(std::move(folder), options),
        options_(options) {}

  StatusOr<Tensor> Read(const wire::TensorProto& proto);
  /// Of the main graph: what ImportOptions::initializers has in its place, or itself.
  StatusOr<Tensor> ReadInitializer(const wire::TensorProto& proto);
  /// The same as a dense tensor, zero where nothing is given.
  StatusOr<Tensor> ReadSparse(const wire::SparseTensorProto& proto);

 private:
  struct Data;  // where a tensor's contents are
  StatusOr<Data> Find(const wire::TensorProto& proto, DataType type, int64_t raw_bytes);
  StatusOr<Data> FindExternal(const wire::TensorProto& proto, int64_t raw_bytes);
  StatusOr<Shape> CheckedShape(DataType type,
                               const google::protobuf::RepeatedField<int64_t>& dims) const;
  StatusOr<Tensor> ReadRaw(const Data& data, DataType type, Shape shape, int64_t raw_bytes);
  StatusOr<Tensor> ReadTyped(const wire::TensorProto& proto, DataType type, Shape shape);
  StatusOr<Tensor> Allocate(DataType type, Shape shape);

  const ByteSource& source_;
  std::vector<Payload> payloads_;
  ExternalFiles external_;
  const ImportOptions& options_;
  int64_t loaded_ = 0;  // bytes copied so far
};

/// The element type of that number. Errors: there is none.
StatusOr<DataType> CheckedDataType(int number);

}  // namespace sardonyx
