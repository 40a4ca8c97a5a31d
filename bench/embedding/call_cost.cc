// What a call through each interface costs beyond the runtime's own, in one process and in turns:
//
//   sardonyx_call_cost [MODEL] [ROUNDS]
//
// Prints the least and the median microseconds of a run of MODEL (default: LeNet) on one thread:
// the execution context alone, Session::Run, the C interface with a new output and with one that is
// there, and onnxruntime's interface; and how much each is above the first.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "api/load.h"
#include "api/ort/slots.h"
#include "api/ort/types.h"
#include "include/sardonyx/c_api.h"
#include "runtime/session/execution.h"

namespace sardonyx {
namespace {

constexpr int kWarmUp = 100;
using Clock = std::chrono::steady_clock;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

/// A way to run the model once, and how long it took in each round.
struct Way {
  const char* name;
  std::function<void()> run;
  std::vector<double> microseconds = {};

  double Quantile(double q) const {
    return microseconds[static_cast<size_t>(q * static_cast<double>(microseconds.size() - 1))];
  }
};

void Measure(std::vector<Way>& ways, int rounds) {
  for (int i = -kWarmUp; i < rounds; ++i) {
    for (Way& way : ways) {
      const auto begin = Clock::now();
      way.run();
      const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
      if (i >= 0) way.microseconds.push_back(took.count());
    }
  }
  for (Way& way : ways) std::sort(way.microseconds.begin(), way.microseconds.end());
}

template <size_t kSlot, typename Result = OrtStatus*, typename... Args>
Result Ort(Args... args) {
  using Function = Result (*)(Args...);
  const auto* slots = static_cast<const void* const*>(OrtGetApiBase()->GetApi(ort::kVersion));
  return reinterpret_cast<Function>(const_cast<void*>(slots[kSlot]))(args...);
}

int Run(const std::string& path, int rounds) {
  LoadOptions load;
  load.session.threads = 1;
  load.session.symbols["N"] = 1;
  auto loaded = LoadFile(path, load);
  Check(loaded.ok(), "loading");
  Session& session = *loaded->session;
  Check(session.inputs().size() == 1 && session.outputs().size() == 1, "one input, one output:");
  const Shape shape = *session.inputs()[0].type.StaticShape();
  const std::string in = session.inputs()[0].name, out = session.outputs()[0].name;
  std::vector<float> data(static_cast<size_t>(shape.Elements()), 0.5f);
  const std::vector<Value> input = {Tensor::Borrow(DataType::kFloat, shape, data.data(), nullptr)};
  const auto context = session.NewContext();

  const SardonyxApi& c = *sardonyx_api(SARDONYX_API_VERSION);
  SardonyxOptions* options = nullptr;
  SardonyxSession* c_session = nullptr;
  SardonyxValue *c_input = nullptr, *place = nullptr;
  const SardonyxTensor tensor = {1, shape.rank(), shape.begin(), data.data()};
  Check(c.create_options(&options) == nullptr && c.set_option(options, "threads", "1") == nullptr &&
            c.set_option(options, "dimension.N", "1") == nullptr &&
            c.load_file(path.c_str(), options, &c_session) == nullptr &&
            c.borrow_tensor(&tensor, data.size() * 4, nullptr, nullptr, &c_input) == nullptr,
        "loading in C");
  const auto c_run = [&](SardonyxValue** output) {
    const SardonyxValue* inputs[] = {c_input};
    Check(c.run(c_session, nullptr, nullptr, inputs, 1, nullptr, output, 1) == nullptr, "C's run");
  };
  c_run(&place);

  OrtEnv* env = nullptr;
  OrtSessionOptions* ort_options = nullptr;
  OrtSession* ort_session = nullptr;
  OrtMemoryInfo* memory = nullptr;
  OrtValue* ort_input = nullptr;
  Ort<ort::SlotOf("CreateEnv")>(2, "", &env);
  Ort<ort::SlotOf("CreateSessionOptions")>(&ort_options);
  Ort<ort::SlotOf("SetIntraOpNumThreads")>(ort_options, 1);
  Ort<ort::SlotOf("AddFreeDimensionOverrideByName")>(ort_options, "N", int64_t{1});
  Ort<ort::SlotOf("CreateSession")>(env, path.c_str(), ort_options, &ort_session);
  Ort<ort::SlotOf("CreateCpuMemoryInfo")>(0, 0, &memory);
  Ort<ort::SlotOf("CreateTensorWithDataAsOrtValue")>(
      memory, static_cast<void*>(data.data()), data.size() * 4, shape.begin(),
      static_cast<size_t>(shape.rank()), 1, &ort_input);

  std::vector<Way> ways = {
      {"execution context", [&] { Check(context->Run(input).ok(), "a run"); }},
      {"Session::Run",
       [&] {
         Value output;
         Value* const outputs[] = {&output};
         Check(session.Run(input, outputs).ok(), "Session::Run");
       }},
      {"C, a new output",
       [&] {
         SardonyxValue* output = nullptr;
         c_run(&output);
         c.release_value(output);
       }},
      {"C, an output that is there", [&] { c_run(&place); }},
      {"onnxruntime's",
       [&] {
         const char *in_name = in.c_str(), *out_name = out.c_str();
         OrtValue* output = nullptr;
         const OrtValue* in_value = ort_input;
         Check(Ort<ort::SlotOf("Run")>(ort_session, nullptr, &in_name, &in_value, size_t{1},
                                       &out_name, size_t{1}, &output) == nullptr,
               "onnxruntime's Run");
         Ort<ort::SlotOf("ReleaseValue"), void>(output);
       }},
  };
  Measure(ways, rounds);
  std::printf("%-28s %8s %8s %16s\n", "us", "least", "median", "above the first");
  for (const Way& way : ways) {
    std::printf("%-28s %8.2f %8.2f %16.2f\n", way.name, way.Quantile(0), way.Quantile(0.5),
                way.Quantile(0.5) - ways[0].Quantile(0.5));
  }
  return 0;
}

}  // namespace
}  // namespace sardonyx

int main(int argc, char** argv) {
  const std::string model = argc > 1 ? argv[1] : "models/lenet/model.onnx";
  return sardonyx::Run(model, argc > 2 ? std::atoi(argv[2]) : 5000);
}
