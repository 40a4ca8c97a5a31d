// DeformConv (Dai et al., "Deformable Convolutional Networks", 2017; with masks: Zhu et al.,
// "Deformable ConvNets v2", 2018), over any number of spatial axes up to three.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "ops/common/int_inputs.h"
#include "ops/image/defs.h"

namespace sardonyx {
namespace {

constexpr int kMostAxes = 3;
constexpr int64_t kMostExtent = 1 << 30;

struct DeformAttrs : Attrs {
  Ints kernel, strides, dilations, pads;
  int64_t group = 1, offset_group = 1;
};

StatusOr<std::shared_ptr<Attrs>> ParseDeform(ParseContext& context) {
  auto attrs = std::make_shared<DeformAttrs>();
  attrs->kernel = context.IntList("kernel_shape");
  attrs->strides = context.IntList("strides");
  attrs->dilations = context.IntList("dilations");
  attrs->pads = context.IntList("pads");
  attrs->group = context.Int("group", 1);
  attrs->offset_group = context.Int("offset_group", 1);
  for (const Ints* list : {&attrs->kernel, &attrs->strides, &attrs->dilations}) {
    for (int64_t v : *list) {
      if (v < 1 || v > kMostExtent) {
        context.Fail(absl::StrCat("a kernel size, stride or dilation is ", v));
      }
    }
  }
  for (int64_t pad : attrs->pads) {
    if (pad < 0 || pad > kMostExtent) context.Fail(absl::StrCat("pads has ", pad));
  }
  if (attrs->group < 1 || attrs->offset_group < 1) {
    context.Fail(
        absl::StrCat("group is ", attrs->group, " and offset_group ", attrs->offset_group));
  }
  return attrs;
}

/// The list, or `n` times `fallback` where it is empty. Errors: another length.
StatusOr<Ints> Filled(const Ints& list, size_t n, int64_t fallback, absl::string_view what) {
  if (list.empty()) return Ints(n, fallback);
  if (list.size() == n) return list;
  return InvalidArgument(what, " has ", list.size(), " elements, but ", n, " are needed");
}

/// An error unless `dim`, where known, is `wanted`.
Status Expect(const Dim& dim, const Dim& wanted, absl::string_view what) {
  if (!dim.known() || !wanted.known() || dim.value == wanted.value) return absl::OkStatus();
  return InvalidArgument(what, " is ", dim.value, ", but ", wanted.value, " is needed");
}

Dim Times(const Dim& dim, int64_t factor) {
  if (!dim.known()) return Dim();
  const auto product = CheckedMul(dim.value, factor);
  return product ? Dim(*product) : Dim();
}

Status InferDeform(InferContext& context) {
  const auto& attrs = context.attrs<DeformAttrs>();
  const SymbolicShape* x = context.shape(0);
  const SymbolicShape* w = context.shape(1);
  const SymbolicShape* offset = context.shape(2);
  context.set_output(0, context.element(0), std::nullopt);
  for (int i = 1; i < context.input_count(); ++i) {
    if (context.element(i) != DataType::kUndefined && context.element(0) != DataType::kUndefined &&
        context.element(i) != context.element(0)) {
      return InvalidArgument("input ", i, " is ", Name(context.element(i)), ", but X is ",
                             Name(context.element(0)));
    }
  }
  if (x == nullptr || w == nullptr) return absl::OkStatus();
  const size_t rank = x->size() - 2;
  if (x->size() < 3 || w->size() != x->size()) {
    return InvalidArgument("X has shape ", ToString(*x), " and W ", ToString(*w));
  }
  if (rank > kMostAxes) {
    return Unimplemented("X has ", rank, " spatial axes; at most ", kMostAxes, " are supported");
  }
  SX_ASSIGN_OR_RETURN(const Ints strides, Filled(attrs.strides, rank, 1, "strides"));
  SX_ASSIGN_OR_RETURN(const Ints dilations, Filled(attrs.dilations, rank, 1, "dilations"));
  SX_ASSIGN_OR_RETURN(const Ints pads, Filled(attrs.pads, 2 * rank, 0, "pads"));
  SX_ASSIGN_OR_RETURN(const Ints kernel, Filled(attrs.kernel, rank, -1, "kernel_shape"));
  SX_RETURN_IF_ERROR(Expect((*x)[1], Times((*w)[1], attrs.group), "the number of channels"));
  if ((*w)[0].known() && (*w)[0].value % attrs.group != 0) {
    return InvalidArgument((*w)[0].value, " output channels cannot be divided into ", attrs.group,
                           " groups");
  }
  if ((*x)[1].known() && (*x)[1].value % attrs.offset_group != 0) {
    return InvalidArgument((*x)[1].value, " channels cannot be divided into ", attrs.offset_group,
                           " offset groups");
  }
  SymbolicShape result = {(*x)[0], (*w)[0]};
  Dim taps = attrs.offset_group;
  for (size_t i = 0; i < rank; ++i) {
    const Dim &size = (*x)[i + 2], &extent = (*w)[i + 2];
    if (kernel[i] >= 0) SX_RETURN_IF_ERROR(Expect(extent, kernel[i], "a size of W"));
    taps = extent.known() ? Times(taps, extent.value) : Dim();
    Dim out;
    if (size.known() && extent.known()) {
      if (extent.value < 1 || extent.value > kMostExtent || size.value > kMostExtent) {
        return InvalidArgument("X ", ToString(*x), " or W ", ToString(*w), " has an odd size");
      }
      const int64_t room =
          size.value + pads[i] + pads[rank + i] - dilations[i] * (extent.value - 1) - 1;
      if (room < 0) {
        return InvalidArgument("W ", ToString(*w), " is larger than the padded X ", ToString(*x));
      }
      out = room / strides[i] + 1;
    }
    result.push_back(out);
  }
  const auto check = [&](int i, const Dim& channels, absl::string_view what) -> Status {
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) return absl::OkStatus();
    if (shape->size() != rank + 2) {
      return InvalidArgument(what, " has shape ", ToString(*shape), ", but rank ", rank + 2,
                             " is needed");
    }
    SX_RETURN_IF_ERROR(Expect((*shape)[0], (*x)[0], absl::StrCat("the batch of ", what)));
    SX_RETURN_IF_ERROR(Expect((*shape)[1], channels, absl::StrCat("dimension 1 of ", what)));
    for (size_t d = 2; d < rank + 2; ++d) {
      SX_RETURN_IF_ERROR(Expect((*shape)[d], result[d], absl::StrCat("a size of ", what)));
    }
    return absl::OkStatus();
  };
  SX_RETURN_IF_ERROR(check(2, Times(taps, static_cast<int64_t>(rank)), "offset"));
  SX_RETURN_IF_ERROR(check(4, taps, "mask"));
  if (const SymbolicShape* bias = context.shape(3); bias != nullptr) {
    if (bias->size() != 1) return InvalidArgument("B has shape ", ToString(*bias));
    SX_RETURN_IF_ERROR(Expect((*bias)[0], (*w)[0], "the size of B"));
  }
  for (size_t d = 2; offset != nullptr && d < rank + 2; ++d) {
    if (!result[d].known()) result[d] = (*offset)[d];
  }
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

struct Geometry {
  int rank = 0;
  Ints strides, dilations, pads;
  Shape x, w, y;
  int64_t taps = 1, positions = 1, plane = 1;
};

/// N-linear interpolation of one channel, zero outside.
template <typename T, typename C>
C Interpolate(const T* image, const Geometry& g, const std::array<double, kMostAxes>& at) {
  std::array<int64_t, kMostAxes> floor;
  std::array<double, kMostAxes> ratio;
  for (int i = 0; i < g.rank; ++i) {
    // Also false for what is not a number.
    if (!(at[i] > -1 && at[i] < static_cast<double>(g.x[i + 2]))) return C(0);
    const double low = std::floor(at[i]);
    floor[i] = static_cast<int64_t>(low);
    ratio[i] = at[i] - low;
  }
  C sum = 0;
  for (int corner = 0; corner < 1 << g.rank; ++corner) {
    int64_t place = 0;
    double weight = 1;
    for (int i = 0; i < g.rank; ++i) {
      const int up = corner >> i & 1;
      const int64_t index = floor[i] + up;
      if (index < 0 || index >= g.x[i + 2]) weight = 0;
      weight *= up != 0 ? ratio[i] : 1 - ratio[i];
      place = place * g.x[i + 2] + index;
    }
    if (weight != 0) sum += static_cast<C>(weight) * static_cast<C>(image[place]);
  }
  return sum;
}

/// What every channel and tap shows at one output position of one image: [channels, taps].
template <typename T, typename C>
void SampleColumn(const KernelContext& context, const Geometry& g, int64_t offset_groups,
                  int64_t batch, int64_t position, C* column) {
  const int64_t channels = g.x[1], per_group = channels / offset_groups;
  const T* offsets =
      context.input(2).data<T>() + batch * offset_groups * g.taps * g.rank * g.positions + position;
  const T* masks =
      context.has_input(4)
          ? context.input(4).data<T>() + batch * offset_groups * g.taps * g.positions + position
          : nullptr;
  std::array<int64_t, kMostAxes> origin;
  int64_t rest = position;
  for (int i = g.rank - 1; i >= 0; --i) {
    origin[i] = rest % g.y[i + 2] * g.strides[i] - g.pads[i];
    rest /= g.y[i + 2];
  }
  for (int64_t group = 0; group < offset_groups; ++group) {
    for (int64_t tap = 0; tap < g.taps; ++tap) {
      std::array<double, kMostAxes> at{};
      const int64_t place = group * g.taps + tap;
      rest = tap;
      for (int i = g.rank - 1; i >= 0; --i) {
        const int64_t step = rest % g.w[i + 2] * g.dilations[i];
        rest /= g.w[i + 2];
        at[i] = static_cast<double>(origin[i] + step) +
                static_cast<double>(offsets[(place * g.rank + i) * g.positions]);
      }
      const C mask = masks != nullptr ? static_cast<C>(masks[place * g.positions]) : C(1);
      for (int64_t c = group * per_group; c < (group + 1) * per_group; ++c) {
        const T* image = context.input(0).data<T>() + (batch * channels + c) * g.plane;
        column[c * g.taps + tap] = mask * Interpolate<T, C>(image, g, at);
      }
    }
  }
}

template <typename T>
Status Convolve(KernelContext& context, const Geometry& g) {
  using C = ComputeType<T>;
  const auto& attrs = context.attrs<DeformAttrs>();
  const int64_t channels = g.x[1], outputs = g.w[0];
  const int64_t row = channels / attrs.group * g.taps, per_group = outputs / attrs.group;
  const T* weights = context.input(1).data<T>();
  const T* bias = context.has_input(3) ? context.input(3).data<T>() : nullptr;
  T* to = context.output(0).data<T>();
  std::atomic<bool> out_of_memory{false};
  const double cost =
      static_cast<double>(channels * g.taps) * 15 + static_cast<double>(outputs * row);
  SX_RETURN_IF_ERROR(
      context.ParallelFor(g.x[0] * g.positions, cost, [&](int64_t begin, int64_t end) {
        auto memory = context.Temporary(kTypeOf<C>, {channels * g.taps});
        if (!memory.ok()) {
          out_of_memory = true;
          return;
        }
        C* column = memory->template data<C>();
        for (int64_t i = begin; i < end; ++i) {
          const int64_t batch = i / g.positions, position = i % g.positions;
          SampleColumn<T, C>(context, g, attrs.offset_group, batch, position, column);
          for (int64_t o = 0; o < outputs; ++o) {
            const T* weight = weights + o * row;
            const C* part = column + o / per_group * row;
            C sum = bias != nullptr ? static_cast<C>(bias[o]) : C(0);
            for (int64_t k = 0; k < row; ++k) sum += static_cast<C>(weight[k]) * part[k];
            to[(batch * outputs + o) * g.positions + position] = static_cast<T>(sum);
          }
        }
      }));
  if (out_of_memory) return LimitExceeded("there is no memory for the samples of a position");
  return absl::OkStatus();
}

Status RunDeform(KernelContext& context) {
  const auto& attrs = context.attrs<DeformAttrs>();
  Geometry g{
      .x = context.input(0).shape(), .w = context.input(1).shape(), .y = context.output(0).shape()};
  if (context.output(0).size() == 0) return absl::OkStatus();
  g.rank = g.x.rank() - 2;
  SX_ASSIGN_OR_RETURN(g.strides, Filled(attrs.strides, g.rank, 1, "strides"));
  SX_ASSIGN_OR_RETURN(g.dilations, Filled(attrs.dilations, g.rank, 1, "dilations"));
  SX_ASSIGN_OR_RETURN(g.pads, Filled(attrs.pads, 2 * g.rank, 0, "pads"));
  g.taps = g.w.Elements(2, g.w.rank());
  g.positions = g.y.Elements(2, g.y.rank());
  g.plane = g.x.Elements(2, g.x.rank());
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return Convolve<T>(context, g); });
}

}  // namespace

std::vector<OpDef> DeformConvOps() {
  return {{.domain = "",
           .name = "DeformConv",
           .versions = {19, 22},
           .min_inputs = 3,
           .max_inputs = 5,
           .parse = ParseDeform,
           .infer = InferDeform,
           .kernels = {SimpleKernel<RunDeform>("deformconv.columns")}}};
}

}  // namespace sardonyx
