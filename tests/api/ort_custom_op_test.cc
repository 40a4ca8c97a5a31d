// An application's operators of onnxruntime's kind.
#include <atomic>
#include <stdexcept>

#include "tests/api/ort_table.h"

namespace sardonyx::ort {
namespace {

/// y = factor x + offset for floats of any shape, where factor is an attribute and offset a second
/// input that may be left out. What is left out of it is taken from Api().
struct Scale {
  float factor = 0;

  static std::atomic<int> alive;

  static OrtStatus* Create(const OrtCustomOp*, const void*, const OrtKernelInfo* info,
                           void** kernel) {
    float factor = 0;
    if (OrtStatus* status = Call<SlotOf("KernelInfoGetAttribute_float")>(info, "factor", &factor)) {
      return status;
    }
    *kernel = new Scale{factor};
    ++alive;
    return nullptr;
  }
  static void Destroy(void* kernel) {
    delete static_cast<Scale*>(kernel);
    --alive;
  }
  static std::vector<int64_t> ShapeOf(const OrtValue* value) {
    int type = 0;
    const int64_t* dims = nullptr;
    size_t rank = 0;
    Outcome(Call<SlotOf("GetTensorElementTypeAndShapeDataReference")>(value, &type, &dims, &rank));
    return std::vector<int64_t>(dims, dims + rank);
  }
  static const float* DataOf(const OrtValue* value) {
    const void* data = nullptr;
    Outcome(Call<SlotOf("GetTensorData")>(value, &data));
    return static_cast<const float*>(data);
  }
  static OrtStatus* Compute(void* kernel, OrtKernelContext* context) {
    const OrtValue *x = nullptr, *offset = nullptr;
    OrtValue* y = nullptr;
    Outcome(Call<SlotOf("KernelContext_GetInput")>(context, size_t{0}, &x));
    size_t inputs = 0;
    Outcome(Call<SlotOf("KernelContext_GetInputCount")>(context, &inputs));
    if (inputs > 1) Outcome(Call<SlotOf("KernelContext_GetInput")>(context, size_t{1}, &offset));
    const std::vector<int64_t> dims = ShapeOf(x);
    if (OrtStatus* status = Call<SlotOf("KernelContext_GetOutput")>(context, size_t{0}, dims.data(),
                                                                    dims.size(), &y)) {
      return status;
    }
    struct Work {
      const float* from;
      float *to, factor, offset;
    } work = {DataOf(x), const_cast<float*>(DataOf(y)), static_cast<Scale*>(kernel)->factor,
              offset == nullptr ? 0 : *DataOf(offset)};
    const auto one = +[](void* user, size_t i) {
      const Work& w = *static_cast<Work*>(user);
      w.to[i] = w.factor * w.from[i] + w.offset;
    };
    size_t count = 1;
    for (int64_t dim : dims) count *= static_cast<size_t>(dim);
    return Call<SlotOf("KernelContext_ParallelFor")>(context, one, count, size_t{2},
                                                     static_cast<void*>(&work));
  }
  static OrtCustomOp Api() {
    OrtCustomOp op = {};
    op.version = kVersion;
    op.GetName = [](const OrtCustomOp*) { return "Scale"; };
    op.GetInputTypeCount = [](const OrtCustomOp*) { return size_t{2}; };
    op.GetOutputTypeCount = [](const OrtCustomOp*) { return size_t{1}; };
    op.GetInputType = op.GetOutputType = [](const OrtCustomOp*, size_t) { return 1; };
    op.GetInputCharacteristic = [](const OrtCustomOp*, size_t i) { return static_cast<int>(i); };
    op.CreateKernelV2 = Create;
    op.KernelComputeV2 = Compute;
    op.KernelDestroy = Destroy;
    return op;
  }
};
std::atomic<int> Scale::alive{0};

/// Options with one operator in the domain com.example.
class WithOp {
 public:
  explicit WithOp(const OrtCustomOp* op) {
    OrtCustomOpDomain* domain = nullptr;
    REQUIRE(Outcome(Call<SlotOf("CreateCustomOpDomain")>("com.example", &domain)).code == kOk);
    REQUIRE(Outcome(Call<SlotOf("CustomOpDomain_Add")>(domain, op)).code == kOk);
    REQUIRE(Outcome(Call<SlotOf("AddCustomOpDomain")>(options_.get(), domain)).code == kOk);
    Call<SlotOf("ReleaseCustomOpDomain"), void>(domain);  // the options keep what they need
  }
  OrtSessionOptions* get() const { return options_.get(); }

