// JPEG by libjpeg-turbo, with its defaults: the accurate integer DCT and smooth chroma.
#include <algorithm>
#include <csetjmp>
#include <cstdio>

// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
#include <jerror.h>
// clang-format on

#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

/// a * b / 255, rounded.
int Scaled(int a, int b) { return (a * b + 127) / 255; }

/// libjpeg reports errors by a jump out of its calls: what stands between setjmp and such a call
/// has no destructor.
class JpegReader {
 public:
  JpegReader(absl::string_view bytes, const RunControl& control)
      : bytes_(bytes), control_(control) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = JumpOut;
    errors_.emit_message = OnMessage;
    progress_.progress_monitor = OnProgress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;

  /// These are false with message() set.
  bool ReadHeader() {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }
  bool ReadRows(uint8_t* samples) {
    if (setjmp(jump_) != 0) return false;
    // What is kept of the whole picture until its last scan.
    info_.mem->max_memory_to_use = static_cast<long>(WorkingBytes());
    const bool cmyk = info_.num_components == 4;
    info_.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info_);
    JSAMPROW inks = nullptr;
    if (cmyk) {
      inks = *info_.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&info_), JPOOL_IMAGE,
                                      width() * 4, 1);
    }
    while (info_.output_scanline < height()) {
      JSAMPROW row = samples + size_t{3} * width() * info_.output_scanline;
      jpeg_read_scanlines(&info_, cmyk ? &inks : &row, 1);
      if (cmyk) Mix(inks, row);
    }
    return true;
  }

  JDIMENSION width() const { return info_.image_width; }
  JDIMENSION height() const { return info_.image_height; }
  const char* message() const { return message_; }

  /// About as much as libjpeg needs: coefficients of two bytes for all blocks of a picture in
  /// several scans, otherwise some rows of blocks.
  int64_t WorkingBytes() {
    constexpr int64_t kBlocks = 64, kFixed = int64_t{1} << 20;
    const int64_t rows = jpeg_has_multiple_scans(&info_) ? height() + kBlocks : kBlocks;
    return kFixed + 2 * info_.num_components * (width() + kBlocks) * rows;
  }

 private:
  static JpegReader& Self(j_common_ptr info) {
    return *static_cast<JpegReader*>(info->client_data);
  }

  static void JumpOut(j_common_ptr info) {
    info->err->format_message(info, Self(info).message_);
    std::longjmp(Self(info).jump_, 1);
  }

  /// Where a file is cut short or holds nonsense, libjpeg warns and goes on in grey.
  static void OnMessage(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) JumpOut(info);
  }

  static void OnProgress(j_common_ptr info) {
    constexpr int kMaxScans = 200;  // a small file can ask for endless scans of a large picture
    JpegReader& self = Self(info);
    const bool many = self.info_.input_scan_number > kMaxScans;
    if (!many && !self.control_.Stopped()) return;
    std::snprintf(self.message_, sizeof self.message_, many ? "too many scans" : "stopped");
    std::longjmp(self.jump_, 1);
  }

  /// Red, green and blue as the complements of cyan, magenta and yellow, darkened by black. Adobe's
  /// files, the common ones, hold the complements already.
  void Mix(const JSAMPLE* inks, JSAMPLE* rgb) const {
    const int flip = info_.saw_Adobe_marker ? 0 : 255;
    for (JDIMENSION x = 0; x < width(); ++x, inks += 4) {
      for (int c = 0; c < 3; ++c) {
        *rgb++ = static_cast<JSAMPLE>(Scaled(inks[c] ^ flip, inks[3] ^ flip));
      }
    }
  }

  absl::string_view bytes_;
  const RunControl& control_;
  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_;
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

StatusOr<Tensor> DecodeJpeg(absl::string_view bytes, const RunEnvironment& environment) {
  JpegReader reader(bytes, *environment.control);
  if (!reader.ReadHeader()) return InvalidArgument(reader.message());
  SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(reader.width(), reader.height(), environment));
  SX_ASSIGN_OR_RETURN(const auto working, ReserveBytes(reader.WorkingBytes(), environment.budget));
  if (!reader.ReadRows(picture.data<uint8_t>())) return InvalidArgument(reader.message());
  return picture;
}

}  // namespace sardonyx
