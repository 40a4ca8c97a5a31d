// Tables of small cases for the image operators, with values worked out by hand.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

constexpr int64_t kHuge = int64_t{1} << 62;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
const Value kNone;

void Check(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}

/// mode, coordinate_transformation_mode and, unless empty, nearest_mode.
Attributes How(const char* mode, const char* coordinates, const char* nearest = "") {
  Attributes attributes = {{"mode", Text(mode)},
                           {"coordinate_transformation_mode", Text(coordinates)}};
  if (*nearest != 0) attributes["nearest_mode"] = Text(nearest);
  return attributes;
}

Attributes With(Attributes attributes, const char* name, Attribute value) {
  attributes[name] = std::move(value);
  return attributes;
}

TEST_CASE("Resize: sizes, modes and coordinates", "[image]") {
  const Value line = Reals({4}, {0, 10, 20, 30});
  const Value two = Reals({1}, {2}), half = Reals({1}, {0.5f});
  const auto by = [](const Value& scales) { return std::vector<Value>{kNone, scales}; };
  const auto inputs = [&](const Value& scales) {
    return std::vector<Value>{line, by(scales)[0], by(scales)[1]};
  };
  const auto sized = [&](std::vector<int64_t> sizes) {
    return std::vector<Value>{line, kNone, kNone, Longs(std::move(sizes))};
  };
  Check({
      {"Resize", 19, How("nearest", "asymmetric", "floor"), inputs(two),
       "[8] 0 0 10 10 20 20 30 30"},
      {"Resize", 19, How("nearest", "asymmetric", "ceil"), inputs(two),
       "[8] 0 10 10 20 20 30 30 30"},
      {"Resize", 19, How("nearest", "asymmetric", "round_prefer_ceil"), inputs(two),
       "[8] 0 10 10 20 20 30 30 30"},
      {"Resize", 19, How("nearest", "half_pixel"), inputs(half), "[2] 0 20"},
      {"Resize", 19, How("linear", "asymmetric"), inputs(two), "[8] 0 5 10 15 20 25 30 30"},
      {"Resize", 19, How("linear", "half_pixel"), inputs(half), "[2] 5 25"},
      {"Resize", 19, How("linear", "align_corners"), sized({7}), "[7] 0 5 10 15 20 25 30"},
      {"Resize", 19, How("linear", "pytorch_half_pixel"), sized({1}), "[1] 0"},
      {"Resize", 19, How("cubic", "align_corners"), sized({4}), "[4] 0 10 20 30"},
      {"Resize", 18, With(How("linear", "half_pixel"), "antialias", Int(1)), inputs(half),
       "[2] 6.25 23.75"},
      {"Resize", 11, How("nearest", "tf_half_pixel_for_nn", "floor"), sized({2}), "[2] 10 30"},
      {"Resize", 10, {}, {line, two}, "[8] 0 0 10 10 20 20 30 30"},
      {"Resize", 10, {{"mode", Text("linear")}}, {line, two}, "[8] 0 5 10 15 20 25 30 30"},
      {"Resize", 19, How("nearest", "half_pixel"), inputs(Reals({1}, {1})), "[4] 0 10 20 30"},
      {"Resize",
       19,
       How("linear", "tf_crop_and_resize"),
       {line, Reals({2}, {0.0f, 2.0f}), kNone, Longs({3})},
       "[3] 0 30 0"},
      {"Resize",
       19,
       With(How("nearest", "tf_crop_and_resize"), "extrapolation_value", Attribute{7.0f}),
       {line, Reals({2}, {0.0f, 2.0f}), kNone, Longs({3})},
       "[3] 0 30 7"},
      {"Resize",
       19,
       How("linear", "asymmetric"),
       {Tensor::Of<uint8_t>({2}, {0, 255}), kNone, two},
       "[4] 0 128 255 255"},
      {"Resize", 19, How("nearest", "asymmetric"), {Strings({1}, {"s"}), kNone, two}, "[2] s s"},
      {"Resize", 19, {}, sized({0}), "[0]"},
      {"Resize",
       18,
       With(With({}, "axes", IntList({-1})), "keep_aspect_ratio_policy", Text("not_larger")),
       {Counted({1, 2}), kNone, kNone, Longs({4})},
       "[1,4] 0 0 1 1"},
  });
}

