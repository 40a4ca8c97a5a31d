// Pictures in files.
#include <png.h>
#include <tiffio.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <random>

#include "ops/picture/picture.h"
#include "tests/op_outcome.h"
#include "tests/picture/encode.h"

namespace sardonyx {
namespace {

using Catch::Contains;

StatusOr<Tensor> Decode(absl::string_view bytes, std::shared_ptr<MemoryBudget> budget = nullptr) {
  const RunControl control;
  return DecodePicture(bytes, {.control = &control, .budget = std::move(budget)});
}

/// "[1,2,3] 1 2 3 4 5 6" or "error: " and what is wrong.
std::string Decoded(absl::string_view bytes) {
  const auto picture = Decode(bytes);
  return picture.ok() ? Describe(*picture) : absl::StrCat("error: ", picture.status().message());
}

/// Nearly every sample its own.
Samples Colours(int width, int height) {
  Samples samples(static_cast<size_t>(width * height * 3));
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<uint8_t>(i * 53 + i / 7);
  return samples;
}

/// All pixels of one colour, which coding with loss nearly keeps.
Samples Flat(int width, int height) {
  Samples samples;
  for (int i = 0; i < width * height; ++i) samples.insert(samples.end(), {200, 100, 50});
  return samples;
}

constexpr int kWidth = 9, kHeight = 7;

/// Files of each kind: eight of Colours, three nearly Flat, and bitmaps.
std::vector<std::string> Files() {
  const Samples colours = Colours(kWidth, kHeight), flat = Flat(kWidth, kHeight);
  return {
      Png(kWidth, kHeight, PNG_FORMAT_RGB, colours),
      WebpLossless(kWidth, kHeight, colours),
      Tiff(kWidth, kHeight, 3, COMPRESSION_NONE, colours),
      Tiff(kWidth, kHeight, 3, COMPRESSION_LZW, colours),
      Tiff(kWidth, kHeight, 3, COMPRESSION_ADOBE_DEFLATE, colours),
      Jpeg2000(kWidth, kHeight, 3, colours, false),
      Jpeg2000(kWidth, kHeight, 3, colours, true),
      "P6 9 7 255\n" + std::string(colours.begin(), colours.end()),
      Jpeg(kWidth, kHeight, flat),
      Jpeg(kWidth, kHeight, flat, true),
      Webp(kWidth, kHeight, flat),
      Bmp(2, 2, 24, 0, std::string(16, 'x')),
      Bmp(4, 2, 8, 1, std::string("abc.def.\4\1\0\0\0\4\1\0\1\0\0\1", 20)),
  };
}

TEST_CASE("Formats without loss are decoded exactly", "[picture]") {
  const Samples colours = Colours(kWidth, kHeight);
  const std::string expected =
      Describe(Tensor::Of<uint8_t>({kHeight, kWidth, 3}, absl::MakeConstSpan(colours)));
  const std::vector<std::string> files = Files();
  for (size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(Decoded(files[i]) == expected);
  }
}

TEST_CASE("Formats with loss are decoded nearly", "[picture]") {
  const Samples flat = Flat(kWidth, kHeight);
  const std::vector<std::string> files = Files();
  for (size_t i = 8; i < 11; ++i) {
    CAPTURE(i);
    const auto picture = Decode(files[i]);
    REQUIRE(picture.ok());
    REQUIRE(picture->size() == static_cast<int64_t>(flat.size()));
    for (size_t s = 0; s < flat.size(); ++s) {
      CHECK(std::abs(picture->data<uint8_t>()[s] - flat[s]) <= 4);
    }
  }
}

TEST_CASE("Grey and transparency", "[picture]") {
  CHECK(Decoded(Png(2, 1, PNG_FORMAT_GRAY, {100, 255})) == "[1,2,3] 100 100 100 255 255 255");
  CHECK(Decoded(Png(1, 1, PNG_FORMAT_RGBA, {10, 20, 30, 0})) == "[1,1,3] 10 20 30");
  CHECK(Decoded(Tiff(2, 1, 1, COMPRESSION_NONE, {7, 9})) == "[1,2,3] 7 7 7 9 9 9");
  CHECK(Decoded(Tiff(1, 1, 4, COMPRESSION_NONE, {10, 20, 30, 99})) == "[1,1,3] 10 20 30");
  CHECK(Decoded(Jpeg2000(2, 2, 1, {7, 9, 8, 6}, false)) == "[2,2,3] 7 7 7 9 9 9 8 8 8 6 6 6");
}

TEST_CASE("Netpbm's formats", "[picture]") {
  CHECK(Decoded("P1 # bits\n2 2\n10 01") == "[2,2,3] 0 0 0 255 255 255 255 255 255 0 0 0");
  CHECK(Decoded("P2 2 1 #\n 5\n0 3") == "[1,2,3] 0 0 0 153 153 153");
  CHECK(Decoded("P3 1 1 255 1 2 3") == "[1,1,3] 1 2 3");
  CHECK(Decoded({"P4 9 2\n\x80\0\x7F\x80", 11}) == Decoded("P1 9 2 100000000 011111111"));
  CHECK(Decoded({"P5 1 1 65535\n\x80\0", 15}) == "[1,1,3] 128 128 128");
  CHECK(Decoded("P6 1 1 255\nabc") == "[1,1,3] 97 98 99");
  CHECK(Decoded("P6 1 1 255\nab") == "error: PNM picture: cut short");
  CHECK_THAT(Decoded("P2 1 1 5 6"), Contains("a sample of 6 where 5 is most"));
  CHECK_THAT(Decoded("P1 1 1 2"), Contains("neither 0 nor 1"));
  CHECK_THAT(Decoded("P5 0 1 255 "), Contains("no pixels"));
  CHECK_THAT(Decoded("P5 1 1 0 "), Contains("greatest sample is 0"));
  CHECK_THAT(Decoded("P5 99999999999999999999 1 255 "), Contains("above the limit"));
}

TEST_CASE("Windows bitmaps", "[picture]") {
  const std::string palette = {"\1\2\3\0\4\5\6\0", 8};
  const std::string first = " 3 2 1", second = " 6 5 4";
  SECTION("rows from below, padded to four bytes, blue first") {
    CHECK(Decoded(Bmp(1, 2, 24, 0, "abc.def.")) == "[2,1,3] 102 101 100 99 98 97");
    CHECK(Decoded(Bmp(1, -2, 24, 0, "abc.def.")) == "[2,1,3] 99 98 97 102 101 100");
    CHECK(Decoded(Bmp(1, 1, 32, 0, "abcd")) == "[1,1,3] 99 98 97");
  }
  SECTION("sixteen bits, five for each colour or as masks say") {
    CHECK(Decoded(Bmp(1, 1, 16, 0, {"\x1F\x42\0\0", 4})) == "[1,1,3] 132 132 255");
    CHECK(Decoded(Bmp(1, 1, 16, 3, {"\0\xF0\0\0\0\x0F\0\0\xFF\0\0\0\x21\xF8\0\0", 16})) ==
          "[1,1,3] 255 136 33");
  }
  SECTION("palettes") {
    CHECK(Decoded(Bmp(2, 1, 1, 0, palette + "\x40...")) == "[1,2,3]" + first + second);
    CHECK(Decoded(Bmp(2, 1, 4, 0, palette + "\x10...")) == "[1,2,3]" + second + first);
    CHECK_THAT(Decoded(Bmp(2, 1, 4, 0, palette + "\x12...")), Contains("palette of 2"));
  }
  SECTION("run lengths: a run, a row's end, single ones, a step, the end") {
    const std::string runs = {"\2\1\0\0\0\3\1\0\1\0\0\1", 12};
    CHECK(Decoded(Bmp(3, 2, 8, 1, palette + runs)) ==
          "[2,3,3]" + second + first + second + second + second + first);
    CHECK(Decoded(Bmp(3, 1, 4, 2, palette + std::string("\3\x10\0\1", 4))) ==
          "[1,3,3]" + second + first + second);
    CHECK(Decoded(Bmp(2, 1, 8, 1, palette + std::string("\0\2\1\0\1\1\0\1", 8))) ==
          "[1,2,3]" + first + second);
    CHECK_THAT(Decoded(Bmp(1, 1, 8, 1, palette + "\2\1")), Contains("beyond its row's end"));
    CHECK_THAT(Decoded(Bmp(1, 1, 8, 1, palette + "\1\1")), Contains("cut short"));
  }
  CHECK_THAT(Decoded(Bmp(1, 1, 7, 0, "")), Contains("7 bits"));
  CHECK_THAT(Decoded(Bmp(1, INT32_MIN, 24, 0, "")), Contains("cut short"));
  CHECK_THAT(Decoded(Bmp(1 << 20, 1 << 20, 8, 1, palette)), Contains("above the limit"));
}

TEST_CASE("A picture that is cut short is an error", "[picture]") {
  const std::vector<std::string> files = Files();
  for (size_t i = 0; i < files.size(); ++i) {
    // The last few bytes of some formats say only that this was all.
    for (size_t length = 0; length + 13 < files[i].size(); length += 1 + length / 32) {
      CAPTURE(i, length);
      CHECK_FALSE(Decode(absl::string_view(files[i]).substr(0, length)).ok());
    }
  }
  CHECK_THAT(Decoded("GIF89a"), Contains("no picture in a known format"));
}

TEST_CASE("Damaged pictures are decoded or refused within their budget", "[picture]") {
  std::mt19937 random(7);
  for (const std::string& file : Files()) {
    for (int i = 0; i < 200; ++i) {
      std::string damaged = file;
      for (int k = 0; k <= i % 4; ++k) {
        damaged[random() % file.size()] = static_cast<char>(random());
      }
      const auto budget = std::make_shared<MemoryBudget>(int64_t{4} << 20);
      CHECK((Decode(damaged, budget).ok() || budget->used() == 0));
    }
  }
}

TEST_CASE("A picture that claims to be huge is refused before memory is taken", "[picture]") {
  std::string png = Png(1, 1, PNG_FORMAT_GRAY, {0});
  png.replace(16, 8, std::string("\x00\x0F\x42\x40\x00\x0F\x42\x40", 8));  // 1,000,000 squared
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17);
  for (int i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(crc >> (24 - 8 * i));
  CHECK_THAT(Decoded(png), Contains("1000000x1000000"));
  std::string many = Jpeg2000(4, 4, 3, Colours(4, 4), true);
  many.replace(40, 2, "\x40\x01");  // where a codestream counts its components
  CHECK_THAT(Decoded(many), Contains("16385 components"));
  const std::string file = Files()[0];
  const auto small = std::make_shared<MemoryBudget>(kWidth * kHeight * 3 - 1);
  CHECK(absl::IsResourceExhausted(Decode(file, small).status()));
}

TEST_CASE("Decoding stops when the run does", "[picture]") {
  RunControl control;
  control.Stop();
  for (const std::string& file : {Files()[0], Files()[9], std::string("P3 1 1 255 1 2 3")}) {
    CHECK_FALSE(DecodePicture(file, {.control = &control}).ok());
  }
}

TEST_CASE("ImageDecoder orders the channels", "[picture]") {
  const auto decode = [](const std::string& file, const Attributes& attributes) {
    const std::vector<uint8_t> bytes(file.begin(), file.end());
    const Value stream =
        Tensor::Of<uint8_t>({static_cast<int64_t>(bytes.size())}, absl::MakeConstSpan(bytes));
    return Outcome("ImageDecoder", 20, attributes, {stream});
  };
  const std::string file = "P6 2 1 255\nabcdef";
  CHECK(decode(file, {}) == "[1,2,3] 97 98 99 100 101 102");
  CHECK(decode(file, {{"pixel_format", Text("BGR")}}) == "[1,2,3] 99 98 97 102 101 100");
  CHECK(decode(file, {{"pixel_format", Text("Grayscale")}}) == "[1,2,1] 98 101");
  CHECK_THAT(decode(file, {{"pixel_format", Text("HSV")}}), Contains("'HSV', expected RGB"));
  CHECK_THAT(Outcome("ImageDecoder", 20, {}, {Counted({4})}), Contains("float"));
  // As the specification has it.
  CHECK(decode("no picture", {}) == "[0,0,3]");
  CHECK(decode("", {{"pixel_format", Text("Grayscale")}}) == "[0,0,1]");
}

}  // namespace
}  // namespace sardonyx
