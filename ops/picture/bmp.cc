// Windows bitmaps: all that BITMAPCOREHEADER and BITMAPINFOHEADER to BITMAPV5HEADER describe (the
// Windows GDI reference), except pictures inside that are JPEG or PNG.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <optional>
#include <vector>

#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

constexpr size_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
enum Compression : uint32_t { kPlain = 0, kRuns8 = 1, kRuns4 = 2, kMasks = 3, kMasksAlpha = 6 };

using Colour = std::array<uint8_t, 3>;

class BmpReader {
 public:
  explicit BmpReader(absl::string_view bytes) : bytes_(bytes) {}

  StatusOr<Tensor> Read(const RunEnvironment& environment) {
    SX_RETURN_IF_ERROR(ReadHeader());
    if (bits_ <= 8) ReadPalette();
    if (cut_short_) return InvalidArgument("cut short in its header");
    const bool runs = compression_ == kRuns8 || compression_ == kRuns4;
    // Rows are padded to four bytes. Both factors are below 2^32.
    const int64_t row_bytes = (width_ * bits_ + 31) / 32 * 4;
    if (!runs && static_cast<int64_t>(data().size()) / row_bytes < height_) {
      return InvalidArgument("cut short: ", width_, "x", height_, " pixels of ", bits_, " bits in ",
                             data().size(), " bytes");
    }
    SX_ASSIGN_OR_RETURN(picture_, NewPicture(width_, height_, environment));
    if (runs) {
      SX_RETURN_IF_ERROR(ReadRuns());
      return std::move(picture_);
    }
    for (int64_t y = 0; y < height_; ++y) {
      SX_RETURN_IF_ERROR(environment.control->Check());
      const absl::string_view row =
          data().substr(static_cast<size_t>(y * row_bytes), static_cast<size_t>(row_bytes));
      SX_RETURN_IF_ERROR(bits_ <= 8 ? ReadIndices(row, y) : ReadColours(row, y));
    }
    return std::move(picture_);
  }

