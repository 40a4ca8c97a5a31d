// A test case of the one layer that differs.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/graph/graph.h"

namespace sardonyx {

/// A value that the case may take as an input; nullopt where the case must compute it.
using KnownValue = std::function<StatusOr<std::optional<Value>>(const std::string& name)>;

/// Reduces `model` to the nodes that compute `tensor` from known values, one where its own inputs
/// are known, and writes it with those values and `expected` as an ONNX test case: model.onnx and
/// test_data_set_0 in `directory`, which is made if need be. The number of nodes. Errors: no node
/// computes the tensor, a file cannot be written.
StatusOr<int> SaveRepro(Model& model, const std::string& tensor, const Value& expected,
                        const KnownValue& known, const std::string& directory);

/// OK if `directory` can be made, or is empty; otherwise a UsageError.
Status CheckReproDirectory(const std::string& directory);

}  // namespace sardonyx
