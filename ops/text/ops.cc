#include "ops/text/ops.h"

#include <iterator>

#include "ops/text/defs.h"

namespace sardonyx {

std::vector<OpDef> TextOps() {
  std::vector<OpDef> all;
  for (auto part : {StringOps, NormalizerOps, TfIdfOps, RegexOps}) {
    std::vector<OpDef> ops = part();
    all.insert(all.end(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  return all;
}

}  // namespace sardonyx
