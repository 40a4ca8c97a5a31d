// CausalConvWithState: a depthwise convolution over what came before, carried from call to call.
#include <algorithm>
#include <cmath>

#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

using CausalTypes = TypeList<float, Half, BFloat16>;
enum CausalInput { kX, kWeight, kBias, kPast };

struct CausalAttrs : Attrs {
  bool silu = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseCausal(ParseContext& context) {
  auto attrs = std::make_shared<CausalAttrs>();
  const std::string activation = context.String("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish") {
    return InvalidArgument("activation is '", activation, "', but must be none, silu or swish");
  }
  attrs->silu = activation != "none";
  return attrs;
}

Status InferCausal(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, CausalTypes{}, {kX, kWeight, kBias, kPast}));
  SX_RETURN_IF_ERROR(CheckRank(context, kX, 3, "input"));
  SX_RETURN_IF_ERROR(CheckRank(context, kWeight, 3, "weight"));
  SX_RETURN_IF_ERROR(CheckRank(context, kBias, 1, "bias"));
  SX_RETURN_IF_ERROR(CheckRank(context, kPast, 3, "past_state"));
  Dim batch, channels, length, state;
  if (const SymbolicShape* x = context.shape(kX)) {
    batch = (*x)[0];
    channels = (*x)[1];
    length = (*x)[2];
  }
  if (const SymbolicShape* weight = context.shape(kWeight)) {
    SX_ASSIGN_OR_RETURN(channels, MergeDims(channels, (*weight)[0], "the number of channels"));
    SX_RETURN_IF_ERROR(MergeDims(Dim(1), (*weight)[1], "the weight's second dimension").status());
    if ((*weight)[2].known()) {
      if ((*weight)[2].value < 1) {
        return InvalidArgument("weight has shape ", ToString(*weight),
                               ", which is an empty kernel");
      }
      state = Dim((*weight)[2].value - 1);
    }
  }
  if (const SymbolicShape* bias = context.shape(kBias)) {
    SX_ASSIGN_OR_RETURN(channels, MergeDims(channels, (*bias)[0], "the number of channels"));
  }
  if (const SymbolicShape* past = context.shape(kPast)) {
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*past)[0], "the batch"));
    SX_ASSIGN_OR_RETURN(channels, MergeDims(channels, (*past)[1], "the number of channels"));
    SX_ASSIGN_OR_RETURN(state, MergeDims(state, (*past)[2], "the length of the state"));
  }
  context.set_output(0, element, SymbolicShape{batch, channels, length});
  context.set_output(1, element, SymbolicShape{batch, channels, state});
  return absl::OkStatus();
}

template <typename T>
Status Convolve(KernelContext& context) {
  const bool silu = context.attrs<CausalAttrs>().silu;
  const Tensor& input = context.input(kX);
  const int64_t channels = input.dim(1), length = input.dim(2);
  const int64_t taps = context.input(kWeight).dim(2), carried = taps - 1;
  const T* weight = context.input(kWeight).data<T>();
  const T* bias = context.has_input(kBias) ? context.input(kBias).data<T>() : nullptr;
  const T* past = context.has_input(kPast) ? context.input(kPast).data<T>() : nullptr;
  T* y = context.has_output(0) ? context.output(0).data<T>() : nullptr;
  T* present = context.has_output(1) ? context.output(1).data<T>() : nullptr;
  return context.ParallelFor(
      input.dim(0) * channels, 2.0 * length * taps + carried, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const T* x = input.data<T>() + row * length;
          // Position i of what was carried, followed by the input.
          const auto at = [&](int64_t i) {
            if (i >= carried) return x[i - carried];
            return past == nullptr ? T(0.0f) : past[row * carried + i];
          };
          const int64_t channel = row % channels;
          for (int64_t t = 0; y != nullptr && t < length; ++t) {
            double sum = bias == nullptr ? 0 : Widen(bias[channel]);
            for (int64_t i = 0; i < taps; ++i) {
              sum += Widen(weight[channel * taps + i]) * Widen(at(t + i));
            }
            y[row * length + t] = Narrow<T>(silu ? sum / (1 + std::exp(-sum)) : sum);
          }
          for (int64_t i = 0; present != nullptr && i < carried; ++i) {
            present[row * carried + i] = at(length + i);
          }
        }
      });
}

Status RunCausal(KernelContext& context) {
  const Tensor& input = context.input(kX);
  // Rows exist where either output has elements.
  if ((!context.has_output(0) || context.output(0).size() == 0) &&
      (!context.has_output(1) || context.output(1).size() == 0)) {
    return absl::OkStatus();
  }
  return Dispatch(input.type(), CausalTypes{}, [&]<typename T>() { return Convolve<T>(context); });
}

}  // namespace

OpDef CausalConvWithStateOp() {
  return {.name = "CausalConvWithState",
          .versions = {27},
          .min_inputs = 2,
          .max_inputs = 4,
          .max_outputs = 2,
          .parse = ParseCausal,
          .infer = InferCausal,
          .kernels = {SimpleKernel<RunCausal>("causal_conv.reference")}};
}

}  // namespace sardonyx
