// Python's objects and values: arrays, lists, dictionaries, strings, None.
#pragma once

#include "arrays.h"

namespace sardonyx::python {

/// The value that `object` is where an input of that type is expected. None is nothing. Throws
/// where it cannot be one; whether it is right for the model, a run says.
Value FromPython(nb::handle object, const SardonyxType& type);

/// A tensor as an array that shows its memory, a sequence as a list, a map as a dictionary, nothing
/// as None. Tensors inside others, which the runtime may go on using, are copied.
nb::object ToPython(const Held& held);

/// A type as onnxruntime writes it: "tensor(float)", "seq(map(string,tensor(float)))".
std::string TypeName(const SardonyxType& type);

/// What of a tensor's dimensions is known, each a size, a name or None.
nb::list Dimensions(const SardonyxType& type);

}  // namespace sardonyx::python
