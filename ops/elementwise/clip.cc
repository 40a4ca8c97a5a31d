// Clip: bounds are attributes before opset 11 and inputs since.
#include <limits>
#include <type_traits>

#include "ops/common/element_check.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/select.h"

namespace sardonyx {
namespace {

constexpr float kGreatest = std::numeric_limits<float>::max();

/// alpha: the lower bound, beta: the upper one, where `flag`, which says that they count.
StatusOr<std::shared_ptr<Attrs>> ParseClip(ParseContext& context) {
  auto attrs = std::make_shared<UnaryAttrs>();
  if (context.version() < 6) context.Ignore("consumed_inputs");
  if (context.version() < 11) {
    attrs->flag = true;
    attrs->alpha = context.Float("min", -kGreatest);
    attrs->beta = context.Float("max", kGreatest);
  }
  return attrs;
}

Status InferClip(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  const DataType type = context.element(0);
  SX_RETURN_IF_ERROR(CheckElement(type, Numbers{}, "0"));
  for (int i = 1; i < context.input_count(); ++i) {
    if (!context.has_input(i)) continue;
    const char* name = i == 1 ? "min" : "max";
    const DataType bound = context.element(i);
    if (bound != type && bound != DataType::kUndefined && type != DataType::kUndefined) {
      return InvalidArgument(name, " has element type ", Name(bound), ", the input ", Name(type));
    }
    const auto shape = context.input(i).StaticShape();
    if (shape && shape->Elements() != 1) {
      return InvalidArgument(name, " has shape ", shape->ToString(), "; it must be a scalar");
    }
  }
  context.set_output(0, type, context.input(0).shape);
  return absl::OkStatus();
}

/// The bound in input i, or `otherwise`.
template <typename T>
T Bound(const KernelContext& context, int i, T otherwise) {
  const Tensor& bound = context.input(i);
  return bound.size() == 1 && bound.type() == kTypeOf<T> ? *bound.data<T>() : otherwise;
}

template <typename T>
Status ClipElements(KernelContext& context) {
  using C = ComputeType<T>;
  const auto& attrs = context.attrs<UnaryAttrs>();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  C low, high;
  if constexpr (std::is_floating_point_v<C>) {
    const C infinity = std::numeric_limits<C>::infinity();
    low = attrs.flag ? C(attrs.alpha) : static_cast<C>(Bound<T>(context, 1, T(-infinity)));
    high = attrs.flag ? C(attrs.beta) : static_cast<C>(Bound<T>(context, 2, T(infinity)));
  } else {
    low = Bound<T>(context, 1, std::numeric_limits<T>::min());
    high = Bound<T>(context, 2, std::numeric_limits<T>::max());
    if (attrs.flag) {
      return InvalidArgument("element type ", Name(kTypeOf<T>),
                             " is not supported before opset 12");
    }
  }
  return context.ParallelFor(context.input(0).size(), 0.5, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const C value = static_cast<C>(x[i]);
      const C raised = value < low ? low : value;
      y[i] = static_cast<T>(raised > high ? high : raised);
    }
  });
}

Status RunClip(KernelContext& context) {
  return Dispatch(context.input(0).type(), Numbers{},
                  [&]<typename T>() { return ClipElements<T>(context); });
}

Status RunNativeClip(KernelContext& context) {
  UnaryAttrs bounds = context.attrs<UnaryAttrs>();
  if (!bounds.flag) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    bounds.alpha = Bound<float>(context, 1, -kInfinity);
    bounds.beta = Bound<float>(context, 2, kInfinity);
  }
  const float* x = context.input(0).data<float>();
  float* y = context.output(0).data<float>();
  return context.ParallelFor(context.input(0).size(), 0.5, [&](int64_t begin, int64_t end) {
    native::Clip(x + begin, y + begin, end - begin, bounds);
  });
}

}  // namespace

OpDef ClipOp() {
  return {.name = "Clip",
          .versions = {1, 6, 11, 12, 13},
          .min_inputs = 1,
          .max_inputs = 3,
          .parse = ParseClip,
          .infer = InferClip,
          .kernels = {SimpleKernel<RunNativeClip>("elementwise.simd", Backend::kNative,
                                                  RefuseUnlessFloat),
                      SimpleKernel<RunClip>("elementwise.loop")},
          .in_place = {0},
          .channels_last = kElementwiseChannelsLast};
}

}  // namespace sardonyx