TEST_CASE("Resize: what it refuses", "[image]") {
  const Value line = Counted({4});
  const auto sized = [&](std::vector<int64_t> sizes) {
    return std::vector<Value>{line, kNone, kNone, Longs(std::move(sizes))};
  };
  const auto scaled = [&](std::vector<float> scales) {
    const int64_t count = static_cast<int64_t>(scales.size());
    return std::vector<Value>{line, kNone, Reals({count}, std::move(scales))};
  };
  Check({
      {"Resize", 19, {}, sized({kHuge}), "error: "},
      {"Resize", 19, {}, sized({-1}), "error: sizes asks for -1"},
      {"Resize", 19, {}, sized({1, 1}), "error: sizes has 2"},
      {"Resize", 19, {}, scaled({1e30f}), "error: scales ask for"},
      {"Resize", 19, {}, scaled({0}), "error: no positive number"},
      {"Resize", 19, {}, scaled({-1}), "error: no positive number"},
      {"Resize", 19, {}, scaled({kNan}), "error: no positive number"},
      {"Resize", 19, {}, scaled({kInf}), "error: no positive number"},
      {"Resize", 19, {}, scaled({1, 1}), "error: 1 elements are needed"},
      {"Resize", 19, {}, {line}, "error: neither scales nor sizes"},
      {"Resize", 19, {}, {line, kNone, Reals({1}, {2}), Longs({8})}, "error: both"},
      {"Resize", 19, {{"mode", Text("sharp")}}, sized({2}), "error: mode is 'sharp'"},
      {"Resize", 19, {{"nearest_mode", Text("up")}}, sized({2}), "error: nearest_mode is 'up'"},
      {"Resize", 19, {{"axes", IntList({1})}}, sized({2}), "error: axis 1"},
      {"Resize", 19, {{"axes", IntList({0, 0})}}, sized({2, 2}), "error: named twice"},
      {"Resize", 19, {}, {Counted({0}), kNone, kNone, Longs({2})}, "error: no elements"},
      {"Resize",
       19,
       {{"mode", Text("linear")}},
       {Strings({1}, {"s"}), kNone, kNone, Longs({2})},
       "error: not supported"},
      {"Resize",
       19,
       How("linear", "tf_crop_and_resize"),
       {line, Reals({1}, {0}), kNone, Longs({3})},
       "error: roi"},
      {"Upsample", 9, {}, {line, Reals({2}, {2, 2})}, "error: 1 elements are needed"},
      {"Upsample", 7, {}, {line}, "error: required"},
  });
}

TEST_CASE("Upsample in its three forms", "[image]") {
  const Value x = Reals({1, 1, 1, 2}, {1, 2});
  const Attribute twice = {std::vector<float>{1, 1, 2, 2}};
  Check({
      {"Upsample", 9, {}, {x, Reals({4}, {1, 1, 2, 2})}, "[1,1,2,4] 1 1 2 2 1 1 2 2"},
      {"Upsample", 7, {{"scales", twice}}, {x}, "[1,1,2,4] 1 1 2 2 1 1 2 2"},
      {"Upsample",
       1,
       {{"height_scale", Attribute{1.0f}}, {"width_scale", Attribute{2.0f}}},
       {x},
       "[1,1,1,4] 1 1 2 2"},
      {"Upsample",
       7,
       {{"scales", twice}, {"mode", Text("linear")}},
       {x},
       "[1,1,2,4] 1 1.5 2 2 1 1.5 2 2"},
  });
}

TEST_CASE("GridSample of doubles weighs them in double", "[image]") {
  const Value x = Tensor::Of<double>({1, 1, 1, 2}, {0, 1});
  const auto y = RunOp("GridSample", 22, {}, {x, Reals({1, 1, 1, 2}, {0.1f, 0})});
  REQUIRE(y.ok());
  CHECK(*(*y)[0].tensor().data<double>() == 0.5 + static_cast<double>(0.1f));
}

