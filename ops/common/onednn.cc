#include "ops/common/onednn.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <unordered_map>

namespace sardonyx::onednn {
namespace {

/// While it lives, OpenMP regions that the current thread opens have one thread.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }

 private:
  const int before_;
};

using dnnl::algorithm;
using dnnl::memory;

const dnnl::engine& Engine() {
  static const dnnl::engine* const engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

/// Runs `body`, which returns a StatusOr, for one thread, and turns oneDNN's exceptions into
/// errors.
template <typename Body>
auto Guarded(const Body& body) -> decltype(body()) {
  const OneThread one;
  try {
    return body();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments) {
      return Unimplemented("oneDNN does not do this");
    }
    if (error.status == dnnl_out_of_memory) return LimitExceeded("oneDNN is out of memory");
    return absl::InternalError(absl::StrCat("oneDNN: ", error.what()));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("oneDNN: ", error.what()));
  }
}

memory::desc RowMajorDesc(const Dims& dims) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= dims[i];
  }
  return {dims, memory::data_type::f32, strides};
}

/// [N, C, D...] of which the channels lie innermost.
memory::desc ChannelsLastDesc(const Dims& dims) {
  using Tag = memory::format_tag;
  return {dims, memory::data_type::f32,
          dims.size() == 3   ? Tag::nwc
          : dims.size() == 4 ? Tag::nhwc
                             : Tag::ndhwc};
}

memory::desc AnyDesc(const Dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::any};
}

Dims SpatialDims(int64_t first, int64_t second, const Window& window, int64_t WindowAxis::*size) {
  Dims dims{first, second};
  for (const WindowAxis& axis : window) dims.push_back(axis.*size);
  return dims;
}

/// The window in oneDNN's terms, in which a dilation of 0 is none, and the padding behind is as
/// much as the last output reads (ceil_mode may leave it out of step with the attribute).
struct WindowDims {
  Dims kernel, stride, dilation, before, behind;
  explicit WindowDims(const Window& window) {
    for (const WindowAxis& axis : window) {
      kernel.push_back(axis.kernel);
      stride.push_back(axis.stride);
      dilation.push_back(axis.dilation - 1);
      before.push_back(axis.pad_begin);
      behind.push_back((axis.output - 1) * axis.stride + axis.extent() - axis.input -
                       axis.pad_begin);
    }
  }
};

void Append(const Activation& activation, dnnl::post_ops* ops) {
  const auto append = [&](algorithm kind, float a, float b) {
#if DNNL_VERSION_MAJOR >= 3
    ops->append_eltwise(kind, a, b);
#else
    ops->append_eltwise(1.0f, kind, a, b);
#endif
  };
  switch (activation.kind) {
    case Activation::Kind::kNone:
    case Activation::Kind::kRelu:
    case Activation::Kind::kClip:
    case Activation::Kind::kHardSigmoid:
      break;  // do not keep NaN
    case Activation::Kind::kLeakyRelu:
      append(algorithm::eltwise_relu, activation.a, 0);
      break;
    case Activation::Kind::kSigmoid:
      append(algorithm::eltwise_logistic, 0, 0);
      break;
    case Activation::Kind::kTanh:
      append(algorithm::eltwise_tanh, 0, 0);
      break;
    case Activation::Kind::kHardSwish:
      append(algorithm::eltwise_hardswish, 1.0f / 6, 0.5f);
      break;
    case Activation::Kind::kSwish:
      append(algorithm::eltwise_swish, activation.a, 0);
      break;
    case Activation::Kind::kGelu:
      append(algorithm::eltwise_gelu_erf, 0, 0);
      break;
    case Activation::Kind::kGeluTanh:
      append(algorithm::eltwise_gelu_tanh, 0, 0);
      break;
  }
}

dnnl::primitive_attr Attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

int Number(Argument argument) {
  switch (argument) {
    case Argument::kSource:
      return DNNL_ARG_SRC;
    case Argument::kWeights:
      return DNNL_ARG_WEIGHTS;
    case Argument::kBias:
      return DNNL_ARG_BIAS;
    case Argument::kDestination:
      return DNNL_ARG_DST;
    case Argument::kMean:
      return DNNL_ARG_MEAN;
    case Argument::kVariance:
      return DNNL_ARG_VARIANCE;
    case Argument::kScale:
      return DNNL_ARG_SCALE;
    case Argument::kShift:
      return DNNL_ARG_SHIFT;
  }
  return DNNL_ARG_SRC;
}

}  // namespace

struct Layout::State {
  memory::desc desc;
};

struct Primitive::State {
  dnnl::primitive primitive;
  memory::desc scratch;
  memory::desc vector;  // of bias, mean, variance, scale and shift
  Layout source, weights, destination;
};

