#include <catch2/catch.hpp>
#include <cmath>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("CropAndResize samples boxes between their corners", "[image]") {
  const Value image = Counted({1, 1, 3, 3});
  const auto run = [&](std::vector<float> box, std::vector<int32_t> size, Attributes attributes,
                       std::string expected, int32_t batch = 0) {
    const int64_t sizes = static_cast<int64_t>(size.size());
    return Contrib("CropAndResize", std::move(attributes),
                   {image, Reals({1, 4}, std::move(box)), Tensor::Of<int32_t>({1}, {batch}),
                    Tensor::Of<int32_t>({sizes}, size)},
                   std::move(expected));
  };
  const Attributes nearest = {{"mode", Text("nearest")}},
                   outside = {{"extrapolation_value", {-1.0f}}};
  const OpCase cases[] = {
      run({0, 0, 1, 1}, {2, 2}, {}, "[1,1,2,2] 0 2 6 8"),
      run({0, 0, 1, 1}, {1, 1}, {}, "[1,1,1,1] 4"),
      run({1, 1, 0, 0}, {2, 2}, {}, "[1,1,2,2] 8 6 2 0"),
      run({0, 0.25f, 0, 0.75f}, {1, 2}, {}, "[1,1,1,2] 0.5 1.5"),
      run({0, 0.375f, 0, 0.875f}, {1, 2}, nearest, "[1,1,1,2] 1 2"),
      run({0, 0, 2, 2}, {2, 2}, outside, "[1,1,2,2] 0 -1 -1 -1"),
      run({0, 0, 1, 1}, {2}, {}, "error: crop_size"),
      run({0, 0, 1, 1}, {0, 2}, {}, "error: crop_size"),
      run({0, 0, 1, 1}, {1, 1}, {}, "error: batch_indices has 1", 1),
      run({0, 0, 1, 1}, {1, 1}, {{"mode", Text("cubic")}}, "error: mode is 'cubic'"),
      run({NAN, 0, 1, 1}, {1, 1}, outside, "[1,1,1,1] -1"),
      run({0, 0, INFINITY, 1}, {1, 2}, outside, "[1,1,1,2] -1 -1"),
      run({0, 0, 1, 1}, {1, -1}, {}, "error: crop_size"),
      run({0, 0, 1, 1}, {INT32_MAX, INT32_MAX}, {}, "error: "),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

}  // namespace
}  // namespace sardonyx
