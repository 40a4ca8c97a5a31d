// Pad in all its modes, and CenterCropPad.
#include "ops/shape/pad.h"

#include <algorithm>

#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/common/pass_through.h"
#include "ops/common/require_input.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

enum class PadMode { kConstant, kReflect, kEdge, kWrap };

struct PadAttrs : Attrs {
  PadMode mode = PadMode::kConstant;
  Ints pads;        // before opset 11; later an input
  float value = 0;  // likewise
};

StatusOr<std::shared_ptr<Attrs>> ParsePad(ParseContext& context) {
  auto attrs = std::make_shared<PadAttrs>();
  const std::string mode = context.String("mode", "constant");
  if (mode == "constant") {
    attrs->mode = PadMode::kConstant;
  } else if (mode == "reflect") {
    attrs->mode = PadMode::kReflect;
  } else if (mode == "edge") {
    attrs->mode = PadMode::kEdge;
  } else if (mode == "wrap" && context.version() >= 19) {
    attrs->mode = PadMode::kWrap;
  } else {
    context.Fail(absl::StrCat("mode is '", mode, "'"));
  }
  if (context.version() < 11) {
    const char* name = context.version() < 2 ? "paddings" : "pads";
    context.Require(name);
    attrs->pads = context.IntList(name);
    attrs->value = context.Float("value", 0.0f);
  } else {
    RequireInput(context, 1, "pads");
  }
  return attrs;
}

/// Elements added before and after each axis; negative ones are cut off.
struct Padding {
  Ints before, after;
};

StatusOr<Padding> ReadPadding(const Ints& pads, const std::optional<Ints>& axes, int rank) {
  Padding padding{Ints(rank, 0), Ints(rank, 0)};
  Ints places;
  if (axes) {
    SX_ASSIGN_OR_RETURN(places, NormalizeAxes(*axes, rank));
  } else {
    for (int i = 0; i < rank; ++i) places.push_back(i);
  }
  if (pads.size() != 2 * places.size()) {
    return InvalidArgument("pads has ", pads.size(), " elements, but ", 2 * places.size(),
                           " are needed for ", places.size(), " axes");
  }
  for (size_t i = 0; i < places.size(); ++i) {
    padding.before[places[i]] = pads[i];
    padding.after[places[i]] = pads[i + places.size()];
  }
  return padding;
}

/// The size of an axis with its padding. Errors: nothing to cut off, or nothing to repeat.
StatusOr<int64_t> PaddedSize(int64_t size, int64_t before, int64_t after, PadMode mode) {
  constexpr int64_t kLargest = int64_t{1} << 46;
  if (before < -kLargest || before > kLargest || after < -kLargest || after > kLargest) {
    return LimitExceeded("padding by ", before, " and ", after, " is too much");
  }
  const int64_t kept = size + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
  if (kept < 0) {
    return InvalidArgument("pads ", before, " and ", after, " cut more off than a size of ", size,
                           " has");
  }
  if (mode != PadMode::kConstant && kept == 0 && (before > 0 || after > 0)) {
    return InvalidArgument("an axis without elements has nothing to repeat in its padding");
  }
  return kept + std::max<int64_t>(before, 0) + std::max<int64_t>(after, 0);
}

