#include "session.h"

#include <algorithm>
#include <cstring>

namespace sardonyx::python {
namespace {

Session Load(const std::string& path, const nb::object& bytes, const Options& options) {
  if (bytes.is_none()) {
    const nb::gil_scoped_release unlocked;
    return Session(path, options);
  }
  const auto model = nb::cast<nb::bytes>(bytes);
  const nb::gil_scoped_release unlocked;
  return Session(model.data(), model.size(), options, path);
}

/// A name as C has it, as long as the object lives.
const char* NameOf(nb::handle name) {
  if (!PyUnicode_Check(name.ptr())) throw nb::type_error("a name is not a str");
  Py_ssize_t length = 0;
  const char* const text = PyUnicode_AsUTF8AndSize(name.ptr(), &length);
  if (text == nullptr) throw nb::python_error();
  if (std::strlen(text) != static_cast<size_t>(length)) {
    throw nb::value_error("a name holds a zero character");
  }
  return text;
}

/// Pairs in a list of its own: what happens meanwhile to `mapping` does not change them.
nb::list ItemsOf(const nb::object& mapping) {
  nb::object items = nb::steal(PyMapping_Items(mapping.ptr()));
  if (!items.is_valid()) throw nb::python_error();
  return nb::borrow<nb::list>(items);
}

}  // namespace

PySession::PySession(const std::string& path, nb::object bytes, const Options& options)
    : session_(Load(path, bytes, options)) {
  for (size_t i = 0; i < session_.input_count(); ++i) inputs_.push_back(&session_.input(i));
  for (size_t i = 0; i < session_.output_count(); ++i) outputs_.push_back(&session_.output(i));
}

nb::list PySession::Describe(const Ports& ports) {
  nb::list list;
  for (const SardonyxPort* port : ports) {
    const bool has_default = port->may_be_left_out != 0 && port->type.kind != SARDONYX_OPTIONAL;
    list.append(
        nb::make_tuple(port->name, TypeName(port->type), Dimensions(port->type), has_default));
  }
  return list;
}

nb::dict PySession::metadata() const {
  const SardonyxMetadata& metadata = session_.metadata();
  nb::dict custom;
  for (size_t i = 0; i < metadata.custom_count; ++i) {
    custom[TextFrom(metadata.custom_keys[i])] = TextFrom(metadata.custom_values[i]);
  }
  nb::dict dict;
  dict["producer_name"] = TextFrom(metadata.producer_name);
  dict["domain"] = TextFrom(metadata.domain);
  dict["description"] = TextFrom(metadata.description);
  dict["graph_name"] = TextFrom(metadata.graph_name);
  dict["version"] = metadata.model_version;
  dict["custom_metadata_map"] = custom;
  return dict;
}

void PySession::AddInputs(const nb::object& feeds, Call& call) const {
  const nb::list items = ItemsOf(feeds);
  for (nb::handle item : items) {
    const char* const name = NameOf(nb::object(item[0]));
    SardonyxType type = {};
    for (const SardonyxPort* port : inputs_) {
      if (std::strcmp(port->name, name) == 0) type = port->type;
    }
    call.input_names.push_back(name);
    call.inputs.push_back(FromPython(nb::object(item[1]), type));
  }
  call.alive.append(items);
}

void PySession::Run(Call& call, RunOptions* options) const {
  const std::vector<const SardonyxValue*> inputs = Value::Handles(call.inputs);
  std::vector<SardonyxValue*> outputs;
  for (const Value& value : call.outputs) outputs.push_back(value.handle());
  SardonyxRun* const run = options == nullptr ? nullptr : options->handle();
  SardonyxStatus* status = nullptr;
  {
    const nb::gil_scoped_release unlocked;
    status = Api().run(session_.handle(), run, call.input_names.data(), inputs.data(),
                       inputs.size(), call.output_names.data(), outputs.data(), outputs.size());
  }
  Check(status);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (call.outputs[i].handle() == nullptr) call.outputs[i] = Value(outputs[i]);
  }
}

nb::list PySession::Run(nb::object output_names, nb::object feeds, RunOptions* options) const {
  Call call;
  AddInputs(feeds, call);
  if (PyUnicode_Check(output_names.ptr())) {
    throw nb::type_error("the names of outputs are a list, not a str");
  }
  std::vector<size_t> order;  // a name that comes again gives the same output again
  if (!output_names.is_none()) {
    const nb::list names(output_names);
    for (nb::handle name : names) {
      const char* const text = NameOf(name);
      const auto found = std::find_if(call.output_names.begin(), call.output_names.end(),
                                      [&](const char* one) { return std::strcmp(one, text) == 0; });
      order.push_back(static_cast<size_t>(found - call.output_names.begin()));
      if (found == call.output_names.end()) call.output_names.push_back(text);
    }
    call.alive.append(names);
  }
  if (order.empty()) {
    for (const SardonyxPort* port : outputs_) {
      order.push_back(order.size());
      call.output_names.push_back(port->name);
    }
  }
  call.outputs.resize(call.output_names.size());
  Run(call, options);
  nb::list results;
  for (const size_t i : order) results.append(ToPython({call.outputs[i]}));
  return results;
}

nb::list PySession::RunValues(nb::object outputs, nb::object feeds, RunOptions* options) const {
  Call call;
  AddInputs(feeds, call);
  const nb::list items = ItemsOf(outputs);
  for (nb::handle item : items) {
    const nb::object place = item[1];
    call.output_names.push_back(NameOf(nb::object(item[0])));
    Value& output = call.outputs.emplace_back();
    if (place.is_none()) continue;
    const auto& held = nb::cast<const Held&>(place);
    if (!held.writable) throw nb::value_error("an output is bound to memory that is read-only");
    output = held.value;
  }
  call.alive.append(items);
  Run(call, options);
  nb::list results;
  for (Value& output : call.outputs) results.append(Held{std::move(output)});
  return results;
}

}  // namespace sardonyx::python
