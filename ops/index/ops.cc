#include "ops/index/ops.h"

#include <iterator>

#include "ops/index/defs.h"

namespace sardonyx {

std::vector<OpDef> IndexOps() {
  std::vector<OpDef> all;
  for (auto part : {GatherOps, ScatterOps, SelectOps, TopKOps, UniqueOps}) {
    std::vector<OpDef> ops = part();
    all.insert(all.end(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  return all;
}

}  // namespace sardonyx
