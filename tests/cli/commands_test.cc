// The program as a user meets it: exit statuses, messages, JSON.
#include <catch2/catch.hpp>

#include "runtime/op.h"
#include "tests/cli/program.h"
#include "tools/cli/npy.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using Catch::EndsWith;

TEST_CASE("Every command has help with examples", "[cli]") {
  for (const std::string command : {"run", "test", "check", "inspect", "bench", "profile", "tune",
                                    "compare", "optimize", "ops"}) {
    const ProgramResult result = RunProgram({command, "--help"});
    CAPTURE(command);
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Contains("Examples:\n  sardonyx " + command));
    CHECK_THAT(result.out, Contains("--json"));
    CHECK(result.err.empty());
  }
  CHECK(RunProgram({"--help"}).status == 0);
  CHECK(RunProgram({"--version"}).out == "sardonyx 0.1.0\n");
}

TEST_CASE("Wrong command lines end with status 2 and the nearest right word", "[cli]") {
  const auto says = [](const std::vector<std::string>& arguments, const std::string& text) {
    const ProgramResult result = RunProgram(arguments);
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(text));
  };
  says({}, "Usage: sardonyx");
  says({"inspekt", "x"}, "unknown command 'inspekt'; did you mean 'inspect'?");
  says({"run", "m.onnx", "--backnd", "native"},
       "unknown option '--backnd'; did you mean '--backend'?");
  says({"test", "--atl=3"}, "unknown option '--atl'; did you mean '--atol'?");
  says({"run"}, "model");
  says({"run", "m.onnx", "extra"}, "unexpected argument 'extra'");
  says({"run", "m.onnx", "--top", "many"}, "--top");
  says({"run", "m.onnx", "--backend", "natve"}, "did you mean 'native'?");
  says({"run", "m.onnx", "-d", "N"}, "expected SYMBOL=SIZE");
  says({"run", "m.onnx", "--threads", "-1"}, "--threads");
  says({"compare", "m.onnx", "--backends", "native"}, "at least two");
  says({"test", "/nowhere"}, "'/nowhere' is not a directory");
}

