// What commands say of files and names that are not what they should be, and what they keep.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using nlohmann::json;

struct Case {
  std::vector<std::string> arguments;
  int status;
  std::string message;
};

TEST_CASE("Wrong names get the nearest right ones, or all there are", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const std::string text = folder.Write("plan.jsn", "text");
  const std::string none = folder.path() + "/plan.json";
  for (const auto& [arguments, status, message] : std::vector<Case>{
           {{"run", model, "-i", "picture=zeros"}, 1, "no input 'picture'; it has x"},
           {{"run", model, "-i", "X=zeros"}, 1, "no input 'X'; did you mean 'x'?"},
           {{"run", model, "--labels", none}, 2, "did you mean 'plan.jsn'?"},
           {{"run", model, "--plan", none}, 2, "did you mean 'plan.jsn'?"},
           {{"run", model, "--plan", folder.path()}, 2, "is a directory"},
           {{"run", model, "--plan", text}, 1, "is no plan"},
           {{"run", model, "-i", "x=@" + none}, 2, "there is no file"},
           {{"compare", model, none}, 2, "there is no file"},
           {{"optimize", model, "-o", folder.path() + "/o.onnx", "--dump-after", "fould"},
            1,
            "--dump-after: no pass 'fould' is to run; did you mean 'fold'?"}}) {
    const ProgramResult result = RunProgram(arguments);
    CAPTURE(arguments, result.err);
    CHECK(result.status == status);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(message));
  }
}

TEST_CASE("--quiet leaves out notes, not errors", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  CHECK_THAT(RunProgram({"run", model}).err, Contains("dimension N is 1"));
  const ProgramResult quiet = RunProgram({"run", model, "--quiet"});
  CHECK(quiet.err.empty());
  CHECK_THAT(quiet.out, Contains("y: float[1,2]"));
  CHECK_THAT(RunProgram({"run", model, "-q", "-i", "a=ones"}).err, Contains("no input 'a'"));
}

TEST_CASE("What cannot be written leaves everything else", "[cli]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", DoublingModel());
  const std::string nowhere = folder.path() + "/none/file";
  const auto fails = [&](std::vector<std::string> arguments, const std::string& file) {
    arguments.insert(arguments.end(), {"--json", "-"});
    const ProgramResult result = RunProgram(arguments);
    CAPTURE(arguments, result.err);
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Contains("cannot write '" + file + "'"));
    REQUIRE(result.json().is_object());
    CHECK_THAT(result.json()["error"].get<std::string>(), Contains("cannot write"));
    return result.json();
  };
  CHECK(fails({"run", model, "-o", "y=@" + nowhere + ".npy"}, nowhere + ".npy")["outputs"].size() ==
        1);
  CHECK(fails({"profile", model, "--seconds", "0", "--trace", nowhere}, nowhere)["layers"].size() ==
        1);
  CHECK(fails({"tune", model, "--seconds", "0", "-o", nowhere}, nowhere).contains("layers"));
  CHECK(fails({"optimize", model, "-o", nowhere}, nowhere).contains("passes"));

  // The document itself: once, and the text stands.
  const ProgramResult result = RunProgram({"run", model, "-i", "x==1 2", "--json", nowhere});
  CHECK(result.status == 1);
  CHECK(result.out == "y: float[1,2]\n[[2 4]]\n");
  CHECK(result.err == "sardonyx: cannot write '" + nowhere + "'\n");
}

}  // namespace
}  // namespace sardonyx
