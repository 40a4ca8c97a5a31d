// TopK.
#include <algorithm>
#include <atomic>

#include "ops/common/int_inputs.h"
#include "ops/common/require_input.h"
#include "ops/index/defs.h"
#include "ops/index/sort_key.h"

namespace sardonyx {
namespace {

struct TopKAttrs : Attrs {
  int64_t axis = -1;
  int64_t k = 0;  // opset 1; later an input
  bool largest = true;
};

StatusOr<std::shared_ptr<Attrs>> ParseTopK(ParseContext& context) {
  auto attrs = std::make_shared<TopKAttrs>();
  attrs->axis = context.Int("axis", -1);
  if (context.version() < 10) {
    context.Require("k");
    attrs->k = context.Int("k", 0);
  } else {
    RequireInput(context, 1, "K");
  }
  if (context.version() >= 11) {
    attrs->largest = context.Flag("largest", true);
    context.Ignore("sorted");  // sorted output is as good as any
  }
  return attrs;
}

Status InferTopK(InferContext& context) {
  const auto& attrs = context.attrs<TopKAttrs>();
  const SymbolicShape* data = context.shape(0);
  Dim k;
  if (context.version() < 10) {
    k = attrs.k;
    if (attrs.k < 0) return InvalidArgument("k is ", attrs.k);
  } else if (context.value(1) != nullptr) {
    SX_ASSIGN_OR_RETURN(const int64_t count, SingleInt(*context.value(1), "K"));
    if (count < 0) return InvalidArgument("K is ", count);
    k = count;
  } else if (const auto ints = ShortInts(context, 1); ints && ints->size() == 1) {
    k = (*ints)[0];
  }
  std::optional<SymbolicShape> result;
  if (data != nullptr) {
    SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, static_cast<int>(data->size())));
    const Dim& size = (*data)[axis];
    if (k.known() && size.known() && k.value > size.value) {
      return InvalidArgument("K is ", k.value, ", but axis ", axis, " of ", ToString(*data),
                             " has only ", size.value, " elements");
    }
    result = *data;
    (*result)[axis] = k;
  }
  context.set_output(0, context.element(0), result);
  context.set_output(1, DataType::kInt64, std::move(result));
  return absl::OkStatus();
}

struct Candidate {
  uint64_t key;
  int64_t index;

  /// Greater keys first, and the lower index among equals.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.key != b.key ? a.key > b.key : a.index < b.index;
  }
};

/// Brings the first k candidates to the front, in order.
void SelectFirst(Candidate* candidates, int64_t n, int64_t k) {
  if (k < n) std::nth_element(candidates, candidates + k, candidates + n);
  std::sort(candidates, candidates + k);
}

Status RunTopK(KernelContext& context) {
  const auto& attrs = context.attrs<TopKAttrs>();
  const Tensor& data = context.input(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, data.rank()));
  const int64_t n = data.dim(axis);
  const int64_t inner = data.shape().Elements(axis + 1, data.rank());
  const int64_t lanes = data.shape().Elements(0, axis) * inner;
  Tensor* values = context.has_output(0) ? &context.output(0) : nullptr;
  Tensor* indices = context.has_output(1) ? &context.output(1) : nullptr;
  const Tensor* sized = values != nullptr ? values : indices;
  if (sized == nullptr || sized->size() == 0) return absl::OkStatus();
  const int64_t k = sized->dim(axis);
  const uint64_t flip = attrs.largest ? 0 : ~uint64_t{0};
  std::atomic<bool> out_of_memory{false};
  SX_RETURN_IF_ERROR(Dispatch(data.type(), Numbers{}, [&]<typename T>() {
    return context.ParallelFor(lanes, 15.0 * static_cast<double>(n),
                               [&](int64_t begin, int64_t end) {
                                 auto memory = context.Temporary(DataType::kInt64, {n, 2});
                                 if (!memory.ok()) {
                                   out_of_memory = true;
                                   return;
                                 }
                                 auto* candidates = static_cast<Candidate*>(memory->raw());
                                 for (int64_t lane = begin; lane < end; ++lane) {
                                   const int64_t outer = lane / inner, place = lane % inner;
                                   const T* from = data.data<T>() + outer * n * inner + place;
                                   for (int64_t i = 0; i < n; ++i)
                                     candidates[i] = {SortKey(from[i * inner]) ^ flip, i};
                                   SelectFirst(candidates, n, k);
                                   for (int64_t i = 0; i < k; ++i) {
                                     const int64_t to = (outer * k + i) * inner + place;
                                     const int64_t index = candidates[i].index;
                                     if (values != nullptr)
                                       values->data<T>()[to] = from[index * inner];
                                     if (indices != nullptr) indices->data<int64_t>()[to] = index;
                                   }
                                 }
                               });
  }));
  if (out_of_memory) return LimitExceeded("there is no memory to sort ", n, " elements");
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> TopKOps() {
  return {{.domain = "",
           .name = "TopK",
           .versions = {1, 10, 11, 24},
           .min_inputs = 1,
           .max_inputs = 2,
           .min_outputs = 2,
           .max_outputs = 2,
           .parse = ParseTopK,
           .infer = InferTopK,
           .kernels = {SimpleKernel<RunTopK>("topk.select")}}};
}

}  // namespace sardonyx
