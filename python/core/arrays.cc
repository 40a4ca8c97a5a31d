#include "arrays.h"

#include <string>
#include <utility>

#include "element_types.h"

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

namespace sardonyx::python {
namespace {

static_assert(sizeof(npy_intp) == sizeof(int64_t));

PyArrayObject* Array(nb::handle object) { return reinterpret_cast<PyArrayObject*>(object.ptr()); }

/// A new reference, or the error that Python has noted.
nb::object Steal(PyObject* object) {
  if (object == nullptr) throw nb::python_error();
  return nb::steal(object);
}

nb::object DtypeNamed(int32_t element_type) {
  const char* name = kElementNames[element_type].numpy;
  nb::object described = nb::str(name);
  if (element_type >= kFirstForeign) {
    described = nb::module_::import_("ml_dtypes").attr(name);
  }
  PyArray_Descr* dtype = nullptr;
  if (PyArray_DescrConverter(described.ptr(), &dtype) == NPY_FAIL) throw nb::python_error();
  return nb::steal(reinterpret_cast<PyObject*>(dtype));
}

/// A new reference to the dtype of that element type.
PyArray_Descr* Dtype(int32_t element_type) {
  static PyObject* known[kElementTypeCount] = {};  // never released: dtypes outlive modules
  if (element_type <= 0 || element_type >= kElementTypeCount) {
    throw nb::value_error("there is no such element type");
  }
  PyObject*& dtype = known[element_type];
  if (dtype == nullptr) dtype = DtypeNamed(element_type).release().ptr();
  Py_INCREF(dtype);
  return reinterpret_cast<PyArray_Descr*>(dtype);
}

[[noreturn]] void RefuseDtype(PyArray_Descr* dtype) {
  const nb::str name(nb::handle(reinterpret_cast<PyObject*>(dtype)));
  throw nb::type_error(("ONNX has no elements of dtype " + std::string(name.c_str())).c_str());
}

/// By kind and size, as several of NumPy's types may be the same one of the machine's.
int32_t BuiltinElementType(PyArray_Descr* dtype) {
  const auto size = PyDataType_ELSIZE(dtype);
  const auto by_size = [size](int32_t one, int32_t two, int32_t four, int32_t eight) {
    return size == 1 ? one : size == 2 ? two : size == 4 ? four : size == 8 ? eight : 0;
  };
  switch (dtype->kind) {
    case 'f':
      return by_size(0, 10, 1, 11);
    case 'i':
      return by_size(3, 5, 6, 7);
    case 'u':
      return by_size(2, 4, 12, 13);
    case 'c':
      return size == 8 ? 14 : size == 16 ? 15 : 0;
    case 'b':
      return 9;
    case 'O':
    case 'U':
    case 'S':
    case 'T':
      return kString;
    default:
      return 0;
  }
}

int32_t ForeignElementType(PyArray_Descr* dtype) {
  for (int32_t type = kFirstForeign; type < kElementTypeCount; ++type) {
    PyArray_Descr* foreign = Dtype(type);
    const int number = foreign->type_num;
    Py_DECREF(foreign);
    if (number == dtype->type_num) return type;
  }
  return 0;
}

int32_t ElementTypeOf(PyArray_Descr* dtype) {
  const int32_t type =
      PyTypeNum_ISUSERDEF(dtype->type_num) ? ForeignElementType(dtype) : BuiltinElementType(dtype);
  if (type == 0) RefuseDtype(dtype);
  return type;
}

void ReleaseArray(void* array) {
  if (!Py_IsInitialized()) return;  // the array went with the interpreter
  const nb::gil_scoped_acquire gil;
  Py_DECREF(static_cast<PyObject*>(array));
}

/// UTF-8, where what is none stays what it is.
std::string TextOf(nb::handle item) {
  nb::object encoded = nb::borrow(item);
  if (PyUnicode_Check(item.ptr())) {
    encoded = Steal(PyUnicode_AsEncodedString(item.ptr(), "utf-8", "surrogateescape"));
  }
  if (!PyBytes_Check(encoded.ptr())) {
    throw nb::type_error("an element of a tensor of strings is neither str nor bytes");
  }
  return std::string(PyBytes_AS_STRING(encoded.ptr()),
                     static_cast<size_t>(PyBytes_GET_SIZE(encoded.ptr())));
}

Value::Shape ShapeOf(nb::handle array) {
  const npy_intp* dims = PyArray_DIMS(Array(array));
  return Value::Shape(dims, dims + PyArray_NDIM(Array(array)));
}

/// A copy of elements narrower than a byte as the runtime wants them, one in each byte: the bits
/// above repeat the sign, or are zero.
nb::object Widen(const nb::object& array, int bits, bool is_signed) {
  nb::object copy = Steal(PyArray_NewCopy(Array(array), NPY_CORDER));
  auto* bytes = static_cast<uint8_t*>(PyArray_DATA(Array(copy)));
  const int low = (1 << bits) - 1, sign = is_signed ? 1 << (bits - 1) : 0;
  for (npy_intp i = 0; i < PyArray_SIZE(Array(copy)); ++i) {
    bytes[i] = static_cast<uint8_t>(((bytes[i] & low) ^ sign) - sign);
  }
  return copy;
}

Held FromStrings(nb::handle array) {
  const nb::object objects =
      Steal(PyArray_FromArray(Array(array), Dtype(kString), NPY_ARRAY_CARRAY_RO));
  Held held{Value::Zeros(kString, ShapeOf(array))};
  auto* const* items = static_cast<PyObject**>(PyArray_DATA(Array(objects)));
  for (size_t i = 0; i < held.value.size(); ++i) {
    // An array of objects has null where nothing was ever put.
    held.value.SetString(i, TextOf(items[i] == nullptr ? Py_None : items[i]));
  }
  return held;
}

nb::object ToStrings(const Value& tensor) {
  const Value::Shape shape = tensor.shape();
  nb::object array =
      Steal(PyArray_NewFromDescr(&PyArray_Type, Dtype(kString), static_cast<int>(shape.size()),
                                 shape.data(), nullptr, nullptr, 0, nullptr));
  auto** items = static_cast<PyObject**>(PyArray_DATA(Array(array)));
  for (size_t i = 0; i < tensor.size(); ++i) {
    PyObject* const text = TextFrom(tensor.String(i)).release().ptr();
    Py_XDECREF(std::exchange(items[i], text));
  }
  return array;
}

}  // namespace

void ImportNumpy() {
  if (PyArray_ImportNumPyAPI() < 0) throw nb::python_error();
}

bool IsArray(nb::handle object) { return PyArray_Check(object.ptr()); }

nb::object AsArray(nb::handle object, int32_t element_type) {
  if (IsArray(object)) return nb::borrow(object);
  PyArray_Descr* const dtype = element_type == 0 ? nullptr : Dtype(element_type);
  return Steal(PyArray_FromAny(object.ptr(), dtype, 0, 0, NPY_ARRAY_CARRAY_RO, nullptr));
}

Held FromArray(nb::handle object) {
  const int32_t type = ElementTypeOf(PyArray_DESCR(Array(object)));
  if (type == kString) return FromStrings(object);
  nb::object array = nb::borrow(object);
  if (!PyArray_ISCARRAY_RO(Array(array))) {
    array = Steal(PyArray_FromArray(Array(array), Dtype(type), NPY_ARRAY_CARRAY));
  }
  if (const ElementName& name = kElementNames[type]; name.narrow_bits > 0) {
    array = Widen(array, name.narrow_bits, name.onnx[0] == 'i');
  }
  PyArrayObject* const lying = Array(array);
  Held held{Value::Borrow(type, ShapeOf(array), PyArray_DATA(lying),
                          static_cast<size_t>(PyArray_NBYTES(lying)), ReleaseArray, array.ptr()),
            PyArray_ISWRITEABLE(lying) != 0};
  array.release();  // to ReleaseArray
  return held;
}

nb::object ToArray(const Held& held) {
  const SardonyxTensor tensor = held.value.Tensor();
  if (tensor.element_type == kString) return ToStrings(held.value);
  const bool shows = tensor.data != nullptr;  // an empty tensor has no memory to show
  nb::object array =
      Steal(PyArray_NewFromDescr(&PyArray_Type, Dtype(tensor.element_type), tensor.rank,
                                 tensor.dims, nullptr, shows ? tensor.data : nullptr,
                                 held.writable ? NPY_ARRAY_CARRAY : NPY_ARRAY_CARRAY_RO, nullptr));
  if (shows && PyArray_SetBaseObject(Array(array), nb::cast(held).release().ptr()) < 0) {
    throw nb::python_error();
  }
  return array;
}

nb::object CopyToArray(const Held& held) {
  const nb::object array = ToArray(held);
  return Steal(PyArray_NewCopy(Array(array), NPY_CORDER));
}

nb::object TextFrom(const std::string& text) {
  return Steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape"));
}

int32_t ElementTypeOfDtype(nb::handle dtype) {
  PyArray_Descr* converted = nullptr;
  if (PyArray_DescrConverter(dtype.ptr(), &converted) == NPY_FAIL) throw nb::python_error();
  const nb::object owner = nb::steal(reinterpret_cast<PyObject*>(converted));
  return ElementTypeOf(converted);
}

}  // namespace sardonyx::python