Status InferPad(InferContext& context) {
  const auto& attrs = context.attrs<PadAttrs>();
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  std::optional<Ints> pads, axes;
  if (context.version() < 11) {
    pads = attrs.pads;
  } else {
    SX_ASSIGN_OR_RETURN(pads, KnownInts(context, 1, "pads"));
    SX_ASSIGN_OR_RETURN(axes, KnownInts(context, 3, "axes"));
    const DataType value = context.element(2);
    if (value != DataType::kUndefined && context.element(0) != DataType::kUndefined &&
        value != context.element(0)) {
      return InvalidArgument("constant_value is ", Name(value), ", but data ",
                             Name(context.element(0)));
    }
    if (const Tensor* tensor = context.value(2); tensor != nullptr && tensor->size() != 1) {
      return InvalidArgument("constant_value must have one element, but is ", tensor->ToString());
    }
  }
  if (data == nullptr) return absl::OkStatus();
  SymbolicShape result(data->size());
  if (pads && (axes || !context.has_input(3))) {
    SX_ASSIGN_OR_RETURN(const Padding padding,
                        ReadPadding(*pads, axes, static_cast<int>(data->size())));
    for (size_t i = 0; i < data->size(); ++i) {
      const Dim& dim = (*data)[i];
      if (dim.known()) {
        SX_ASSIGN_OR_RETURN(result[i],
                            PaddedSize(dim.value, padding.before[i], padding.after[i], attrs.mode));
      } else if (padding.before[i] == 0 && padding.after[i] == 0) {
        result[i] = dim;
      }
    }
  }
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

/// One axis: output index i shows input index i - before, if that is within [low, high).
struct PadAxis {
  int64_t before = 0, low = 0, high = 0, size = 0;  // size: of the output
  int64_t from_step = 0;                            // elements in the input

  /// The input index that an output index shows; -1 for the constant.
  int64_t Source(int64_t i, PadMode mode) const {
    const int64_t source = i - before, count = high - low;
    if (source >= low && source < high) return source;
    switch (mode) {
      case PadMode::kConstant:
        return -1;
      case PadMode::kEdge:
        return source < low ? low : high - 1;
      case PadMode::kWrap: {
        const int64_t turn = (source - low) % count;
        return low + (turn < 0 ? turn + count : turn);
      }
      case PadMode::kReflect: {
        if (count == 1) return low;
        const int64_t period = 2 * (count - 1);
        int64_t turn = (source - low) % period;
        if (turn < 0) turn += period;
        return low + (turn < count ? turn : period - turn);
      }
    }
    return -1;
  }
};

/// The axes up to the last that is padded; those after it make up one block.
template <typename T>
Status PadRows(const KernelContext& context, const std::vector<PadAxis>& axes, int64_t block,
               PadMode mode, const T* from, const T& value, T* to) {
  const PadAxis& last = axes.back();
  const int outer = static_cast<int>(axes.size()) - 1;
  int64_t rows = 1;
  for (int i = 0; i < outer; ++i) rows *= axes[i].size;
  const int64_t middle = std::max<int64_t>(last.low + last.before, 0);
  const int64_t middle_end = std::max(middle, last.high + last.before);
  const double cost = 5.0 + 0.2 * sizeof(T) * static_cast<double>(last.size * block);
  return context.ParallelFor(rows, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t offset = 0, rest = row;
      bool constant = false;
      for (int i = outer - 1; i >= 0; --i) {
        const int64_t source = axes[i].Source(rest % axes[i].size, mode);
        rest /= axes[i].size;
        constant = constant || source < 0;
        offset += source * axes[i].from_step;
      }
      T* place = to + row * last.size * block;
      if (constant) {
        std::fill_n(place, last.size * block, value);
        continue;
      }
      const auto edge = [&](int64_t first, int64_t stop) {
        if (mode == PadMode::kConstant) {
          std::fill(place + first * block, place + stop * block, value);
          return;
        }
        for (int64_t i = first; i < stop; ++i) {
          std::copy_n(from + offset + last.Source(i, mode) * block, block, place + i * block);
        }
      };
      edge(0, std::min(middle, last.size));
      if (middle_end > middle) {
        std::copy_n(from + offset + (middle - last.before) * block, (middle_end - middle) * block,
                    place + middle * block);
      }
      edge(std::min(middle_end, last.size), last.size);
    }
  });
}

/// The constant before opset 11, an attribute, as an element of the data's type.
StatusOr<Tensor> ConstantOf(DataType type, float value) {
  Tensor tensor;
  SX_RETURN_IF_ERROR(Dispatch(type, Floats{}, [&]<typename T>() {
    tensor = Tensor::Scalar<T>(T(value));
    return absl::OkStatus();
  }));
  return tensor;
}

