// Scatter, ScatterElements, ScatterND and TensorScatter.
#include <algorithm>

#include "ops/common/accumulate.h"
#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/index/defs.h"
#include "ops/index/indices.h"

namespace sardonyx {
namespace {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

struct ScatterAttrs : Attrs {
  int64_t axis = 0;
  Reduction reduction = Reduction::kNone;
};

Reduction ParseReduction(ParseContext& context) {
  if (context.version() < 16) return Reduction::kNone;
  const std::string name = context.String("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMul;
  if (name == "max" && context.version() >= 18) return Reduction::kMax;
  if (name == "min" && context.version() >= 18) return Reduction::kMin;
  context.Fail(absl::StrCat("reduction is '", name, "'"));
  return Reduction::kNone;
}

StatusOr<std::shared_ptr<Attrs>> ParseScatter(ParseContext& context) {
  auto attrs = std::make_shared<ScatterAttrs>();
  attrs->axis = context.Int("axis", 0);
  attrs->reduction = ParseReduction(context);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseScatterND(ParseContext& context) {
  auto attrs = std::make_shared<ScatterAttrs>();
  attrs->reduction = ParseReduction(context);
  return attrs;
}

/// Integers wrap; a NaN on either side wins, as in NumPy's maximum and minimum.
template <typename T>
T Reduce(Reduction reduction, T old, T update) {
  using C = ComputeType<T>;
  const C a = static_cast<C>(old), b = static_cast<C>(update);
  switch (reduction) {
    case Reduction::kNone:
      return update;
    case Reduction::kAdd:
    case Reduction::kMul:
      if constexpr (std::is_integral_v<T>) {
        const uint64_t wide_a = static_cast<uint64_t>(a), wide_b = static_cast<uint64_t>(b);
        return static_cast<T>(reduction == Reduction::kAdd ? wide_a + wide_b : wide_a * wide_b);
      } else {
        return static_cast<T>(reduction == Reduction::kAdd ? a + b : a * b);
      }
    case Reduction::kMax:
    case Reduction::kMin:
      if constexpr (!kIsComplex<T>) {
        return a != a || (reduction == Reduction::kMax ? a >= b : a <= b) ? old : update;
      }
  }
  return update;
}

/// Calls `function.operator()<T>(combine)`, where combine(T& place, const T& update) does what the
/// reduction says. Bools add as "or" and multiply as "and"; complex numbers have no maximum.
template <typename Function>
Status DispatchUpdate(DataType type, Reduction reduction, Function&& function) {
  if (reduction == Reduction::kNone) {
    return DispatchSize(type, [&]<typename T>() {
      return function.template operator()<T>([](T& place, const T& update) { place = update; });
    });
  }
  if (type == DataType::kBool) {
    type = DataType::kUInt8;
    if (reduction == Reduction::kAdd) reduction = Reduction::kMax;
    if (reduction == Reduction::kMul) reduction = Reduction::kMin;
  }
  const auto reduce = [&]<typename T>() {
    return function.template operator()<T>(
        [reduction](T& place, const T& update) { place = Reduce(reduction, place, update); });
  };
  const bool ordered = reduction == Reduction::kMax || reduction == Reduction::kMin;
  return ordered ? Dispatch(type, Numbers{}, reduce)
                 : Dispatch(type, Numbers{} + Complexes{}, reduce);
}

Status CheckElementTypes(const InferContext& context, int updates) {
  const DataType data = context.element(0), update = context.element(updates);
  if (data != DataType::kUndefined && update != DataType::kUndefined && data != update) {
    return InvalidArgument("data are ", Name(data), ", but updates ", Name(update));
  }
  return absl::OkStatus();
}

/// Input i, copied where output 0 has taken over memory that it is a view of.
StatusOr<Tensor> Apart(KernelContext& context, int i) {
  const Tensor& input = context.input(i);
  const Tensor& output = context.output(0);
  const auto begin = [](const Tensor& t) { return reinterpret_cast<uintptr_t>(t.raw()); };
  const auto end = [&](const Tensor& t) { return begin(t) + static_cast<uintptr_t>(t.bytes()); };
  if (begin(input) >= end(output) || begin(output) >= end(input)) return input;
  return input.Clone(context.environment().budget);
}

// ---- ScatterElements ----------------------------------------------------------------------

Status InferScatter(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckElementTypes(context, 2));
  SX_RETURN_IF_ERROR(InferSameAsInput(context));
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* indices = context.shape(1);
  const SymbolicShape* updates = context.shape(2);
  int axis = 0;
  if (data != nullptr) {
    SX_ASSIGN_OR_RETURN(
        axis, NormalizeAxis(context.attrs<ScatterAttrs>().axis, static_cast<int>(data->size())));
  }
  if (indices == nullptr) return absl::OkStatus();
  if ((data != nullptr && data->size() != indices->size()) ||
      (updates != nullptr && updates->size() != indices->size())) {
    return InvalidArgument("data, indices ", ToString(*indices), " and updates differ in rank");
  }
  for (int i = 0; i < static_cast<int>(indices->size()); ++i) {
    const Dim& count = (*indices)[i];
    if (!count.known()) continue;
    if (updates != nullptr && (*updates)[i].known() && (*updates)[i].value != count.value) {
      return InvalidArgument("indices ", ToString(*indices), " and updates ", ToString(*updates),
                             " differ in shape");
    }
    if (data != nullptr && i != axis && (*data)[i].known() && count.value > (*data)[i].value) {
      return InvalidArgument("indices ", ToString(*indices), " are larger than data ",
                             ToString(*data), " along axis ", i);
    }
  }
  return absl::OkStatus();
}

/// Element `position` of a box of these sizes, as an offset by these strides.
int64_t OffsetIn(const Shape& shape, int first, int last, const Ints& strides, int64_t position) {
  int64_t offset = 0;
  for (int i = last - 1; i >= first; --i) {
    offset += position % shape[i] * strides[i];
    position /= shape[i];
  }
  return offset;
}

/// Lanes along the axis are independent of each other; along each, updates come in order.
Status RunScatter(KernelContext& context) {
  const auto& attrs = context.attrs<ScatterAttrs>();
  SX_ASSIGN_OR_RETURN(const Tensor indices, Apart(context, 1));
  SX_ASSIGN_OR_RETURN(const Tensor updates, Apart(context, 2));
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, output.rank()));
  SX_ASSIGN_OR_RETURN(const IndexReader reader, IndexReader::Of(indices));
  const int64_t size = output.dim(axis);
  SX_RETURN_IF_ERROR(CheckIndices(context, reader, 0, 1, indices.size(), size));
  SX_RETURN_IF_ERROR(CopyAll(context, context.input(0), output));
  if (indices.size() == 0) return absl::OkStatus();
  const Shape& shape = indices.shape();
  const Ints strides = output.shape().Strides();
  const int64_t along = indices.dim(axis);
  const int64_t inner = shape.Elements(axis + 1, shape.rank());
  const bool same_inner = inner == strides[axis];
  return DispatchUpdate(output.type(), attrs.reduction, [&]<typename T>(auto combine) {
    const double cost = 3.0 * static_cast<double>(along);
    return context.ParallelFor(indices.size() / along, cost, [&](int64_t begin, int64_t end) {
      for (int64_t lane = begin; lane < end;) {
        const int64_t o = lane / inner, first = lane % inner;
        const int64_t last = std::min(inner, first + end - lane);
        T* to = output.data<T>() + OffsetIn(shape, 0, axis, strides, o);
        for (int64_t a = 0; a < along; ++a) {
          const int64_t row = (o * along + a) * inner;
          for (int64_t j = first; j < last; ++j) {
            const int64_t offset =
                same_inner ? j : OffsetIn(shape, axis + 1, shape.rank(), strides, j);
            combine(to[WrapIndex(reader[row + j], size) * strides[axis] + offset],
                    updates.data<T>()[row + j]);
          }
        }
        lane += last - first;
      }
    });
  });
}

// ---- ScatterND ----------------------------------------------------------------------------

Status InferScatterND(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckElementTypes(context, 2));
  SX_RETURN_IF_ERROR(InferSameAsInput(context));
  SX_ASSIGN_OR_RETURN(const std::optional<SymbolicShape> wanted,
                      SliceShape(context.shape(0), context.shape(1), 0));
  const SymbolicShape* updates = context.shape(2);
  if (!wanted || updates == nullptr) return absl::OkStatus();
  bool fits = updates->size() == wanted->size();
  for (size_t i = 0; fits && i < wanted->size(); ++i) {
    const Dim &a = (*wanted)[i], &b = (*updates)[i];
    fits = !a.known() || !b.known() || a.value == b.value;
  }
  if (fits) return absl::OkStatus();
  return InvalidArgument("updates have shape ", ToString(*updates), ", but ", ToString(*wanted),
                         " is needed for data ", ToString(*context.shape(0)), " and indices ",
                         ToString(*context.shape(1)));
}

