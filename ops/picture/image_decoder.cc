// ImageDecoder.
#include "ops/common/infer.h"
#include "ops/picture/ops.h"
#include "ops/picture/picture.h"

namespace sardonyx {
namespace {

enum class PixelFormat { kRgb, kBgr, kGrayscale };

struct ImageDecoderAttrs : Attrs {
  PixelFormat format = PixelFormat::kRgb;
  int channels() const { return format == PixelFormat::kGrayscale ? 1 : 3; }
};

StatusOr<std::shared_ptr<Attrs>> ParseImageDecoder(ParseContext& context) {
  auto attrs = std::make_shared<ImageDecoderAttrs>();
  const std::string format = context.String("pixel_format", "RGB");
  if (format == "BGR") {
    attrs->format = PixelFormat::kBgr;
  } else if (format == "Grayscale") {
    attrs->format = PixelFormat::kGrayscale;
  } else if (format != "RGB") {
    return InvalidArgument("pixel_format is '", format, "', expected RGB, BGR or Grayscale");
  }
  return attrs;
}

Status InferImageDecoder(InferContext& context) {
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<uint8_t>{}, {0}).status());
  SX_RETURN_IF_ERROR(CheckRank(context, 0, 1, "encoded_stream"));
  const Dim channels = context.attrs<ImageDecoderAttrs>().channels();
  context.set_output(0, DataType::kUInt8, SymbolicShape{Dim(), Dim(), channels});
  return absl::OkStatus();
}

/// Luma of ITU-R BT.601 in 16 bits of fraction, rounded.
uint8_t Luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16);
}

Status RunImageDecoder(KernelContext& context) {
  const auto& attrs = context.attrs<ImageDecoderAttrs>();
  const auto bytes = context.input(0).span<uint8_t>();
  auto picture = DecodePicture({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                               context.environment());
  SX_RETURN_IF_ERROR(context.Check());
  if (absl::IsResourceExhausted(picture.status())) return picture.status();
  // The specification asks for an empty matrix where the stream cannot be decoded.
  Shape shape = picture.ok() ? picture->shape() : Shape{0, 0, 3};
  shape[2] = attrs.channels();
  if (picture.ok() && attrs.format == PixelFormat::kRgb) {
    context.set_output(0, *std::move(picture));
    return absl::OkStatus();
  }
  SX_ASSIGN_OR_RETURN(Tensor * output, context.Allocate(0, DataType::kUInt8, shape));
  if (!picture.ok()) return absl::OkStatus();
  return context.ParallelFor(shape[0] * shape[1], 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* rgb = picture->data<uint8_t>() + 3 * i;
      uint8_t* to = output->data<uint8_t>() + attrs.channels() * i;
      if (attrs.format == PixelFormat::kGrayscale) {
        *to = Luma(rgb);
      } else {
        std::reverse_copy(rgb, rgb + 3, to);
      }
    }
  });
}

}  // namespace

std::vector<OpDef> PictureOps() {
  return {{.domain = "",
           .name = "ImageDecoder",
           .versions = {20},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseImageDecoder,
           .infer = InferImageDecoder,
           .kernels = {SimpleKernel<RunImageDecoder>("picture.decode")}}};
}

}  // namespace sardonyx
