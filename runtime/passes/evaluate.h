// Computing one node outside any plan, through its operator's reference kernel.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The outputs of `node` on these inputs (null where left out), whose types inference found to be
/// `outputs`. Errors: those of the kernel; a node with subgraphs.
StatusOr<std::vector<Value>> Evaluate(const Node& node, absl::Span<const Value* const> inputs,
                                      const std::vector<Type>& outputs,
                                      const RunEnvironment& environment);

/// Memory for an output that inference gave a whole type; false where it did not.
StatusOr<bool> AllocateInferred(const Type& type, const std::shared_ptr<MemoryBudget>& budget,
                                Value& value);

}  // namespace sardonyx
