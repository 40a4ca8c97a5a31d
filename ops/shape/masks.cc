// OneHot, Trilu and ReverseSequence.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

// ---- OneHot -------------------------------------------------------------------------------

struct OneHotAttrs : Attrs {
  int64_t axis = -1;
};

StatusOr<std::shared_ptr<Attrs>> ParseOneHot(ParseContext& context) {
  auto attrs = std::make_shared<OneHotAttrs>();
  attrs->axis = context.Int("axis", -1);
  return attrs;
}

/// A number of any real type, rounded towards zero; kNowhere where no int64 is close.
constexpr int64_t kNowhere = std::numeric_limits<int64_t>::min();

template <typename T>
int64_t WholePart(T value) {
  if constexpr (std::is_integral_v<T>) {
    return std::in_range<int64_t>(value) ? static_cast<int64_t>(value) : kNowhere;
  } else {
    const double wide = static_cast<double>(value);
    return std::abs(wide) < 1e18 ? static_cast<int64_t>(wide) : kNowhere;
  }
}

StatusOr<int64_t> ReadDepth(const Tensor& depth) {
  if (depth.size() != 1) {
    return InvalidArgument("depth must have one element, but is ", depth.ToString());
  }
  int64_t value = 0;
  SX_RETURN_IF_ERROR(Dispatch(depth.type(), Numbers{}, [&]<typename T>() {
    value = WholePart(*depth.data<T>());
    return absl::OkStatus();
  }));
  if (value < 0) return InvalidArgument("depth is ", value);
  return value;
}

Status InferOneHot(InferContext& context) {
  const SymbolicShape* indices = context.shape(0);
  const SymbolicShape* values = context.shape(2);
  if (values != nullptr &&
      (values->size() != 1 || ((*values)[0].known() && (*values)[0].value != 2))) {
    return InvalidArgument("values must hold two elements, but has shape ", ToString(*values));
  }
  Dim depth;
  if (context.value(1) != nullptr) {
    SX_ASSIGN_OR_RETURN(depth, ReadDepth(*context.value(1)));
  } else if (const auto ints = ShortInts(context, 1); ints && ints->size() == 1) {
    depth = (*ints)[0];
  }
  std::optional<SymbolicShape> result;
  if (indices != nullptr) {
    result = *indices;
    SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(context.attrs<OneHotAttrs>().axis,
                                                      static_cast<int>(indices->size()) + 1));
    result->insert(result->begin() + axis, depth);
    SX_RETURN_IF_ERROR(CheckPlausible(context.element(2), *result));
  }
  context.set_output(0, context.element(2), std::move(result));
  return absl::OkStatus();
}

Status RunOneHot(KernelContext& context) {
  const Tensor& indices = context.input(0);
  const Tensor& values = context.input(2);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<OneHotAttrs>().axis, output.rank()));
  const int64_t depth = output.dim(axis);
  const int64_t inner = output.shape().Elements(axis + 1, output.rank());
  SX_ASSIGN_OR_RETURN(Tensor places, context.Temporary(DataType::kInt64, indices.shape()));
  SX_RETURN_IF_ERROR(Dispatch(indices.type(), Numbers{}, [&]<typename T>() {
    for (int64_t i = 0; i < indices.size(); ++i) {
      places.data<int64_t>()[i] = WrapIndex(WholePart(indices.data<T>()[i]), depth);
    }
    return absl::OkStatus();
  }));
  SX_RETURN_IF_ERROR(FillAll(context, values, output));
  return DispatchSize(values.type(), [&]<typename T>() {
    const T on = values.data<T>()[1];
    return context.ParallelFor(places.size(), 3, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t place = places.data<int64_t>()[i];
        if (place < 0) continue;
        output.data<T>()[(i / inner * depth + place) * inner + i % inner] = on;
      }
    });
  });
}

// ---- Trilu --------------------------------------------------------------------------------

struct TriluAttrs : Attrs {
  bool upper = true;
};

StatusOr<std::shared_ptr<Attrs>> ParseTrilu(ParseContext& context) {
  auto attrs = std::make_shared<TriluAttrs>();
  attrs->upper = context.Flag("upper", true);
  return attrs;
}

Status InferTrilu(InferContext& context) {
  if (const SymbolicShape* data = context.shape(0); data != nullptr && data->size() < 2) {
    return InvalidArgument("input must have rank 2 or more, but has shape ", ToString(*data));
  }
  if (const SymbolicShape* k = context.shape(1); k != nullptr) {
    const Dim count = Product(*k);
    if (count.known() && count.value != 1) {
      return InvalidArgument("k must have one element, but has shape ", ToString(*k));
    }
  }
  return InferSameAsInput(context);
}

