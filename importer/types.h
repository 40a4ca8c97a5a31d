// From TypeProto to Type.
#pragma once

#include "importer/onnx_wire.pb.h"
#include "runtime/base/limits.h"
#include "runtime/graph/type.h"

namespace sardonyx {

/// A TypeProto without a value is unknown. Errors: an element type that does not exist, a negative
/// dimension (but -1 counts as unknown, as some exporters write it), sparse and opaque types.
StatusOr<Type> ReadType(const wire::TypeProto& proto, const Limits& limits);

}  // namespace sardonyx
