// conv.onednn: oneDNN's convolution on slices of the work, one thread each.
//
// With at least as many images as threads a slice is an image; otherwise each image is cut into
// parts by its groups or, where there is one, by its output channels. oneDNN chooses the layouts it
// likes best; source and destination are reordered around it in scratch memory, weights once.
// Channels-last tensors stay as they are, and images are cut into bands of lines.
#include "ops/common/onednn.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "ops/conv/conv.h"
#include "ops/conv/estimate.h"
#include "ops/conv/kernels.h"

namespace sardonyx {
namespace {

int64_t Aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Channels [in, in + in_count) to channels [out, out + out_count) of one image, in a band of it.
struct Part {
  Window window;
  int64_t source_at = 0, destination_at = 0;  // elements from the image's first
  int64_t group = 1;
  int64_t in = 0, in_count = 0;
  int64_t out = 0, out_count = 0;
  onednn::Primitive conv;
  std::optional<onednn::Primitive> pack, unpack, prefill;  // none where the layout is row-major
  std::optional<onednn::Primitive> reorder_weights;        // none where they are packed already
  std::shared_ptr<const Tensor> packed;                    // null where weights are no constant
  int64_t weights_at = 0;  // in scratch memory, where they are not packed

  /// What it computes, which lies in one piece.
  size_t elements() const {
    int64_t count = out_count;
    for (const WindowAxis& axis : window) count *= axis.output;
    return static_cast<size_t>(count);
  }
};

/// Weights as one part wants them.
struct Packed {
  onednn::Layout layout;
  Tensor data;
};

std::vector<Part> CutChannels(const ConvShape& conv, int64_t parts) {
  const bool by_group = conv.group > 1;
  const int64_t whole = by_group ? conv.group : conv.out_channels;
  // Parts of whole blocks of channels, as oneDNN's layouts have them.
  const int64_t unit = whole >= 16 * parts ? 16 : whole >= 8 * parts ? 8 : by_group ? 1 : whole;
  const int64_t units = (whole + unit - 1) / unit;
  parts = std::min(parts, units);
  std::vector<Part> result;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = units * i / parts * unit;
    const int64_t end = std::min(units * (i + 1) / parts * unit, whole);
    Part part{.window = conv.window};
    if (by_group) {
      part.group = end - begin;
      part.in = begin * conv.group_in();
      part.in_count = part.group * conv.group_in();
      part.out = begin * conv.group_out();
      part.out_count = part.group * conv.group_out();
    } else {
      part.in_count = conv.in_channels;
      part.out = begin;
      part.out_count = end - begin;
    }
    part.source_at = part.in * conv.input_plane();
    part.destination_at = part.out * conv.output_plane();
    result.push_back(std::move(part));
  }
  return result;
}

/// The axis of a window in which only outputs [begin, end) are computed, from the inputs that those
/// read; nullopt where all they read is padding.
std::optional<WindowAxis> Band(const WindowAxis& axis, int64_t begin, int64_t end, int64_t* first) {
  WindowAxis band = axis;
  const int64_t from = begin * axis.stride - axis.pad_begin;
  const int64_t to = (end - 1) * axis.stride - axis.pad_begin + axis.extent();
  *first = std::max<int64_t>(from, 0);
  const int64_t last = std::min(to, axis.input);
  if (*first >= last) return std::nullopt;
  band.input = last - *first;
  band.output = end - begin;
  band.pad_begin = *first - from;
  band.pad_end = to - last;
  return band;
}

/// Bands of lines of a channels-last image; a single part where a band would see padding alone.
std::vector<Part> CutLines(const ConvShape& conv, int64_t parts) {
  const WindowAxis& axis = conv.window[0];
  const Part whole{.window = conv.window,
                   .group = conv.group,
                   .in_count = conv.in_channels,
                   .out_count = conv.out_channels};
  parts = std::min(axis.output, parts);
  std::vector<Part> result;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = axis.output * i / parts, end = axis.output * (i + 1) / parts;
    int64_t first = 0;
    const auto band = Band(axis, begin, end, &first);
    if (!band) return {whole};
    Part part = whole;
    part.window[0] = *band;
    part.source_at = first * (conv.input_plane() / axis.input) * conv.in_channels;
    part.destination_at = begin * (conv.output_plane() / axis.output) * conv.out_channels;
    result.push_back(std::move(part));
  }
  return result;
}

