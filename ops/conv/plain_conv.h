// Recognising convolutions that other operators of this family take in, once layouts are chosen.
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

/// The attributes of a two-dimensional channels-last Conv of float with constant weights; null
/// where the node is none.
const ConvAttrs* PlainConv(const Graph& graph, const Node& node);
/// Whether each of its output pixels reads just the pixel in the same place.
bool IsPointwise(const Graph& graph, const Node& node, const ConvAttrs& attrs);
/// kNoValue where it has none.
ValueId BiasOf(const Node& conv);
ValueId ResidualOf(const Node& conv);

/// Whether a tensor of float has, or may have, more than so many bytes.
bool MayExceed(const Type& type, int64_t bytes);

/// Makes `node` one of `op`, which must outlive the graph; its outputs stay.
void Become(const OpDef& op, std::shared_ptr<const Attrs> attrs, std::vector<ValueId> inputs,
            Node& node);

}  // namespace sardonyx
