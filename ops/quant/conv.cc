// ConvInteger and QLinearConv.
#include "ops/conv/conv.h"

#include <algorithm>

#include "ops/common/float_inputs.h"
#include "ops/quant/families.h"
#include "ops/quant/integer.h"
#include "ops/quant/native.h"

namespace sardonyx {
namespace {

struct IntegerConvAttrs : Attrs {
  IntegerSlots slots;
  ConvAttrs conv;
};

StatusOr<std::shared_ptr<Attrs>> ParseIntegerConv(ParseContext& context) {
  auto attrs = std::make_shared<IntegerConvAttrs>();
  if (context.node().op_type == "QLinearConv") attrs->slots = kQLinearSlots;
  attrs->conv.window = ReadWindow(context, true);
  attrs->conv.group = context.Int("group", 1);
  if (attrs->conv.group < 1) {
    context.Fail(absl::StrCat("attribute 'group' is ", attrs->conv.group, ", not at least 1"));
  }
  return attrs;
}

Status InferIntegerConv(InferContext& context) {
  const auto& attrs = context.attrs<IntegerConvAttrs>();
  const IntegerSlots& slots = attrs.slots;
  SX_ASSIGN_OR_RETURN(const DataType type, CheckIntegerTypes(context, slots));
  context.set_output(0, type, std::nullopt);
  const SymbolicShape *x = context.shape(slots.x), *w = context.shape(slots.w);
  if (slots.bias >= 0 && context.has_input(slots.bias)) {
    const DataType bias = context.element(slots.bias);
    if (bias != DataType::kInt32 && bias != DataType::kUndefined) {
      return InvalidArgument("input B has element type ", Name(bias), ", not int32");
    }
    if (w != nullptr && !w->empty()) {
      SX_RETURN_IF_ERROR(CheckVector(context, slots.bias, (*w)[0], "B"));
    }
  }
  if (x == nullptr || w == nullptr) return absl::OkStatus();
  if (x->size() < 3 || w->size() != x->size()) {
    return InvalidArgument("x has shape ", ToString(*x), " and w ", ToString(*w),
                           "; both need the same rank, at least 3");
  }
  SX_RETURN_IF_ERROR(CheckCount(context, slots.x_zero, "x_zero_point", {}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.x_scale, "x_scale", {}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.w_zero, "w_zero_point", {(*w)[0]}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.w_scale, "w_scale", {(*w)[0]}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.y_zero, "y_zero_point", {}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.y_scale, "y_scale", {}));
  const auto static_x = ToShape(*x), static_w = ToShape(*w);
  if (static_x && static_w) {
    SX_ASSIGN_OR_RETURN(const ConvShape conv, ResolveConv(attrs.conv, *static_x, *static_w));
    context.set_output(0, type, ToSymbolic(conv.output()));
    return absl::OkStatus();
  }
  SymbolicShape shape{(*x)[0], (*w)[0]};
  SX_ASSIGN_OR_RETURN(const SymbolicShape spatial,
                      InferWindow(attrs.conv.window, absl::MakeConstSpan(*x).subspan(2),
                                  absl::MakeConstSpan(*w).subspan(2)));
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

/// Zero points and scales that inference could not see: one number, or one for each channel.
Status CheckParameters(const KernelContext& context, const IntegerSlots& slots,
                       int64_t out_channels) {
  for (int slot : {slots.x_zero, slots.x_scale, slots.y_zero, slots.y_scale}) {
    const Tensor& tensor = InputAt(context, slot);
    if (tensor.defined() && tensor.size() != 1) {
      return InvalidArgument("input ", slot, " is ", tensor.ToString(), ", not one number");
    }
  }
  const Tensor& bias = InputAt(context, slots.bias);
  if (bias.defined() && (bias.type() != DataType::kInt32 || bias.size() != out_channels)) {
    return InvalidArgument("input B is ", bias.ToString(), ", not int32[", out_channels, "]");
  }
  for (int slot : {slots.w_zero, slots.w_scale}) {
    const Tensor& tensor = InputAt(context, slot);
    if (tensor.defined() && tensor.size() != 1 && tensor.size() != out_channels) {
      return InvalidArgument("input ", slot, " is ", tensor.ToString(), ", not one number or ",
                             out_channels);
    }
  }
  return absl::OkStatus();
}

/// Stores one channel's sums as the operator's results.
class Results {
 public:
  Results(KernelContext& context, const IntegerSlots& slots)
      : y_(context.output(0)),
        bias_(InputAt(context, slots.bias)),
        x_scale_(InputAt(context, slots.x_scale)),
        w_scale_(InputAt(context, slots.w_scale)),
        y_scale_(InputAt(context, slots.y_scale)),
        zero_(ZeroPoint(InputAt(context, slots.y_zero), 0)),
        quantizes_(slots.quantizes()) {}

  template <typename Sum>
  void Store(int64_t channel, const Sum* sums, int64_t n, int64_t at) const {
    if (!quantizes_) {
      for (int64_t i = 0; i < n; ++i) y_.data<int32_t>()[at + i] = static_cast<int32_t>(sums[i]);
      return;
    }
    const int64_t bias = bias_.defined() ? bias_.data<int32_t>()[channel] : 0;
    const float multiplier = Multiplier(x_scale_, 0, w_scale_, channel, y_scale_);
    const int32_t low = y_.type() == DataType::kInt8 ? -128 : 0;
    uint8_t* y = y_.data<uint8_t>() + at;
    for (int64_t i = 0; i < n; ++i) {
      y[i] = static_cast<uint8_t>(Requantize(sums[i] + bias, multiplier, zero_, low, low + 255));
    }
  }

 private:
  Tensor& y_;
  const Tensor &bias_, &x_scale_, &w_scale_, &y_scale_;
  int32_t zero_;
  bool quantizes_;
};

int32_t ByteAt(const Tensor& tensor, int64_t i) {
  return tensor.type() == DataType::kInt8 ? tensor.data<int8_t>()[i] : tensor.data<uint8_t>()[i];
}

// ---- Reference ----------------------------------------------------------------------------

/// The sum for one output element: over the group's channels and the window's taps inside x.
int64_t SumAt(const ConvShape& conv, const Tensor& x, int32_t x_zero, const Tensor& w,
              int32_t w_zero, int64_t batch, int64_t channel, const Ints& position) {
  const int64_t plane = conv.input_plane(), taps = conv.kernel_plane();
  const int64_t group = channel / conv.group_out();
  const size_t rank = conv.window.size();
  int64_t sum = 0;
  for (int64_t tap = 0; tap < taps; ++tap) {
    int64_t rest = tap, at = 0, stride = 1;
    bool inside = true;
    for (size_t axis = rank; axis-- > 0;) {
      const WindowAxis& window = conv.window[axis];
      const int64_t p = position[axis] * window.stride - window.pad_begin +
                        rest % window.kernel * window.dilation;
      rest /= window.kernel;
      inside = inside && p >= 0 && p < window.input;
      at += p * stride;
      stride *= window.input;
    }
    if (!inside) continue;
    for (int64_t c = 0; c < conv.group_in(); ++c) {
      const int64_t source = (batch * conv.in_channels + group * conv.group_in() + c) * plane + at;
      const int64_t weight = (channel * conv.group_in() + c) * taps + tap;
      sum += int64_t{ByteAt(x, source) - x_zero} * (ByteAt(w, weight) - w_zero);
    }
  }
  return sum;
}

Status RunIntegerConv(KernelContext& context) {
  const auto& attrs = context.attrs<IntegerConvAttrs>();
  const IntegerSlots& slots = attrs.slots;
  const Tensor &x = context.input(slots.x), &w = context.input(slots.w);
  const Tensor& w_zero = InputAt(context, slots.w_zero);
  SX_ASSIGN_OR_RETURN(const ConvShape conv, ResolveConv(attrs.conv, x.shape(), w.shape()));
  SX_RETURN_IF_ERROR(CheckParameters(context, slots, conv.out_channels));
  const int32_t x_zero = ZeroPoint(InputAt(context, slots.x_zero), 0);
  const Results results(context, slots);
  const int64_t plane = conv.output_plane();
  const double cost = 5.0 * static_cast<double>(conv.group_in() * conv.kernel_plane());
  return context.ParallelFor(
      conv.batch * conv.out_channels * plane, cost, [&](int64_t begin, int64_t end) {
        Ints position(conv.window.size());
        for (int64_t i = begin; i < end; ++i) {
          int64_t rest = i % plane;
          for (size_t axis = conv.window.size(); axis-- > 0;) {
            position[axis] = rest % conv.window[axis].output;
            rest /= conv.window[axis].output;
          }
          const int64_t channel = i / plane % conv.out_channels;
          const int64_t batch = i / plane / conv.out_channels;
          const int64_t sum =
              SumAt(conv, x, x_zero, w, ZeroPoint(w_zero, channel), batch, channel, position);
          results.Store(channel, &sum, 1, i);
        }
      });
}

// ---- Native -------------------------------------------------------------------------------

constexpr int64_t kTile = 32;  // output positions that are gathered at a time

using Packed = std::vector<int16_t>;

/// Weights minus their zero points, in the model's order: a row of k for each output channel.
void PackWeights(const Tensor& w, const Tensor& w_zero, int64_t channels, int64_t k,
                 int16_t* packed) {
  for (int64_t m = 0; m < channels; ++m) {
    native::WidenRow(w.data<uint8_t>() + m * k, k, w.type() == DataType::kInt8,
                     ZeroPoint(w_zero, m), packed + m * k);
  }
}

/// im2col into rows of int16, one for each output position, and dot products with the weights'
/// rows.
class DotConv : public Kernel {
 public:
  DotConv(const IntegerSlots& slots, const ConvShape& conv, int threads,
          std::shared_ptr<const Packed> packed)
      : slots_(slots),
        conv_(conv),
        y_axis_(AtLeastRank(conv.window, 2)[0]),
        x_axis_(AtLeastRank(conv.window, 2)[1]),
        k_(conv.group_in() * conv.kernel_plane()),
        threads_(threads),
        packed_(std::move(packed)) {}

  /// x widened, weights where they are not constant, and for each thread a tile and its sums.
  int64_t scratch_bytes() const override {
    return 2 * x_elements() + (packed_ ? 0 : 2 * w_elements()) + 64 + threads_ * tile_bytes();
  }

  Status Run(KernelContext& context) const override {
    const Tensor &x = context.input(slots_.x), &w = context.input(slots_.w);
    SX_RETURN_IF_ERROR(CheckParameters(context, slots_, conv_.out_channels));
    // Sums come first, so that every part is aligned to its elements.
    auto* tiles = context.scratch().data();
    auto* wide = reinterpret_cast<int16_t*>(tiles + threads_ * tile_bytes());
    const int16_t* weights = packed_ ? packed_->data() : wide + x_elements();
    if (!packed_) {
      PackWeights(w, InputAt(context, slots_.w_zero), conv_.out_channels, k_, wide + x_elements());
    }
    const int32_t x_zero = ZeroPoint(InputAt(context, slots_.x_zero), 0);
    SX_RETURN_IF_ERROR(context.ParallelFor(x.size(), 0.2, [&](int64_t begin, int64_t end) {
      native::WidenRow(x.data<uint8_t>() + begin, end - begin, x.type() == DataType::kInt8, x_zero,
                       wide + begin);
    }));
    const Results results(context, slots_);
    const int64_t plane = conv_.output_plane();
    const int64_t tiles_of_plane = (plane + kTile - 1) / kTile;
    const int64_t jobs = conv_.batch * conv_.group * tiles_of_plane;
    const int64_t tasks = std::min<int64_t>(threads_, jobs);
    return context.ParallelTasks(tasks, [&](int64_t task) {
      auto* sums = reinterpret_cast<int32_t*>(tiles + task * tile_bytes());
      auto* rows = reinterpret_cast<int16_t*>(sums + conv_.group_out() * kTile);
      for (int64_t job = task; job < jobs; job += tasks) {
        if (!context.Check().ok()) return;
        const int64_t first = job % tiles_of_plane * kTile;
        const int64_t count = std::min(kTile, plane - first);
        const int64_t group = job / tiles_of_plane % conv_.group;
        const int64_t batch = job / tiles_of_plane / conv_.group;
        const int64_t source = (batch * conv_.group + group) * conv_.group_in();
        Gather(wide + source * conv_.input_plane(), first, count, rows);
        const int64_t channel = group * conv_.group_out();
        native::DotRows(weights + channel * k_, k_, conv_.group_out(), rows, k_, count, k_, sums,
                        kTile);
        for (int64_t m = 0; m < conv_.group_out(); ++m) {
          results.Store(channel + m, sums + m * kTile, count,
                        (batch * conv_.out_channels + channel + m) * plane + first);
        }
      }
    });
  }

 private:
  int64_t x_elements() const { return conv_.batch * conv_.in_channels * conv_.input_plane(); }
  int64_t w_elements() const { return conv_.out_channels * k_; }
  int64_t tile_bytes() const {
    const int64_t bytes = kTile * (4 * conv_.group_out() + 2 * k_);
    return (bytes + 63) / 64 * 64;
  }

  /// The inputs under the window at `count` output positions from `first` on, padding as zeros.
  void Gather(const int16_t* x, int64_t first, int64_t count, int16_t* rows) const {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t top = (first + i) / x_axis_.output * y_axis_.stride - y_axis_.pad_begin;
      const int64_t left = (first + i) % x_axis_.output * x_axis_.stride - x_axis_.pad_begin;
      int64_t k_first = 0, k_last = 0;
      x_axis_.Inside((first + i) % x_axis_.output, &k_first, &k_last);
      int16_t* to = rows + i * k_;
      for (int64_t c = 0; c < conv_.group_in(); ++c) {
        const int16_t* plane = x + c * y_axis_.input * x_axis_.input;
        for (int64_t ky = 0; ky < y_axis_.kernel; ++ky, to += x_axis_.kernel) {
          const int64_t line = top + ky * y_axis_.dilation;
          if (line < 0 || line >= y_axis_.input || k_first >= k_last) {
            std::fill_n(to, x_axis_.kernel, int16_t{0});
            continue;
          }
          const int16_t* from = plane + line * x_axis_.input;
          std::fill_n(to, k_first, int16_t{0});
          for (int64_t kx = k_first; kx < k_last; ++kx) {
            to[kx] = from[left + kx * x_axis_.dilation];
          }
          std::fill(to + k_last, to + x_axis_.kernel, int16_t{0});
        }
      }
    }
  }

  IntegerSlots slots_;
  ConvShape conv_;
  WindowAxis y_axis_, x_axis_;
  int64_t k_;
  int64_t threads_;
  std::shared_ptr<const Packed> packed_;
};

std::string RefuseDotConv(const PrepareContext& context) {
  const auto& attrs = context.attrs<IntegerConvAttrs>();
  const auto x = context.shape(attrs.slots.x), w = context.shape(attrs.slots.w);
  if (!x || !w) return "needs shapes known before the run";
  const auto conv = ResolveConv(attrs.conv, *x, *w);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->window.size() > 2) return "takes one or two spatial dimensions";
  if (conv->group_in() * conv->kernel_plane() > native::kLongestDot) {
    return "sums of so many products may overflow";
  }
  constexpr int64_t kLimit = int64_t{1} << 28;
  if (x->Elements() > kLimit || w->Elements() > kLimit) {
    return "the tensors are too large for its scratch memory";
  }
  return "";
}

StatusOr<std::unique_ptr<Kernel>> PrepareDotConv(const PrepareContext& context) {
  const auto& attrs = context.attrs<IntegerConvAttrs>();
  const IntegerSlots& slots = attrs.slots;
  SX_ASSIGN_OR_RETURN(const ConvShape conv,
                      ResolveConv(attrs.conv, *context.shape(slots.x), *context.shape(slots.w)));
  const Tensor* w = context.constant(slots.w);
  const Tensor* zero = context.has_input(slots.w_zero) ? context.constant(slots.w_zero) : nullptr;
  const bool zero_known =
      !context.has_input(slots.w_zero) ||
      (zero != nullptr && (zero->size() == 1 || zero->size() == conv.out_channels));
  std::shared_ptr<const Packed> packed;
  if (w != nullptr && zero_known) {
    packed = context.Shared<Packed>("dot.weights", [&] {
      auto made = std::make_shared<Packed>(static_cast<size_t>(w->size()));
      PackWeights(*w, zero != nullptr ? *zero : Tensor(), conv.out_channels,
                  conv.group_in() * conv.kernel_plane(), made->data());
      return made;
    });
  }
  return std::make_unique<DotConv>(slots, conv, context.threads(), std::move(packed));
}

double IntegerMultiplyAdds(const PrepareContext& context) {
  const auto& attrs = context.attrs<IntegerConvAttrs>();
  const auto x = context.shape(attrs.slots.x), w = context.shape(attrs.slots.w);
  if (!x || !w) return 0;
  const auto conv = ResolveConv(attrs.conv, *x, *w);
  if (!conv.ok()) return 0;
  return static_cast<double>(conv->output().Elements()) *
         static_cast<double>(conv->group_in() * conv->kernel_plane());
}

OpDef IntegerConvOp(absl::string_view name, int min_inputs, int max_inputs) {
  return {.name = name,
          .versions = {10},
          .min_inputs = min_inputs,
          .max_inputs = max_inputs,
          .parse = ParseIntegerConv,
          .infer = InferIntegerConv,
          .kernels = {{.name = "conv.int8dot",
                       .backend = Backend::kNative,
                       .refuses = RefuseDotConv,
                       .prepare = PrepareDotConv},
                      SimpleKernel<RunIntegerConv>("conv.integer")},
          .multiply_adds = IntegerMultiplyAdds};
}

}  // namespace

std::vector<OpDef> IntegerConvOps() {
  return {IntegerConvOp("ConvInteger", 2, 4), IntegerConvOp("QLinearConv", 8, 9)};
}

}  // namespace sardonyx