 private:
  /// The number in `count` bytes, the lowest first; 0 and a note where the file ends before.
  uint32_t Field(size_t at, size_t count) {
    if (at > bytes_.size() || bytes_.size() - at < count) {
      cut_short_ = true;
      return 0;
    }
    uint32_t value = 0;
    for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes_[at + i]);
    return value;
  }

  absl::string_view data() const { return bytes_.substr(std::min(data_at_, bytes_.size())); }

  Status ReadHeader() {
    data_at_ = Field(10, 4);
    header_size_ = Field(kFileHeader, 4);
    if (header_size_ == kCoreHeader) {
      width_ = Field(18, 2);
      height_ = Field(20, 2);
      bits_ = static_cast<int>(Field(24, 2));
    } else if (header_size_ >= kInfoHeader) {
      width_ = static_cast<int32_t>(Field(18, 4));
      height_ = static_cast<int32_t>(Field(22, 4));
      bits_ = static_cast<int>(Field(28, 2));
      compression_ = Field(30, 4);
      colours_ = Field(46, 4);
      top_down_ = height_ < 0;
      height_ = std::abs(height_);
    } else if (!cut_short_) {
      return InvalidArgument("a header of ", header_size_, " bytes");
    }
    if (cut_short_) return InvalidArgument("cut short in its header");
    if (width_ <= 0 || height_ == 0) return InvalidArgument("it has no pixels");
    if (bits_ == 16) masks_ = {0x7C00, 0x03E0, 0x001F};
    if (compression_ == kMasks || compression_ == kMasksAlpha) {
      for (size_t c = 0; c < 3; ++c) masks_[c] = Field(kFileHeader + kInfoHeader + 4 * c, 4);
    }
    return CheckLayout();
  }

  Status CheckLayout() const {
    const bool known =
        compression_ == kPlain
            ? bits_ == 1 || bits_ == 4 || bits_ == 8 || bits_ == 16 || bits_ == 24 || bits_ == 32
        : compression_ == kRuns8                                ? bits_ == 8
        : compression_ == kRuns4                                ? bits_ == 4
        : compression_ == kMasks || compression_ == kMasksAlpha ? bits_ == 16 || bits_ == 32
                                                                : false;
    if (known) return absl::OkStatus();
    return Unimplemented(bits_, " bits a pixel in compression ", compression_);
  }

  void ReadPalette() {
    // Blue, green and red; in the newer headers a fourth byte of nothing.
    const size_t entry = header_size_ == kCoreHeader ? 3 : 4;
    const uint32_t most = uint32_t{1} << bits_;
    palette_.resize(colours_ == 0 ? most : std::min(colours_, most));
    for (size_t i = 0; i < palette_.size(); ++i) {
      for (size_t c = 0; c < 3; ++c) {
        palette_[i][2 - c] =
            static_cast<uint8_t>(Field(kFileHeader + header_size_ + entry * i + c, 1));
      }
    }
  }

  /// Where pixel x of the file's row y goes.
  uint8_t* At(int64_t x, int64_t y) {
    return picture_.data<uint8_t>() + 3 * (width_ * (top_down_ ? y : height_ - 1 - y) + x);
  }

  Status Put(int64_t x, int64_t y, size_t index) {
    if (index >= palette_.size()) {
      return InvalidArgument("colour ", index, " of a palette of ", palette_.size());
    }
    std::copy(palette_[index].begin(), palette_[index].end(), At(x, y));
    return absl::OkStatus();
  }

  Status ReadIndices(absl::string_view row, int64_t y) {
    for (int64_t x = 0; x < width_; ++x) {
      const int64_t bit = x * bits_;
      const auto byte = static_cast<uint8_t>(row[static_cast<size_t>(bit / 8)]);
      const int index = byte >> (8 - bits_ - bit % 8) & ((1 << bits_) - 1);
      SX_RETURN_IF_ERROR(Put(x, y, static_cast<size_t>(index)));
    }
    return absl::OkStatus();
  }

  Status ReadColours(absl::string_view row, int64_t y) {
    const size_t width = static_cast<size_t>(bits_) / 8;
    uint8_t* to = At(0, y);
    for (int64_t x = 0; x < width_; ++x, row.remove_prefix(width)) {
      uint64_t pixel = 0;
      for (size_t i = width; i-- > 0;) pixel = pixel << 8 | static_cast<uint8_t>(row[i]);
      for (const uint32_t mask : masks_) {
        const int shift = mask == 0 ? 0 : std::countr_zero(mask);
        const uint64_t most = std::max(mask >> shift, 1u);
        *to++ = static_cast<uint8_t>((((pixel & mask) >> shift) * 255 + most / 2) / most);
      }
    }
    return absl::OkStatus();
  }

  /// Run-length coding: pairs of a count and what to repeat, or 0 and a command.
  Status ReadRuns() {
    for (int64_t i = 0; i < width_ * height_; ++i) {
      SX_RETURN_IF_ERROR(Put(i % width_, i / width_, 0));  // what the runs pass over
    }
    constexpr uint32_t kEndOfRow = 0, kEnd = 1, kDelta = 2;
    size_t at = data_at_;
    int64_t x = 0, y = 0;
    while (true) {
      const uint32_t count = Field(at, 1), command = Field(at + 1, 1);
      at += 2;
      if (cut_short_) return InvalidArgument("cut short");
      if (count > 0) {
        SX_RETURN_IF_ERROR(PutRun(at - 1, count, true, x, y));
      } else if (command == kEnd) {
        return absl::OkStatus();
      } else if (command == kEndOfRow) {
        x = 0;
        ++y;
      } else if (command == kDelta) {
        x += Field(at, 1);
        y += Field(at + 1, 1);
        at += 2;
      } else {
        SX_RETURN_IF_ERROR(PutRun(at, command, false, x, y));
        const size_t bytes = bits_ == 8 ? command : (command + 1) / 2;
        at += (bytes + 1) / 2 * 2;
      }
    }
  }

  /// Pixels x to x + count of row y from the bytes at `at`, or all from the first of them.
  Status PutRun(size_t at, uint32_t count, bool repeat, int64_t& x, int64_t y) {
    if (y >= height_ || x + count > width_) return InvalidArgument("a run beyond its row's end");
    for (uint32_t i = 0; i < count; ++i, ++x) {
      uint32_t index = 0;
      if (bits_ == 8) {
        index = Field(repeat ? at : at + i, 1);
      } else {
        index = Field(repeat ? at : at + i / 2, 1) >> (i % 2 == 0 ? 4 : 0) & 15;
      }
      SX_RETURN_IF_ERROR(Put(x, y, index));
    }
    return absl::OkStatus();
  }

  absl::string_view bytes_;
  size_t data_at_ = 0, header_size_ = 0;
  int64_t width_ = 0, height_ = 0;
  int bits_ = 0;  // a pixel
  uint32_t compression_ = kPlain, colours_ = 0;
  bool top_down_ = false, cut_short_ = false;
  std::array<uint32_t, 3> masks_ = {0xFF0000, 0x00FF00, 0x0000FF};  // of red, green, blue
  std::vector<Colour> palette_;
  Tensor picture_;
};

}  // namespace

StatusOr<Tensor> DecodeBmp(absl::string_view bytes, const RunEnvironment& environment) {
  return BmpReader(bytes).Read(environment);
}

}  // namespace sardonyx
