#include "ops/quant/ops.h"

#include "ops/quant/families.h"

namespace sardonyx {

std::vector<OpDef> QuantOps() {
  std::vector<OpDef> ops;
  for (auto family : {LinearOps, IntegerMatMulOps, IntegerConvOps, ContribOps}) {
    for (OpDef& op : family()) ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace sardonyx
