#include "ops/rnn/ops.h"

#include "ops/rnn/recurrent.h"

namespace sardonyx {

std::vector<OpDef> RnnOps() {
  return {{.name = "RNN",
           .versions = {1, 7, 14, 22},
           .min_inputs = 3,
           .max_inputs = 6,
           .min_outputs = 0,
           .max_outputs = 2,
           .parse = ParseRecurrent<Cell::kRnn>,
           .infer = InferRecurrent,
           .kernels = {RecurrentNative("rnn.gemm"),
                       SimpleKernel<RunRecurrentReference>("rnn.reference")},
           .multiply_adds = RecurrentMultiplyAdds},
          {.name = "GRU",
           .versions = {1, 3, 7, 14, 22},
           .min_inputs = 3,
           .max_inputs = 6,
           .min_outputs = 0,
           .max_outputs = 2,
           .parse = ParseRecurrent<Cell::kGru>,
           .infer = InferRecurrent,
           .kernels = {RecurrentNative("gru.gemm"),
                       SimpleKernel<RunRecurrentReference>("gru.reference")},
           .multiply_adds = RecurrentMultiplyAdds},
          {.name = "LSTM",
           .versions = {1, 7, 14, 22},
           .min_inputs = 3,
           .max_inputs = 8,
           .min_outputs = 0,
           .max_outputs = 3,
           .parse = ParseRecurrent<Cell::kLstm>,
           .infer = InferRecurrent,
           .kernels = {RecurrentNative("lstm.gemm"),
                       SimpleKernel<RunRecurrentReference>("lstm.reference")},
           .multiply_adds = RecurrentMultiplyAdds},
          DynamicQuantizeLstmOp()};
}

}  // namespace sardonyx
