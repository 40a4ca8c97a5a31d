// Counts calls of operator new while a session runs in its steady state.
#include <catch2/catch.hpp>

#include "runtime/session/execution.h"
#include "tests/graph_builder.h"
#include "tests/session/allocations.h"

#ifndef SARDONYX_COUNTS_ALLOCATIONS
TEST_CASE("a steady-state run allocates nothing", "[session]") {
  WARN("not counted under a sanitizer, which brings its own operator new");
}
#else

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
    const int64_t before = Allocations();
    const Status status = context->Run(inputs);
    const int64_t after = Allocations();
    CHECK(status.ok());
    INFO("backend " << std::string(Name(backend)));
    CHECK(after == before);
  }
}

}  // namespace
}  // namespace sardonyx
#endif
