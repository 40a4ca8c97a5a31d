#include "tools/cli/input_spec.h"

#include <catch2/catch.hpp>

#include "exporter/exporter.h"
#include "tests/importer/models.h"
#include "tools/cli/npy.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

using Catch::Contains;

StatusOr<Tensor> Make(const std::string& spec, const Type& type, uint64_t seed = 0) {
  SX_ASSIGN_OR_RETURN(const ElementSpec parsed, ParseElementSpec(spec));
  return MakeTensor(parsed, type, seed);
}

const Type kUnknownFloat = Type::Tensor(DataType::kFloat);
const Type kVector = Type::Tensor(DataType::kFloat, Shape{3});

TEST_CASE("Specs give shape, type and elements", "[cli]") {
  CHECK(Make("2x3xf64=zeros", kUnknownFloat)->ToString() == "double[2,3]");
  CHECK(Make("2x3=ones", kUnknownFloat)->ToString() == "float[2,3]");
  CHECK(Make("1x2xi8=random(0,1)", kUnknownFloat)->ToString() == "int8[1,2]");
  CHECK(Make("4xuint16", kUnknownFloat)->ToString() == "uint16[4]");
  CHECK(Make("i64=7", kUnknownFloat)->ToString() == "int64[]");
  CHECK(Make("0x3xf32=zeros", kUnknownFloat)->ToString() == "float[0,3]");
  CHECK(Make("ones", kVector)->data<float>()[2] == 1);
  const auto values = Make("=1 2.5,-3", kVector);
  REQUIRE(values.ok());
  CHECK(values->data<float>()[1] == 2.5f);
  CHECK(values->data<float>()[2] == -3);
  CHECK(Make("1 2 3", kVector)->data<float>()[2] == 3);
  CHECK(Make("=5", kVector)->data<float>()[2] == 5);
  CHECK(Make("2xstr=a b", kUnknownFloat)->data<std::string>()[1] == "b");
  CHECK(Make("2xbool=true 0", kUnknownFloat)->data<bool>()[0]);
  CHECK(Make("i64=9223372036854775807", kUnknownFloat)->data<int64_t>()[0] ==
        std::numeric_limits<int64_t>::max());
}

TEST_CASE("One open dimension is found from the number of values", "[cli]") {
  const Type type = Type::Tensor(DataType::kInt32, SymbolicShape{Dim("N"), Dim(2)});
  CHECK(Make("=1 2 3 4", type)->ToString() == "int32[2,2]");
  CHECK_FALSE(Make("=1 2 3", type).ok());
}

TEST_CASE("Random elements depend on the seed and stay in their range", "[cli]") {
  const auto a = Make("1000xf32=random(-2,3)", kUnknownFloat, 1);
  const auto b = Make("1000xf32=random(-2,3)", kUnknownFloat, 1);
  const auto c = Make("1000xf32=random(-2,3)", kUnknownFloat, 2);
  REQUIRE(a.ok());
  float low = 0, high = 0;
  for (const float v : a->span<float>()) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  CHECK(low >= -2);
  CHECK(low < -1.9f);
  CHECK(high <= 3);
  CHECK(high > 2.9f);
  CHECK(a->span<float>() == b->span<float>());
  CHECK(a->span<float>() != c->span<float>());
  const auto integers = Make("100xi64=random(5,6)", kUnknownFloat);
  REQUIRE(integers.ok());
  for (const int64_t v : integers->span<int64_t>()) CHECK((v == 5 || v == 6));
}

TEST_CASE("Malformed specs are usage errors", "[cli]") {
  for (const std::string spec : {"1x-3xf32=zeros", "2xfoo=zeros", "f32x2=zeros", "2=random(1,0)",
                                 "2=random(0", "2=random(a,b)", "2=random(0,nan)"}) {
    CAPTURE(spec);
    CHECK(IsUsageError(ParseElementSpec(spec).status()));
  }
  CHECK(IsUsageError(Make("=one two three", kVector).status()));
  CHECK(IsUsageError(Make("2xi8=1 300", kUnknownFloat).status()));
  CHECK(IsUsageError(Make("2xi32=1 2.5", kUnknownFloat).status()));
}

TEST_CASE("Counts that do not fit and absurd sizes are errors", "[cli]") {
  CHECK_THAT(std::string(Make("=1 2", kVector).status().message()),
             Contains("2 values for shape [3] of 3 elements"));
  CHECK_FALSE(Make("99999999999x99999999999xf32=zeros", kUnknownFloat).ok());
  CHECK_FALSE(Make("999999999999xf32=zeros", kUnknownFloat).ok());
  CHECK_THAT(std::string(Make("zeros", kUnknownFloat).status().message()),
             Contains("leaves its shape open"));
}

TEST_CASE("Inputs that are not given take symbols' sizes from those that are", "[cli]") {
  const Type type = Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(2)});
  const std::vector<Port> ports = {{"a", type}, {"b", type}, {"w", kVector, true}};
  const auto inputs = MakeInputs(ports, {.inputs = {"b=4x2xf32=ones"}}, {});
  REQUIRE(inputs.ok());
  CHECK(inputs->at("a").ToString() == "float[4,2]");
  CHECK(inputs->count("w") == 0);
  CHECK(MakeInputs(ports, {}, {{"N", 6}})->at("a").ToString() == "float[6,2]");
  CHECK(MakeInputs(ports, {}, {})->at("a").ToString() == "float[1,2]");
}

TEST_CASE("Wrong names of inputs get the nearest right one", "[cli]") {
  const std::vector<Port> ports = {{"image", kVector}, {"state", kVector}};
  const auto message = [&](const std::string& input) {
    return std::string(MakeInputs(ports, {.inputs = {input}}, {}).status().message());
  };
  CHECK(message("imgae=zeros") == "the model has no input 'imgae'; did you mean 'image'?");
  CHECK_THAT(message("image"), Contains("expected NAME=SPEC"));
  CHECK_THAT(message("image=@/nowhere/x.npy"), Contains("there is no file"));
  CHECK_THAT(
      std::string(
          MakeInputs(ports, {.inputs = {"image=ones", "image=zeros"}}, {}).status().message()),
      Contains("twice"));
}

TEST_CASE("Files give inputs", "[cli]") {
  const TemporaryFolder folder;
  const Tensor tensor = Tensor::Of<float>({3}, {1, 2, 3});
  const std::string npy = folder.Write("x.npy", *SerializeNpy(tensor));
  const std::string pb = folder.Write("x.pb", *SerializeTensor(tensor, "x"));
  const std::vector<Port> ports = {{"x=1", kVector}};
  CHECK(MakeInputs(ports, {.inputs = {"x=1=@" + npy}}, {})->at("x=1").tensor().dim(0) == 3);
  CHECK(MakeInputs(ports, {.inputs = {"@" + pb}}, {})->at("x=1").tensor().data<float>()[2] == 3);
  const std::string text = folder.Write("x.txt", "hello");
  CHECK_THAT(std::string(MakeInputs(ports, {.inputs = {"@" + text}}, {}).status().message()),
             Contains("no picture in a known format"));
}

}  // namespace
}  // namespace sardonyx