Status RunPad(KernelContext& context) {
  const auto& attrs = context.attrs<PadAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  Ints pads = attrs.pads;
  std::optional<Ints> axes;
  Tensor value = context.input(2);
  if (context.version() >= 11) {
    SX_ASSIGN_OR_RETURN(pads, InputInts(context, 1, "pads"));
    if (context.has_input(3)) {
      SX_ASSIGN_OR_RETURN(axes, InputInts(context, 3, "axes"));
    }
    if (value.defined() && (value.size() != 1 || value.type() != data.type())) {
      return InvalidArgument("constant_value is ", value.ToString(), ", but one ",
                             Name(data.type()), " is needed");
    }
  } else if (attrs.value != 0) {
    SX_ASSIGN_OR_RETURN(value, ConstantOf(data.type(), attrs.value));
  }
  if (output.size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const Padding padding, ReadPadding(pads, axes, data.rank()));
  int last = data.rank() - 1;
  while (last > 0 && padding.before[last] == 0 && padding.after[last] == 0) --last;
  const int64_t block = data.shape().Elements(last + 1, data.rank());
  const Ints strides = data.shape().Strides();
  std::vector<PadAxis> plan;
  for (int i = 0; i <= last; ++i) {
    plan.push_back({.before = padding.before[i],
                    .low = std::max<int64_t>(-padding.before[i], 0),
                    .high = data.dim(i) + std::min<int64_t>(padding.after[i], 0),
                    .size = output.dim(i),
                    .from_step = strides[i]});
  }
  if (plan.empty()) plan.push_back({.before = 0, .low = 0, .high = 1, .size = 1, .from_step = 1});
  return DispatchSize(data.type(), [&]<typename T>() {
    return PadRows<T>(context, plan, block, attrs.mode, data.data<T>(),
                      value.defined() ? *value.data<T>() : T(), output.data<T>());
  });
}

// ---- CenterCropPad ------------------------------------------------------------------------

struct CropAttrs : Attrs {
  std::optional<Ints> axes;
};

StatusOr<std::shared_ptr<Attrs>> ParseCrop(ParseContext& context) {
  auto attrs = std::make_shared<CropAttrs>();
  if (context.Has("axes")) attrs->axes = context.IntList("axes");
  return attrs;
}

Status InferCrop(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> known, KnownInts(context, 1, "shape"));
  if (data == nullptr) return absl::OkStatus();
  std::optional<SymbolicShape> sizes;
  if (known) {
    for (int64_t size : *known) {
      if (size < 0) return InvalidArgument("shape asks for a size of ", size);
    }
    sizes = SymbolicShape(known->begin(), known->end());
  } else {
    sizes = ShortInts(context, 1);
  }
  const int rank = static_cast<int>(data->size());
  Ints places;
  if (const auto& axes = context.attrs<CropAttrs>().axes) {
    SX_ASSIGN_OR_RETURN(places, NormalizeAxes(*axes, rank));
  } else {
    for (int i = 0; i < rank; ++i) places.push_back(i);
  }
  if (sizes && sizes->size() != places.size()) {
    return InvalidArgument("shape has ", sizes->size(), " sizes, but ", places.size(),
                           " axes are to be cropped or padded");
  }
  SymbolicShape result = *data;
  for (size_t i = 0; i < places.size(); ++i) result[places[i]] = sizes ? (*sizes)[i] : Dim();
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunCrop(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  StridedView from{0, data.shape().Strides()}, to{0, output.shape().Strides()};
  Ints dims;
  bool padded = false;
  for (int i = 0; i < data.rank(); ++i) {
    const int64_t have = data.dim(i), want = output.dim(i);
    dims.push_back(std::min(have, want));
    padded = padded || want > have;
    if (have > want) from.offset += (have - want) / 2 * from.strides[i];
    if (want > have) to.offset += (want - have) / 2 * to.strides[i];
  }
  if (padded) SX_RETURN_IF_ERROR(FillAll(context, Tensor(), output));
  return CopyStrided(context, dims, data, from, output, to);
}

