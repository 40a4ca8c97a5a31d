#include "ops/common/int_inputs.h"

#include <algorithm>

namespace sardonyx {
namespace {

constexpr int64_t kLongestList = 1 << 16;
constexpr int64_t kLargestTensor = int64_t{1} << 46;

StatusOr<Ints> ReadInts(const Tensor& tensor, absl::string_view what) {
  if (tensor.rank() > 1 || tensor.size() > kLongestList) {
    return InvalidArgument(what, " must be a list of integers, but is ", tensor.ToString());
  }
  auto values = ToInts(tensor);
  if (!values.ok()) return InvalidArgument(what, ": ", values.status().message());
  return values;
}

}  // namespace

StatusOr<std::optional<Ints>> KnownInts(const InferContext& context, int i,
                                        absl::string_view what) {
  if (!context.has_input(i)) return std::optional<Ints>();
  if (const SymbolicShape* shape = context.shape(i); shape != nullptr && shape->size() > 1) {
    return InvalidArgument(what, " must have rank 1, but is ", context.input(i).ToString());
  }
  if (context.value(i) == nullptr) return std::optional<Ints>();
  SX_ASSIGN_OR_RETURN(Ints values, ReadInts(*context.value(i), what));
  return std::optional<Ints>(std::move(values));
}

std::optional<SymbolicShape> ShortInts(const InferContext& context, int i) {
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr || shape->size() > 1) return std::nullopt;
  if (shape->size() == 1 && (!(*shape)[0].known() || (*shape)[0].value > 1024)) return std::nullopt;
  const DataType element = context.element(i);
  if (element != DataType::kInt64 && element != DataType::kInt32) return std::nullopt;
  return context.ints(i);
}

StatusOr<Ints> InputInts(const KernelContext& context, int i, absl::string_view what) {
  if (!context.has_input(i)) return InvalidArgument(what, " is required");
  return ReadInts(context.input(i), what);
}

StatusOr<int64_t> SingleInt(const Tensor& tensor, absl::string_view what) {
  if (tensor.size() != 1) {
    return InvalidArgument(what, " must have one element, but is ", tensor.ToString());
  }
  auto values = ToInts(tensor);
  if (!values.ok()) return InvalidArgument(what, ": ", values.status().message());
  return (*values)[0];
}

StatusOr<Ints> NormalizeAxes(absl::Span<const int64_t> axes, int rank) {
  Ints result;
  Ints seen(rank, 0);
  for (int64_t axis : axes) {
    SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(axis, rank));
    if (seen[normal]++) return InvalidArgument("axis ", axis, " is named twice");
    result.push_back(normal);
  }
  return result;
}

Status CheckPlausible(DataType element, const SymbolicShape& shape) {
  Shape known;
  // Zeros count as 1 too: strides are products of parts of the shape.
  for (const Dim& dim : shape) known.push_back(std::max<int64_t>(dim.value, 1));
  const int64_t size = element == DataType::kUndefined ? 1 : ElementSize(element);
  const auto bytes = CheckedMul(known.Elements(), size);
  if (!bytes || *bytes > kLargestTensor) {
    return LimitExceeded("a tensor of shape ", ToString(shape), " is too large");
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