TEST_CASE("A missing file gets the name of the one beside it", "[cli]") {
  const TemporaryFolder folder;
  folder.Write("model.onnx", DoublingModel());
  const ProgramResult result = RunProgram({"run", folder.path() + "/modle.onnx"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("did you mean 'model.onnx'?"));
}

TEST_CASE("test counts cases and ends with their numbers", "[cli]") {
  const TemporaryFolder folder;
  const std::string good = WriteDoublingCase(folder, "good", {2, 4});
  const std::string bad = WriteDoublingCase(folder, "bad", {2, 5});
  folder.Write("good/test_data_set_0/notes.txt", "not a tensor");
  std::filesystem::create_directories(folder.path() + "/broken");
  folder.Write("broken/model.onnx", "this is no model");
  std::filesystem::create_directories(folder.path() + "/empty");
  folder.Write("empty/model.onnx", DoublingModel());

  const ProgramResult passed = RunProgram({"test", good});
  CHECK(passed.status == 0);
  CHECK_THAT(passed.out, EndsWith("\n1 passed, 0 failed, 0 skipped\n"));

  const ProgramResult all = RunProgram({"test", folder.path(), good});
  CHECK(all.status == 1);
  CHECK_THAT(all.out, EndsWith("\n1 passed, 2 failed, 1 skipped\n"));
  CHECK_THAT(all.out, Contains(bad + ": output 'y': element [1] is 4, expected 5"));

  const ProgramResult json = RunProgram({"test", folder.path(), "--json", "-"});
  CHECK(json.status == 1);
  REQUIRE(json.json().is_object());
  CHECK(json.json()["schema"] == "sardonyx.test/1");
  CHECK(json.json()["passed"] == 1);
  CHECK(json.json()["failed"] == 2);
  CHECK(json.json()["skipped"] == 1);
  REQUIRE(json.json()["cases"].size() == 4);
  CHECK(json.json()["cases"][0]["path"] == bad);
  CHECK(json.json()["cases"][0]["outcome"] == "failed");
  CHECK_THAT(json.json()["cases"][0]["reason"].get<std::string>(), Contains("expected 5"));

  CHECK(RunProgram({"test", bad, "--atol", "1"}).status == 0);
  CHECK(RunProgram({"test", bad, "--rtol", "0.2"}).status == 0);
  CHECK(RunProgram({"test", bad, "--atol-relative", "0.2"}).status == 0);
  CHECK(RunProgram({"test", bad, "--atol-relative", "0.19", "--rtol", "0"}).status == 1);
  const ProgramResult quiet = RunProgram({"test", good, "-q", "--backend", "reference"});
  CHECK(quiet.out == "1 passed, 0 failed, 0 skipped\n");
}

TEST_CASE("A case with other outputs than expected fails", "[cli]") {
  const TemporaryFolder folder;
  const std::string path = WriteDoublingCase(folder, "case", {2, 4, 6});
  const ProgramResult shape = RunProgram({"test", path});
  CHECK(shape.status == 1);
  CHECK_THAT(shape.out, Contains("output 'y': is float[2], expected float[3]"));
  folder.Write("case/test_data_set_0/output_1.pb", FloatTensor("z", {}, {1}).SerializeAsString());
  CHECK_THAT(RunProgram({"test", path}).out, Contains("output_1.pb"));
}

TEST_CASE("run prints outputs, writes them and gives JSON", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const ProgramResult text = RunProgram({"run", model, "-i", "x=1x2xf32=1 2.5"});
  CHECK(text.status == 0);
  CHECK(text.out == "y: float[1,2]\n[[2 5]]\n");
  CHECK(text.err.empty());

  const std::string file = folder.path() + "/y.npy";
  const ProgramResult written = RunProgram({"run", model, "-i", "x==3 4", "-o", "y=@" + file});
  CHECK(written.status == 0);
  CHECK(written.out.empty());
  const auto tensor = ReadNpy(file);
  REQUIRE(tensor.ok());
  CHECK(tensor->data<float>()[1] == 8);

  const ProgramResult json = RunProgram({"run", model, "-i", "x==3 4", "--json", "-"});
  REQUIRE(json.json().is_object());
  CHECK(json.json()["schema"] == "sardonyx.run/1");
  CHECK(json.json()["outputs"][0]["name"] == "y");
  CHECK(json.json()["outputs"][0]["shape"] == std::vector<int>{1, 2});
  CHECK(json.json()["outputs"][0]["data"] == std::vector<float>{6, 8});

  const ProgramResult sized = RunProgram({"run", model, "-d", "N=3", "--seed", "5"});
  CHECK(sized.status == 0);
  CHECK_THAT(sized.out, Contains("y: float[3,2]"));
  CHECK(sized.out == RunProgram({"run", model, "-d", "N=3", "--seed", "5"}).out);
  CHECK(sized.out != RunProgram({"run", model, "-d", "N=3", "--seed", "6"}).out);
}

TEST_CASE("Wrong names, types and shapes of inputs end run with status 1", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const auto says = [&](const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> words = {"run", model};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const ProgramResult result = RunProgram(words);
    CAPTURE(result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(text));
  };
  says({"-i", "X=zeros"}, "did you mean 'x'?");
  says({"-i", "x=1x2xi32=zeros"}, "int32[1,2], expected float[N,2]");
  says({"-i", "x=1x3xf32=zeros"}, "float[1,3], expected float[N,2]");
  says({"-d", "M=2"}, "did you mean 'N'?");
  says({"--outputs", "z"}, "the model has no value 'z'");
  says({"-o", "z=-"}, "nothing named 'z'");
  CHECK(RunProgram({"run", model, "-i", "x=1x2xq=zeros"}).status == 2);
}

TEST_CASE("run fetches intermediate values", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {2});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"twice"});
  AddNode(model.mutable_graph(), "Mul", {"twice", "x"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  const std::string path = folder.Write("m.onnx", model.SerializeAsString());
  const ProgramResult one = RunProgram({"run", path, "-i", "x==2 3", "--outputs", "twice"});
  CHECK(one.out == "twice: float[2]\n[4 6]\n");
  const ProgramResult all = RunProgram({"run", path, "-i", "x==2 3", "--outputs", "all"});
  CHECK_THAT(all.out, Contains("twice: float[2]\n[4 6]\n"));
  CHECK_THAT(all.out, Contains("y: float[2]\n[8 18]\n"));
}

TEST_CASE("Labels make classes and probabilities of logits", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {1, 3});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  const std::string path = folder.Write("m.onnx", model.SerializeAsString());
  const std::string labels = folder.Write("labels.txt", "cat\ndog\nhen\n");
  // Logits 0, ln 4, ln 3: probabilities 1/8, 4/8, 3/8.
  const std::string input = "x==0 0.69314718 0.54930614";
  const ProgramResult text =
      RunProgram({"run", path, "-i", input, "--labels", labels, "--top", "2"});
  CHECK(text.status == 0);
  CHECK(text.out == "dog  50.00 %\nhen  37.50 %\n");
  const ProgramResult json =
      RunProgram({"run", path, "-i", input, "--labels", labels, "--json", "-"});
  REQUIRE(json.json().is_object());
  REQUIRE(json.json()["classes"][0].size() == 3);
  CHECK(json.json()["classes"][0][0]["label"] == "dog");
  CHECK(json.json()["classes"][0][0]["index"] == 1);
  CHECK(json.json()["classes"][0][2]["probability"].get<double>() == Approx(0.125));
  // Scores that add up to 1 are probabilities already.
  CHECK_THAT(RunProgram({"run", path, "-i", "x==0.1 0.25 0.15", "--labels", labels}).out,
             Contains("dog  50.00 %"));
  const std::string two = folder.Write("two.txt", "cat\ndog\n");
  const ProgramResult wrong = RunProgram({"run", path, "--labels", two});
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, Contains("2 labels, but float[1,3] has 3 classes"));
}

