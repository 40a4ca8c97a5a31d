// Operators that read the shape of a tensor.
#include <algorithm>

#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

struct ShapeAttrs : Attrs {
  int64_t start = 0;
  std::optional<int64_t> end;

  /// The range of axes asked for, of a tensor of that rank.
  std::pair<int, int> Range(int64_t rank) const {
    const auto clamp = [rank](int64_t axis) {
      return static_cast<int>(std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank));
    };
    const int first = clamp(start), last = end ? clamp(*end) : static_cast<int>(rank);
    return {first, std::max(first, last)};
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseShape(ParseContext& context) {
  auto attrs = std::make_shared<ShapeAttrs>();
  if (context.version() >= 15) {
    attrs->start = context.Int("start", 0);
    if (context.Has("end")) attrs->end = context.Int("end", 0);
  }
  return attrs;
}

Status InferShape(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  if (data == nullptr) {
    context.set_output(0, DataType::kInt64, SymbolicShape(1));
    return absl::OkStatus();
  }
  const auto [first, last] = context.attrs<ShapeAttrs>().Range(static_cast<int64_t>(data->size()));
  context.set_output(0, DataType::kInt64, SymbolicShape{last - first});
  context.set_ints(0, SymbolicShape(data->begin() + first, data->begin() + last));
  return absl::OkStatus();
}

Status RunShape(KernelContext& context) {
  const Shape& shape = context.input(0).shape();
  const int first = context.attrs<ShapeAttrs>().Range(shape.rank()).first;
  Tensor& output = context.output(0);
  for (int64_t i = 0; i < output.size(); ++i) {
    output.data<int64_t>()[i] = shape[first + static_cast<int>(i)];
  }
  return absl::OkStatus();
}

Status InferSize(InferContext& context) {
  context.set_output(0, DataType::kInt64, SymbolicShape{});
  if (const SymbolicShape* data = context.shape(0)) context.set_ints(0, {Product(*data)});
  return absl::OkStatus();
}

Status RunSize(KernelContext& context) {
  *context.output(0).data<int64_t>() = context.input(0).size();
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> ShapeOfOps() {
  return {
      {.domain = "",
       .name = "Shape",
       .versions = {1, 13, 15, 19, 21, 23, 24, 25},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseShape,
       .infer = InferShape,
       .kernels = {SimpleKernel<RunShape>("shape.shape")}},
      {.domain = "",
       .name = "Size",
       .versions = {1, 13, 19, 21, 23, 24, 25},
       .min_inputs = 1,
       .max_inputs = 1,
       .infer = InferSize,
       .kernels = {SimpleKernel<RunSize>("shape.size")}},
  };
}

}  // namespace sardonyx
