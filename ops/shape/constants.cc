// Operators that make tensors from nothing but a few numbers.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

// ---- Constant, ConstantOfShape ------------------------------------------------------------

struct TensorAttrs : Attrs {
  Tensor value;
};

template <typename T>
Tensor List(const std::vector<T>& values) {
  return Tensor::Of<T>({static_cast<int64_t>(values.size())}, values);
}

StatusOr<std::shared_ptr<Attrs>> ParseConstant(ParseContext& context) {
  auto attrs = std::make_shared<TensorAttrs>();
  int given = 0;
  const auto take = [&](const std::string& name, int since) {
    if (context.version() < since || !context.Has(name)) return false;
    ++given;
    return true;
  };
  if (take("value", 1)) attrs->value = context.TensorValue("value");
  if (take("sparse_value", 11)) attrs->value = context.TensorValue("sparse_value");
  if (take("value_float", 12)) attrs->value = Tensor::Scalar(context.Float("value_float", 0));
  if (take("value_int", 12)) attrs->value = Tensor::Scalar(context.Int("value_int", 0));
  if (take("value_string", 12)) {
    attrs->value = Tensor::Scalar(context.String("value_string", ""));
  }
  if (take("value_floats", 12)) attrs->value = List(context.FloatList("value_floats"));
  if (take("value_ints", 12)) {
    const Ints ints = context.IntList("value_ints");
    attrs->value = List(std::vector<int64_t>(ints.begin(), ints.end()));
  }
  if (take("value_strings", 12)) attrs->value = List(context.StringList("value_strings"));
  if (given != 1) context.Fail(absl::StrCat("Constant has ", given, " values; it needs one"));
  return attrs;
}

Status InferConstant(InferContext& context) {
  const Tensor& value = context.attrs<TensorAttrs>().value;
  context.set_output(0, value.type(), ToSymbolic(value.shape()));
  return absl::OkStatus();
}

Status RunConstant(KernelContext& context) {
  return CopyAll(context, context.attrs<TensorAttrs>().value, context.output(0));
}

StatusOr<std::shared_ptr<Attrs>> ParseConstantOfShape(ParseContext& context) {
  auto attrs = std::make_shared<TensorAttrs>();
  attrs->value = context.TensorValue("value");
  if (!attrs->value.defined()) attrs->value = Tensor::Scalar(0.0f);
  if (attrs->value.size() != 1) {
    context.Fail(absl::StrCat("value must have one element, but is ", attrs->value.ToString()));
  }
  return attrs;
}

Status InferConstantOfShape(InferContext& context) {
  const DataType element = context.attrs<TensorAttrs>().value.type();
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> sizes, KnownInts(context, 0, "input"));
  std::optional<SymbolicShape> result;
  if (sizes) {
    for (int64_t size : *sizes) {
      if (size < 0) return InvalidArgument("input asks for a size of ", size);
    }
    result = SymbolicShape(sizes->begin(), sizes->end());
  } else {
    result = ShortInts(context, 0);
  }
  if (result) SX_RETURN_IF_ERROR(CheckPlausible(element, *result));
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

Status RunConstantOfShape(KernelContext& context) {
  return FillAll(context, context.attrs<TensorAttrs>().value, context.output(0));
}

// ---- EyeLike ------------------------------------------------------------------------------

struct EyeAttrs : Attrs {
  DataType type = DataType::kUndefined;  // as the input's
  int64_t diagonal = 0;
};

StatusOr<std::shared_ptr<Attrs>> ParseEye(ParseContext& context) {
  auto attrs = std::make_shared<EyeAttrs>();
  attrs->type = context.DataTypeValue("dtype", DataType::kUndefined);
  attrs->diagonal = context.Int("k", 0);
  return attrs;
}

Status InferEye(InferContext& context) {
  const DataType type = context.attrs<EyeAttrs>().type;
  const SymbolicShape* data = context.shape(0);
  if (data != nullptr && data->size() != 2) {
    return InvalidArgument("input must have rank 2, but has shape ", ToString(*data));
  }
  context.set_output(0, type == DataType::kUndefined ? context.element(0) : type,
                     data != nullptr ? *data : SymbolicShape(2));
  return absl::OkStatus();
}

Status RunEye(KernelContext& context) {
  Tensor& output = context.output(0);
  const int64_t rows = output.dim(0), columns = output.dim(1);
  const int64_t k = context.attrs<EyeAttrs>().diagonal;
  SX_RETURN_IF_ERROR(FillAll(context, Tensor(), output));
  if (k >= columns || k <= -rows) return absl::OkStatus();
  const int64_t row = k < 0 ? -k : 0, column = k > 0 ? k : 0;
  const int64_t count = std::min(rows - row, columns - column);
  Tensor one;
  SX_RETURN_IF_ERROR(Dispatch(output.type(), Numbers{} + TypeList<bool>{}, [&]<typename T>() {
    one = Tensor::Scalar<T>(T(1));
    return absl::OkStatus();
  }));
  return CopyStrided(context, {count}, one, {0, {0}}, output,
                     {row * columns + column, {columns + 1}});
}

