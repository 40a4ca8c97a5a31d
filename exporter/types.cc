#include "exporter/types.h"

namespace sardonyx {
namespace {

void WriteShape(const SymbolicShape& shape, wire::TensorShapeProto* proto) {
  for (const Dim& dim : shape) {
    wire::TensorShapeProto::Dimension* added = proto->add_dim();
    if (dim.known()) {
      added->set_dim_value(dim.value);
    } else if (!dim.symbol.empty()) {
      added->set_dim_param(dim.symbol);
    }
  }
}

}  // namespace

void WriteType(const Type& type, wire::TypeProto* proto) {
  switch (type.kind) {
    case Type::Kind::kUnknown:
      break;
    case Type::Kind::kTensor: {
      wire::TypeProto::Tensor* tensor = proto->mutable_tensor_type();
      tensor->set_elem_type(static_cast<int>(type.element));
      if (type.shape) WriteShape(*type.shape, tensor->mutable_shape());
      break;
    }
    case Type::Kind::kSequence:
      WriteType(*type.inner, proto->mutable_sequence_type()->mutable_elem_type());
      break;
    case Type::Kind::kOptional:
      WriteType(*type.inner, proto->mutable_optional_type()->mutable_elem_type());
      break;
    case Type::Kind::kMap:
      proto->mutable_map_type()->set_key_type(static_cast<int>(type.key));
      WriteType(*type.inner, proto->mutable_map_type()->mutable_value_type());
      break;
  }
}

}  // namespace sardonyx
