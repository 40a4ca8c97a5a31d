// PNG by libpng's simplified interface, JPEG by libjpeg.
#include <png.h>

#include <csetjmp>
#include <cstdio>

// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/picture.h"

namespace sardonyx {
namespace {

/// Room for that many pixels; errors: none, or too many.
StatusOr<Picture> MakePicture(int64_t width, int64_t height) {
  const auto pixels = CheckedMul(width, height);
  if (width <= 0 || height <= 0) return InvalidArgument("a picture without pixels");
  if (!pixels || *pixels > kMaxPixels) {
    return LimitExceeded("a picture of ", width, "x", height, " is above the limit of ", kMaxPixels,
                         " pixels");
  }
  Picture picture{width, height, {}};
  picture.samples.resize(static_cast<size_t>(*pixels * 3));
  return picture;
}

StatusOr<Picture> DecodePng(absl::string_view bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, bytes.data(), bytes.size())) {
    return InvalidArgument("damaged PNG: ", image.message);
  }
  StatusOr<Picture> picture = MakePicture(image.width, image.height);
  if (!picture.ok()) {
    png_image_free(&image);
    return picture;
  }
  image.format = PNG_FORMAT_RGB;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const png_color black = {0, 0, 0};
  if (!png_image_finish_read(&image, &black, picture->samples.data(), 0, nullptr)) {
    return InvalidArgument("damaged PNG: ", image.message);
  }
  return picture;
}

/// libjpeg reports errors by a jump out of its calls.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

void JumpOut(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  errors->manager.format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}

void Silence(j_common_ptr) {}

/// A small file can ask for endless scans over a large picture.
void LimitScans(j_common_ptr info) {
  constexpr int kMaxScans = 200;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  std::snprintf(errors->message, sizeof errors->message, "more than %d scans", kMaxScans);
  std::longjmp(errors->jump, 1);
}

/// Everything between a start and a jump back: nothing in here has a destructor. Returns the width
/// and height in `size` (rows null), or fills rows of `row_bytes`; false with errors.message set.
bool RunJpeg(absl::string_view bytes, JpegErrors& errors, int64_t size[2], uint8_t* samples) {
  jpeg_decompress_struct info = {};
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = JumpOut;
  errors.manager.output_message = Silence;
  errors.message[0] = '\0';
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_progress_mgr progress = {};
  progress.progress_monitor = LimitScans;
  info.progress = &progress;
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  size[0] = info.image_width;
  size[1] = info.image_height;
  if (samples != nullptr) {
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = samples + static_cast<size_t>(info.output_scanline) * size[0] * 3;
      jpeg_read_scanlines(&info, &row, 1);
      // A file that is cut short, or holds nonsense, warns and goes on in grey.
      if (errors.manager.num_warnings > 0) {
        errors.manager.format_message(reinterpret_cast<j_common_ptr>(&info), errors.message);
        jpeg_destroy_decompress(&info);
        return false;
      }
    }
    jpeg_finish_decompress(&info);
  }
  jpeg_destroy_decompress(&info);
  return true;
}

StatusOr<Picture> DecodeJpeg(absl::string_view bytes) {
  JpegErrors errors;
  int64_t size[2] = {0, 0};
  if (!RunJpeg(bytes, errors, size, nullptr)) {
    return InvalidArgument("damaged JPEG: ", errors.message);
  }
  SX_ASSIGN_OR_RETURN(Picture picture, MakePicture(size[0], size[1]));
  if (!RunJpeg(bytes, errors, size, picture.samples.data())) {
    return InvalidArgument("damaged JPEG: ", errors.message);
  }
  return picture;
}

}  // namespace

StatusOr<Picture> DecodePicture(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) return DecodePng(bytes);
  if (absl::StartsWith(bytes, "\xFF\xD8\xFF")) return DecodeJpeg(bytes);
  return InvalidArgument("neither a PNG nor a JPEG picture");
}

}  // namespace sardonyx
