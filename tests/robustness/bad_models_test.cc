// Bad files and bad calls: one clear error for each, soon, in little memory, and no harm done.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "runtime/session/session.h"
#include "tests/robustness/bad_cases.h"

namespace sardonyx {
namespace {

using Catch::Contains;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr int64_t kMemory = int64_t{64} << 20;
constexpr double kSeconds = kSanitized ? 2.0 : 0.1;  // of processor time

double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Imports, compiles and runs; inputs that `given` lacks are zeros of their declared shape.
Status Try(const std::string& bytes, const std::map<std::string, Value>& given) {
  ImportOptions import;
  import.budget = std::make_shared<MemoryBudget>(kMemory);
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, ImportBytes(bytes, "", import));
  SessionOptions options;
  options.threads = 1;
  options.memory_limit = kMemory;
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  std::map<std::string, Value> inputs = given;
  for (const Port& port : session->inputs()) {
    if (inputs.count(port.name) > 0) continue;
    const auto shape = port.type.StaticShape();
    if (!shape) return absl::InternalError("the test gives no input '" + port.name + "'");
    SX_ASSIGN_OR_RETURN(inputs[port.name],
                        Tensor::Create(port.type.element, *shape, session->budget()));
  }
  return session->Run(inputs).status();
}

void CheckAll(const std::vector<BadCase>& cases) {
  for (const BadCase& bad : cases) {
    const double before = ProcessorSeconds();
    const Status status = Try(bad.bytes, bad.inputs);
    const double seconds = ProcessorSeconds() - before;
    INFO(bad.name << ": " << status);
    CHECK_FALSE(status.ok());
    CHECK(status.code() != absl::StatusCode::kInternal);
    const std::string message(status.message());
    CHECK(message.size() > 10);
    CHECK(message.size() < 2000);
    for (const std::string& expected : bad.says) CHECK_THAT(message, Contains(expected));
    CHECK(seconds < kSeconds);
  }
}

TEST_CASE("Files that are no models", "[robust]") { CheckAll(BadFiles()); }
TEST_CASE("Versions that are not supported", "[robust]") { CheckAll(BadHeaders()); }
TEST_CASE("Graphs that break the rules", "[robust]") { CheckAll(BadGraphs()); }
TEST_CASE("Operators that cannot be", "[robust]") { CheckAll(BadShapes()); }
TEST_CASE("Sizes that cannot be", "[robust]") { CheckAll(BadSizes()); }

TEST_CASE("There are at least sixty of them", "[robust]") {
  CHECK(BadHeaders().size() + BadGraphs().size() + BadShapes().size() + BadSizes().size() >= 60);
}

TEST_CASE("A session goes on after bad calls", "[robust]") {
  Maker maker;
  maker.In("x", {-1, 3}).In("z", {-1, 3}).Node("Add", {"x", "z"}, {"y"}).Out("y");
  const auto model = ImportBytes(maker.Bytes());
  REQUIRE(model.ok());
  const auto session = Session::Create(*model);
  REQUIRE(session.ok());
  const Tensor good = Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto error = [&](const std::map<std::string, Value>& inputs) {
    const auto outputs = (*session)->Run(inputs);
    // The next call is not harmed.
    const auto after = (*session)->Run({{"x", good}, {"z", good}});
    REQUIRE(after.ok());
    CHECK((*after)[0].tensor().data<float>()[5] == 12);
    return outputs.ok() ? "no error" : std::string(outputs.status().message());
  };
  CHECK_THAT(error({{"X", good}, {"z", good}}), Contains("no input 'X'; did you mean 'x'?"));
  CHECK_THAT(error({{"x", good}}), Contains("input 'z' (float[N,3]) is missing"));
  CHECK_THAT(error({}), Contains("input 'x'"));
  CHECK_THAT(error({{"x", good}, {"z", Tensor::Of<double>({2, 3}, {1, 2, 3, 4, 5, 6})}}),
             Contains("input 'z' is double[2,3], expected float[N,3]"));
  CHECK_THAT(error({{"x", good}, {"z", Tensor::Of<float>({3, 2}, {1, 2, 3, 4, 5, 6})}}),
             Contains("input 'z' is float[3,2], expected float[N,3]"));
  CHECK_THAT(error({{"x", good}, {"z", Tensor::Of<float>({6}, {1, 2, 3, 4, 5, 6})}}),
             Contains("input 'z' is float[6]"));
  CHECK_THAT(error({{"x", good}, {"z", Tensor::Of<float>({1, 3}, {1, 2, 3})}}),
             Contains("'N' is 2 in another input"));
  CHECK_THAT(error({{"x", good}, {"z", Sequence{good}}}), Contains("sequence of 1"));
  CHECK_THAT(error({{"x", good}, {"z", Value()}}), Contains("is missing"));
  CHECK_THAT(error({{"x", good}, {"z", Tensor()}}), Contains("expected float[N,3]"));
  CHECK_THAT(error({{"x", good}, {"z", good}, {"w", good}}), Contains("no input 'w'"));
}

/// Exit status of `sardonyx check FILE`, which gets no more than kMemory of memory of its own.
/// (Peak resident memory would count this process's, too, as the child begins as its copy.)
int RunCheck(const std::string& file) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit = {.rlim_cur = kMemory, .rlim_max = kMemory};
    if (!kSanitized && setrlimit(RLIMIT_DATA, &limit) != 0) _exit(98);
    const int nowhere = open("/dev/null", O_WRONLY);
    if (dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0) _exit(99);
    execl(SARDONYX_PROGRAM, SARDONYX_PROGRAM, "check", file.c_str(), nullptr);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("The program's exit status and memory on bad files", "[robust][cli]") {
  TemporaryFolder folder;
  std::vector<BadCase> cases = {BadFiles()[0],  BadFiles()[1],  BadFiles()[10], BadHeaders()[1],
                                BadGraphs()[0], BadShapes()[0], BadSizes()[0],  BadSizes()[2]};
  for (const BadCase& bad : cases) {
    INFO(bad.name);
    CHECK(RunCheck(folder.Write("model.onnx", bad.bytes)) == 1);
  }
  // Here the command line is what is wrong.
  CHECK(RunCheck(folder.path() + "/none.onnx") == 2);
  CHECK(RunCheck(folder.path()) == 2);
}

}  // namespace
}  // namespace sardonyx
