// com.microsoft's attention operators, in cases that can be followed by hand: where all scores are
// alike, attention is a mean of the values that are seen.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

Value I32(Shape shape, std::vector<int32_t> values) {
  return Tensor::Of<int32_t>(std::move(shape), values);
}
Value Zeros(Shape shape) { return *Tensor::Create(DataType::kFloat, std::move(shape)); }

void CheckAll(absl::Span<const OpCase> cases) {
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("MultiHeadAttention is a mean of what is seen", "[attention]") {
  const Value q = Zeros({1, 2, 2}), k = Zeros({1, 3, 2});
  const Value v = Reals({1, 3, 2}, {1, 10, 2, 20, 6, 60});
  const Attributes two = {{"num_heads", Int(2)}};
  const Attributes causal = {{"num_heads", Int(2)}, {"unidirectional", Int(1)}};
  const Value past = Zeros({1, 2, 1, 1}), past_v = Reals({1, 2, 1, 1}, {5, 50});
  const Value none;
  const auto run = [&](Attributes attributes, std::vector<Value> inputs, std::string expected,
                       int outputs = 1) {
    return Contrib("MultiHeadAttention", std::move(attributes), std::move(inputs),
                   std::move(expected), outputs);
  };
  const OpCase cases[] = {
      run(two, {q, k, v}, "[1,2,2] 3 30 3 30"),
      run(two, {q, k, v, Reals({6}, {0, 0, 0, 0, 1, -1})}, "[1,2,2] 4 29 4 29"),
      run(two, {q, k, v, none, I32({1, 3}, {1, 0, 1})}, "[1,2,2] 3.5 35 3.5 35"),
      run(two, {q, k, v, none, I32({1}, {2})}, "[1,2,2] 1.5 15 1.5 15"),
      run(two, {q, k, v, none, I32({2}, {3, 1})}, "[1,2,2] 4 40 4 40"),
      run(two, {q, k, v, none, I32({1, 2, 3}, {1, 0, 0, 0, 0, 1})}, "[1,2,2] 1 10 6 60"),
      run(two, {q, k, v, none, none, Reals({1, 1, 2, 3}, {0, 0, -1e9f, -1e9f, -1e9f, 0})},
          "[1,2,2] 1.5 15 6 60"),
      run(causal,
          {q, Zeros({1, 2, 2}), Reals({1, 2, 2}, {1, 10, 3, 50}), none, none, none, past, past_v},
          "[1,2,2] 3 30 3 36.6667; [1,2,3,1] 0 0 0 0 0 0; [1,2,3,1] 5 1 3 50 10 50", 3),
      run(two, {q, Zeros({1, 2, 3, 1}), Reals({1, 2, 3, 1}, {1, 2, 6, 10, 20, 60})},
          "[1,2,2] 3 30 3 30"),
      run(two, {q, Reals({1, 2, 2, 2, 1}, {0, 1, 0, 10, 0, 3, 0, 30})}, "[1,2,2] 2 20 2 20"),
      run(two, {Reals({1, 2, 2, 3, 1}, {0, 0, 1, 0, 0, 10, 0, 0, 3, 0, 0, 30})},
          "[1,2,2] 2 20 2 20"),
      run({}, {q, k, v}, "error: num_heads"),
      run({{"num_heads", Int(0)}}, {q, k, v}, "error: num_heads is 0"),
      run({{"num_heads", Int(3)}}, {q, k, v}, "error: no multiple of 3 heads"),
      run({{"num_heads", Int(INT64_MAX)}}, {q, k, v}, "error: heads"),
      run(two, {q, k}, "error: query, key and value must have rank 3"),
      run(two, {q, k, v, Reals({5}, {1, 2, 3, 4, 5})}, "error: the size of the bias"),
      run(two, {q, k, v, none, I32({4}, {1, 2, 3, 4})}, "error: the mask has shape [4]"),
      run(two, {q, k, v, none, none, Zeros({1, 1, 2, 2})}, "error: attention_bias has shape"),
      run(two, {q, k, v, none, none, none, past}, "error: must be given together"),
      run(two, {q, k, v, none, none, none, none, none, I32({1}, {1})}, "error: not supported"),
  };
  CheckAll(cases);
}

TEST_CASE("com.microsoft's Attention projects first", "[attention]") {
  // Queries and keys 0; values the input, doubled.
  const Value x = Reals({1, 3, 1}, {1, 2, 6}), weights = Reals({1, 3}, {0, 0, 2});
  const Attributes one = {{"num_heads", Int(1)}};
  const Value past = Reals({2, 1, 1, 1, 1}, {0, 22}), none;
  const OpCase cases[] = {
      Contrib("Attention", one, {x, weights}, "[1,3,1] 6 6 6"),
      Contrib("Attention", {{"num_heads", Int(1)}, {"unidirectional", Int(1)}}, {x, weights},
              "[1,3,1] 2 3 6"),
      Contrib("Attention", one, {x, weights, Reals({3}, {0, 0, 1})}, "[1,3,1] 7 7 7"),
      Contrib("Attention", one, {x, weights, none, I32({1}, {2})}, "[1,3,1] 3 3 3"),
      Contrib("Attention", one, {x, weights, none, none, past},
              "[1,3,1] 10 10 10; [2,1,1,4,1] 0 0 0 0 22 2 4 12", 2),
      Contrib("Attention", {{"num_heads", Int(1)}, {"qkv_hidden_sizes", IntList({1, 1, 2})}},
              {x, Reals({1, 4}, {0, 0, 2, 4})}, "[1,3,2] 6 12 6 12 6 12"),
      Contrib("Attention", {{"num_heads", Int(2)}}, {x, weights}, "error: for 2 heads"),
      Contrib("Attention",
              {{"num_heads", Int(1)}, {"qkv_hidden_sizes", IntList({INT64_MAX, INT64_MAX, 5})}},
              {x, weights}, "error: not those of queries"),
      Contrib("Attention", {{"num_heads", Int(1)}, {"qkv_hidden_sizes", IntList({-1, -1, 5})}},
              {x, weights}, "error: three multiples"),
      Contrib("Attention", one, {x, weights, none, I32({3}, {1, 1, 1})}, "error: the mask has"),
      Contrib("Attention", {{"num_heads", Int(1)}, {"do_rotary", Int(1)}}, {x, weights},
              "error: 'do_rotary' is set"),
      Contrib("Attention", one, {x, Reals({2, 3}, {0, 0, 0, 0, 0, 0})}, "error: size of the input"),
  };
  CheckAll(cases);
}

TEST_CASE("GroupQueryAttention keeps keys and values", "[attention]") {
  const Attributes heads = {{"num_heads", Int(2)}, {"kv_num_heads", Int(1)}};
  const auto also = [&](std::string name, Attribute value) {
    Attributes all = heads;
    all[name] = std::move(value);
    return all;
  };
  const Value q = Zeros({1, 1, 4}), k = Reals({1, 1, 2}, {7, 8}), v = Reals({1, 1, 2}, {6, 60});
  const Value past_k = Zeros({1, 1, 2, 2}), past_v = Reals({1, 1, 2, 2}, {0, 0, 3, 30}), none;
  const Value last = I32({1}, {2}), total = I32({}, {3});
  const auto run = [](Attributes attributes, std::vector<Value> inputs, std::string expected,
                      int outputs = 1) {
    return Contrib("GroupQueryAttention", std::move(attributes), std::move(inputs),
                   std::move(expected), outputs);
  };
  // A prompt of two: a packed row holds two queries, a key and a value of one element.
  const Value packed = Reals({1, 2, 4}, {0, 0, 5, 1, 0, 0, 6, 3});
  const Value half_turn = Reals({4, 1}, {-1, -1, -1, -1}), no_sine = Zeros({4, 1});
  const OpCase cases[] = {
      run(heads, {q, k, v, past_k, past_v, last, total},
          "[1,1,4] 3 30 3 30; [1,1,3,2] 0 0 0 0 7 8; [1,1,3,2] 0 0 3 30 6 60", 3),
      run(also("local_window_size", Int(2)), {q, k, v, past_k, past_v, last, total},
          "[1,1,4] 4.5 45 4.5 45"),
      run(also("smooth_softmax", Int(1)), {q, k, v, past_k, past_v, last, total},
          "[1,1,4] 2.25 22.5 2.25 22.5"),
      // One key of the past only; what is behind the last is 0.
      run(heads, {q, k, v, past_k, past_v, I32({1}, {1}), I32({}, {2})},
          "[1,1,4] 3 30 3 30; [1,1,2,2] 0 0 7 8; [1,1,2,2] 0 0 6 60", 3),
      run(heads, {packed, none, none, none, none, I32({1}, {1}), I32({}, {2})},
          "[1,2,2] 1 1 2 2; [1,1,2,1] 5 6; [1,1,2,1] 1 3", 3),
      run(also("do_rotary", Int(1)), {q, k, v, past_k, past_v, last, total, half_turn, no_sine},
          "[1,1,4] 3 30 3 30; [1,1,3,2] 0 0 0 0 -7 -8", 2),
      run(also("do_rotary", Int(1)), {q, k, v, past_k, past_v, last, total},
          "error: 'cos_cache', is missing"),
      run(also("do_rotary", Int(1)),
          {q, k, v, past_k, past_v, last, total, Zeros({2, 1}), Zeros({2, 1})},
          "error: position 2 is not among the 2"),
      run(heads, {q, k, v, past_k, past_v, I32({1}, {3}), total}, "error: seqlens_k has 3"),
      run(heads, {q, k, v, past_k, past_v, I32({1}, {-1}), total}, "error: seqlens_k has -1"),
      run(heads, {q, k, v, past_k, past_v, I32({1}, {3}), I32({}, {4})}, "error: 2 past ones"),
      run(heads, {q, k, v, none, none, last, total}, "error: 0 past ones"),
      run(heads, {q, k, none, none, none, last, total}, "error: given together"),
      run(also("sliding_window_cache", Int(1)), {q, k, v, past_k, past_v, last, total},
          "error: 'sliding_window_cache' is 1"),
      run(also("k_quant_type", Text("PER_TENSOR")), {q, k, v, past_k, past_v, last, total},
          "error: quantised caches"),
      run({{"num_heads", Int(3)}, {"kv_num_heads", Int(2)}}, {q, k, v}, "error: a multiple"),
      run({{"num_heads", Int(INT64_MAX)}, {"kv_num_heads", Int(INT64_MAX)}}, {q, k, v},
          "error: of at most"),
      run(also("kv_num_heads", Int(0)), {q, k, v}, "error: must be positive"),
      run(also("local_window_size", Int(INT64_MIN)), {q, k, v}, "error: local_window_size is -9"),
      run(heads, {q, k, v, past_k, past_v, last, I32({}, {-1})}, "error: total_sequence_length"),
  };
  CheckAll(cases);
}

TEST_CASE("com.microsoft's RotaryEmbedding turns by position", "[attention]") {
  // Position 0 is no turn, position 1 a quarter.
  const Value cosines = Reals({2, 1}, {1, 0}), sines = Reals({2, 1}, {0, 1});
  const Value x = Reals({1, 2, 2}, {1, 2, 3, 4});
  const auto run = [&](Value ids, Value input, std::string expected) {
    return Contrib("RotaryEmbedding", {}, {std::move(input), std::move(ids), cosines, sines},
                   std::move(expected));
  };
  const OpCase cases[] = {
      run(Longs({0}), x, "[1,2,2] 1 2 -4 3"),
      run(Longs({1, 2}, {1, 0}), x, "[1,2,2] -2 1 3 4"),
      run(Longs({1, 2}, {1, 1}), Reals({1, 1, 2, 2}, {1, 2, 3, 4}), "[1,1,2,2] -2 1 -4 3"),
      run(Longs({1}), x, "error: position_ids has 1, but the caches hold 2"),
      run(Longs({1, 2}, {0, -1}), x, "error: position_ids has -1"),
      run(Longs({1, 1}, {0}), x, "error: the length"),
      run(Longs({0}), Reals({1, 1, 3}, {1, 2, 3}), "error: twice cos_cache's, 1"),
  };
  CheckAll(cases);
}

}  // namespace
}  // namespace sardonyx
