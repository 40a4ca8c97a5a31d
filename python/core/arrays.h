// NumPy's arrays and tensors, each showing the other's memory.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "sardonyx/sardonyx.h"

namespace sardonyx::python {

namespace nb = nanobind;

/// A value as Python holds it.
struct Held {
  Value value;
  bool writable = true;  // false: it shows memory that nobody may write into
};

/// To be called once, before anything else here. Throws where there is no NumPy.
void ImportNumpy();

bool IsArray(nb::handle object);

/// The array itself, or what NumPy makes of another object; of that element type, unless it is 0 or
/// the object is an array. Throws where NumPy cannot.
nb::object AsArray(nb::handle object, int32_t element_type);

/// A tensor that shows the array's elements and keeps them alive. Strings, and what does not lie in
/// one piece, are copied. Throws where ONNX has no such elements.
Held FromArray(nb::handle array);

/// An array that shows the tensor's elements and keeps them alive; strings are copied.
nb::object ToArray(const Held& tensor);
/// An array of its own.
nb::object CopyToArray(const Held& tensor);

/// Text of the library's, where what is no UTF-8 becomes surrogates.
nb::object TextFrom(const std::string& text);

/// The number of the element type that a dtype, or what NumPy takes for one, stands for.
int32_t ElementTypeOfDtype(nb::handle dtype);

}  // namespace sardonyx::python
