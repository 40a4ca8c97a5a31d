#include "ops/elementwise/ops.h"

#include "ops/elementwise/binary.h"
#include "ops/elementwise/cast.h"
#include "ops/elementwise/select.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {

std::vector<OpDef> ElementwiseOps() {
  std::vector<OpDef> ops = {PowOp(), WhereOp(), ClipOp()};
  for (auto family : {RoundingOps, MathOps, PredicateOps, ActivationOps, GeluOps, ArithmeticOps,
                      CompareOps, LogicOps, VariadicOps, CastOps}) {
    for (OpDef& op : family()) ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace sardonyx
