// `sardonyx compare` as a user meets it.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using Catch::StartsWith;

/// x [1,4] through three layers "first", "second" and "third", a product by its factor and a
/// Softplus each, whose tensors are p1, s1, p2 and so on up to y.
std::string ThreeLayers(float first, float second, float third) {
  wire::ModelProto model = NewModel();
  wire::GraphProto* graph = model.mutable_graph();
  AddInput(graph, "x", {1, 4});
  const float factors[] = {first, second, third};
  const char* const names[] = {"first", "second", "third"};
  std::string input = "x";
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i + 1), weight = "w" + number;
    std::vector<float> values(16, factors[i]);
    *graph->add_initializer() = FloatTensor(weight, {4, 4}, values);
    AddNode(graph, "MatMul", {input, weight}, {"p" + number})->set_name(names[i]);
    input = i == 2 ? "y" : "s" + number;
    AddNode(graph, "Softplus", {"p" + number}, {input});
  }
  AddOutput(graph, "y");
  return model.SerializeAsString();
}

TEST_CASE("Two models: the first tensor that differs is named with its node and place",
          "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string b = folder.Write("b.onnx", ThreeLayers(0.1f, 0.2f * 1.001f, 0.3f));
  const ProgramResult text = RunProgram({"compare", a, b, "--first-divergence"});
  INFO(text.out + text.err);
  CHECK(text.status == 1);
  CHECK_THAT(text.out, Contains("tensor  'p2', float[1,4]\n"));
  CHECK_THAT(text.out, Contains("node    'second' (MatMul)\n"));
  CHECK_THAT(text.out, Contains("where   element [0,0] is "));
  CHECK_THAT(text.out, Contains("input   's1', normwise error 0\n"));

  const ProgramResult json = RunProgram({"compare", a, b, "--per-layer", "--json", "-"});
  CHECK(json.status == 1);
  REQUIRE(json.json().is_object());
  const nlohmann::json all = json.json();
  CHECK(all["schema"] == "sardonyx.compare/1");
  CHECK(all["match"] == false);
  REQUIRE(all["sides"].size() == 1);
  CHECK(all["sides"][0]["compared"] == 6);
  CHECK(all["sides"][0]["tensors"][1]["match"] == true);
  CHECK(all["sides"][0]["tensors"][2]["match"] == false);
  const nlohmann::json first = all["sides"][0]["first_difference"];
  CHECK(first["tensor"] == "p2");
  CHECK(first["layer"]["name"] == "second");
  CHECK(first["reference_layer"]["op"] == "MatMul");
  CHECK(first["index"] == std::vector<int>{0, 0});
  CHECK(first["actual"].get<double>() == Approx(1.001 * first["expected"].get<double>()));
  CHECK(first["mismatches"] == 4);
}

TEST_CASE("Two models that agree do, and what is not quite the same is named", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string b = folder.Write("b.onnx", ThreeLayers(0.1f, 0.2f, 0.300001f));
  CHECK(RunProgram({"compare", a, a}).status == 0);
  const ProgramResult near = RunProgram({"compare", a, b, "--per-layer"});
  CHECK(near.status == 0);
  CHECK_THAT(near.out, Contains("6 tensors compared with " + a + ", all agree\n"));
  CHECK_THAT(near.out, Contains("the first that is not the same: 'p3' of node 'third' (MatMul)"));
  CHECK(RunProgram({"compare", a, b, "--rtol", "0", "--atol-relative", "0"}).status == 1);
}

TEST_CASE("Backends are compared tensor by tensor", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const ProgramResult text =
      RunProgram({"compare", model, "--backends", "reference,native,onednn,auto", "--per-layer"});
  INFO(text.out + text.err);
  CHECK(text.status == 0);
  for (const std::string side : {"native", "onednn", "auto"}) {
    CHECK_THAT(text.out, Contains(side + ": 6 tensors compared with reference, all agree\n"));
  }
}