/// A Pad node's pads and axes; nullopt where they are not constant.
struct ConstantPads {
  Ints pads;
  std::optional<Ints> axes;
};
std::optional<ConstantPads> PadsOf(const Graph& graph, const Node& node) {
  const auto ints = [&](size_t input) -> std::optional<Ints> {
    const Tensor* constant = graph.constant(node.inputs[input]);
    auto list = constant == nullptr ? StatusOr<Ints>(Ints()) : ToInts(*constant);
    return constant != nullptr && list.ok() ? std::optional(*std::move(list)) : std::nullopt;
  };
  if (node.version < 11) return ConstantPads{static_cast<const PadAttrs&>(*node.attrs).pads};
  auto pads = ints(1);
  if (!pads) return std::nullopt;
  ConstantPads result{*std::move(pads)};
  if (node.inputs.size() < 4 || node.inputs[3] == kNoValue) return result;
  result.axes = ints(3);
  return result.axes ? std::optional(std::move(result)) : std::nullopt;
}

bool PadsWithZeros(const Graph& graph, const Node& node) {
  const auto& attrs = static_cast<const PadAttrs&>(*node.attrs);
  if (attrs.mode != PadMode::kConstant || attrs.value != 0) return false;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return true;
  const Tensor* value = graph.constant(node.inputs[2]);
  if (value == nullptr) return false;
  const auto number = ToDoubles(*value);
  return number.ok() && number->size() == 1 && number->front() == 0;
}

/// A Pad by nothing hands its input on; exporters write it before pools.
StatusOr<bool> RemoveEmpty(Graph& graph, int index, const std::vector<int>&,
                           const std::vector<int>&) {
  Node& node = graph.nodes[index];
  const auto pads = PadsOf(graph, node);
  const auto is_zero = [](int64_t pad) { return pad == 0; };
  return pads && std::all_of(pads->pads.begin(), pads->pads.end(), is_zero) &&
         node.outputs[0] != kNoValue && PassThrough(graph, node);
}

}  // namespace

std::optional<SpatialZeros> SpatialZerosBefore(const Graph& graph, int node,
                                               const std::vector<int>& producers) {
  const ValueId value = graph.nodes[node].inputs[0];
  const int producer = value < static_cast<int>(producers.size()) ? producers[value] : -1;
  if (producer < 0) return std::nullopt;
  const Node& pad = graph.nodes[producer];
  const int rank = graph.value(value).type.rank();
  if (!pad.domain.empty() || pad.op_type != "Pad" || rank < 3 || !PadsWithZeros(graph, pad)) {
    return std::nullopt;
  }
  const auto constant = PadsOf(graph, pad);
  if (!constant) return std::nullopt;
  const auto padding = ReadPadding(constant->pads, constant->axes, rank);
  if (!padding.ok()) return std::nullopt;
  SpatialZeros zeros{.input = pad.inputs[0]};
  for (const Ints* side : {&padding->before, &padding->after}) {
    for (int axis = 0; axis < rank; ++axis) {
      const int64_t pad_size = (*side)[axis];
      if (pad_size < 0 || (axis < 2 && pad_size > 0)) return std::nullopt;
      if (axis >= 2) zeros.pads.push_back(pad_size);
    }
  }
  return zeros;
}

std::vector<OpDef> PadOps() {
  return {
      {.domain = "",
       .name = "Pad",
       .versions = {1, 2, 11, 13, 18, 19, 21, 23, 24, 25},
       .min_inputs = 1,
       .max_inputs = 4,
       .parse = ParsePad,
       .infer = InferPad,
       .kernels = {SimpleKernel<RunPad>("pad.rows")},
       .rewrites = {{.name = "pad by nothing", .apply = RemoveEmpty}}},
      {.domain = "",
       .name = "CenterCropPad",
       .versions = {18},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseCrop,
       .infer = InferCrop,
       .kernels = {SimpleKernel<RunCrop>("crop.strided")}},
  };
}

}  // namespace sardonyx
