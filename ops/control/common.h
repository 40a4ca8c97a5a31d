// Shared by the operators that run subgraphs.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// What both types allow: their kind, element type and shape as far as they agree.
Type MergeTypes(const Type& a, const Type& b);

/// The truth of a condition. Errors: not one bool.
StatusOr<bool> ReadCondition(const Tensor& tensor, absl::string_view name);

/// A copy of a value that outlives the memory it was computed in.
StatusOr<Value> Keep(const Value& value, const std::shared_ptr<MemoryBudget>& budget);

/// Gathers what a subgraph yields in each iteration and stacks it along a new axis.
class Stack {
 public:
  Status Add(const Value& value, const std::shared_ptr<MemoryBudget>& budget);
  /// One tensor with the parts along `axis` (counted in the result's rank), the last first if
  /// `reverse`. Without parts: an empty tensor of `declared`'s element type.
  StatusOr<Tensor> Join(int64_t axis, bool reverse, const Type& declared,
                        const std::shared_ptr<MemoryBudget>& budget) const;

 private:
  std::vector<Tensor> parts_;
};

OpDef IfOp();
OpDef LoopOp();
OpDef ScanOp();
OpDef SequenceMapOp();
std::vector<OpDef> SequenceOps();
std::vector<OpDef> OptionalOps();

}  // namespace sardonyx