namespace {

Layout LayoutOf(const memory::desc& desc) {
  return Layout(std::make_shared<const Layout::State>(Layout::State{desc}));
}

/// The primitive with what was found out about it; Unimplemented if it is oneDNN's plain code.
template <typename P, typename Desc>
StatusOr<Primitive> Finish(const Desc& desc, int64_t channels, bool weights) {
  const std::string name = desc.impl_info_str();
  if (name.rfind("ref", 0) == 0) {
    return Unimplemented("oneDNN has only its reference code for this");
  }
  auto state = std::make_shared<Primitive::State>();
  state->primitive = P(desc);
  state->scratch = desc.scratchpad_desc();
  state->vector = RowMajorDesc({channels});
  state->source = LayoutOf(desc.src_desc());
  state->destination = LayoutOf(desc.dst_desc());
  if (weights) state->weights = LayoutOf(desc.weights_desc());
  return Primitive(std::move(state));
}

}  // namespace

StatusOr<Layout> Layout::RowMajor(const Dims& dims) {
  return Guarded([&]() -> StatusOr<Layout> { return LayoutOf(RowMajorDesc(dims)); });
}

StatusOr<Layout> Layout::Part(const Dims& dims, const Dims& offsets) const {
  return Guarded(
      [&]() -> StatusOr<Layout> { return LayoutOf(state_->desc.submemory_desc(dims, offsets)); });
}

int64_t Layout::bytes() const {
  return state_ == nullptr ? 0 : static_cast<int64_t>(state_->desc.get_size());
}

bool operator==(const Layout& a, const Layout& b) {
  return a.state_ == b.state_ || (a.state_ && b.state_ && a.state_->desc == b.state_->desc);
}

const Layout& Primitive::source() const { return state_->source; }
const Layout& Primitive::weights() const { return state_->weights; }
const Layout& Primitive::destination() const { return state_->destination; }
int64_t Primitive::scratch_bytes() const {
  return static_cast<int64_t>(state_->scratch.get_size());
}

Status Primitive::Run(std::initializer_list<Binding> bindings, std::byte* scratch) const {
  return Guarded([&]() -> Status {
    std::unordered_map<int, memory> arguments;
    for (const Binding& binding : bindings) {
      const memory::desc* desc = &state_->vector;
      if (binding.argument == Argument::kSource) desc = &state_->source.state().desc;
      if (binding.argument == Argument::kWeights) desc = &state_->weights.state().desc;
      if (binding.argument == Argument::kDestination) desc = &state_->destination.state().desc;
      arguments.emplace(Number(binding.argument),
                        memory(*desc, Engine(), const_cast<void*>(binding.data)));
    }
    if (state_->scratch.get_size() > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(state_->scratch, Engine(), scratch));
    }
    dnnl::stream stream(Engine());
    state_->primitive.execute(stream, arguments);
    stream.wait();
    return absl::OkStatus();
  });
}

bool KeepsNaN(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind != Kind::kRelu && activation.kind != Kind::kClip &&
         activation.kind != Kind::kHardSigmoid;
}

StatusOr<Primitive> Make(const Convolution& conv) {
  return Guarded([&]() -> StatusOr<Primitive> {
    const auto desc_of = conv.channels_last ? ChannelsLastDesc : AnyDesc;
    const memory::desc source =
        desc_of(SpatialDims(conv.batch, conv.in_channels, conv.window, &WindowAxis::input));
    const memory::desc destination =
        desc_of(SpatialDims(conv.batch, conv.out_channels, conv.window, &WindowAxis::output));
    Dims weight_dims = SpatialDims(conv.out_channels / conv.group, conv.in_channels / conv.group,
                                   conv.window, &WindowAxis::kernel);
    if (conv.group > 1) weight_dims.insert(weight_dims.begin(), conv.group);
    const memory::desc weights = AnyDesc(weight_dims);
    const memory::desc bias = conv.bias ? RowMajorDesc({conv.out_channels}) : memory::desc();
    dnnl::primitive_attr attributes = Attributes();
    dnnl::post_ops ops;
    if (conv.accumulate) ops.append_sum();
    Append(conv.activation, &ops);
    attributes.set_post_ops(ops);
    const WindowDims w(conv.window);
    // Not convolution_auto, which may choose Winograd: its error is above what this kernel
    // promises.
    const algorithm direct = algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::convolution_forward::primitive_desc desc(
        Engine(), dnnl::prop_kind::forward_inference, direct, source, weights, bias, destination,
        w.stride, w.dilation, w.before, w.behind, attributes);
#else
    const dnnl::convolution_forward::primitive_desc desc(
        dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, direct, source, weights,
                                        bias, destination, w.stride, w.dilation, w.before,
                                        w.behind),
        attributes, Engine());
#endif
    return Finish<dnnl::convolution_forward>(desc, conv.out_channels, true);
  });
}

