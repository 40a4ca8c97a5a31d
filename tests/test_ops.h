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

}  // namespace sardonyx
