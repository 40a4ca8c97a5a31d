// Small files of pictures for tests, by the libraries that read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sardonyx {

using Samples = std::vector<uint8_t>;

/// `format` is one of libpng's PNG_FORMAT_*.
std::string Png(int width, int height, int format, const Samples& samples);

// Samples are red, green and blue unless there are other channels. Jpeg and Webp keep them nearly,
// the others exactly.
std::string Jpeg(int width, int height, const Samples& samples, bool progressive = false);
std::string Webp(int width, int height, const Samples& samples);
std::string WebpLossless(int width, int height, const Samples& samples);
/// `channels` is 1, 3 or 4, the fourth a transparency that the colours were not multiplied by.
std::string Tiff(int width, int height, int channels, int compression, const Samples& samples);
/// `channels` is 1 or 3; `bare` without a file's boxes.
std::string Jpeg2000(int width, int height, int channels, const Samples& samples, bool bare);

/// A header with `rest` behind it, which begins with a palette of two colours up to 8 bits, and
/// with three masks in compression 3.
std::string Bmp(int width, int height, int bits, int compression, const std::string& rest);

}  // namespace sardonyx