TEST_CASE("check lists every problem of every model", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {2, 3});
  AddNode(model.mutable_graph(), "Rellu", {"x"}, {"a"})->set_name("first");
  AddAttribute(AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"b"}), "speed",
               wire::AttributeProto::INT)
      ->set_i(3);
  AddNode(model.mutable_graph(), "MatMul", {"x", "x"}, {"c"})->set_name("third");
  AddNode(model.mutable_graph(), "Add", {"a", "c"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  const std::string bad = folder.Write("bad.onnx", model.SerializeAsString());
  const std::string good = folder.Write("good.onnx", DoublingModel());
  const std::string cut = folder.Write("cut.onnx", DoublingModel().substr(0, 20));

  const ProgramResult result = RunProgram({"check", bad, good, cut});
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("bad.onnx: 3 problems\n"));
  CHECK_THAT(result.out, Contains("node 'first' (Rellu, #0)"));
  CHECK_THAT(result.out, Contains("did you mean 'Relu'?"));
  CHECK_THAT(result.out, Contains("'speed'"));
  CHECK_THAT(result.out, Contains("node 'third' (MatMul, #2)"));
  CHECK_THAT(result.out, Contains("good.onnx: ok (opset 21, 1 node)\n"));
  CHECK_THAT(result.out, Contains("cut.onnx: 1 problem\n"));

  const ProgramResult json = RunProgram({"check", bad, good, "--json", "-"});
  REQUIRE(json.json().is_object());
  CHECK(json.json()["schema"] == "sardonyx.check/1");
  CHECK(json.json()["ok"] == false);
  CHECK(json.json()["models"][0]["problems"].size() == 3);
  CHECK(json.json()["models"][1]["ok"] == true);
  CHECK(RunProgram({"check", good}).status == 0);
}

TEST_CASE("inspect shows layers and totals", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const ProgramResult text = RunProgram({"inspect", model, "-d", "N=4"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("Add"));
  CHECK_THAT(text.out, Contains("4x2"));
  CHECK_THAT(text.out, Contains("32 B"));
  CHECK_THAT(text.out, Contains("total"));
  const ProgramResult json = RunProgram({"inspect", model, "-d", "N=4", "--json", "-"});
  REQUIRE(json.json().is_object());
  CHECK(json.json()["schema"] == "sardonyx.inspect/1");
  CHECK(json.json()["layers"][0]["op"] == "Add");
  CHECK(json.json()["layers"][0]["output_shape"] == std::vector<int>{4, 2});
  CHECK(json.json()["totals"]["activation_bytes"] == 32);
  CHECK_THAT(RunProgram({"inspect", model}).err, Contains("dimension N is 1; -d N=SIZE sets it"));
}

TEST_CASE("strict accuracy leaves out Winograd's algorithm", "[cli]") {
  const std::string model = std::string(SARDONYX_SOURCE_DIR) + "/models/resnet18/model.onnx";
  const auto uses_winograd = [&](const std::string& accuracy) {
    const ProgramResult result =
        RunProgram({"inspect", model, "-d", "N=1", "--accuracy", accuracy, "--json", "-"});
    REQUIRE(result.json().is_object());
    const nlohmann::json json = result.json();
    return std::any_of(json["layers"].begin(), json["layers"].end(), [](const auto& layer) {
      return layer["kernel"].template get<std::string>().rfind("conv.winograd", 0) == 0;
    });
  };
  CHECK(uses_winograd("default"));
  CHECK_FALSE(uses_winograd("strict"));
  const ProgramResult wrong = RunProgram({"inspect", model, "--accuracy", "exact"});
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, Contains("--accuracy"));
}

