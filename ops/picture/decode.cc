#include "absl/strings/match.h"
#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

struct Format {
  absl::string_view name;
  absl::string_view start;  // the file's first bytes; '?' stands for any
  PictureDecoder* decode;
};

constexpr Format kFormats[] = {
    {"BMP", "BM", DecodeBmp},
    {"JPEG", "\xFF\xD8\xFF", DecodeJpeg},
    {"JPEG 2000", {"\0\0\0\x0CjP  \r\n\x87\n", 12}, DecodeJpeg2000},
    {"JPEG 2000", "\xFF\x4F\xFF\x51", DecodeJpeg2000},
    {"PNG", "\x89PNG\r\n\x1A\n", DecodePng},
    {"PNM", "P1", DecodePnm},
    {"PNM", "P2", DecodePnm},
    {"PNM", "P3", DecodePnm},
    {"PNM", "P4", DecodePnm},
    {"PNM", "P5", DecodePnm},
    {"PNM", "P6", DecodePnm},
    {"TIFF", {"II*\0", 4}, DecodeTiff},
    {"TIFF", {"MM\0*", 4}, DecodeTiff},
    {"TIFF", {"II+\0", 4}, DecodeTiff},  // with offsets of 64 bits
    {"TIFF", {"MM\0+", 4}, DecodeTiff},
    {"WebP", "RIFF????WEBP", DecodeWebp},
};

bool StartsAs(absl::string_view bytes, absl::string_view start) {
  if (bytes.size() < start.size()) return false;
  for (size_t i = 0; i < start.size(); ++i) {
    if (start[i] != '?' && start[i] != bytes[i]) return false;
  }
  return true;
}

}  // namespace

StatusOr<Tensor> NewPicture(int64_t width, int64_t height, const RunEnvironment& environment) {
  if (width <= 0 || height <= 0) return InvalidArgument("it has no pixels");
  const auto pixels = CheckedMul(width, height);
  if (!pixels || *pixels > kMaxPixels) {
    return LimitExceeded(width, "x", height, " are above the limit of ", kMaxPixels, " pixels");
  }
  return Tensor::CreateUninitialized(DataType::kUInt8, {height, width, 3}, environment.budget);
}

StatusOr<Tensor> DecodePicture(absl::string_view bytes, const RunEnvironment& environment) {
  for (const Format& format : kFormats) {
    if (!StartsAs(bytes, format.start)) continue;
    auto picture = format.decode(bytes, environment);
    if (!picture.ok()) return Prepend(picture.status(), absl::StrCat(format.name, " picture: "));
    return picture;
  }
  return InvalidArgument(
      "no picture in a known format (BMP, JPEG, JPEG 2000, PNG, PNM, TIFF, WebP)");
}

}  // namespace sardonyx
