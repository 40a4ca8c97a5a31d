// Layers, inputs and outputs of models in the commands' documents.
#pragma once

#include <vector>

#include "runtime/session/session.h"
#include "tools/cli/output.h"

namespace sardonyx {

/// What a plan has decided about a layer.
Json ToJson(const LayerReport& layer);

/// The same of all layers, in order.
Json ToJson(const std::vector<LayerReport>& layers);

/// [64,"N"]: sizes, and names where they are not known; empty for what is no tensor.
Json DimensionsToJson(const Type& type);

/// Names and types.
Json ToJson(const std::vector<Port>& ports);

}  // namespace sardonyx
