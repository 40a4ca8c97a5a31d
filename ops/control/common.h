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

/// The types of a subgraph's outputs as the model declares them; to be asked before inference,
/// which trusts no declaration, replaces them.
std::vector<Type> DeclaredOutputs(const Graph& body);

/// What output i of a subgraph that does not run would have been: as inferred, else as declared.
Type ExpectedOutput(const Graph& body, int i, const std::vector<Type>& declared);

/// Gathers what a subgraph yields in each iteration and stacks it along a new axis.
class Stack {
 public:
  Status Add(const Value& value, const std::shared_ptr<MemoryBudget>& budget);
  bool empty() const { return parts_.empty(); }
  /// The type of the parts, of which there must be one.
  Type part() const { return Type::Tensor(parts_.front().type(), parts_.front().shape()); }
  /// One tensor with the parts along `axis` (counted in the result's rank), the last first if
  /// `reverse`. Without parts: an empty tensor of such as `expected`, unknown sizes being 0.
  StatusOr<Tensor> Join(int64_t axis, bool reverse, const Type& expected,
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
