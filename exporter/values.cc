// Tensors, sequences, maps and optionals in files of their own, as test data are stored.
#include "exporter/exporter.h"
#include "exporter/tensor_writer.h"
#include "importer/onnx_data_wire.pb.h"

namespace sardonyx {
namespace {

using Kind = Type::Kind;

/// The kind that a value is written as: the type's where that is known.
Kind KindOf(const Value& value, const Type& type) {
  if (type.kind != Kind::kUnknown) return type.kind;
  if (value.is_none()) return Kind::kOptional;
  return value.is_sequence() ? Kind::kSequence : value.is_map() ? Kind::kMap : Kind::kTensor;
}

const Type& InnerOf(const Type& type) {
  static const Type* const unknown = new Type();
  return type.inner != nullptr ? *type.inner : *unknown;
}

Status Mismatch(const Value& value, absl::string_view wanted) {
  return InvalidArgument("a value that is ", value.ToString(), " cannot be written as ", wanted);
}

Status WriteSequence(const Sequence& sequence, const Type& inner, wire::SequenceProto* proto);

Status Write(const Value& value, const Type&, wire::TensorProto* proto) {
  return value.is_tensor() ? WriteTensor(value.tensor(), proto) : Mismatch(value, "a tensor");
}

Status Write(const Value& value, const Type& type, wire::SequenceProto* proto) {
  if (!value.is_sequence()) return Mismatch(value, "a sequence");
  return WriteSequence(value.sequence(), InnerOf(type), proto);
}

Status Write(const Value& value, const Type& type, wire::MapProto* proto) {
  if (!value.is_map()) return Mismatch(value, "a map");
  const Tensor& keys = value.map().keys;
  proto->set_key_type(static_cast<int>(keys.type()));
  if (keys.type() == DataType::kString) {
    for (const std::string& key : keys.span<std::string>()) proto->add_string_keys(key);
  } else {
    SX_ASSIGN_OR_RETURN(const Ints numbers, ToInts(keys));
    for (int64_t key : numbers) proto->add_keys(key);
  }
  return WriteSequence(value.map().values, InnerOf(type), proto->mutable_values());
}

Status Write(const Value& value, const Type& type, wire::OptionalProto* proto) {
  if (value.is_none()) return absl::OkStatus();
  const Type& inner = InnerOf(type);
  switch (KindOf(value, inner)) {
    case Kind::kSequence:
      proto->set_elem_type(wire::OptionalProto::SEQUENCE);
      return Write(value, inner, proto->mutable_sequence_value());
    case Kind::kMap:
      proto->set_elem_type(wire::OptionalProto::MAP);
      return Write(value, inner, proto->mutable_map_value());
    case Kind::kOptional:
      proto->set_elem_type(wire::OptionalProto::OPTIONAL);
      return Write(value, inner, proto->mutable_optional_value());
    default:
      proto->set_elem_type(wire::OptionalProto::TENSOR);
      return Write(value, inner, proto->mutable_tensor_value());
  }
}

Status WriteElement(const Value& value, const Type& type, Kind kind, wire::SequenceProto* proto) {
  switch (kind) {
    case Kind::kSequence:
      return Write(value, type, proto->add_sequence_values());
    case Kind::kMap:
      return Write(value, type, proto->add_map_values());
    case Kind::kOptional:
      return Write(value, type, proto->add_optional_values());
    default:
      return Write(value, type, proto->add_tensor_values());
  }
}

int ElementKind(Kind kind) {
  switch (kind) {
    case Kind::kSequence:
      return wire::SequenceProto::SEQUENCE;
    case Kind::kMap:
      return wire::SequenceProto::MAP;
    case Kind::kOptional:
      return wire::SequenceProto::OPTIONAL;
    default:
      return wire::SequenceProto::TENSOR;
  }
}

Status WriteSequence(const Sequence& sequence, const Type& inner, wire::SequenceProto* proto) {
  const Kind kind = sequence.empty() ? inner.kind : KindOf(sequence.front(), inner);
  proto->set_elem_type(ElementKind(kind));
  for (size_t i = 0; i < sequence.size(); ++i) {
    SX_RETURN_IF_ERROR(
        Prepend(WriteElement(sequence[i], inner, kind, proto), absl::StrCat("element ", i, ": ")));
  }
  return absl::OkStatus();
}

template <typename Proto>
StatusOr<std::string> Serialize(const Value& value, const Type& type, const std::string& name) {
  Proto proto;
  if (!name.empty()) proto.set_name(name);
  SX_RETURN_IF_ERROR(Write(value, type, &proto));
  std::string bytes;
  if (!proto.SerializeToString(&bytes)) {
    return LimitExceeded(value.ToString(), " has more than the 2 GiB of a protobuf message");
  }
  return bytes;
}

}  // namespace

StatusOr<std::string> SerializeTensor(const Tensor& tensor, const std::string& name) {
  return Serialize<wire::TensorProto>(tensor, Type(), name);
}

StatusOr<std::string> SerializeValue(const Value& value, const Type& type,
                                     const std::string& name) {
  switch (KindOf(value, type)) {
    case Kind::kSequence:
      return Serialize<wire::SequenceProto>(value, type, name);
    case Kind::kMap:
      return Serialize<wire::MapProto>(value, type, name);
    case Kind::kOptional:
      return Serialize<wire::OptionalProto>(value, type, name);
    default:
      return Serialize<wire::TensorProto>(value, type, name);
  }
}

}  // namespace sardonyx
