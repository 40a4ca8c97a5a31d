// From graphs and values to ONNX files: what importer/ reads.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/graph/graph.h"

namespace sardonyx {

/// The model as the bytes of an ONNX file: its graph with subgraphs, constants as initializers,
/// attributes, types with their symbols, operator sets and metadata. Graph inputs and outputs keep
/// their names; another value gets a new one where its name is taken. A node under another opset
/// version than the model imports is wrapped in a function of its own, as only functions have
/// versions of their own. Typed attributes (Node::attrs) are not looked at: what passes changed in
/// them alone is lost.
/// Errors: the weights exceed the 2 GiB that a protobuf message may have.
StatusOr<std::string> ExportBytes(const Model& model);

struct ExportOptions {
  /// Weights of at least so many bytes lie in PATH.data beside the model; negative: none do,
  /// unless the model would exceed 2 GiB otherwise.
  int64_t external_bytes = -1;
};

/// Writes the same to a file. Files of those names are replaced once the new ones are whole, so
/// that a model may be written over the one that its weights are still read from.
/// Errors: a file cannot be written.
Status ExportFile(const Model& model, const std::string& path, const ExportOptions& options = {});

/// A TensorProto of that name, serialized, with its elements in raw form.
StatusOr<std::string> SerializeTensor(const Tensor& tensor, const std::string& name = "");

/// A value of that type as official test data have it, which ReadValueFile reads: a TensorProto,
/// SequenceProto, MapProto or OptionalProto. What the type leaves open, the value decides.
StatusOr<std::string> SerializeValue(const Value& value, const Type& type,
                                     const std::string& name = "");

}  // namespace sardonyx
