// Operators that cannot do what they are asked to.
#include "tests/robustness/bad_cases.h"

namespace sardonyx {

std::vector<BadCase> BadShapes() {
  const DataType i64 = DataType::kInt64;
  std::vector<BadCase> cases;
  const auto add = [&](const std::string& name, Maker& model, Names says) {
    says.push_back("node 'n");
    cases.push_back({name, model.Out("y").Bytes(), std::move(says)});
  };
  // One operator on x float[2,3] and perhaps more.
  const auto one = [&](const std::string& op, const Names& inputs, const Maker::Attrs& attributes,
                       Names says, std::vector<int64_t> b = {2, 3}, int opset = 21) {
    Maker model(opset);
    model.In("x", {2, 3}).In("b", b).Node(op, inputs, {"y"}, attributes);
    add(op + " " + ToString(ToSymbolic(Shape(b))) + " " + std::to_string(cases.size()), model,
        std::move(says));
  };
  one("Add", {"x", "b"}, {}, {"[2,3]", "[2,4]"}, {2, 4});
  one("MatMul", {"x", "b"}, {}, {"[2,3]"});
  one("Gemm", {"x", "b"}, {}, {"[2,3]"});
  one("Concat", {"x", "b"}, {{"axis", int64_t{0}}}, {"[2,4]"}, {2, 4});
  one("Concat", {"x", "b"}, {{"axis", int64_t{7}}}, {"axis", "7"});
  one("Concat", {"x", "b"}, {}, {"axis"});
  one("Transpose", {"x"}, {{"perm", std::vector<int64_t>{0, 0}}}, {"perm"});
  one("Transpose", {"x"}, {{"perm", std::vector<int64_t>{0, 5}}}, {"perm"});
  one("Transpose", {"x"}, {{"perm", std::vector<int64_t>{0}}}, {"perm"});
  one("Softmax", {"x"}, {{"axis", int64_t{-3}}}, {"axis", "-3"});
  one("Flatten", {"x"}, {{"axis", int64_t{3}}}, {"axis", "3"});
  one("Conv", {"x", "b"}, {}, {});
  one("Squeeze", {"x"}, {{"axes", std::vector<int64_t>{0}}}, {"2"}, {1}, 11);
  one("ReduceSum", {"x"}, {{"axes", std::vector<int64_t>{2}}}, {"axis", "2"}, {1}, 11);
  one("Relu", {"x"}, {{"alpha", 1.0f}}, {"alpha"});
  one("Cast", {"x"}, {{"to", int64_t{99}}}, {"99"});
  one("Cast", {"x"}, {}, {"'to'"});
  one("Einsum", {"x", "b"}, {{"equation", std::string("ij,jk->ik")}}, {});
  one("Einsum", {"x", "b"}, {{"equation", std::string("ij,->(")}}, {});

  // Convolution and pooling on x float[1,4,8,8] with W float[6,4,3,3].
  const auto conv = [&](const std::string& name, const Maker::Attrs& attributes, Names says,
                        std::vector<int64_t> w = {6, 4, 3, 3}) {
    Maker model;
    model.In("x", {1, 4, 8, 8}).In("w", w).Node("Conv", {"x", "w"}, {"y"}, attributes);
    add("Conv: " + name, model, std::move(says));
  };
  conv("channels", {}, {"[6,3,3,3]"}, {6, 3, 3, 3});
  conv("stride 0", {{"strides", std::vector<int64_t>{0, 1}}}, {"strides"});
  conv("negative dilation", {{"dilations", std::vector<int64_t>{1, -1}}}, {"dilations"});
  conv("one stride", {{"strides", std::vector<int64_t>{1}}}, {"strides"});
  conv("group 0", {{"group", int64_t{0}}}, {"group"});
  conv("group 3", {{"group", int64_t{3}}}, {"group"});
  conv("group of least integer", {{"group", INT64_MIN}}, {"group"});
  conv("other kernel", {{"kernel_shape", std::vector<int64_t>{5, 5}}}, {"kernel_shape"});
  conv("auto_pad", {{"auto_pad", std::string("SOME")}}, {"auto_pad", "SOME"});
  conv("three pads", {{"pads", std::vector<int64_t>{1, 1, 1}}}, {"pads"});
  conv("absurd dilation", {{"dilations", std::vector<int64_t>{INT64_MAX, INT64_MAX}}}, {});
  conv("absurd pads", {{"pads", std::vector<int64_t>(4, INT64_MAX)}}, {});
  const auto pool = [&](const std::string& name, const Maker::Attrs& attributes, Names says) {
    Maker model;
    model.In("x", {1, 4, 8, 8}).Node("MaxPool", {"x"}, {"y"}, attributes);
    add("MaxPool: " + name, model, std::move(says));
  };
  const std::vector<int64_t> two = {2, 2};
  pool("no kernel", {}, {"kernel_shape"});
  pool("kernel 0", {{"kernel_shape", std::vector<int64_t>{0, 2}}}, {"kernel_shape"});
  pool("stride 0", {{"kernel_shape", two}, {"strides", std::vector<int64_t>{0, 0}}}, {"strides"});
  pool("kernel above the input", {{"kernel_shape", std::vector<int64_t>{9, 9}}}, {});

  // Operators that read what to do from constants.
  const auto with = [&](const std::string& op, const std::vector<std::vector<int64_t>>& constants,
                        const Maker::Attrs& attributes, Names says) {
    Maker model;
    model.In("x", {2, 3});
    Names inputs = {"x"};
    for (const std::vector<int64_t>& constant : constants) {
      inputs.push_back("c" + std::to_string(inputs.size()));
      model.Ints(inputs.back(), constant);
    }
    model.Node(op, inputs, op == "TopK" ? Names{"y", "indices"} : Names{"y"}, attributes);
    add(op + " " + std::to_string(cases.size()), model, std::move(says));
  };
  with("Reshape", {{4, 2}}, {}, {"[2,3]"});
  with("Reshape", {{-1, -1}}, {}, {"-1"});
  with("Reshape", {{-2, 3}}, {}, {"-2"});
  with("Reshape", {{INT64_MAX, INT64_MAX}}, {}, {});
  with("Reshape", {{-1, 4}}, {}, {});
  with("Slice", {{0}, {2}, {0}, {0}}, {}, {"step"});
  with("Slice", {{0, 0}, {2}}, {}, {});
  with("Slice", {{0}, {2}, {9}}, {}, {"axis", "9"});
  with("Split", {{1, 2}}, {{"axis", int64_t{0}}}, {});
  with("Expand", {{5, 3}}, {}, {"[2,3]"});
  with("Tile", {{2}}, {}, {});
  with("Tile", {{-1, 2}}, {}, {"-1"});
  with("Unsqueeze", {{0, 0}}, {}, {});
  with("Unsqueeze", {{9}}, {}, {"9"});
  with("Gather", {{0}}, {{"axis", int64_t{2}}}, {"axis", "2"});
  with("Gather", {{2}}, {}, {"2"});
  with("Gather", {{INT64_MIN}}, {}, {});
  with("GatherND", {{5, 0}}, {}, {});
  with("TopK", {{9}}, {}, {"9"});
  with("Pad", {{1, 1}}, {}, {"pads"});
  with("Pad", {{-9, 0, 0, 0}}, {}, {});

  Maker types;
  types.In("x", {2}).In("i", {2}, i64).Node("Add", {"x", "i"}, {"y"});
  add("Add of two types", types, {"float", "int64"});
  Maker strings;
  strings.In("x", {2}, DataType::kString).Node("Relu", {"x"}, {"y"});
  add("Relu of strings", strings, {"string"});
  Maker range;
  range.Ints("a", {0}).Ints("s", {0}).Node("Squeeze", {"a"}, {"b"}).Node("Squeeze", {"s"}, {"t"});
  range.Node("Range", {"b", "b", "t"}, {"y"});
  add("Range of step 0", range, {"0"});
  Maker declared;
  declared.In("x", {2, 3}).Node("Relu", {"x"}, {"y"}).Out("y");
  SetType(declared.graph()->mutable_output(0)->mutable_type(), {3, 2});
  cases.push_back({"output declared otherwise", declared.Bytes(), {"'y'", "float[3,2]"}});
  return cases;
}

std::vector<BadCase> BadSizes() {
  const DataType i64 = DataType::kInt64;
  std::vector<BadCase> cases;
  const int64_t most = INT64_MAX;
  const auto input = [&](const std::string& name, std::vector<int64_t> dims, Names says) {
    Maker model;
    model.In("x", std::move(dims)).Node("Relu", {"x"}, {"y"}).Out("y");
    cases.push_back({name, model.Bytes(), std::move(says)});
  };
  input("negative dimension", {2, -3}, {"graph input 'x'", "dimension 1 is -3"});
  input("rank 65", std::vector<int64_t>(65, 1), {"graph input 'x'", "rank"});
  input("too many elements", {most, most, most}, {});
  input("a terabyte", {1 << 20, 1 << 18}, {"memory limit"});
  const auto sized = [&](const std::string& op, const std::vector<int64_t>& sizes, Names says,
                         bool of_x = true) {
    Maker model;
    model.In("x", {1, 1});
    model.Ints("s", sizes).Node(op, of_x ? Names{"x", "s"} : Names{"s"}, {"y"}).Out("y");
    cases.push_back({op + " to " + std::to_string(sizes[0]), model.Bytes(), std::move(says)});
  };
  sized("Expand", {most, most}, {});
  sized("Expand", {1 << 20, 1 << 20}, {});
  sized("Expand", {-5, 1}, {});
  sized("Tile", {most, most}, {});
  sized("Tile", {1 << 20, 1 << 20}, {});
  sized("ConstantOfShape", {most, most}, {}, false);
  sized("ConstantOfShape", {1 << 20, 1 << 20}, {}, false);
  sized("ConstantOfShape", {-1}, {"-1"}, false);
  sized("Pad", {most, most, most, most}, {});
  sized("Pad", {1 << 20, 1 << 20, 1 << 20, 1 << 20}, {});
  // Sizes that are known in the run alone.
  for (int64_t size : {int64_t{-1}, int64_t{1} << 40, most}) {
    Maker model;
    model.In("s", {2}, i64).Node("ConstantOfShape", {"s"}, {"y"}).Out("y");
    cases.push_back({"ConstantOfShape in a run to " + std::to_string(size),
                     model.Bytes(),
                     {"node 'n0' (ConstantOfShape, #0)"},
                     {{"s", Tensor::Of<int64_t>({2}, {size, size})}}});
  }
  Maker range;
  range.In("n", {}, i64).Ints("a", {0}).Node("Squeeze", {"a"}, {"b"});
  range.Ints("c", {1}).Node("Squeeze", {"c"}, {"d"});
  range.Node("Range", {"b", "n", "d"}, {"y"}).Out("y");
  cases.push_back({"Range to the greatest integer",
                   range.Bytes(),
                   {"node 'n2' (Range, #2)"},
                   {{"n", Tensor::Scalar<int64_t>(most)}}});
  wire::ModelProto huge = ReluModel();
  wire::TensorProto* w = huge.mutable_graph()->add_initializer();
  *w = FloatTensor("w", {most, 4}, {1});
  cases.push_back({"absurd initializer", huge.SerializeAsString(), {"initializer 'w'"}});
  w->set_dims(0, -4);
  cases.push_back({"negative initializer",
                   huge.SerializeAsString(),
                   {"initializer 'w'", "negative dimension"}});
  return cases;
}

}  // namespace sardonyx