onednn::Dims ImageDims(int64_t channels, const Window& window, int64_t WindowAxis::*size) {
  onednn::Dims dims{1, channels};
  for (const WindowAxis& axis : window) dims.push_back(axis.*size);
  return dims;
}

class ConvOneDnn : public Kernel {
 public:
  ConvOneDnn(ConvShape conv, int threads) : conv_(std::move(conv)), threads_(threads) {}

  Status Prepare(const PrepareContext& context) {
    const auto& attrs = context.attrs<ConvAttrs>();
    residual_ = attrs.residual;
    if (!onednn::KeepsNaN(attrs.activation)) activation_ = attrs.activation;
    const int64_t images = std::max<int64_t>(conv_.batch, 1);
    const int64_t parts = images >= threads_ ? 1 : (threads_ + images - 1) / images;
    parts_ = conv_.channels_last ? CutLines(conv_, parts) : CutChannels(conv_, parts);
    for (Part& part : parts_) {
      SX_RETURN_IF_ERROR(PreparePart(context, attrs, part));
      worker_.scratch = std::max(worker_.scratch, part.conv.scratch_bytes());
      for (const auto* reorder : {&part.pack, &part.unpack, &part.prefill}) {
        if (*reorder) worker_.scratch = std::max(worker_.scratch, (*reorder)->scratch_bytes());
      }
      if (part.pack) worker_.source = std::max(worker_.source, part.conv.source().bytes());
      if (part.unpack)
        worker_.destination = std::max(worker_.destination, part.conv.destination().bytes());
    }
    SX_RETURN_IF_ERROR(PrepareSharedSource());
    workers_ = std::min<int64_t>(threads_, images * static_cast<int64_t>(parts_.size()));
    scratch_bytes_ = workers_ * worker_.bytes();
    source_at_ = scratch_bytes_;
    if (!chunks_.empty()) scratch_bytes_ += images * Aligned(parts_[0].conv.source().bytes());
    for (Part& part : parts_) {
      if (part.packed != nullptr || !part.reorder_weights) continue;
      part.weights_at = scratch_bytes_;
      scratch_bytes_ +=
          Aligned(part.conv.weights().bytes()) + part.reorder_weights->scratch_bytes();
      packs_weights_ = true;
    }
    return absl::OkStatus();
  }

