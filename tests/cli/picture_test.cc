#include "tools/cli/picture.h"

#include <png.h>

#include <catch2/catch.hpp>

#include "tests/importer/models.h"
#include "tests/picture/encode.h"
#include "tools/cli/input_spec.h"

namespace sardonyx {
namespace {

using Catch::Contains;

TEST_CASE("Pictures become tensors", "[cli]") {
  const Tensor picture = Tensor::Of<uint8_t>({1, 2, 3}, {255, 0, 51, 0, 102, 255});
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
