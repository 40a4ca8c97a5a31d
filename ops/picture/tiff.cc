// TIFF by libtiff: the first picture of the file.
#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

/// A file in memory for libtiff's input and output, and where it puts its complaints.
struct TiffSource {
  absl::string_view bytes;
  uint64_t at = 0;
  char message[300] = "damaged";

  static TiffSource& Of(thandle_t handle) { return *static_cast<TiffSource*>(handle); }

  static tmsize_t Read(thandle_t handle, void* to, tmsize_t count) {
    TiffSource& source = Of(handle);
    if (count <= 0 || source.at >= source.bytes.size()) return 0;
    const absl::string_view part = source.bytes.substr(source.at, static_cast<size_t>(count));
    std::memcpy(to, part.data(), part.size());
    source.at += part.size();
    return static_cast<tmsize_t>(part.size());
  }
  static tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t Seek(thandle_t handle, toff_t offset, int whence) {
    TiffSource& source = Of(handle);
    source.at = offset + (whence == SEEK_CUR   ? source.at
                          : whence == SEEK_END ? source.bytes.size()
                                               : 0);
    return source.at;
  }
  static int Close(thandle_t) { return 0; }
  static toff_t Size(thandle_t handle) { return Of(handle).bytes.size(); }

  static int Error(TIFF*, void* source, const char*, const char* format, va_list arguments) {
    char* message = static_cast<TiffSource*>(source)->message;
    std::vsnprintf(message, sizeof TiffSource::message, format, arguments);
    return 1;
  }
  static int Warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }
};

/// Methods whose decoders keep within what is asked of them.
bool KnownCompression(uint16_t compression) {
  constexpr uint16_t kKnown[] = {
      COMPRESSION_NONE, COMPRESSION_CCITTRLE,      COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4,
      COMPRESSION_LZW,  COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS,
      COMPRESSION_JPEG, COMPRESSION_ZSTD,          COMPRESSION_WEBP};
  return std::find(std::begin(kKnown), std::end(kKnown), compression) != std::end(kKnown);
}

/// What libtiff takes at once: a strip or tile of each plane.
StatusOr<int64_t> WorkingBytes(TIFF* tiff) {
  uint16_t planar = PLANARCONFIG_CONTIG, samples = 1;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  const uint64_t piece = TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  const auto bytes = CheckedMul(static_cast<int64_t>(std::min<uint64_t>(piece, INT64_MAX)),
                                planar == PLANARCONFIG_SEPARATE ? samples : 1);
  if (piece == 0 || !bytes) return InvalidArgument("damaged: strips of no or endless size");
  return *bytes;
}

/// Colours that are not multiplied by their transparency stay so only if they are said to be.
void KeepColours(TIFF* tiff) {
  uint16_t count = 0, *kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  if (count == 0 || kinds[0] != EXTRASAMPLE_UNASSALPHA) return;
  std::vector<uint16_t> multiplied(kinds, kinds + count);
  multiplied[0] = EXTRASAMPLE_ASSOCALPHA;
  TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, count, multiplied.data());
}

}  // namespace

StatusOr<Tensor> DecodeTiff(absl::string_view bytes, const RunEnvironment& environment) {
  TiffSource source{bytes};
  const Owned<TIFFOpenOptions, TIFFOpenOptionsFree> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), TiffSource::Error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), TiffSource::Warning, nullptr);
  const Owned<TIFF, TIFFClose> tiff(TIFFClientOpenExt(
      "picture", "rm", &source, TiffSource::Read, TiffSource::Write, TiffSource::Seek,
      TiffSource::Close, TiffSource::Size, nullptr, nullptr, options.get()));
  if (tiff == nullptr) return InvalidArgument(source.message);
  uint32_t width = 0, height = 0;
  uint16_t compression = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_COMPRESSION, &compression);
  if (!KnownCompression(compression)) return Unimplemented("compression method ", compression);
  SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(width, height, environment));
  SX_ASSIGN_OR_RETURN(const int64_t bytes_at_once, WorkingBytes(tiff.get()));
  SX_ASSIGN_OR_RETURN(const auto working, ReserveBytes(bytes_at_once, environment.budget));
  SX_ASSIGN_OR_RETURN(Tensor raster, Tensor::CreateUninitialized(DataType::kUInt32, {height, width},
                                                                 environment.budget));
  KeepColours(tiff.get());
  constexpr int kStopOnError = 1;
  if (!TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data<uint32_t>(),
                                 ORIENTATION_TOPLEFT, kStopOnError)) {
    return InvalidArgument(source.message);
  }
  uint8_t* to = picture.data<uint8_t>();
  for (const uint32_t pixel : raster.span<uint32_t>()) {
    *to++ = TIFFGetR(pixel);
    *to++ = TIFFGetG(pixel);
    *to++ = TIFFGetB(pixel);
  }
  return picture;
}

}  // namespace sardonyx
