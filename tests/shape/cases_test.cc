// Tables of small cases for the shape operators, with values worked out by hand.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

constexpr int64_t kHuge = int64_t{1} << 62;
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
const Value kNone;

void Check(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}

TEST_CASE("views: Reshape, Squeeze, Unsqueeze, Flatten, Identity", "[shape]") {
  const Value six = Counted({2, 3});
  const std::string values = " 0 1 2 3 4 5";
  Check({
      {"Identity", 25, {}, {six}, "[2,3]" + values},
      {"Identity", 1, {}, {Reals({}, {7})}, "[] 7"},
      {"Reshape", 13, {}, {six, Longs({3, 2})}, "[3,2]" + values},
      {"Reshape", 13, {}, {six, Longs({-1})}, "[6]" + values},
      {"Reshape", 13, {}, {six, Longs({0, -1, 1})}, "[2,3,1]" + values},
      {"Reshape", 1, {{"shape", IntList({3, 0 - 1})}}, {six}, "[3,2]" + values},
      {"Reshape", 13, {}, {Reals({1, 1}, {9}), Longs({0}, {})}, "[] 9"},
      {"Reshape", 14, {{"allowzero", Int(1)}}, {Counted({0, 3}), Longs({7, 0})}, "[7,0]"},
      {"Reshape", 14, {}, {Counted({0, 3}), Longs({0, -1})}, "[0,3]"},
      {"Reshape", 13, {}, {Strings({2}, {"a", "b"}), Longs({2, 1})}, "[2,1] a b"},
      {"Reshape", 13, {}, {six, Longs({4, 2})}, "error: has 6 elements"},
      {"Reshape", 13, {}, {six, Longs({4, -1})}, "error: cannot take the shape"},
      {"Reshape", 13, {}, {six, Longs({-1, -1})}, "error: second dimension left free"},
      {"Reshape", 13, {}, {six, Longs({-2, 3})}, "error: no size"},
      {"Reshape", 13, {}, {six, Longs({2, 3, 0})}, "error: no such dimension to copy"},
      {"Reshape", 13, {}, {six, Longs({kHuge, kHuge})}, "error: "},
      {"Reshape", 13, {}, {six, Longs({1, 2}, {2, 3})}, "error: rank 1"},
      {"Reshape", 13, {}, {six, Reals({1}, {6})}, "error: shape"},
      {"Reshape", 14, {{"allowzero", Int(1)}}, {Counted({0}), Longs({0, kMax, kMax})}, "error: "},
      {"Reshape", 13, {}, {six}, "error: 'shape'"},
      {"Squeeze", 13, {}, {Counted({1, 2, 1}), Longs({0})}, "[2,1] 0 1"},
      {"Squeeze", 13, {}, {Counted({1, 2, 1})}, "[2] 0 1"},
      {"Squeeze", 11, {{"axes", IntList({-1})}}, {Counted({1, 2, 1})}, "[1,2] 0 1"},
      {"Squeeze", 13, {}, {six, Longs({0})}, "error: has size 2"},
      {"Squeeze", 13, {}, {six, Longs({2})}, "error: axis 2"},
      {"Squeeze", 13, {}, {Counted({1, 1}), Longs({0, -2})}, "error: named twice"},
      {"Unsqueeze", 13, {}, {Counted({2}), Longs({0, -1})}, "[1,2,1] 0 1"},
      {"Unsqueeze", 11, {{"axes", IntList({1})}}, {Counted({2})}, "[2,1] 0 1"},
      {"Unsqueeze", 13, {}, {Reals({}, {3}), Longs({0})}, "[1] 3"},
      {"Unsqueeze", 13, {}, {Counted({2}), Longs({3})}, "error: axis 3"},
      {"Unsqueeze", 13, {}, {Counted({2})}, "error: needs 'axes'"},
      {"Flatten", 13, {}, {Counted({2, 1, 2})}, "[2,2] 0 1 2 3"},
      {"Flatten", 13, {{"axis", Int(0)}}, {Counted({2, 2})}, "[1,4] 0 1 2 3"},
      {"Flatten", 13, {{"axis", Int(-1)}}, {Counted({2, 1, 2})}, "[2,2] 0 1 2 3"},
      {"Flatten", 13, {{"axis", Int(0)}}, {Reals({}, {5})}, "[1,1] 5"},
      {"Flatten", 13, {{"axis", Int(3)}}, {six}, "error: axis 3"},
      {"Flatten", 13, {{"axis", Int(kMin)}}, {six}, "error: axis"},
  });
}

