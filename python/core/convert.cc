#include "convert.h"

#include <string>
#include <vector>

#include "element_types.h"

namespace sardonyx::python {
namespace {

constexpr SardonyxType kUnknown = {SARDONYX_NONE, 0, -1, nullptr, nullptr, nullptr};

const SardonyxType& Inside(const SardonyxType& type) {
  return type.of == nullptr ? kUnknown : *type.of;
}

std::string ClassName(nb::handle object) {
  return nb::borrow<nb::str>(object.type().attr("__name__")).c_str();
}

std::vector<Value> Elements(const nb::list& objects, const SardonyxType& type) {
  std::vector<Value> elements;
  for (nb::handle object : objects) elements.push_back(FromPython(object, type));
  return elements;
}

Value MapFrom(nb::handle object, const SardonyxType& type) {
  if (!PyDict_Check(object.ptr())) {
    throw nb::type_error(("expected a dict for a map, not " + ClassName(object)).c_str());
  }
  const auto dict = nb::borrow<nb::dict>(object);
  const nb::list keys = dict.keys(), values = dict.values();
  return Value::Map(FromArray(AsArray(keys, type.element_type)).value,
                    Elements(values, Inside(type)));
}

Value SequenceFrom(nb::handle object, const SardonyxType& type) {
  if (!nb::isinstance<nb::list>(object) && !nb::isinstance<nb::tuple>(object)) {
    throw nb::type_error(("expected a list for a sequence, not " + ClassName(object)).c_str());
  }
  // A list of its own: what converts an element may change the one that was given.
  return Value::Sequence(Elements(nb::list(object), Inside(type)));
}

/// A map's value: a single element as a number or string of Python's.
nb::object ScalarOrWhole(const Value& value) {
  nb::object array = ToPython({value});
  if (value.kind() != SARDONYX_TENSOR || value.Tensor().rank != 0) return array;
  return array.attr("item")();
}

}  // namespace

Value FromPython(nb::handle object, const SardonyxType& type) {
  if (nb::isinstance<Held>(object)) return nb::cast<const Held&>(object).value;
  if (IsArray(object)) return FromArray(object).value;
  if (object.is_none()) return Value();
  // An OrtValue, which is Python's.
  if (nb::object held = nb::getattr(object, "_value", nb::none()); nb::isinstance<Held>(held)) {
    return nb::cast<const Held&>(held).value;
  }
  switch (type.kind) {
    case SARDONYX_SEQUENCE:
      return SequenceFrom(object, type);
    case SARDONYX_MAP:
      return MapFrom(object, type);
    case SARDONYX_OPTIONAL:
      return FromPython(object, Inside(type));
    default:
      return FromArray(AsArray(object, type.element_type)).value;
  }
}

nb::object ToPython(const Held& held) {
  const Value& value = held.value;
  switch (value.kind()) {
    case SARDONYX_TENSOR:
      return ToArray(held);
    case SARDONYX_SEQUENCE: {
      nb::list list;
      for (size_t i = 0; i < value.size(); ++i) {
        const Held element{value[i]};
        const bool tensor = element.value.kind() == SARDONYX_TENSOR;
        list.append(tensor ? CopyToArray(element) : ToPython(element));
      }
      return list;
    }
    case SARDONYX_MAP: {
      nb::dict dict;
      const nb::list keys(CopyToArray({value.Keys()}).attr("tolist")());
      for (size_t i = 0; i < value.size(); ++i) dict[keys[i]] = ScalarOrWhole(value[i]);
      return dict;
    }
    default:
      return nb::none();
  }
}

std::string TypeName(const SardonyxType& type) {
  const bool known = type.element_type > 0 && type.element_type < kElementTypeCount;
  const std::string element = known ? kElementNames[type.element_type].onnx : "?";
  switch (type.kind) {
    case SARDONYX_TENSOR:
      return "tensor(" + element + ")";
    case SARDONYX_SEQUENCE:
      return "seq(" + TypeName(Inside(type)) + ")";
    case SARDONYX_MAP:
      return "map(" + element + "," + TypeName(Inside(type)) + ")";
    case SARDONYX_OPTIONAL:
      return "optional(" + TypeName(Inside(type)) + ")";
    default:
      return "?";
  }
}

nb::list Dimensions(const SardonyxType& type) {
  nb::list list;
  for (int32_t i = 0; i < type.rank; ++i) {
    const char* const symbol = type.symbols == nullptr ? nullptr : type.symbols[i];
    if (type.dims[i] >= 0) {
      list.append(type.dims[i]);
    } else if (symbol != nullptr && *symbol != '\0') {
      list.append(symbol);
    } else {
      list.append(nb::none());
    }
  }
  return list;
}

}  // namespace sardonyx::python