TEST_CASE("GridSample and AffineGrid", "[image]") {
  const Value x = Reals({1, 1, 1, 3}, {10, 20, 30});
  const auto at = [&](float place) {
    return std::vector<Value>{x, Reals({1, 1, 1, 2}, {place, 0})};
  };
  const Attributes border = {{"padding_mode", Text("border")}};
  const Attributes reflect = {{"padding_mode", Text("reflection")}};
  const Attributes corners = {{"align_corners", Int(1)}};
  const Attributes nearest = {{"mode", Text("nearest")}};
  Check({
      {"GridSample", 22, {}, at(0), "[1,1,1,1] 20"},
      {"GridSample", 22, corners, at(-0.5f), "[1,1,1,1] 15"},
      {"GridSample", 22, {}, at(-1), "[1,1,1,1] 5"},
      {"GridSample", 22, border, at(-9), "[1,1,1,1] 10"},
      {"GridSample", 22, reflect, at(-5.0f / 3), "[1,1,1,1] 15"},
      {"GridSample", 22, With(reflect, "align_corners", Int(1)), at(2), "[1,1,1,1] 20"},
      {"GridSample", 22, nearest, at(0.4f), "[1,1,1,1] 30"},
      {"GridSample", 22, {}, at(1e30f), "[1,1,1,1] 0"},
      {"GridSample", 22, {}, at(kNan), "[1,1,1,1] 0"},
      {"GridSample", 22, border, at(kNan), "[1,1,1,1] 10"},
      {"GridSample", 22, reflect, at(kInf), "[1,1,1,1] 20"},
      {"GridSample", 16, {{"mode", Text("bicubic")}}, at(0), "[1,1,1,1] 20"},
      {"GridSample", 22, {{"mode", Text("bicubic")}}, at(0), "error: mode is 'bicubic'"},
      {"GridSample", 22, {}, {x, Counted({1, 1, 1, 3})}, "error: one coordinate"},
      {"GridSample", 22, {}, {x, Counted({2, 1, 1, 2})}, "error: batch"},
      {"GridSample", 22, {}, {Counted({1, 1, 0, 3}), Counted({1, 1, 1, 2})}, "error: nothing"},
      {"AffineGrid",
       20,
       corners,
       {Reals({1, 2, 3}, {1, 0, 0, 0, 1, 0}), Longs({1, 1, 1, 2})},
       "[1,1,2,2] -1 -1 1 -1"},
      {"AffineGrid",
       20,
       {},
       {Reals({1, 2, 3}, {2, 0, 1, 0, 1, 0}), Longs({1, 1, 1, 2})},
       "[1,1,2,2] 0 0 2 0"},
      {"AffineGrid", 20, {}, {Counted({1, 2, 3}), Longs({1, 1, kHuge, 2})}, "error: too large"},
      {"AffineGrid", 20, {}, {Counted({1, 2, 3}), Longs({1, 1, -1, 2})}, "error: asks for -1"},
      {"AffineGrid", 20, {}, {Counted({1, 2, 3}), Longs({2, 1, 1, 2})}, "error: theta"},
      {"AffineGrid", 20, {}, {Counted({1, 2, 3}), Longs({2, 1, 1})}, "error: 4 or 5"},
  });
}

TEST_CASE("regions of interest", "[image]") {
  const Value x = Counted({1, 1, 4, 4});
  const Value all = Reals({1, 4}, {0, 0, 4, 4});
  const Attributes pooled = {{"pooled_shape", IntList({2, 2})}};
  Check({
      {"RoiAlign", 16, {{"sampling_ratio", Int(1)}}, {x, all, Longs({0})}, "[1,1,1,1] 7.5"},
      {"RoiAlign", 22, {{"output_width", Int(2)}}, {x, all, Longs({0})}, "[1,1,1,2] 6.5 8.5"},
      {"RoiAlign", 16, {}, {x, all, Longs({1})}, "error: batch_indices has 1"},
      {"RoiAlign", 16, {}, {x, all, Longs({-1})}, "error: batch_indices has -1"},
      {"RoiAlign", 16, {}, {x, Reals({1, 4}, {0, 0, 1e30f, 4}), Longs({0})}, "error: too many"},
      {"RoiAlign", 16, {}, {x, Reals({1, 4}, {0, 0, kNan, 4}), Longs({0})}, "error: too many"},
      {"RoiAlign", 16, {}, {x, Reals({1, 4}, {0, 0, 3e4f, 3e4f}), Longs({0})}, "error: samples"},
      {"RoiAlign", 16, {{"output_width", Int(0)}}, {x, all, Longs({0})}, "error: 1 x 0"},
      {"RoiAlign", 16, {{"sampling_ratio", Int(-1)}}, {x, all, Longs({0})}, "error: sampling"},
      {"RoiAlign", 16, {}, {x, Counted({1, 5}), Longs({0})}, "error: rois must"},
      {"RoiAlign", 16, {}, {x, Counted({0, 4}), Longs({0}, {})}, "[0,1,1,1]"},
      {"MaxRoiPool", 1, pooled, {x, Reals({1, 5}, {0, 0, 0, 3, 3})}, "[1,1,2,2] 5 7 13 15"},
      {"MaxRoiPool", 1, pooled, {x, Reals({1, 5}, {0, 9, 9, 9, 9})}, "[1,1,2,2] 0 0 0 0"},
      {"MaxRoiPool", 1, pooled, {x, Reals({1, 5}, {1, 0, 0, 3, 3})}, "error: image 1"},
      {"MaxRoiPool", 1, pooled, {x, Reals({1, 5}, {kNan, 0, 0, 3, 3})}, "error: image nan"},
      {"MaxRoiPool", 1, pooled, {x, Reals({1, 5}, {0, kInf, 0, 3, 3})}, "error: corner at inf"},
      {"MaxRoiPool", 1, {{"pooled_shape", IntList({2})}}, {x, Counted({1, 5})}, "error: 2 are"},
  });
}