TEST_CASE("Shape and Size", "[shape]") {
  const Value x = Counted({2, 3, 4});
  Check({
      {"Shape", 13, {}, {x}, "[3] 2 3 4"},
      {"Shape", 15, {{"start", Int(-1)}}, {x}, "[1] 4"},
      {"Shape", 15, {{"start", Int(1)}, {"end", Int(2)}}, {x}, "[1] 3"},
      {"Shape", 15, {{"start", Int(2)}, {"end", Int(1)}}, {x}, "[0]"},
      {"Shape", 15, {{"start", Int(kMin)}, {"end", Int(kMax)}}, {x}, "[3] 2 3 4"},
      {"Shape", 13, {}, {Reals({}, {1})}, "[0]"},
      {"Shape", 13, {{"start", Int(1)}}, {x}, "error: 'start' is unknown"},
      {"Size", 13, {}, {x}, "[] 24"},
      {"Size", 13, {}, {Counted({0, 3})}, "[] 0"},
  });
}

TEST_CASE("Concat and Split", "[shape]") {
  const Value a = Counted({2, 2}), b = Reals({2, 1}, {8, 9});
  Check({
      {"Concat", 13, {{"axis", Int(1)}}, {a, b}, "[2,3] 0 1 8 2 3 9"},
      {"Concat", 13, {{"axis", Int(-1)}}, {a, b, b}, "[2,4] 0 1 8 8 2 3 9 9"},
      {"Concat", 1, {}, {a, b}, "[2,3] 0 1 8 2 3 9"},
      {"Concat", 13, {{"axis", Int(0)}}, {Counted({0, 2}), a}, "[2,2] 0 1 2 3"},
      {"Concat",
       13,
       {{"axis", Int(0)}},
       {Strings({1}, {"x"}), Strings({2}, {"", "y"})},
       "[3] x  y"},
      {"Concat", 13, {{"axis", Int(0)}}, {a, b}, "error: does not fit"},
      {"Concat", 13, {{"axis", Int(2)}}, {a, b}, "error: axis 2"},
      {"Concat", 13, {{"axis", Int(0)}}, {a, Counted({2})}, "error: rank 2 is expected"},
      {"Concat", 13, {{"axis", Int(0)}}, {a, Longs({1, 2}, {1, 2})}, "error: input 1 is int64"},
      {"Concat", 13, {{"axis", Int(0)}}, {Reals({}, {1})}, "error: axis 0"},
      {"Concat", 13, {}, {a}, "error: 'axis' is required"},
      {"Split", 13, {}, {Counted({4})}, "[2] 0 1; [2] 2 3", 2},
      {"Split", 2, {{"split", IntList({1, 3})}}, {Counted({4})}, "[1] 0; [3] 1 2 3", 2},
      {"Split", 13, {{"axis", Int(-1)}}, {a, Longs({2, 0})}, "[2,2] 0 1 2 3; [2,0]", 2},
      {"Split", 18, {{"num_outputs", Int(3)}}, {Counted({5})}, "[2] 0 1; [2] 2 3; [1] 4", 3},
      {"Split", 18, {{"num_outputs", Int(4)}}, {Counted({5})}, "[2] 0 1; [2] 2 3; [1] 4; [0]", 4},
      {"Split", 18, {{"num_outputs", Int(3)}}, {Counted({4})}, "error: num_outputs is 3", 2},
      {"Split", 13, {}, {Counted({5})}, "error: 2 equal parts", 2},
      {"Split", 13, {}, {Counted({4}), Longs({1, 2})}, "error: add up to 3", 2},
      {"Split", 13, {}, {Counted({4}), Longs({5, -1})}, "error: size of -1", 2},
      {"Split", 13, {}, {Counted({4}), Longs({kMax, kMax})}, "error: size of", 2},
      {"Split", 13, {}, {Counted({4}), Longs({4})}, "error: has 1 sizes", 2},
  });
}

