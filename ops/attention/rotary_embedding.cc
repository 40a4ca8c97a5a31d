// RotaryEmbedding: pairs of elements turned by angles that depend on the position (Su et al.,
// arXiv:2104.09864).
#include <algorithm>

#include "ops/attention/attention.h"
#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

using RotaryTypes = TypeList<float, Half, BFloat16>;

struct RotaryAttrs : Attrs {
  bool interleaved = false;
  int64_t rotary_dim = 0;  // leading elements of a head that turn; 0: all
  int64_t heads = 0;       // for rank 3; 0: not given
};

StatusOr<std::shared_ptr<Attrs>> ParseRotary(ParseContext& context) {
  auto attrs = std::make_shared<RotaryAttrs>();
  attrs->interleaved = context.Flag("interleaved", false);
  attrs->rotary_dim = context.Int("rotary_embedding_dim", 0);
  attrs->heads = context.Int("num_heads", 0);
  if (attrs->rotary_dim < 0 || attrs->rotary_dim % 2 != 0 || attrs->heads < 0) {
    return InvalidArgument("rotary_embedding_dim is ", attrs->rotary_dim, " and num_heads ",
                           attrs->heads,
                           ", but neither may be negative, and the first must be even");
  }
  return attrs;
}

/// X [batch, heads, length, size] or [batch, length, heads * size].
Status InferRotary(InferContext& context) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, RotaryTypes{}, {0, 1, 2}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {3}).status());
  const SymbolicShape* x = context.shape(0);
  const bool by_position = context.has_input(3);
  Dim batch, length, half;
  if (x != nullptr) {
    if (x->size() != 3 && x->size() != 4) {
      return InvalidArgument("X has shape ", ToString(*x), ", but must have rank 3 or 4");
    }
    if (x->size() == 3 && attrs.heads == 0) {
      return InvalidArgument("X has shape ", ToString(*x), ", for which num_heads must be given");
    }
    batch = (*x)[0];
    length = (*x)[x->size() - 2];
    Dim size = x->back();
    if (x->size() == 3 && size.known()) {
      if (size.value % attrs.heads != 0) {
        return InvalidArgument("X has shape ", ToString(*x), ", whose last dimension is no ",
                               "multiple of num_heads, ", attrs.heads);
      }
      size = Dim(size.value / attrs.heads);
    }
    if (size.known()) {
      const int64_t rotary = attrs.rotary_dim == 0 ? size.value : attrs.rotary_dim;
      if (rotary > size.value || rotary % 2 != 0) {
        return InvalidArgument("heads have ", size.value, " elements, of which ", rotary,
                               " cannot be turned in pairs");
      }
      half = Dim(rotary / 2);
    }
  }
  for (const int i : {1, 2}) {
    const absl::string_view name = i == 1 ? "cos_cache" : "sin_cache";
    SX_RETURN_IF_ERROR(CheckRank(context, i, by_position ? 2 : 3, name));
    const SymbolicShape* cache = context.shape(i);
    if (cache == nullptr) continue;
    SX_ASSIGN_OR_RETURN(half, MergeDims(half, cache->back(), "half the number of turned elements"));
    if (by_position) continue;
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*cache)[0], "the batch"));
    SX_ASSIGN_OR_RETURN(length, MergeDims(length, (*cache)[1], "the length"));
  }
  if (by_position && context.shape(1) != nullptr && context.shape(2) != nullptr) {
    SX_RETURN_IF_ERROR(MergeDims((*context.shape(1))[0], (*context.shape(2))[0],
                                 "the number of positions of the caches")
                           .status());
  }
  SX_RETURN_IF_ERROR(CheckRank(context, 3, 2, "position_ids"));
  if (const SymbolicShape* ids = context.shape(3)) {
    SX_RETURN_IF_ERROR(MergeDims(batch, (*ids)[0], "the batch").status());
    SX_RETURN_IF_ERROR(MergeDims(length, (*ids)[1], "the length").status());
  }
  context.set_output(0, element, x ? std::optional(*x) : std::nullopt);
  return absl::OkStatus();
}

template <typename T>
Status Rotate(KernelContext& context, const HeadsView& view) {
  const auto& attrs = context.attrs<RotaryAttrs>();
  const Tensor& input = context.input(0);
  const T *x = input.data<T>(), *cosine = context.input(1).data<T>(),
          *sine = context.input(2).data<T>();
  const int64_t* positions = context.has_input(3) ? context.input(3).data<int64_t>() : nullptr;
  T* y = context.output(0).data<T>();
  const int64_t half = (attrs.rotary_dim == 0 ? view.size : attrs.rotary_dim) / 2;
  return context.ParallelFor(
      input.dim(0) * view.heads * view.length, 3.0 * view.size, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t row = i % view.length, batch = i / view.length / view.heads;
          const int64_t at = view.At(batch, i / view.length % view.heads, row);
          const int64_t position = batch * view.length + row;
          const int64_t angles = (positions == nullptr ? position : positions[position]) * half;
          for (int64_t j = 0; j < half; ++j) {
            const int64_t first = at + (attrs.interleaved ? 2 * j : j);
            const int64_t second = at + (attrs.interleaved ? 2 * j + 1 : j + half);
            const double a = Widen(x[first]), b = Widen(x[second]);
            const double c = Widen(cosine[angles + j]), s = Widen(sine[angles + j]);
            y[first] = Narrow<T>(c * a - s * b);
            y[second] = Narrow<T>(s * a + c * b);
          }
          std::copy(x + at + 2 * half, x + at + view.size, y + at + 2 * half);
        }
      });
}

Status RunRotary(KernelContext& context) {
  const Tensor& input = context.input(0);
  if (input.size() == 0) return absl::OkStatus();
  if (context.has_input(3)) {
    const int64_t count = context.input(1).dim(0);
    for (const int64_t id : context.input(3).span<int64_t>()) {
      if (id < 0 || id >= count) {
        return InvalidArgument("position_ids has ", id, ", but the caches hold ", count,
                               " positions");
      }
    }
  }
  const HeadsView view(input.shape(), context.attrs<RotaryAttrs>().heads);
  return Dispatch(input.type(), RotaryTypes{},
                  [&]<typename T>() { return Rotate<T>(context, view); });
}

}  // namespace

OpDef RotaryEmbeddingOp() {
  return {.name = "RotaryEmbedding",
          .versions = {23},
          .min_inputs = 3,
          .max_inputs = 4,
          .parse = ParseRotary,
          .infer = InferRotary,
          .kernels = {SimpleKernel<RunRotary>("rotary_embedding.reference")},
          .in_place = {}};
}

}  // namespace sardonyx
