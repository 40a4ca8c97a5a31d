#include "importer/types.h"

#include "importer/tensor_reader.h"

namespace sardonyx {
namespace {

StatusOr<SymbolicShape> ReadShape(const wire::TensorShapeProto& proto, const Limits& limits) {
  if (proto.dim_size() > limits.rank) {
    return LimitExceeded("rank ", proto.dim_size(), " is above the limit rank, ", limits.rank);
  }
  SymbolicShape shape;
  for (const wire::TensorShapeProto::Dimension& dim : proto.dim()) {
    if (dim.has_dim_value() && dim.dim_value() < -1) {
      return InvalidArgument("dimension ", shape.size(), " is ", dim.dim_value());
    }
    if (dim.has_dim_value()) {
      shape.emplace_back(dim.dim_value());
    } else {
      // Paddle's exporter gives every dimension that it does not know the same name, '?'.
      shape.emplace_back(dim.dim_param() == "?" ? std::string() : dim.dim_param());
    }
  }
  return shape;
}

StatusOr<Type> ReadNested(const wire::TypeProto& proto, const Limits& limits, int depth) {
  if (depth > limits.nesting) {
    return LimitExceeded("types are nested deeper than the limit nesting, ", limits.nesting);
  }
  switch (proto.value_case()) {
    case wire::TypeProto::kTensorType: {
      const wire::TypeProto::Tensor& tensor = proto.tensor_type();
      // Element type 0 is how some files say that it is not known.
      DataType element = DataType::kUndefined;
      if (tensor.elem_type() != 0) {
        SX_ASSIGN_OR_RETURN(element, CheckedDataType(tensor.elem_type()));
      }
      if (!tensor.has_shape()) return Type::Tensor(element);
      SX_ASSIGN_OR_RETURN(SymbolicShape shape, ReadShape(tensor.shape(), limits));
      return Type::Tensor(element, std::move(shape));
    }
    case wire::TypeProto::kSequenceType: {
      SX_ASSIGN_OR_RETURN(Type inner,
                          ReadNested(proto.sequence_type().elem_type(), limits, depth + 1));
      return Type::Sequence(std::move(inner));
    }
    case wire::TypeProto::kOptionalType: {
      SX_ASSIGN_OR_RETURN(Type inner,
                          ReadNested(proto.optional_type().elem_type(), limits, depth + 1));
      return Type::Optional(std::move(inner));
    }
    case wire::TypeProto::kMapType: {
      SX_ASSIGN_OR_RETURN(const DataType key, CheckedDataType(proto.map_type().key_type()));
      if (key != DataType::kString && !IsInteger(key)) {
        return InvalidArgument("the keys of a map are ", Name(key),
                               ", expected integers or strings");
      }
      SX_ASSIGN_OR_RETURN(Type inner, ReadNested(proto.map_type().value_type(), limits, depth + 1));
      return Type::Map(key, std::move(inner));
    }
    case wire::TypeProto::kSparseTensorType:
      return Unimplemented("sparse tensors are supported as initializers only");
    case wire::TypeProto::kOpaqueType:
      return Unimplemented("opaque types are not supported");
    case wire::TypeProto::VALUE_NOT_SET:
      break;
  }
  return Type();
}

}  // namespace

StatusOr<Type> ReadType(const wire::TypeProto& proto, const Limits& limits) {
  return ReadNested(proto, limits, 0);
}

}  // namespace sardonyx