TEST_CASE("bench measures", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const ProgramResult result = RunProgram(
      {"bench", model, "-d", "N=1", "--seconds", "0.05", "--threads", "1", "--json", "-"});
  CHECK(result.status == 0);
  REQUIRE(result.json().is_object());
  const nlohmann::json json = result.json();
  CHECK(json["schema"] == "sardonyx.bench/1");
  CHECK(json["backend"] == "auto");
  CHECK(json["threads"] == 1);
  CHECK(json["load_ms"] > 0);
  CHECK(json["first_run_ms"] > 0);
  CHECK(json["peak_rss_mb"] > 1);
  const nlohmann::json& latency = json["latency_ms"];
  CHECK(latency["min"] > 0);
  CHECK(latency["min"] <= latency["median"]);
  CHECK(latency["median"] <= latency["p90"]);
  CHECK(latency["p90"] <= latency["p99"]);
  CHECK(latency["mean"] >= latency["min"]);
}

TEST_CASE("profile shows where the time goes", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const ProgramResult result =
      RunProgram({"profile", model, "-d", "N=3", "--seconds", "0.05", "--json", "-"});
  CHECK(result.status == 0);
  REQUIRE(result.json().is_object());
  const nlohmann::json json = result.json();
  CHECK(json["schema"] == "sardonyx.profile/1");
  CHECK(json["runs"] > 0);
  REQUIRE(json["layers"].size() == 1);
  REQUIRE(json["kernels"].size() == 1);
  CHECK(json["layers"][0]["ms"] > 0);
  CHECK(json["layers_ms"] == json["layers"][0]["ms"]);
  CHECK(json["layers_ms"] < json["run_ms"]);
  CHECK(json["first_run_ms"] > 0);
  CHECK(json["warm_up_runs"] > 0);
  CHECK(json["peak_gflops"] > 0);
  CHECK(json["peak_gb_per_s"] > 0);
  CHECK(json["layers"][0]["traffic_bytes"] == 3 * 3 * 2 * 4);
  CHECK(json["layers"][0]["roofline"] > 0);
  CHECK(json["kernels"][0]["layers"] == 1);
  CHECK(json["kernels"][0]["kernel"] == json["layers"][0]["kernel"]);
  CHECK_THAT(RunProgram({"profile", model, "-d", "N=3", "--seconds", "0"}).out,
             Contains("GFLOP/s"));
}

TEST_CASE("profile draws a run over time", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "a", {300, 300});
  AddNode(model.mutable_graph(), "MatMul", {"a", "a"}, {"y"})->set_name("square");
  AddOutput(model.mutable_graph(), "y");
  const std::string path = folder.Write("m.onnx", model.SerializeAsString());
  const std::string trace = folder.path() + "/trace.json";
  REQUIRE(
      RunProgram({"profile", path, "--seconds", "0", "--threads", "2", "--trace", trace}).status ==
      0);
  std::ifstream file(trace);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  REQUIRE(json.is_array());
  CHECK(json[0]["args"]["name"] == "caller");
  CHECK(json[1]["name"] == "MatMul square");
  CHECK(json[1]["dur"] > 0);
  const ProgramResult unwritable =
      RunProgram({"profile", path, "--seconds", "0", "--trace", folder.path() + "/no/t.json"});
  CHECK(unwritable.status == 1);
  CHECK_THAT(unwritable.out, Contains("GFLOP/s"));
}