TEST_CASE("NonMaxSuppression", "[image]") {
  const Value boxes = Reals({1, 3, 4}, {0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 5, 5, 6, 6});
  const Value scores = Reals({1, 1, 3}, {0.5f, 0.9f, 0.4f});
  const Value ten = Longs({}, {10}), half = Reals({}, {0.5f});
  Check({
      {"NonMaxSuppression", 11, {}, {boxes, scores, ten, half}, "[2,3] 0 0 1 0 0 2"},
      {"NonMaxSuppression", 11, {}, {boxes, scores, Longs({}, {1}), half}, "[1,3] 0 0 1"},
      {"NonMaxSuppression", 11, {}, {boxes, scores, ten, half, half}, "[1,3] 0 0 1"},
      {"NonMaxSuppression", 11, {}, {boxes, scores}, "[0,3]"},
      {"NonMaxSuppression", 11, {}, {boxes, Reals({1, 1, 3}, {kNan, kNan, 1}), ten}, "[1,3] 0 0 2"},
      {"NonMaxSuppression",
       11,
       {},
       {boxes, scores, ten, Reals({}, {2})},
       "error: iou_threshold is 2"},
      {"NonMaxSuppression", 11, {}, {boxes, Counted({1, 1, 4}), ten}, "error: number of boxes"},
      {"NonMaxSuppression", 11, {}, {Counted({1, 3, 5}), scores, ten}, "error: boxes must"},
      {"NonMaxSuppression", 11, {}, {boxes, scores, Longs({1, 2})}, "error: one element"},
  });
}

TEST_CASE("DeformConv with zero offsets is a convolution", "[image]") {
  const Value x = Counted({1, 1, 3, 3}), w = Reals({1, 1, 2, 2}, {0, 1, 2, 3});
  const Value still = *Tensor::Create(DataType::kFloat, {1, 8, 2, 2});
  const Value mask = *Tensor::Create(DataType::kFloat, {1, 4, 2, 2});
  Tensor far = *Tensor::Create(DataType::kFloat, {1, 8, 2, 2});
  for (float& v : far.span<float>()) v = 1e30f;
  Check({
      {"DeformConv", 19, {}, {x, w, still}, "[1,1,2,2] 19 25 37 43"},
      {"DeformConv", 19, {}, {x, w, still, Reals({1}, {1})}, "[1,1,2,2] 20 26 38 44"},
      {"DeformConv", 19, {}, {x, w, still, kNone, mask}, "[1,1,2,2] 0 0 0 0"},
      {"DeformConv", 19, {}, {x, w, far}, "[1,1,2,2] 0 0 0 0"},
      {"DeformConv", 19, {}, {x, w, Counted({1, 4, 2, 2})}, "error: dimension 1 of offset"},
      {"DeformConv", 19, {}, {x, w, Counted({1, 8, 3, 2})}, "error: a size of offset"},
      {"DeformConv", 19, {{"group", Int(2)}}, {x, w, still}, "error: channels"},
      {"DeformConv", 19, {{"group", Int(0)}}, {x, w, still}, "error: group is 0"},
      {"DeformConv", 19, {{"strides", IntList({0, 1})}}, {x, w, still}, "error: stride"},
      {"DeformConv", 19, {{"strides", IntList({1})}}, {x, w, still}, "error: strides has 1"},
      {"DeformConv", 19, {}, {x, Counted({1, 1, 4, 4}), still}, "error: larger than the padded"},
  });
}

}  // namespace
}  // namespace sardonyx