TEST_CASE("Outputs have all figures", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string b = folder.Write("b.onnx", ThreeLayers(0.1f, 0.2f, 0.33f));
  const ProgramResult text = RunProgram({"compare", a, b});
  CHECK(text.status == 1);
  for (const std::string word : {"DIFFERS", "cosine", "PSNR", "passes from --atol",
                                 "units in the last place: ", "first difference: 'y' on "}) {
    CHECK_THAT(text.out, Contains(word));
  }
  const nlohmann::json json = RunProgram({"compare", a, b, "--json", "-"}).json();
  REQUIRE(json.is_object());
  const nlohmann::json output = json["outputs"][0]["backends"][0];
  CHECK(output["backend"] == b);
  for (const char* figure : {"max_abs_error", "mean_abs_error", "max_rel_error", "mean_rel_error",
                             "normwise_error", "psnr_db", "least_atol", "least_rtol"}) {
    CAPTURE(figure);
    CHECK(output[figure] > 0);
  }
  CHECK(output["nan"]["actual"] == 0);
  CHECK(output["top"]["rows"] == 1);
  CHECK(output["ulps"].size() > 10);
  // The least tolerance it speaks of passes.
  const std::string least = std::to_string(output["least_atol"].get<double>() * 1.01);
  CHECK(RunProgram({"compare", a, b, "--atol", least}).status == 0);
}

TEST_CASE("A value that is no number is where models part", "[cli][compare]") {
  const TemporaryFolder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string b = folder.Write("b.onnx", ThreeLayers(0.1f, nan, 0.3f));
  const ProgramResult text = RunProgram({"compare", a, b, "--first-divergence"});
  CHECK(text.status == 1);
  CHECK_THAT(text.out, Contains("'second'"));
  CHECK_THAT(text.out, Contains("4 NaN (0 expected)"));
}

TEST_CASE("Speeds stand side by side, and every kernel with what speaks against it",
          "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::vector<std::string> line = {"compare", model,       "--backends", "native,onednn",
                                         "--speed", "--seconds", "0.1"};
  const ProgramResult text = RunProgram(line);
  INFO(text.out + text.err);
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("a whole run"));
  CHECK_THAT(text.out, Contains("GFLOP/s"));
  CHECK_THAT(text.out, Contains("taken"));
  std::vector<std::string> with_json = line;
  with_json.insert(with_json.end(), {"--json", "-"});
  const nlohmann::json json = RunProgram(with_json).json();
  REQUIRE(json.is_object());
  CHECK(json["layers"].size() >= 3);
  CHECK(json["layers"][0]["sides"][1]["backend"] == "onednn");
  CHECK(json["layers"][0]["sides"][0]["ms"] > 0);
  CHECK(json["backends"][0]["min_ms"] > 0);
  CHECK(json["choices"][0]["candidates"].size() > 1);
  CHECK(RunProgram({"compare", model, "--speed", "--per-layer"}).status == 2);
}

TEST_CASE("Another shape or type is a difference", "[cli][compare]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& op) {
    wire::ModelProto model = NewModel();
    AddInput(model.mutable_graph(), "x", {2, 3});
    AddNode(model.mutable_graph(), op, {"x"}, {"y"});
    AddOutput(model.mutable_graph(), "y");
    return folder.Write(name, model.SerializeAsString());
  };
  const std::string a = write("a.onnx", "Relu"), b = write("b.onnx", "Transpose"),
                    c = write("c.onnx", "Shape");
  for (const std::string& other : {b, c}) {
    const ProgramResult result = RunProgram({"compare", a, other, "--per-layer", "--json", "-"});
    INFO(result.out + result.err);
    CHECK(result.status == 1);
    REQUIRE(result.json().is_object());
    CHECK_THAT(result.json()["sides"][0]["first_difference"]["reason"].get<std::string>(),
               Contains("expected float[2,3]"));
    CHECK(RunProgram({"compare", a, other}).status == 1);
  }
}

