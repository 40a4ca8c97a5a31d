#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> AttentionOps();

// Its members, each in a file of its own.
OpDef AttentionOp();
OpDef FlexAttentionOp();
OpDef LinearAttentionOp();
OpDef RotaryEmbeddingOp();
OpDef ContribRotaryEmbeddingOp();  // this and the following: of com.microsoft
OpDef ContribAttentionOp();
OpDef MultiHeadAttentionOp();
OpDef GroupQueryAttentionOp();
OpDef CausalConvWithStateOp();
OpDef SwiGluOp();

}  // namespace sardonyx
