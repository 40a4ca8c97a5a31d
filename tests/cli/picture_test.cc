#include "tools/cli/picture.h"

#include <png.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <cstdio>

// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "tests/importer/models.h"
#include "tools/cli/input_spec.h"

namespace sardonyx {
namespace {

using Catch::Contains;

std::string Png(int width, int height, int format, const std::vector<uint8_t>& samples) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = static_cast<png_uint_32>(format);
  std::string bytes(100000, '\0');
  png_alloc_size_t size = bytes.size();
  REQUIRE(png_image_write_to_memory(&image, bytes.data(), &size, 0, samples.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

std::string Jpeg(int width, int height, const std::vector<uint8_t>& samples) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(&samples[info.next_scanline * width * 3]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return bytes;
}

TEST_CASE("PNG pictures are decoded exactly", "[cli]") {
  const std::vector<uint8_t> samples = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};
  const auto picture = DecodePicture(Png(2, 2, PNG_FORMAT_RGB, samples));
  REQUIRE(picture.ok());
  CHECK(picture->width == 2);
  CHECK(picture->samples == samples);
  const auto gray = DecodePicture(Png(3, 1, PNG_FORMAT_GRAY, {0, 100, 255}));
  REQUIRE(gray.ok());
  CHECK(gray->samples == std::vector<uint8_t>{0, 0, 0, 100, 100, 100, 255, 255, 255});
}

TEST_CASE("JPEG pictures are decoded nearly", "[cli]") {
  std::vector<uint8_t> samples;
  for (int i = 0; i < 16 * 16; ++i) samples.insert(samples.end(), {200, 100, 50});
  const auto picture = DecodePicture(Jpeg(16, 16, samples));
  REQUIRE(picture.ok());
  REQUIRE(picture->samples.size() == samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    CHECK(std::abs(picture->samples[i] - samples[i]) <= 4);
  }
}

TEST_CASE("Damaged pictures are errors", "[cli]") {
  CHECK_THAT(std::string(DecodePicture("GIF89a").status().message()), Contains("neither"));
  CHECK_FALSE(DecodePicture("").ok());
  const std::string png = Png(4, 4, PNG_FORMAT_GRAY, std::vector<uint8_t>(16, 7));
  for (size_t length = 8; length + 12 < png.size(); ++length) {
    CHECK_FALSE(DecodePicture(png.substr(0, length)).ok());
  }
  const std::string jpeg = Jpeg(16, 16, std::vector<uint8_t>(16 * 16 * 3, 7));
  for (size_t length = 3; length + 20 < jpeg.size(); length += 7) {
    CHECK_FALSE(DecodePicture(jpeg.substr(0, length)).ok());
  }
}

TEST_CASE("A picture that claims to be huge is refused before memory is taken", "[cli]") {
  std::string png = Png(1, 1, PNG_FORMAT_GRAY, {0});
  png.replace(16, 8, std::string("\x00\x0F\x42\x40\x00\x0F\x42\x40", 8));  // 1,000,000 squared
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17);
  for (int i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(crc >> (24 - 8 * i));
  CHECK_THAT(std::string(DecodePicture(png).status().message()), Contains("1000000x1000000"));
}

TEST_CASE("Pictures become tensors", "[cli]") {
  const Picture picture{2, 1, {255, 0, 51, 0, 102, 255}};
  SECTION("planes, scaled") {
    const auto tensor = PictureToTensor(picture, {});
    REQUIRE(tensor.ok());
    CHECK(tensor->ToString() == "float[1,3,1,2]");
    const std::vector<float> expected = {1, 0, 0, 0.4f, 0.2f, 1};
    for (int i = 0; i < 6; ++i) CHECK(tensor->data<float>()[i] == Approx(expected[i]));
  }
  SECTION("interleaved, blue first, mean and deviation for each channel") {
    const auto tensor = PictureToTensor(picture, {.scale = 1,
                                                  .mean = {1, 2, 3},
                                                  .std_deviation = {2},
                                                  .layout = Layout::kNhwc,
                                                  .color = Color::kBgr});
    REQUIRE(tensor.ok());
    CHECK(tensor->ToString() == "float[1,1,2,3]");
    const std::vector<float> expected = {25, -1, 126, 127, 50, -1.5f};
    for (int i = 0; i < 6; ++i) CHECK(tensor->data<float>()[i] == expected[i]);
  }
  SECTION("bytes, grey") {
    const auto tensor =
        PictureToTensor(picture, {.scale = 1, .color = Color::kGray, .type = DataType::kUInt8});
    REQUIRE(tensor.ok());
    CHECK(tensor->ToString() == "uint8[1,1,1,2]");
    CHECK(tensor->data<uint8_t>()[0] == 82);  // 76.245 + 5.814
    CHECK(tensor->data<uint8_t>()[1] == 89);  // 59.874 + 29.07
  }
  SECTION("wrong numbers of channels") {
    CHECK_FALSE(PictureToTensor(picture, {.mean = {1, 2}}).ok());
    CHECK_FALSE(PictureToTensor(picture, {.std_deviation = {0}}).ok());
    CHECK_FALSE(PictureToTensor(picture, {.width = 1000000, .height = 1000000}).ok());
  }
}

TEST_CASE("Resizing interpolates between pixel centres", "[cli]") {
  CHECK(Resize({0, 4}, 2, 1, 1, 4, 1) == std::vector<float>{0, 1, 3, 4});
  // Shrinking by two weighs pixels at distances 0.5 and 1.5 with 3 and 1.
  const std::vector<float> half = Resize({0, 8, 16, 24, 32, 40}, 6, 1, 1, 3, 1);
  CHECK(half[1] == Approx(20));
  CHECK(half[0] == Approx((0 * 3 + 8 * 3 + 16 * 1) / 7.0));
  const std::vector<float> flat = Resize(std::vector<float>(35, 7.0f), 7, 5, 1, 3, 4);
  for (const float v : flat) CHECK(v == Approx(7));
}

TEST_CASE("The input's shape decides layout, colours and size", "[cli]") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("x.png", Png(4, 4, PNG_FORMAT_GRAY, std::vector<uint8_t>(16, 255)));
  const auto shape = [&](Shape wanted, const InputFlags& flags) {
    const auto tensor = ReadPictureInput(path, Type::Tensor(DataType::kFloat, wanted), flags);
    return tensor.ok() ? tensor->ToString() : std::string(tensor.status().message());
  };
  CHECK(shape({1, 1, 8, 6}, {}) == "float[1,1,8,6]");
  CHECK(shape({1, 8, 6, 3}, {}) == "float[1,8,6,3]");
  CHECK(shape({3, 8, 6}, {}) == "float[3,8,6]");
  CHECK(shape({8, 6}, {}) == "float[8,6]");
  CHECK(shape({1, 3, 8, 6}, {.resize = "5x7"}) == "float[1,3,7,5]");
  CHECK_THAT(shape({1, 3, 8, 6}, {.resize = "5"}), Contains("expected WxH"));
  CHECK_THAT(shape({1, 3, 8, 6}, {.color = "cmyk"}), Contains("expected rgb"));
  CHECK_THAT(shape({1, 3, 8, 6}, {.mean = "1,x"}), Contains("'x' is no number"));
}

}  // namespace
}  // namespace sardonyx
