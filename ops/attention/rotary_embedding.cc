// RotaryEmbedding, of ai.onnx and of com.microsoft.
#include <algorithm>

#include "ops/attention/ops.h"
#include "ops/attention/rotary.h"
#include "ops/common/accumulate.h"
#include "ops/common/contrib.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

using RotaryTypes = TypeList<float, Half, BFloat16>;

struct RotaryAttrs : Attrs {
  bool interleaved = false;
  int64_t rotary_dim = 0;  // leading elements of a head that turn; 0: all
  int64_t heads = 0;       // for rank 3; 0: not given
  // Inputs by position, which the two domains have in different order. In com.microsoft positions
  // may be a single one, the first of every sequence, and the caches say the size of a head.
  bool contrib = false;
  int cosines() const { return contrib ? 2 : 1; }
  int sines() const { return contrib ? 3 : 2; }
  int positions() const { return contrib ? 1 : 3; }
};

template <bool contrib>
StatusOr<std::shared_ptr<Attrs>> ParseRotary(ParseContext& context) {
  auto attrs = std::make_shared<RotaryAttrs>();
  attrs->contrib = contrib;
  attrs->interleaved = context.Flag("interleaved", false);
  attrs->rotary_dim = context.Int("rotary_embedding_dim", 0);
  attrs->heads = context.Int("num_heads", 0);
  if (attrs->rotary_dim < 0 || attrs->rotary_dim % 2 != 0 || attrs->heads < 0) {
    return InvalidArgument("rotary_embedding_dim is ", attrs->rotary_dim, " and num_heads ",
                           attrs->heads,
                           ", but neither may be negative, and the first must be even");
  }
  if (contrib) {
    context.Ignore("scale");               // ONNX Runtime has no use for it
    context.Ignore("is_packed_batching");  // nor for this, but to allow long sequences
    if (attrs->rotary_dim > 0 && attrs->heads == 0) {
      return InvalidArgument("num_heads must be given with rotary_embedding_dim");
    }
  }
  return attrs;
}

/// Elements of each of X's heads; unknown where that cannot be said.
StatusOr<Dim> HeadSize(const InferContext& context, const RotaryAttrs& attrs) {
  const SymbolicShape& x = *context.shape(0);
  if (x.size() == 4 || !x.back().known()) return x.size() == 4 ? x.back() : Dim();
  if (attrs.heads > 0) {
    if (x.back().value % attrs.heads == 0) return Dim(x.back().value / attrs.heads);
    return InvalidArgument("X has shape ", ToString(x), ", whose last dimension is no multiple of ",
                           "num_heads, ", attrs.heads);
  }
  const SymbolicShape* cache = context.shape(attrs.cosines());
  if (cache == nullptr || cache->empty() || !cache->back().known()) return Dim();
  const auto size = CheckedMul(cache->back().value, 2);
  if (size && *size > 0 && x.back().value % *size == 0) return Dim(*size);
  return InvalidArgument("X has shape ", ToString(x), ", whose last dimension is no multiple of ",
                         "twice cos_cache's, ", cache->back().value);
}

Status InferRotary(InferContext& context) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, RotaryTypes{}, {0, attrs.cosines(), attrs.sines()}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {attrs.positions()}).status());
  const SymbolicShape* x = context.shape(0);
  const bool by_position = context.has_input(attrs.positions());
  Dim batch, length, half;
  if (x != nullptr) {
    if (x->size() != 3 && x->size() != 4) {
      return InvalidArgument("X has shape ", ToString(*x), ", but must have rank 3 or 4");
    }
    if (x->size() == 3 && attrs.heads == 0 && !attrs.contrib) {
      return InvalidArgument("X has shape ", ToString(*x), ", for which num_heads must be given");
    }
    batch = (*x)[0];
    length = (*x)[x->size() - 2];
    SX_ASSIGN_OR_RETURN(const Dim size, HeadSize(context, attrs));
    if (size.known()) {
      const int64_t rotary = attrs.rotary_dim == 0 ? size.value : attrs.rotary_dim;
      if (rotary > size.value || rotary % 2 != 0) {
        return InvalidArgument("heads have ", size.value, " elements, of which ", rotary,
                               " cannot be turned in pairs");
      }
      half = Dim(rotary / 2);
    }
  }
  Dim rows;
  for (const int i : {attrs.cosines(), attrs.sines()}) {
    const absl::string_view name = i == attrs.cosines() ? "cos_cache" : "sin_cache";
    SX_RETURN_IF_ERROR(CheckRank(context, i, by_position ? 2 : 3, name));
    const SymbolicShape* cache = context.shape(i);
    if (cache == nullptr) continue;
    SX_ASSIGN_OR_RETURN(half, MergeDims(half, cache->back(), "half the number of turned elements"));
    if (by_position) {
      SX_ASSIGN_OR_RETURN(rows,
                          MergeDims(rows, (*cache)[0], "the number of positions of the caches"));
    } else {
      SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*cache)[0], "the batch"));
      SX_ASSIGN_OR_RETURN(length, MergeDims(length, (*cache)[1], "the length"));
    }
  }
  if (const SymbolicShape* ids = context.shape(attrs.positions())) {
    const bool first_only = attrs.contrib && ids->size() == 1;
    SX_RETURN_IF_ERROR(CheckRank(context, attrs.positions(), first_only ? 1 : 2, "position_ids"));
    SX_RETURN_IF_ERROR(MergeDims(first_only ? Dim(1) : batch, (*ids)[0], "the batch").status());
    if (!first_only) SX_RETURN_IF_ERROR(MergeDims(length, (*ids)[1], "the length").status());
  }
  context.set_output(0, element, x ? std::optional(*x) : std::nullopt);
  return absl::OkStatus();
}

