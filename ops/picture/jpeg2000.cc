// JPEG 2000 (ISO 15444-1) by OpenJPEG: JP2 files and bare codestreams.
#include <openjpeg.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "absl/strings/strip.h"
#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

constexpr uint32_t kMaxComponents = 4;

/// The number in `width` bytes, the highest first, as far as there are so many.
uint32_t Number(absl::string_view bytes, size_t at, size_t width) {
  uint32_t number = 0;
  for (const char c : bytes.substr(std::min(at, bytes.size()), width)) {
    number = number << 8 | static_cast<uint8_t>(c);
  }
  return number;
}

/// Calls check(rest) for whatever begins with `mark`.
template <typename Check>
Status ForEach(absl::string_view bytes, absl::string_view mark, Check&& check) {
  for (size_t i = bytes.find(mark); i != bytes.npos; i = bytes.find(mark, i + 1)) {
    SX_RETURN_IF_ERROR(check(bytes.substr(i)));
  }
  return absl::OkStatus();
}

Status CheckComponents(uint32_t count) {
  if (count <= kMaxComponents) return absl::OkStatus();
  return Unimplemented(count, " components; at most ", kMaxComponents, " are read");
}

/// A codestream's beginning, SOC and SIZ.
Status CheckSize(absl::string_view start, size_t file_bytes) {
  double tiles = 1;
  for (const size_t axis : {0, 4}) {
    const double end = Number(start, 8 + axis, 4), size = Number(start, 24 + axis, 4);
    const double begin = Number(start, 32 + axis, 4);
    if (size == 0) return InvalidArgument("tiles without pixels");
    tiles *= std::ceil(std::max(end - begin, 0.0) / size);
  }
  constexpr double kTileHeader = 14;  // of each tile in the file
  if (tiles * kTileHeader > static_cast<double>(file_bytes)) return InvalidArgument("cut short");
  return CheckComponents(Number(start, 40, 2));
}

/// A coding style, COD or COC, for so many pixels. `style_at` is where its flags stand, `levels_at`
/// how often resolution is halved.
Status CheckPrecincts(absl::string_view style, size_t style_at, size_t levels_at, double pixels,
                      size_t file_bytes) {
  constexpr uint32_t kOwnPrecincts = 1;
  const size_t levels = Number(style, levels_at, 1), sizes_at = levels_at + 5;
  const bool is_style = Number(style, 2, 2) + 2 == sizes_at + levels + 1;
  if (!is_style || !(Number(style, style_at, 1) & kOwnPrecincts)) return absl::OkStatus();
  double precincts = 0;
  for (size_t r = 0; r <= levels; ++r) {
    const uint32_t exponents = Number(style, sizes_at + r, 1);
    precincts += std::ldexp(
        pixels, -static_cast<int>(2 * (levels - r) + (exponents & 15) + (exponents >> 4)));
  }
  // Each has a packet, of a byte at least, in the file.
  if (precincts > static_cast<double>(file_bytes)) return InvalidArgument("cut short");
  return absl::OkStatus();
}

/// OpenJPEG takes memory by the counts of headers that it does not let anybody see before. So all
/// that could be such a header is checked, wherever it stands.
Status CheckHeaders(absl::string_view bytes) {
  SX_RETURN_IF_ERROR(ForEach(bytes, "\xFF\x4F\xFF\x51", [&](absl::string_view start) {
    return CheckSize(start, bytes.size());
  }));
  return ForEach(bytes, "pclr",
                 [](absl::string_view palette) { return CheckComponents(Number(palette, 6, 1)); });
}

Status CheckStyles(absl::string_view bytes, double pixels) {
  SX_RETURN_IF_ERROR(ForEach(bytes, "\xFF\x52", [&](absl::string_view style) {
    return CheckPrecincts(style, 4, 9, pixels, bytes.size());
  }));
  return ForEach(bytes, "\xFF\x53", [&](absl::string_view style) {
    return CheckPrecincts(style, 5, 6, pixels, bytes.size());
  });
}

/// A file in memory for OpenJPEG's input.
struct Source {
  absl::string_view bytes;
  size_t at = 0;

  static OPJ_SIZE_T Read(void* to, OPJ_SIZE_T count, void* self) {
    Source& source = *static_cast<Source*>(self);
    const absl::string_view part = source.bytes.substr(source.at, count);
    if (part.empty()) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(to, part.data(), part.size());
    source.at += part.size();
    return part.size();
  }
  static OPJ_OFF_T Skip(OPJ_OFF_T count, void* self) {
    Source& source = *static_cast<Source*>(self);
    const auto left = static_cast<OPJ_OFF_T>(source.bytes.size() - source.at);
    if (count < 0 || count > left) return -1;
    source.at += static_cast<size_t>(count);
    return count;
  }
  static OPJ_BOOL Seek(OPJ_OFF_T to, void* self) {
    Source& source = *static_cast<Source*>(self);
    if (to < 0 || to > static_cast<OPJ_OFF_T>(source.bytes.size())) return OPJ_FALSE;
    source.at = static_cast<size_t>(to);
    return OPJ_TRUE;
  }
};

void KeepMessage(const char* message, void* to) {
  *static_cast<std::string*>(to) = std::string(absl::StripTrailingAsciiWhitespace(message));
}