TEST_CASE("Slice", "[shape]") {
  const Value x = Counted({2, 4});
  Check({
      {"Slice", 13, {}, {x, Longs({1}), Longs({3}), Longs({1})}, "[2,2] 1 2 5 6"},
      {"Slice", 13, {}, {x, Longs({1}), Longs({2})}, "[1,4] 4 5 6 7"},
      {"Slice",
       13,
       {},
       {x, Longs({kMax}), Longs({kMin}), Longs({-1}), Longs({-1})},
       "[2,4] 3 2 1 0 7 6 5 4"},
      {"Slice", 13, {}, {x, Longs({3}), Longs({0}), Longs({1}), Longs({-2})}, "[2,2] 3 1 7 5"},
      {"Slice", 13, {}, {x, Longs({0}), Longs({kMax}), Longs({1}), Longs({kMax})}, "[2,1] 0 4"},
      {"Slice", 13, {}, {x, Longs({-1}), Longs({kMin}), Longs({1}), Longs({kMin})}, "[2,1] 3 7"},
      {"Slice", 13, {}, {x, Longs({-9}), Longs({9}), Longs({0})}, "[2,4] 0 1 2 3 4 5 6 7"},
      {"Slice", 13, {}, {x, Longs({3}), Longs({1}), Longs({1})}, "[2,0]"},
      {"Slice", 13, {}, {x, Longs({0}, {}), Longs({0}, {})}, "[2,4] 0 1 2 3 4 5 6 7"},
      {"Slice",
       1,
       {{"starts", IntList({0, 1})}, {"ends", IntList({-1, 1000})}},
       {x},
       "[1,3] 1 2 3"},
      {"Slice", 13, {}, {Counted({0}), Longs({-1}), Longs({kMin}), kNone, Longs({-1})}, "[0]"},
      {"Slice", 13, {}, {x, Longs({0}), Longs({1}), Longs({0}), Longs({0})}, "error: step is 0"},
      {"Slice", 13, {}, {x, Longs({0}), Longs({1}), Longs({2})}, "error: axis 2"},
      {"Slice", 13, {}, {x, Longs({0}), Longs({1, 1})}, "error: differ in length"},
      {"Slice", 13, {}, {x, Longs({0, 0}), Longs({1, 1}), Longs({1, -1})}, "error: named twice"},
      {"Slice", 13, {}, {Reals({}, {1}), Longs({0}), Longs({1})}, "error: rank 0"},
      {"Slice", 13, {}, {x, Longs({0})}, "error: 'ends'"},
      {"Slice", 1, {}, {x}, "error: required"},
  });
}

TEST_CASE("Expand and Tile", "[shape]") {
  const Value row = Counted({1, 2});
  Check({
      {"Expand", 13, {}, {row, Longs({2, 1})}, "[2,2] 0 1 0 1"},
      {"Expand", 13, {}, {row, Longs({2, 1, 1})}, "[2,1,2] 0 1 0 1"},
      {"Expand", 13, {}, {Reals({}, {4}), Longs({2})}, "[2] 4 4"},
      {"Expand", 13, {}, {row, Longs({0, 2})}, "[0,2]"},
      {"Expand", 13, {}, {row, Longs({3})}, "error: broadcast"},
      {"Expand", 13, {}, {row, Longs({-1, 2})}, "error: size of -1"},
      {"Expand", 13, {}, {row, Longs({kHuge, 2})}, "error: too large"},
      {"Expand", 13, {}, {row, Longs({kHuge, kHuge, 2})}, "error: too large"},
      {"Tile", 13, {}, {row, Longs({2, 2})}, "[2,4] 0 1 0 1 0 1 0 1"},
      {"Tile", 13, {}, {row, Longs({1, 0})}, "[1,0]"},
      {"Tile", 1, {}, {row, Reals({1}, {2}), Reals({1}, {1})}, "[1,4] 0 1 0 1"},
      {"Tile", 1, {}, {row, Reals({1}, {2}), Reals({1}, {2})}, "error: axis 2"},
      {"Tile", 13, {}, {row, Longs({2})}, "error: rank 2"},
      {"Tile", 13, {}, {row, Longs({-1, 1})}, "error: repeats has -1"},
      {"Tile", 13, {}, {row, Longs({kHuge, kHuge})}, "error: too large"},
  });
}

