// What inference says of shapes of which not everything is known.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

using Input = InferContext::Input;

Input Image() {  // float[N,3,H,5]
  return {.type =
              Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(3), Dim("H"), Dim(5)})};
}
/// An int64 list of which the elements are known as far as `ints` says.
Input List(SymbolicShape ints) {
  const int64_t count = static_cast<int64_t>(ints.size());
  return {.type = Type::Tensor(DataType::kInt64, SymbolicShape{count}), .ints = std::move(ints)};
}
Input Known(const Tensor& tensor) {
  return {.type = Type::Tensor(tensor.type(), tensor.shape()), .value = &tensor};
}
Tensor Of(std::vector<int64_t> values) {
  return Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values);
}

TEST_CASE("a chain from Shape to Reshape keeps its symbols", "[shape]") {
  CHECK(Inferred("Shape", 13, {}, {Image()}) == "int64[4] = [N,3,H,5]");
  CHECK(Inferred("Shape", 15, {{"start", Int(2)}}, {Image()}) == "int64[2] = [H,5]");
  const Tensor zero = Tensor::Scalar<int64_t>(0), last = Of({-1, 0}), one = Of({1});
  CHECK(Inferred("Gather", 13, {}, {List({Dim("N"), 3}), Known(zero)}) == "int64[] = [N]");
  CHECK(Inferred("Gather", 13, {}, {List({Dim("N"), 3}), Known(last)}) == "int64[2] = [3,N]");
  const Tensor axes = Of({0});
  const Input scalar = {.type = Type::Tensor(DataType::kInt64, SymbolicShape{}),
                        .ints = SymbolicShape{Dim("N")}};
  CHECK(Inferred("Unsqueeze", 13, {}, {scalar, Known(axes)}) == "int64[1] = [N]");
  CHECK(Inferred("Squeeze", 13, {}, {List({Dim("N")}), Known(axes)}) == "int64[] = [N]");
  const Tensor free = Of({-1});
  CHECK(Inferred("Concat", 13, {{"axis", Int(0)}},
                 {List({Dim("N")}), Known(one), List({Dim("H")})}) == "int64[3] = [N,1,H]");
  CHECK(Inferred("Concat", 13, {{"axis", Int(0)}}, {List({Dim("N")}), Known(free)}) ==
        "int64[2] = [N,?]");
  const Tensor from = Of({1}), to = Of({3});
  CHECK(Inferred("Slice", 13, {}, {List({Dim("N"), 3, Dim("H"), 5}), Known(from), Known(to)}) ==
        "int64[2] = [3,H]");
  CHECK(Inferred("Identity", 13, {}, {List({Dim("N")})}) == "int64[1] = [N]");

  CHECK(Inferred("Reshape", 13, {}, {Image(), List({Dim("N"), 15, Dim("H")})}) == "float[N,15,H]");
  CHECK(Inferred("Reshape", 13, {}, {Image(), List({Dim("N"), Dim("H"), Dim()})}) ==
        "float[N,H,15]");
  CHECK(Inferred("Expand", 13, {}, {Image(), List({Dim("N"), 3, 1, 5})}) == "float[N,3,H,5]");
  CHECK(Inferred("ConstantOfShape", 9, {}, {List({Dim("N"), 2})}) == "float[N,2]");
}

TEST_CASE("Reshape works out the free dimension among symbols", "[shape]") {
  const Tensor flat = Of({0, -1}), rows = Of({-1, 5}), all = Of({-1}), merged = Of({-1, 3, 5});
  const Input pooled = {.type = Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), 512, 7, 7})};
  CHECK(Inferred("Reshape", 13, {}, {pooled, Known(flat)}) == "float[N,25088]");
  CHECK(Inferred("Reshape", 13, {}, {Image(), Known(rows)}) == "float[?,5]");
  CHECK(Inferred("Reshape", 13, {}, {pooled, Known(all)}) == "float[?]");
  const Tensor back = Of({-1, 25088});
  CHECK(Inferred("Reshape", 13, {}, {pooled, Known(back)}) == "float[N,25088]");
  CHECK(Inferred("Reshape", 13, {}, {Image(), Known(merged)}) == "float[?,3,5]");
  CHECK(Inferred("Flatten", 13, {}, {pooled}) == "float[N,25088]");
}

TEST_CASE("unknown ranks and values are no errors", "[shape]") {
  const Input anything = {.type = Type::Tensor(DataType::kFloat)};
  const Input list = {.type = Type::Tensor(DataType::kInt64, SymbolicShape{Dim()})};
  const Input pair = {.type = Type::Tensor(DataType::kInt64, SymbolicShape{Dim(2)})};
  for (const char* op : {"Reshape", "Expand", "Tile", "Squeeze", "Unsqueeze", "Pad", "Gather",
                         "GatherND", "CenterCropPad", "TopK"}) {
    INFO(op);
    CHECK(Inferred(op, 18, {}, {anything, list}).rfind("float", 0) == 0);
    CHECK(Inferred(op, 18, {}, {Image(), list}).rfind("float", 0) == 0);
  }
  CHECK(Inferred("Reshape", 13, {}, {anything, pair}) == "float[?,?]");
  CHECK(Inferred("Transpose", 13, {}, {Image()}) == "float[5,H,3,N]");
  CHECK(Inferred("Slice", 13, {}, {Image(), list, list}) == "float[?,?,?,?]");
  const Tensor ends = Of({1}), zero = Of({0}), far = Of({int64_t{1} << 40});
  CHECK(Inferred("Slice", 13, {}, {Image(), Known(zero), Known(ends)}) == "float[?,3,H,5]");
  CHECK(Inferred("Slice", 13, {}, {Image(), Known(zero), Known(far)}) == "float[N,3,H,5]");
  CHECK(Inferred("Concat", 13, {{"axis", Int(1)}}, {Image(), Image()}) == "float[N,6,H,5]");
  CHECK(Inferred("Concat", 13, {{"axis", Int(0)}}, {Image(), Image()}) == "float[?,3,H,5]");
  CHECK(Inferred("Concat", 13, {{"axis", Int(1)}}, {Image(), anything}) == "float[N,?,H,5]");
  CHECK(Inferred("Flatten", 13, {{"axis", Int(2)}}, {Image()}) == "float[?,?]");
  CHECK(Inferred("Unsqueeze", 13, {}, {Image(), Known(zero)}) == "float[1,N,3,H,5]");
  CHECK(Inferred("NonZero", 13, {}, {Image()}) == "int64[4,?]");
}

}  // namespace
}  // namespace sardonyx
