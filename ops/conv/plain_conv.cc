#include "ops/conv/plain_conv.h"

#include <algorithm>

#include "ops/common/readers.h"

namespace sardonyx {

const ConvAttrs* PlainConv(const Graph& graph, const Node& node) {
  if (!IsStandard(node, "Conv", 1)) return nullptr;
  const Tensor* w = graph.constant(node.inputs[1]);
  const auto& attrs = static_cast<const ConvAttrs&>(*node.attrs);
  const bool plain = attrs.channels_last && w != nullptr && w->rank() == 4 && w->size() > 0 &&
                     graph.value(node.inputs[0]).type.element == DataType::kFloat;
  return plain ? &attrs : nullptr;
}

bool IsPointwise(const Graph& graph, const Node& node, const ConvAttrs& attrs) {
  const Tensor& w = *graph.constant(node.inputs[1]);
  const auto all = [](const Ints& list, int64_t value) {
    return std::all_of(list.begin(), list.end(), [value](int64_t x) { return x == value; });
  };
  // SAME adds no padding to a kernel of 1x1 that takes no longer steps.
  return attrs.group == 1 && w.dim(2) == 1 && w.dim(3) == 1 && all(attrs.window.strides, 1) &&
         all(attrs.window.pads, 0);
}

ValueId BiasOf(const Node& conv) { return conv.inputs.size() > 2 ? conv.inputs[2] : kNoValue; }

ValueId ResidualOf(const Node& conv) {
  const bool residual = static_cast<const ConvAttrs&>(*conv.attrs).residual;
  return residual ? conv.inputs[kConvResidual] : kNoValue;
}

bool MayExceed(const Type& type, int64_t bytes) {
  const auto shape = type.StaticShape();
  return !shape || shape->Elements() > bytes / static_cast<int64_t>(sizeof(float));
}

void Become(const OpDef& op, std::shared_ptr<const Attrs> attrs, std::vector<ValueId> inputs,
            Node& node) {
  node.op = &op;
  node.op_type = std::string(op.name);
  node.version = op.versions.back();
  node.attributes.clear();
  node.attrs = std::move(attrs);
  node.inputs = std::move(inputs);
}

}  // namespace sardonyx