Status RunTrilu(KernelContext& context) {
  const bool upper = context.attrs<TriluAttrs>().upper;
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const int64_t rows = data.dim(data.rank() - 2), columns = data.dim(data.rank() - 1);
  int64_t k = 0;
  if (context.has_input(1)) {
    SX_ASSIGN_OR_RETURN(k, SingleInt(context.input(1), "k"));
  }
  k = std::clamp(k, -rows - 1, columns + 1);
  if (data.size() == 0) return absl::OkStatus();
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 0.2 * sizeof(T) * static_cast<double>(columns) + 2;
    return context.ParallelFor(data.size() / columns, cost, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* from = data.data<T>() + row * columns;
        T* to = output.data<T>() + row * columns;
        // The first column on or above the diagonal, or the first above it.
        const int64_t cut = std::clamp<int64_t>(row % rows + k + (upper ? 0 : 1), 0, columns);
        if (upper) {
          std::fill_n(to, cut, T());
          std::copy(from + cut, from + columns, to + cut);
        } else {
          std::copy_n(from, cut, to);
          std::fill(to + cut, to + columns, T());
        }
      }
    });
  });
}

// ---- ReverseSequence ----------------------------------------------------------------------

struct ReverseAttrs : Attrs {
  int time_axis = 0;
};

StatusOr<std::shared_ptr<Attrs>> ParseReverse(ParseContext& context) {
  auto attrs = std::make_shared<ReverseAttrs>();
  const int64_t batch = context.Int("batch_axis", 1), time = context.Int("time_axis", 0);
  if (batch + time != 1 || (batch != 0 && batch != 1)) {
    context.Fail(absl::StrCat("batch_axis is ", batch, " and time_axis ", time,
                              "; one must be 0 and the other 1"));
  }
  attrs->time_axis = time == 1 ? 1 : 0;
  return attrs;
}

Status InferReverse(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* lengths = context.shape(1);
  if (data != nullptr && data->size() < 2) {
    return InvalidArgument("input must have rank 2 or more, but has shape ", ToString(*data));
  }
  if (lengths != nullptr && lengths->size() != 1) {
    return InvalidArgument("sequence_lens must have rank 1, but has shape ", ToString(*lengths));
  }
  if (data != nullptr && lengths != nullptr) {
    const Dim& batch = (*data)[1 - context.attrs<ReverseAttrs>().time_axis];
    if (batch.known() && (*lengths)[0].known() && batch.value != (*lengths)[0].value) {
      return InvalidArgument("sequence_lens has ", (*lengths)[0].value,
                             " elements, but the batch of ", ToString(*data), " is ", batch.value);
    }
  }
  return InferSameAsInput(context);
}

Status RunReverse(KernelContext& context) {
  const int time_axis = context.attrs<ReverseAttrs>().time_axis;
  const Tensor& data = context.input(0);
  const Tensor& lengths = context.input(1);
  Tensor& output = context.output(0);
  if (lengths.type() != DataType::kInt64) {
    return InvalidArgument("sequence_lens is ", Name(lengths.type()), ", not int64");
  }
  const int64_t times = data.dim(time_axis), batches = data.dim(1 - time_axis);
  const int64_t block = data.shape().Elements(2, data.rank());
  const absl::Span<const int64_t> length = lengths.span<int64_t>();
  if (lengths.size() != batches) {
    return InvalidArgument("sequence_lens has ", lengths.size(), " elements, but the batch is ",
                           batches);
  }
  for (int64_t n : length) {
    if (n < 0 || n > times) {
      return InvalidArgument("sequence_lens has ", n, ", but there are ", times, " time steps");
    }
  }
  const int64_t time_step = time_axis == 0 ? batches : 1;
  const int64_t batch_step = time_axis == 0 ? 1 : times;
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 0.2 * sizeof(T) * static_cast<double>(block) + 3;
    return context.ParallelFor(times * batches, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / batch_step % batches, t = i / time_step % times;
        const int64_t source = t < length[b] ? length[b] - 1 - t : t;
        std::copy_n(data.data<T>() + (b * batch_step + source * time_step) * block, block,
                    output.data<T>() + i * block);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> MaskOps() {
  return {
      {.domain = "",
       .name = "OneHot",
       .versions = {9, 11, 28},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseOneHot,
       .infer = InferOneHot,
       .kernels = {SimpleKernel<RunOneHot>("onehot.fill")}},
      {.domain = "",
       .name = "Trilu",
       .versions = {14},
       .min_inputs = 1,
       .max_inputs = 2,
       .parse = ParseTrilu,
       .infer = InferTrilu,
       .kernels = {SimpleKernel<RunTrilu>("trilu.rows")}},
      {.domain = "",
       .name = "ReverseSequence",
       .versions = {10, 28},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseReverse,
       .infer = InferReverse,
       .kernels = {SimpleKernel<RunReverse>("reverse.blocks")}},
  };
}

}  // namespace sardonyx
