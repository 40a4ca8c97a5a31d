// DFT and STFT.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "ops/common/int_inputs.h"
#include "ops/common/real_reader.h"
#include "ops/signal/defs.h"
#include "ops/signal/fft.h"

namespace sardonyx {
namespace {

constexpr int64_t kLongest = int64_t{1} << 32;

struct DftAttrs : Attrs {
  bool inverse = false, onesided = false;
  int64_t axis = 1;  // before opset 20; later an input
};

StatusOr<std::shared_ptr<Attrs>> ParseDft(ParseContext& context) {
  auto attrs = std::make_shared<DftAttrs>();
  attrs->inverse = context.Flag("inverse", false);
  attrs->onesided = context.Flag("onesided", false);
  attrs->axis = context.version() < 20 ? context.Int("axis", 1) : -2;
  return attrs;
}

/// `size` is the input's along the axis.
StatusOr<int64_t> DftLength(const DftAttrs& attrs, int64_t size, const Tensor* given) {
  int64_t length = attrs.inverse && attrs.onesided ? 2 * (size - 1) : size;
  if (given != nullptr) {
    SX_ASSIGN_OR_RETURN(length, SingleInt(*given, "dft_length"));
  }
  if (length < 1 || length > kLongest) return InvalidArgument("dft_length is ", length);
  return length;
}

StatusOr<int> DftAxis(const DftAttrs& attrs, int rank, const Tensor* given) {
  int64_t axis = attrs.axis;
  if (given != nullptr) {
    SX_ASSIGN_OR_RETURN(axis, SingleInt(*given, "axis"));
  }
  SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(axis, rank));
  if (normal == rank - 1) {
    return InvalidArgument("axis ", axis, " is the last, which holds real and imaginary parts");
  }
  return normal;
}

Status CheckParts(const Dim& parts) {
  if (!parts.known() || parts.value == 1 || parts.value == 2) return absl::OkStatus();
  return InvalidArgument("the last dimension is ", parts.value,
                         "; 1 (real) or 2 (complex) is needed");
}

Status InferDft(InferContext& context) {
  const auto& attrs = context.attrs<DftAttrs>();
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  const int rank = static_cast<int>(data->size());
  if (rank < 2) return InvalidArgument("input has shape ", ToString(*data), "; rank 2 is needed");
  SX_RETURN_IF_ERROR(CheckParts(data->back()));
  const bool real = attrs.inverse && attrs.onesided;
  if (attrs.onesided && !attrs.inverse && data->back().value == 2) {
    return InvalidArgument("a one-sided transform needs real input, but has ", ToString(*data));
  }
  SymbolicShape result(rank);
  if (!context.has_input(2) || context.value(2) != nullptr) {
    SX_ASSIGN_OR_RETURN(const int axis, DftAxis(attrs, rank, context.value(2)));
    result = *data;
    Dim& size = result[axis];
    const bool given = context.has_input(1);
    if (given ? context.value(1) != nullptr : size.known()) {
      SX_ASSIGN_OR_RETURN(const int64_t length,
                          DftLength(attrs, size.value, given ? context.value(1) : nullptr));
      size = attrs.onesided && !attrs.inverse ? length / 2 + 1 : length;
    } else if (given || attrs.onesided) {
      size = Dim();
    }
  }
  result.back() = real ? 1 : 2;
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

/// Calls compute<S>() where S is the arithmetic for tensors of that type.
template <typename Compute>
Status InPrecision(DataType type, Compute&& compute) {
  if (type == DataType::kDouble) return compute.template operator()<double>();
  return compute.template operator()<float>();
}

/// Calls lane(i, buffer) for i in [0, lanes) with room for a transform and its work space.
template <typename S, typename Lane>
Status ForLanes(const KernelContext& context, const Fft<S>& fft, int64_t length, int64_t lanes,
                Lane&& lane) {
  std::atomic<bool> out_of_memory{false};
  const double cost =
      20.0 * static_cast<double>(length) * (2 + std::log2(static_cast<double>(length)));
  SX_RETURN_IF_ERROR(context.ParallelFor(lanes, cost, [&](int64_t begin, int64_t end) {
    auto memory = context.Temporary(kTypeOf<std::complex<S>>, {length + fft.work_size()});
    if (!memory.ok()) {
      out_of_memory = true;
      return;
    }
    for (int64_t i = begin; i < end; ++i) lane(i, memory->template data<std::complex<S>>());
  }));
  if (out_of_memory) return LimitExceeded("there is no memory for a transform of ", length);
  return context.Check();
}

/// The transform of real numbers has Hermitian symmetry, which arithmetic keeps but for rounding.
template <typename C>
void Symmetrize(C* spectrum, int64_t length) {
  spectrum[0] = spectrum[0].real();
  for (int64_t k = 1; k <= length / 2; ++k) {
    spectrum[length - k] = std::conj(spectrum[k]);
    if (2 * k == length) spectrum[k] = spectrum[k].real();
  }
}

Status RunDft(KernelContext& context) {
  const auto& attrs = context.attrs<DftAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const auto given = [&](int i) { return context.has_input(i) ? &context.input(i) : nullptr; };
  SX_ASSIGN_OR_RETURN(const int axis, DftAxis(attrs, data.rank(), given(2)));
  const int64_t size = data.dim(axis), written = output.dim(axis);
  SX_ASSIGN_OR_RETURN(const int64_t length, DftLength(attrs, size, given(1)));
  SX_ASSIGN_OR_RETURN(const RealReader reader, RealReader::Of(data, "input"));
  const int64_t parts = data.dim(data.rank() - 1), parts_out = output.dim(data.rank() - 1);
  const int64_t inner = data.shape().Elements(axis + 1, data.rank() - 1);
  const int64_t lanes = output.shape().Elements(0, axis) * inner;
  const bool symmetric = attrs.inverse && attrs.onesided;
  const int64_t read = std::min(size, symmetric ? length / 2 + 1 : length);
  const double scale = attrs.inverse ? 1.0 / static_cast<double>(length) : 1.0;
  return InPrecision(data.type(), [&]<typename S>() -> Status {
    using Complex = std::complex<S>;
    SX_ASSIGN_OR_RETURN(const auto fft, Fft<S>::Make(context, length));
    const auto read_lane = [&](int64_t outer, int64_t place, Complex* buffer) {
      std::fill_n(buffer, length, Complex());
      for (int64_t k = 0; k < read; ++k) {
        const int64_t at = ((outer * size + k) * inner + place) * parts;
        const Complex value(static_cast<S>(reader[at]),
                            parts == 2 ? static_cast<S>(reader[at + 1]) : S{0});
        buffer[k] = value;
        if (!symmetric) continue;
        // The other half is the conjugate; what is its own conjugate has no imaginary part.
        if (k == 0 || 2 * k == length) {
          buffer[k] = value.real();
        } else {
          buffer[length - k] = std::conj(value);
        }
      }
    };
    return Dispatch(data.type(), Floats{}, [&]<typename T>() {
      T* to = output.data<T>();
      return ForLanes(context, fft, length, lanes, [&](int64_t lane, Complex* buffer) {
        const int64_t outer = lane / inner, place = lane % inner;
        read_lane(outer, place, buffer);
        fft.Run(context, buffer, buffer + length, attrs.inverse);
        if (parts == 1) Symmetrize(buffer, length);
        for (int64_t k = 0; k < written; ++k) {
          const int64_t at = ((outer * written + k) * inner + place) * parts_out;
          to[at] = static_cast<T>(buffer[k].real() * scale);
          if (parts_out == 2) to[at + 1] = static_cast<T>(buffer[k].imag() * scale);
        }
      });
    });
  });
}

// ---- STFT ---------------------------------------------------------------------------------

struct StftAttrs : Attrs {
  bool onesided = true;
};

StatusOr<std::shared_ptr<Attrs>> ParseStft(ParseContext& context) {
  auto attrs = std::make_shared<StftAttrs>();
  attrs->onesided = context.Flag("onesided", true);
  return attrs;
}

struct Frames {
  int64_t length = 0, step = 0, count = 0;
};

/// `window` is its length, -1 for none.
StatusOr<Frames> PlanFrames(int64_t signal, const Tensor& step, int64_t window,
                            const Tensor* length) {
  Frames frames{.length = window >= 0 ? window : signal};
  if (length != nullptr) {
    SX_ASSIGN_OR_RETURN(frames.length, SingleInt(*length, "frame_length"));
  }
  SX_ASSIGN_OR_RETURN(frames.step, SingleInt(step, "frame_step"));
  if (frames.step < 1) return InvalidArgument("frame_step is ", frames.step);
  if (frames.length < 1 || frames.length > signal) {
    return InvalidArgument("frame_length is ", frames.length, ", but the signal has ", signal,
                           " samples");
  }
  if (window >= 0 && window != frames.length) {
    return InvalidArgument("the window has ", window, " elements, but a frame ", frames.length);
  }
  frames.count = (signal - frames.length) / frames.step + 1;
  return frames;
}

Status InferStft(InferContext& context) {
  const SymbolicShape* signal = context.shape(0);
  const SymbolicShape* window = context.shape(2);
  if (window != nullptr && window->size() != 1) {
    return InvalidArgument("window must have rank 1, but has shape ", ToString(*window));
  }
  SymbolicShape result(4);
  result[3] = 2;
  if (signal != nullptr) {
    if (signal->size() != 3) {
      return InvalidArgument("signal must have rank 3, but has shape ", ToString(*signal));
    }
    SX_RETURN_IF_ERROR(CheckParts((*signal)[2]));
    const bool onesided = context.attrs<StftAttrs>().onesided;
    if (onesided && (*signal)[2].value == 2) {
      return InvalidArgument("a one-sided transform needs a real signal");
    }
    result[0] = (*signal)[0];
    const bool window_known = !context.has_input(2) || (window != nullptr && (*window)[0].known());
    const bool length_known = !context.has_input(3) || context.value(3) != nullptr;
    if ((*signal)[1].known() && window_known && length_known && context.value(1) != nullptr) {
      SX_ASSIGN_OR_RETURN(
          const Frames frames,
          PlanFrames((*signal)[1].value, *context.value(1),
                     window != nullptr ? (*window)[0].value : -1, context.value(3)));
      result[1] = frames.count;
      result[2] = onesided ? frames.length / 2 + 1 : frames.length;
    }
  }
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunStft(KernelContext& context) {
  const Tensor& signal = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const bool windowed = context.has_input(2);
  SX_ASSIGN_OR_RETURN(const RealReader reader, RealReader::Of(signal, "signal"));
  SX_ASSIGN_OR_RETURN(const RealReader window,
                      RealReader::Of(context.input(windowed ? 2 : 0), "window"));
  SX_ASSIGN_OR_RETURN(
      const Frames frames,
      PlanFrames(signal.dim(1), context.input(1), windowed ? context.input(2).size() : -1,
                 context.has_input(3) ? &context.input(3) : nullptr));
  const int64_t parts = signal.dim(2), bins = output.dim(2);
  return InPrecision(signal.type(), [&]<typename S>() -> Status {
    using Complex = std::complex<S>;
    SX_ASSIGN_OR_RETURN(const auto fft, Fft<S>::Make(context, frames.length));
    const auto read_lane = [&](int64_t first, Complex* buffer) {
      for (int64_t k = 0; k < frames.length; ++k) {
        const int64_t at = (first + k) * parts;
        const S weight = windowed ? static_cast<S>(window[k]) : S{1};
        buffer[k] = Complex(static_cast<S>(reader[at]) * weight,
                            parts == 2 ? static_cast<S>(reader[at + 1]) * weight : S{0});
      }
    };
    const int64_t lanes = signal.dim(0) * frames.count;
    return Dispatch(signal.type(), Floats{}, [&]<typename T>() {
      T* to = output.data<T>();
      return ForLanes(context, fft, frames.length, lanes, [&](int64_t lane, Complex* buffer) {
        read_lane(lane / frames.count * signal.dim(1) + lane % frames.count * frames.step, buffer);
        fft.Run(context, buffer, buffer + frames.length, false);
        if (parts == 1) Symmetrize(buffer, frames.length);
        for (int64_t k = 0; k < bins; ++k) {
          to[(lane * bins + k) * 2] = static_cast<T>(buffer[k].real());
          to[(lane * bins + k) * 2 + 1] = static_cast<T>(buffer[k].imag());
        }
      });
    });
  });
}

}  // namespace

std::vector<OpDef> FourierOps() {
  return {
      {.domain = "",
       .name = "DFT",
       .versions = {17, 20},
       .min_inputs = 1,
       .max_inputs = 3,
       .parse = ParseDft,
       .infer = InferDft,
       .kernels = {SimpleKernel<RunDft>("dft.fft")}},
      {.domain = "",
       .name = "STFT",
       .versions = {17},
       .min_inputs = 2,
       .max_inputs = 4,
       .parse = ParseStft,
       .infer = InferStft,
       .kernels = {SimpleKernel<RunStft>("stft.fft")}},
  };
}

}  // namespace sardonyx
