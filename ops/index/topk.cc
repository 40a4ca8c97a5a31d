// TopK.
#include <algorithm>
#include <functional>

#include "ops/common/axis_split.h"
#include "ops/common/int_inputs.h"
#include "ops/common/require_input.h"
#include "ops/index/defs.h"
#include "ops/index/parallel_sort.h"
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

/// The elements along the axis at one place of the others.
template <typename T>
struct Lane {
  const T* from;
  int64_t step;
  uint64_t flip;  // of the keys: all bits where the smallest are wanted

  void Read(int64_t begin, int64_t end, Candidate* to) const {
    for (int64_t i = begin; i < end; ++i) *to++ = {SortKey(from[i * step]) ^ flip, i};
  }
};

// Longer lanes are cut into parts of this length, which threads share.
constexpr int64_t kPart = 1 << 14;

/// SelectFirst for a long lane: the first of each part, and of those the first. Both lists have
/// room for n.
template <typename T>
Status SelectFromParts(const KernelContext& context, const Lane<T>& lane, int64_t n, int64_t k,
                       Candidate* candidates, Candidate* buffer) {
  const int64_t kept = std::min(k, kPart), parts = (n - 1) / kPart + 1;
  SX_RETURN_IF_ERROR(context.ParallelFor(parts, 15.0 * kPart, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * kPart, last = std::min(n, first + kPart);
      lane.Read(first, last, buffer + first);
      SelectFirst(buffer + first, last - first, std::min(kept, last - first));
      std::copy_n(buffer + first, std::min(kept, last - first), candidates + i * kept);
    }
  }));
  const int64_t survivors = (parts - 1) * kept + std::min(kept, n - (parts - 1) * kPart);
  return ParallelSort(context, candidates, buffer, survivors, 5, std::less<>());
}

template <typename T>
Status SelectLanes(KernelContext& context, Tensor* values, Tensor* indices) {
  const auto& attrs = context.attrs<TopKAttrs>();
  const Tensor& data = context.input(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, data.rank()));
  const AxisSplit split(data.shape(), axis);
  const int64_t n = split.length, lanes = split.outer * split.inner;
  const int64_t k = (values != nullptr ? values : indices)->dim(axis);
  const auto lane_at = [&](int64_t lane) {
    const int64_t first = lane / split.inner * n * split.inner + lane % split.inner;
    return Lane<T>{data.data<T>() + first, split.inner, attrs.largest ? 0 : ~uint64_t{0}};
  };
  const auto write = [&](int64_t lane, const Candidate* best) {
    int64_t to = lane / split.inner * k * split.inner + lane % split.inner;
    for (int64_t i = 0; i < k; ++i, to += split.inner) {
      if (values != nullptr) {
        values->data<T>()[to] = lane_at(lane).from[best[i].index * split.inner];
      }
      if (indices != nullptr) indices->data<int64_t>()[to] = best[i].index;
    }
  };
  if (n > kPart) {
    SX_ASSIGN_OR_RETURN(Tensor memory, context.Temporary(DataType::kInt64, {2, n, 2}));
    auto* candidates = static_cast<Candidate*>(memory.raw());
    for (int64_t lane = 0; lane < lanes; ++lane) {
      SX_RETURN_IF_ERROR(SelectFromParts(context, lane_at(lane), n, k, candidates, candidates + n));
      write(lane, candidates);
    }
    return absl::OkStatus();
  }
  return context.ParallelFor(lanes, 15.0 * static_cast<double>(n), [&](int64_t begin, int64_t end) {
    std::vector<Candidate> candidates(static_cast<size_t>(n));
    for (int64_t lane = begin; lane < end; ++lane) {
      lane_at(lane).Read(0, n, candidates.data());
      SelectFirst(candidates.data(), n, k);
      write(lane, candidates.data());
    }
  });
}

Status RunTopK(KernelContext& context) {
  Tensor* values = context.has_output(0) ? &context.output(0) : nullptr;
  Tensor* indices = context.has_output(1) ? &context.output(1) : nullptr;
  const Tensor* sized = values != nullptr ? values : indices;
  if (sized == nullptr || sized->size() == 0) return absl::OkStatus();
  return Dispatch(context.input(0).type(), Numbers{},
                  [&]<typename T>() { return SelectLanes<T>(context, values, indices); });
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
