// Netpbm's formats: bitmaps (P1, P4), greymaps (P2, P5) and pixmaps (P3, P6), as text or binary.
// By its manual pages pbm(5), pgm(5) and ppm(5).
#include "absl/strings/ascii.h"
#include "ops/picture/formats.h"

namespace sardonyx {
namespace {

class PnmReader {
 public:
  explicit PnmReader(absl::string_view bytes) : rest_(bytes.substr(2)), kind_(bytes[1] - '0') {}

  StatusOr<Tensor> Read(const RunEnvironment& environment) {
    SX_ASSIGN_OR_RETURN(const int64_t width, Number());
    SX_ASSIGN_OR_RETURN(const int64_t height, Number());
    if (!bitmap()) {
      SX_ASSIGN_OR_RETURN(most_, Number());
      if (most_ < 1 || most_ > 65535) return InvalidArgument("its greatest sample is ", most_);
    }
    if (binary() && !rest_.empty()) rest_.remove_prefix(1);  // one white space
    SX_ASSIGN_OR_RETURN(Tensor picture, NewPicture(width, height, environment));
    uint8_t* to = picture.data<uint8_t>();
    for (int64_t y = 0; y < height; ++y) {
      SX_RETURN_IF_ERROR(environment.control->Check());
      for (int64_t x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c, ++to) {
          if (c > 0 && !colour()) {
            *to = to[-1];
            continue;
          }
          SX_ASSIGN_OR_RETURN(*to, Sample(x, x + 1 == width));
        }
      }
    }
    return picture;
  }

 private:
  bool bitmap() const { return kind_ == 1 || kind_ == 4; }
  bool colour() const { return kind_ == 3 || kind_ == 6; }
  bool binary() const { return kind_ >= 4; }

  /// To the next character that is neither white space nor in a comment.
  Status Skip() {
    for (bool comment = false; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_.front();
      if (c == '#') comment = true;
      if (!comment && !absl::ascii_isspace(static_cast<unsigned char>(c))) return absl::OkStatus();
      if (c == '\n' || c == '\r') comment = false;
    }
    return InvalidArgument("cut short");
  }

  StatusOr<int64_t> Number() {
    SX_RETURN_IF_ERROR(Skip());
    constexpr int64_t kMost = 1'000'000'000;
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && absl::ascii_isdigit(rest_[digits]); ++digits) {
      value = std::min(value * 10 + (rest_[digits] - '0'), kMost);
    }
    if (digits == 0) return InvalidArgument("no number where one is expected");
    rest_.remove_prefix(digits);
    return value;
  }

  /// The next sample as 0..255; x is its column.
  StatusOr<uint8_t> Sample(int64_t x, bool last) {
    if (kind_ == 1) {
      SX_RETURN_IF_ERROR(Skip());
      const char c = rest_.front();
      if (c != '0' && c != '1') return InvalidArgument("a bit that is neither 0 nor 1");
      rest_.remove_prefix(1);
      return c == '0' ? 255 : 0;
    }
    int64_t value = 0;
    if (binary()) {
      const size_t count = most_ > 255 ? 2 : 1;
      if (rest_.size() < count) return InvalidArgument("cut short");
      for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(rest_[i]);
      if (kind_ == 4) {
        // Rows begin at whole bytes, the leftmost pixel in the highest bit.
        const bool black = (value >> (7 - x % 8) & 1) != 0;
        if (x % 8 == 7 || last) rest_.remove_prefix(1);
        return black ? 0 : 255;
      }
      rest_.remove_prefix(count);
    } else {
      SX_ASSIGN_OR_RETURN(value, Number());
    }
    if (value > most_) return InvalidArgument("a sample of ", value, " where ", most_, " is most");
    return static_cast<uint8_t>((value * 255 + most_ / 2) / most_);
  }

  absl::string_view rest_;
  int kind_;
  int64_t most_ = 1;
};

}  // namespace

StatusOr<Tensor> DecodePnm(absl::string_view bytes, const RunEnvironment& environment) {
  return PnmReader(bytes).Read(environment);
}

}  // namespace sardonyx