TEST_CASE("tune writes a plan that the other commands take", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const std::string plan = folder.path() + "/plan.json";
  const ProgramResult tuned =
      RunProgram({"tune", model, "-d", "N=2", "--seconds", "0.02", "-o", plan});
  INFO(tuned.err);
  CHECK(tuned.status == 0);
  CHECK_THAT(tuned.out, Contains("written to " + plan));
  const ProgramResult run =
      RunProgram({"profile", model, "-d", "N=2", "--seconds", "0", "--plan", plan});
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  // Of another machine: a note, and it goes on.
  const std::string other = folder.Write(
      "other.json", R"({"schema": "sardonyx.plan/1", "cpu": "abacus", "kernels": {"y": "none"}})");
  const ProgramResult noted =
      RunProgram({"profile", model, "-d", "N=2", "--seconds", "0", "--plan", other});
  CHECK(noted.status == 0);
  CHECK_THAT(noted.err, Contains("was measured on another CPU, abacus"));
  for (const std::string text : {"", "{", "[]", R"({"schema": "sardonyx.plan/1"})",
                                 R"({"schema": "sardonyx.plan/1", "kernels": {"y": 1}})"}) {
    const ProgramResult broken =
        RunProgram({"profile", model, "--plan", folder.Write("broken.json", text)});
    CHECK(broken.status == 1);
    CHECK_THAT(broken.err, Contains("broken.json"));
  }
  CHECK(RunProgram({"profile", model, "--plan", folder.path() + "/none.json"}).status == 2);
  CHECK(
      RunProgram({"tune", model, "-d", "N=2", "--seconds", "0", "-o", folder.path() + "/a/b.json"})
          .status == 1);
}

TEST_CASE("compare puts backends side by side", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const ProgramResult text = RunProgram({"compare", model, "-d", "N=2"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("agrees"));
  const ProgramResult json =
      RunProgram({"compare", model, "-d", "N=2", "--backends", "reference,native", "--json", "-"});
  REQUIRE(json.json().is_object());
  CHECK(json.json()["schema"] == "sardonyx.compare/1");
  CHECK(json.json()["match"] == true);
  CHECK(json.json()["outputs"][0]["backends"][0]["backend"] == "native");
  CHECK(json.json()["backends"][1]["median_ms"] > 0);
}

TEST_CASE("ops lists operators", "[cli]") {
  const ProgramResult all = RunProgram({"ops", "--json", "-"});
  REQUIRE(all.json().is_object());
  CHECK(all.json()["schema"] == "sardonyx.ops/1");
  CHECK(all.json()["count"] == AllOps().size());
  const ProgramResult conv = RunProgram({"ops", "convtrans"});
  CHECK(conv.status == 0);
  CHECK_THAT(conv.out, Contains("ConvTranspose  ai.onnx  1-28"));
  CHECK_THAT(conv.out, EndsWith("\n1 operator\n"));
  const ProgramResult none = RunProgram({"ops", "Convv"});
  CHECK(none.status == 1);
  CHECK_THAT(none.err, Contains("did you mean 'Conv'?"));
}

TEST_CASE("The time limit stops a run", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "a", {1500, 1500});
  AddNode(model.mutable_graph(), "MatMul", {"a", "a"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  const std::string path = folder.Write("m.onnx", model.SerializeAsString());
  const ProgramResult result =
      RunProgram({"run", path, "--backend", "reference", "--time-limit", "0.05"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("time limit"));
}

TEST_CASE("The memory limit is kept", "[cli]") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("m.onnx", DoublingModel());
  const ProgramResult result =
      RunProgram({"run", path, "-d", "N=1000000", "--memory-limit", "4", "-o", "y=-"});
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("limit"));
  CHECK(RunProgram({"run", path, "-d", "N=1000", "--memory-limit", "4"}).status == 0);
}

TEST_CASE("The limit on transformed weights decides on kernels", "[cli]") {
  const std::string path = std::string(SARDONYX_SOURCE_DIR) + "/models/resnet18/model.onnx";
  const auto kernels = [&](const std::string& limit) {
    return RunProgram({"inspect", path, "-d", "N=1", "--transformed-limit", limit}).out;
  };
  CHECK_THAT(kernels("1000"), Contains("winograd"));
  CHECK_THAT(kernels("0"), !Contains("winograd"));
}

TEST_CASE("Errors are in the JSON too", "[cli]") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("m.onnx", "no model");
  const ProgramResult result = RunProgram({"run", path, "--json", "-"});
  CHECK(result.status == 1);
  REQUIRE(result.json().is_object());
  CHECK(result.json()["schema"] == "sardonyx.run/1");
  CHECK_THAT(result.json()["error"].get<std::string>(), Contains("m.onnx"));
}

TEST_CASE("Names that a model brings cannot steer a terminal", "[cli]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {2});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"\x1b[31my"});
  AddOutput(model.mutable_graph(), "\x1b[31my");
  const std::string path = folder.Write("m.onnx", model.SerializeAsString());
  const ProgramResult result = RunProgram({"run", path});
  CHECK(result.status == 0);
  CHECK(result.out.find('\x1b') == std::string::npos);
  CHECK_THAT(result.out, Contains("\\x1b[31my"));
}

}  // namespace
}  // namespace sardonyx
