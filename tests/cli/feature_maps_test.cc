// Values as pictures, and what pages need besides.
#include "tools/cli/feature_maps.h"

#include <catch2/catch.hpp>
#include <limits>
#include <numeric>

#include "absl/strings/escaping.h"
#include "tests/cli/program.h"

namespace sardonyx {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<int> PixelsOf(const Json& picture) {
  std::string bytes;
  REQUIRE(absl::Base64Unescape(picture["pixels"].get<std::string>(), &bytes));
  std::vector<int> pixels;
  for (const char c : bytes) pixels.push_back(static_cast<unsigned char>(c));
  return pixels;
}

Json PictureOf(const Tensor& tensor) {
  const auto stats = StatsOf(tensor);
  REQUIRE(stats.ok());
  return FeatureMaps(tensor, *stats);
}

TEST_CASE("Pictures are of the first element of the batch, from least to greatest", "[cli][maps]") {
  const Json maps = PictureOf(Tensor::Of<float>({2, 2, 1, 2}, {-1, 0, 1, kNaN, 5, 5, 5, 3}));
  CHECK(maps["maps"] == 2);
  CHECK(maps["of"] == 2);
  CHECK(maps["height"] == 1);
  CHECK(maps["width"] == 2);
  CHECK(PixelsOf(maps) == std::vector<int>{0, 42, 85, 255});
  const Json strip = PictureOf(Tensor::Of<int8_t>({3}, {-128, -128, 127}));
  CHECK(strip["width"] == 3);
  CHECK(PixelsOf(strip) == std::vector<int>{0, 0, 254});
}

TEST_CASE("Large pictures are averages, and there are at most 64", "[cli][maps]") {
  std::vector<float> values(100 * 65 * 130, 1);
  values[0] = 0;
  const Json maps = PictureOf(Tensor::Of<float>({1, 100, 65, 130}, absl::MakeConstSpan(values)));
  CHECK(maps["maps"] == 64);
  CHECK(maps["of"] == 100);
  CHECK(maps["height"] == 33);
  CHECK(maps["width"] == 44);
  const std::vector<int> pixels = PixelsOf(maps);
  REQUIRE(pixels.size() == 64 * 33 * 44);
  CHECK(pixels[0] == 212);  // 5 of 6 elements are 1
  CHECK(pixels[1] == 254);
}

TEST_CASE("There is no picture of nothing, and one of numbers without a range", "[cli][maps]") {
  CHECK(PictureOf(Tensor::Of<float>({1, 0, 3}, {})).is_null());
  CHECK(PixelsOf(PictureOf(Tensor::Of<float>({}, {3}))) == std::vector<int>{0});
  const double most = std::numeric_limits<double>::max();
  CHECK(PictureOf(Tensor::Of<double>({2}, {-most, most}))["width"] == 2);
}

TEST_CASE("bench counts every run in its histogram", "[cli][maps]") {
  const TemporaryFolder folder;
  const nlohmann::json json = RunProgram({"bench", folder.Write("m.onnx", DoublingModel()), "-d",
                                          "N=2", "--seconds", "0.02", "--json", "-"})
                                  .json();
  const auto counts = json["latency_histogram"]["counts"].get<std::vector<int64_t>>();
  CHECK(std::accumulate(counts.begin(), counts.end(), int64_t{0}) == json["runs"]);
  CHECK(json["latency_course_ms"].size() <= 100);
}

TEST_CASE("A layer names the layers that compute its inputs", "[cli][maps]") {
  const nlohmann::json layers =
      RunProgram({"inspect", std::string(SARDONYX_SOURCE_DIR) + "/models/resnet18/model.onnx", "-d",
                  "N=1", "--json", "-"})
          .json()["layers"];
  REQUIRE(layers.size() > 20);
  for (size_t i = 1; i < layers.size(); ++i) {
    const nlohmann::json& producers = layers[i]["producers"];
    REQUIRE(producers.size() == layers[i]["input_names"].size());
    CHECK(producers[0] >= 0);
    CHECK(producers[0] < static_cast<int>(i));
  }
}

}  // namespace
}  // namespace sardonyx