TEST_CASE("Pad and CenterCropPad", "[shape]") {
  const Value x = Counted({4});
  const auto mode = [](const char* name) { return Attributes{{"mode", Text(name)}}; };
  Check({
      {"Pad", 13, {}, {x, Longs({1, 2})}, "[7] 0 0 1 2 3 0 0"},
      {"Pad", 13, {}, {x, Longs({1, 0}), Reals({}, {9})}, "[5] 9 0 1 2 3"},
      {"Pad", 2, {{"pads", IntList({0, 1})}, {"value", Attribute{2.5f}}}, {x}, "[5] 0 1 2 3 2.5"},
      {"Pad", 1, {{"paddings", IntList({1, 0})}}, {x}, "[5] 0 0 1 2 3"},
      {"Pad", 13, mode("reflect"), {x, Longs({2, 1})}, "[7] 2 1 0 1 2 3 2"},
      {"Pad", 13, mode("reflect"), {x, Longs({0, 7})}, "[11] 0 1 2 3 2 1 0 1 2 3 2"},
      {"Pad", 13, mode("reflect"), {Counted({1}), Longs({1, 1})}, "[3] 0 0 0"},
      {"Pad", 13, mode("edge"), {x, Longs({2, 1})}, "[7] 0 0 0 1 2 3 3"},
      {"Pad", 19, mode("wrap"), {x, Longs({1, 5})}, "[10] 3 0 1 2 3 0 1 2 3 0"},
      {"Pad", 13, mode("wrap"), {x, Longs({1, 1})}, "error: mode is 'wrap'"},
      {"Pad", 13, {}, {x, Longs({-1, -1})}, "[2] 1 2"},
      {"Pad", 13, {}, {x, Longs({-2, 1})}, "[3] 2 3 0"},
      {"Pad", 13, mode("edge"), {x, Longs({-1, 2})}, "[5] 1 2 3 3 3"},
      {"Pad", 13, {}, {x, Longs({-4, 0})}, "[0]"},
      {"Pad", 13, {}, {x, Longs({-3, -2})}, "error: cut more off"},
      {"Pad", 13, {}, {Counted({0}), Longs({1, 1})}, "[2] 0 0"},
      {"Pad", 13, mode("edge"), {Counted({0}), Longs({1, 1})}, "error: nothing to repeat"},
      {"Pad", 18, {}, {Counted({2, 2}), Longs({1, 0}), kNone, Longs({-1})}, "[2,3] 0 0 1 0 2 3"},
      {"Pad", 18, {}, {Counted({2, 2}), Longs({1, 0, 0, 1})}, "[3,3] 0 0 0 0 1 0 2 3 0"},
      {"Pad", 13, {}, {Strings({1}, {"s"}), Longs({1, 0}), Strings({}, {"p"})}, "[2] p s"},
      {"Pad", 13, {}, {Reals({}, {1}), Longs({0}, {})}, "[] 1"},
      {"Pad", 13, {}, {x, Longs({1})}, "error: 2 are needed"},
      {"Pad", 13, {}, {x, Longs({kHuge, kHuge})}, "error: too much"},
      {"Pad", 13, {}, {x, Longs({kMin, kMax})}, "error: too much"},
      {"Pad", 13, {}, {x, Longs({0, 1}), Longs({1})}, "error: constant_value is int64"},
      {"Pad", 13, {}, {x, Longs({0, 1}), Reals({2}, {1, 2})}, "error: one element"},
      {"Pad", 18, {}, {x, Longs({0, 1}), kNone, Longs({1})}, "error: axis 1"},
      {"CenterCropPad", 18, {}, {Counted({5}), Longs({2})}, "[2] 1 2"},
      {"CenterCropPad", 18, {}, {Counted({2}), Longs({5})}, "[5] 0 0 1 0 0"},
      {"CenterCropPad", 18, {{"axes", IntList({-1})}}, {Counted({2, 3}), Longs({1})}, "[2,1] 1 4"},
      {"CenterCropPad", 18, {}, {Counted({2}), Longs({1, 1})}, "error: 1 axes"},
      {"CenterCropPad", 18, {}, {Counted({2}), Longs({-1})}, "error: size of -1"},
      {"CenterCropPad", 18, {}, {Counted({2}), Longs({kHuge})}, "error: too large"},
  });
}

