#include "ops/random/ops.h"

#include "ops/random/families.h"

namespace sardonyx {

std::vector<OpDef> RandomOps() {
  std::vector<OpDef> ops = GeneratorOps();
  ops.push_back(DropoutOp());
  return ops;
}

}  // namespace sardonyx
