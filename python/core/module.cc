// The module sardonyx._core: what the package in python/sardonyx is written over.
#include "session.h"

namespace sardonyx::python {
namespace {

/// Raises the exception that python/sardonyx/errors.py has for the library's code.
void Translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    try {
      const nb::object raised = nb::module_::import_("sardonyx.errors")
                                    .attr("of")(static_cast<int>(error.code()), error.what());
      PyErr_SetObject(raised.type().ptr(), raised.ptr());
    } catch (nb::python_error& failed) {
      failed.restore();
    }
  }
}

Held FromAny(nb::handle object, int32_t element_type) {
  return FromArray(AsArray(object, element_type));
}

Held Zeros(int32_t element_type, const Value::Shape& shape) {
  return {Value::Zeros(element_type, shape)};
}

/// Elements at an address that the caller vouches for.
Held AtAddress(int32_t element_type, const Value::Shape& shape, uintptr_t address, size_t bytes) {
  return {Value::Borrow(element_type, shape, reinterpret_cast<const void*>(address), bytes, nullptr,
                        nullptr)};
}

Held FromSequence(const nb::list& elements) {
  std::vector<Value> values;
  for (nb::handle element : elements) values.push_back(nb::cast<const Held&>(element).value);
  return {Value::Sequence(values)};
}

/// Kind, element type and shape; of what is no tensor the kind alone.
nb::tuple Describe(const Held& held) {
  const SardonyxKind kind = held.value.kind();
  if (kind != SARDONYX_TENSOR) return nb::make_tuple(static_cast<int>(kind), 0, nb::list());
  const SardonyxTensor tensor = held.value.Tensor();
  const SardonyxType type = {kind, tensor.element_type, tensor.rank, tensor.dims, nullptr, nullptr};
  return nb::make_tuple(static_cast<int>(kind), tensor.element_type, Dimensions(type));
}

std::string NameOfType(const Held& held) {
  SardonyxType type = {held.value.kind(), 0, -1, nullptr, nullptr, nullptr};
  SardonyxType inner = {};
  if (type.kind == SARDONYX_TENSOR) type.element_type = held.value.element_type();
  if (type.kind == SARDONYX_MAP) type.element_type = held.value.Keys().element_type();
  const bool holds = type.kind == SARDONYX_SEQUENCE || type.kind == SARDONYX_MAP;
  if (holds && held.value.size() > 0 && held.value[0].kind() == SARDONYX_TENSOR) {
    inner.kind = SARDONYX_TENSOR;
    inner.element_type = held.value[0].element_type();
    type.of = &inner;
  }
  return TypeName(type);
}

uintptr_t Address(const Held& held) {
  return reinterpret_cast<uintptr_t>(held.value.Tensor().data);
}

}  // namespace
}  // namespace sardonyx::python

NB_MODULE(_core, m) {
  using namespace sardonyx::python;
  using sardonyx::Options;
  using sardonyx::RunOptions;
  nb::set_leak_warnings(false);  // a run that goes on at the end holds objects, rightly
  ImportNumpy();
  nb::register_exception_translator(Translate);
  m.def("library_version", [] { return sardonyx::Api().library_version(); });
  m.def("element_type_of_dtype", ElementTypeOfDtype, nb::arg("dtype"));

  nb::class_<Options>(m, "Options")
      .def(nb::init<>())
      .def(
          "set",
          [](Options& o, const std::string& name, const std::string& value) { o.Set(name, value); },
          nb::arg("name"), nb::arg("value"));
  nb::class_<RunOptions>(m, "Run")
      .def(nb::init<>())
      .def(
          "set_time_limit", [](RunOptions& r, double seconds) { r.TimeLimit(seconds); },
          nb::arg("seconds"))
      .def(
          "set_seed", [](RunOptions& r, uint64_t seed) { r.Seed(seed); }, nb::arg("seed"))
      .def(
          "cancel", [](RunOptions& r, bool cancelled) { r.Cancel(cancelled); },
          nb::arg("cancelled"));

  nb::class_<Held>(m, "Value")
      .def_static("of", FromAny, nb::arg("array"), nb::arg("element_type") = 0)
      .def_static("zeros", Zeros, nb::arg("element_type"), nb::arg("shape"))
      .def_static("at", AtAddress, nb::arg("element_type"), nb::arg("shape"), nb::arg("address"),
                  nb::arg("bytes"))
      .def_static("sequence", FromSequence, nb::arg("elements"))
      .def("describe", Describe)
      .def("type_name", NameOfType)
      .def("address", Address)
      .def("to_python", ToPython, nb::sig("def to_python(self) -> typing.Any"));

  nb::class_<PySession>(m, "Session")
      .def(nb::init<const std::string&, nb::object, const Options&>(), nb::arg("path"),
           nb::arg("bytes").none(), nb::arg("options"))
      .def("inputs", &PySession::inputs)
      .def("outputs", &PySession::outputs)
      .def("metadata", &PySession::metadata)
      .def("end_profiling", &PySession::EndProfiling)
      .def("run",
           nb::overload_cast<nb::object, nb::object, RunOptions*>(&PySession::Run, nb::const_),
           nb::arg("output_names").none(), nb::arg("feeds"), nb::arg("run").none())
      .def("run_values", &PySession::RunValues, nb::arg("outputs"), nb::arg("feeds"),
           nb::arg("run").none());
}