TEST_CASE("blocks: DepthToSpace, SpaceToDepth, Col2Im", "[shape]") {
  const Value depth = Counted({1, 8, 1, 1});
  const Attributes two = {{"blocksize", Int(2)}};
  const Attributes crd = {{"blocksize", Int(2)}, {"mode", Text("CRD")}};
  Check({
      {"DepthToSpace", 13, two, {depth}, "[1,2,2,2] 0 2 4 6 1 3 5 7"},
      {"DepthToSpace", 13, crd, {depth}, "[1,2,2,2] 0 1 2 3 4 5 6 7"},
      {"DepthToSpace", 1, crd, {depth}, "error: 'mode' is unknown"},
      {"DepthToSpace", 13, two, {Counted({1, 3, 1, 1})}, "error: not divisible by 4"},
      {"DepthToSpace", 13, two, {Counted({4})}, "error: rank 4"},
      {"DepthToSpace", 13, {{"blocksize", Int(0)}}, {depth}, "error: blocksize is 0"},
      {"DepthToSpace", 13, {{"blocksize", Int(kMax)}}, {depth}, "error: blocksize"},
      {"SpaceToDepth", 13, two, {Counted({1, 2, 2, 2})}, "[1,8,1,1] 0 4 1 5 2 6 3 7"},
      {"SpaceToDepth", 28, crd, {Counted({1, 2, 2, 2})}, "[1,8,1,1] 0 1 2 3 4 5 6 7"},
      {"SpaceToDepth", 13, two, {Counted({1, 1, 3, 2})}, "error: height of 3"},
      {"Col2Im",
       18,
       {},
       {Reals({1, 4, 1}, {1, 2, 3, 4}), Longs({2, 2}), Longs({2, 2})},
       "[1,1,2,2] 1 2 3 4"},
      {"Col2Im", 18, {}, {Reals({1, 2, 2}, {1, 2, 3, 4}), Longs({3}), Longs({2})}, "[1,1,3] 1 5 4"},
      {"Col2Im", 18, {}, {Counted({1, 4, 1}), Longs({kMax, 2}), Longs({2, 2})}, "error: "},
      {"Col2Im", 18, {}, {Counted({1, 4, 1}), Longs({2, 2}), Longs({0, 2})}, "error: "},
      {"Col2Im", 18, {}, {Counted({1, 4, 3}), Longs({2, 2}), Longs({2, 2})}, "error: 3 columns"},
      {"Col2Im",
       18,
       {{"strides", IntList({0, 1})}},
       {Counted({1, 4, 1}), Longs({2, 2}), Longs({2, 2})},
       "error: "},
      {"Col2Im",
       18,
       {{"pads", IntList({-1, 0, 0, 0})}},
       {Counted({1, 4, 1}), Longs({2, 2}), Longs({2, 2})},
       "error: pads"},
  });
}

