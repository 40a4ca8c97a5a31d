// Nodes that rewrites add to a graph.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// A node of ai.onnx, of that operator's newest version, with its attributes parsed. Errors: those
/// of parsing; no such operator.
StatusOr<Node> MakeNode(absl::string_view op_type, std::vector<ValueId> inputs,
                        std::vector<ValueId> outputs,
                        std::map<std::string, Attribute> attributes = {});

/// A node that views `from` in that shape, of as many elements, as `to`; its name is still empty.
StatusOr<Node> MakeReshape(Graph& graph, ValueId from, const Shape& shape, ValueId to);

/// Adds a node that views `from` in that shape, of as many elements; returns its output.
StatusOr<ValueId> AddReshape(Graph& graph, ValueId from, const Shape& shape);

}  // namespace sardonyx