 private:
  const OrtOptions options_;
};

/// y = op(x), and whatever else `inputs` names, with a constant "c" of 100.
std::string Model(const char* op = "Scale", const Names& inputs = {"x"}, bool factor = true) {
  wire::ModelProto model = NewModel();
  auto* opset = model.add_opset_import();
  opset->set_domain("com.example");
  opset->set_version(1);
  wire::GraphProto& graph = *model.mutable_graph();
  AddInput(&graph, "x", {-1});
  *graph.add_initializer() = FloatTensor("c", {}, {100});
  wire::NodeProto* node = AddNode(&graph, op, inputs, {"t"}, "com.example");
  if (factor) {
    wire::AttributeProto& attribute = *node->add_attribute();
    attribute.set_name("factor");
    attribute.set_type(wire::AttributeProto::FLOAT);
    attribute.set_f(3);
  }
  AddNode(&graph, "Add", {"t", "x"}, {"y"});  // what comes after relies on the shape
  AddOutput(&graph, "y");
  return model.SerializeAsString();
}

Outcome RunOn(Loaded& loaded, std::vector<float> data, std::vector<float>* result) {
  OrtValue *x = loaded.Borrow(data, {static_cast<int64_t>(data.size())}), *y = nullptr;
  const Outcome outcome = loaded.Run(x, &y);
  if (y != nullptr) *result = FloatsOf(y, data.size());
  Release(x);
  Release(y);
  return outcome;
}

TEST_CASE("A custom operator computes, with attributes and inputs that may be left out",
          "[api][ort]") {
  const OrtCustomOp op = Scale::Api();
  const WithOp options(&op);
  std::vector<float> y;
  {
    Loaded loaded(Model(), options.get());
    REQUIRE(loaded.loading.message == "");
    CHECK(RunOn(loaded, {1, 2}, &y).message == "");
    CHECK(y == std::vector<float>{4, 8});
    CHECK(RunOn(loaded, {5}, &y).message == "");  // another shape, the same kernel
    CHECK(y == std::vector<float>{20});
    CHECK(Scale::alive == 1);
  }
  CHECK(Scale::alive == 0);
  Loaded with_offset(Model("Scale", {"x", "c"}), options.get());
  CHECK(RunOn(with_offset, {1, 2}, &y).message == "");
  CHECK(y == std::vector<float>{104, 108});
}

TEST_CASE("A custom operator of the first interface, and one that infers shapes", "[api][ort]") {
  OrtCustomOp op = Scale::Api();
  const bool old = GENERATE(true, false);
  if (old) {
    op.version = 8;
    op.CreateKernelV2 = nullptr;
    op.KernelComputeV2 = nullptr;
    op.CreateKernel = [](const OrtCustomOp* self, const void* api, const OrtKernelInfo* info) {
      void* kernel = nullptr;
      Outcome(Scale::Create(self, api, info, &kernel));
      return kernel;
    };
    op.KernelCompute = [](void* kernel, OrtKernelContext* context) {
      Outcome(Scale::Compute(kernel, context));
    };
  } else {
    op.InferOutputShapeFn = [](const OrtCustomOp*, OrtShapeInferContext* context) {
      OrtTensorTypeAndShapeInfo* info = nullptr;
      Outcome(Call<SlotOf("ShapeInferContext_GetInputTypeShape")>(context, size_t{0}, &info));
      const OrtOpAttr* attribute = nullptr;
      const OrtShapeInferContext* shown = context;
      Outcome(Call<SlotOf("ShapeInferContext_GetAttribute")>(shown, "factor", &attribute));
      float factor = 0;
      size_t size = 0;
      Outcome(Call<SlotOf("ReadOpAttr")>(attribute, 3, static_cast<void*>(&factor), sizeof(factor),
                                         &size));
      if (factor != 3 || size != 4) return Call<SlotOf("CreateStatus")>(int{kFail}, "factor");
      const OrtTensorTypeAndShapeInfo* same = info;
      return Call<SlotOf("ShapeInferContext_SetOutputTypeShape")>(shown, size_t{0}, same);
    };
  }
  const WithOp options(&op);
  Loaded loaded(Model(), options.get());
  REQUIRE(loaded.loading.message == "");
  std::vector<float> y;
  CHECK(RunOn(loaded, {1, 2}, &y).message == "");
  CHECK(y == std::vector<float>{4, 8});
}

TEST_CASE("What goes wrong in a custom operator is an error of the session or the run",
          "[api][ort]") {
  OrtCustomOp op = Scale::Api();
  std::string model = Model();
  const char* expected = nullptr;
  SECTION("an attribute is missing") {
    model = Model("Scale", {"x"}, /*factor=*/false);
    expected = "no attribute 'factor'";
  }
  SECTION("it makes no kernel") {
    op.CreateKernelV2 = [](const OrtCustomOp*, const void*, const OrtKernelInfo*, void**) {
      return Call<SlotOf("CreateStatus")>(int{kFail}, "out of paint");
    };
    expected = "out of paint";
  }
  SECTION("it throws") {
    op.KernelComputeV2 = [](void*, OrtKernelContext*) -> OrtStatus* {
      throw std::runtime_error("oh");
    };
    expected = "threw an exception: oh";
  }
  SECTION("it throws in other threads") {
    op.KernelComputeV2 = [](void*, OrtKernelContext* context) {
      const auto one = +[](void*, size_t) { throw std::runtime_error("oh"); };
      return Call<SlotOf("KernelContext_ParallelFor")>(context, one, size_t{100}, size_t{0},
                                                       static_cast<void*>(nullptr));
    };
    expected = "oh";
  }
  SECTION("it throws when it is made") {
    op.CreateKernelV2 = [](const OrtCustomOp*, const void*, const OrtKernelInfo*,
                           void**) -> OrtStatus* { throw std::runtime_error("oh"); };
    expected = "threw an exception: oh";
  }
  SECTION("it makes no output") {
    op.KernelComputeV2 = [](void*, OrtKernelContext*) -> OrtStatus* { return nullptr; };
    expected = "did not make its output 0";
  }
  SECTION("it makes another output than it inferred") {
    op.InferOutputShapeFn = [](const OrtCustomOp*, OrtShapeInferContext* context) {
      OrtTensorTypeAndShapeInfo* info = nullptr;
      Outcome(Call<SlotOf("CreateTensorTypeAndShapeInfo")>(&info));
      const int64_t dims[] = {1};
      Outcome(Call<SlotOf("SetTensorElementType")>(info, 1));
      Outcome(Call<SlotOf("SetDimensions")>(info, &dims[0], size_t{1}));
      const OrtTensorTypeAndShapeInfo* shown = info;
      OrtStatus* status =
          Call<SlotOf("ShapeInferContext_SetOutputTypeShape")>(context, size_t{0}, shown);
      Call<SlotOf("ReleaseTensorTypeAndShapeInfo"), void>(info);
      return status;
    };
    expected = "had announced float[1]";
  }
  SECTION("it has no name") {
    op.GetName = [](const OrtCustomOp*) -> const char* { return nullptr; };
    expected = "has no name";
  }
  SECTION("it lacks a function") {
    op.KernelComputeV2 = nullptr;
    expected = "lacks a function";
  }
  SECTION("it is for another provider") {
    op.GetExecutionProviderType = [](const OrtCustomOp*) { return "CUDAExecutionProvider"; };
    expected = "'Scale' of domain 'com.example' is not supported";
  }
  SECTION("it takes other elements") {
    op.GetInputType = [](const OrtCustomOp*, size_t) { return 7; };
    expected = "does not take inputs of these types";
  }
  const WithOp options(&op);
  Loaded loaded(model, options.get());
  std::string found = loaded.loading.message;
  if (found.empty()) {
    std::vector<float> y;
    found = RunOn(loaded, {1, 2}, &y).message;
  }
  CHECK_THAT(found, Catch::Contains(expected));
}

TEST_CASE("Operators of one name may differ in their types", "[api][ort]") {
  OrtCustomOp integers = Scale::Api();
  integers.GetInputType = integers.GetOutputType = [](const OrtCustomOp*, size_t) { return 7; };
  const OrtCustomOp floats = Scale::Api();
  const WithOp options(&integers);
  OrtCustomOpDomain* domain = nullptr;
  REQUIRE(Outcome(Call<SlotOf("CreateCustomOpDomain")>("com.example", &domain)).code == kOk);
  REQUIRE(Outcome(Call<SlotOf("AddCustomOpDomain")>(options.get(), domain)).code == kOk);
  const OrtCustomOp* second = &floats;
  REQUIRE(Outcome(Call<SlotOf("CustomOpDomain_Add")>(domain, second)).code == kOk);
  Call<SlotOf("ReleaseCustomOpDomain"), void>(domain);
  Loaded loaded(Model(), options.get());
  CHECK(loaded.loading.message == "");
  std::vector<float> y;
  CHECK(RunOn(loaded, {1}, &y).message == "");
  CHECK(y == std::vector<float>{4});
}

TEST_CASE("Libraries of operators that are none", "[api][ort]") {
  const OrtOptions options;
  void* handle = nullptr;
  CHECK_THAT(Outcome(Call<SlotOf("RegisterCustomOpsLibrary")>(options.get(), "no-such-library.so",
                                                              &handle))
                 .message,
             Catch::Contains("cannot load"));
  CHECK_THAT(
      Outcome(Call<SlotOf("RegisterCustomOpsLibrary_V2")>(options.get(), "libm.so.6")).message,
      Catch::Contains("no function 'RegisterCustomOps'"));
  CHECK_THAT(
      Outcome(Call<SlotOf("RegisterCustomOpsUsingFunction")>(options.get(), "NoSuch")).message,
      Catch::Contains("no function 'NoSuch'"));
}

}  // namespace
}  // namespace sardonyx::ort