TEST_CASE("tensors from a few numbers: Constant, ConstantOfShape, EyeLike, Range", "[shape]") {
  const Attributes half = {{"value", Attribute{Tensor::Of<float>({1}, {0.5f})}}};
  const float kNan = std::numeric_limits<float>::quiet_NaN();
  const float kInf = std::numeric_limits<float>::infinity();
  Check({
      {"Constant", 13, {{"value_int", Int(4)}}, {}, "[] 4"},
      {"Constant", 13, {{"value_ints", IntList({4, 5})}}, {}, "[2] 4 5"},
      {"Constant", 13, {{"value_float", Attribute{1.5f}}}, {}, "[] 1.5"},
      {"Constant", 13, {{"value_floats", Attribute{std::vector<float>{1, 2}}}}, {}, "[2] 1 2"},
      {"Constant", 13, {{"value_string", Text("s")}}, {}, "[] s"},
      {"Constant", 13, {{"value_strings", Attribute{std::vector<std::string>{"a"}}}}, {}, "[1] a"},
      {"Constant", 1, half, {}, "[1] 0.5"},
      {"Constant", 13, {}, {}, "error: has 0 values"},
      {"Constant", 13, {{"value_int", Int(4)}, {"value_string", Text("s")}}, {}, "error: has 2"},
      {"Constant", 9, {{"value_int", Int(4)}}, {}, "error: has 0"},
      {"ConstantOfShape", 9, half, {Longs({2})}, "[2] 0.5 0.5"},
      {"ConstantOfShape", 9, {}, {Longs({0}, {})}, "[] 0"},
      {"ConstantOfShape", 9, {}, {Longs({3, 0})}, "[3,0]"},
      {"ConstantOfShape", 9, {}, {Longs({-1})}, "error: size of -1"},
      {"ConstantOfShape", 9, {}, {Longs({kHuge})}, "error: too large"},
      {"ConstantOfShape", 9, {}, {Longs({kHuge, kHuge, 0})}, "error: too large"},
      {"EyeLike", 9, {}, {Counted({2, 3})}, "[2,3] 1 0 0 0 1 0"},
      {"EyeLike", 9, {{"k", Int(-1)}, {"dtype", Int(7)}}, {Counted({2, 2})}, "[2,2] 0 0 1 0"},
      {"EyeLike", 9, {{"k", Int(kMax)}}, {Counted({1, 1})}, "[1,1] 0"},
      {"EyeLike", 9, {{"k", Int(kMin)}}, {Counted({1, 1})}, "[1,1] 0"},
      {"EyeLike", 9, {}, {Counted({2})}, "error: rank 2"},
      {"EyeLike", 9, {{"dtype", Int(99)}}, {Counted({2, 2})}, "error: no element type"},
      {"Range", 11, {}, {Longs({}, {3}), Longs({}, {9}), Longs({}, {4})}, "[2] 3 7"},
      {"Range", 11, {}, {Longs({}, {3}), Longs({}, {-2}), Longs({}, {-2})}, "[3] 3 1 -1"},
      {"Range", 11, {}, {Reals({}, {0}), Reals({}, {1}), Reals({}, {0.25})}, "[4] 0 0.25 0.5 0.75"},
      {"Range", 11, {}, {Longs({}, {0}), Longs({}, {-5}), Longs({}, {1})}, "[0]"},
      {"Range",
       11,
       {},
       {Longs({}, {kMax - 1}), Longs({}, {kMax}), Longs({}, {kMax})},
       "[1] 9.22337e+18"},
      {"Range", 11, {}, {Longs({}, {kMin}), Longs({}, {kMax}), Longs({}, {1})}, "error: too long"},
      {"Range", 11, {}, {Longs({}, {0}), Longs({}, {5}), Longs({}, {0})}, "error: delta is 0"},
      {"Range", 11, {}, {Reals({}, {0}), Reals({}, {kInf}), Reals({}, {1})}, "error: too long"},
      {"Range", 11, {}, {Reals({}, {0}), Reals({}, {kNan}), Reals({}, {1})}, "error: too long"},
      {"Range", 11, {}, {Longs({}, {0}), Reals({}, {5}), Longs({}, {1})}, "error: differ in type"},
      {"Range", 11, {}, {Longs({1, 2}), Longs({}, {5}), Longs({}, {1})}, "error: one element"},
  });
}

