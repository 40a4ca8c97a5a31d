// Pow, whose base and exponent may differ in type; the result has the base's.
#include <cmath>
#include <type_traits>

#include "ops/common/convert.h"
#include "ops/elementwise/binary.h"
#include "ops/elementwise/gradients.h"

namespace sardonyx {
namespace {

/// base^exponent wrapping; for a negative exponent the reciprocal, truncated, and 0 for base 0.
int64_t IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return (exponent & 1) != 0 ? -1 : 1;
    return 0;
  }
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (auto rest = static_cast<uint64_t>(exponent); rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) result *= factor;
    factor *= factor;
  }
  return static_cast<int64_t>(result);
}

/// Exponents come as B: as T where both are the same float type, as int64 where base and exponent
/// are integers, as double otherwise.
template <typename T, typename B>
void PowLoop(const BinaryOperands& at, int64_t n, const BinaryAttrs&) {
  using C = ComputeType<T>;
  const T* a = static_cast<const T*>(at.a);
  const B* b = static_cast<const B*>(at.b);
  T* y = static_cast<T*>(at.y);
  const auto power = [](T base, B exponent) {
    if constexpr (std::is_integral_v<T> && std::is_integral_v<B>) {
      return static_cast<T>(IntegerPower(static_cast<int64_t>(base), exponent));
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(TruncateToInt64(std::pow(static_cast<double>(base), exponent)));
    } else {
      return static_cast<T>(std::pow(static_cast<C>(base), static_cast<ComputeType<B>>(exponent)));
    }
  };
  if constexpr (!std::is_integral_v<T>) {
    // Squares and cubes are what models raise to, in normalizations and Gelu.
    const double fixed = at.b_step == 0 && n > 0 ? static_cast<double>(*b) : 0;
    if (fixed == 2 || fixed == 3) {
      for (int64_t i = 0; i < n; ++i) {
        const C x = static_cast<C>(a[i * at.a_step]);
        y[i] = static_cast<T>(fixed == 2 ? x * x : x * x * x);
      }
      return;
    }
  }
  const B first = *b;
  for (int64_t i = 0; i < n; ++i) {
    y[i] = power(a[i * at.a_step], at.b_step == 0 ? first : b[i]);
  }
}

using Bases = decltype(Floats{} + Integers{});

/// The exponents converted to B, in their own shape.
template <typename B>
StatusOr<Tensor> Exponents(KernelContext& context) {
  const Tensor& b = context.input(1);
  if (b.type() == kTypeOf<B>) return b;
  SX_ASSIGN_OR_RETURN(Tensor converted, context.Temporary(kTypeOf<B>, b.shape()));
  B* out = converted.data<B>();
  SX_RETURN_IF_ERROR(Dispatch(b.type(), Numbers{}, [&]<typename S>() -> Status {
    const S* in = b.data<S>();
    return context.ParallelFor(b.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = static_cast<B>(in[i]);
    });
  }));
  return converted;
}

template <typename T, typename B>
Status RunWithExponent(KernelContext& context) {
  Tensor exponents = context.input(1);
  if constexpr (std::is_same_v<B, double> || std::is_same_v<B, int64_t>) {
    SX_ASSIGN_OR_RETURN(exponents, Exponents<B>(context));
  }
  return RunBinaryRows(context, PowLoop<T, B>, 15, context.input(0), exponents,
                       context.attrs<BinaryAttrs>());
}

Status RunPow(KernelContext& context) {
  const DataType base = context.input(0).type(), exponent = context.input(1).type();
  return Dispatch(base, Bases{}, [&]<typename T>() -> Status {
    if constexpr (std::is_integral_v<T>) {
      if (IsInteger(exponent)) return RunWithExponent<T, int64_t>(context);
    } else if (exponent == base) {
      return RunWithExponent<T, T>(context);
    }
    return RunWithExponent<T, double>(context);
  });
}

Status InferPow(InferContext& context) {
  SX_ASSIGN_OR_RETURN(auto shape, InferBinaryShape(context, /*mixed=*/true));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Bases{}, "X"));
  SX_RETURN_IF_ERROR(CheckElement(context.element(1), Numbers{}, "Y"));
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

}  // namespace

OpDef PowOp() {
  return {.name = "Pow",
          .versions = {1, 7, 12, 13, 15},
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = ParseBinary,
          .infer = InferPow,
          .kernels = {SimpleKernel<RunPow>("elementwise.loop")},
          .in_place = {0},
          .gradient = PowGradient};
}

}  // namespace sardonyx
