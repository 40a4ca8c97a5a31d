#include "ops/attention/ops.h"

namespace sardonyx {

std::vector<OpDef> AttentionOps() {
  return {AttentionOp(),
          FlexAttentionOp(),
          LinearAttentionOp(),
          RotaryEmbeddingOp(),
          CausalConvWithStateOp(),
          SwiGluOp(),
          ContribRotaryEmbeddingOp(),
          ContribAttentionOp(),
          MultiHeadAttentionOp(),
          GroupQueryAttentionOp()};
}

}  // namespace sardonyx
