// 100 MB in and out: no copy, by where the elements lie and by how much memory there is at most.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "tests/api/ort_table.h"

namespace sardonyx {
namespace {

constexpr int64_t kElements = 25'000'000;
constexpr size_t kBytes = kElements * sizeof(float);
constexpr double kMuch = 30;  // MB; a copy would take 100

/// Of this process, from /proc/self/status (proc(5)).
double Megabytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != field) continue;
    double kib = 0;
    status >> kib;
    return kib * 1024e-6;
  }
  return 0;
}

/// How much `work` took at most besides what was held before.
template <typename Work>
double PeakOf(Work&& work) {
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const double before = Megabytes("VmRSS:");
  work();
  return Megabytes("VmHWM:") - before;
}

using Floats = std::unique_ptr<float[], void (*)(void*)>;

/// Elements that are there: each page was written.
Floats Filled(float value) {
  Floats memory(static_cast<float*>(std::aligned_alloc(64, kBytes)), std::free);
  std::fill_n(memory.get(), kElements, value);
  return memory;
}

CValue Show(const Floats& memory) {
  const SardonyxTensor tensor = {1, 1, &kElements, memory.get()};
  SardonyxValue* value = nullptr;
  REQUIRE(WordsOf(C().borrow_tensor(&tensor, kBytes, nullptr, nullptr, &value)) == "");
  return Hold(value);
}

/// Where the elements of the operator's input and output lay.
const void *seen_input = nullptr, *seen_output = nullptr;

SardonyxCustomOp LookingOp() {
  SardonyxCustomOp op = {};
  op.abi = SARDONYX_CUSTOM_OP_ABI;
  op.domain = "com.example";
  op.name = "Look";
  op.since_version = op.min_inputs = op.max_inputs = op.min_outputs = op.max_outputs = 1;
  op.infer = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    SardonyxTensor x;
    if (host->input_type(call, 0, &x) == 0) return 1;
    host->set_output_type(call, 0, 1, x.rank, x.dims);
    return 0;
  };
  op.run = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    SardonyxTensor x, y;
    if (host->input(call, 0, &x) == 0 || host->output(call, 0, &y) == 0) return 1;
    seen_input = x.data;
    seen_output = y.data;
    static_cast<float*>(y.data)[kElements - 1] = static_cast<float*>(x.data)[kElements - 1] + 1;
    return 0;
  };
  return op;
}

std::string LookingModel() {
  wire::ModelProto model = NewModel();
  auto* opset = model.add_opset_import();
  opset->set_domain("com.example");
  opset->set_version(1);
  AddInput(model.mutable_graph(), "x", {-1});
  AddNode(model.mutable_graph(), "Look", {"x"}, {"y"}, "com.example");
  AddOutput(model.mutable_graph(), "y");
  return model.SerializeAsString();
}

TEST_CASE("100 MB in C: elements are read and written where the application has them", "[api]") {
  const SardonyxCustomOp op = LookingOp();
  SardonyxOptions* options = nullptr;
  REQUIRE(WordsOf(C().create_options(&options)) == "");
  REQUIRE(WordsOf(C().add_custom_op(options, &op)) == "");
  const CLoaded model(LookingModel(), options);
  C().release_options(options);
  REQUIRE(model.words == "");
  const Floats in = Filled(1), out = Filled(0);
  const CValue x = Show(in), place = Show(out);
  SardonyxValue* y = place.get();
  CHECK(PeakOf([&] { CHECK(RunOne(model.session, x.get(), &y) == ""); }) < kMuch);
  CHECK(seen_input == in.get());
  CHECK(seen_output == out.get());
  CHECK(out[kElements - 1] == 2);

  y = nullptr;
  CHECK(RunOne(model.session, x.get(), &y) == "");
  SardonyxTensor made = {};
  CHECK(WordsOf(C().tensor(Hold(y).get(), &made)) == "");
  CHECK(seen_output == made.data);  // what was computed is what the application gets
}

TEST_CASE("100 MB in C: a run takes its output's memory and no more", "[api]") {
  const CLoaded model(DoubleModel());
  const Floats in = Filled(3), out = Filled(0);
  const CValue x = Show(in), place = Show(out);
  SardonyxValue* y = place.get();
  CHECK(PeakOf([&] { CHECK(RunOne(model.session, x.get(), &y) == ""); }) < kMuch);
  CHECK(out[kElements - 1] == 6);
  y = nullptr;
  CHECK(PeakOf([&] { CHECK(RunOne(model.session, x.get(), &y) == ""); }) < 100 + kMuch);
  CHECK(FloatsOf(Hold(y).get())[0] == 6);
}

TEST_CASE("100 MB through onnxruntime's interface", "[api][ort]") {
  using ort::Call;
  using ort::SlotOf;
  ort::Loaded loaded;
  const Floats in = Filled(3), out = Filled(0);
  const auto show = [&](const Floats& memory) {
    OrtValue* value = nullptr;
    const OrtMemoryInfo* info = loaded.memory;
    const ort::Outcome made = Call<SlotOf("CreateTensorWithDataAsOrtValue")>(
        info, static_cast<void*>(memory.get()), kBytes, &kElements, size_t{1}, 1, &value);
    CHECK(made.message == "");
    return value;
  };
  OrtValue *x = show(in), *y = show(out), *fresh = nullptr;
  CHECK(PeakOf([&] { CHECK(loaded.Run(x, &y).message == ""); }) < kMuch);
  CHECK(out[kElements - 1] == 6);
  void* data = nullptr;
  CHECK(ort::Outcome(Call<SlotOf("GetTensorMutableData")>(y, &data)).code == ort::kOk);
  CHECK(data == out.get());
  CHECK(PeakOf([&] { CHECK(loaded.Run(x, &fresh).message == ""); }) < 100 + kMuch);
  for (OrtValue* value : {x, y, fresh}) ort::Release(value);
}

}  // namespace
}  // namespace sardonyx