Status RunRotary(KernelContext& context) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  const Tensor& x = context.input(0);
  if (x.size() == 0) return absl::OkStatus();
  const Tensor& cosines = context.input(attrs.cosines());
  const int64_t cached = 2 * cosines.dim(cosines.rank() - 1);
  const HeadsView view(x.shape(),
                       attrs.heads > 0 || x.rank() == 4 ? attrs.heads : x.dim(2) / cached);
  const Tensor& ids = context.input(attrs.positions());
  if (ids.defined()) {
    const int64_t count = cosines.dim(0);
    const int64_t further = ids.rank() == 1 ? view.length - 1 : 0;
    for (const int64_t id : ids.span<int64_t>()) {
      if (id < 0 || id >= count - further) {
        return InvalidArgument("position_ids has ", id, ", but the caches hold ", count,
                               " positions");
      }
    }
  }
  const auto position = [&](int64_t batch, int64_t row) {
    if (!ids.defined()) return batch * view.length + row;
    if (ids.rank() == 1) return *ids.data<int64_t>() + row;
    return ids.data<int64_t>()[batch * view.length + row];
  };
  return Rotate(context, x.dim(0), x, view,
                {.interleaved = attrs.interleaved,
                 .turned = attrs.rotary_dim == 0 ? view.size : attrs.rotary_dim,
                 .cosines = cosines,
                 .sines = context.input(attrs.sines()),
                 .position = position},
                context.output(0), view);
}

}  // namespace

Status Rotate(const KernelContext& context, int64_t batch, const Tensor& x, const HeadsView& x_view,
              const Rotation& rotation, Tensor& y, const HeadsView& y_view) {
  const int64_t heads = x_view.heads, length = x_view.length, half = rotation.turned / 2;
  return Dispatch(x.type(), RotaryTypes{}, [&]<typename T>() {
    const T *cosines = rotation.cosines.data<T>(), *sines = rotation.sines.data<T>();
    const double cost = 3.0 * static_cast<double>(x_view.size);
    return context.ParallelFor(batch * heads * length, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i % length, head = i / length % heads, b = i / length / heads;
        const T* from = x.data<T>() + x_view.At(b, head, row);
        T* to = y.data<T>() + y_view.At(b, head, row);
        const int64_t angles = rotation.position(b, row) * half;
        for (int64_t j = 0; j < half; ++j) {
          const int64_t first = rotation.interleaved ? 2 * j : j;
          const int64_t second = rotation.interleaved ? 2 * j + 1 : j + half;
          const double p = Widen(from[first]), q = Widen(from[second]);
          const double c = Widen(cosines[angles + j]), s = Widen(sines[angles + j]);
          to[first] = Narrow<T>(c * p - s * q);
          to[second] = Narrow<T>(s * p + c * q);
        }
        std::copy(from + 2 * half, from + x_view.size, to + 2 * half);
      }
    });
  });
}

OpDef RotaryEmbeddingOp() {
  return {.name = "RotaryEmbedding",
          .versions = {23},
          .min_inputs = 3,
          .max_inputs = 4,
          .parse = ParseRotary<false>,
          .infer = InferRotary,
          .kernels = {SimpleKernel<RunRotary>("rotary_embedding.reference")},
          .in_place = {}};
}

OpDef ContribRotaryEmbeddingOp() {
  OpDef op = AsContrib(RotaryEmbeddingOp(), "RotaryEmbedding");
  op.min_inputs = 4;
  op.parse = ParseRotary<true>;
  return op;
}

}  // namespace sardonyx
