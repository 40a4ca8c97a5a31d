// Tensors to and from onnxruntime.
#pragma once

#include "runtime/base/tensor.h"
#include "runtime/session/session.h"
#include "tools/cli/ort_library.h"

namespace sardonyx {

using OrtValueHandle = OrtLibrary::Handle<OrtSlot::kReleaseValue>;

/// A value for onnxruntime; but for strings it borrows the tensor's elements. `memory` is an
/// OrtMemoryInfo of the CPU, `allocator` an OrtAllocator. Errors: an element type that the two
/// hold differently, and onnxruntime's.
StatusOr<OrtValueHandle> ToOrt(const OrtLibrary& library, const Tensor& tensor, void* memory,
                               void* allocator);

/// A copy of its value. Errors: no tensor, and as above.
StatusOr<Tensor> FromOrt(const OrtLibrary& library, void* value);

/// A type as onnxruntime has it (OrtTypeInfo), kUnknown where it is no tensor's.
StatusOr<Type> TypeFromOrt(const OrtLibrary& library, void* type_info);

}  // namespace sardonyx
