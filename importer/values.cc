// Tensors, sequences, maps and optionals in files of their own, as test data are stored.
#include "importer/importer.h"
#include "importer/onnx_data_wire.pb.h"
#include "importer/parse.h"
#include "importer/tensor_reader.h"
#include "runtime/base/without_exceptions.h"

namespace sardonyx {
namespace {

class ValueReader {
 public:
  ValueReader(TensorReader& tensors, const Limits& limits) : tensors_(tensors), limits_(limits) {}

  StatusOr<Value> Read(const wire::TensorProto& proto) {
    SX_ASSIGN_OR_RETURN(Tensor tensor, tensors_.Read(proto));
    return Value(std::move(tensor));
  }
  StatusOr<Value> Read(const wire::SparseTensorProto& proto) {
    SX_ASSIGN_OR_RETURN(Tensor tensor, tensors_.ReadSparse(proto));
    return Value(std::move(tensor));
  }
  StatusOr<Value> Read(const wire::SequenceProto& proto);
  StatusOr<Value> Read(const wire::MapProto& proto);
  StatusOr<Value> Read(const wire::OptionalProto& proto);

 private:
  template <typename Protos>
  Status Append(const Protos& protos, Sequence* sequence) {
    for (const auto& proto : protos) {
      StatusOr<Value> value = Read(proto);
      if (!value.ok()) {
        return Prepend(value.status(), absl::StrCat("element ", sequence->size(), ": "));
      }
      sequence->push_back(*std::move(value));
    }
    return absl::OkStatus();
  }

  TensorReader& tensors_;
  const Limits& limits_;
};

StatusOr<Value> ValueReader::Read(const wire::SequenceProto& proto) {
  Sequence sequence;
  switch (proto.elem_type()) {
    case wire::SequenceProto::TENSOR:
      SX_RETURN_IF_ERROR(Append(proto.tensor_values(), &sequence));
      break;
    case wire::SequenceProto::SPARSE_TENSOR:
      SX_RETURN_IF_ERROR(Append(proto.sparse_tensor_values(), &sequence));
      break;
    case wire::SequenceProto::SEQUENCE:
      SX_RETURN_IF_ERROR(Append(proto.sequence_values(), &sequence));
      break;
    case wire::SequenceProto::MAP:
      SX_RETURN_IF_ERROR(Append(proto.map_values(), &sequence));
      break;
    case wire::SequenceProto::OPTIONAL:
      SX_RETURN_IF_ERROR(Append(proto.optional_values(), &sequence));
      break;
    case wire::SequenceProto::UNDEFINED:
      break;  // empty
    default:
      return InvalidArgument("a sequence of elements of kind ", proto.elem_type());
  }
  return Value(std::move(sequence));
}

StatusOr<Value> ValueReader::Read(const wire::MapProto& proto) {
  SX_ASSIGN_OR_RETURN(const DataType type, CheckedDataType(proto.key_type()));
  const bool strings = type == DataType::kString;
  const int64_t count = strings ? proto.string_keys_size() : proto.keys_size();
  SX_ASSIGN_OR_RETURN(Tensor keys, Tensor::Create(type, Shape({count})));
  if (strings) {
    std::copy(proto.string_keys().begin(), proto.string_keys().end(), keys.data<std::string>());
  } else {
    SX_RETURN_IF_ERROR(Prepend(Dispatch(type, Integers{},
                                        [&]<typename T>() -> Status {
                                          for (int64_t i = 0; i < count; ++i) {
                                            keys.data<T>()[i] =
                                                static_cast<T>(proto.keys(static_cast<int>(i)));
                                          }
                                          return absl::OkStatus();
                                        }),
                               "the keys of a map: "));
  }
  SX_ASSIGN_OR_RETURN(const Value values, Read(proto.values()));
  if (static_cast<int64_t>(values.sequence().size()) != count) {
    return InvalidArgument("a map has ", count, " keys and ", values.sequence().size(), " values");
  }
  return Value(Map{.keys = std::move(keys), .values = values.sequence()});
}

StatusOr<Value> ValueReader::Read(const wire::OptionalProto& proto) {
  switch (proto.elem_type()) {
    case wire::OptionalProto::UNDEFINED:
      return Value();
    case wire::OptionalProto::TENSOR:
      return proto.has_tensor_value() ? Read(proto.tensor_value()) : Value();
    case wire::OptionalProto::SPARSE_TENSOR:
      return proto.has_sparse_tensor_value() ? Read(proto.sparse_tensor_value()) : Value();
    case wire::OptionalProto::SEQUENCE:
      return proto.has_sequence_value() ? Read(proto.sequence_value()) : Value();
    case wire::OptionalProto::MAP:
      return proto.has_map_value() ? Read(proto.map_value()) : Value();
    case wire::OptionalProto::OPTIONAL:
      return proto.has_optional_value() ? Read(proto.optional_value()) : Value();
    default:
      return InvalidArgument("an optional of kind ", proto.elem_type());
  }
}

template <typename Proto>
StatusOr<Value> ReadMessage(const ByteSource& source, WireMessage kind, const std::string& folder,
                            const ImportOptions& options) {
  Proto proto;
  std::vector<Payload> payloads;
  SX_RETURN_IF_ERROR(ParseMessage(source, kind, options.limits, &proto, &payloads));
  TensorReader tensors(source, std::move(payloads), folder, options);
  return ValueReader(tensors, options.limits).Read(proto);
}

StatusOr<Value> ReadValue(const ByteSource& source, const Type& type, const std::string& folder,
                          const ImportOptions& options) {
  switch (type.kind) {
    case Type::Kind::kSequence:
      return ReadMessage<wire::SequenceProto>(source, WireMessage::kSequence, folder, options);
    case Type::Kind::kMap:
      return ReadMessage<wire::MapProto>(source, WireMessage::kMap, folder, options);
    case Type::Kind::kOptional:  // an empty one has no bytes at all
      if (source.size() == 0) return Value();
      return ReadMessage<wire::OptionalProto>(source, WireMessage::kOptional, folder, options);
    case Type::Kind::kTensor:
    case Type::Kind::kUnknown:
      break;
  }
  return ReadMessage<wire::TensorProto>(source, WireMessage::kTensor, folder, options);
}

}  // namespace

StatusOr<Value> ParseValueProto(absl::string_view bytes, const Type& type,
                                const ImportOptions& options) {
  StatusOr<Value> value =
      WithoutExceptions([&] { return ReadValue(MemorySource(bytes), type, "", options); });
  if (!value.ok()) return Prepend(value.status(), "this is not a valid ONNX value: ");
  return value;
}

StatusOr<Value> ReadValueFile(const std::string& path, const Type& type,
                              const ImportOptions& options) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<FileSource> file,
                      FileSource::Open(path, options.limits.file_bytes));
  StatusOr<Value> value =
      WithoutExceptions([&] { return ReadValue(*file, type, FolderOf(path), options); });
  if (!value.ok()) {
    return Prepend(value.status(), absl::StrCat("'", path, "' is not a valid ONNX value: "));
  }
  return value;
}

StatusOr<Tensor> ParseTensorProto(absl::string_view bytes, const ImportOptions& options) {
  SX_ASSIGN_OR_RETURN(const Value value, ParseValueProto(bytes, Type(), options));
  return value.tensor();
}

StatusOr<Tensor> ReadTensorFile(const std::string& path, const ImportOptions& options) {
  SX_ASSIGN_OR_RETURN(const Value value, ReadValueFile(path, Type(), options));
  return value.tensor();
}

}  // namespace sardonyx
