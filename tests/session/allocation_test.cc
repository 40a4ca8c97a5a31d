// Counts calls of operator new while a session runs in its steady state.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "runtime/session/execution.h"
#include "tests/graph_builder.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
TEST_CASE("a steady-state run allocates nothing", "[session]") {
  WARN("not counted under a sanitizer, which brings its own operator new");
}
#else

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  ++allocations;
  const auto alignment = static_cast<size_t>(align);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

namespace sardonyx {
namespace {

TEST_CASE("a steady-state run allocates nothing", "[session]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), 3, 16, 16}));
  g.Constant("w", *Tensor::Create(DataType::kFloat, {8, 3, 3, 3}));
  g.Constant("fc", *Tensor::Create(DataType::kFloat, {8, 10}));
  g.Node("Conv", {"x", "w"}, {"c"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  g.Node("Relu", {"c"}, {"r"});
  g.Node("MaxPool", {"r"}, {"p"}, {{"kernel_shape", IntsAttribute({2, 2})}});
  g.Node("GlobalAveragePool", {"p"}, {"a"});
  g.Node("Flatten", {"a"}, {"f"});
  g.Node("MatMul", {"f", "fc"}, {"m"});
  g.Node("Softmax", {"m"}, {"y"});
  g.Output("y");
  for (BackendChoice backend :
       {BackendChoice::kReference, BackendChoice::kNative, BackendChoice::kAuto}) {
    auto session = Session::Create(g.model(), {.backend = backend, .threads = 2});
    REQUIRE(session.ok());
    const auto context = (*session)->NewContext();
    const std::vector<Value> inputs = {*Tensor::Create(DataType::kFloat, {2, 3, 16, 16})};
    for (int i = 0; i < 3; ++i) REQUIRE(context->Run(inputs).ok());
    const int64_t before = allocations;
    const Status status = context->Run(inputs);
    const int64_t after = allocations;
    CHECK(status.ok());
    INFO("backend " << std::string(Name(backend)));
    CHECK(after == before);
  }
}

}  // namespace
}  // namespace sardonyx
#endif
