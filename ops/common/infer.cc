#include "ops/common/infer.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace sardonyx {

StatusOr<DataType> CommonElement(const InferContext& context, absl::Span<const DataType> allowed,
                                 std::initializer_list<int> inputs) {
  const int required = context.node().op == nullptr ? 0 : context.node().op->min_inputs;
  DataType common = DataType::kUndefined;
  int first = 0;
  for (const int i : inputs) {
    if (!context.has_input(i)) {
      if (i < required) return InvalidArgument("input ", i, " is required");
      continue;
    }
    const Type& type = context.input(i);
    if (type.kind == Type::Kind::kUnknown) continue;
    if (!type.is_tensor()) {
      return InvalidArgument("input ", i, " is ", type.ToString(), ", but must be a tensor");
    }
    if (type.element == DataType::kUndefined) continue;
    if (std::find(allowed.begin(), allowed.end(), type.element) == allowed.end()) {
      return InvalidArgument("input ", i, " has element type ", Name(type.element),
                             ", but must have one of ",
                             absl::StrJoin(allowed, ", ", [](std::string* out, DataType allowed) {
                               absl::StrAppend(out, Name(allowed));
                             }));
    }
    if (common != DataType::kUndefined && common != type.element) {
      return InvalidArgument("inputs ", first, " and ", i, " have element types ", Name(common),
                             " and ", Name(type.element), ", which must be the same");
    }
    common = type.element;
    first = i;
  }
  return common;
}

Status CheckRank(const InferContext& context, int i, int rank, absl::string_view name) {
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr || static_cast<int>(shape->size()) == rank) return absl::OkStatus();
  return InvalidArgument("input ", name, " has shape ", ToString(*shape), ", but must have rank ",
                         rank);
}

StatusOr<Dim> MergeDims(const Dim& known, const Dim& other, absl::string_view what) {
  if (known.known() && other.known() && known.value != other.value) {
    return InvalidArgument(what, " is ", known.value, " in one input and ", other.value,
                           " in another");
  }
  return known.known() || !other.known() ? (known.known() || !known.symbol.empty() ? known : other)
                                         : other;
}

}  // namespace sardonyx
