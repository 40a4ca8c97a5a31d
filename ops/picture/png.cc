// PNG by libpng.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

/// libpng reports errors by a jump out of its calls: what stands between setjmp and such a call has
/// no destructor.
class PngReader {
 public:
  explicit PngReader(absl::string_view bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, JumpOut, [](png_structp, auto) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;

  /// These are false with message() set.
  bool ReadHeader() {
    if (info_ == nullptr) return false;
    if (setjmp(jump_) != 0) return false;
    png_set_read_fn(png_, this, Read);
    // Texts and profiles, of no use here, could unpack to any size.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != size_t{3} * width()) png_error(png_, "unknown layout");
    return true;
  }
  bool ReadRows(uint8_t* samples, const RunControl& control) {
    if (setjmp(jump_) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (png_uint_32 y = 0; y < height(); ++y) {
        if (y % 64 == 0 && control.Stopped()) png_error(png_, "stopped");
        png_read_row(png_, samples + size_t{3} * width() * y, nullptr);
      }
    }
    return true;
  }

  png_uint_32 width() const { return png_get_image_width(png_, info_); }
  png_uint_32 height() const { return png_get_image_height(png_, info_); }
  const char* message() const { return message_; }

 private:
  static void JumpOut(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader->message_, sizeof reader->message_, "%s", message);
    std::longjmp(reader->jump_, 1);
  }
  static void Read(png_structp png, png_bytep to, size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader->rest_.size()) png_error(png, "cut short");
    std::memcpy(to, reader->rest_.data(), count);
    reader->rest_.remove_prefix(count);
  }

  absl::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;  // more than one where it is interlaced
  std::jmp_buf jump_;
  char message_[200] = "libpng has no memory";
};

}  // namespace

StatusOr<Tensor> DecodePng(absl::string_view bytes, const RunEnvironment& environment) {
  PngReader reader(bytes);
  if (!reader.ReadHeader()) return InvalidArgument(reader.message());
  SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(reader.width(), reader.height(), environment));
  if (!reader.ReadRows(picture.data<uint8_t>(), *environment.control)) {
    return InvalidArgument(reader.message());
  }
  return picture;
}

}  // namespace sardonyx
