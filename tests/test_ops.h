// Running one operator by hand in a test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Runs one node of that operator through parse, inference and the kernel named `kernel` ("": the
/// reference one). An input that is_none() is left out. Errors: any that those steps give.
StatusOr<std::vector<Value>> RunOp(const std::string& op_type, int opset,
                                   const std::map<std::string, Attribute>& attributes,
                                   const std::vector<Value>& inputs, int output_count = 1,
                                   const std::string& kernel = "", int threads = 1,
                                   const std::string& domain = "");

/// The same with the node moved to the channels-last layout, and its inputs and outputs with it;
/// what comes back is in ONNX's layout again. Unimplemented where the operator stays as it is.
StatusOr<std::vector<Value>> RunOpChannelsLast(const std::string& op_type, int opset,
                                               const std::map<std::string, Attribute>& attributes,
                                               std::vector<Value> inputs, int output_count = 1,
                                               const std::string& kernel = "", int threads = 1);

}  // namespace sardonyx
