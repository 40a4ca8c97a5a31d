// Running one operator by hand in a test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// After a kernel's name: the node is moved to the channels-last layout, its inputs and outputs
/// with it, and what comes back is in ONNX's layout again.
inline constexpr absl::string_view kChannelsLastSuffix = " (channels last)";

/// Runs one node of that operator through parse, inference and the kernel named `kernel` ("": the
/// reference one). An input that is_none() is left out. Errors: any that those steps give;
/// Unimplemented where the operator cannot be channels-last.
StatusOr<std::vector<Value>> RunOp(const std::string& op_type, int opset,
                                   const std::map<std::string, Attribute>& attributes,
                                   const std::vector<Value>& inputs, int output_count = 1,
                                   const std::string& kernel = "", int threads = 1,
                                   const std::string& domain = "");

}  // namespace sardonyx