Status RunScatterND(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Tensor indices, Apart(context, 1));
  SX_ASSIGN_OR_RETURN(const Tensor updates, Apart(context, 2));
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const IndexReader reader, IndexReader::Of(indices));
  const TupleLayout layout(output.shape(), indices.shape(), 0);
  SX_RETURN_IF_ERROR(layout.Check(context, reader));
  SX_RETURN_IF_ERROR(CopyAll(context, context.input(0), output));
  if (updates.size() == 0) return absl::OkStatus();
  const Reduction reduction = context.attrs<ScatterAttrs>().reduction;
  return DispatchUpdate(output.type(), reduction, [&]<typename T>(auto combine) -> Status {
    // Slices may coincide and must come in order, so threads share each slice instead; long lists
    // of tuples go in parts, so that the run can be stopped between them.
    constexpr int64_t kPart = 1 << 18;
    for (int64_t part = 0; part < layout.tuples; part += kPart) {
      const int64_t stop = std::min(layout.tuples, part + kPart);
      SX_RETURN_IF_ERROR(context.ParallelFor(
          layout.block, 2.0 * static_cast<double>(stop - part), [&](int64_t begin, int64_t end) {
            for (int64_t i = part; i < stop; ++i) {
              T* to = output.data<T>() + layout.Offset(reader, i);
              const T* from = updates.data<T>() + i * layout.block;
              for (int64_t j = begin; j < end; ++j) combine(to[j], from[j]);
            }
          }));
    }
    return absl::OkStatus();
  });
}

