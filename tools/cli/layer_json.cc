#include "tools/cli/layer_json.h"

#include "tools/cli/roofline.h"

namespace sardonyx {
namespace {

Json TypesToJson(const std::vector<Type>& types) {
  Json list = Json::array();
  for (const Type& type : types) list.push_back(type.ToString());
  return list;
}

}  // namespace

Json DimensionsToJson(const Type& type) {
  Json list = Json::array();
  for (const Dim& dim : type.shape.value_or(SymbolicShape())) {
    list.push_back(dim.known() ? Json(dim.value) : Json(dim.ToString()));
  }
  return list;
}

Json ToJson(const LayerReport& layer) {
  Json item;
  item["name"] = layer.name;
  item["op"] = layer.op;
  item["kernel"] = layer.kernel;
  item["backend"] = std::string(Name(layer.backend));
  item["input_names"] = layer.input_names;
  item["inputs"] = TypesToJson(layer.inputs);
  item["captured_names"] = layer.captured_names;
  item["producers"] = layer.producers;
  item["output_names"] = layer.output_names;
  item["outputs"] = TypesToJson(layer.outputs);
  item["output_shape"] = DimensionsToJson(layer.outputs.empty() ? Type() : layer.outputs[0]);
  item["parameters"] = layer.parameters;
  item["multiply_adds"] = layer.multiply_adds;
  item["activation_bytes"] = ActivationBytes(layer);
  item["scratch_bytes"] = layer.scratch_bytes;
  item["refusals"] = layer.refusals;
  return item;
}

Json ToJson(const std::vector<LayerReport>& layers) {
  Json list = Json::array();
  for (const LayerReport& layer : layers) list.push_back(ToJson(layer));
  return list;
}

Json ToJson(const std::vector<Port>& ports) {
  Json list = Json::array();
  for (const Port& port : ports) {
    Json item;
    item["name"] = port.name;
    item["type"] = port.type.ToString();
    item["has_default"] = port.has_default;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace sardonyx
