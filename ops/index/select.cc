// NonZero and Compress.
#include <algorithm>
#include <cstring>

#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/index/defs.h"

namespace sardonyx {
namespace {

// ---- NonZero ------------------------------------------------------------------------------

Status InferNonZero(InferContext& context) {
  SymbolicShape result(2);
  if (context.shape(0) != nullptr) result[0] = static_cast<int64_t>(context.shape(0)->size());
  context.set_output(0, DataType::kInt64, std::move(result));
  return absl::OkStatus();
}

/// Whether an element is other than zero; floats have a second zero, which differs in the sign.
template <typename T>
struct NonZeroTest {
  T mask;

  explicit NonZeroTest(DataType type) {
    std::memset(&mask, 0xff, sizeof(T));
    size_t step = 0;  // bytes between signs
    if (type == DataType::kComplex64 || type == DataType::kComplex128) {
      step = sizeof(T) / 2;
    } else if (IsFloatingPoint(type) && ElementSize(type) > 1) {
      step = sizeof(T);
    }
    auto* bytes = reinterpret_cast<unsigned char*>(&mask);
    for (size_t i = step; step > 0 && i <= sizeof(T); i += step) bytes[i - 1] = 0x7f;
    // The signs of the narrow floats; FNUZ formats have no negative zero, but NaN in its place.
    const auto narrow = [&](DataType t, unsigned char bits) {
      if (type == t) bytes[0] = bits;
    };
    narrow(DataType::kFloat8E4M3FN, 0x7f);
    narrow(DataType::kFloat8E5M2, 0x7f);
    narrow(DataType::kFloat6E2M3, 0x1f);
    narrow(DataType::kFloat6E3M2, 0x1f);
    narrow(DataType::kFloat4E2M1, 0x07);
  }
  bool operator()(const T& value) const {
    if constexpr (std::is_same_v<T, Bytes16>) {
      return ((value.words[0] & mask.words[0]) | (value.words[1] & mask.words[1])) != 0;
    } else {
      return (value & mask) != 0;
    }
  }
};

template <>
struct NonZeroTest<std::string> {
  explicit NonZeroTest(DataType) {}
  bool operator()(const std::string& value) const { return !value.empty(); }
};

Status RunNonZero(KernelContext& context) {
  const Tensor& data = context.input(0);
  constexpr int64_t kPart = 1 << 20;  // elements between two looks at the run's control
  return DispatchSize(data.type(), [&]<typename T>() -> Status {
    const NonZeroTest<T> test(data.type());
    const T* from = data.data<T>();
    int64_t count = 0;
    for (int64_t part = 0; part < data.size(); part += kPart) {
      SX_RETURN_IF_ERROR(context.Check());
      count += std::count_if(from + part, from + std::min(data.size(), part + kPart), test);
    }
    SX_ASSIGN_OR_RETURN(Tensor * output,
                        context.Allocate(0, DataType::kInt64, {data.rank(), count}));
    int64_t* to = output->template data<int64_t>();
    const Ints strides = data.shape().Strides();
    int64_t found = 0;
    for (int64_t i = 0; i < data.size(); ++i) {
      if (i % kPart == 0) SX_RETURN_IF_ERROR(context.Check());
      if (!test(from[i])) continue;
      int64_t rest = i;
      for (int axis = 0; axis < data.rank(); ++axis) {
        to[axis * count + found] = rest / strides[axis];
        rest %= strides[axis];
      }
      ++found;
    }
    return absl::OkStatus();
  });
}

// ---- Compress -----------------------------------------------------------------------------

struct CompressAttrs : Attrs {
  std::optional<int64_t> axis;  // nullopt: of the flattened input
};

StatusOr<std::shared_ptr<Attrs>> ParseCompress(ParseContext& context) {
  auto attrs = std::make_shared<CompressAttrs>();
  if (context.Has("axis")) attrs->axis = context.Int("axis", 0);
  return attrs;
}

Status InferCompress(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* condition = context.shape(1);
  if (condition != nullptr && condition->size() != 1) {
    return InvalidArgument("condition must have rank 1, but has shape ", ToString(*condition));
  }
  if (context.element(1) != DataType::kUndefined && context.element(1) != DataType::kBool) {
    return InvalidArgument("condition is ", Name(context.element(1)), ", not bool");
  }
  const auto& axis = context.attrs<CompressAttrs>().axis;
  if (!axis) {
    context.set_output(0, context.element(0), SymbolicShape(1));
    return absl::OkStatus();
  }
  std::optional<SymbolicShape> result;
  if (data != nullptr) {
    SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(*axis, static_cast<int>(data->size())));
    result = *data;
    (*result)[normal] = Dim();
  }
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunCompress(KernelContext& context) {
  const Tensor& data = context.input(0);
  const absl::Span<const uint8_t> condition = context.input(1).span<uint8_t>();
  const auto& axis = context.attrs<CompressAttrs>().axis;
  Shape shape{data.size()};
  int64_t outer = 1, size = data.size(), block = 1;
  int normal = 0;
  if (axis) {
    SX_ASSIGN_OR_RETURN(normal, NormalizeAxis(*axis, data.rank()));
    shape = data.shape();
    outer = shape.Elements(0, normal);
    size = shape[normal];
    block = shape.Elements(normal + 1, shape.rank());
  }
  const int64_t count =
      std::count_if(condition.begin(), condition.end(), [](uint8_t chosen) { return chosen != 0; });
  SX_ASSIGN_OR_RETURN(Tensor places, context.Temporary(DataType::kInt64, {count}));
  int64_t* place = places.data<int64_t>();
  for (int64_t i = 0, found = 0; i < static_cast<int64_t>(condition.size()); ++i) {
    if (condition[i] == 0) continue;
    if (i >= size) {
      return InvalidArgument("condition chooses element ", i, " of an axis of ", size);
    }
    place[found++] = i;
  }
  shape[normal] = count;
  SX_ASSIGN_OR_RETURN(Tensor * output, context.Allocate(0, data.type(), shape));
  if (output->size() == 0) return absl::OkStatus();
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 2.0 + 0.15 * sizeof(T) * static_cast<double>(block);
    return context.ParallelFor(outer * count, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::copy_n(data.data<T>() + (i / count * size + place[i % count]) * block, block,
                    output->template data<T>() + i * block);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> SelectOps() {
  return {
      {.domain = "",
       .name = "NonZero",
       .versions = {9, 13},
       .min_inputs = 1,
       .max_inputs = 1,
       .infer = InferNonZero,
       .kernels = {SimpleKernel<RunNonZero>("nonzero.scan")}},
      {.domain = "",
       .name = "Compress",
       .versions = {9, 11, 28},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseCompress,
       .infer = InferCompress,
       .kernels = {SimpleKernel<RunCompress>("compress.blocks")}},
  };
}

}  // namespace sardonyx