// ---- TensorScatter ------------------------------------------------------------------------

struct CacheAttrs : Attrs {
  int64_t axis = -2;
  bool circular = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseCache(ParseContext& context) {
  auto attrs = std::make_shared<CacheAttrs>();
  attrs->axis = context.Int("axis", -2);
  const std::string mode = context.String("mode", "linear");
  if (mode != "linear" && mode != "circular") context.Fail(absl::StrCat("mode is '", mode, "'"));
  attrs->circular = mode == "circular";
  return attrs;
}

Status InferCache(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckElementTypes(context, 1));
  SX_RETURN_IF_ERROR(InferSameAsInput(context));
  const SymbolicShape* cache = context.shape(0);
  const SymbolicShape* update = context.shape(1);
  if (cache == nullptr) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(context.attrs<CacheAttrs>().axis,
                                                    static_cast<int>(cache->size())));
  if (axis == 0) return InvalidArgument("axis 0 is the batch; it cannot be the sequence");
  if (update == nullptr) return absl::OkStatus();
  bool fits = update->size() == cache->size();
  for (int i = 0; fits && i < static_cast<int>(cache->size()); ++i) {
    const Dim &a = (*cache)[i], &b = (*update)[i];
    if (!a.known() || !b.known()) continue;
    fits = i == axis ? b.value <= a.value : a.value == b.value;
  }
  if (!fits) {
    return InvalidArgument("update ", ToString(*update), " does not fit past_cache ",
                           ToString(*cache), " with the sequence on axis ", axis);
  }
  const SymbolicShape* starts = context.shape(2);
  if (starts != nullptr && (starts->size() != 1 || ((*starts)[0].known() && (*cache)[0].known() &&
                                                    (*starts)[0].value != (*cache)[0].value))) {
    return InvalidArgument("write_indices have shape ", ToString(*starts),
                           ", but past_cache has a batch of ", (*cache)[0].ToString());
  }
  return absl::OkStatus();
}

Status RunCache(KernelContext& context) {
  const auto& attrs = context.attrs<CacheAttrs>();
  SX_ASSIGN_OR_RETURN(const Tensor update, Apart(context, 1));
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, output.rank()));
  const int64_t size = output.dim(axis), length = update.dim(axis), batch = output.dim(0);
  const int64_t block = output.shape().Elements(axis + 1, output.rank());
  const int64_t per_batch = output.shape().Elements(1, axis);
  std::optional<IndexReader> starts;
  if (context.has_input(2)) {
    SX_ASSIGN_OR_RETURN(starts, IndexReader::Of(context.input(2)));
    for (int64_t i = 0; i < batch; ++i) {
      const int64_t start = (*starts)[i];
      if (start < 0 || (!attrs.circular && start > size - length)) {
        return InvalidArgument("write_indices has ", start, " for ", length,
                               " steps, but the cache holds ", size);
      }
    }
  }
  SX_RETURN_IF_ERROR(CopyAll(context, context.input(0), output));
  if (update.size() == 0) return absl::OkStatus();
  return DispatchSize(output.type(), [&]<typename T>() {
    const double cost = 4.0 + 0.15 * sizeof(T) * static_cast<double>(length * block);
    return context.ParallelFor(batch * per_batch, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t start = starts ? (*starts)[i / per_batch] % size : 0;
        for (int64_t t = 0; t < length; ++t) {
          const int64_t at = start + t < size ? start + t : start + t - size;
          std::copy_n(update.data<T>() + (i * length + t) * block, block,
                      output.data<T>() + (i * size + at) * block);
        }
      }
    });
  });
}

}  // namespace

std::vector<OpDef> ScatterOps() {
  return {
      {.domain = "",
       .name = "Scatter",
       .versions = {9},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseScatter,
       .infer = InferScatter,
       .kernels = {SimpleKernel<RunScatter>("scatter.lanes")},
       .in_place = {0},
       .last_version = 10},
      {.domain = "",
       .name = "ScatterElements",
       .versions = {11, 13, 16, 18},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseScatter,
       .infer = InferScatter,
       .kernels = {SimpleKernel<RunScatter>("scatter.lanes")},
       .in_place = {0}},
      {.domain = "",
       .name = "ScatterND",
       .versions = {11, 13, 16, 18},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseScatterND,
       .infer = InferScatterND,
       .kernels = {SimpleKernel<RunScatterND>("scatter.slices")},
       .in_place = {0}},
      {.domain = "",
       .name = "TensorScatter",
       .versions = {24},
       .min_inputs = 2,
       .max_inputs = 3,
       .parse = ParseCache,
       .infer = InferCache,
       .kernels = {SimpleKernel<RunCache>("scatter.cache")},
       .in_place = {0}},
  };
}

}  // namespace sardonyx