TEST_CASE("What cannot be compared is said in words", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string other = folder.Write("other.onnx", DoublingModel());
  wire::ModelProto renamed = NewModel();
  AddInput(renamed.mutable_graph(), "x", {1, 4});
  AddNode(renamed.mutable_graph(), "Relu", {"x"}, {"z"});
  AddOutput(renamed.mutable_graph(), "z");
  const std::string z = folder.Write("z.onnx", renamed.SerializeAsString());
  const auto says = [&](const std::vector<std::string>& arguments, int status,
                        const std::string& words) {
    std::vector<std::string> line = {"compare"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    const ProgramResult result = RunProgram(line);
    CAPTURE(words, result.out, result.err);
    CHECK(result.status == status);
    CHECK_THAT(result.err, Contains(words));
  };
  says({a, other}, 1, "other.onnx: input 'x' is float[1,4], expected float[N,2]");
  says({a, other, "--per-layer"}, 1, "other.onnx: input 'x' is float[1,4], expected float[N,2]");
  says({a, z}, 1, "there is nothing to compare");
  says({a, z, "--first-divergence"}, 1, "there is nothing to compare");
  says({a, folder.path() + "/b.onnx"}, 2, "there is no file");
  says({a, a, a}, 2, "one model or two");
  says({a, a, "--backends", "native"}, 2, "--backends is for one model");
  says({a, "--backend", "native"}, 2, "--backend is for two models");
  says({a, "--backends", "native,natve"}, 2, "did you mean 'native'?");
  says({a, "--outputs", "p1", "--per-layer"}, 2, "--per-layer");
  says({a, "--json", folder.path() + "/no/such.json"}, 1, "cannot write");
}

TEST_CASE("The layer that differs becomes a test case of its own", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string b = folder.Write("b.onnx", ThreeLayers(0.1f, 0.25f, 0.3f));
  const std::string path = folder.path() + "/case";
  const ProgramResult text = RunProgram({"compare", a, b, "--save-repro", path});
  INFO(text.out + text.err);
  CHECK(text.status == 1);
  CHECK_THAT(text.out,
             Contains("written to " + path + ": 1 node; it differs there too: output 'p2'"));
  const ProgramResult test = RunProgram({"test", path, "--backend", "native"});
  CHECK(test.status == 1);
  CHECK_THAT(test.out, Contains("output 'p2': element [0,0] is "));
  CHECK_THAT(RunProgram({"inspect", path + "/model.onnx"}).out, Contains("1 layer"));
  // With the weights of the first model it agrees.
  const std::string same = folder.path() + "/same";
  CHECK(RunProgram({"compare", b, a, "--save-repro", same}).status == 1);
  std::filesystem::copy_file(same + "/model.onnx", path + "/model.onnx",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(RunProgram({"test", path}).status == 0);

  const ProgramResult again = RunProgram({"compare", a, b, "--save-repro", path});
  CHECK(again.status == 2);
  CHECK_THAT(again.err, Contains("is there and not empty"));
  const std::string file = folder.Write("file", "");
  const ProgramResult blocked = RunProgram({"compare", a, b, "--save-repro", file + "/case"});
  CHECK(blocked.status == 1);
  CHECK_THAT(blocked.err, Contains("cannot make"));
}

TEST_CASE("A side that fails leaves the others to be compared", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  for (const std::vector<std::string>& mode :
       {std::vector<std::string>{}, std::vector<std::string>{"--per-layer"}}) {
    std::vector<std::string> line = {
        "compare",       model,         "--backends", "reference,onnxruntime,native",
        "--onnxruntime", folder.path(), "--json",     "-"};
    line.insert(line.end(), mode.begin(), mode.end());
    const ProgramResult result = RunProgram(line);
    INFO(result.out + result.err);
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Contains("onnxruntime: --onnxruntime: there is no libonnxruntime.so"));
    REQUIRE(result.json().is_object());
    const nlohmann::json json = result.json();
    CHECK(json["failed"][0]["backend"] == "onnxruntime");
    CHECK(json["match"] == false);
    CHECK(json[mode.empty() ? "backends" : "sides"].size() == 2);
  }
  const ProgramResult wrong = RunProgram({"compare", model, "--backends", "native,onnxruntime",
                                          "--onnxruntime", SARDONYX_CUSTOM_OP_EXAMPLE});
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, Contains("is not onnxruntime's library"));
  CHECK_THAT(wrong.out, !Contains("max abs error") && StartsWith("side "));  // no empty table
}

