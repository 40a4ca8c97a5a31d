#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("DynamicQuantizeLSTM rounds what meets its weights", "[rnn]") {
  // All gates are affine: with x, the input times its weight, c = x c' + x x and h = x c.
  const Attributes linear = {
      {"hidden_size", Int(1)},
      {"activations", {std::vector<std::string>{"Affine", "Affine", "Affine"}}},
      {"activation_alpha", {std::vector<float>{1, 1, 1}}},
      {"activation_beta", {std::vector<float>{0, 0, 0}}}};
  const Value w = Tensor::Of<uint8_t>({1, 1, 4}, {3, 3, 3, 3}),
              zero = Tensor::Of<uint8_t>({1}, {2});
  const Value r = Tensor::Of<uint8_t>({1, 1, 4}, {2, 2, 2, 2}), one = Reals({1}, {1});
  const Value none, small = Reals({1}, {1.0f / 255});
  const auto run = [&](std::vector<float> x, std::vector<Value> behind, std::string expected) {
    const int64_t steps = static_cast<int64_t>(x.size());
    std::vector<Value> inputs = {
        Reals({steps, 1, 1}, std::move(x)), w, r, none, none, none, none, none};
    inputs.insert(inputs.end(), behind.begin(), behind.end());
    return Contrib("DynamicQuantizeLSTM", linear, std::move(inputs), std::move(expected));
  };
  const OpCase cases[] = {
      // 0.4 of 255 steps rounds to none.
      run({255, 0.4f, 255}, {small, zero, one, zero}, "[3,1,1,1] 1 0 1"),
      run({0, 0}, {one, zero, one, zero}, "[2,1,1,1] 0 0"),
      run({NAN, 1}, {one, zero, one, zero}, "[2,1,1,1] 0 1"),
      run({1}, {one, zero, one}, "error: 'R_zero_point', is missing"),
      run({1}, {Reals({2}, {1, 1}), zero, one, zero}, "error: a scale or zero point"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

}  // namespace
}  // namespace sardonyx