TEST_CASE("masks: OneHot, Trilu, ReverseSequence", "[shape]") {
  const Value off_on = Reals({2}, {0, 1});
  const Value square = Reals({2, 2}, {1, 2, 3, 4});
  Check({
      {"OneHot", 11, {}, {Longs({1, -1}), Longs({}, {3}), off_on}, "[2,3] 0 1 0 0 0 1"},
      {"OneHot", 11, {{"axis", Int(0)}}, {Longs({0, 2}), Longs({3}), off_on}, "[3,2] 1 0 0 0 0 1"},
      {"OneHot", 11, {}, {Longs({3, -4}), Longs({3}), off_on}, "[2,3] 0 0 0 0 0 0"},
      {"OneHot", 11, {}, {Reals({1}, {1e30f}), Longs({1}), off_on}, "[1,1] 0"},
      {"OneHot", 11, {}, {Longs({kMin}), Longs({1}), off_on}, "[1,1] 0"},
      {"OneHot", 11, {}, {Longs({1}), Longs({0}), off_on}, "[1,0]"},
      {"OneHot", 11, {}, {Longs({1}), Longs({-2}), off_on}, "error: depth is -2"},
      {"OneHot", 11, {}, {Longs({1}), Longs({kHuge}), off_on}, "error: too large"},
      {"OneHot", 11, {}, {Longs({1}), Longs({2, 2}), off_on}, "error: depth must have one"},
      {"OneHot", 11, {}, {Longs({1}), Longs({2}), Reals({1}, {1})}, "error: two elements"},
      {"OneHot", 11, {{"axis", Int(2)}}, {Longs({1}), Longs({2}), off_on}, "error: axis 2"},
      {"Trilu", 14, {}, {square}, "[2,2] 1 2 0 4"},
      {"Trilu", 14, {{"upper", Int(0)}}, {square}, "[2,2] 1 0 3 4"},
      {"Trilu", 14, {{"upper", Int(0)}}, {square, Longs({}, {-1})}, "[2,2] 0 0 3 0"},
      {"Trilu", 14, {}, {square, Longs({}, {1})}, "[2,2] 0 2 0 0"},
      {"Trilu", 14, {}, {square, Longs({}, {kMin})}, "[2,2] 1 2 3 4"},
      {"Trilu", 14, {}, {square, Longs({}, {kMax})}, "[2,2] 0 0 0 0"},
      {"Trilu", 14, {}, {Counted({0, 2})}, "[0,2]"},
      {"Trilu", 14, {}, {Counted({2})}, "error: rank 2"},
      {"Trilu", 14, {}, {square, Longs({1, 2})}, "error: k must have one"},
      {"ReverseSequence", 10, {}, {square, Longs({2, 1})}, "[2,2] 3 2 1 4"},
      {"ReverseSequence",
       10,
       {{"batch_axis", Int(0)}, {"time_axis", Int(1)}},
       {square, Longs({1, 2})},
       "[2,2] 1 2 4 3"},
      {"ReverseSequence", 10, {}, {square, Longs({3, 1})}, "error: 2 time steps"},
      {"ReverseSequence", 10, {}, {square, Longs({-1, 1})}, "error: sequence_lens has -1"},
      {"ReverseSequence", 10, {}, {square, Longs({1})}, "error: sequence_lens has 1"},
      {"ReverseSequence",
       10,
       {{"batch_axis", Int(2)}},
       {square, Longs({1, 1})},
       "error: batch_axis"},
  });
}

}  // namespace
}  // namespace sardonyx
