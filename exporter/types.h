// From Type to TypeProto.
#pragma once

#include "importer/onnx_wire.pb.h"
#include "runtime/graph/type.h"

namespace sardonyx {

/// Writes what is known; of an unknown type nothing.
void WriteType(const Type& type, wire::TypeProto* proto);

}  // namespace sardonyx
