#include "ops/common/window.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_join.h"

namespace sardonyx {
namespace {

constexpr int64_t kGreatest = std::numeric_limits<int32_t>::max();

/// The axis with its attributes, its padding only where it is given, and no output yet.
WindowAxis AxisOf(const WindowAttrs& attrs, size_t i, size_t rank, int64_t kernel) {
  WindowAxis axis;
  axis.kernel = kernel;
  if (!attrs.strides.empty()) axis.stride = attrs.strides[i];
  if (!attrs.dilations.empty()) axis.dilation = attrs.dilations[i];
  if (attrs.auto_pad == AutoPad::kNotSet && !attrs.pads.empty()) {
    axis.pad_begin = attrs.pads[i];
    axis.pad_end = attrs.pads[rank + i];
  }
  return axis;
}

Status CheckKernel(const WindowAttrs& attrs, size_t i, int64_t kernel) {
  if (kernel < 1 || kernel > kGreatest) {
    return InvalidArgument("the kernel's size along spatial axis ", i, " is ", kernel,
                           ", not from 1 to ", kGreatest);
  }
  if (!attrs.kernel_shape.empty() && attrs.kernel_shape[i] != kernel) {
    return InvalidArgument("attribute 'kernel_shape' is [", absl::StrJoin(attrs.kernel_shape, ","),
                           "], but the weights have ", kernel, " along spatial axis ", i);
  }
  return absl::OkStatus();
}

int64_t FloorDivide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// Fills in output and automatic padding.
Status ResolveAxis(const WindowAttrs& attrs, size_t i, int64_t input, WindowAxis* axis) {
  axis->input = input;
  const int64_t extent = axis->extent();  // below 2^62
  if (attrs.auto_pad == AutoPad::kSameUpper || attrs.auto_pad == AutoPad::kSameLower) {
    axis->output = input == 0 ? 0 : (input - 1) / axis->stride + 1;
    // (output - 1) * stride < input, so only the extent can lead beyond.
    const auto reach = CheckedAdd((std::max<int64_t>(axis->output, 1) - 1) * axis->stride, extent);
    if (!reach) return InvalidArgument("spatial axis ", i, " is too large: ", input);
    const int64_t total = std::max<int64_t>(*reach - input, 0);
    const int64_t half = total / 2;
    const bool upper = attrs.auto_pad == AutoPad::kSameUpper;
    axis->pad_begin = upper ? half : total - half;
    axis->pad_end = upper ? total - half : half;
    return absl::OkStatus();
  }
  const auto padded = CheckedAdd(input, axis->pad_begin + axis->pad_end);
  const auto room = padded ? CheckedAdd(*padded, -extent) : std::nullopt;
  // One stride of head room, for ceil_mode and for positions that kernels compute.
  if (!room || !CheckedAdd(*padded, axis->stride + extent)) {
    return InvalidArgument("spatial axis ", i, " is too large: ", input, " and padding ",
                           axis->pad_begin, "+", axis->pad_end);
  }
  const bool ceil = attrs.ceil_mode && attrs.auto_pad == AutoPad::kNotSet;
  axis->output = FloorDivide(*room + (ceil ? axis->stride - 1 : 0), axis->stride) + 1;
  // A last window that would start in the padding behind the input is left out.
  if (ceil && axis->output > 1 && (axis->output - 1) * axis->stride >= input + axis->pad_begin) {
    --axis->output;
  }
  if (axis->output < 1) {
    if (input != 0) {
      return InvalidArgument("the kernel covers ", extent, " along spatial axis ", i,
                             ", but the padded input has ", *padded);
    }
    axis->output = 0;
  }
  return absl::OkStatus();
}

}  // namespace

void CheckRange(ParseContext& context, const char* name, const Ints& list, int64_t least) {
  for (const int64_t value : list) {
    if (value < least || value > kGreatest) {
      context.Fail(absl::StrCat("attribute '", name, "' has the element ", value, ", not from ",
                                least, " to ", kGreatest));
    }
  }
}

Status CheckLength(const char* name, const Ints& list, size_t expected) {
  if (list.empty() || list.size() == expected) return absl::OkStatus();
  return InvalidArgument("attribute '", name, "' has ", list.size(), " elements, but ", expected,
                         " are needed");
}

Status CheckLengths(const WindowAttrs& attrs, size_t rank) {
  SX_RETURN_IF_ERROR(CheckLength("kernel_shape", attrs.kernel_shape, rank));
  SX_RETURN_IF_ERROR(CheckLength("strides", attrs.strides, rank));
  SX_RETURN_IF_ERROR(CheckLength("dilations", attrs.dilations, rank));
  return CheckLength("pads", attrs.pads, 2 * rank);
}

bool AddPads(WindowAttrs& attrs, const Ints& pads) {
  constexpr int64_t kMost = (int64_t{1} << 31) - 1;
  if (attrs.auto_pad == AutoPad::kSameUpper || attrs.auto_pad == AutoPad::kSameLower) return false;
  const bool none = attrs.auto_pad == AutoPad::kValid || attrs.pads.empty();
  Ints sums = none ? Ints(pads.size(), 0) : attrs.pads;
  if (sums.size() != pads.size()) return false;
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] > kMost - sums[i]) return false;
    sums[i] += pads[i];
  }
  attrs.auto_pad = AutoPad::kNotSet;
  attrs.pads = std::move(sums);
  return true;
}

