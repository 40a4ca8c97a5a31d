// Gather, GatherElements and GatherND.
#include <algorithm>

#include "ops/common/element_size.h"
#include "ops/common/gradients.h"
#include "ops/common/int_inputs.h"
#include "ops/index/defs.h"
#include "ops/index/indices.h"

namespace sardonyx {
namespace {

struct GatherAttrs : Attrs {
  int64_t axis = 0;
  int batch_dims = 0;  // GatherND
};

StatusOr<std::shared_ptr<Attrs>> ParseGather(ParseContext& context) {
  auto attrs = std::make_shared<GatherAttrs>();
  attrs->axis = context.Int("axis", 0);
  return attrs;
}

// ---- Gather -------------------------------------------------------------------------------

/// The chosen elements of a list of integers, where the list and the choice are known.
std::optional<SymbolicShape> GatherInts(const InferContext& context) {
  const auto list = ShortInts(context, 0);
  const Tensor* indices = context.value(1);
  if (!list || indices == nullptr || indices->rank() > 1 || indices->size() > 1024 ||
      context.shape(0)->size() != 1) {
    return std::nullopt;
  }
  const auto places = ToInts(*indices);
  if (!places.ok()) return std::nullopt;
  SymbolicShape chosen;
  for (int64_t place : *places) {
    const int64_t at = WrapIndex(place, static_cast<int64_t>(list->size()));
    if (at < 0) return std::nullopt;
    chosen.push_back((*list)[at]);
  }
  return chosen;
}

Status InferGather(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* indices = context.shape(1);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr || indices == nullptr) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(context.attrs<GatherAttrs>().axis,
                                                    static_cast<int>(data->size())));
  SymbolicShape result(data->begin(), data->begin() + axis);
  result.insert(result.end(), indices->begin(), indices->end());
  result.insert(result.end(), data->begin() + axis + 1, data->end());
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  if (auto ints = GatherInts(context)) context.set_ints(0, *std::move(ints));
  return absl::OkStatus();
}

Status RunGather(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<GatherAttrs>().axis, data.rank()));
  SX_ASSIGN_OR_RETURN(const IndexReader reader, IndexReader::Of(indices));
  const int64_t size = data.dim(axis), count = indices.size();
  SX_RETURN_IF_ERROR(CheckIndices(context, reader, 0, 1, count, size));
  if (output.size() == 0) return absl::OkStatus();
  const int64_t outer = data.shape().Elements(0, axis);
  const int64_t block = data.shape().Elements(axis + 1, data.rank());
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 2.0 + 0.15 * sizeof(T) * static_cast<double>(block);
    return context.ParallelFor(outer * count, cost, [&](int64_t begin, int64_t end) {
      T* to = output.data<T>() + begin * block;
      int64_t place = begin % count;
      const T* from = data.data<T>() + begin / count * size * block;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t index = reader[place];
        const T* chosen = from + (index < 0 ? index + size : index) * block;
        if (block == 1) {
          *to = *chosen;
        } else {
          std::copy_n(chosen, block, to);
        }
        to += block;
        if (++place == count) {
          place = 0;
          from += size * block;
        }
      }
    });
  });
}

// ---- GatherElements -----------------------------------------------------------------------

Status InferGatherElements(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* indices = context.shape(1);
  context.set_output(0, context.element(0),
                     indices != nullptr ? std::optional(*indices) : std::nullopt);
  if (data == nullptr || indices == nullptr) return absl::OkStatus();
  if (data->size() != indices->size()) {
    return InvalidArgument("data ", ToString(*data), " and indices ", ToString(*indices),
                           " differ in rank");
  }
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(context.attrs<GatherAttrs>().axis,
                                                    static_cast<int>(data->size())));
  for (int i = 0; i < static_cast<int>(data->size()); ++i) {
    const Dim &have = (*data)[i], &want = (*indices)[i];
    if (i != axis && have.known() && want.known() && want.value > have.value) {
      return InvalidArgument("indices ", ToString(*indices), " are larger than data ",
                             ToString(*data), " along axis ", i);
    }
  }
  return absl::OkStatus();
}

Status RunGatherElements(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<GatherAttrs>().axis, data.rank()));
  SX_ASSIGN_OR_RETURN(const IndexReader reader, IndexReader::Of(indices));
  const int64_t size = data.dim(axis);
  SX_RETURN_IF_ERROR(CheckIndices(context, reader, 0, 1, indices.size(), size));
  if (output.size() == 0) return absl::OkStatus();
  const int last = data.rank() - 1;
  const Ints strides = data.shape().Strides();
  const int64_t row = indices.dim(last), along = strides[axis];
  const int64_t inner = axis == last ? 0 : 1;  // elements of data per step in a row
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 2.0 * static_cast<double>(row) + 5;
    return context.ParallelFor(indices.size() / row, cost, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* from = data.data<T>();
        int64_t rest = r;
        for (int i = last - 1; i >= 0; --i) {
          if (i != axis) from += rest % indices.dim(i) * strides[i];
          rest /= indices.dim(i);
        }
        T* to = output.data<T>() + r * row;
        for (int64_t j = 0; j < row; ++j) {
          const int64_t index = reader[r * row + j];
          to[j] = from[(index < 0 ? index + size : index) * along + j * inner];
        }
      }
    });
  });
}

// ---- GatherND -----------------------------------------------------------------------------

StatusOr<std::shared_ptr<Attrs>> ParseGatherND(ParseContext& context) {
  auto attrs = std::make_shared<GatherAttrs>();
  if (context.version() >= 12) {
    const int64_t batch_dims = context.Int("batch_dims", 0);
    if (batch_dims < 0 || batch_dims > 1024) {
      context.Fail(absl::StrCat("batch_dims is ", batch_dims));
    } else {
      attrs->batch_dims = static_cast<int>(batch_dims);
    }
  }
  return attrs;
}

Status InferGatherND(InferContext& context) {
  SX_ASSIGN_OR_RETURN(
      std::optional<SymbolicShape> result,
      SliceShape(context.shape(0), context.shape(1), context.attrs<GatherAttrs>().batch_dims));
  if (result) SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), *result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunGatherND(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const IndexReader reader, IndexReader::Of(indices));
  const TupleLayout layout(data.shape(), indices.shape(), context.attrs<GatherAttrs>().batch_dims);
  SX_RETURN_IF_ERROR(layout.Check(context, reader));
  if (output.size() == 0) return absl::OkStatus();
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 4.0 + 0.15 * sizeof(T) * static_cast<double>(layout.block);
    return context.ParallelFor(layout.tuples, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::copy_n(data.data<T>() + layout.Offset(reader, i), layout.block,
                    output.data<T>() + i * layout.block);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> GatherOps() {
  return {
      {.domain = "",
       .name = "Gather",
       .versions = {1, 11, 13},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseGather,
       .infer = InferGather,
       .kernels = {SimpleKernel<RunGather>("gather.blocks")},
       .gradient = MovedGradient},
      {.domain = "",
       .name = "GatherElements",
       .versions = {11, 13},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseGather,
       .infer = InferGatherElements,
       .kernels = {SimpleKernel<RunGatherElements>("gather.elements")},
       .gradient = MovedGradient},
      {.domain = "",
       .name = "GatherND",
       .versions = {11, 12, 13},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseGatherND,
       .infer = InferGatherND,
       .kernels = {SimpleKernel<RunGatherND>("gather.slices")},
       .gradient = MovedGradient},
  };
}

}  // namespace sardonyx
