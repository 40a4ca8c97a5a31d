#include "ops/quant/ops.h"

#include "ops/quant/families.h"
#include "ops/quant/qlinear.h"

namespace sardonyx {

std::vector<OpDef> QuantOps() {
  std::vector<OpDef> ops = {QLinearSoftmaxOp(), QLinearConcatOp(), MatMulNBitsOp()};
  for (auto family :
       {LinearOps, IntegerMatMulOps, IntegerConvOps, QLinearElementwiseOps, QLinearPoolOps}) {
    for (OpDef& op : family()) ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace sardonyx