Status CheckSize(const Shape& shape) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  if (shape.Elements(1, shape.rank()) < kLimit && shape.Elements() < kLimit) {
    return absl::OkStatus();
  }
  return LimitExceeded("a tensor of shape ", shape.ToString(), " is too large");
}

WindowAttrs ReadWindow(ParseContext& context, bool has_dilations) {
  WindowAttrs attrs;
  const std::string mode = context.String("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER") {
    attrs.auto_pad = AutoPad::kSameUpper;
  } else if (mode == "SAME_LOWER") {
    attrs.auto_pad = AutoPad::kSameLower;
  } else if (mode == "VALID") {
    attrs.auto_pad = AutoPad::kValid;
  } else if (mode != "NOTSET") {
    context.Fail(absl::StrCat("attribute 'auto_pad' is '", mode,
                              "', not NOTSET, SAME_UPPER, SAME_LOWER or VALID"));
  }
  attrs.kernel_shape = context.IntList("kernel_shape");
  attrs.strides = context.IntList("strides");
  attrs.pads = context.IntList("pads");
  if (has_dilations) attrs.dilations = context.IntList("dilations");
  CheckRange(context, "kernel_shape", attrs.kernel_shape, 1);
  CheckRange(context, "strides", attrs.strides, 1);
  CheckRange(context, "dilations", attrs.dilations, 1);
  CheckRange(context, "pads", attrs.pads, 0);
  return attrs;
}

StatusOr<Window> ResolveWindow(const WindowAttrs& attrs, absl::Span<const int64_t> input,
                               absl::Span<const int64_t> kernel) {
  const size_t rank = input.size();
  SX_RETURN_IF_ERROR(CheckLengths(attrs, rank));
  if (kernel.size() != rank) {
    return InvalidArgument("the kernel has ", kernel.size(), " spatial axes and the input ", rank);
  }
  Window window;
  for (size_t i = 0; i < rank; ++i) {
    SX_RETURN_IF_ERROR(CheckKernel(attrs, i, kernel[i]));
    window.push_back(AxisOf(attrs, i, rank, kernel[i]));
    SX_RETURN_IF_ERROR(ResolveAxis(attrs, i, input[i], &window.back()));
  }
  return window;
}

StatusOr<SymbolicShape> InferWindow(const WindowAttrs& attrs, absl::Span<const Dim> input,
                                    absl::Span<const Dim> kernel) {
  const size_t rank = input.size();
  SX_RETURN_IF_ERROR(CheckLengths(attrs, rank));
  if (kernel.size() != rank) {
    return InvalidArgument("the kernel has ", kernel.size(), " spatial axes and the input ", rank);
  }
  const bool same = attrs.auto_pad == AutoPad::kSameUpper || attrs.auto_pad == AutoPad::kSameLower;
  SymbolicShape output(rank);
  for (size_t i = 0; i < rank; ++i) {
    Dim size = kernel[i];
    if (!size.known() && !attrs.kernel_shape.empty()) size = attrs.kernel_shape[i];
    if (size.known()) SX_RETURN_IF_ERROR(CheckKernel(attrs, i, size.value));
    WindowAxis axis = AxisOf(attrs, i, rank, size.known() ? size.value : 1);
    if (input[i].known() && (size.known() || same)) {
      SX_RETURN_IF_ERROR(ResolveAxis(attrs, i, input[i].value, &axis));
      output[i] = axis.output;
    } else if (axis.stride == 1 &&
               (same || (size.known() && axis.pad_begin + axis.pad_end == axis.extent() - 1))) {
      output[i] = input[i];
    }
  }
  return output;
}

Window AtLeastRank(const Window& window, int rank) {
  Window result;
  for (int i = static_cast<int>(window.size()); i < rank; ++i) result.push_back({});
  result.insert(result.end(), window.begin(), window.end());
  return result;
}

}  // namespace sardonyx