/// About as much as OpenJPEG needs: samples and coefficients of four bytes, and blocks of them.
int64_t WorkingBytes(const opj_image_t& image) {
  int64_t bytes = 0;
  for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
    bytes += int64_t{16} * image.comps[c].w * image.comps[c].h;
  }
  return bytes;
}

uint8_t Byte(double value) {
  return static_cast<uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
}

/// Samples of one component, whatever its depth, sign and spacing, as 0..255.
class Component {
 public:
  Component(const opj_image_t& image, int c) : component_(image.comps[c]) {
    const double range = std::ldexp(1.0, static_cast<int>(component_.prec));
    low_ = component_.sgnd ? -range / 2 : 0;
    scale_ = 255 / (range - 1);
    // The grid of a subsampled component begins at the first multiple of its spacing.
    x0_ = image.x0;
    y0_ = image.y0;
  }
  bool Complete() const {
    return component_.data != nullptr && component_.w > 0 && component_.h > 0 &&
           component_.prec >= 1 && component_.prec <= 31;
  }
  uint8_t At(OPJ_UINT32 x, OPJ_UINT32 y) const {
    const OPJ_UINT32 column = Position(x0_, x, component_.dx, component_.w);
    const OPJ_UINT32 row = Position(y0_, y, component_.dy, component_.h);
    return Byte((component_.data[size_t{row} * component_.w + column] - low_) * scale_);
  }

 private:
  static OPJ_UINT32 Position(OPJ_UINT32 origin, OPJ_UINT32 at, OPJ_UINT32 step, OPJ_UINT32 count) {
    const uint64_t first = (uint64_t{origin} + step - 1) / step;
    const uint64_t place = (uint64_t{origin} + at) / step;
    return static_cast<OPJ_UINT32>(std::min<uint64_t>(place - std::min(first, place), count - 1));
  }

  const opj_image_comp_t& component_;
  double low_, scale_;
  OPJ_UINT32 x0_, y0_;
};

/// Red, green and blue of ITU-R BT.601's luma and chroma, all in 0..255.
void FromChroma(uint8_t* pixel) {
  const double y = pixel[0], blue = pixel[1] - 128, red = pixel[2] - 128;
  pixel[0] = Byte(y + 1.402 * red);
  pixel[1] = Byte(y - 0.344136 * blue - 0.714136 * red);
  pixel[2] = Byte(y + 1.772 * blue);
}

Status Fill(const opj_image_t& image, const RunControl& control, Tensor& picture) {
  const bool colour = image.numcomps >= 3;
  const bool chroma =
      colour && (image.color_space == OPJ_CLRSPC_SYCC ||
                 (image.color_space == OPJ_CLRSPC_UNSPECIFIED && image.comps[1].dx > 1));
  if (image.color_space == OPJ_CLRSPC_CMYK || image.color_space == OPJ_CLRSPC_EYCC) {
    return Unimplemented("colour space ", static_cast<int>(image.color_space));
  }
  const Component components[] = {{image, 0}, {image, colour ? 1 : 0}, {image, colour ? 2 : 0}};
  for (const Component& component : components) {
    if (!component.Complete()) return InvalidArgument("damaged: a component without samples");
  }
  uint8_t* to = picture.data<uint8_t>();
  for (int64_t y = 0; y < picture.dim(0); ++y) {
    SX_RETURN_IF_ERROR(control.Check());
    for (int64_t x = 0; x < picture.dim(1); ++x, to += 3) {
      for (int c = 0; c < 3; ++c) {
        to[c] = components[c].At(static_cast<OPJ_UINT32>(x), static_cast<OPJ_UINT32>(y));
      }
      if (chroma) FromChroma(to);
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Tensor> DecodeJpeg2000(absl::string_view bytes, const RunEnvironment& environment) {
  SX_RETURN_IF_ERROR(CheckHeaders(bytes));
  Source source{bytes};
  const Owned<opj_stream_t, opj_stream_destroy> stream(opj_stream_default_create(OPJ_TRUE));
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), bytes.size());
  opj_stream_set_read_function(stream.get(), Source::Read);
  opj_stream_set_skip_function(stream.get(), Source::Skip);
  opj_stream_set_seek_function(stream.get(), Source::Seek);

  const bool bare = bytes[0] == '\xFF';
  const Owned<opj_codec_t, opj_destroy_codec> codec(
      opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
  std::string message = "damaged";
  opj_set_error_handler(codec.get(), KeepMessage, &message);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  if (!opj_setup_decoder(codec.get(), &parameters) ||
      !opj_read_header(stream.get(), codec.get(), &header)) {
    return InvalidArgument(message);
  }
  const Owned<opj_image_t, opj_image_destroy> image(header);
  SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(int64_t{image->x1} - image->x0,
                                                 int64_t{image->y1} - image->y0, environment));
  SX_RETURN_IF_ERROR(CheckStyles(bytes, static_cast<double>(picture.size()) / 3));
  SX_ASSIGN_OR_RETURN(const auto working, ReserveBytes(WorkingBytes(*image), environment.budget));
  if (!opj_decode(codec.get(), stream.get(), image.get()) ||
      !opj_end_decompress(codec.get(), stream.get())) {
    return InvalidArgument(message);
  }
  SX_RETURN_IF_ERROR(Fill(*image, *environment.control, picture));
  return picture;
}

}  // namespace sardonyx
