// sardonyx_soak: what a session does over a long time and on a busy machine. Prints what memory it
// holds after many runs and after many input shapes, how runs slow down while another process
// computes, and what CPU time an idle session takes.
//
//     sardonyx_soak MODEL [THREADS]       such as models/lenet/model.onnx; symbols of inputs are 1
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "importer/importer.h"
#include "runtime/session/execution.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

constexpr int kRuns = 100'000, kShapes = 1'000;
using Clock = std::chrono::steady_clock;

/// What this process holds, in KiB.
double ResidentKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

double CpuMilliseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) { return 1e3 * t.tv_sec + 1e-3 * t.tv_usec; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

/// The model's inputs, zeros, with symbols 1.
StatusOr<std::map<std::string, Value>> Zeros(const Session& session) {
  std::map<std::string, Value> inputs;
  for (const Port& port : session.inputs()) {
    Shape shape;
    for (const Dim& dim : *port.type.shape) shape.push_back(dim.known() ? dim.value : 1);
    SX_ASSIGN_OR_RETURN(inputs[port.name], Tensor::Create(port.type.element, shape));
  }
  return inputs;
}

Status ManyRuns(Session& session) {
  SX_ASSIGN_OR_RETURN(const auto inputs, Zeros(session));
  double before = 0;
  for (int run = 0; run < kRuns; ++run) {
    SX_RETURN_IF_ERROR(session.Run(inputs).status());
    if (run == kRuns / 100) before = ResidentKib();
  }
  std::printf("%d runs: %.0f KiB after the first hundredth, %.0f KiB at the end\n", kRuns, before,
              ResidentKib());
  return absl::OkStatus();
}

/// Two convolutions of pictures of any size.
std::shared_ptr<Model> AnySizeModel() {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), 3, Dim("H"), Dim("W")}));
  g.Constant("w1", *Tensor::Create(DataType::kFloat, {32, 3, 3, 3}));
  g.Constant("w2", *Tensor::Create(DataType::kFloat, {32, 32, 3, 3}));
  g.Node("Conv", {"x", "w1"}, {"a"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  g.Node("Relu", {"a"}, {"b"});
  g.Node("Conv", {"b", "w2"}, {"c"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  g.Node("GlobalAveragePool", {"c"}, {"y"});
  g.Output("y");
  return g.model();
}

Status ManyShapes(const SessionOptions& options) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Session::Create(AnySizeModel(), options));
  double before = 0;
  for (int i = 0; i < kShapes; ++i) {
    const int mixed = i * 387 % kShapes;  // small ones and large ones in turn
    SX_ASSIGN_OR_RETURN(Tensor x,
                        Tensor::Create(DataType::kFloat, {1, 3, 16 + mixed % 40, 16 + mixed / 40}));
    SX_RETURN_IF_ERROR(session->Run({{"x", std::move(x)}}).status());
    if (i == kShapes / 10) before = ResidentKib();
  }
  std::printf("%d input shapes: %.0f KiB after the first tenth, %.0f KiB at the end\n", kShapes,
              before, ResidentKib());
  return absl::OkStatus();
}

Status PrintLatency(Session& session, const char* when) {
  SX_ASSIGN_OR_RETURN(const auto inputs, Zeros(session));
  std::vector<double> times;
  for (const auto end = Clock::now() + std::chrono::seconds(3); Clock::now() < end;) {
    const auto begin = Clock::now();
    SX_RETURN_IF_ERROR(session.Run(inputs).status());
    const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%s: median %.3f ms, 99th percentile %.3f ms\n", when, times[times.size() / 2],
              times[times.size() * 99 / 100]);
  return absl::OkStatus();
}

/// Runs while a process of the same priority computes without end.
Status BusyMachine(Session& session) {
  SX_RETURN_IF_ERROR(PrintLatency(session, "alone"));
  const pid_t other = fork();
  if (other == 0) {
    for (volatile bool on = true; on;) {
    }
  }
  if (other < 0) return absl::InternalError("no other process can be started");
  const Status status = PrintLatency(session, "beside one busy process");
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  return status;
}

Status Soak(const std::string& path, int threads) {
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, ImportFile(path));
  const SessionOptions options{.threads = threads};
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Session::Create(std::move(model), options));
  std::printf("%s, %d threads\n", path.c_str(), session->pool().threads());
  SX_RETURN_IF_ERROR(BusyMachine(*session));
  const double before = CpuMilliseconds();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  std::printf("idle for 2 s: %.3f ms of CPU time\n", CpuMilliseconds() - before);
  SX_RETURN_IF_ERROR(ManyRuns(*session));
  return ManyShapes(options);
}

}  // namespace
}  // namespace sardonyx

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: sardonyx_soak MODEL [THREADS]\n");
    return 2;
  }
  const sardonyx::Status status = sardonyx::Soak(argv[1], argc > 2 ? std::atoi(argv[2]) : 0);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sardonyx_soak: %s\n", std::string(status.message()).c_str());
  return 1;
}