StatusOr<Primitive> Make(const Pooling& pooling) {
  return Guarded([&]() -> StatusOr<Primitive> {
    const memory::desc source =
        RowMajorDesc(SpatialDims(1, pooling.channels, pooling.window, &WindowAxis::input));
    const memory::desc destination =
        RowMajorDesc(SpatialDims(1, pooling.channels, pooling.window, &WindowAxis::output));
    const algorithm kind = pooling.kind == Pooling::Kind::kMax ? algorithm::pooling_max
                           : pooling.kind == Pooling::Kind::kAverageWithPadding
                               ? algorithm::pooling_avg_include_padding
                               : algorithm::pooling_avg_exclude_padding;
    const WindowDims w(pooling.window);
    const auto inference = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
    using Pool = dnnl::pooling_forward;
    const Pool::primitive_desc desc(Engine(), inference, kind, source, destination, w.stride,
                                    w.kernel, w.dilation, w.before, w.behind, Attributes());
#else
    using Pool = dnnl::pooling_v2_forward;
    const Pool::primitive_desc desc(Pool::desc(inference, kind, source, destination, w.stride,
                                               w.kernel, w.dilation, w.before, w.behind),
                                    Attributes(), Engine());
#endif
    return Finish<Pool>(desc, 1, false);
  });
}

StatusOr<Primitive> Make(const BatchNormalization& normalization) {
  return Guarded([&]() -> StatusOr<Primitive> {
    const memory::desc data = RowMajorDesc(normalization.dims);
    const auto flags = dnnl::normalization_flags::use_global_stats |
                       dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    const auto inference = dnnl::prop_kind::forward_inference;
    using Norm = dnnl::batch_normalization_forward;
#if DNNL_VERSION_MAJOR >= 3
    const Norm::primitive_desc desc(Engine(), inference, data, data, normalization.epsilon, flags,
                                    Attributes());
#else
    const Norm::primitive_desc desc(Norm::desc(inference, data, normalization.epsilon, flags),
                                    Attributes(), Engine());
#endif
    return Finish<Norm>(desc, normalization.dims[1], false);
  });
}

StatusOr<Primitive> MakeReorder(const Layout& from, const Layout& to) {
  return Guarded([&]() -> StatusOr<Primitive> {
    const dnnl::reorder::primitive_desc desc(Engine(), from.state().desc, Engine(), to.state().desc,
                                             Attributes());
    auto state = std::make_shared<Primitive::State>();
    state->primitive = dnnl::reorder(desc);
    state->scratch = desc.scratchpad_desc();
    state->source = from;
    state->destination = to;
    return Primitive(std::move(state));
  });
}

Status Run(const Gemm& gemm) {
  if (gemm.m <= 0 || gemm.n <= 0) return absl::OkStatus();
  if (gemm.k <= 0) {
    for (int64_t i = 0; i < gemm.m; ++i) {
      float* row = gemm.c + i * gemm.ldc;
      for (int64_t j = 0; j < gemm.n; ++j) row[j] = gemm.beta == 0 ? 0 : row[j] * gemm.beta;
    }
    return absl::OkStatus();
  }
  const OneThread one;
  const dnnl_status_t status =
      dnnl_sgemm(gemm.transpose_a ? 'T' : 'N', gemm.transpose_b ? 'T' : 'N', gemm.m, gemm.n, gemm.k,
                 gemm.alpha, gemm.a, gemm.lda, gemm.b, gemm.ldb, gemm.beta, gemm.c, gemm.ldc);
  if (status == dnnl_success) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("oneDNN's sgemm gave status ", static_cast<int>(status)));
}

Status Run(const KernelContext& context, const Gemm& gemm) {
  const bool by_rows = gemm.m >= gemm.n;
  const int64_t length = by_rows ? gemm.m : gemm.n;
  constexpr int64_t kUnit = 16;  // slices of whole vectors and register tiles
  const int64_t units = (length + kUnit - 1) / kUnit;
  const double cost = static_cast<double>(kUnit) * static_cast<double>(by_rows ? gemm.n : gemm.m) *
                      static_cast<double>(std::max<int64_t>(gemm.k, 1)) / 20.0;
  // A slice packs the other operand anew, so there are few of them: enough for the threads, and no
  // longer than a few milliseconds each.
  const int64_t threads = context.environment().pool->threads();
  int64_t slices =
      std::max<int64_t>(threads, static_cast<int64_t>(cost * static_cast<double>(units) / 5e6));
  if (cost * static_cast<double>(units) < 20'000) slices = 1;
  slices = std::clamp<int64_t>(slices, 1, std::max<int64_t>(units, 1));
  FirstError error;
  SX_RETURN_IF_ERROR(context.ParallelTasks(slices, [&](int64_t i) {
    const int64_t begin = units * i / slices * kUnit;
    const int64_t end = std::min(units * (i + 1) / slices * kUnit, length);
    if (begin >= end) return;
    Gemm slice = gemm;
    if (by_rows) {
      slice.m = end - begin;
      slice.a += begin * (gemm.transpose_a ? 1 : gemm.lda);
      slice.c += begin * gemm.ldc;
    } else {
      slice.n = end - begin;
      slice.b += begin * (gemm.transpose_b ? gemm.ldb : 1);
      slice.c += begin;
    }
    error.Add(Run(slice));
  }));
  return error.status();
}

}  // namespace sardonyx::onednn