// ---- Range --------------------------------------------------------------------------------

using RangeTypes = TypeList<float, double, int16_t, int32_t, int64_t, Half, BFloat16>;

StatusOr<std::shared_ptr<Attrs>> ParseRange(ParseContext& context) {
  // Half and BFloat16 are computed in float, whatever stash_type allows.
  if (context.version() >= 27) context.Ignore("stash_type");
  return std::make_shared<Attrs>();
}

/// How many steps of `delta` lead from `start` to `limit`, that excluded.
template <typename T>
StatusOr<int64_t> CountSteps(T start, T limit, T delta) {
  if (delta == T(0)) return InvalidArgument("delta is 0");
  constexpr double kMost = 1e15;
  if constexpr (std::is_integral_v<T>) {
    const __int128 distance = static_cast<__int128>(limit) - start;
    const __int128 step = delta;
    const __int128 count = distance / step + (distance % step != 0 ? 1 : 0);
    if ((distance > 0) != (step > 0) || distance == 0) return 0;
    if (count > static_cast<__int128>(kMost)) {
      return LimitExceeded("a range from ", start, " to ", limit, " by ", delta, " is too long");
    }
    return static_cast<int64_t>(count);
  } else {
    const double count =
        std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / delta);
    if (!(count < kMost)) {  // not a number too
      return LimitExceeded("a range from ", start, " to ", limit, " by ", delta, " is too long");
    }
    return count > 0 ? static_cast<int64_t>(count) : 0;
  }
}

Status InferRange(InferContext& context) {
  const Tensor* bounds[3];
  DataType type = DataType::kUndefined;
  bool known = true;
  for (int i = 0; i < 3; ++i) {
    if (type == DataType::kUndefined) type = context.element(i);
    if (context.element(i) != DataType::kUndefined && context.element(i) != type) {
      return InvalidArgument("start, limit and delta differ in type: ", Name(type), " and ",
                             Name(context.element(i)));
    }
    bounds[i] = context.value(i);
    known = known && bounds[i] != nullptr;
    if (bounds[i] != nullptr && bounds[i]->size() != 1) {
      return InvalidArgument("input ", i, " must have one element, but is ", bounds[i]->ToString());
    }
  }
  Dim size;
  if (known) {
    SX_RETURN_IF_ERROR(Dispatch(type, RangeTypes{}, [&]<typename T>() -> Status {
      const auto value = [&](int i) { return static_cast<ComputeType<T>>(*bounds[i]->data<T>()); };
      SX_ASSIGN_OR_RETURN(size, CountSteps(value(0), value(1), value(2)));
      return absl::OkStatus();
    }));
  } else if (const auto limit = ShortInts(context, 1); limit && limit->size() == 1) {
    const auto start = ShortInts(context, 0), delta = ShortInts(context, 2);
    const auto is = [](const auto& list, int64_t v) {
      return list && list->size() == 1 && (*list)[0].value == v;
    };
    if (is(start, 0) && is(delta, 1)) size = (*limit)[0];
  }
  SX_RETURN_IF_ERROR(CheckPlausible(type, {size}));
  context.set_output(0, type, SymbolicShape{size});
  return absl::OkStatus();
}

Status RunRange(KernelContext& context) {
  Tensor& output = context.output(0);
  return Dispatch(output.type(), RangeTypes{}, [&]<typename T>() {
    using C = ComputeType<T>;
    // Integers wrap on the way, where only the sum is sure to be in range.
    using W = std::conditional_t<std::is_integral_v<C>, uint64_t, C>;
    const W start = static_cast<W>(static_cast<C>(*context.input(0).data<T>()));
    const W delta = static_cast<W>(static_cast<C>(*context.input(2).data<T>()));
    return context.ParallelFor(output.size(), 0.5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        output.data<T>()[i] = static_cast<T>(start + static_cast<W>(i) * delta);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> ConstantOps() {
  return {
      {.domain = "",
       .name = "Constant",
       .versions = {1, 9, 11, 12, 13, 19, 21, 23, 24, 25},
       .min_inputs = 0,
       .max_inputs = 0,
       .parse = ParseConstant,
       .infer = InferConstant,
       .kernels = {SimpleKernel<RunConstant>("constant.copy")}},
      {.domain = "",
       .name = "ConstantOfShape",
       .versions = {9, 20, 21, 23, 24, 25},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseConstantOfShape,
       .infer = InferConstantOfShape,
       .kernels = {SimpleKernel<RunConstantOfShape>("constant.fill")}},
      {.domain = "",
       .name = "EyeLike",
       .versions = {9, 22},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseEye,
       .infer = InferEye,
       .kernels = {SimpleKernel<RunEye>("eye.diagonal")}},
      {.domain = "",
       .name = "Range",
       .versions = {11, 27},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseRange,
       .infer = InferRange,
       .kernels = {SimpleKernel<RunRange>("range.steps")}},
  };
}

}  // namespace sardonyx
