// WebP by libwebp.
#include <webp/decode.h>

#include "ops/picture/formats.h"

namespace sardonyx {

StatusOr<Tensor> DecodeWebp(absl::string_view bytes, const RunEnvironment& environment) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK) {
    return InvalidArgument("damaged or cut short before its size");
  }
  if (features.has_animation) return Unimplemented("it is animated");
  const int64_t width = features.width, height = features.height;
  SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(width, height, environment));
  // The lossless format unpacks to four bytes a pixel, and has tables to unpack by.
  SX_ASSIGN_OR_RETURN(const auto working, ReserveBytes(6 * width * height, environment.budget));
  if (WebPDecodeRGBInto(data, bytes.size(), picture.data<uint8_t>(),
                        static_cast<size_t>(picture.bytes()),
                        static_cast<int>(3 * width)) == nullptr) {
    return InvalidArgument("damaged or cut short");
  }
  return picture;
}

}  // namespace sardonyx