  int64_t scratch_bytes() const override { return scratch_bytes_; }
  bool reads(int input) const override {
    const auto packed = [](const Part& part) { return part.packed != nullptr; };
    return input != 1 || !std::all_of(parts_.begin(), parts_.end(), packed);
  }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    SX_RETURN_IF_ERROR(PackWeights(context));
    SX_RETURN_IF_ERROR(PackSource(context));
    const int64_t parts = static_cast<int64_t>(parts_.size());
    std::atomic<int64_t> next{0};
    onednn::FirstError error;
    SX_RETURN_IF_ERROR(context.ParallelTasks(workers_, [&](int64_t worker) {
      std::byte* scratch = context.scratch().data() + worker * worker_.bytes();
      for (int64_t i = next++; i < conv_.batch * parts; i = next++) {
        if (context.environment().control->Stopped()) return;
        error.Add(RunPart(context, i / parts, parts_[i % parts], scratch));
      }
    }));
    return error.status();
  }

 private:
  /// A worker's scratch memory.
  struct WorkerBytes {
    int64_t scratch = 0, source = 0, destination = 0;
    int64_t bytes() const { return Aligned(scratch) + Aligned(source) + Aligned(destination); }
  };

  Status PreparePart(const PrepareContext& context, const ConvAttrs& attrs, Part& part) {
    for (const Part& done : parts_) {
      if (&done == &part) break;
      if (done.out_count != part.out_count || done.in_count != part.in_count ||
          done.window != part.window) {
        continue;
      }
      part.conv = done.conv;
      part.pack = done.pack;
      part.unpack = done.unpack;
      part.prefill = done.prefill;
      part.reorder_weights = done.reorder_weights;
      return PrepareWeights(context, part);
    }
    SX_ASSIGN_OR_RETURN(part.conv,
                        onednn::Make(onednn::Convolution{
                            .group = part.group,
                            .in_channels = part.in_count,
                            .out_channels = part.out_count,
                            .window = part.window,
                            .channels_last = conv_.channels_last,
                            .bias = context.has_input(2),
                            .accumulate = attrs.residual,
                            .activation = activation_ ? Activation{} : attrs.activation}));
    const auto reorder = [](const onednn::Dims& dims, const onednn::Layout& other, bool to,
                            std::optional<onednn::Primitive>* result) -> Status {
      SX_ASSIGN_OR_RETURN(const onednn::Layout plain, onednn::Layout::RowMajor(dims));
      if (plain == other) return absl::OkStatus();
      SX_ASSIGN_OR_RETURN(
          *result, to ? onednn::MakeReorder(plain, other) : onednn::MakeReorder(other, plain));
      return absl::OkStatus();
    };
    if (!conv_.channels_last) {
      SX_RETURN_IF_ERROR(reorder(ImageDims(part.in_count, conv_.window, &WindowAxis::input),
                                 part.conv.source(), true, &part.pack));
      const onednn::Dims out = ImageDims(part.out_count, conv_.window, &WindowAxis::output);
      SX_RETURN_IF_ERROR(reorder(out, part.conv.destination(), false, &part.unpack));
      if (attrs.residual) {
        SX_RETURN_IF_ERROR(reorder(out, part.conv.destination(), true, &part.prefill));
      }
    }
    onednn::Dims weights;
    if (part.group > 1) weights.push_back(part.group);
    weights.push_back(part.out_count / part.group);
    weights.push_back(part.in_count / part.group);
    for (const WindowAxis& axis : conv_.window) weights.push_back(axis.kernel);
    SX_RETURN_IF_ERROR(reorder(weights, part.conv.weights(), true, &part.reorder_weights));
    return PrepareWeights(context, part);
  }

  /// The part's weights among W's, in elements.
  int64_t WeightsOffset(const Part& part) const {
    return part.out * conv_.group_in() * conv_.kernel_plane();
  }

  /// Packs constant weights, or finds them packed by another plan that wants the same layout.
  Status PrepareWeights(const PrepareContext& context, Part& part) {
    const Tensor* weights = context.constant(1);
    if (weights == nullptr || !part.reorder_weights) return absl::OkStatus();
    Status status;
    for (int variant = 0; variant < 16; ++variant) {
      const auto packed = context.Shared<Packed>(
          absl::StrCat("onednn.weights.", part.out, ".", part.out_count, ".", variant),
          [&]() -> std::shared_ptr<const Packed> {
            auto made = std::make_shared<Packed>();
            made->layout = part.conv.weights();
            status = Pack(context, *weights, part, made.get());
            return status.ok() ? made : nullptr;
          });
      SX_RETURN_IF_ERROR(status);
      if (packed == nullptr || !(packed->layout == part.conv.weights())) continue;
      part.packed = std::shared_ptr<const Tensor>(packed, &packed->data);
      return absl::OkStatus();
    }
    return absl::OkStatus();  // too many layouts: reordered in every run
  }

  Status Pack(const PrepareContext& context, const Tensor& weights, const Part& part,
              Packed* packed) const {
    const int64_t bytes = part.conv.weights().bytes();
    SX_ASSIGN_OR_RETURN(packed->data, Tensor::CreateUninitialized(DataType::kUInt8, Shape{bytes},
                                                                  context.environment().budget));
    SX_ASSIGN_OR_RETURN(
        const Tensor scratch,
        Tensor::Create(DataType::kUInt8, Shape{part.reorder_weights->scratch_bytes()}));
    return part.reorder_weights->Run(
        {{onednn::Argument::kSource, weights.data<float>() + WeightsOffset(part)},
         {onednn::Argument::kDestination, packed->data.raw()}},
        const_cast<std::byte*>(static_cast<const std::byte*>(scratch.raw())));
  }

  /// Where all parts read the same channels in one layout, these are reordered once, in chunks.
  Status PrepareSharedSource() {
    if (parts_.size() < 2 || conv_.group > 1 || !parts_[0].pack ||
        parts_[0].pack->scratch_bytes() > 0) {
      return absl::OkStatus();
    }
    const onednn::Layout& layout = parts_[0].conv.source();
    for (const Part& part : parts_) {
      if (!(part.conv.source() == layout)) return absl::OkStatus();
    }
    const onednn::Dims dims = ImageDims(conv_.in_channels, conv_.window, &WindowAxis::input);
    SX_ASSIGN_OR_RETURN(const onednn::Layout plain, onednn::Layout::RowMajor(dims));
    const int64_t units = (conv_.in_channels + 15) / 16;
    const int64_t chunks = std::min<int64_t>(units, static_cast<int64_t>(parts_.size()));
    for (int64_t i = 0; i < chunks; ++i) {
      onednn::Dims offsets(dims.size(), 0), size = dims;
      offsets[1] = units * i / chunks * 16;
      size[1] = std::min(units * (i + 1) / chunks * 16, conv_.in_channels) - offsets[1];
      const auto from = plain.Part(size, offsets), to = layout.Part(size, offsets);
      if (!from.ok() || !to.ok()) break;
      auto reorder = onednn::MakeReorder(*from, *to);
      if (!reorder.ok() || reorder->scratch_bytes() > 0) break;
      chunks_.push_back(*std::move(reorder));
    }
    if (static_cast<int64_t>(chunks_.size()) < chunks) chunks_ = {*parts_[0].pack};
    return absl::OkStatus();
  }

  Status PackWeights(KernelContext& context) const {
    if (!packs_weights_) return absl::OkStatus();
    onednn::FirstError error;
    SX_RETURN_IF_ERROR(context.ParallelTasks(static_cast<int64_t>(parts_.size()), [&](int64_t i) {
      const Part& part = parts_[static_cast<size_t>(i)];
      if (part.packed != nullptr || !part.reorder_weights) return;
      const float* from = context.input(1).data<float>() + WeightsOffset(part);
      std::byte* to = context.scratch().data() + part.weights_at;
      error.Add(part.reorder_weights->Run(
          {{onednn::Argument::kSource, from}, {onednn::Argument::kDestination, to}},
          to + Aligned(part.conv.weights().bytes())));
    }));
    return error.status();
  }

  Status PackSource(KernelContext& context) const {
    const int64_t chunks = static_cast<int64_t>(chunks_.size());
    if (chunks == 0) return absl::OkStatus();
    onednn::FirstError error;
    SX_RETURN_IF_ERROR(context.ParallelTasks(conv_.batch * chunks, [&](int64_t i) {
      const int64_t image = i / chunks;
      const float* from =
          context.input(0).data<float>() + image * conv_.in_channels * conv_.input_plane();
      error.Add(chunks_[static_cast<size_t>(i % chunks)].Run(
          {{onednn::Argument::kSource, from},
           {onednn::Argument::kDestination, SharedSource(context, image)}},
          nullptr));
    }));
    return error.status();
  }

  std::byte* SharedSource(KernelContext& context, int64_t image) const {
    return context.scratch().data() + source_at_ + image * Aligned(parts_[0].conv.source().bytes());
  }

  Status RunPart(KernelContext& context, int64_t image, const Part& part,
                 std::byte* scratch) const {
    std::byte* const packed_source = scratch + Aligned(worker_.scratch);
    std::byte* const packed_destination = packed_source + Aligned(worker_.source);
    const float* x = context.input(0).data<float>() +
                     image * conv_.in_channels * conv_.input_plane() + part.source_at;
    const int64_t out = image * conv_.out_channels * conv_.output_plane() + part.destination_at;
    float* y = context.output(0).data<float>() + out;
    const void* source = x;
    if (!chunks_.empty()) {
      source = SharedSource(context, image);
    } else if (part.pack) {
      SX_RETURN_IF_ERROR(part.pack->Run(
          {{onednn::Argument::kSource, x}, {onednn::Argument::kDestination, packed_source}},
          scratch));
      source = packed_source;
    }
    void* destination = part.unpack ? static_cast<void*>(packed_destination) : y;
    if (residual_) {
      const float* residual = context.input(kConvResidual).data<float>() + out;
      if (part.prefill) {
        SX_RETURN_IF_ERROR(part.prefill->Run(
            {{onednn::Argument::kSource, residual}, {onednn::Argument::kDestination, destination}},
            scratch));
      } else {
        std::memcpy(y, residual, static_cast<size_t>(part.conv.destination().bytes()));
      }
    }
    const void* weights = nullptr;
    if (part.packed != nullptr) {
      weights = part.packed->raw();
    } else if (part.reorder_weights) {
      weights = context.scratch().data() + part.weights_at;
    } else {
      weights = context.input(1).data<float>() + WeightsOffset(part);
    }
    if (context.has_input(2)) {
      SX_RETURN_IF_ERROR(
          part.conv.Run({{onednn::Argument::kSource, source},
                         {onednn::Argument::kWeights, weights},
                         {onednn::Argument::kBias, context.input(2).data<float>() + part.out},
                         {onednn::Argument::kDestination, destination}},
                        scratch));
    } else {
      SX_RETURN_IF_ERROR(part.conv.Run({{onednn::Argument::kSource, source},
                                        {onednn::Argument::kWeights, weights},
                                        {onednn::Argument::kDestination, destination}},
                                       scratch));
    }
    if (part.unpack) {
      SX_RETURN_IF_ERROR(part.unpack->Run(
          {{onednn::Argument::kSource, destination}, {onednn::Argument::kDestination, y}},
          scratch));
    }
    if (activation_) Activate(activation_, {y, part.elements()});
    return absl::OkStatus();
  }

  const ConvShape conv_;
  const int64_t threads_;
  bool residual_ = false;
  Activation activation_;  // what oneDNN does not do itself
  std::vector<Part> parts_;
  std::vector<onednn::Primitive> chunks_;  // reorder the source that all parts share
  WorkerBytes worker_;
  int64_t workers_ = 1;
  int64_t source_at_ = 0;  // of the source that all parts share, in scratch memory
  bool packs_weights_ = false;
  int64_t scratch_bytes_ = 0;
};

std::string Refuses(const PrepareContext& context) {
  const auto conv = StaticFloatConv(context);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->window.size() > 3) return "takes at most 3 spatial dimensions";
  if (conv->output().Elements() > (int64_t{1} << 40)) return "the output is too large";
  return "";
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(ConvShape conv, StaticFloatConv(context));
  if (conv.output().Elements() == 0) return Unimplemented("needs an output that is not empty");
  auto kernel = std::make_unique<ConvOneDnn>(std::move(conv), context.threads());
  SX_RETURN_IF_ERROR(kernel->Prepare(context));
  return kernel;
}

}  // namespace

KernelDef ConvOneDnnKernel() {
  return {.name = "conv.onednn",
          .backend = Backend::kOneDnn,
          .refuses = Refuses,
          .prepare = Prepare,
          .estimate_ns = EstimateBy<EstimatedOneDnnNs>};
}

}  // namespace sardonyx