/// Another runtime's library where its package has been installed; "" where it has not.
std::string PackagedLibrary(const std::string& folder) {
  const std::string build = std::string(SARDONYX_SOURCE_DIR) + "/build";
  std::error_code error;
  for (const std::string environment : {"/python/lib", "/peers/lib"}) {
    for (const auto& entry : std::filesystem::directory_iterator(build + environment, error)) {
      const std::string path = entry.path().string() + "/site-packages/" + folder;
      if (std::filesystem::exists(path)) return path;
    }
  }
  return "";
}

void CheckIsSideLikeOthers(const std::string& runtime, const std::string& library) {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ThreeLayers(0.1f, 0.2f, 0.3f));
  const std::string other = folder.Write("n.onnx", ThreeLayers(0.1f, 0.2f, 0.4f));
  const std::vector<std::string> backends = {"--backends", runtime + ",reference,native",
                                             "--" + runtime, library};
  const auto compare = [&](std::vector<std::string> line) {
    line.insert(line.begin(), "compare");
    line.insert(line.end(), backends.begin(), backends.end());
    return RunProgram(line);
  };
  const ProgramResult whole = compare({model});
  INFO(whole.out + whole.err);
  CHECK(whole.status == 0);
  const ProgramResult layers = compare({model, "--per-layer"});
  INFO(layers.out + layers.err);
  CHECK(layers.status == 0);
  CHECK_THAT(layers.out, Contains("native: 6 tensors compared with " + runtime + ", all agree"));
  const ProgramResult two = RunProgram({"compare", model, other, "--backend", runtime,
                                        "--" + runtime, library, "--first-divergence"});
  INFO(two.out + two.err);
  CHECK(two.status == 1);
  CHECK_THAT(two.out, Contains("node    'third' (MatMul)"));
  const std::string broken = folder.Write("broken.onnx", DoublingModel());
  const ProgramResult inputs = RunProgram({"compare", broken, "-i", "x=1x3xf32=ones", "--backends",
                                           runtime + ",native", "--" + runtime, library});
  CHECK(inputs.status == 1);
}

TEST_CASE("onnxruntime is a side like others", "[cli][compare]") {
  const std::string library = PackagedLibrary("onnxruntime/capi");
  if (library.empty()) {
    WARN("onnxruntime is not in build/python: nothing is compared with it");
  } else {
    CheckIsSideLikeOthers("onnxruntime", library);
  }
}

TEST_CASE("openvino is a side like others", "[cli][compare]") {
  const std::string library = PackagedLibrary("openvino/libs");
  if (library.empty()) {
    WARN("openvino is not in build/peers (./dev bench peers): nothing is compared with it");
  } else {
    CheckIsSideLikeOthers("openvino", library);
  }
}

TEST_CASE("openvino's library may be missing, or be none", "[cli][compare]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const auto compare = [&](const std::string& path) {
    const ProgramResult result = RunProgram(
        {"compare", model, "-d", "N=1", "--backends", "native,openvino", "--openvino", path});
    CHECK(result.status == 1);
    return result.err;
  };
  CHECK_THAT(compare(folder.path()), Contains("--openvino: there is no libopenvino_c.so at '"));
  CHECK_THAT(compare(SARDONYX_CUSTOM_OP_EXAMPLE), Contains("is not openvino's C library"));
  CHECK_THAT(compare(model), Contains("openvino cannot be loaded"));
}

}  // namespace
}  // namespace sardonyx
